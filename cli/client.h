/*
 * Calls to a node, with its problems told as errors.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_CLIENT_H
#define BR_CLI_CLIENT_H

#include "cli/cli.h"
#include "common/base/buf.h"
#include "common/net/http_client.h"

struct br_node_client {
    struct br_http_client *http;
    const char *url;   /**< without a slash at its end */
    const char *token; /**< or NULL */
    char url_bytes[512];
};

/** --node or BROLETTO_NODE, --token or BROLETTO_TOKEN. Without the first two,
 *  the node in --data, at the address that it is configured for. */
enum br_rc br_node_client_open(
    const struct br_args *a,
    struct br_node_client *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_node_client_close(struct br_node_client *c);

/** BR_OK for 2xx; a problem document becomes the error. ret: init by caller. */
enum br_rc br_node_get(
    struct br_node_client *c,
    const char *path,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_node_post(
    struct br_node_client *c,
    const char *path,
    const char *content_type,
    struct br_bytes body,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
