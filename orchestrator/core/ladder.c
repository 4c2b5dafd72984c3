/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/type.h"

enum { DECIMALS = 2, DIGITS_MAX = 15 };

static enum br_rc
refuse(const struct br_json *v, struct br_err *reterr)
{
    char path[BR_JSON_PATH_BYTES];
    br_json_path(v, path);
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE,
        "%s: an amount is a number from 0 with two decimals at most", path);
}

enum br_rc
br_amount_cents(const struct br_json *v, uint64_t *ret, struct br_err *reterr)
{
    uint64_t cents = 0;
    size_t digits = 0;
    size_t decimals = 0;
    bool after = false;
    BR_TRY(br_json_as(v, BR_JSON_NUMBER, reterr));
    if (v->raw.n == 0 || v->raw.n > DIGITS_MAX + DECIMALS + 1) {
        return refuse(v, reterr);
    }
    for (size_t i = 0; i < v->raw.n; i++) {
        uint8_t c = v->raw.p[i];
        if (c == '.' && !after) {
            after = true;
            continue;
        }
        if (c < '0' || c > '9') {
            return refuse(v, reterr);
        }
        cents = cents * 10 + (uint64_t)(c - '0');
        digits += !after;
        decimals += after;
    }
    if (digits > DIGITS_MAX || decimals > DECIMALS) {
        return refuse(v, reterr);
    }
    for (; decimals < DECIMALS; decimals++) {
        cents *= 10;
    }
    *ret = cents;
    return BR_OK;
}
