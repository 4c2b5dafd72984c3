/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tst.h"

#include "common/codec/text.h"
#include "common/receipt/tst_internal.h"

/** What a PKIStatusInfo says (RFC 3161 section 2.4.2). */
struct status {
    uint64_t value;
    struct br_bytes text;    /**< first of the free texts, or empty */
    struct br_bytes failure; /**< contents of the BIT STRING, or empty */
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
        s->failure = br_der_value(r, BR_DER_BIT_STRING);
    }
    br_der_leave(r);
}

static const char *
failure_name(struct br_bytes bits)
{
    for (size_t i = 0; bits.n > 1 && i < 8 * (bits.n - 1) && i < 32; i++) {
        if ((bits.p[1 + i / 8] & 0x80 >> i % 8) != 0) {
            return br_tst_failure_name((enum br_tst_failure)i);
        }
    }
    return "no reason given";
}

/** Strangers' words go to terminals: valid UTF-8 without control characters
 *  or nothing. */
static struct br_bytes
printable(struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] == 0x7f) {
            return br_bytes(NULL, 0);
        }
    }
    bool ok = text.n <= 160 && br_utf8_check(text) == text.n;
    return ok ? text : br_bytes(NULL, 0);
}

static enum br_rc
refused(const struct status *s, struct br_err *reterr)
{
    struct br_bytes text = printable(s->text);
    return br_fail(
        reterr, BR_ERR_FORBIDDEN, "the authority refused: %s%s%.*s",
        failure_name(s->failure), text.n > 0 ? ": " : "", (int)text.n,
        text.n > 0 ? (const char *)text.p : "");
}

enum br_rc
br_tst_token_of(
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
