/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/status_list.h"

#include "common/base/assert.h"
#include "common/codec/deflate.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"

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
        return br_refuse(
            reterr, BR_RULE_STATUS_BITS, "bits are %u, not 1, 2, 4 or 8", bits);
    }
    if (count > BR_STATUS_LIST_COUNT_MAX) {
        return br_refuse(
            reterr, BR_RULE_STATUS_SIZE, "a list of more than %u",
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
        return br_refuse(
            reterr, BR_RULE_STATUS_INDEX, "index %llu: the list has %llu",
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
    uint8_t *at = NULL;
    unsigned shift = 0;
    BR_TRY(place_of(l, index, &at, &shift, reterr));
    BR_ASSERT(at != NULL);
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
    uint8_t *at = NULL;
    unsigned shift = 0;
    BR_TRY(place_of(l, index, &at, &shift, reterr));
    BR_ASSERT(at != NULL);
    if (status > mask_of(l)) {
        return br_refuse(
            reterr, BR_RULE_STATUS_VALUE, "status %u in a list of %u bits",
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

/** Of text that does not unpack: a bomb is told apart from what is broken. */
static enum br_rc
tell_unpacked(
    enum br_rc rc,
    const struct br_buf *b,
    const struct br_err *why,
    struct br_err *reterr)
{
    if (rc == BR_ERR_TOO_LARGE && !b->failed) {
        return br_refuse(reterr, BR_RULE_STATUS_SIZE, "%s", why->text);
    }
    return br_refuse_for(reterr, BR_RULE_STATUS_LST, why);
}

static enum br_rc
unpack(
    struct br_bytes lst,
    size_t max_bytes,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_buf packed;
    struct br_err why;
    size_t n = lst.n / 4 * 3 + 3;
    br_buf_init(b, max_bytes);
    br_buf_init(&packed, n);
    uint8_t *p = br_buf_extend(&packed, n);
    enum br_rc rc = br_buf_status(&packed, &why);
    if (rc == BR_OK) {
        rc = br_base64url_parse(lst, p, n, &n, &why);
    }
    if (rc == BR_OK) {
        rc = br_zlib_unpack(br_bytes(p, n), b, &why);
    }
    if (rc != BR_OK) {
        rc = tell_unpacked(rc, b, &why, reterr);
        br_buf_fini(b);
    }
    br_buf_fini(&packed);
    return rc;
}

/** A call that reads, under the rule of the token's form. */
#define READ(expr)                                                    \
    do {                                                              \
        struct br_err why_;                                           \
        if ((expr) != BR_OK) {                                        \
            return br_refuse_for(reterr, BR_RULE_STATUS_FORM, &why_); \
        }                                                             \
    } while (0)

enum br_rc
br_status_list_parse(
    const struct br_json *v,
    size_t max_bytes,
    struct br_status_list *ret,
    struct br_err *reterr)
{
    uint64_t bits = 0;
    struct br_bytes lst = {0};
    struct br_bytes uri;
    struct br_status_list l = {0};
    READ(br_json_as(v, BR_JSON_OBJECT, &why_));
    READ(br_json_need_uint(v, "bits", &bits, &why_));
    READ(br_json_need_string(v, "lst", &lst, &why_));
    READ(br_json_may_string(v, "aggregation_uri", &uri, &why_));
    if (!bits_ok(bits)) {
        return br_refuse(
            reterr, BR_RULE_STATUS_BITS, "bits are %llu, not 1, 2, 4 or 8",
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
    READ(br_json_as(payload, BR_JSON_OBJECT, &why_));
    READ(br_json_need_string(payload, "sub", &t->subject, &why_));
    READ(br_json_need_uint(payload, "iat", &t->issued_s, &why_));
    READ(br_json_may_uint(payload, "exp", &t->expires_s, &why_));
    READ(br_json_may_string(payload, "iss", &t->issuer, &why_));
    const struct br_json *ttl = br_json_member(payload, "ttl");
    if (ttl != NULL &&
        (br_json_as_uint(ttl, &t->ttl_s, NULL) != BR_OK || t->ttl_s == 0)) {
        return br_refuse(
            reterr, BR_RULE_STATUS_TTL, "ttl is no positive number of seconds");
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
    uint64_t from = 0;
    if (!br_bytes_eq(t->subject, uri)) {
        return br_refuse(
            reterr, BR_RULE_STATUS_SUB,
            "sub is not the list that the credential names");
    }
    READ(br_json_may_uint(payload, "nbf", &from, &why_));
    from = from > t->issued_s ? from : t->issued_s;
    if (from > now_s && from - now_s > CLOCK_SKEW_S) {
        return br_refuse(
            reterr, BR_RULE_STATUS_IAT, "the status list is of the future");
    }
    if (br_json_member(payload, "exp") != NULL && t->expires_s <= now_s) {
        return br_refuse(
            reterr, BR_RULE_STATUS_EXP, "the status list has expired");
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
    struct br_json *list = NULL;
    BR_TRY(read_claims(payload, &t, reterr));
    BR_TRY(check_claims(payload, &t, uri, now_s, reterr));
    READ(br_json_need(payload, "status_list", BR_JSON_OBJECT, &list, &why_));
    READ(
        br_json_may_string(list, "aggregation_uri", &t.aggregation_uri, &why_));
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
    struct br_err why;
    if (br_json_may(claims, "status", BR_JSON_OBJECT, &status, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VC_STATUS, &why);
    }
    if (status == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the credential has no status");
    }
    /* A mechanism that we do not know is no reason to look away. */
    if (br_json_need(status, "status_list", BR_JSON_OBJECT, &list, &why) !=
            BR_OK ||
        br_json_need_uint(list, "idx", &r.index, &why) != BR_OK ||
        br_json_need_string(list, "uri", &r.uri, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VC_STATUS, &why);
    }
    if (r.uri.n == 0) {
        return br_refuse(reterr, BR_RULE_VC_STATUS, "uri is empty");
    }
    *ret = r;
    return BR_OK;
}
