/*
 * Rates: the generic cell rate algorithm (ITU-T I.371), one cell a key.
 *
 * A fixed table: when it is full the oldest cell is reused, which can only
 * forgive, never refuse. Any thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_GATEWAY_RATE_H
#define BR_GATEWAY_RATE_H

#include "common/base/bytes.h"

struct br_rates;

struct br_rates *br_rates_new(void);
void br_rates_free(struct br_rates *r);
/** May `cost` operations of this key pass now? At most rate_per_s in the long
 *  run, and burst at once. */
bool br_rates_admit(
    struct br_rates *r,
    const struct br_hash *key,
    uint32_t rate_per_s,
    uint32_t burst,
    uint32_t cost,
    struct br_time_us now);

#endif
