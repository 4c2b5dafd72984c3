/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/status_list.h"

#include "common/base/assert.h"
#include "common/codec/deflate.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"

/* Clocks differ: a token issued this much later than now is still taken. */
enum { CLOCK_SKEW_S = 60 };

const char *
br_status_name(unsigned status)
{
    static const char *const names[] = {"valid", "invalid", "suspended"};
    return status < sizeof(names) / sizeof(names[0]) ? names[status]
                                                     : "application-specific";
}

/* ---- the list ----------------------------------------------------------- */

static bool
bits_ok(uint64_t bits)
{
    return bits == 1 || bits == 2 || bits == 4 || bits == 8;
}

static uint64_t
per_byte(const struct br_status_list *l)
{
    return 8 / l->bits;
}

enum br_rc
br_status_list_init(
    struct br_status_list *l,
    unsigned bits,
    uint64_t count,
    struct br_err *reterr)
{
    if (!bits_ok(bits)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "bits: %u; 1, 2, 4 or 8 are allowed",
            bits);
    }
    if (count > BR_STATUS_LIST_COUNT_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "a list of more than %u",
            BR_STATUS_LIST_COUNT_MAX);
    }
    size_t n = (size_t)((count * bits + 7) / 8);
    *l = (struct br_status_list){.bits = bits, .count = n * (8 / bits)};
    br_buf_init(&l->bytes, BR_STATUS_LIST_BYTES_MAX);
    uint8_t *p = br_buf_extend(&l->bytes, n);
    if (p != NULL) {
        memset(p, 0, n);
    }
    enum br_rc rc = br_buf_status(&l->bytes, reterr);
    if (rc != BR_OK) {
        br_status_list_fini(l);
    }
    return rc;
}

void
br_status_list_fini(struct br_status_list *l)
{
    br_buf_fini(&l->bytes);
}

/** The byte of an index, and how far its bits are shifted there. */
static enum br_rc
place_of(
    const struct br_status_list *l,
    uint64_t index,
    uint8_t **ret,
    unsigned *ret_shift,
    struct br_err *reterr)
{
    if (index >= l->count) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "index %llu: the list has %llu (Token Status List section 8.3)",
            (unsigned long long)index, (unsigned long long)l->count);
    }
    *ret = l->bytes.p + index / per_byte(l);
    *ret_shift = (unsigned)(index % per_byte(l)) * l->bits;
    return BR_OK;
}

static unsigned
mask_of(const struct br_status_list *l)
{
    return (1u << l->bits) - 1;
}

enum br_rc
br_status_list_get(
    const struct br_status_list *l,
    uint64_t index,
    unsigned *ret,
    struct br_err *reterr)
{
    uint8_t *at;
    unsigned shift;
    BR_TRY(place_of(l, index, &at, &shift, reterr));
    *ret = (unsigned)*at >> shift & mask_of(l);
    return BR_OK;
}

enum br_rc
br_status_list_put(
    struct br_status_list *l,
    uint64_t index,
    unsigned status,
    struct br_err *reterr)
{
    uint8_t *at;
    unsigned shift;
    BR_TRY(place_of(l, index, &at, &shift, reterr));
    if (status > mask_of(l)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "status %u in a list of %u bits",
            status, l->bits);
    }
    *at = (uint8_t)((*at & ~(mask_of(l) << shift)) | status << shift);
    return BR_OK;
}

/* ---- as JSON ------------------------------------------------------------ */

static enum br_rc
write_list(
    struct br_json_writer *w,
    const struct br_status_list *l,
    struct br_bytes aggregation_uri,
    struct br_err *reterr)
{
    struct br_buf packed;
    br_buf_init(&packed, BR_STATUS_LIST_BYTES_MAX);
    enum br_rc rc = br_zlib_pack(br_buf_bytes(&l->bytes), &packed, reterr);
    br_json_write_object(w);
    br_json_write_name(w, "bits");
    br_json_write_uint(w, l->bits);
    br_json_write_name(w, "lst");
    br_json_write_base64url(w, br_buf_bytes(&packed));
    if (aggregation_uri.n > 0) {
        br_json_write_name(w, "aggregation_uri");
        br_json_write_string(w, aggregation_uri);
    }
    br_json_write_end(w);
    br_buf_fini(&packed);
    return rc;
}

enum br_rc
br_status_list_encode(
    const struct br_status_list *l,
    const char *aggregation_uri,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    BR_TRY(write_list(
        &w, l, br_str(aggregation_uri == NULL ? "" : aggregation_uri), reterr));
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
unpack(
    struct br_bytes lst,
    size_t max_bytes,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_buf packed;
    br_buf_init(&packed, BR_JSON_BYTES_MAX);
    size_t n = lst.n / 4 * 3 + 3;
    uint8_t *p = br_buf_extend(&packed, n);
    enum br_rc rc = br_buf_status(&packed, reterr);
    if (rc == BR_OK) {
        rc = br_base64url_parse(lst, p, n, &n, reterr);
    }
    if (rc == BR_OK) {
        br_buf_init(b, max_bytes);
        rc = br_zlib_unpack(br_bytes(p, n), b, reterr);
        if (rc != BR_OK) {
            br_buf_fini(b);
        }
    }
    br_buf_fini(&packed);
    return rc;
}

enum br_rc
br_status_list_parse(
    const struct br_json *v,
    size_t max_bytes,
    struct br_status_list *ret,
    struct br_err *reterr)
{
    uint64_t bits;
    struct br_bytes lst;
    struct br_bytes uri;
    struct br_status_list l = {0};
    BR_TRY(br_json_need_uint(v, "bits", &bits, reterr));
    BR_TRY(br_json_need_string(v, "lst", &lst, reterr));
    BR_TRY(br_json_may_string(v, "aggregation_uri", &uri, reterr));
    if (!bits_ok(bits)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "status_list.bits: %llu; 1, 2, 4 or 8 are allowed (Token Status "
            "List section 4.2)",
            (unsigned long long)bits);
    }
    BR_TRY(unpack(lst, max_bytes, &l.bytes, reterr));
    l.bits = (unsigned)bits;
    l.count = l.bytes.n * per_byte(&l);
    *ret = l;
    return BR_OK;
}

/* ---- the token ---------------------------------------------------------- */

static void
write_time(struct br_json_writer *w, const char *name, uint64_t v)
{
    if (v != 0) {
        br_json_write_name(w, name);
        br_json_write_uint(w, v);
    }
}

enum br_rc
br_status_token_encode(
    const struct br_status_token *t,
    const struct br_status_list *l,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    BR_ASSERT(t->subject.n > 0 && t->issued_s > 0);
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    if (t->issuer.n > 0) {
        br_json_write_name(&w, "iss");
        br_json_write_string(&w, t->issuer);
    }
    br_json_write_name(&w, "sub");
    br_json_write_string(&w, t->subject);
    write_time(&w, "iat", t->issued_s);
    write_time(&w, "exp", t->expires_s);
    write_time(&w, "ttl", t->ttl_s);
    br_json_write_name(&w, "status_list");
    enum br_rc rc = write_list(&w, l, t->aggregation_uri, reterr);
    br_json_write_end(&w);
    return rc != BR_OK ? rc : br_json_writer_done(&w, reterr);
}

static enum br_rc
read_claims(
    const struct br_json *payload,
    struct br_status_token *t,
    struct br_err *reterr)
{
    BR_TRY(br_json_need_string(payload, "sub", &t->subject, reterr));
    BR_TRY(br_json_need_uint(payload, "iat", &t->issued_s, reterr));
    BR_TRY(br_json_may_uint(payload, "exp", &t->expires_s, reterr));
    BR_TRY(br_json_may_uint(payload, "ttl", &t->ttl_s, reterr));
    BR_TRY(br_json_may_string(payload, "iss", &t->issuer, reterr));
    const struct br_json *ttl = br_json_member(payload, "ttl");
    if (ttl != NULL && t->ttl_s == 0) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "ttl: it must be positive (Token Status List section 5.1)");
    }
    return BR_OK;
}

static enum br_rc
check_claims(
    const struct br_json *payload,
    const struct br_status_token *t,
    struct br_bytes uri,
    uint64_t now_s,
    struct br_err *reterr)
{
    if (!br_bytes_eq(t->subject, uri)) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "sub: it is not the list that the credential names (Token Status "
            "List section 8.3)");
    }
    if (t->issued_s > now_s + CLOCK_SKEW_S) {
        return br_fail(
            reterr, BR_ERR_FUTURE_TIME,
            "iat: the status list is of the future");
    }
    if (br_json_member(payload, "exp") != NULL && t->expires_s <= now_s) {
        return br_fail(
            reterr, BR_ERR_EXPIRED,
            "exp: the status list has expired (Token Status List section 8.3)");
    }
    return BR_OK;
}

enum br_rc
br_status_token_parse(
    const struct br_json *payload,
    struct br_bytes uri,
    uint64_t now_s,
    struct br_status_token *ret,
    struct br_status_list *ret_list,
    struct br_err *reterr)
{
    struct br_status_token t = {0};
    struct br_json *list;
    BR_TRY(read_claims(payload, &t, reterr));
    BR_TRY(check_claims(payload, &t, uri, now_s, reterr));
    BR_TRY(br_json_need(payload, "status_list", BR_JSON_OBJECT, &list, reterr));
    BR_TRY(br_json_may_string(
        list, "aggregation_uri", &t.aggregation_uri, reterr));
    BR_TRY(
        br_status_list_parse(list, BR_STATUS_LIST_BYTES_MAX, ret_list, reterr));
    *ret = t;
    return BR_OK;
}

/* ---- a credential's reference ------------------------------------------- */

enum br_rc
br_status_reference_parse(
    const struct br_json *claims,
    struct br_status_reference *ret,
    struct br_err *reterr)
{
    struct br_json *status = NULL;
    struct br_json *list = NULL;
    struct br_status_reference r = {0};
    BR_TRY(br_json_may(claims, "status", BR_JSON_OBJECT, &status, reterr));
    if (status == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the credential has no status");
    }
    BR_TRY(br_json_need(status, "status_list", BR_JSON_OBJECT, &list, reterr));
    BR_TRY(br_json_need_uint(list, "idx", &r.index, reterr));
    BR_TRY(br_json_need_string(list, "uri", &r.uri, reterr));
    if (r.uri.n == 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "status_list.uri: empty (Token Status List section 6.2)");
    }
    *ret = r;
    return BR_OK;
}
