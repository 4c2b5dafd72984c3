/*
 * Opening the verifier's half of a body: its key, its chain, whom it trusts.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_VERIFY_H
#define BR_ORCHESTRATOR_VERIFY_H

#include "common/crypto/keyfile.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/verifier/verifier.h"

struct br_verify;

struct br_verify_options {
    const char *data_dir;
    const struct br_orch_config *config;
    const struct br_secret *passphrase;
    void (*warning)(void *ctx, const char *text);
    void *ctx;
};

enum br_rc br_verify_start(
    const struct br_verify_options *options,
    struct br_verify **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_verify_stop(struct br_verify *v);
struct br_verifier *br_verify_verifier(struct br_verify *v);

/** Who asks, as the configuration has it, for whoever makes requests beside
 *  the daemon; in the arena, but for the configuration's texts. */
enum br_rc br_verify_identity(
    const char *data_dir,
    const struct br_orch_config *config,
    struct br_arena *arena,
    struct br_verifier_identity *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
