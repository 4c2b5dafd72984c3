/*
 * broletto-node: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/service/daemon.h"
#include "node/node.h"
#include "node/setup/config.h"

/*~ 1 Welcome. The daemon is this file: one node, and common/service/daemon.c,
 * which reads the options and waits for a signal. What a node is made of stands
 * in node.c, in the order in which it is opened. */

struct program {
    struct br_node_config config;
    struct br_log *log;
    struct br_node *node;
};

static enum br_rc
configure(
    void *ctx,
    const char *data_dir,
    const char **ret_log_format,
    const char **ret_log_level,
    struct br_err *reterr)
{
    struct program *p = (struct program *)ctx;
    BR_TRY(br_node_config_load(data_dir, &p->config, reterr));
    *ret_log_format = p->config.log_format;
    *ret_log_level = p->config.log_level;
    return BR_OK;
}

static void
on_fatal(void *ctx, const struct br_err *err)
{
    struct program *p = (struct program *)ctx;
    br_daemon_die(p->log, "node", err);
}

static enum br_rc
start(
    void *ctx,
    const char *data_dir,
    const char *listen,
    struct br_log *log,
    struct br_err *reterr)
{
    struct program *p = (struct program *)ctx;
    const struct br_node_options options = {
        .data_dir = data_dir,
        .listen = listen,
        .config = &p->config,
        .log = log,
        .fatal = on_fatal,
        .ctx = p,
    };
    p->log = log;
    return br_node_start(&options, &p->node, reterr);
}

static const char *
url(const void *ctx)
{
    return br_node_url(((const struct program *)ctx)->node);
}

static void
tell(const void *ctx, struct br_log_field ret[BR_DAEMON_FIELDS_MAX])
{
    const struct program *p = (const struct program *)ctx;
    ret[0] = br_log_text("chain", p->config.chain_id);
    ret[1] = br_log_text("origin", p->config.origin);
    ret[2] = br_log_number("size", br_node_size(p->node));
}

static void
stop(void *ctx)
{
    struct program *p = (struct program *)ctx;
    if (p->node != NULL) {
        br_node_stop(p->node);
    }
}

static void
fini(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_node_config_fini(&p->config);
}

int
main(int argc, char **argv)
{
    static const struct br_daemon node = {
        .program = "broletto-node",
        .purpose = "Serve the node that `broletto node init DIR` has made.",
        .events = "node",
        .configure = configure,
        .start = start,
        .url = url,
        .tell = tell,
        .stop = stop,
        .fini = fini,
    };
    struct program p = {0};
    return br_daemon_main(&node, &p, argc, argv);
}
