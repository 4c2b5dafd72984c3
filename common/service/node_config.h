/*
 * The node's configuration: node.yaml in the data folder (libcyaml inside).
 *
 * Strict: an unknown key, a wrong type or a value out of range is refused with
 * file and line. After the file come the environment's overrides:
 * BROLETTO_<KEY IN CAPITALS>. docs/configuration.md is made from the same
 * table: `broletto node config doc`.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_NODE_CONFIG_H
#define BR_SERVICE_NODE_CONFIG_H

#include "common/base/buf.h"
#include "common/base/error.h"

#include <stdint.h>

/** Paths are relative to the data folder. Strings are owned. */
struct br_node_config {
    char *chain_id;
    char *origin;
    char *listen;
    char *public_url;
    char *member;
    char *member_key;
    char *log_key;
    char *receipt_key;
    char *tsa_key;
    char *tsa_chain;
    char *tsa_policy;
    char *witness_key;
    char *witness_name;
    char *passphrase_file;
    char *witness_policy; /**< "": we ask nobody */
    char *witness_logs;   /**< "": we cosign for nobody */
    char *reading;        /**< "public" or "token" */
    char *log_format;     /**< "auto", "json" or "human" */
    char *log_level;      /**< "debug", "info", "warning" or "error" */
    bool open_stamping;
    uint64_t open_rate_per_s;
    uint64_t http_threads;
    uint64_t connections_max;
    uint64_t idle_timeout_s;
    uint64_t queue_max;
    uint64_t checkpoint_stale_s;
    uint64_t clock_tolerance_ms;
    uint64_t witness_interval_ms;
};

/** Read data_dir/node.yaml, then the environment. CONFIG: "FILE:LINE: ...". */
enum br_rc br_node_config_load(
    const char *data_dir,
    struct br_node_config *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_node_config_fini(struct br_node_config *c);

/** A commented node.yaml with these three values and the defaults. */
void br_node_config_put_template(
    struct br_buf *b,
    const char *chain_id,
    const char *origin,
    const char *member);
/** docs/configuration.md. */
void br_node_config_put_doc(struct br_buf *b);

#endif
