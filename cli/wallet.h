/*
 * A wallet opened for a command: its folder, its person, its way to the world.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_WALLET_H
#define BR_CLI_WALLET_H

#include "cli/cli.h"
#include "wallet/core/show.h"
#include "wallet/setup/open.h"

struct br_cli_wallet {
    struct br_wallet wallet;
    struct br_vault_person *person;
    struct br_wallet_client client;
    struct br_show show;
};

/** --vault DIR, --person NAME, and the passphrase: --passphrase-file, or
 *  BROLETTO_WALLET_PASSPHRASE_FILE, or DIR/passphrase. */
enum br_rc br_cli_wallet_open(
    const struct br_args *a,
    struct br_cli_wallet *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_cli_wallet_close(struct br_cli_wallet *w);

/** What a command does with an open wallet; the exit code. */
typedef enum br_rc br_cli_wallet_fn(
    const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr);
int br_cli_with_wallet(const struct br_args *a, br_cli_wallet_fn *use);

/** As br_cli_fail; what a rule refuses exits with 1. */
int br_cli_wallet_fail(const struct br_err *err);

/** A question on the terminal, answered with yes; --yes has answered it. Where
 *  nobody can answer, MISSING_FIELD. */
enum br_rc br_cli_agree(
    const struct br_args *a,
    const char *question,
    bool *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Whether the issuer of a credential is accredited, in a line; a warning where
 *  it is not. */
void br_cli_print_standing(const struct br_standing *s, const char *lang);
/** Who asks, as a registry knows them: a line, or none. */
void br_cli_print_registered(const struct br_standing *s, const char *lang);

/** Text from outside on a terminal: control characters are shown as '?'. */
void br_cli_print_text(struct br_bytes text);
/** A credential that came, with what it says. */
enum br_rc br_cli_print_credential(
    struct br_cli_wallet *w, const char *id, struct br_err *reterr) BR_MUST_USE;
/** "  label: value", a line for each claim. */
void br_cli_print_lines(const struct br_words *words);

#endif
