/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vp_transaction.h"

#include "common/base/buf.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

/* A text to approve; what is longer has its digest here. */
enum { OBJECT_BYTES_MAX = 16384 };

enum { MEMBERS = 4 };

/** Members of a type; a '?' before those that may be absent. */
static const struct {
    const char *type;
    const char *members[MEMBERS + 1];
} types[] = {
    {"urn:broletto:transaction:approval:1", {"text", "?reference", "?digest"}},
    {"urn:broletto:transaction:payment:1",
     {"payee", "amount", "currency", "?reference"}},
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static enum br_rc
decode(
    struct br_bytes encoded,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    struct br_err why = {0};
    struct br_json *v = NULL;
    size_t n = 0;
    if (encoded.n > OBJECT_BYTES_MAX) {
        return br_refuse(
            reterr, BR_RULE_VP_TRANSACTION, "one has more than %d bytes",
            OBJECT_BYTES_MAX);
    }
    uint8_t *text = br_arena_take(arena, encoded.n + 1);
    if (text == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "transaction data");
    }
    enum br_rc rc = br_base64url_parse(encoded, text, encoded.n, &n, &why);
    if (rc == BR_OK) {
        rc = br_json_parse(br_bytes(text, n), arena, &v, &why);
    }
    if (rc == BR_OK) {
        rc = br_json_as(v, BR_JSON_OBJECT, &why);
    }
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_TRANSACTION, &why);
    }
    *ret = v;
    return BR_OK;
}

/* ---- members ------------------------------------------------------------ */

static bool
is_amount(struct br_bytes v)
{
    size_t digits = 0;
    size_t dot = v.n;
    for (size_t i = 0; i < v.n; i++) {
        bool digit = v.p[i] >= '0' && v.p[i] <= '9';
        bool good = digit || (v.p[i] == '.' && dot == v.n);
        dot = v.p[i] == '.' ? i : dot;
        digits += digit ? 1 : 0;
        if (!good) {
            return false;
        }
    }
    return digits > 0 && v.n <= 24 && v.p[0] != '.' && dot + 1 != v.n;
}

static bool
is_currency(struct br_bytes v)
{
    bool good = v.n == 3;
    for (size_t i = 0; good && i < v.n; i++) {
        good = v.p[i] >= 'A' && v.p[i] <= 'Z';
    }
    return good;
}

static bool
is_digest(struct br_bytes v)
{
    uint8_t out[BR_HASH_BYTES];
    struct br_err ignored;
    return v.n == 2u * BR_HASH_BYTES && br_hex_parse(v, out, &ignored) == BR_OK;
}

static bool
value_ok(struct br_bytes name, const struct br_json *v)
{
    bool good = v->kind == BR_JSON_STRING && v->string.n > 0;
    if (good && br_bytes_eq(name, br_str("amount"))) {
        good = is_amount(v->string);
    } else if (good && br_bytes_eq(name, br_str("currency"))) {
        good = is_currency(v->string);
    } else if (good && br_bytes_eq(name, br_str("digest"))) {
        good = is_digest(v->string);
    }
    return good;
}

static bool
known_member(size_t type, struct br_bytes name)
{
    bool found = br_bytes_eq(name, br_str("type")) ||
                 br_bytes_eq(name, br_str("credential_ids")) ||
                 br_bytes_eq(name, br_str("transaction_data_hashes_alg"));
    for (size_t i = 0; !found && types[type].members[i] != NULL; i++) {
        const char *m = types[type].members[i];
        found = br_bytes_eq(name, br_str(m[0] == '?' ? m + 1 : m));
    }
    return found;
}

static enum br_rc
check_members(const struct br_json *object, size_t type, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    for (struct br_json *i = br_json_first(object); i != NULL; i = i->next) {
        if (!known_member(type, i->name)) {
            return br_refuse(
                reterr, BR_RULE_VP_TRANSACTION, "its type has no \"%s\"",
                br_rule_quote(i->name, quote));
        }
    }
    for (size_t i = 0; types[type].members[i] != NULL; i++) {
        const char *m = types[type].members[i];
        const char *name = m[0] == '?' ? m + 1 : m;
        const struct br_json *v = br_json_member(object, name);
        bool good = v == NULL ? m[0] == '?' : value_ok(br_str(name), v);
        if (!good) {
            return br_refuse(
                reterr, BR_RULE_VP_TRANSACTION,
                "%s is missing, or not as its "
                "type has it",
                name);
        }
    }
    return BR_OK;
}

/** sha-256 "MUST" be supported, and is the default (appendix B.3.3.1). */
static enum br_rc
check_algs(const struct br_json *object, struct br_err *reterr)
{
    const struct br_json *algs =
        br_json_member(object, "transaction_data_hashes_alg");
    bool good = algs == NULL;
    for (struct br_json *i = br_json_first(algs); !good && i != NULL;
         i = i->next) {
        good = algs->kind == BR_JSON_ARRAY && br_json_is(i, "sha-256");
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_TRANSACTION,
                      "sha-256 is not among its algorithms");
}

static enum br_rc
check_ids(
    const struct br_json *ids,
    const struct br_dcql *query,
    struct br_err *reterr)
{
    bool good =
        ids != NULL && ids->kind == BR_JSON_ARRAY && br_json_count(ids) > 0;
    for (struct br_json *i = br_json_first(ids); good && i != NULL;
         i = i->next) {
        const struct br_dcql_query *q =
            i->kind == BR_JSON_STRING ? br_dcql_find(query, i->string) : NULL;
        good = q != NULL && q->binding;
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_TRANSACTION,
                      "credential_ids names what is not asked for with a key "
                      "binding");
}

enum br_rc
br_vp_transaction_parse(
    const struct br_json *v,
    const struct br_dcql *query,
    struct br_arena *arena,
    struct br_vp_transaction *ret,
    struct br_err *reterr)
{
    const struct br_json *object = NULL;
    if (v->kind != BR_JSON_STRING) {
        return br_refuse(reterr, BR_RULE_VP_TRANSACTION, "one is no string");
    }
    BR_TRY(decode(v->string, arena, &object, reterr));
    const struct br_json *type = br_json_member(object, "type");
    size_t known = TYPES;
    for (size_t i = 0; known == TYPES && i < TYPES; i++) {
        known = br_json_is(type, types[i].type) ? i : known;
    }
    if (known == TYPES) {
        return br_refuse(
            reterr, BR_RULE_VP_TRANSACTION, "its type is not known here");
    }
    BR_TRY(check_members(object, known, reterr));
    BR_TRY(check_algs(object, reterr));
    const struct br_json *ids = br_json_member(object, "credential_ids");
    BR_TRY(check_ids(ids, query, reterr));
    *ret = (struct br_vp_transaction){
        .encoded = v->string, .object = object, .credential_ids = ids};
    return BR_OK;
}

bool
br_vp_transaction_names(const struct br_vp_transaction *t, struct br_bytes id)
{
    bool found = false;
    for (struct br_json *i = br_json_first(t->credential_ids);
         !found && i != NULL; i = i->next) {
        found = br_bytes_eq(i->string, id);
    }
    return found;
}

/* ---- hashes ------------------------------------------------------------- */

enum { HASH_CHARS = 43 };

/** "a hash function over the string received in the transaction_data request
 *  parameter (base64url decoding is not performed before hashing)". */
static enum br_rc
hash_of(
    const struct br_vp_transaction *t,
    char out[HASH_CHARS],
    struct br_err *reterr)
{
    struct br_hash h;
    struct br_buf b;
    br_sha256(t->encoded, &h);
    br_buf_init(&b, HASH_CHARS);
    br_base64url_put(&b, br_hash_bytes(&h));
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        memcpy(out, b.p, HASH_CHARS);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_vp_transaction_hashes(
    const struct br_vp_transaction *const *list,
    size_t count,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json_maker m;
    bool alg = false;
    br_json_maker_init(&m, arena);
    if (count == 0) {
        *ret = NULL;
        return BR_OK;
    }
    struct br_json *claims = br_json_new_object(&m);
    struct br_json *hashes = br_json_new_array(&m);
    for (size_t i = 0; i < count; i++) {
        char text[HASH_CHARS];
        BR_TRY(hash_of(list[i], text, reterr));
        (void)br_json_append(
            &m, hashes, br_json_new_string(&m, br_bytes(text, HASH_CHARS)));
        alg = alg ||
              br_json_member(list[i]->object, "transaction_data_hashes_alg") !=
                  NULL;
    }
    (void)br_json_set(&m, claims, "transaction_data_hashes", hashes);
    if (alg) {
        (void)br_json_set(
            &m, claims, "transaction_data_hashes_alg",
            br_json_new_string(&m, br_str("sha-256")));
    }
    BR_TRY(br_json_maker_status(&m, reterr));
    *ret = claims;
    return BR_OK;
}

static enum br_rc
find_hash(
    const struct br_json *hash,
    const struct br_vp_transaction *list,
    size_t count,
    bool *approved,
    struct br_err *reterr)
{
    for (size_t i = 0; hash->kind == BR_JSON_STRING && i < count; i++) {
        char text[HASH_CHARS];
        BR_TRY(hash_of(&list[i], text, reterr));
        if (br_bytes_eq(hash->string, br_bytes(text, HASH_CHARS))) {
            approved[i] = true;
            return BR_OK;
        }
    }
    return br_refuse(
        reterr, BR_RULE_VP_TRANSACTION_HASH,
        "a hash is of nothing that was asked to be approved");
}

enum br_rc
br_vp_transaction_check(
    const struct br_json *binding,
    const struct br_vp_transaction *list,
    size_t count,
    bool *approved,
    struct br_err *reterr)
{
    const struct br_json *hashes =
        br_json_member(binding, "transaction_data_hashes");
    const struct br_json *alg =
        br_json_member(binding, "transaction_data_hashes_alg");
    if (hashes != NULL && hashes->kind != BR_JSON_ARRAY) {
        return br_refuse(
            reterr, BR_RULE_VP_TRANSACTION_HASH,
            "transaction_data_hashes is no array");
    }
    if (alg != NULL && !br_json_is(alg, "sha-256")) {
        return br_refuse(
            reterr, BR_RULE_VP_TRANSACTION_HASH,
            "transaction_data_hashes_alg is not sha-256");
    }
    for (struct br_json *i = br_json_first(hashes); i != NULL; i = i->next) {
        BR_TRY(find_hash(i, list, count, approved, reterr));
    }
    return BR_OK;
}
