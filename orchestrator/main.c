/*
 * broletto-orchestrator: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/loop.h"
#include "common/service/log.h"
#include "common/service/notify.h"
#include "orchestrator/orchestrator.h"
#include "orchestrator/setup/config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How often what has expired is dropped. */
enum { TICK_MS = 60000 };

static const char usage[] =
    "usage: broletto-orchestrator --data DIR [--listen ADDR:PORT]\n"
    "\n"
    "Serve the issuing body that `broletto orchestrator init DIR` has made.\n"
    "\n"
    "  --data DIR          its folder\n"
    "  --listen ADDR:PORT  instead of the configured address; port 0: any\n"
    "  --version           print the version\n"
    "  --help              print this\n";

struct daemon {
    struct br_loop *loop;
    struct br_log log;
    struct br_orch_config config;
    struct br_orchestrator *body;
};

static void
on_signal(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    const struct br_log_event stopping = {
        .level = BR_LOG_INFO,
        .name = "issuer.stopping",
        .message = "stopping: what waits is answered first",
    };
    br_log_put(&d->log, &stopping);
    br_notify("STOPPING=1");
    br_loop_stop(d->loop);
}

static void
on_tick(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    br_orchestrator_tick(d->body);
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
tell_started(struct daemon *d)
{
    const struct br_log_event started = {
        .level = BR_LOG_INFO,
        .name = "issuer.started",
        .message = "serving",
        .field =
            {
                br_log_text("url", br_orchestrator_url(d->body)),
                br_log_text("version", BR_VERSION),
                br_log_text("issuer", d->config.public_url),
            },
    };
    br_log_put(&d->log, &started);
    (void)printf(
        "broletto-orchestrator: serving %s\n", br_orchestrator_url(d->body));
    (void)fflush(stdout);
    br_notify("READY=1");
}

/** Until a signal; what was opened is closed by who called. */
static enum br_rc
run(struct daemon *d,
    const struct br_orchestrator_options *options,
    struct br_err *reterr)
{
    BR_TRY(listen_to_signals(d, reterr));
    BR_TRY(br_orchestrator_start(options, &d->body, reterr));
    BR_TRY(br_loop_every(d->loop, TICK_MS, on_tick, d, reterr));
    tell_started(d);
    br_loop_run(d->loop);
    return BR_OK;
}

static int
serve(const char *data_dir, const char *address)
{
    struct br_err err;
    struct daemon d = {0};
    const struct br_log_event stopped = {
        .level = BR_LOG_INFO, .name = "issuer.stopped", .message = "stopped"};
    const struct br_orchestrator_options options = {
        .data_dir = data_dir,
        .listen = address,
        .config = &d.config,
        .log = &d.log,
    };
    enum br_rc rc = br_orch_config_load(data_dir, &d.config, &err);
    bool known = rc == BR_OK;
    br_log_init(
        &d.log, STDERR_FILENO, known ? d.config.log_format : "auto",
        known ? d.config.log_level : "info");
    if (known) {
        rc = run(&d, &options, &err);
        br_orchestrator_stop(d.body);
    }
    if (rc != BR_OK) {
        br_log_put_error(&d.log, BR_LOG_ERROR, "issuer.not_started", &err);
    } else {
        br_log_put(&d.log, &stopped);
    }
    br_loop_free(d.loop);
    br_log_fini(&d.log);
    br_orch_config_fini(&d.config);
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
    if (data_dir == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return serve(data_dir, address);
}
