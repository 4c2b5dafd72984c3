/*
 * What the files of tst.h share, and tsd_*.c.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_TST_INTERNAL_H
#define BR_RECEIPT_TST_INTERNAL_H

#include "common/receipt/tst.h"

/* RFC 5652, RFC 3161 and RFC 5544; RFC 5652 section 11; RFC 5035; RFC 5754;
 * RFC 5758 section 3.2. */
#define BR_OID_SIGNED_DATA         "1.2.840.113549.1.7.2"
#define BR_OID_TST_INFO            "1.2.840.113549.1.9.16.1.4"
#define BR_OID_TIMESTAMPED_DATA    "1.2.840.113549.1.9.16.1.31"
#define BR_OID_CONTENT_TYPE        "1.2.840.113549.1.9.3"
#define BR_OID_MESSAGE_DIGEST      "1.2.840.113549.1.9.4"
#define BR_OID_SIGNING_TIME        "1.2.840.113549.1.9.5"
#define BR_OID_SIGNING_CERTIFICATE "1.2.840.113549.1.9.16.2.47"
#define BR_OID_SHA256              "2.16.840.1.101.3.4.2.1"
#define BR_OID_ECDSA_WITH_SHA256   "1.2.840.10045.4.3.2"

/** MessageImprint; `null`: with NULL parameters. */
void br_tst_put_imprint(
    struct br_der_out *o, const struct br_digest *imprint, bool null);

#endif
