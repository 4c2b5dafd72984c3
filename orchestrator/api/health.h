/*
 * Counting answers, for /metrics.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_HEALTH_H
#define BR_ORCHESTRATOR_HEALTH_H

#include <stdint.h>

/** Routes are told by the same static strings every time. */
void br_orch_count(const char *method, const char *route, int status);

#endif
