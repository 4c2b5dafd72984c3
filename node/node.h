/*
 * A node, put together: configuration, keys, chain, engine, gateway, doors.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NODE_NODE_H
#define BR_NODE_NODE_H

#include "common/base/attr.h"
#include "common/base/error.h"

#include <stdint.h>

struct br_log;
struct br_node;
struct br_node_config;

struct br_node_options {
    const char *data_dir;
    const char *listen;                  /**< NULL: as configured */
    const struct br_node_config *config; /**< borrowed, as the next */
    struct br_log *log;
    /** Storage failed for good: told once, from the engine's thread. */
    void (*fatal)(void *ctx, const struct br_err *err);
    void *ctx;
};

/** Opens everything and serves. BR_OK: it answers. */
enum br_rc br_node_start(
    const struct br_node_options *options,
    struct br_node **ret,
    struct br_err *reterr) BR_MUST_USE;
/** "http://127.0.0.1:8440" */
const char *br_node_url(const struct br_node *n);
/** Entries of the log when it was opened. */
uint64_t br_node_size(const struct br_node *n);
/** Drain: no new connections, what waits is answered, then everything is
 *  closed. NULL is allowed. */
void br_node_stop(struct br_node *n);

#endif
