/*
 * Object identifiers of time-stamps as bytes, and the algorithms by them.
 * For tst_*.c and tsd_*.c.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_TST_OID_H
#define BR_RECEIPT_TST_OID_H

#include "common/crypto/hash.h"
#include "common/receipt/der.h"

/** Name, contents. */
#define BR_OID_SIGNED_DATA         "1.2.840.113549.1.7.2"
#define BR_OID_TST_INFO            "1.2.840.113549.1.9.16.1.4"
#define BR_OID_TIMESTAMPED_DATA    "1.2.840.113549.1.9.16.1.31"
#define BR_OID_CONTENT_TYPE        "1.2.840.113549.1.9.3"
#define BR_OID_MESSAGE_DIGEST      "1.2.840.113549.1.9.4"
#define BR_OID_SIGNING_TIME        "1.2.840.113549.1.9.5"
#define BR_OID_SIGNING_CERTIFICATE "1.2.840.113549.1.9.16.2.47"

#endif
