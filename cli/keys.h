/*
 * Keys on the command line: their public halves as text, and the passphrases
 * that open the private ones.
 *
 * A public key is written "ed25519:...", "es256:..." or "es256k:...", with its
 * bytes in base64url.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_KEYS_H
#define BR_CLI_KEYS_H

#include "cli/cli.h"
#include "common/crypto/keyfile.h"

/** "ed25519", "es256" or "es256k". */
enum br_rc br_cli_alg_parse(
    const char *name, enum br_sign_alg *ret, struct br_err *reterr) BR_MUST_USE;
void br_cli_public_put(struct br_buf *b, const struct br_public_key *k);
enum br_rc br_cli_public_parse(
    const char *text,
    struct br_public_key *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The passphrase or PIN: from --passphrase-file, or BROLETTO_PASSPHRASE_FILE,
 *  or asked for on the terminal; twice when `is_new`. */
enum br_rc br_cli_passphrase(
    const struct br_args *a,
    bool is_new,
    struct br_secret **ret,
    struct br_err *reterr) BR_MUST_USE;

/** The private key with which this command signs: --key, or the member's key
 *  of the node in --data. */
enum br_rc br_cli_signer(
    const struct br_args *a,
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
