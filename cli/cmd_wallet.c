/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/wallet.h"
#include "common/crypto/files.h"
#include "common/service/json.h"
#include "wallet/vault/backup.h"

#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES_MAX = 256 * 1024 * 1024,
    OUTPUT_BYTES_MAX = 64 * 1024 * 1024
};

/* ---- init --------------------------------------------------------------- */

int
br_cmd_wallet_init(const struct br_args *a)
{
    struct br_err err;
    bool generated = false;
    struct br_wallet_init init = {
        .folder = a->words[0],
        .person = a->person,
        .trust = a->trust,
        .vault_key = a->vault_key,
        .allow_loopback = a->allow_loopback,
        .no_person = a->server,
        .registries = a->registry,
    };
    enum br_rc rc = BR_OK;
    if (a->passphrase_file != NULL) {
        rc = br_secret_from_file(a->passphrase_file, &init.passphrase, &err);
    }
    if (rc == BR_OK) {
        rc = br_wallet_make(&init, &generated, &err);
    }
    br_secret_free(init.passphrase);
    if (rc != BR_OK) {
        return br_cli_wallet_fail(&err);
    }
    (void)printf("%s has a wallet\n", init.folder);
    if (generated) {
        (void)printf(
            "its passphrase lies in %s/passphrase, for trials: anyone who "
            "reads it reads the wallet\n",
            init.folder);
    }
    if (a->allow_loopback) {
        (void)puts("strangers' links may lead to this machine: development");
    }
    return BR_EXIT_OK;
}

int
br_cmd_wallet_config_check(const struct br_args *a)
{
    struct br_wallet_config config;
    struct br_err err;
    if (a->vault == NULL) {
        (void)fputs("broletto: --vault DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    if (br_wallet_config_load(a->vault, &config, &err) != BR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return BR_EXIT_REFUSED;
    }
    (void)printf("%s/wallet.yaml is right\n", a->vault);
    br_wallet_config_fini(&config);
    return BR_EXIT_OK;
}

int
br_cmd_wallet_config_doc(const struct br_args *a)
{
    struct br_buf b;
    (void)a;
    br_buf_init(&b, 256u * 1024);
    br_config_put_doc(&b, &br_wallet_config_schema);
    (void)fwrite(b.p, 1, b.n, stdout);
    br_buf_fini(&b);
    return BR_EXIT_OK;
}

/* ---- refresh ------------------------------------------------------------ */

static enum br_rc
refresh(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    size_t came = 0;
    size_t waiting = 0;
    size_t renewed = 0;
    size_t not_renewed = 0;
    size_t asked = 0;
    size_t failed = 0;
    (void)a;
    BR_TRY(br_resume(&w->client, w->person, &came, &waiting, reterr));
    BR_TRY(br_renew_due(&w->client, w->person, &renewed, &not_renewed, reterr));
    BR_TRY(br_refresh_status(&w->client, w->person, &asked, &failed, reterr));
    (void)printf(
        "%zu credentials came, %zu are awaited; %zu were renewed, %zu in vain; "
        "%zu asked for their status, %zu in vain\n",
        came, waiting, renewed, not_renewed, asked, failed);
    return BR_OK;
}

static enum br_rc
renew(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_accepted done;
    BR_TRY(br_renew(&w->client, w->person, br_str(a->words[0]), &done, reterr));
    if (done.deferred) {
        (void)printf(
            "not ready: broletto wallet refresh asks again, from %llu seconds "
            "on\n",
            (unsigned long long)done.interval_s);
        return BR_OK;
    }
    return br_cli_print_credential(w, done.id, reterr);
}

int
br_cmd_wallet_renew(const struct br_args *a)
{
    return br_cli_with_wallet(a, renew);
}

int
br_cmd_wallet_refresh(const struct br_args *a)
{
    return br_cli_with_wallet(a, refresh);
}

/* ---- list, show, history ------------------------------------------------ */

/** What a command reads, in one transaction, and how it writes it. */
struct reading {
    const struct br_args *args;
    struct br_cli_wallet *wallet;
    struct br_vault_txn *txn;
    struct br_arena arena;
    struct br_buf out;
    struct br_json_writer json;
};

typedef enum br_rc read_fn(struct reading *r, struct br_err *reterr);

static enum br_rc
read_and_print(
    const struct br_args *a,
    struct br_cli_wallet *w,
    read_fn *read,
    struct br_err *reterr)
{
    struct reading r = {.args = a, .wallet = w};
    br_arena_init(&r.arena, ARENA_BYTES_MAX);
    br_buf_init(&r.out, OUTPUT_BYTES_MAX);
    br_json_writer_init(&r.json, &r.out);
    enum br_rc rc = br_vault_begin(w->person, false, &r.txn, reterr);
    if (rc == BR_OK) {
        rc = read(&r, reterr);
    }
    if (rc == BR_OK && a->json) {
        rc = br_json_writer_done(&r.json, reterr);
    }
    if (rc == BR_OK && a->json) {
        (void)fwrite(r.out.p, 1, r.out.n, stdout);
        (void)putchar('\n');
    }
    br_vault_end(r.txn);
    br_buf_wipe(&r.out);
    br_arena_fini(&r.arena);
    return rc;
}

static void
print_day(uint64_t seconds)
{
    char text[28];
    br_time_text((struct br_time_us){seconds * 1000000u}, text);
    (void)printf("%.10s", text);
}

static void
print_short(const struct br_show *how, const struct br_wallet_credential *c)
{
    const char *notice = br_words_notice_name(br_words_notice(c, how->now_s));
    (void)printf("%.*s  ", (int)c->id.n, (const char *)c->id.p);
    br_cli_print_text(br_words_name(c, how->lang));
    (void)fputs("  from ", stdout);
    br_cli_print_text(br_words_issuer(c, how->lang));
    if (c->expires_s > 0) {
        (void)fputs("  until ", stdout);
        print_day(c->expires_s);
    }
    (void)printf("%s%s\n", notice[0] == '\0' ? "" : "  ", notice);
}

static enum br_rc
list(struct reading *r, struct br_err *reterr)
{
    struct br_wallet_credential *all = NULL;
    size_t count = 0;
    const struct br_show *how = &r->wallet->show;
    BR_TRY(br_holding_list(r->txn, &r->arena, &all, &count, reterr));
    br_json_write_array(&r->json);
    for (size_t i = 0; i < count; i++) {
        if (r->args->json) {
            br_show_credential(&r->json, how, &all[i], NULL);
        } else {
            print_short(how, &all[i]);
        }
    }
    br_json_write_end(&r->json);
    return BR_OK;
}

static enum br_rc
show(struct reading *r, struct br_err *reterr)
{
    struct br_wallet_credential c;
    struct br_json *claims = NULL;
    struct br_words words = {NULL, 0};
    const struct br_show *how = &r->wallet->show;
    BR_TRY(br_holding_get(
        r->txn, br_str(r->args->words[0]), &r->arena, &c, reterr));
    BR_TRY(br_holding_claims(r->txn, &c, &r->arena, &claims, reterr));
    BR_TRY(br_words_claims(
        claims, c.display, how->lang, &r->arena, &words, reterr));
    if (r->args->json) {
        br_show_credential(&r->json, how, &c, &words);
    } else {
        print_short(how, &c);
        br_cli_print_lines(&words);
    }
    return BR_OK;
}

static void
print_entry(const struct br_wallet_entry *e)
{
    char text[28];
    br_time_text((struct br_time_us){e->time_s * 1000000u}, text);
    br_cli_print_text(e->id);
    (void)printf("  %.19sZ  %-14s  ", text, br_wallet_event_name(e->event));
    br_cli_print_text(e->party_name);
    (void)fputs(e->party_name.n > 0 ? "  " : "", stdout);
    br_cli_print_text(e->party);
    (void)fputs("  ", stdout);
    br_cli_print_text(e->vct);
    if (e->reason.n > 0) {
        (void)fputs("  ", stdout);
        br_cli_print_text(e->reason);
    }
    (void)putchar('\n');
}

static enum br_rc
history(struct reading *r, struct br_err *reterr)
{
    struct br_wallet_entry *all = NULL;
    size_t count = 0;
    BR_TRY(br_holding_history(
        r->txn, BR_VAULT_ROWS_MAX, &r->arena, &all, &count, reterr));
    br_json_write_array(&r->json);
    for (size_t i = 0; i < count; i++) {
        if (r->args->json) {
            br_show_entry(&r->json, &all[i]);
        } else {
            print_entry(&all[i]);
        }
    }
    br_json_write_end(&r->json);
    return BR_OK;
}

static enum br_rc
use_list(const struct br_args *a, struct br_cli_wallet *w, struct br_err *e)
{
    return read_and_print(a, w, list, e);
}

static enum br_rc
use_show(const struct br_args *a, struct br_cli_wallet *w, struct br_err *e)
{
    return read_and_print(a, w, show, e);
}

static enum br_rc
use_history(const struct br_args *a, struct br_cli_wallet *w, struct br_err *e)
{
    return read_and_print(a, w, history, e);
}

int
br_cmd_wallet_list(const struct br_args *a)
{
    return br_cli_with_wallet(a, use_list);
}

int
br_cmd_wallet_show(const struct br_args *a)
{
    return br_cli_with_wallet(a, use_show);
}

int
br_cmd_wallet_history(const struct br_args *a)
{
    return br_cli_with_wallet(a, use_history);
}

/* ---- remove, erase ------------------------------------------------------ */

static enum br_rc
remove_in(
    struct br_vault_txn *t,
    struct br_bytes id,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_wallet_credential c;
    BR_TRY(br_holding_get(t, id, arena, &c, reterr));
    BR_TRY(br_holding_remove(t, id, reterr));
    const struct br_wallet_entry e = {
        .event = BR_WALLET_REMOVED,
        .time_s = now_s,
        .party = c.issuer,
        .credential = id,
        .vct = c.vct,
    };
    return br_holding_put_entry(t, &e, reterr);
}

static enum br_rc
remove_credential(
    const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_arena arena;
    BR_TRY(br_vault_begin(w->person, true, &t, reterr));
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc =
        remove_in(t, br_str(a->words[0]), w->show.now_s, &arena, reterr);
    br_arena_fini(&arena);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

int
br_cmd_wallet_remove(const struct br_args *a)
{
    return br_cli_with_wallet(a, remove_credential);
}

/** Without the passphrase: whoever runs the server may have to. */
int
br_cmd_wallet_erase(const struct br_args *a)
{
    struct br_err err;
    struct br_wallet w;
    bool yes = false;
    if (a->vault == NULL) {
        (void)fputs("broletto: --vault DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    enum br_rc rc =
        br_cli_agree(a, "Erase this person's wallet for ever?", &yes, &err);
    if (rc != BR_OK || !yes) {
        return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
    }
    rc = br_wallet_open(a->vault, NULL, &w, &err);
    if (rc == BR_OK) {
        rc = br_vault_erase(w.vault, a->words[0], &err);
        br_wallet_close(&w);
    }
    return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
}

/* ---- backup, restore ---------------------------------------------------- */

/** As in the page: whoever has the file may guess for ever. */
enum { WORD_MIN = 8 };

/** --backup-passphrase-file FILE; never the wallet's own by default: a backup
 *  lies in other places, for longer. */
static enum br_rc
backup_passphrase(
    const struct br_args *a, struct br_secret **ret, struct br_err *reterr)
{
    if (a->backup_passphrase_file == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "--backup-passphrase-file FILE: the passphrase of the backup");
    }
    return br_secret_from_file(a->backup_passphrase_file, ret, reterr);
}

static enum br_rc
backup(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_secret *s = NULL;
    struct br_buf b;
    BR_TRY(backup_passphrase(a, &s, reterr));
    if (br_secret_bytes(s) < WORD_MIN) {
        br_secret_free(s);
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "%s: a backup's passphrase has %d characters or more",
            a->backup_passphrase_file, WORD_MIN);
    }
    br_buf_init(&b, BR_BACKUP_BYTES_MAX + 4096u);
    enum br_rc rc =
        br_backup_write(w->person, s, br_seal_cost_default(), &b, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(a->words[0], br_buf_bytes(&b), 0600, reterr);
    }
    br_buf_fini(&b);
    br_secret_free(s);
    return rc;
}

static enum br_rc
restore(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_secret *s = NULL;
    struct br_buf b;
    uint64_t rows = 0;
    BR_TRY(backup_passphrase(a, &s, reterr));
    br_buf_init(&b, BR_BACKUP_BYTES_MAX + 4096u);
    enum br_rc rc = br_file_read(a->words[0], &b, reterr);
    if (rc == BR_OK) {
        rc = br_backup_restore(w->person, s, br_buf_bytes(&b), &rows, reterr);
    }
    br_buf_fini(&b);
    br_secret_free(s);
    if (rc == BR_OK) {
        (void)printf("%llu rows are back\n", (unsigned long long)rows);
    }
    return rc;
}

int
br_cmd_wallet_backup(const struct br_args *a)
{
    return br_cli_with_wallet(a, backup);
}

int
br_cmd_wallet_restore(const struct br_args *a)
{
    return br_cli_with_wallet(a, restore);
}
