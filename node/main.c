/*
 * broletto-node: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/loop.h"
#include "common/service/notify.h"
#include "node/node.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*~ 1 Welcome. The daemon is this file: options, one node, one loop that waits
 * for a signal. What a node is made of stands in node.c, in the order in which
 * it is opened. */

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
    int exit_code;
};

static void
log_line(const char *level, const char *text)
{
    (void)fprintf(stderr, "broletto-node: %s: %s\n", level, text);
}

static void
on_signal(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    log_line("info", "stopping");
    br_notify("STOPPING=1");
    br_loop_stop(d->loop);
}

static void
on_fatal(void *ctx, const struct br_err *err)
{
    (void)ctx;
    (void)fprintf(
        stderr,
        "broletto-node: fatal: %s. Nothing that was acknowledged is lost; "
        "nothing more is signed. %s.\n",
        err->text, br_err_info(err->rc)->remedy);
    /* The main thread may be waiting for this one: leave at once. LMDB has
     * committed or it has not, and the next start uses the same path. */
    _Exit(3);
}

static void
on_warning(void *ctx, const char *text)
{
    (void)ctx;
    log_line("warning", text);
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

static int
serve(const struct br_node_options *options, struct daemon *d)
{
    struct br_err err;
    struct br_node *node = NULL;
    if (br_loop_new(&d->loop, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGTERM, on_signal, d, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGINT, on_signal, d, &err) != BR_OK ||
        watch(d, &err) != BR_OK ||
        br_node_start(options, &node, &err) != BR_OK) {
        (void)fprintf(
            stderr, "broletto-node: %s\n%s.\n", err.text,
            br_err_info(err.rc)->remedy);
        br_loop_free(d->loop);
        return 1;
    }
    (void)printf("broletto-node: serving %s\n", br_node_url(node));
    (void)fflush(stdout);
    br_notify("READY=1");
    br_loop_run(d->loop);
    br_node_stop(node);
    br_loop_free(d->loop);
    log_line("info", "stopped");
    return 0;
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
    struct daemon d = {0};
    struct br_node_options o = {
        .fatal = on_fatal, .warning = on_warning, .ctx = &d};
    int c;
    (void)signal(SIGPIPE, SIG_IGN);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            o.data_dir = optarg;
            break;
        case 'l':
            o.listen = optarg;
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
    if (o.data_dir == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return serve(&o, &d);
}
