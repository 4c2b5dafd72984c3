/*
 * broletto-wallet: the daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "common/service/daemon.h"
#include "wallet/daemon.h"
#include "wallet/setup/config.h"

struct program {
    struct br_wallet_config config;
    struct br_wallet_daemon *wallet;
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
    BR_TRY(br_wallet_config_load(data_dir, &p->config, reterr));
    *ret_log_format = p->config.log_format;
    *ret_log_level = p->config.log_level;
    return BR_OK;
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
    (void)log;
    BR_TRY(br_crypto_init(reterr));
    return br_wallet_start(data_dir, listen, &p->wallet, reterr);
}

static const char *
url(const void *ctx)
{
    return br_wallet_url(((const struct program *)ctx)->wallet);
}

static void
tell(const void *ctx, struct br_log_field ret[BR_DAEMON_FIELDS_MAX])
{
    const struct program *p = (const struct program *)ctx;
    ret[0] = br_log_text("public_url", p->config.public_url);
}

/** Idle sessions end; for the others, what is due is done. */
static void
tick(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_wallet_tick(p->wallet);
}

static void
stop(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_wallet_stop(p->wallet);
}

static void
fini(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_wallet_config_fini(&p->config);
}

int
main(int argc, char **argv)
{
    static const struct br_daemon wallet = {
        .program = "broletto-wallet",
        .purpose = "Serve the wallet that `broletto wallet init DIR` has made.",
        .events = "wallet",
        .configure = configure,
        .start = start,
        .url = url,
        .tell = tell,
        .tick = tick,
        .tick_ms = 1000,
        .stop = stop,
        .fini = fini,
    };
    struct program p = {0};
    return br_daemon_main(&wallet, &p, argc, argv);
}
