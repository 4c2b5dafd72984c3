/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verifier/rows.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"

#include <stdio.h>

enum {
    ROW_BYTES_MAX = 512 * 1024,
    DAY_S = 86400,
    TIME_BYTES = 8,
    RECEIPT_HEAD_BYTES = 9,
};

static const char *const phases[] = {
    "waiting", "fetched", "accepted", "refused", "declined"};
enum { PHASES = sizeof(phases) / sizeof(phases[0]) };

const char *
br_verifier_phase_name(enum br_verifier_phase p)
{
    return phases[p];
}

enum br_rc
br_verifier_rows_open(
    const char *data_dir, struct br_kv **ret, struct br_err *reterr)
{
    static const char *const tables[BR_VERIFIER_TABLES] = {
        [BR_VERIFIER_REQUESTS] = "requests",
        [BR_VERIFIER_RESULTS] = "results",
        [BR_VERIFIER_RECEIPTS] = "receipts",
        [BR_VERIFIER_UNSTAMPED] = "unstamped",
        [BR_VERIFIER_HISTORY] = "history",
    };
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/verifier", data_dir);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return br_fail(reterr, BR_ERR_IO, "the folder's name is too long");
    }
    const struct br_kv_options options = {
        .path = path, .tables = tables, .table_count = BR_VERIFIER_TABLES};
    return br_kv_open(&options, ret, reterr);
}

enum { ID_RANDOM_BYTES = 16, SECRET_RANDOM_BYTES = 32 };

static void
take_text(struct br_buf *b, char *ret)
{
    BR_ASSERT(!b->failed);
    memcpy(ret, b->p, b->n);
    ret[b->n] = '\0';
    br_buf_fini(b);
}

void
br_verifier_random_id(char ret[BR_VERIFIER_ID_BYTES + 1])
{
    uint8_t random[ID_RANDOM_BYTES];
    struct br_buf b;
    br_random(random, sizeof(random));
    br_buf_init(&b, BR_VERIFIER_ID_BYTES);
    br_hex_put(&b, br_bytes(random, sizeof(random)));
    take_text(&b, ret);
}

void
br_verifier_random_secret(char ret[BR_VERIFIER_SECRET_BYTES + 1])
{
    uint8_t random[SECRET_RANDOM_BYTES];
    struct br_buf b;
    br_random(random, sizeof(random));
    br_buf_init(&b, BR_VERIFIER_SECRET_BYTES);
    br_base64url_put(&b, br_bytes(random, sizeof(random)));
    take_text(&b, ret);
}

/* ---- requests ----------------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    if (text.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, text);
    }
}

static void
put_uint(struct br_json_writer *w, const char *name, uint64_t v)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, v);
}

static enum br_rc
encode_request(
    const struct br_verifier_request *r,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "phase", br_str(phases[r->phase]));
    put_uint(&w, "fetched", r->fetched);
    put_text(&w, "client_id", r->client_id);
    put_text(&w, "response_uri", r->response_uri);
    br_json_write_name(&w, "encrypted");
    br_json_write_boolean(&w, r->mode == BR_VP_DIRECT_POST_JWT);
    put_text(&w, "nonce", r->nonce);
    put_text(&w, "state", r->state);
    put_text(&w, "key", r->key);
    put_text(&w, "purpose", r->purpose);
    put_text(&w, "redirect_uri", r->redirect_uri);
    put_text(&w, "response_code", r->response_code);
    put_text(&w, "declined", r->declined);
    br_json_write_name(&w, "query");
    br_json_write_value(&w, r->query);
    if (r->transaction_data != NULL) {
        br_json_write_name(&w, "transaction_data");
        br_json_write_value(&w, r->transaction_data);
    }
    put_uint(&w, "created", r->created_s);
    put_uint(&w, "expires", r->expires_s);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_verifier_put_request(
    struct br_kv_txn *txn,
    const struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = encode_request(r, &b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, BR_VERIFIER_REQUESTS, r->id, br_buf_bytes(&b), reterr);
    }
    if (b.p != NULL) {
        br_wipe(b.p, b.n);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
take_phase(
    const struct br_json *v,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_bytes name = {0};
    BR_TRY(br_json_need_string(v, "phase", &name, reterr));
    for (size_t i = 0; i < PHASES; i++) {
        if (br_bytes_eq(name, br_str(phases[i]))) {
            r->phase = (enum br_verifier_phase)i;
            return BR_OK;
        }
    }
    return br_fail(reterr, BR_ERR_CORRUPT, "a request's phase is unknown");
}

static enum br_rc
take_texts(
    const struct br_json *v,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    bool encrypted = false;
    uint64_t fetched = 0;
    BR_TRY(br_json_need_uint(v, "fetched", &fetched, reterr));
    BR_TRY(br_json_need_string(v, "client_id", &r->client_id, reterr));
    BR_TRY(br_json_need_string(v, "response_uri", &r->response_uri, reterr));
    BR_TRY(br_json_need_boolean(v, "encrypted", &encrypted, reterr));
    BR_TRY(br_json_need_string(v, "nonce", &r->nonce, reterr));
    BR_TRY(br_json_need_string(v, "state", &r->state, reterr));
    BR_TRY(br_json_may_string(v, "key", &r->key, reterr));
    BR_TRY(br_json_may_string(v, "purpose", &r->purpose, reterr));
    BR_TRY(br_json_may_string(v, "redirect_uri", &r->redirect_uri, reterr));
    BR_TRY(br_json_may_string(v, "response_code", &r->response_code, reterr));
    BR_TRY(br_json_may_string(v, "declined", &r->declined, reterr));
    BR_TRY(br_json_need_uint(v, "created", &r->created_s, reterr));
    BR_TRY(br_json_need_uint(v, "expires", &r->expires_s, reterr));
    r->mode = encrypted ? BR_VP_DIRECT_POST_JWT : BR_VP_DIRECT_POST;
    r->fetched = (unsigned)fetched;
    return BR_OK;
}

/** A copy of a row, which the transaction's end would take away. */
static enum br_rc
copy_row(
    struct br_kv_txn *txn,
    enum br_verifier_table table,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_bytes *ret)
{
    struct br_bytes row = {0};
    if (id.n != BR_VERIFIER_ID_BYTES) {
        return BR_ERR_NOT_FOUND;
    }
    BR_TRY(br_kv_get(txn, table, id, &row, NULL));
    char *copy = br_arena_copy(arena, row);
    *ret = br_bytes(copy, row.n);
    return copy == NULL ? BR_ERR_NO_MEMORY : BR_OK;
}

static enum br_rc
told(enum br_rc rc, const char *what, struct br_err *reterr)
{
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", what);
}

enum br_rc
br_verifier_get_request(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr)
{
    struct br_verifier_request r = {0};
    struct br_bytes row = {0};
    struct br_json *v = NULL;
    BR_TRY(told(
        copy_row(txn, BR_VERIFIER_REQUESTS, id, arena, &row),
        "there is no such request", reterr));
    char *own_id = br_arena_copy(arena, id);
    if (own_id == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a request");
    }
    r.id = br_bytes(own_id, id.n);
    BR_TRY(br_json_parse(row, arena, &v, reterr));
    BR_TRY(take_phase(v, &r, reterr));
    BR_TRY(take_texts(v, &r, reterr));
    r.query = br_json_member(v, "query");
    r.transaction_data = br_json_member(v, "transaction_data");
    if (r.query == NULL) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a request without a query");
    }
    *ret = r;
    return BR_OK;
}

/* ---- results ------------------------------------------------------------ */

enum br_rc
br_verifier_put_result(
    struct br_kv_txn *txn,
    struct br_bytes id,
    uint64_t until_s,
    struct br_bytes json,
    struct br_err *reterr)
{
    struct br_buf b;
    uint8_t until[TIME_BYTES];
    br_put_be64(until, until_s);
    br_buf_init(&b, ROW_BYTES_MAX * 8u);
    br_buf_put(&b, until, sizeof(until));
    br_buf_put(&b, json.p, json.n);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(txn, BR_VERIFIER_RESULTS, id, br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_verifier_get_result(
    struct br_kv_txn *txn,
    struct br_bytes id,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_bytes row = {0};
    enum br_rc rc = copy_row(txn, BR_VERIFIER_RESULTS, id, arena, &row);
    if (rc == BR_OK && (row.n <= TIME_BYTES || br_get_be64(row.p) <= now_s)) {
        rc = BR_ERR_NOT_FOUND;
    }
    BR_TRY(told(
        rc, "there is no result: none yet, read before, or too old", reterr));
    *ret = br_bytes(row.p + TIME_BYTES, row.n - TIME_BYTES);
    return BR_OK;
}

/* ---- receipts ----------------------------------------------------------- */

enum br_rc
br_verifier_put_receipt(
    struct br_kv_txn *txn,
    struct br_bytes id,
    const struct br_verifier_receipt *r,
    struct br_err *reterr)
{
    struct br_buf b;
    uint8_t head[RECEIPT_HEAD_BYTES] = {r->stamped ? 1 : 0};
    br_put_be64(head + 1, r->entry);
    br_buf_init(&b, ROW_BYTES_MAX);
    br_buf_put(&b, head, sizeof(head));
    br_buf_put(&b, r->jws.p, r->jws.n);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(txn, BR_VERIFIER_RECEIPTS, id, br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    if (rc == BR_OK && r->stamped) {
        rc = br_kv_delete(txn, BR_VERIFIER_UNSTAMPED, id, reterr);
    } else if (rc == BR_OK) {
        rc = br_kv_put(txn, BR_VERIFIER_UNSTAMPED, id, br_str("1"), reterr);
    }
    return rc;
}

enum br_rc
br_verifier_next_unstamped(
    struct br_kv_txn *txn,
    char ret[BR_VERIFIER_ID_BYTES + 1],
    struct br_err *reterr)
{
    struct br_kv_cursor *c = NULL;
    struct br_bytes key = {0};
    struct br_bytes row = {0};
    BR_TRY(br_kv_cursor_open(txn, BR_VERIFIER_UNSTAMPED, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &row);
    if (rc == BR_OK && key.n == BR_VERIFIER_ID_BYTES) {
        memcpy(ret, key.p, key.n);
        ret[key.n] = '\0';
    } else {
        rc = rc == BR_OK ? BR_ERR_CORRUPT : rc;
    }
    br_kv_cursor_close(c);
    return told(rc, "no receipt waits for its stamp", reterr);
}

enum br_rc
br_verifier_get_receipt(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_receipt *ret,
    struct br_err *reterr)
{
    struct br_bytes row = {0};
    enum br_rc rc = copy_row(txn, BR_VERIFIER_RECEIPTS, id, arena, &row);
    if (rc == BR_OK && row.n <= RECEIPT_HEAD_BYTES) {
        rc = BR_ERR_CORRUPT;
    }
    BR_TRY(told(rc, "there is no receipt of this request", reterr));
    *ret = (struct br_verifier_receipt){
        .jws = br_bytes(row.p + RECEIPT_HEAD_BYTES, row.n - RECEIPT_HEAD_BYTES),
        .stamped = row.p[0] == 1,
        .entry = br_get_be64(row.p + 1),
    };
    return BR_OK;
}

/* ---- what is over ------------------------------------------------------- */

enum { PURGE_MAX = 256 };

struct keys {
    char b[PURGE_MAX][BR_VERIFIER_ID_BYTES];
    size_t n;
};

static bool
request_over(struct br_bytes row, uint64_t now_s)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    uint64_t expires_s = 0;
    struct br_err ignored;
    br_arena_init(&arena, ROW_BYTES_MAX * 8u);
    bool over =
        br_json_parse(row, &arena, &v, &ignored) != BR_OK ||
        br_json_need_uint(v, "expires", &expires_s, &ignored) != BR_OK ||
        expires_s + DAY_S < now_s;
    br_arena_fini(&arena);
    return over;
}

static enum br_rc
purge_table(
    struct br_kv_txn *txn,
    enum br_verifier_table table,
    uint64_t now_s,
    size_t most,
    struct br_err *reterr)
{
    struct br_kv_cursor *c = NULL;
    struct br_bytes key = {0};
    struct br_bytes row = {0};
    struct keys found = {.n = 0};
    most = most > PURGE_MAX ? PURGE_MAX : most;
    BR_TRY(br_kv_cursor_open(txn, table, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &row);
    while (rc == BR_OK && found.n < most) {
        bool over = table == BR_VERIFIER_RESULTS
                        ? row.n < TIME_BYTES || br_get_be64(row.p) <= now_s
                        : request_over(row, now_s);
        if (over && key.n == BR_VERIFIER_ID_BYTES) {
            memcpy(found.b[found.n++], key.p, key.n);
        }
        rc = br_kv_next(c, &key, &row);
    }
    br_kv_cursor_close(c);
    for (size_t i = 0; i < found.n; i++) {
        struct br_bytes id = br_bytes(found.b[i], BR_VERIFIER_ID_BYTES);
        BR_TRY(br_kv_delete(txn, table, id, reterr));
    }
    return BR_OK;
}

enum br_rc
br_verifier_purge(
    struct br_kv_txn *txn, uint64_t now_s, size_t most, struct br_err *reterr)
{
    BR_TRY(purge_table(txn, BR_VERIFIER_RESULTS, now_s, most, reterr));
    return purge_table(txn, BR_VERIFIER_REQUESTS, now_s, most, reterr);
}
