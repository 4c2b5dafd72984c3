/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/cose_receipt.h"
#include "common/receipt/tlog_proof.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/report.h"
#include "node/api/tsa.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PROOF_BYTES_MAX = 512 * 1024,
    PROOFS_MAX = 65536,
    PIECE_BYTES = 64 * 1024,
};

enum br_rc
br_api_put_proof(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct br_api_checkpoint *checkpoint,
    uint64_t index,
    struct br_err *reterr)
{
    struct br_tlog_proof p = {.index = index, .checkpoint = checkpoint->note};
    struct br_merkle_source src = br_snapshot_source(s);
    if (index >= checkpoint->size) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "the published checkpoint covers %llu entries",
            (unsigned long long)checkpoint->size);
    }
    BR_TRY(br_snapshot_leaf(s, index, &p.extra, reterr));
    BR_TRY(
        br_merkle_inclusion(&src, index, checkpoint->size, &p.proof, reterr));
    br_tlog_proof_put(b, &p);
    return br_buf_status(b, reterr);
}

/** A receipt is made from a leaf, the published checkpoint and a snapshot. */
struct making {
    struct br_api *api;
    struct br_snapshot s;
    struct br_publication published;
    uint64_t index;
    const char *language;
};

static enum br_rc
put_tlog_proof(struct making *m, struct br_buf *b, struct br_err *reterr)
{
    struct br_api_checkpoint c = {
        m->published.size, br_buf_bytes(&m->published.note)};
    return br_api_put_proof(b, &m->s, &c, m->index, reterr);
}

enum br_rc
br_api_put_cose(
    struct br_buf *b,
    struct br_api *api,
    struct br_snapshot *s,
    const struct br_api_cose *what,
    struct br_err *reterr)
{
    struct br_cose_receipt r = {
        .claims = {br_str(api->origin), what->subject},
        .tree_size = what->size,
        .index = what->index,
    };
    struct br_hash root;
    struct br_merkle_source src = br_snapshot_source(s);
    if (what->index >= what->size) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "the published checkpoint covers %llu entries",
            (unsigned long long)what->size);
    }
    BR_TRY(br_snapshot_leaf(s, what->index, &r.leaf, reterr));
    BR_TRY(
        br_merkle_inclusion(&src, what->index, what->size, &r.proof, reterr));
    BR_TRY(br_merkle_root_at(&src, what->size, &root, reterr));
    return br_cose_receipt_put(b, &r, &root, api->receipt_signer, reterr);
}

static enum br_rc
put_cose(struct making *m, struct br_buf *b, struct br_err *reterr)
{
    char subject[64];
    (void)snprintf(
        subject, sizeof(subject), "/v1/log/entries/%llu",
        (unsigned long long)m->index);
    struct br_api_cose what = {m->index, m->published.size, br_str(subject)};
    return br_api_put_cose(b, m->api, &m->s, &what, reterr);
}

/** The leaf, with the block's word for a raw one. */
static enum br_rc
read_leaf(struct making *m, struct br_leaf *ret, struct br_err *reterr)
{
    struct br_bytes entry;
    struct br_block block;
    BR_TRY(br_snapshot_leaf(&m->s, m->index, &entry, reterr));
    BR_TRY(br_leaf_parse(entry, ret, reterr));
    if (ret->kind == BR_LEAF_RAW) {
        BR_TRY(br_snapshot_block_of(&m->s, m->index, &block, reterr));
        ret->time = block.time;
        BR_TRY(br_snapshot_author_of(&m->s, m->index, &ret->author, reterr));
    }
    return BR_OK;
}

static enum br_rc
put_tsr(struct making *m, struct br_buf *b, struct br_err *reterr)
{
    struct br_leaf leaf;
    BR_TRY(read_leaf(m, &leaf, reterr));
    return br_api_put_tsr(b, m->api, &leaf, m->index, reterr);
}

static enum br_rc
put_report(struct making *m, struct br_buf *b, struct br_err *reterr)
{
    char path[96];
    struct br_buf proof;
    struct br_report r = {
        .language = m->language,
        .origin = m->api->origin,
        .index = m->index,
        .tree_size = m->published.size,
        .proof_path = path,
        .public_url = m->api->public_url,
    };
    (void)snprintf(
        path, sizeof(path), "/v1/log/entries/%llu/receipt.tlog-proof",
        (unsigned long long)m->index);
    br_buf_init(&proof, PROOF_BYTES_MAX);
    enum br_rc rc = put_tlog_proof(m, &proof, reterr);
    r.proof = br_buf_bytes(&proof);
    if (rc == BR_OK) {
        rc = read_leaf(m, &r.leaf, reterr);
    }
    if (rc == BR_OK) {
        rc = br_report_put(b, &r, reterr);
    }
    br_buf_fini(&proof);
    return rc;
}

static const struct form {
    const char *name;
    const char *content_type;
    enum br_rc (*put)(
        struct making *m, struct br_buf *b, struct br_err *reterr);
} forms[] = {
    {"receipt.tlog-proof", "text/plain; charset=utf-8", put_tlog_proof},
    {"receipt.cose", "application/cose", put_cose},
    {"receipt.tsr", "application/timestamp-reply", put_tsr},
    {"report", "text/html; charset=utf-8", put_report},
};

/** A page that a browser shows: it may do nothing. */
static void
reply_report(
    struct br_http_request *req, const char *content_type, struct br_buf *b)
{
    char policy[BR_REPORT_POLICY_SIZE];
    br_report_policy(policy);
    const struct br_http_header_pair headers[] = {
        {"Content-Security-Policy", policy},
    };
    struct br_http_answer a = {
        .status = 200,
        .content_type = content_type,
        .take = b,
        .headers = headers,
        .header_count = 1,
    };
    br_http_reply(req, &a);
}

static void
make(struct making *m, const struct form *f, struct br_http_request *req)
{
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, PROOF_BYTES_MAX);
    enum br_rc rc = f->put(m, &b, &err);
    if (rc != BR_OK) {
        br_http_reply_problem(req, &err);
    } else if (f->put == put_report) {
        reply_report(req, f->content_type, &b);
    } else {
        br_api_reply_text(req, f->content_type, &b);
    }
    br_buf_fini(&b);
}

void
br_api_get_receipt(struct br_http_request *req, void *ctx)
{
    struct making m = {
        .api = (struct br_api *)ctx, .language = br_http_language(req)};
    const struct form *f = NULL;
    struct br_err err;
    if (!br_api_may_read(m.api, req) ||
        !br_api_number(req, br_http_param(req, 0), &m.index)) {
        return;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(br_http_param(req, 1), forms[i].name) == 0) {
            f = &forms[i];
        }
    }
    if (f == NULL) {
        (void)br_fail(
            &err, BR_ERR_NOT_FOUND,
            "receipts: receipt.tlog-proof, receipt.cose, receipt.tsr, report");
        br_http_reply_problem(req, &err);
        return;
    }
    if (br_api_current(m.api, &m.s, &m.published, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    make(&m, f, req);
    br_snapshot_close(&m.s);
    br_buf_fini(&m.published.note);
}

/* ---- many proofs -------------------------------------------------------- */

/** Proofs under one checkpoint, made as they are sent. Each piece opens a
 *  snapshot of its own: none is kept while a peer is slow. */
struct many {
    struct br_api *api;
    struct br_publication published;
    size_t count;
    size_t next;
    uint64_t index[];
};

static enum br_rc
put_line(
    struct many *m,
    struct br_snapshot *s,
    struct br_buf *text,
    struct br_buf *b)
{
    struct br_api_checkpoint c = {
        m->published.size, br_buf_bytes(&m->published.note)};
    uint64_t index = m->index[m->next++];
    struct br_err err;
    br_buf_clear(text);
    enum br_rc rc = br_api_put_proof(text, s, &c, index, &err);
    br_buf_printf(b, "{\"index\":%llu,", (unsigned long long)index);
    if (rc == BR_OK) {
        br_buf_puts(b, "\"tlog_proof\":");
        br_json_put_text(b, br_buf_bytes(text));
    } else {
        br_buf_puts(b, "\"error\":");
        br_json_put_text(b, br_str(err.text));
    }
    br_buf_puts(b, "}\n");
    return br_buf_status(b, NULL);
}

static enum br_rc
next_piece(void *ctx, struct br_buf *b)
{
    struct many *m = (struct many *)ctx;
    struct br_snapshot s;
    struct br_buf text;
    if (m->next == m->count) {
        return BR_OK;
    }
    BR_TRY(br_snapshot_open(m->api->chain, &s, NULL));
    br_buf_init(&text, PROOF_BYTES_MAX);
    enum br_rc rc = BR_OK;
    while (rc == BR_OK && m->next < m->count && b->n < PIECE_BYTES) {
        rc = put_line(m, &s, &text, b);
    }
    br_buf_fini(&text);
    br_snapshot_close(&s);
    return rc;
}

static void
many_done(void *ctx)
{
    struct many *m = (struct many *)ctx;
    br_buf_fini(&m->published.note);
    free(m);
}

static uint64_t
be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static enum br_rc
many_new(
    struct br_api *api,
    struct br_bytes body,
    struct many **ret,
    struct br_err *reterr)
{
    size_t count = body.n / 8;
    if (count == 0 || body.n % 8 != 0 || count > PROOFS_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "1 to %d indexes of 8 bytes each",
            PROOFS_MAX);
    }
    struct many *m =
        (struct many *)calloc(1, sizeof(*m) + count * sizeof(m->index[0]));
    if (m == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the indexes");
    }
    m->api = api;
    m->count = count;
    for (size_t i = 0; i < count; i++) {
        m->index[i] = be64(body.p + 8 * i);
    }
    enum br_rc rc =
        br_publisher_published(api->publisher, &m->published, reterr);
    if (rc != BR_OK) {
        free(m);
        return rc;
    }
    *ret = m;
    return BR_OK;
}

void
br_api_post_proofs(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct many *m = NULL;
    struct br_err err;
    if (!br_api_may_read(api, req)) {
        return;
    }
    if (many_new(api, br_http_body(req), &m, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    struct br_http_body_source source = {next_piece, many_done, m};
    br_http_reply_stream(req, 200, "application/x-ndjson", &source);
}
