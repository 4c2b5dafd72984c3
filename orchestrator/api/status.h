/*
 * Status lists as tokens: made when asked for and changed or old, kept until
 * then.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STATUS_H
#define BR_ORCHESTRATOR_STATUS_H

#include "common/base/bytes.h"

struct br_status_cache;

/** published: called with each new token, from the thread that serves it; it
 *  must not block. NULL: nobody wants to know. */
struct br_status_published {
    void (*fn)(
        void *ctx,
        uint32_t list,
        uint64_t version,
        const struct br_hash *token);
    void *ctx;
};
struct br_status_cache *
br_status_cache_new(const struct br_status_published *published);
void br_status_cache_free(struct br_status_cache *c);

#endif
