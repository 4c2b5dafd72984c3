/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verifier/history.h"

#include "common/codec/text.h"

#include <stdio.h>

enum {
    ROW_BYTES_MAX = 64 * 1024,
    KEY_BYTES = 8 + BR_VERIFIER_ID_BYTES,
    TYPES_MAX = 64,
};

/* ---- writing ------------------------------------------------------------ */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

/** Of what the query asks for, the types (DCQL: meta.vct_values). */
static void
put_types(struct br_json_writer *w, const struct br_json *query)
{
    size_t n = 0;
    br_json_write_name(w, "types");
    br_json_write_array(w);
    for (struct br_json *c =
             br_json_first(br_json_member(query, "credentials"));
         c != NULL; c = c->next) {
        const struct br_json *meta = br_json_member(c, "meta");
        for (struct br_json *v =
                 br_json_first(br_json_member(meta, "vct_values"));
             v != NULL && n < TYPES_MAX; v = v->next) {
            if (v->kind == BR_JSON_STRING) {
                br_json_write_string(w, v->string);
                n++;
            }
        }
    }
    br_json_write_end(w);
}

enum br_rc
br_history_put(
    struct br_kv_txn *txn,
    const struct br_verifier_request *r,
    const struct br_verifier_decision *d,
    struct br_err *reterr)
{
    uint8_t key[KEY_BYTES];
    struct br_json_writer w;
    struct br_buf b;
    if (r->id.n != BR_VERIFIER_ID_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a request's id");
    }
    br_put_be64(key, d->time_us);
    memcpy(key + 8, r->id.p, r->id.n);
    br_buf_init(&b, ROW_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "outcome");
    br_json_write_uint(&w, (uint64_t)d->outcome);
    put_text(&w, "purpose", r->purpose);
    put_types(&w, r->query);
    put_text(&w, "step", d->step);
    put_text(&w, "rule", d->rule);
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, BR_VERIFIER_HISTORY, br_bytes(key, sizeof(key)),
            br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
decode(
    struct br_bytes key,
    struct br_bytes row,
    struct br_arena *arena,
    struct br_verifier_decision *d,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    uint64_t outcome = 0;
    if (key.n != KEY_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a decision's key");
    }
    const char *id =
        br_arena_copy(arena, br_bytes(key.p + 8, BR_VERIFIER_ID_BYTES));
    const char *text = br_arena_copy(arena, row);
    if (id == NULL || text == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a decision");
    }
    *d = (struct br_verifier_decision){
        .id = br_bytes(id, BR_VERIFIER_ID_BYTES),
        .time_us = br_get_be64(key.p),
    };
    BR_TRY(br_json_parse(br_bytes(text, row.n), arena, &v, reterr));
    BR_TRY(br_json_need_uint(v, "outcome", &outcome, reterr));
    BR_TRY(br_json_need_string(v, "purpose", &d->purpose, reterr));
    BR_TRY(br_json_need_string(v, "step", &d->step, reterr));
    BR_TRY(br_json_need_string(v, "rule", &d->rule, reterr));
    d->types = br_json_member(v, "types");
    if (outcome < BR_PHASE_ACCEPTED || outcome > BR_PHASE_DECLINED) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a decision's outcome");
    }
    d->outcome = (enum br_verifier_phase)outcome;
    return BR_OK;
}

static bool
contains(struct br_bytes text, struct br_bytes part)
{
    bool found = part.n == 0;
    for (size_t i = 0; !found && part.n <= text.n && i <= text.n - part.n;
         i++) {
        found = memcmp(text.p + i, part.p, part.n) == 0;
    }
    return found;
}

static bool
fits(const struct br_verifier_decision *d, const struct br_history_query *q)
{
    struct br_bytes text = br_str(q->text);
    bool begins = text.n <= d->id.n && memcmp(d->id.p, text.p, text.n) == 0;
    return (begins || contains(d->purpose, text)) &&
           (q->outcome[0] == '\0' ||
            strcmp(q->outcome, br_verifier_phase_name(d->outcome)) == 0);
}

/** "TIME.ID": the last row of the page before. */
static enum br_rc
read_cursor(const char *text, uint8_t key[KEY_BYTES], struct br_err *reterr)
{
    uint64_t time_us = 0;
    const char *dot = strchr(text, '.');
    memset(key, 0xff, KEY_BYTES);
    if (text[0] == '\0') {
        return BR_OK;
    }
    if (dot == NULL || strlen(dot + 1) != BR_VERIFIER_ID_BYTES ||
        br_decimal_parse(
            br_bytes(text, (size_t)(dot - text)), &time_us, NULL) != BR_OK) {
        return br_fail(reterr, BR_ERR_MALFORMED, "after: not one of ours");
    }
    br_put_be64(key, time_us);
    memcpy(key + 8, dot + 1, BR_VERIFIER_ID_BYTES);
    return BR_OK;
}

static void
write_cursor(struct br_bytes key, char ret[BR_HISTORY_CURSOR_BYTES])
{
    (void)snprintf(
        ret, BR_HISTORY_CURSOR_BYTES, "%llu.%.*s",
        (unsigned long long)br_get_be64(key.p), BR_VERIFIER_ID_BYTES,
        (const char *)key.p + 8);
}

enum br_rc
br_history_list(
    struct br_kv_txn *txn,
    const struct br_history_query *q,
    struct br_arena *arena,
    struct br_history_page *ret,
    struct br_err *reterr)
{
    uint8_t from[KEY_BYTES];
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    size_t looks = 0;
    ret->count = 0;
    ret->next[0] = '\0';
    BR_TRY(read_cursor(q->after, from, reterr));
    BR_TRY(br_kv_cursor_open(txn, BR_VERIFIER_HISTORY, &c, reterr));
    enum br_rc rc =
        br_kv_seek_back(c, br_bytes(from, sizeof(from)), &key, &row);
    if (rc == BR_OK && q->after[0] != '\0' &&
        br_bytes_eq(key, br_bytes(from, sizeof(from)))) {
        rc = br_kv_prev(c, &key, &row);
    }
    while (rc == BR_OK) {
        struct br_verifier_decision d;
        rc = decode(key, row, arena, &d, reterr);
        if (rc == BR_OK && fits(&d, q)) {
            ret->rows[ret->count++] = d;
        }
        if (rc == BR_OK && (ret->count == BR_HISTORY_PAGE ||
                            ++looks == BR_HISTORY_LOOKS_MAX)) {
            write_cursor(key, ret->next);
            rc = br_kv_prev(c, &key, &row);
            break;
        }
        if (rc == BR_OK) {
            rc = br_kv_prev(c, &key, &row);
        }
    }
    br_kv_cursor_close(c);
    if (rc == BR_ERR_NOT_FOUND) {
        ret->next[0] = '\0';
        return BR_OK;
    }
    return rc;
}

/* ---- what is over ------------------------------------------------------- */

enum br_rc
br_history_purge(
    struct br_kv_txn *txn,
    uint64_t before_us,
    size_t most,
    struct br_err *reterr)
{
    enum { PURGE_MAX = 256 };
    uint8_t keys[PURGE_MAX][KEY_BYTES];
    size_t n = 0;
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_VERIFIER_HISTORY, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &row);
    while (rc == BR_OK && n < most && n < PURGE_MAX && key.n == KEY_BYTES &&
           br_get_be64(key.p) < before_us) {
        memcpy(keys[n++], key.p, KEY_BYTES);
        rc = br_kv_next(c, &key, &row);
    }
    br_kv_cursor_close(c);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        BR_TRY(br_kv_delete(
            txn, BR_VERIFIER_HISTORY, br_bytes(keys[i], KEY_BYTES), reterr));
    }
    return BR_OK;
}
