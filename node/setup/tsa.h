/*
 * Opening a time-stamping authority: a key, its certificates, a policy.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_TSA_H
#define BR_SETUP_TSA_H

#include "common/receipt/rfc3161.h"

struct br_tsa_options {
    struct br_bytes chain_pem; /**< the TSA's certificate first */
    const char *policy;        /**< dotted object identifier */
    struct br_signer *signer;  /**< ES256; borrowed */
    struct br_time_us now;
};
/** CERTIFICATE_INVALID: the first certificate is not for this key, has not the
 *  sole, critical timeStamping usage, or is not valid now. */
enum br_rc br_tsa_open(
    const struct br_tsa_options *options,
    struct br_tsa **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_tsa_close(struct br_tsa *t);

#endif
