/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/arena.h"
#include "common/codec/base58.h"
#include "common/codec/json.h"
#include "common/codec/text.h"
#include "node/ledger/trust.h"

/* The most values that 64 KiB of JSON can hold, with room. */
enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

#define REFUSE(reterr, ...) br_fail(reterr, BR_ERR_DID_REFUSED, __VA_ARGS__)

/* ---- which DIDs --------------------------------------------------------- */

/** Cut a prefix off; false when it is another. */
static bool
skip(struct br_bytes *text, struct br_bytes prefix)
{
    if (text->n < prefix.n || memcmp(text->p, prefix.p, prefix.n) != 0) {
        return false;
    }
    *text = br_bytes(text->p + prefix.n, text->n - prefix.n);
    return true;
}

/** did:broletto:CHAIN:MEMBER or did:broletto:CHAIN:MEMBER:NAME. */
static enum br_rc
check_ours(
    struct br_bytes rest,
    struct br_bytes chain,
    struct br_bytes member,
    struct br_err *reterr)
{
    if (!skip(&rest, chain) || !skip(&rest, br_str(":"))) {
        return REFUSE(
            reterr, "the DID is of another ledger: this one is %.*s",
            (int)chain.n, (const char *)chain.p);
    }
    if (!skip(&rest, member) || (rest.n > 0 && rest.p[0] != ':')) {
        return br_fail(
            reterr, BR_ERR_NOT_CONTROLLER,
            "%.*s registers DIDs that carry its own id", (int)member.n,
            (const char *)member.p);
    }
    if (rest.n > 0 && (!skip(&rest, br_str(":")) ||
                       !br_identifier_ok(rest, BR_MEMBER_ID_BYTES_MAX))) {
        return REFUSE(
            reterr, "the name at the DID's end: 1 to 64 of a-z 0-9 . -");
    }
    return BR_OK;
}

/** EBSI's DIDs of legal entities: version 1, sixteen bytes, in base58. */
static enum br_rc
check_ebsi(struct br_bytes rest, struct br_err *reterr)
{
    enum { BYTES = 17, TEXT_MAX = 24 };
    uint8_t out[BR_BASE58_BYTES_MAX];
    size_t n = 0;
    if (!skip(&rest, br_str("z")) || rest.n > TEXT_MAX ||
        br_base58_parse(rest, out, &n, NULL) != BR_OK || n != BYTES ||
        out[0] != 1) {
        return REFUSE(
            reterr, "did:ebsi: z and 17 bytes in base58, the first 1");
    }
    return BR_OK;
}

enum br_rc
br_trust_did_check(
    struct br_bytes did,
    struct br_bytes chain,
    struct br_bytes member,
    struct br_err *reterr)
{
    struct br_bytes rest = did;
    if (skip(&rest, br_str("did:broletto:"))) {
        return check_ours(rest, chain, member, reterr);
    }
    if (skip(&rest, br_str("did:ebsi:"))) {
        return check_ebsi(rest, reterr);
    }
    return REFUSE(
        reterr, "only did:broletto and did:ebsi are registered: other methods "
                "stand for themselves");
}

/* ---- DID documents ------------------------------------------------------ */

/** The ids of a document's verification methods. */
struct methods {
    struct br_bytes id[BR_DID_METHODS_MAX];
    size_t count;
};

static bool
has_method(const struct methods *m, struct br_bytes id)
{
    for (size_t i = 0; i < m->count; i++) {
        if (br_bytes_eq(m->id[i], id)) {
            return true;
        }
    }
    return false;
}

/** DID Core section 5.2.1: "A verification method MUST NOT contain [...]
 *  private key material." */
static enum br_rc
check_jwk(const struct br_json *jwk, struct br_err *reterr)
{
    static const char *const secret[] = {"d",  "p",  "q",   "dp",
                                         "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (br_json_member(jwk, secret[i]) != NULL) {
            return REFUSE(
                reterr, "publicKeyJwk holds a private key: never send it "
                        "anywhere, make another");
        }
    }
    return BR_OK;
}

static enum br_rc
add_method(
    struct methods *m,
    const struct br_json *method,
    struct br_bytes did,
    struct br_err *reterr)
{
    struct br_bytes id;
    struct br_bytes rest;
    struct br_json *jwk = NULL;
    BR_TRY(br_json_need_string(method, "id", &id, reterr));
    BR_TRY(br_json_need_string(method, "type", &rest, reterr));
    BR_TRY(br_json_need_string(method, "controller", &rest, reterr));
    BR_TRY(br_json_may(method, "publicKeyJwk", BR_JSON_OBJECT, &jwk, reterr));
    BR_TRY(check_jwk(jwk, reterr));
    rest = id;
    if (!skip(&rest, did) || !skip(&rest, br_str("#")) || rest.n == 0) {
        return REFUSE(
            reterr, "a verification method's id is the DID, # and a name");
    }
    if (has_method(m, id)) {
        return REFUSE(reterr, "two verification methods have one id");
    }
    if (m->count == BR_DID_METHODS_MAX) {
        return REFUSE(
            reterr, "%d verification methods at most", BR_DID_METHODS_MAX);
    }
    m->id[m->count++] = id;
    return BR_OK;
}

static enum br_rc
read_methods(
    const struct br_json *document,
    struct br_bytes did,
    struct methods *m,
    struct br_err *reterr)
{
    struct br_json *list = NULL;
    BR_TRY(br_json_may(
        document, "verificationMethod", BR_JSON_ARRAY, &list, reterr));
    for (const struct br_json *i = br_json_first(list); i != NULL;
         i = i->next) {
        BR_TRY(add_method(m, i, did, reterr));
    }
    return BR_OK;
}

/** Relationships name methods; what is embedded could have no window. */
static enum br_rc
check_relationships(
    const struct br_json *document,
    const struct methods *m,
    struct br_err *reterr)
{
    static const char *const names[] = {
        "authentication", "assertionMethod", "keyAgreement",
        "capabilityInvocation", "capabilityDelegation"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        struct br_json *list = NULL;
        BR_TRY(br_json_may(document, names[n], BR_JSON_ARRAY, &list, reterr));
        for (const struct br_json *i = br_json_first(list); i != NULL;
             i = i->next) {
            struct br_bytes id;
            BR_TRY(br_json_as_string(i, &id, reterr));
            if (!has_method(m, id)) {
                return REFUSE(
                    reterr, "%s names a method that the document has not",
                    names[n]);
            }
        }
    }
    return BR_OK;
}

static enum br_rc
check_windows(
    const struct br_op *op, const struct methods *m, struct br_err *reterr)
{
    struct br_did_window w[BR_DID_METHODS_MAX];
    size_t n = br_op_windows(op, w);
    for (size_t i = 0; i < n; i++) {
        if (!has_method(m, w[i].method)) {
            return REFUSE(
                reterr, "a window names a method that the document has not");
        }
        for (size_t k = 0; k < i; k++) {
            if (br_bytes_eq(w[k].method, w[i].method)) {
                return REFUSE(reterr, "two windows for one method");
            }
        }
    }
    return BR_OK;
}

static enum br_rc
check_document(
    const struct br_json *document,
    const struct br_op *op,
    struct br_err *reterr)
{
    struct methods m = {.count = 0};
    struct br_bytes id;
    BR_TRY(br_json_need_string(document, "id", &id, reterr));
    if (!br_bytes_eq(id, op->did)) {
        return REFUSE(reterr, "the document's id is not the DID");
    }
    BR_TRY(read_methods(document, op->did, &m, reterr));
    BR_TRY(check_relationships(document, &m, reterr));
    return check_windows(op, &m, reterr);
}

enum br_rc
br_trust_did_document_check(const struct br_op *op, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *document = NULL;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_json_parse(op->document, &arena, &document, reterr);
    if (rc == BR_OK) {
        rc = check_document(document, op, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

/* ---- documents of credential types -------------------------------------- */

/** SD-JWT VC type metadata: its `vct` is the type. */
static enum br_rc
check_metadata(
    const struct br_op *op, struct br_arena *arena, struct br_err *reterr)
{
    struct br_json *metadata = NULL;
    struct br_bytes vct;
    BR_TRY(br_json_parse(op->document, arena, &metadata, reterr));
    BR_TRY(br_json_need_string(metadata, "vct", &vct, reterr));
    if (!br_bytes_eq(vct, op->vct)) {
        return br_fail(
            reterr, BR_ERR_TYPE_REFUSED, "the metadata's vct is another type");
    }
    return BR_OK;
}

static enum br_rc
check_schema(
    const struct br_op *op, struct br_arena *arena, struct br_err *reterr)
{
    struct br_json *schema = NULL;
    if (op->schema.n == 0) {
        return BR_OK;
    }
    BR_TRY(br_json_parse(op->schema, arena, &schema, reterr));
    if (schema->kind != BR_JSON_OBJECT) {
        return br_fail(
            reterr, BR_ERR_TYPE_REFUSED, "the schema is not an object");
    }
    return BR_OK;
}

enum br_rc
br_trust_type_documents_check(const struct br_op *op, struct br_err *reterr)
{
    struct br_arena arena;
    if (br_bytes_eq(op->vct, br_str(BR_ANY_TYPE))) {
        return br_fail(
            reterr, BR_ERR_TYPE_REFUSED, "%s is no type", BR_ANY_TYPE);
    }
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = check_metadata(op, &arena, reterr);
    if (rc == BR_OK) {
        rc = check_schema(op, &arena, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}
