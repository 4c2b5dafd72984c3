/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/publish/witness.h"

#include "common/codec/cbor.h"
#include "common/crypto/hash.h"
#include "common/receipt/witness.h"
#include "common/store/kv.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct br_witness {
    struct br_witness_options o;
    struct br_buf policy_text;
    struct br_policy policy;
    struct br_kv *kv;
    pthread_mutex_t lock; /**< one write transaction at a time */
};

static const char plain[] = "text/plain; charset=utf-8";

enum br_rc
br_witness_new(
    const struct br_witness_options *options,
    struct br_witness **ret,
    struct br_err *reterr)
{
    static const char *const tables[] = {"origins"};
    char path[4096];
    struct br_witness *w = (struct br_witness *)calloc(1, sizeof(*w));
    if (w == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "witness");
    }
    w->o = *options;
    (void)pthread_mutex_init(&w->lock, NULL);
    br_buf_init(&w->policy_text, BR_POLICY_BYTES_MAX);
    br_buf_put(&w->policy_text, options->policy.p, options->policy.n);
    (void)snprintf(path, sizeof(path), "%s/witness", options->data_dir);
    struct br_kv_options kv = {
        .path = path,
        .tables = tables,
        .table_count = 1,
        .map_bytes = 1u << 28,
    };
    enum br_rc rc = br_buf_status(&w->policy_text, reterr);
    if (rc == BR_OK) {
        rc = br_policy_parse(br_buf_bytes(&w->policy_text), &w->policy, reterr);
    }
    if (rc == BR_OK) {
        rc = br_kv_open(&kv, &w->kv, reterr);
    }
    if (rc != BR_OK) {
        br_witness_free(w);
        return rc;
    }
    *ret = w;
    return BR_OK;
}

void
br_witness_free(struct br_witness *w)
{
    if (w != NULL) {
        br_kv_close(w->kv);
        br_buf_fini(&w->policy_text);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
    }
}

/* ---- a row: CBOR [size, root, cosigned note] ----------------------------- */

static enum br_rc
read_row(
    struct br_kv_txn *txn,
    const struct br_hash *origin,
    struct br_witness_state *state,
    struct br_bytes *note,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct br_cbor r;
    *state = (struct br_witness_state){0};
    BR_TRY(br_kv_get(txn, 0, br_hash_bytes(origin), &value, reterr));
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 3);
    state->size = br_cbor_uint(&r);
    br_cbor_bytes_exact(&r, state->root.b, BR_HASH_BYTES);
    *note = br_cbor_bytes(&r);
    return br_cbor_done(&r, reterr);
}

static enum br_rc
write_row(
    struct br_kv_txn *txn,
    const struct br_hash *origin,
    const struct br_witness_state *state,
    struct br_bytes note,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 2 * BR_NOTE_BYTES_MAX);
    br_cbor_put_array(&b, 3);
    br_cbor_put_uint(&b, state->size);
    br_cbor_put_bytes(&b, br_hash_bytes(&state->root));
    br_cbor_put_bytes(&b, note);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(txn, 0, br_hash_bytes(origin), br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- cosigning ---------------------------------------------------------- */

/** The note as we publish it: what was submitted, then our line. */
static enum br_rc
store(
    struct br_witness *w,
    struct br_kv_txn *txn,
    const struct br_witness_submission *s,
    const struct br_witness_verdict *v,
    struct br_bytes line,
    struct br_err *reterr)
{
    struct br_hash origin;
    struct br_buf note;
    (void)w;
    br_sha256(s->checkpoint.origin, &origin);
    br_buf_init(&note, 2 * BR_NOTE_BYTES_MAX);
    br_buf_put(&note, s->request.checkpoint.p, s->request.checkpoint.n);
    br_buf_put(&note, line.p, line.n);
    enum br_rc rc = br_buf_status(&note, reterr);
    if (rc == BR_OK) {
        rc = write_row(txn, &origin, &v->next, br_buf_bytes(&note), reterr);
    }
    br_buf_fini(&note);
    return rc;
}

/** Decide, store, cosign, in one write transaction. */
static enum br_rc
decide(
    struct br_witness *w,
    const struct br_witness_submission *s,
    uint64_t now_s,
    struct br_witness_verdict *v,
    struct br_buf *line,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_witness_state known;
    struct br_bytes note;
    struct br_hash origin;
    const struct br_cosigner who = {br_str(w->o.name), w->o.signer, now_s};
    br_sha256(s->checkpoint.origin, &origin);
    BR_TRY(br_kv_begin_write(w->kv, &txn, reterr));
    enum br_rc rc = read_row(txn, &origin, &known, &note, reterr);
    if (rc == BR_OK || rc == BR_ERR_NOT_FOUND) {
        br_witness_decide(s, &w->policy, &known, v);
        rc = BR_OK;
    }
    if (rc != BR_OK || v->http_status != 200) {
        br_kv_end(txn);
        return rc;
    }
    rc = br_witness_answer_put(line, s, &who, reterr);
    if (rc == BR_OK) {
        rc = store(w, txn, s, v, br_buf_bytes(line), reterr);
    }
    if (rc != BR_OK) {
        br_kv_end(txn);
        return rc;
    }
    return br_kv_commit(txn, reterr);
}

int
br_witness_add_checkpoint(
    struct br_witness *w,
    struct br_bytes body,
    uint64_t now_s,
    struct br_buf *ret,
    const char **ret_content_type)
{
    struct br_err err = {0};
    struct br_witness_verdict v = {0};
    *ret_content_type = plain;
    struct br_witness_submission *s =
        (struct br_witness_submission *)malloc(sizeof(*s));
    enum br_rc rc = s == NULL
                        ? br_fail(&err, BR_ERR_NO_MEMORY, "the submission")
                        : br_witness_submission_parse(body, s, &err);
    int status = s == NULL ? 503 : 400;
    if (rc == BR_OK) {
        (void)pthread_mutex_lock(&w->lock);
        rc = decide(w, s, now_s, &v, ret, &err);
        (void)pthread_mutex_unlock(&w->lock);
        status = rc == BR_OK ? v.http_status : br_err_info(rc)->http_status;
    }
    free(s);
    if (status == 200) {
        return 200;
    }
    br_buf_clear(ret);
    if (status == 409) {
        br_witness_size_put(ret, v.known_size);
        *ret_content_type = BR_WITNESS_SIZE_MEDIA_TYPE;
    } else {
        br_buf_printf(ret, "%s\n", rc == BR_OK ? v.err.text : err.text);
    }
    return status;
}

enum br_rc
br_witness_checkpoint(
    struct br_witness *w,
    const struct br_hash *origin,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_witness_state state;
    struct br_bytes note;
    BR_TRY(br_kv_begin_read(w->kv, &txn, reterr));
    enum br_rc rc = read_row(txn, origin, &state, &note, reterr);
    if (rc == BR_OK) {
        br_buf_put(ret, note.p, note.n);
    } else if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(reterr, rc, "never cosigned");
    }
    br_kv_end(txn);
    return rc;
}
