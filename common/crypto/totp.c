/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/totp.h"

#include "common/crypto/keyfile.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

enum { SHA1_BYTES = 20, MODULUS = 1000000 };

enum br_rc
br_totp_code(
    struct br_bytes secret,
    uint64_t step,
    char ret[BR_TOTP_DIGITS + 1],
    struct br_err *reterr)
{
    uint8_t counter[8];
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    for (int i = 7; i >= 0; i--) {
        counter[i] = (uint8_t)step;
        step >>= 8;
    }
    if (HMAC(
            EVP_sha1(), secret.p, (int)secret.n, counter, sizeof(counter), mac,
            &n) == NULL ||
        n != SHA1_BYTES) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "HMAC-SHA-1");
    }
    /* "Let OffsetBits be the low-order 4 bits of String[19]" */
    const uint8_t *p = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t bits = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 |
                    (uint32_t)p[2] << 8 | (uint32_t)p[3];
    (void)snprintf(ret, BR_TOTP_DIGITS + 1, "%06u", bits % MODULUS);
    br_wipe(mac, sizeof(mac));
    return BR_OK;
}

enum br_rc
br_totp_check(
    struct br_bytes secret,
    struct br_bytes code,
    uint64_t now_s,
    uint64_t used,
    uint64_t *ret_step,
    struct br_err *reterr)
{
    uint64_t now = now_s / BR_TOTP_STEP_S;
    uint64_t found = 0;
    for (uint64_t step = now - 1; step <= now + 1; step++) {
        char want[BR_TOTP_DIGITS + 1];
        BR_TRY(br_totp_code(secret, step, want, reterr));
        if (code.n == BR_TOTP_DIGITS &&
            br_secret_eq(code.p, want, BR_TOTP_DIGITS) && step > used) {
            found = step;
        }
    }
    if (found == 0) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED,
            "the code is wrong, or was used already");
    }
    *ret_step = found;
    return BR_OK;
}
