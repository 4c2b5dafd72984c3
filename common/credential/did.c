/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/did.h"

#include "common/base/assert.h"
#include "common/codec/base58.h"
#include "common/codec/jcs.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"

/* Multicodec's codes for public keys. */
enum {
    CODEC_ED25519 = 0xed,
    CODEC_SECP256K1 = 0xe7,
    CODEC_P256 = 0x1200,
    CODEC_JWK_JCS = 0xeb51,
};

/* ---- reading an identifier ---------------------------------------------- */

static bool
is_method_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_id_char(uint8_t c)
{
    return is_method_char(c) || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == '%' || c == ':';
}

static bool
is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/** "pct-encoded" of DID Core section 3.1. */
static bool
escapes_ok(struct br_bytes v)
{
    bool good = true;
    for (size_t i = 0; good && i < v.n; i++) {
        good = v.p[i] != '%' ||
               (v.n - i > 2 && is_hex(v.p[i + 1]) && is_hex(v.p[i + 2]));
    }
    return good;
}

/** Printable, and no second '#'. */
static bool
fragment_ok(struct br_bytes v)
{
    bool good = true;
    for (size_t i = 0; good && i < v.n; i++) {
        good = v.p[i] > ' ' && v.p[i] < 0x7f && v.p[i] != '#';
    }
    return good;
}

static enum br_did_method
method_of(struct br_bytes name)
{
    if (br_bytes_eq(name, br_str("key"))) {
        return BR_DID_KEY;
    }
    if (br_bytes_eq(name, br_str("jwk"))) {
        return BR_DID_JWK;
    }
    return br_bytes_eq(name, br_str("web")) ? BR_DID_WEB : BR_DID_OTHER;
}

static size_t
run_of(struct br_bytes text, size_t from, bool (*is)(uint8_t))
{
    size_t n = from;
    while (n < text.n && is(text.p[n])) {
        n++;
    }
    return n - from;
}

static enum br_rc
not_a_did(struct br_bytes text, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    return br_refuse(
        reterr, BR_RULE_DID_FORM, "\"%s\" is no DID",
        br_rule_quote(text, quote));
}

enum br_rc
br_did_parse(struct br_bytes text, struct br_did *ret, struct br_err *reterr)
{
    if (text.n > BR_DID_BYTES_MAX || text.n < 4 ||
        memcmp(text.p, "did:", 4) != 0) {
        return not_a_did(text, reterr);
    }
    size_t name = run_of(text, 4, is_method_char);
    size_t id_at = 4 + name + 1;
    if (name == 0 || id_at >= text.n || text.p[id_at - 1] != ':') {
        return not_a_did(text, reterr);
    }
    size_t id = run_of(text, id_at, is_id_char);
    size_t end = id_at + id;
    bool fragment = end < text.n && text.p[end] == '#';
    struct br_did did = {
        .method = method_of(br_bytes(text.p + 4, name)),
        .did = br_bytes(text.p, end),
        .id = br_bytes(text.p + id_at, id),
        .fragment = fragment ? br_bytes(text.p + end + 1, text.n - end - 1)
                             : br_bytes(NULL, 0),
    };
    if (id == 0 || text.p[end - 1] == ':' || (end < text.n && !fragment) ||
        !escapes_ok(did.id) || !fragment_ok(did.fragment)) {
        return not_a_did(text, reterr); /* nor one of its keys */
    }
    *ret = did;
    return BR_OK;
}

/* ---- did:key and did:jwk ------------------------------------------------ */

/** An unsigned varint of at most three bytes, the shortest form; 0 when it is
 *  none: one key must not have two names. */
static uint32_t
take_varint(struct br_bytes *v)
{
    uint32_t out = 0;
    for (unsigned i = 0; i < 3 && i < v->n; i++) {
        out |= (uint32_t)(v->p[i] & 0x7f) << (7 * i);
        if (v->p[i] == 0 && i > 0) {
            return 0;
        }
        if ((v->p[i] & 0x80) == 0) {
            *v = br_bytes(v->p + i + 1, v->n - i - 1);
            return out;
        }
    }
    return 0;
}

static enum br_rc
raw_key(
    int64_t alg, struct br_bytes raw, struct br_jwk *ret, struct br_err *reterr)
{
    struct br_public_key k;
    struct br_err why;
    if (br_public_key_init(&k, alg, raw, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_DID_KEY, &why);
    }
    *ret = (struct br_jwk){0};
    br_key_of_public(&k, &ret->key);
    return BR_OK;
}

static enum br_rc
json_key(
    struct br_bytes text,
    enum br_rule rule,
    struct br_arena *arena,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    struct br_err why;
    char *copy = br_arena_copy(arena, text);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a DID's key");
    }
    if (br_json_parse(br_bytes(copy, text.n), arena, &v, &why) != BR_OK) {
        return br_refuse_for(reterr, rule, &why);
    }
    return br_jwk_parse(v, ret, reterr);
}

/** did:key:z... : multibase base58btc of multicodec and key. */
static enum br_rc
key_of_multibase(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    uint8_t bytes[BR_BASE58_BYTES_MAX];
    struct br_bytes v = br_bytes(bytes, 0);
    struct br_err why;
    if (text.n < 2 || text.p[0] != 'z') {
        return br_refuse(reterr, BR_RULE_DID_KEY, "not multibase base58btc");
    }
    if (br_base58_parse(br_bytes(text.p + 1, text.n - 1), bytes, &v.n, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_DID_KEY, &why);
    }
    uint32_t codec = take_varint(&v);
    switch (codec) {
    case CODEC_ED25519:
        return raw_key(BR_SIGN_ED25519, v, ret, reterr);
    case CODEC_P256:
        return raw_key(BR_SIGN_ES256, v, ret, reterr);
    case CODEC_SECP256K1:
        return raw_key(BR_SIGN_ES256K, v, ret, reterr);
    case CODEC_JWK_JCS:
        if (br_jcs_check(v, arena, &why) != BR_OK) {
            return br_refuse_for(reterr, BR_RULE_DID_KEY, &why);
        }
        return json_key(v, BR_RULE_DID_KEY, arena, ret, reterr);
    default:
        return br_refuse(
            reterr, BR_RULE_DID_KEY, "a key of multicodec 0x%x", codec);
    }
}

static enum br_rc
key_of_base64url(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    uint8_t json[BR_DID_BYTES_MAX];
    size_t n;
    struct br_err why;
    if (br_base64url_parse(text, json, sizeof(json), &n, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_DID_JWK, &why);
    }
    return json_key(br_bytes(json, n), BR_RULE_DID_JWK, arena, ret, reterr);
}

/** A did:key repeats itself in the URL of its key, a did:jwk's is "#0". */
static enum br_rc
check_fragment(const struct br_did *did, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes only = did->method == BR_DID_JWK ? br_str("0") : did->id;
    return did->fragment.n == 0 || br_bytes_eq(did->fragment, only)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_DID_METHOD, "it has no key \"%s\"",
                     br_rule_quote(did->fragment, quote));
}

enum br_rc
br_did_own_key(
    const struct br_did *did,
    struct br_arena *arena,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    if (did->method == BR_DID_KEY || did->method == BR_DID_JWK) {
        BR_TRY(check_fragment(did, reterr));
    }
    switch (did->method) {
    case BR_DID_KEY:
        return key_of_multibase(did->id, arena, ret, reterr);
    case BR_DID_JWK:
        return key_of_base64url(did->id, arena, ret, reterr);
    case BR_DID_WEB:
    case BR_DID_OTHER:
        break;
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "%.*s has no key in itself",
        (int)(did->did.n < 80 ? did->did.n : 80), (const char *)did->did.p);
}

/* ---- did:web ------------------------------------------------------------ */

/** A host's name, with letters at its end: "MUST NOT include IP addresses"
 *  (did:web section 2.3); then perhaps ':', escaped, and a port. */
static enum br_rc
put_host(struct br_bytes v, struct br_buf *b, struct br_err *reterr)
{
    size_t n = 0;
    bool letter = false; /* in the last label */
    while (n < v.n && v.p[n] != '%') {
        uint8_t c = v.p[n];
        bool dot = c == '.';
        if (c == '_' || (dot && (n == 0 || v.p[n - 1] == '.'))) {
            return br_refuse(reterr, BR_RULE_DID_WEB, "no name of a host");
        }
        letter = dot ? false : letter || c > '9';
        n++;
    }
    if (!letter) {
        return br_refuse(
            reterr, BR_RULE_DID_WEB, "an address, where a host's name is due");
    }
    br_buf_put(b, v.p, n);
    if (n == v.n) {
        return BR_OK;
    }
    struct br_bytes port = br_bytes(v.p + n + 3, v.n - n - 3);
    uint64_t number = 0;
    bool colon = v.p[n + 1] == '3' && (v.p[n + 2] | 0x20) == 'a';
    if (!colon || br_decimal_parse(port, &number, NULL) != BR_OK ||
        number == 0 || number > 65535) {
        return br_refuse(reterr, BR_RULE_DID_WEB, "no port after the host");
    }
    br_buf_printf(b, ":%u", (unsigned)number);
    return BR_OK;
}

/** Colons are slashes; no escape, no empty part, none that a path folds. */
static enum br_rc
put_path(struct br_bytes v, struct br_buf *b, struct br_err *reterr)
{
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        bool first = i == 0 || v.p[i - 1] == ':';
        if (c == '%' || (first && (c == '.' || c == ':'))) {
            return br_refuse(
                reterr, BR_RULE_DID_WEB, "an escape, or a part that is empty");
        }
        br_buf_put(b, c == ':' ? (const void *)"/" : &v.p[i], 1);
    }
    return BR_OK;
}

/** "example.org%3A8443:user:alice": https://example.org:8443/user/alice/... */
enum br_rc
br_did_web_url(
    const struct br_did *did, struct br_buf *b, struct br_err *reterr)
{
    struct br_bytes v = did->id;
    const uint8_t *colon = memchr(v.p, ':', v.n);
    size_t host = colon == NULL ? v.n : (size_t)(colon - v.p);
    br_buf_puts(b, "https://");
    BR_TRY(put_host(br_bytes(v.p, host), b, reterr));
    if (colon == NULL) {
        br_buf_puts(b, "/.well-known");
    } else {
        br_buf_puts(b, "/");
        BR_TRY(put_path(br_bytes(colon + 1, v.n - host - 1), b, reterr));
    }
    br_buf_puts(b, "/did.json");
    return br_buf_status(b, reterr);
}

/* ---- documents ---------------------------------------------------------- */

/** Is this id the key that kid names? Ids may be relative: "#key-1". */
static bool
is_named(struct br_bytes id, const struct br_did *did, struct br_bytes kid)
{
    const uint8_t *hash = id.n == 0 ? NULL : memchr(id.p, '#', id.n);
    if (hash == NULL || kid.n == 0) {
        return false;
    }
    struct br_bytes before = br_bytes(id.p, (size_t)(hash - id.p));
    struct br_bytes name = br_bytes(hash + 1, id.n - before.n - 1);
    if (before.n > 0 && !br_bytes_eq(before, did->did)) {
        return false;
    }
    const uint8_t *kid_hash = memchr(kid.p, '#', kid.n);
    if (kid_hash == NULL) {
        return br_bytes_eq(name, kid);
    }
    size_t n = (size_t)(kid_hash - kid.p);
    return (n == 0 || br_bytes_eq(br_bytes(kid.p, n), did->did)) &&
           br_bytes_eq(name, br_bytes(kid_hash + 1, kid.n - n - 1));
}

static struct br_bytes
id_of(const struct br_json *method)
{
    const struct br_json *id =
        method->kind == BR_JSON_STRING ? method : br_json_member(method, "id");
    return id != NULL && id->kind == BR_JSON_STRING ? id->string
                                                    : br_bytes(NULL, 0);
}

/** A relationship holds methods, or the ids of those in verificationMethod. */
static const struct br_json *
whole_method(
    const struct br_json *document,
    const struct br_did *did,
    const struct br_json *entry)
{
    if (entry->kind != BR_JSON_STRING) {
        return entry;
    }
    const struct br_json *all = br_json_member(document, "verificationMethod");
    struct br_json *i = br_json_first(all);
    while (i != NULL && !is_named(id_of(i), did, entry->string)) {
        i = i->next;
    }
    return i;
}

static const struct br_json *
find_method(
    const struct br_json *document,
    const struct br_did *did,
    struct br_bytes kid,
    const struct br_json *related)
{
    if (kid.n == 0) {
        return br_json_count(related) == 1
                   ? whole_method(document, did, br_json_first(related))
                   : NULL;
    }
    for (struct br_json *i = br_json_first(related); i != NULL; i = i->next) {
        if (is_named(id_of(i), did, kid)) {
            return whole_method(document, did, i);
        }
    }
    return NULL;
}

static enum br_rc
check_document(
    const struct br_json *document,
    const struct br_did *did,
    struct br_err *reterr)
{
    const struct br_json *id = br_json_member(document, "id");
    if (id == NULL || id->kind != BR_JSON_STRING ||
        !br_bytes_eq(id->string, did->did)) {
        return br_refuse(
            reterr, BR_RULE_DID_DOCUMENT, "its id is not the DID asked for");
    }
    return BR_OK;
}

enum br_rc
br_did_document_key(
    const struct br_json *document,
    const struct br_did *did,
    struct br_bytes kid,
    const char *relationship,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    BR_TRY(check_document(document, did, reterr));
    const struct br_json *method =
        find_method(document, did, kid, br_json_member(document, relationship));
    const struct br_json *jwk = br_json_member(method, "publicKeyJwk");
    if (jwk == NULL) {
        return br_refuse(
            reterr, BR_RULE_DID_METHOD,
            "no key \"%s\" with a publicKeyJwk for %s",
            br_rule_quote(kid, quote), relationship);
    }
    return br_jwk_parse(jwk, ret, reterr);
}

/* ---- writing ------------------------------------------------------------ */

static void
put_jwk(struct br_buf *b, const struct br_key *key)
{
    struct br_json_writer w;
    struct br_jwk jwk = {.key = *key};
    br_json_writer_init(&w, b);
    br_jwk_write(&w, &jwk);
}

/** JCS of a public JWK: the order of the names is another one. */
static enum br_rc
put_canonical_jwk(
    struct br_buf *b, const struct br_key *key, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_buf text;
    struct br_json *v;
    br_arena_init(&arena, BR_JWK_BYTES_MAX * 8u);
    br_buf_init(&text, BR_JWK_BYTES_MAX);
    put_jwk(&text, key);
    enum br_rc rc = br_buf_status(&text, reterr);
    if (rc == BR_OK) {
        rc = br_json_parse(br_buf_bytes(&text), &arena, &v, reterr);
    }
    if (rc == BR_OK) {
        rc = br_jcs_encode(v, &arena, b, reterr);
    }
    br_buf_fini(&text);
    br_arena_fini(&arena);
    return rc;
}

static void
put_varint(struct br_buf *b, uint32_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        br_buf_put(b, &byte, 1);
        v >>= 7;
    } while (v > 0);
}

static uint32_t
codec_of(const struct br_public_key *k)
{
    switch (k->alg) {
    case BR_SIGN_ED25519:
        return CODEC_ED25519;
    case BR_SIGN_ES256:
        return CODEC_P256;
    case BR_SIGN_ES256K:
        return CODEC_SECP256K1;
    }
    return CODEC_JWK_JCS;
}

enum br_rc
br_did_key_put(
    struct br_buf *b,
    const struct br_key *key,
    bool as_jwk,
    struct br_err *reterr)
{
    struct br_public_key k;
    struct br_buf bytes;
    enum br_rc rc = BR_OK;
    br_buf_init(&bytes, BR_JWK_BYTES_MAX);
    if (!as_jwk && br_key_to_public(key, &k)) {
        put_varint(&bytes, codec_of(&k));
        br_buf_put(&bytes, k.b, k.n);
    } else {
        put_varint(&bytes, CODEC_JWK_JCS);
        rc = put_canonical_jwk(&bytes, key, reterr);
    }
    if (rc == BR_OK && bytes.n > BR_BASE58_BYTES_MAX) {
        rc = br_fail(reterr, BR_ERR_UNSUPPORTED, "too long a key for did:key");
    }
    if (rc == BR_OK) {
        br_buf_puts(b, "did:key:z");
        br_base58_put(b, br_buf_bytes(&bytes));
        rc = br_buf_status(b, reterr);
    }
    br_buf_fini(&bytes);
    return rc;
}

enum br_rc
br_did_jwk_put(
    struct br_buf *b, const struct br_key *key, struct br_err *reterr)
{
    struct br_buf text;
    br_buf_init(&text, BR_JWK_BYTES_MAX);
    put_jwk(&text, key);
    br_buf_puts(b, "did:jwk:");
    br_base64url_put(b, br_buf_bytes(&text));
    enum br_rc rc = br_buf_status(&text, reterr);
    br_buf_fini(&text);
    return rc == BR_OK ? br_buf_status(b, reterr) : rc;
}
