/*
 * broletto-node: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/loop.h"
#include "common/service/log.h"
#include "common/service/notify.h"
#include "node/node.h"
#include "node/setup/config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*~ 1 Welcome. The daemon is this file: options, one node, one loop that waits
 * for a signal. What a node is made of stands in node.c, in the order in which
 * it is opened. */

enum { EXIT_FATAL = 3 };

static const char usage[] =
    "usage: broletto-node --data DIR [--listen ADDR:PORT]\n"
    "\n"
    "Serve the node that `broletto node init DIR` has made.\n"
    "\n"
    "  --data DIR          the node's folder\n"
    "  --listen ADDR:PORT  instead of the configured address; port 0: any\n"
    "  --version           print the version\n"
    "  --help              print this\n";

struct daemon {
    struct br_loop *loop;
    struct br_log log;
    struct br_node_config config;
};

static void
on_signal(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    const struct br_log_event stopping = {
        .level = BR_LOG_INFO,
        .name = "node.stopping",
        .message = "stopping: what waits is answered first",
    };
    br_log_put(&d->log, &stopping);
    br_notify("STOPPING=1");
    br_loop_stop(d->loop);
}

static void
on_fatal(void *ctx, const struct br_err *err)
{
    struct daemon *d = (struct daemon *)ctx;
    const struct br_log_event safe = {
        .level = BR_LOG_ERROR,
        .name = "node.stopped",
        .message = "nothing that was acknowledged is lost; nothing more is "
                   "signed",
        .field = {br_log_number("status", EXIT_FATAL)},
    };
    br_log_put_error(&d->log, BR_LOG_ERROR, "node.fatal", err);
    br_log_put(&d->log, &safe);
    /* The main thread may be waiting for this one: leave at once. LMDB has
     * committed or it has not, and the next start uses the same path. */
    _Exit(EXIT_FATAL);
}

static void
on_watchdog(void *ctx)
{
    (void)ctx;
    br_notify("WATCHDOG=1");
}

/** The main loop answers systemd: a loop that hangs is restarted. */
static enum br_rc
watch(struct daemon *d, struct br_err *reterr)
{
    uint64_t period_ms = br_notify_watchdog_ms();
    return period_ms == 0
               ? BR_OK
               : br_loop_every(d->loop, period_ms, on_watchdog, d, reterr);
}

static enum br_rc
listen_to_signals(struct daemon *d, struct br_err *reterr)
{
    BR_TRY(br_loop_new(&d->loop, reterr));
    BR_TRY(br_loop_on_signal(d->loop, SIGTERM, on_signal, d, reterr));
    BR_TRY(br_loop_on_signal(d->loop, SIGINT, on_signal, d, reterr));
    return watch(d, reterr);
}

static void
tell_started(struct daemon *d, const struct br_node *node)
{
    const struct br_log_event started = {
        .level = BR_LOG_INFO,
        .name = "node.started",
        .message = "serving",
        .field =
            {
                br_log_text("url", br_node_url(node)),
                br_log_text("version", BR_VERSION),
                br_log_text("chain", d->config.chain_id),
                br_log_text("origin", d->config.origin),
                br_log_number("size", br_node_size(node)),
            },
    };
    br_log_put(&d->log, &started);
    (void)printf("broletto-node: serving %s\n", br_node_url(node));
    (void)fflush(stdout);
    br_notify("READY=1");
}

/** From an open node to a closed one. */
static enum br_rc
run(struct daemon *d,
    const struct br_node_options *options,
    struct br_err *reterr)
{
    struct br_node *node = NULL;
    const struct br_log_event stopped = {
        .level = BR_LOG_INFO, .name = "node.stopped", .message = "stopped"};
    BR_TRY(listen_to_signals(d, reterr));
    BR_TRY(br_node_start(options, &node, reterr));
    tell_started(d, node);
    br_loop_run(d->loop);
    br_node_stop(node);
    br_log_put(&d->log, &stopped);
    return BR_OK;
}

static int
serve(const char *data_dir, const char *address)
{
    struct br_err err;
    struct daemon d = {0};
    const struct br_node_options options = {
        .data_dir = data_dir,
        .listen = address,
        .config = &d.config,
        .log = &d.log,
        .fatal = on_fatal,
        .ctx = &d,
    };
    enum br_rc rc = br_node_config_load(data_dir, &d.config, &err);
    bool known = rc == BR_OK;
    br_log_init(
        &d.log, STDERR_FILENO, known ? d.config.log_format : "auto",
        known ? d.config.log_level : "info");
    if (known) {
        rc = run(&d, &options, &err);
    }
    if (rc != BR_OK) {
        br_log_put_error(&d.log, BR_LOG_ERROR, "node.not_started", &err);
    }
    br_loop_free(d.loop);
    br_log_fini(&d.log);
    br_node_config_fini(&d.config);
    return rc == BR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},
        {"listen", required_argument, NULL, 'l'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *data_dir = NULL;
    const char *address = NULL;
    int c;
    (void)signal(SIGPIPE, SIG_IGN);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            data_dir = optarg;
            break;
        case 'l':
            address = optarg;
            break;
        case 'v':
            (void)puts("broletto-node " BR_VERSION);
            return 0;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (data_dir == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return serve(data_dir, address);
}
