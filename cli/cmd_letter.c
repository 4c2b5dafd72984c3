/* Letters to who was shown something: erase it, or tell what you have. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/wallet.h"
#include "wallet/core/letter.h"

#include <stdio.h>
#include <unistd.h>

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

/* ---- printing ----------------------------------------------------------- */

/** Line by line: nothing in it may move the cursor. */
static void
print_body(struct br_bytes body)
{
    size_t from = 0;
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] == '\n') {
            br_cli_print_text(br_bytes(body.p + from, i - from));
            (void)putchar('\n');
            from = i + 1;
        }
    }
}

static void
print_contact(
    const struct br_json *contact,
    const char *subject,
    struct br_bytes body,
    struct br_buf *link)
{
    struct br_bytes uri = {NULL, 0};
    struct br_bytes kind = {NULL, 0};
    if (br_json_need_string(contact, "uri", &uri, NULL) != BR_OK ||
        br_json_need_string(contact, "kind", &kind, NULL) != BR_OK) {
        return;
    }
    br_buf_clear(link);
    if (br_bytes_eq(kind, br_str("email"))) {
        br_letter_mailto(link, uri, subject, body);
    } else {
        br_buf_put(link, uri.p, uri.n);
    }
    br_cli_print_text(kind);
    (void)fputs("  ", stdout);
    br_cli_print_text(br_buf_bytes(link));
    (void)putchar('\n');
}

static enum br_rc
print_letter(
    const struct br_cli_wallet *w,
    enum br_letter_kind kind,
    const struct br_wallet_entry *e,
    struct br_err *reterr)
{
    const char *subject = br_letter_subject(kind, w->show.lang);
    struct br_buf body;
    struct br_buf link;
    br_buf_init(&body, BR_LETTER_BYTES_MAX);
    br_buf_init(&link, 4 * BR_LETTER_BYTES_MAX);
    br_letter_body(&body, kind, w->show.lang, e);
    enum br_rc rc = br_buf_status(&body, reterr);
    if (rc == BR_OK) {
        (void)printf("%s\n\n", subject);
        print_body(br_buf_bytes(&body));
        (void)putchar('\n');
    }
    for (const struct br_json *i = br_json_first(e->contacts);
         rc == BR_OK && i != NULL; i = i->next) {
        print_contact(i, subject, br_buf_bytes(&body), &link);
    }
    br_buf_fini(&link);
    br_buf_fini(&body);
    return rc;
}

static enum br_rc
print_json(
    const struct br_cli_wallet *w,
    enum br_letter_kind kind,
    const struct br_wallet_entry *e,
    struct br_err *reterr)
{
    struct br_json_writer json;
    struct br_buf b;
    br_buf_init(&b, 4 * BR_LETTER_BYTES_MAX);
    br_json_writer_init(&json, &b);
    enum br_rc rc = br_letter_write(&json, kind, w->show.lang, e, reterr);
    if (rc == BR_OK) {
        rc = br_json_writer_done(&json, reterr);
    }
    if (rc == BR_OK) {
        (void)fwrite(b.p, 1, b.n, stdout);
        (void)putchar('\n');
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- drafting, noting --------------------------------------------------- */

static enum br_rc
draft(
    const struct br_args *a,
    struct br_cli_wallet *w,
    enum br_letter_kind kind,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_arena arena;
    struct br_wallet_entry e;
    BR_TRY(br_vault_begin(w->person, false, &t, reterr));
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc =
        br_holding_entry(t, br_str(a->words[0]), &arena, &e, reterr);
    if (rc == BR_OK && e.event != BR_WALLET_PRESENTED) {
        rc = br_fail(
            reterr, BR_ERR_CONFLICT,
            "nothing was shown there: there is nothing to ask about");
    }
    if (rc == BR_OK) {
        rc = a->json ? print_json(w, kind, &e, reterr)
                     : print_letter(w, kind, &e, reterr);
    }
    br_arena_fini(&arena);
    br_vault_end(t);
    return rc;
}

/** Sending it is the person's: what is noted is their word. */
static enum br_rc
note(
    const struct br_args *a,
    struct br_cli_wallet *w,
    enum br_letter_kind kind,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    char id[BR_WALLET_ID_BYTES + 1];
    BR_TRY(br_vault_begin(w->person, true, &t, reterr));
    enum br_rc rc = br_holding_note_letter(
        t, br_str(a->words[0]), br_letter_event(kind), w->show.now_s, id,
        reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    BR_TRY(br_vault_commit(t, reterr));
    if (!a->json) {
        (void)printf(
            "noted as %s; broletto wallet undo-letter %s takes it back\n", id,
            id);
    }
    return BR_OK;
}

static enum br_rc
ask(const struct br_args *a,
    struct br_cli_wallet *w,
    enum br_letter_kind kind,
    struct br_err *reterr)
{
    bool sent = a->yes;
    BR_TRY(draft(a, w, kind, reterr));
    if (!sent && isatty(STDIN_FILENO) != 0) {
        BR_TRY(br_cli_agree(
            a, "Note in the history that you sent it?", &sent, reterr));
    }
    return sent ? note(a, w, kind, reterr) : BR_OK;
}

static int
run(const struct br_args *a, enum br_letter_kind kind)
{
    struct br_err err;
    struct br_cli_wallet w;
    enum br_rc rc = br_cli_wallet_open(a, &w, &err);
    if (rc == BR_OK) {
        rc = ask(a, &w, kind, &err);
        br_cli_wallet_close(&w);
    }
    return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
}

int
br_cmd_wallet_ask_deletion(const struct br_args *a)
{
    return run(a, BR_LETTER_ERASURE);
}

int
br_cmd_wallet_ask_access(const struct br_args *a)
{
    return run(a, BR_LETTER_ACCESS);
}

static enum br_rc
undo(const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(w->person, true, &t, reterr));
    enum br_rc rc = br_holding_undo_letter(t, br_str(a->words[0]), reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

int
br_cmd_wallet_undo_letter(const struct br_args *a)
{
    struct br_err err;
    struct br_cli_wallet w;
    enum br_rc rc = br_cli_wallet_open(a, &w, &err);
    if (rc == BR_OK) {
        rc = undo(a, &w, &err);
        br_cli_wallet_close(&w);
    }
    return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
}
