/*
 * Object identifiers in DER: the dotted form, and the five hash algorithms.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_OID_H
#define BR_RECEIPT_OID_H

#include "common/base/error.h"
#include "common/crypto/hash.h"

/** Contents octets (X.690 section 8.19); arcs up to 128 bits, so that those
 *  under 2.25 (UUIDs) fit. */
enum br_rc br_oid_parse(
    const char *dotted,
    uint8_t *out,
    size_t max,
    size_t *ret_n,
    struct br_err *reterr) BR_MUST_USE;

/** Last arc under 2.16.840.1.101.3.4.2, NIST's hash algorithms. */
uint8_t br_oid_of_hash(enum br_hash_alg alg);
/** NULL when it is none of the five. */
const struct br_hash_info *br_hash_of_oid(uint8_t last_arc);

#endif
