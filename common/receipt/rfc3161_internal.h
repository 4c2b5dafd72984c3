/*
 * What the files of RFC 3161 share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_RFC3161_INTERNAL_H
#define BR_RECEIPT_RFC3161_INTERNAL_H

#include "common/receipt/rfc3161.h"

/** Contents octets of the policy's object identifier. */
struct br_bytes br_tsa_policy(const struct br_tsa *t);

#endif
