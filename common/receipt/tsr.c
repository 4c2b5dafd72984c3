/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading TimeStampResp (RFC 3161 section 2.4.2): what a client does. */
#include "common/codec/text.h"
#include "common/receipt/der.h"
#include "common/receipt/rfc3161.h"

/** PKIStatusInfo. */
struct status {
    uint64_t value;
    struct br_bytes text; /**< first of the free texts, or empty */
};

static void
read_status(struct br_der *r, struct status *s)
{
    br_der_enter(r, BR_DER_SEQUENCE);
    s->value = br_der_uint(r);
    if (br_der_peek(r) == BR_DER_SEQUENCE) {
        br_der_enter(r, BR_DER_SEQUENCE);
        while (br_der_peek(r) != BR_DER_END) {
            struct br_bytes text = br_der_value(r, BR_DER_UTF8_STRING);
            s->text = s->text.n == 0 ? text : s->text;
        }
        br_der_leave(r);
    }
    if (br_der_peek(r) == BR_DER_BIT_STRING) {
        (void)br_der_value(r, BR_DER_BIT_STRING);
    }
    br_der_leave(r);
}

static enum br_rc
refused(const struct status *s, struct br_err *reterr)
{
    struct br_bytes text = br_utf8_printable(s->text, 160);
    return br_fail(
        reterr, BR_ERR_FORBIDDEN, "the authority refused (status %llu)%s%.*s",
        (unsigned long long)s->value, text.n > 0 ? ": " : "", (int)text.n,
        text.n > 0 ? (const char *)text.p : "");
}

enum br_rc
br_tsr_token(
    struct br_bytes der, struct br_bytes *ret_token, struct br_err *reterr)
{
    struct br_der r;
    struct status s = {0};
    struct br_bytes token = der;
    br_der_init(&r, der);
    br_der_enter(&r, BR_DER_SEQUENCE);
    if (br_der_peek(&r) == BR_DER_OID) { /* ContentInfo: a token alone */
        (void)br_der_oid(&r);
        (void)br_der_value(&r, BR_DER_CONSTRUCTED(0));
    } else {
        read_status(&r, &s);
        token = br_der_peek(&r) == BR_DER_END
                    ? br_bytes(NULL, 0)
                    : br_der_element(&r, BR_DER_SEQUENCE);
    }
    br_der_leave(&r);
    BR_TRY(br_der_done(&r, reterr));
    if (s.value > 1) { /* neither granted nor grantedWithMods */
        return refused(&s, reterr);
    }
    if (token.n == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "a response without a token");
    }
    *ret_token = token;
    return BR_OK;
}
