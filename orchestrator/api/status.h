/*
 * Status lists as tokens: made when asked for and changed or old, kept until
 * then.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STATUS_H
#define BR_ORCHESTRATOR_STATUS_H

#include "orchestrator/store/published.h"

struct br_orch_api;
struct br_status_cache;

/** fn: called with each new token, from the thread that serves it; it must not
 *  block. NULL: nobody wants to know. */
struct br_status_published {
    void (*fn)(void *ctx, const struct br_published *p);
    void *ctx;
};
struct br_status_cache *
br_status_cache_new(const struct br_status_published *published);
void br_status_cache_free(struct br_status_cache *c);
/** Once a minute: make what is to be kept, whether anybody asks or not. */
void br_status_publish_due(struct br_orch_api *api);

#endif
