/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/wallet.h"

#include "common/credential/rule.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES_MAX = 256 * 1024 * 1024 };

/* ---- opening ------------------------------------------------------------ */

static enum br_rc
read_passphrase(
    const struct br_args *a, struct br_secret **ret, struct br_err *reterr)
{
    char path[PATH_MAX];
    const char *from_environment = getenv("BROLETTO_WALLET_PASSPHRASE_FILE");
    const char *file =
        a->passphrase_file != NULL ? a->passphrase_file : from_environment;
    if (file == NULL || file[0] == '\0') {
        (void)snprintf(path, sizeof(path), "%s/passphrase", a->vault);
        file = path;
    }
    enum br_rc rc = br_secret_from_file(file, ret, reterr);
    return rc == BR_ERR_NOT_FOUND
               ? br_fail(
                     reterr, rc,
                     "there is no passphrase: --passphrase-file FILE, or "
                     "BROLETTO_WALLET_PASSPHRASE_FILE")
               : rc;
}

static enum br_rc
unlock(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_secret *passphrase = NULL;
    BR_TRY(read_passphrase(a, &passphrase, reterr));
    enum br_rc rc = br_vault_unlock(
        w->wallet.vault, a->person == NULL ? BR_WALLET_OWNER : a->person,
        passphrase, &w->person, reterr);
    br_secret_free(passphrase);
    return rc;
}

static const char *
language(const struct br_args *a)
{
    const char *lang = a->lang;
    if (lang == NULL) {
        lang = getenv("LC_ALL");
        lang = lang != NULL && lang[0] != '\0' ? lang : getenv("LANG");
    }
    return lang != NULL && strncmp(lang, "it", 2) == 0 ? "it" : "en";
}

enum br_rc
br_cli_wallet_open(
    const struct br_args *a, struct br_cli_wallet *ret, struct br_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    if (a->vault == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--vault DIR is missing");
    }
    BR_TRY(br_wallet_open(a->vault, a->trust, &ret->wallet, reterr));
    enum br_rc rc = br_wallet_client_open(&ret->wallet, &ret->client, reterr);
    if (rc == BR_OK) {
        rc = unlock(a, ret, reterr);
    }
    if (rc != BR_OK) {
        br_cli_wallet_close(ret);
        return rc;
    }
    ret->show.lang = language(a);
    ret->show.now_s = br_cli_now().v / 1000000u;
    return BR_OK;
}

void
br_cli_wallet_close(struct br_cli_wallet *w)
{
    br_vault_lock(w->person);
    br_wallet_client_close(&w->client);
    br_wallet_close(&w->wallet);
}

int
br_cli_with_wallet(const struct br_args *a, br_cli_wallet_fn *use)
{
    struct br_err err;
    struct br_cli_wallet w;
    enum br_rc rc = br_cli_wallet_open(a, &w, &err);
    if (rc == BR_OK) {
        rc = use(a, &w, &err);
        br_cli_wallet_close(&w);
    }
    return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
}

/* ---- telling ------------------------------------------------------------ */

int
br_cli_wallet_fail(const struct br_err *err)
{
    int code = br_cli_fail(err);
    bool refused = br_rule_of(err) != NULL || err->rc == BR_ERR_FORBIDDEN ||
                   err->rc == BR_ERR_ISSUER_REFUSED ||
                   err->rc == BR_ERR_VERIFIER_REFUSED;
    return refused ? BR_EXIT_REFUSED : code;
}

enum br_rc
br_cli_agree(
    const struct br_args *a,
    const char *question,
    bool *ret,
    struct br_err *reterr)
{
    char answer[16] = "";
    if (a->yes) {
        *ret = true;
        return BR_OK;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "nobody is here to be asked: --yes agrees beforehand");
    }
    (void)printf("%s [y/N] ", question);
    (void)fflush(stdout);
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        answer[0] = 'n';
    }
    *ret = answer[0] == 'y' || answer[0] == 'Y' || answer[0] == 's' ||
           answer[0] == 'S';
    return BR_OK;
}

void
br_cli_print_text(struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        /* C0, DEL, and C1 as UTF-8 (c2 80 to c2 9f). */
        bool control =
            text.p[i] < 0x20 || text.p[i] == 0x7f ||
            (text.p[i] == 0xc2 && i + 1 < text.n && text.p[i + 1] < 0xa0);
        (void)putchar(control ? '?' : text.p[i]);
    }
}

void
br_cli_print_lines(const struct br_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        (void)fputs("  ", stdout);
        br_cli_print_text(words->lines[i].label);
        (void)fputs(": ", stdout);
        br_cli_print_text(words->lines[i].text);
        (void)putchar('\n');
    }
}

enum br_rc
br_cli_print_credential(
    struct br_cli_wallet *w, const char *id, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_arena arena;
    struct br_wallet_credential c;
    struct br_json *claims = NULL;
    struct br_words words = {NULL, 0};
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_vault_begin(w->person, false, &t, reterr);
    if (rc == BR_OK) {
        rc = br_holding_get(t, br_str(id), &arena, &c, reterr);
    }
    if (rc == BR_OK) {
        rc = br_holding_claims(t, &c, &arena, &claims, reterr);
    }
    if (rc == BR_OK) {
        rc = br_words_claims(
            claims, c.display, w->show.lang, &arena, &words, reterr);
    }
    if (rc == BR_OK) {
        (void)printf("%s  ", id);
        br_cli_print_text(br_words_name(&c, w->show.lang));
        (void)printf(", %u copies\n", c.instances - c.spent);
        br_cli_print_lines(&words);
    }
    br_vault_end(t);
    br_arena_fini(&arena);
    return rc;
}
