/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/keys.h"

#include "common/codec/text.h"
#include "node/setup/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { PASSPHRASE_BYTES_MAX = 1024 };

/* ---- public keys -------------------------------------------------------- */

static const struct {
    const char *name;
    enum br_sign_alg alg;
} algs[] = {
    {"ed25519", BR_SIGN_ED25519},
    {"es256", BR_SIGN_ES256},
    {"es256k", BR_SIGN_ES256K},
};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

static enum br_rc
parse_alg(struct br_bytes name, enum br_sign_alg *ret, struct br_err *reterr)
{
    for (size_t i = 0; i < ALGS; i++) {
        if (br_bytes_eq(name, br_str(algs[i].name))) {
            *ret = algs[i].alg;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "%.*s: there are ed25519, es256, es256k",
        (int)(name.n > 40 ? 40 : name.n), (const char *)name.p);
}

enum br_rc
br_cli_alg_parse(const char *name, enum br_sign_alg *ret, struct br_err *reterr)
{
    return parse_alg(br_str(name), ret, reterr);
}

void
br_cli_public_put(struct br_buf *b, const struct br_public_key *k)
{
    for (size_t i = 0; i < ALGS; i++) {
        if (algs[i].alg == k->alg) {
            br_buf_printf(b, "%s:", algs[i].name);
        }
    }
    br_base64url_put(b, br_bytes(k->b, k->n));
}

enum br_rc
br_cli_public_parse(
    const char *text, struct br_public_key *ret, struct br_err *reterr)
{
    const char *colon = strchr(text, ':');
    enum br_sign_alg alg;
    uint8_t raw[BR_PUBLIC_KEY_BYTES_MAX];
    size_t n = 0;
    if (colon == NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "a public key is what `broletto key public FILE` prints: "
            "ed25519:...");
    }
    BR_TRY(parse_alg(br_bytes(text, (size_t)(colon - text)), &alg, reterr));
    BR_TRY(br_base64url_parse(br_str(colon + 1), raw, sizeof(raw), &n, reterr));
    return br_public_key_init(ret, alg, br_bytes(raw, n), reterr);
}

/* ---- passphrases -------------------------------------------------------- */

/** One line from the terminal, which does not show it. */
static enum br_rc
read_hidden(int tty, const char *prompt, char *out, struct br_err *reterr)
{
    struct termios before;
    if (tcgetattr(tty, &before) != 0) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "the terminal: %s", strerror(errno));
    }
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(tty, TCSAFLUSH, &silent);
    (void)dprintf(tty, "%s: ", prompt);
    ssize_t n = read(tty, out, PASSPHRASE_BYTES_MAX);
    (void)tcsetattr(tty, TCSAFLUSH, &before);
    (void)dprintf(tty, "\n");
    if (n <= 1 || out[n - 1] != '\n') {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "a passphrase of 1 to %d bytes",
            PASSPHRASE_BYTES_MAX - 1);
    }
    out[n - 1] = '\0';
    return BR_OK;
}

static enum br_rc
ask(int tty, bool is_new, struct br_secret **ret, struct br_err *reterr)
{
    char first[PASSPHRASE_BYTES_MAX] = "";
    char second[PASSPHRASE_BYTES_MAX] = "";
    enum br_rc rc = read_hidden(tty, "Passphrase", first, reterr);
    if (rc == BR_OK && is_new) {
        rc = read_hidden(tty, "Once more", second, reterr);
        if (rc == BR_OK && strcmp(first, second) != 0) {
            rc = br_fail(
                reterr, BR_ERR_KEY_LOCKED, "the two passphrases differ");
        }
    }
    if (rc == BR_OK) {
        rc = br_secret_new(br_str(first), ret, reterr);
    }
    br_wipe(first, sizeof(first));
    br_wipe(second, sizeof(second));
    return rc;
}

enum br_rc
br_cli_passphrase(
    const struct br_args *a,
    bool is_new,
    struct br_secret **ret,
    struct br_err *reterr)
{
    const char *file = a->passphrase_file != NULL
                           ? a->passphrase_file
                           : getenv("BROLETTO_PASSPHRASE_FILE");
    if (file != NULL) {
        return br_secret_from_file(file, ret, reterr);
    }
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED,
            "no terminal to ask for the passphrase: give --passphrase-file");
    }
    enum br_rc rc = ask(tty, is_new, ret, reterr);
    (void)close(tty);
    return rc;
}

/* ---- the key that signs ------------------------------------------------- */

static enum br_rc
open_named(
    const struct br_args *a, struct br_signer **ret, struct br_err *reterr)
{
    struct br_secret *passphrase = NULL;
    if (strncmp(a->key, "pkcs11:", 7) != 0 ||
        strstr(a->key, "pin-source=") == NULL) {
        BR_TRY(br_cli_passphrase(a, false, &passphrase, reterr));
    }
    enum br_rc rc = br_signer_open(a->key, passphrase, ret, reterr);
    br_secret_free(passphrase);
    return rc;
}

static const char *
in_data(const struct br_args *a, char path[PATH_MAX], const char *name)
{
    bool whole = name[0] == '/' || strncmp(name, "pkcs11:", 7) == 0;
    (void)snprintf(
        path, PATH_MAX, "%s%s%s", whole ? "" : a->data, whole ? "" : "/", name);
    return path;
}

/** As the node opens it, from its configuration. */
static enum br_rc
open_member_key(
    const struct br_args *a,
    const struct br_node_config *c,
    struct br_signer **ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_secret *passphrase = NULL;
    struct br_args with_file = *a;
    if (a->passphrase_file == NULL) {
        with_file.passphrase_file = in_data(a, path, c->passphrase_file);
        if (access(path, F_OK) != 0) {
            with_file.passphrase_file = NULL; /* systemd has it: ask */
        }
    }
    BR_TRY(br_cli_passphrase(&with_file, false, &passphrase, reterr));
    enum br_rc rc = br_signer_open(
        in_data(a, path, c->member_key), passphrase, ret, reterr);
    br_secret_free(passphrase);
    return rc;
}

enum br_rc
br_cli_signer(
    const struct br_args *a, struct br_signer **ret, struct br_err *reterr)
{
    struct br_node_config c;
    if (a->key != NULL) {
        return open_named(a, ret, reterr);
    }
    if (a->data == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "whose key signs this? --data DIR of a node, or --key FILE");
    }
    BR_TRY(br_node_config_load(a->data, &c, reterr));
    enum br_rc rc = open_member_key(a, &c, ret, reterr);
    br_node_config_fini(&c);
    return rc;
}
