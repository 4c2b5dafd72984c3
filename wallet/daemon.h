/*
 * The wallet's daemon as one value: the folder, sessions, threads, doors.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_DAEMON_H
#define BR_WALLET_DAEMON_H

#include "common/base/error.h"

struct br_wallet_daemon;

/** listen: instead of the configured address; or NULL. */
enum br_rc br_wallet_start(
    const char *folder,
    const char *listen,
    struct br_wallet_daemon **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_wallet_stop(struct br_wallet_daemon *d);
/** "http://127.0.0.1:8460" */
const char *br_wallet_url(const struct br_wallet_daemon *d);
/** Once a second: idle sessions end, and what is due is done for the others. */
void br_wallet_tick(struct br_wallet_daemon *d);

#endif
