/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/daemon.h"

#include "common/net/loop.h"
#include "common/service/notify.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TICK_MS = 60000, EVENT_BYTES = 64 };

/** One run of a program. */
struct run {
    const struct br_daemon *d;
    void *ctx;
    const char *data_dir;
    const char *listen;
    struct br_loop *loop;
    struct br_log log;
};

/* An event's name is a constant for who reads the log; here it has two parts.
 */
struct event_name {
    char text[EVENT_BYTES];
};

static struct event_name
event_name(const char *events, const char *what)
{
    struct event_name n;
    (void)snprintf(n.text, sizeof(n.text), "%s.%s", events, what);
    return n;
}

static void
put(struct run *r, const char *what, const char *message)
{
    struct event_name name = event_name(r->d->events, what);
    const struct br_log_event e = {
        .level = BR_LOG_INFO, .name = name.text, .message = message};
    br_log_put(&r->log, &e);
}

static void
on_signal(void *ctx)
{
    struct run *r = (struct run *)ctx;
    put(r, "stopping", "stopping: what waits is answered first");
    br_notify("STOPPING=1");
    br_loop_stop(r->loop);
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
    struct run *r = (struct run *)ctx;
    r->d->tick(r->ctx);
}

/** The main loop answers systemd: a loop that hangs is restarted. */
static enum br_rc
listen_to_signals(struct run *r, struct br_err *reterr)
{
    uint64_t watchdog_ms = br_notify_watchdog_ms();
    BR_TRY(br_loop_new(&r->loop, reterr));
    BR_TRY(br_loop_on_signal(r->loop, SIGTERM, on_signal, r, reterr));
    BR_TRY(br_loop_on_signal(r->loop, SIGINT, on_signal, r, reterr));
    if (watchdog_ms != 0) {
        BR_TRY(br_loop_every(r->loop, watchdog_ms, on_watchdog, r, reterr));
    }
    return r->d->tick == NULL
               ? BR_OK
               : br_loop_every(
                     r->loop, r->d->tick_ms == 0 ? TICK_MS : r->d->tick_ms,
                     on_tick, r, reterr);
}

static void
tell_started(struct run *r)
{
    struct event_name name = event_name(r->d->events, "started");
    const char *url = r->d->url(r->ctx);
    struct br_log_event started = {
        .level = BR_LOG_INFO,
        .name = name.text,
        .message = "serving",
        .field = {br_log_text("url", url), br_log_text("version", BR_VERSION)},
    };
    if (r->d->tell != NULL) {
        r->d->tell(r->ctx, started.field + 2);
    }
    br_log_put(&r->log, &started);
    (void)printf("%s: serving %s\n", r->d->program, url);
    (void)fflush(stdout);
    br_notify("READY=1");
}

/** From a configuration to a signal. */
static enum br_rc
serve(struct run *r, struct br_err *reterr)
{
    BR_TRY(listen_to_signals(r, reterr));
    BR_TRY(r->d->start(r->ctx, r->data_dir, r->listen, &r->log, reterr));
    tell_started(r);
    br_loop_run(r->loop);
    return BR_OK;
}

static int
run(struct run *r)
{
    struct br_err err;
    const char *format = "auto";
    const char *level = "info";
    enum br_rc rc = r->d->configure(r->ctx, r->data_dir, &format, &level, &err);
    br_log_init(&r->log, STDERR_FILENO, format, level);
    if (rc == BR_OK) {
        rc = serve(r, &err);
    }
    r->d->stop(r->ctx);
    if (rc == BR_OK) {
        put(r, "stopped", "stopped");
    } else {
        struct event_name name = event_name(r->d->events, "not_started");
        br_log_put_error(&r->log, BR_LOG_ERROR, name.text, &err);
    }
    br_loop_free(r->loop);
    br_log_fini(&r->log);
    r->d->fini(r->ctx);
    return rc == BR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
tell_usage(const struct br_daemon *d, FILE *f, int code)
{
    (void)fprintf(
        f,
        "usage: %s --data DIR [--listen ADDR:PORT]\n"
        "\n"
        "%s\n"
        "\n"
        "  --data DIR          its folder\n"
        "  --listen ADDR:PORT  instead of the configured address; port 0: any\n"
        "  --version           print the version\n"
        "  --help              print this\n",
        d->program, d->purpose);
    return code;
}

int
br_daemon_main(const struct br_daemon *d, void *ctx, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},
        {"listen", required_argument, NULL, 'l'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct run r = {.d = d, .ctx = ctx};
    int c;
    (void)signal(SIGPIPE, SIG_IGN);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            r.data_dir = optarg;
            break;
        case 'l':
            r.listen = optarg;
            break;
        case 'v':
            (void)printf("%s %s\n", d->program, BR_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            return tell_usage(d, stdout, EXIT_SUCCESS);
        default:
            return tell_usage(d, stderr, BR_DAEMON_USAGE);
        }
    }
    if (r.data_dir == NULL || optind != argc) {
        return tell_usage(d, stderr, BR_DAEMON_USAGE);
    }
    return run(&r);
}

_Noreturn void
br_daemon_die(struct br_log *log, const char *events, const struct br_err *why)
{
    struct event_name fatal = event_name(events, "fatal");
    struct event_name stopped = event_name(events, "stopped");
    const struct br_log_event safe = {
        .level = BR_LOG_ERROR,
        .name = stopped.text,
        .message = "nothing that was acknowledged is lost; nothing more is "
                   "signed",
        .field = {br_log_number("status", BR_DAEMON_FATAL)},
    };
    br_log_put_error(log, BR_LOG_ERROR, fatal.text, why);
    br_log_put(log, &safe);
    /* The main thread may be waiting for this one: leave at once. LMDB has
     * committed or it has not, and the next start uses the same path. */
    _Exit(BR_DAEMON_FATAL);
}
