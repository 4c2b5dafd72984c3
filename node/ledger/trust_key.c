/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json.h"
#include "common/crypto/hash.h"
#include "node/ledger/trust.h"

/* As in trust_document.c. */
enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

/** RFC 7638 section 3.2: the required members of each type, in their order. */
static const struct {
    const char *kty;
    const char *members[4]; /* ends with NULL, or is full */
} key_types[] = {
    {"EC", {"crv", "kty", "x", "y"}},
    {"OKP", {"crv", "kty", "x", NULL}},
    {"RSA", {"e", "kty", "n", NULL}},
};

/** A string that JSON writes as it is. */
static bool
is_plain(const struct br_json *v)
{
    bool ok = v != NULL && v->kind == BR_JSON_STRING && v->string.n > 0;
    for (size_t i = 0; ok && i < v->string.n; i++) {
        uint8_t c = v->string.p[i];
        ok = c > ' ' && c < 0x7f && c != '"' && c != '\\';
    }
    return ok;
}

/** {"crv":"P-256",...}; false when the key has not what its type needs. */
static bool
put_members(
    struct br_buf *b, const struct br_json *jwk, const char *const members[4])
{
    for (size_t i = 0; i < 4 && members[i] != NULL; i++) {
        const struct br_json *v = br_json_member(jwk, members[i]);
        if (!is_plain(v)) {
            return false;
        }
        br_buf_puts(b, i == 0 ? "{\"" : ",\"");
        br_buf_puts(b, members[i]);
        br_buf_puts(b, "\":\"");
        br_buf_put(b, v->string.p, v->string.n);
        br_buf_puts(b, "\"");
    }
    br_buf_puts(b, "}");
    return true;
}

enum br_rc
br_trust_thumbprint(
    const struct br_json *jwk,
    struct br_hash *ret,
    bool *ret_is_key,
    struct br_err *reterr)
{
    const struct br_json *kty = br_json_member(jwk, "kty");
    enum br_rc rc = BR_OK;
    *ret_is_key = false;
    for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
        struct br_buf b;
        if (!br_json_is(kty, key_types[i].kty)) {
            continue;
        }
        br_buf_init(&b, 2 * BR_DID_DOCUMENT_BYTES_MAX);
        *ret_is_key = put_members(&b, jwk, key_types[i].members);
        rc = br_buf_status(&b, reterr);
        br_sha256(br_buf_bytes(&b), ret);
        br_buf_fini(&b);
    }
    return rc;
}

static enum br_rc
index_method(
    const struct br_json *method,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_hash thumbprint;
    bool is_key;
    BR_TRY(br_trust_thumbprint(
        br_json_member(method, "publicKeyJwk"), &thumbprint, &is_key, reterr));
    return is_key ? br_trust_key_put(e, &thumbprint, op->did, reterr) : BR_OK;
}

enum br_rc
br_trust_index_keys(
    const struct br_op *op, struct br_effects *e, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *document = NULL;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_json_parse(op->document, &arena, &document, reterr);
    const struct br_json *i =
        br_json_first(br_json_member(document, "verificationMethod"));
    for (; i != NULL && rc == BR_OK; i = i->next) {
        rc = index_method(i, op, e, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}
