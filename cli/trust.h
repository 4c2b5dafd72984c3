/*
 * Which logs this machine trusts: their keys, kept in
 * $XDG_CONFIG_HOME/broletto/trust (or ~/.config/broletto/trust).
 *
 * The first stamp at a log remembers its key, as ssh remembers a host's; a
 * log that comes back with another key is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_TRUST_H
#define BR_CLI_TRUST_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/** What is kept of a log. */
enum br_trust {
    BR_TRUST_POLICY, /**< C2SP tlog-policy: for .tlog-proof */
    BR_TRUST_KEYS,   /**< COSE Key Set: for COSE receipts */
    BR_TRUST_CA,     /**< PEM certificates of the TSA: for .tsr */
};

/** Remember it for this origin. *ret_new: it was not known before.
 *  INCONSISTENT: another one is remembered. */
enum br_rc br_trust_remember(
    struct br_bytes origin,
    enum br_trust what,
    struct br_bytes value,
    bool *ret_new,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND: this machine has not stamped there. */
enum br_rc br_trust_find(
    struct br_bytes origin,
    enum br_trust what,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The certificates of all logs that this machine trusts, one PEM after the
 *  other: an RFC 3161 stamp does not say which log made it. NOT_FOUND: none. */
enum br_rc br_trust_find_certificates(struct br_buf *ret, struct br_err *reterr)
    BR_MUST_USE;

#endif
