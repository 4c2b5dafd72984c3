/*
 * One-time codes from a shared secret and the time (RFC 6238): HMAC-SHA-1, six
 * digits, steps of 30 seconds, which every authenticator app understands.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_TOTP_H
#define BR_CRYPTO_TOTP_H

#include "common/base/bytes.h"
#include "common/base/error.h"

enum {
    BR_TOTP_SECRET_BYTES = 20, /**< RFC 4226 section 4, R6: 160 bits */
    BR_TOTP_DIGITS = 6,
    BR_TOTP_STEP_S = 30,
};

/** RFC 4226 section 5.3 for one step (seconds since 1970 / 30); digits and a
 *  NUL. */
enum br_rc br_totp_code(
    struct br_bytes secret,
    uint64_t step,
    char ret[BR_TOTP_DIGITS + 1],
    struct br_err *reterr) BR_MUST_USE;

/** Does the code fit this time, or the step before or after it (section 5.2),
 *  and a step later than `used`? *ret_step: to be remembered as used, so that
 *  no code serves twice. UNAUTHENTICATED. */
enum br_rc br_totp_check(
    struct br_bytes secret,
    struct br_bytes code,
    uint64_t now_s,
    uint64_t used,
    uint64_t *ret_step,
    struct br_err *reterr) BR_MUST_USE;

#endif
