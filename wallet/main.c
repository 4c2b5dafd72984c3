/*
 * broletto-wallet: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "common/net/loop.h"
#include "common/service/notify.h"
#include "wallet/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: broletto-wallet --data DIR [--listen ADDR:PORT]\n"
    "\n"
    "Serve the wallet that `broletto wallet init DIR` has made.\n"
    "\n"
    "  --data DIR          its folder\n"
    "  --listen ADDR:PORT  instead of the configured address; port 0: any\n"
    "  --version           print the version\n"
    "  --help              print this\n";

enum { TICK_MS = 60000 };

struct daemon {
    struct br_loop *loop;
    struct br_wallet_daemon *wallet;
    const char *folder;
    const char *listen;
};

static void
log_line(const char *level, const char *text)
{
    (void)fprintf(stderr, "broletto-wallet: %s: %s\n", level, text);
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
on_watchdog(void *ctx)
{
    (void)ctx;
    br_notify("WATCHDOG=1");
}

static void
on_tick(void *ctx)
{
    struct daemon *d = (struct daemon *)ctx;
    br_wallet_tick(d->wallet);
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
serve(struct daemon *d)
{
    struct br_err err;
    if (br_crypto_init(&err) != BR_OK || br_loop_new(&d->loop, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGTERM, on_signal, d, &err) != BR_OK ||
        br_loop_on_signal(d->loop, SIGINT, on_signal, d, &err) != BR_OK ||
        watch(d, &err) != BR_OK ||
        br_wallet_start(d->folder, d->listen, &d->wallet, &err) != BR_OK ||
        br_loop_every(d->loop, TICK_MS, on_tick, d, &err) != BR_OK) {
        (void)fprintf(
            stderr, "broletto-wallet: %s\n%s.\n", err.text,
            br_err_info(err.rc)->remedy);
        br_wallet_stop(d->wallet);
        br_loop_free(d->loop);
        return 1;
    }
    (void)printf("broletto-wallet: serving %s\n", br_wallet_url(d->wallet));
    (void)fflush(stdout);
    br_notify("READY=1");
    br_loop_run(d->loop);
    br_wallet_stop(d->wallet);
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
    int c;
    (void)signal(SIGPIPE, SIG_IGN);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            d.folder = optarg;
            break;
        case 'l':
            d.listen = optarg;
            break;
        case 'v':
            (void)puts("broletto-wallet " BR_VERSION);
            return 0;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (d.folder == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return serve(&d);
}
