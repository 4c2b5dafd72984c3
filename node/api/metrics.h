/*
 * What the node counts, for GET /metrics.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_METRICS_H
#define BR_API_METRICS_H

#include "common/base/buf.h"

#include <stdint.h>

struct br_api;

void br_api_metrics_request(
    const char *method, const char *route, int status, uint64_t duration_us);

/** Prometheus text format 0.0.4, or OpenMetrics 1.0.0. */
void
br_api_metrics_put(struct br_buf *b, struct br_api *api, bool open_metrics);

#endif
