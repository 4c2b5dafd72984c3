/* SPDX-License-Identifier: EUPL-1.2 */
/* What was issued: its status, changed for one or many, and the list of it. */
#include "cli/desk.h"
#include "cli/files.h"
#include "cli/wallet.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "common/credential/vci.h"
#include "orchestrator/store/bulk.h"

#include <stdio.h>

enum { FILE_BYTES_MAX = 8 * 1024 * 1024 };

/** What one command asks for. */
struct change {
    const struct br_args *a;
    const char *what; /**< "revoke" */
    size_t confirmed; /**< SIZE_MAX: nobody was asked */
    struct br_bulk bulk;
    struct br_progress progress;
};

/* ---- choosing ------------------------------------------------------------ */

/** A line: an id or a reference, without the spaces around it. */
static enum br_rc
add_line(
    struct br_cli_desk *d,
    struct change *c,
    struct br_bytes line,
    size_t number,
    struct br_err *reterr)
{
    char word[BR_ORCH_REFERENCE_BYTES + 2];
    while (line.n > 0 &&
           (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ')) {
        line.n--;
    }
    while (line.n > 0 && line.p[0] == ' ') {
        line = br_bytes(line.p + 1, line.n - 1);
    }
    if (line.n == 0) {
        return BR_OK;
    }
    if (line.n > BR_ORCH_REFERENCE_BYTES || br_utf8_check(line) != line.n ||
        memchr(line.p, '\0', line.n) != NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "line %zu: an id or a reference, of at most %d bytes of UTF-8",
            number, BR_ORCH_REFERENCE_BYTES);
    }
    memcpy(word, line.p, line.n);
    word[line.n] = '\0';
    return br_bulk_add(d->txn, &c->bulk, word, number, reterr);
}

static enum br_rc
add_lines(
    struct br_cli_desk *d,
    struct change *c,
    struct br_bytes text,
    struct br_err *reterr)
{
    size_t number = 0;
    while (text.n > 0) {
        const uint8_t *end = (const uint8_t *)memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        BR_TRY(add_line(d, c, br_bytes(text.p, n), ++number, reterr));
        n += end != NULL;
        text = br_bytes(text.p + n, text.n - n);
    }
    return number > 0 ? BR_OK
                      : br_fail(
                            reterr, BR_ERR_MISSING_FIELD,
                            "%.100s: not one line", c->a->from);
}

/** Read before the store is locked: standard input may take its time. */
static enum br_rc
read_from(const char *from, struct br_buf *ret, struct br_err *reterr)
{
    if (strcmp(from, "-") != 0) {
        return br_file_read(from, ret, reterr);
    }
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0) {
        br_buf_put(ret, piece, n);
    }
    return ferror(stdin) != 0 ? br_fail(reterr, BR_ERR_IO, "standard input")
                              : br_buf_status(ret, reterr);
}

/** What somebody names by itself must change, or be told why it does not. */
static enum br_rc
choose_one(struct br_cli_desk *d, struct change *c, struct br_err *reterr)
{
    struct br_bulk *b = &c->bulk;
    const char *word = c->a->words[0];
    BR_TRY(br_bulk_add(d->txn, b, word, 1, reterr));
    if (b->fault_count > 0) {
        return br_fail(
            reterr, b->faults[0].rc, "%.60s: %s", word, b->faults[0].why);
    }
    if (b->count == 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%.60s is %s already", word,
            br_status_name(b->already > 0 ? b->status : BR_STATUS_INVALID));
    }
    return BR_OK;
}

static enum br_rc
choose(
    struct br_cli_desk *d,
    struct change *c,
    struct br_bytes lines,
    struct br_err *reterr)
{
    const struct br_args *a = c->a;
    const struct br_type *t;
    if (a->word_count == 1) {
        return choose_one(d, c, reterr);
    }
    if (a->from != NULL) {
        return add_lines(d, c, lines, reterr);
    }
    if (a->type != NULL) {
        BR_TRY(br_cli_desk_type(a, d, &t, reterr));
    }
    return br_bulk_add_all(
        d->txn, &c->bulk, a->type == NULL ? "" : a->type,
        a->reference == NULL ? "" : a->reference, reterr);
}

/* ---- changing ------------------------------------------------------------ */

static void
on_changed(void *ctx)
{
    br_progress_add((struct br_progress *)ctx, 1);
}

static void
print_faults(const struct br_bulk *b)
{
    for (size_t i = 0; i < b->fault_count && i < BR_BULK_FAULTS_MAX; i++) {
        (void)fprintf(
            stderr, "line %zu: %s: %s\n", b->faults[i].line, b->faults[i].word,
            b->faults[i].why);
    }
    if (b->fault_count > BR_BULK_FAULTS_MAX) {
        (void)fprintf(
            stderr, "and %zu more\n", b->fault_count - BR_BULK_FAULTS_MAX);
    }
}

/** Those of a filter are counted and confirmed before the store is locked:
 *  people take their time. */
static enum br_rc
confirm(struct br_cli_desk *d, struct change *c, struct br_err *reterr)
{
    char question[120];
    bool yes = false;
    bool filter = c->a->word_count == 0 && c->a->from == NULL;
    if (!filter || c->a->yes) {
        return BR_OK;
    }
    BR_TRY(br_kv_begin_read(d->kv, &d->txn, reterr));
    enum br_rc rc = choose(d, c, br_bytes(NULL, 0), reterr);
    br_kv_end(d->txn);
    d->txn = NULL;
    size_t count = c->bulk.count;
    br_bulk_fini(&c->bulk);
    BR_TRY(rc);
    (void)snprintf(
        question, sizeof(question), "%s: %zu. Go on?", c->what, count);
    if (br_cli_agree(c->a, question, &yes, reterr) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "%zu would change, and nothing has: --yes confirms it", count);
    }
    c->confirmed = count;
    return yes ? BR_OK
               : br_fail(reterr, BR_ERR_CONFLICT, "nothing was changed");
}

static enum br_rc
apply(struct br_cli_desk *d, struct change *c, struct br_err *reterr)
{
    const struct br_bulk_how how = {
        .what = c->what,
        .reason = c->a->reason,
        .who = d->who,
        .now_us = br_cli_now().v,
        .progress = on_changed,
        .ctx = &c->progress,
    };
    print_faults(&c->bulk);
    if (c->confirmed != SIZE_MAX && c->confirmed != c->bulk.count) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%zu were confirmed, and now there are %zu: nothing was changed",
            c->confirmed, c->bulk.count);
    }
    br_progress_begin(&c->progress, c->what, c->bulk.count, c->a->quiet);
    enum br_rc rc = br_bulk_apply(d->txn, &c->bulk, &how, reterr);
    br_progress_end(&c->progress);
    BR_TRY(rc);
    return br_cli_desk_commit(d, reterr);
}

static void
print_outcome(const struct change *c)
{
    const struct br_bulk *b = &c->bulk;
    const char *name = br_status_name(b->status);
    if (c->a->json) {
        (void)printf(
            "{\"status\":\"%s\",\"changed\":%zu,\"already\":%zu,"
            "\"left\":%zu}\n",
            name, b->count, b->already, b->left);
        return;
    }
    for (size_t k = 0; k < b->count; k++) {
        struct br_issued i = {.count = 0};
        char id[33];
        memcpy(i.id, b->ids[k], sizeof(i.id));
        br_issued_id_text(&i, id);
        (void)printf("%s is %s\n", id, name);
    }
    if (c->a->word_count != 1 || b->already > 0) {
        (void)fprintf(
            stderr, "%zu changed, %zu %s already", b->count, b->already, name);
        if (b->left > 0) {
            (void)fprintf(stderr, ", %zu revoked and left so", b->left);
        }
        (void)fputc('\n', stderr);
    }
}

static enum br_rc
check_reason(const struct br_args *a, struct br_err *reterr)
{
    return br_utf8_check(br_str(a->reason)) == strlen(a->reason)
               ? BR_OK
               : br_fail(reterr, BR_ERR_BAD_UTF8, "--reason");
}

static int
usage(const struct br_args *a)
{
    int ways = (a->word_count == 1) + (a->from != NULL) +
               (a->type != NULL || a->reference != NULL);
    if (a->reason == NULL || a->reason[0] == '\0' ||
        strlen(a->reason) > BR_ORCH_REASON_BYTES) {
        (void)fprintf(
            stderr, "broletto: --reason TEXT is needed, at most %d bytes\n",
            BR_ORCH_REASON_BYTES);
        return BR_EXIT_USAGE;
    }
    if (ways != 1) {
        (void)fputs(
            "broletto: an ID, --from FILE, or --type NAME and --reference "
            "TEXT: one of the three\n",
            stderr);
        return BR_EXIT_USAGE;
    }
    return BR_EXIT_OK;
}

static int
change(const struct br_args *a, const char *what, unsigned status)
{
    struct br_cli_desk d;
    struct br_buf lines;
    struct br_err err;
    struct change c = {.a = a, .what = what, .confirmed = SIZE_MAX};
    int code = usage(a);
    if (code != BR_EXIT_OK) {
        return code;
    }
    br_bulk_init(&c.bulk, status);
    br_buf_init(&lines, FILE_BYTES_MAX);
    enum br_rc rc = br_cli_desk_open(a, &d, &err);
    if (rc == BR_OK) {
        rc = check_reason(a, &err);
    }
    if (rc == BR_OK && a->from != NULL) {
        rc = read_from(a->from, &lines, &err);
    }
    if (rc == BR_OK) {
        rc = confirm(&d, &c, &err);
    }
    if (rc == BR_OK) {
        rc = br_cli_desk_begin(&d, &err);
    }
    if (rc == BR_OK) {
        rc = choose(&d, &c, br_buf_bytes(&lines), &err);
    }
    if (rc == BR_OK) {
        rc = apply(&d, &c, &err);
    }
    br_cli_desk_close(&d);
    if (rc == BR_OK) {
        print_outcome(&c);
    }
    br_bulk_fini(&c.bulk);
    br_buf_fini(&lines);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

int
br_cmd_issuer_revoke(const struct br_args *a)
{
    return change(a, "revoke", BR_STATUS_INVALID);
}

int
br_cmd_issuer_suspend(const struct br_args *a)
{
    return change(a, "suspend", BR_STATUS_SUSPENDED);
}

int
br_cmd_issuer_reinstate(const struct br_args *a)
{
    return change(a, "reinstate", BR_STATUS_VALID);
}

/* ---- listing ------------------------------------------------------------ */

static const char *
notice_name(unsigned notice)
{
    return notice == 0 ? ""
                       : br_vci_event_name((enum br_vci_event)(notice - 1));
}

static void
write_text(struct br_json_writer *w, const char *name, const char *value)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(value));
}

static void
write_number(struct br_json_writer *w, const char *name, uint64_t value)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, value);
}

static void
print_json(void *ctx, const struct br_issued *i)
{
    struct br_json_writer w;
    struct br_buf b;
    char id[33];
    (void)ctx;
    br_issued_id_text(i, id);
    br_buf_init(&b, 64u * 1024);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "id", id);
    write_text(&w, "type", i->type);
    write_text(&w, "reference", i->reference);
    write_text(&w, "status", br_status_name(i->status));
    write_text(&w, "reason", i->reason);
    write_text(&w, "notification", notice_name(i->notice));
    write_number(&w, "issued", i->issued_s);
    write_number(&w, "expires", i->expires_s);
    write_number(&w, "changed", i->changed_s);
    write_number(&w, "list", i->list);
    br_json_write_name(&w, "indexes");
    br_json_write_array(&w);
    for (size_t k = 0; k < i->count; k++) {
        br_json_write_uint(&w, i->index[k]);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static void
print_line(void *ctx, const struct br_issued *i)
{
    char id[33];
    (void)ctx;
    br_issued_id_text(i, id);
    (void)printf(
        "%s  %-18s %-9s %-20s %s\n", id, i->type, br_status_name(i->status),
        i->reference, i->reason);
}

int
br_cmd_issuer_list(const struct br_args *a)
{
    struct br_cli_desk d;
    struct br_err err;
    enum br_rc rc = br_cli_desk_open(a, &d, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_read(d.kv, &d.txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_issued_list(
            d.txn, a->json ? print_json : print_line, NULL, &err);
    }
    br_cli_desk_close(&d);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
