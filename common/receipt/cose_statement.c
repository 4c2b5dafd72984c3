/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/cose_statement.h"

/* ---- parsing ------------------------------------------------------------ */

static enum br_rc
read_algorithms(
    const struct br_cose_headers *h,
    struct br_cose_statement *s,
    struct br_err *reterr)
{
    const struct br_cose_header *alg = br_cose_find(h, BR_COSE_ALG);
    const struct br_cose_header *hash =
        br_cose_find(h, BR_COSE_PAYLOAD_HASH_ALG);
    if (alg == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "statement: no alg");
    }
    BR_TRY(br_cose_int(alg, &s->alg, reterr));
    if (br_sign_alg_name(s->alg) == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "statement: signature algorithm %lld",
            (long long)s->alg);
    }
    s->has_hash_alg = hash != NULL;
    s->hash_alg = 0;
    return hash == NULL ? BR_OK : br_cose_int(hash, &s->hash_alg, reterr);
}

/** "The `kid` header parameter MUST be present when neither `x5t` nor
 *  `x5chain` is present in the protected header." */
static enum br_rc
read_kid(
    const struct br_cose_headers *h,
    struct br_cose_statement *s,
    struct br_err *reterr)
{
    const struct br_cose_header *kid = br_cose_find(h, BR_COSE_KID);
    s->kid = br_bytes(NULL, 0);
    if (kid != NULL) {
        return br_cose_bytes(kid, &s->kid, reterr);
    }
    if (br_cose_find(h, BR_COSE_X5CHAIN) == NULL &&
        br_cose_find(h, BR_COSE_X5T) == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "statement: no kid, x5chain or x5t in the protected header");
    }
    return BR_OK;
}

static enum br_rc
read_protected(struct br_cose_statement *s, struct br_err *reterr)
{
    struct br_cose_headers h;
    BR_TRY(br_cose_headers_parse(s->envelope.protected_header, &h, reterr));
    if (br_cose_find(&h, BR_COSE_CRIT) != NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "statement: critical headers");
    }
    BR_TRY(read_algorithms(&h, s, reterr));
    BR_TRY(read_kid(&h, s, reterr));
    BR_TRY(br_cose_claims_parse(&h, &s->claims, reterr));
    if (s->claims.issuer.n == 0 || s->claims.subject.n == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "statement: CWT claims (header 15) without issuer or subject");
    }
    return BR_OK;
}

enum br_rc
br_cose_statement_parse(
    struct br_bytes bytes, struct br_cose_statement *ret, struct br_err *reterr)
{
    if (bytes.n > BR_COSE_STATEMENT_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "statement: more than %u bytes",
            BR_COSE_STATEMENT_BYTES_MAX);
    }
    BR_TRY(br_cose_sign1_parse(bytes, &ret->envelope, reterr));
    BR_TRY(br_cose_headers_parse(
        ret->envelope.unprotected, &ret->unprotected, reterr));
    return read_protected(ret, reterr);
}

enum br_rc
br_cose_statement_verify(
    const struct br_cose_statement *s,
    struct br_bytes detached,
    const struct br_public_key *key,
    struct br_err *reterr)
{
    if (!s->envelope.has_payload && detached.n == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "statement: its payload is detached");
    }
    if (s->alg != (int64_t)key->alg) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_KEY,
            "statement: the key is for another algorithm");
    }
    return br_cose_verify(
        &s->envelope, s->envelope.has_payload ? s->envelope.payload : detached,
        key, reterr);
}

/* ---- writing ------------------------------------------------------------ */

static void
put_begin(struct br_buf *b, const struct br_cose_statement *s)
{
    br_cbor_put_tag(b, BR_COSE_SIGN1_TAG);
    br_cbor_put_array(b, 4);
    br_cbor_put_bytes(b, s->envelope.protected_header);
}

static void
put_end(struct br_buf *b, const struct br_cose_statement *s)
{
    if (s->envelope.has_payload) {
        br_cbor_put_bytes(b, s->envelope.payload);
    } else {
        br_cbor_put_null(b);
    }
    br_cbor_put_bytes(b, s->envelope.signature);
}

void
br_cose_statement_put_bare(struct br_buf *b, const struct br_cose_statement *s)
{
    put_begin(b, s);
    br_cbor_put_map(b, 0);
    put_end(b, s);
}

enum br_rc
br_cose_statement_receipts(
    const struct br_cose_statement *s,
    struct br_bytes ret[BR_COSE_RECEIPTS_MAX],
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_cbor r;
    const struct br_cose_header *h =
        br_cose_find(&s->unprotected, BR_COSE_RECEIPTS);
    *ret_count = 0;
    if (h == NULL) {
        return BR_OK;
    }
    br_cbor_init(&r, h->value);
    uint64_t count = br_cbor_array(&r, BR_COSE_RECEIPTS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        ret[i] = br_cbor_bytes(&r);
    }
    BR_TRY(br_cbor_done(&r, reterr));
    *ret_count = (size_t)count;
    return BR_OK;
}

static void
put_receipts(
    struct br_buf *b,
    const struct br_bytes *receipts,
    size_t count,
    struct br_bytes last)
{
    br_cbor_put_uint(b, BR_COSE_RECEIPTS);
    br_cbor_put_array(b, count + 1);
    for (size_t i = 0; i < count; i++) {
        br_cbor_put_bytes(b, receipts[i]);
    }
    br_cbor_put_bytes(b, last);
}

/** RFC 8949 section 4.2.1: by the bytes of the encoded label. */
static bool
before_receipts(const struct br_cose_header *h)
{
    static const uint8_t key[] = {
        0x19, BR_COSE_RECEIPTS >> 8, BR_COSE_RECEIPTS & 0xff};
    size_t n = h->key.n < sizeof(key) ? h->key.n : sizeof(key);
    int order = memcmp(h->key.p, key, n);
    return order < 0 || (order == 0 && h->key.n < sizeof(key));
}

static void
put_header(struct br_buf *b, const struct br_cose_header *h)
{
    br_buf_put(b, h->key.p, h->key.n);
    br_buf_put(b, h->value.p, h->value.n);
}

enum br_rc
br_cose_statement_put_transparent(
    struct br_buf *b,
    const struct br_cose_statement *s,
    struct br_bytes receipt,
    struct br_err *reterr)
{
    struct br_bytes old[BR_COSE_RECEIPTS_MAX];
    size_t count;
    const struct br_cose_headers *u = &s->unprotected;
    const struct br_cose_header *own = br_cose_find(u, BR_COSE_RECEIPTS);
    BR_TRY(br_cose_statement_receipts(s, old, &count, reterr));
    if (count == BR_COSE_RECEIPTS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "statement: it has %zu receipts", count);
    }
    put_begin(b, s);
    br_cbor_put_map(b, u->count + (own == NULL ? 1 : 0));
    bool done = false;
    for (size_t i = 0; i < u->count; i++) {
        if (!done && !before_receipts(&u->h[i])) {
            put_receipts(b, old, count, receipt);
            done = true;
        }
        if (&u->h[i] != own) {
            put_header(b, &u->h[i]);
        }
    }
    if (!done) {
        put_receipts(b, old, count, receipt);
    }
    put_end(b, s);
    return br_buf_status(b, reterr);
}
