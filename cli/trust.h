/*
 * Which logs this machine trusts: a C2SP tlog-policy a log, kept in
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

/** Remember the policy of this origin. *ret_new: it was not known before.
 *  INCONSISTENT: another one is remembered. */
enum br_rc br_trust_remember(
    struct br_bytes origin,
    struct br_bytes policy,
    bool *ret_new,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND: this machine has not stamped there. */
enum br_rc
br_trust_find(struct br_bytes origin, struct br_buf *ret, struct br_err *reterr)
    BR_MUST_USE;

#endif
