/*
 * broletto-orchestrator: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/loop.h"
#include "common/service/notify.h"
#include "orchestrator/orchestrator.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: broletto-orchestrator --data DIR [--listen ADDR:PORT]\n"
    "\n"
    "Serve the issuing body that `broletto orchestrator init DIR` has made.\n"
    "\n"
    "  --data DIR          its folder\n"
    "  --listen ADDR:PORT  instead of the configured address; port 0: any\n"
    "  --version           print the version\n"
    "  --help              print this\n";

enum { TICK_MS = 60000 };

struct daemon {
    struct br_loop *loop;
    struct br_orchestrator *body;
};

static void
log_line(const char *level, const char *text)
{
    (void)fprintf(stderr, "broletto-orchestrator: %s: %s\n", level, text);
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

static void
on_tick(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    br_orchestrator_tick(d->body);
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
serve(const struct br_orchestrator_options *options, struct daemon *d)
{
    struct br_err err;
    if (br_loop_new(&d->loop, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGTERM, on_signal, d, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGINT, on_signal, d, &err) != BR_OK ||
        watch(d, &err) != BR_OK ||
        br_orchestrator_start(options, &d->body, &err) != BR_OK ||
        br_loop_every(d->loop, TICK_MS, on_tick, d, &err) != BR_OK) {
        (void)fprintf(
            stderr, "broletto-orchestrator: %s\n%s.\n", err.text,
            br_err_info(err.rc)->remedy);
        br_orchestrator_stop(d->body);
        br_loop_free(d->loop);
        return 1;
    }
    (void)printf(
        "broletto-orchestrator: serving %s\n", br_orchestrator_url(d->body));
    (void)fflush(stdout);
    br_notify("READY=1");
    br_loop_run(d->loop);
    br_orchestrator_stop(d->body);
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
    struct br_orchestrator_options o = {.warning = on_warning, .ctx = &d};
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
            (void)puts("broletto-orchestrator " BR_VERSION);
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
