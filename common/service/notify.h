/*
 * Telling systemd how we are (sd_notify(3)), without its library: one datagram
 * to $NOTIFY_SOCKET. Where that is not set, nothing happens.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_NOTIFY_H
#define BR_SERVICE_NOTIFY_H

#include <stdint.h>

/** "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...". */
void br_notify(const char *state);
/** How often to send WATCHDOG=1: half of $WATCHDOG_USEC; 0: never. */
uint64_t br_notify_watchdog_ms(void);

#endif
