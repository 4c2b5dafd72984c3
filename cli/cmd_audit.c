/* SPDX-License-Identifier: EUPL-1.2 */
/* The desk's log, beside its daemon: recomputed, checked, exported. */
#include "cli/cli.h"
#include "cli/verify_receipt.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "orchestrator/store/closing.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_BYTES = 1024 * 1024,
    LINE_BYTES_MAX = 256 * 1024,
};

struct audit {
    const struct br_args *a;
    struct br_kv *kv;
    struct br_kv_txn *txn;
    uint64_t rows;
    uint64_t closings;
    uint64_t stamped;     /**< closings with a receipt that holds */
    uint64_t stamped_row; /**< up to which row */
    uint64_t entry;       /**< of that closing */
    struct br_cli_verifying verifying; /**< large */
    FILE *out;
};

/** The receipt and the entry in a node's answer; borrowed from the arena. */
static enum br_rc
read_stamp(
    struct br_bytes stamp,
    struct br_arena *arena,
    struct br_bytes *ret_proof,
    uint64_t *ret_entry,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    BR_TRY(br_json_parse(stamp, arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "tlog_proof", ret_proof, reterr));
    return br_json_need_uint(v, "index", ret_entry, reterr);
}

/* ---- verifying ---------------------------------------------------------- */

/** What was stamped is the closing's own bytes. */
static enum br_rc
check_receipt(
    struct audit *u,
    const struct br_closing *c,
    struct br_bytes proof,
    struct br_err *reterr)
{
    struct br_buf bytes;
    br_buf_init(&bytes, 1024);
    br_closing_put(c, &bytes);
    br_cli_verifying_init(&u->verifying);
    u->verifying.a = u->a;
    u->verifying.document = br_buf_bytes(&bytes);
    br_buf_put(&u->verifying.receipt, proof.p, proof.n);
    enum br_rc rc = br_buf_status(&bytes, reterr);
    if (rc == BR_OK) {
        rc = br_cli_verify_receipt(&u->verifying, reterr);
    }
    br_cli_verifying_fini(&u->verifying);
    br_buf_fini(&bytes);
    return rc;
}

static enum br_rc
count_row(void *ctx, const struct br_audit *a, struct br_err *reterr)
{
    struct audit *u = (struct audit *)ctx;
    (void)reterr;
    u->rows = a->number;
    return BR_OK;
}

static enum br_rc
check_closing(
    void *ctx,
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_err *reterr)
{
    struct audit *u = (struct audit *)ctx;
    struct br_arena arena;
    struct br_bytes stamp;
    struct br_bytes proof;
    struct br_err why;
    uint64_t entry = 0;
    u->closings++;
    enum br_rc rc = br_closing_stamp(txn, c, &stamp, &why);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK; /* it waits for the ledger */
    }
    br_arena_init(&arena, ARENA_BYTES);
    if (rc == BR_OK) {
        rc = read_stamp(stamp, &arena, &proof, &entry, &why);
    }
    if (rc == BR_OK) {
        rc = check_receipt(u, c, proof, &why);
    }
    br_arena_fini(&arena);
    if (rc != BR_OK) {
        return br_fail(
            reterr, rc, "the closing of rows %llu to %llu: %s",
            (unsigned long long)c->first, (unsigned long long)c->last,
            why.text);
    }
    u->stamped++;
    u->stamped_row = c->last;
    u->entry = entry;
    return BR_OK;
}

static enum br_rc
open_audit(const struct br_args *a, struct audit *u, struct br_err *reterr)
{
    u->a = a;
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    BR_TRY(br_crypto_init(reterr));
    BR_TRY(br_orch_store_open(a->data, &u->kv, reterr));
    return br_kv_begin_read(u->kv, &u->txn, reterr);
}

static void
close_audit(struct audit *u)
{
    br_kv_end(u->txn);
    br_kv_close(u->kv);
    free(u);
}

static void
print_verdict(const struct audit *u)
{
    if (u->a->json) {
        (void)printf(
            "{\"valid\":true,\"rows\":%llu,\"closings\":%llu,\"stamped\":%llu,"
            "\"stamped_row\":%llu,\"entry\":%llu}\n",
            (unsigned long long)u->rows, (unsigned long long)u->closings,
            (unsigned long long)u->stamped, (unsigned long long)u->stamped_row,
            (unsigned long long)u->entry);
        return;
    }
    (void)printf(
        "%llu rows, each with the hash of the one before\n",
        (unsigned long long)u->rows);
    if (u->stamped == 0) {
        (void)printf("nothing of it is stamped on a ledger yet\n");
    } else {
        (void)printf(
            "%llu of %llu closings are stamped, and their receipts hold: up to "
            "row %llu (entry %llu)\n",
            (unsigned long long)u->stamped, (unsigned long long)u->closings,
            (unsigned long long)u->stamped_row, (unsigned long long)u->entry);
    }
}

int
br_cmd_audit_verify(const struct br_args *a)
{
    struct br_err err;
    struct audit *u = (struct audit *)calloc(1, sizeof(*u));
    if (u == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "the desk's log");
        return br_cli_fail(&err);
    }
    const struct br_audit_visit visit = {count_row, check_closing, u};
    enum br_rc rc = open_audit(a, u, &err);
    bool opened = rc == BR_OK;
    if (opened) {
        rc = br_audit_walk(u->txn, &visit, &err);
    }
    if (rc == BR_OK) {
        print_verdict(u);
    }
    close_audit(u);
    if (rc == BR_OK) {
        return BR_EXIT_OK;
    }
    int code = br_cli_fail(&err);
    return opened && rc != BR_ERR_NO_MEMORY ? BR_EXIT_REFUSED : code;
}

/* ---- exporting ---------------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, const char *text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(text));
}

static void
put_number(struct br_json_writer *w, const char *name, uint64_t v)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, v);
}

static void
put_hex(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    struct br_buf b;
    br_buf_init(&b, 256);
    br_hex_put(&b, v);
    br_json_write_name(w, name);
    br_json_write_string(w, br_buf_bytes(&b));
    br_buf_fini(&b);
}

static enum br_rc
write_line(
    struct audit *u,
    const struct br_json_writer *w,
    struct br_buf *b,
    struct br_err *reterr)
{
    enum br_rc rc = br_json_writer_done(w, reterr);
    if (rc == BR_OK &&
        (fwrite(b->p, 1, b->n, u->out) != b->n || fputc('\n', u->out) == EOF)) {
        rc = br_fail(reterr, BR_ERR_IO, "writing %.200s", u->a->words[0]);
    }
    br_buf_fini(b);
    return rc;
}

static enum br_rc
export_row(void *ctx, const struct br_audit *a, struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    br_buf_init(&b, LINE_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    put_number(&w, "number", a->number);
    put_number(&w, "time_us", a->time_us);
    put_text(&w, "who", a->who);
    put_text(&w, "what", a->what);
    put_text(&w, "about", a->about);
    put_text(&w, "detail", a->detail);
    put_hex(&w, "previous", br_hash_bytes(&a->previous));
    put_hex(&w, "hash", br_hash_bytes(&a->hash));
    br_json_write_end(&w);
    return write_line((struct audit *)ctx, &w, &b, reterr);
}

static enum br_rc
put_stamp(
    struct br_json_writer *w,
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_bytes stamp;
    struct br_bytes proof;
    uint64_t entry = 0;
    enum br_rc rc = br_closing_stamp(txn, c, &stamp, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    BR_TRY(rc);
    BR_TRY(read_stamp(stamp, arena, &proof, &entry, reterr));
    put_number(w, "entry", entry);
    br_json_write_name(w, "tlog_proof");
    br_json_write_string(w, proof);
    return BR_OK;
}

static enum br_rc
export_closing(
    void *ctx,
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    struct br_arena arena;
    br_buf_init(&b, LINE_BYTES_MAX);
    br_arena_init(&arena, ARENA_BYTES);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    put_number(&w, "first", c->first);
    put_number(&w, "last", c->last);
    put_number(&w, "time_us", c->time_us);
    put_hex(&w, "salt", br_bytes(c->salt, sizeof(c->salt)));
    put_hex(&w, "row", br_hash_bytes(&c->row));
    put_hex(&w, "previous", br_hash_bytes(&c->previous));
    put_hex(&w, "digest", br_hash_bytes(&c->digest));
    enum br_rc rc = put_stamp(&w, txn, c, &arena, reterr);
    br_json_write_end(&w);
    if (rc == BR_OK) {
        rc = write_line((struct audit *)ctx, &w, &b, reterr);
    } else {
        br_buf_fini(&b);
    }
    br_arena_fini(&arena);
    return rc;
}

int
br_cmd_audit_export(const struct br_args *a)
{
    struct br_err err;
    struct audit *u = (struct audit *)calloc(1, sizeof(*u));
    if (u == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "the desk's log");
        return br_cli_fail(&err);
    }
    const struct br_audit_visit visit = {export_row, export_closing, u};
    enum br_rc rc = open_audit(a, u, &err);
    if (rc == BR_OK) {
        u->out = fopen(a->words[0], "wxe"); /* nothing is written over */
        rc = u->out != NULL
                 ? br_audit_walk(u->txn, &visit, &err)
                 : br_fail(
                       &err, BR_ERR_IO, "%.200s cannot be made", a->words[0]);
    }
    if (u->out != NULL && fclose(u->out) != 0 && rc == BR_OK) {
        rc = br_fail(&err, BR_ERR_IO, "writing %.200s", a->words[0]);
    }
    close_audit(u);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
