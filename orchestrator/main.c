/*
 * broletto-orchestrator: the daemon of an issuing and verifying body.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/service/daemon.h"
#include "orchestrator/orchestrator.h"
#include "orchestrator/setup/config.h"

struct program {
    struct br_orch_config config;
    struct br_orchestrator *body;
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
    BR_TRY(br_orch_config_load(data_dir, &p->config, reterr));
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
    const struct br_orchestrator_options options = {
        .data_dir = data_dir,
        .listen = listen,
        .config = &p->config,
        .log = log,
    };
    return br_orchestrator_start(&options, &p->body, reterr);
}

static const char *
url(const void *ctx)
{
    return br_orchestrator_url(((const struct program *)ctx)->body);
}

static void
tell(const void *ctx, struct br_log_field ret[BR_DAEMON_FIELDS_MAX])
{
    const struct program *p = (const struct program *)ctx;
    ret[0] = br_log_text("issuer", p->config.public_url);
}

/** What has expired is dropped. */
static void
tick(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_orchestrator_tick(p->body);
}

static void
stop(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_orchestrator_stop(p->body);
}

static void
fini(void *ctx)
{
    struct program *p = (struct program *)ctx;
    br_orch_config_fini(&p->config);
}

int
main(int argc, char **argv)
{
    static const struct br_daemon body = {
        .program = "broletto-orchestrator",
        .purpose = "Serve the issuing body that `broletto orchestrator init "
                   "DIR` has made.",
        .events = "issuer",
        .configure = configure,
        .start = start,
        .url = url,
        .tell = tell,
        .tick = tick,
        .stop = stop,
        .fini = fini,
    };
    struct program p = {0};
    return br_daemon_main(&body, &p, argc, argv);
}
