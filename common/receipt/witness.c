/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/witness.h"

#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/receipt/lines.h"
#include "common/receipt/tlog_proof.h"

/* ---- the log's side ----------------------------------------------------- */

void
br_witness_request_put(struct br_buf *b, const struct br_witness_request *r)
{
    br_buf_puts(b, "old ");
    br_line_put_u64(b, r->old_size);
    br_buf_puts(b, "\n");
    br_proof_lines_put(b, &r->proof);
    br_buf_put(b, r->checkpoint.p, r->checkpoint.n);
}

void
br_witness_size_put(struct br_buf *b, uint64_t size)
{
    br_line_put_u64(b, size);
    br_buf_puts(b, "\n");
}

enum br_rc
br_witness_size_parse(
    struct br_bytes body, uint64_t *ret, struct br_err *reterr)
{
    struct br_bytes line;
    if (!br_line_next(&body, &line) || body.n > 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "witness: its size is not one line");
    }
    return br_decimal_parse(line, ret, reterr);
}

static bool
is_by(const struct br_note_signature *s, const struct br_note_key *k)
{
    return s->key_id == k->id && br_bytes_eq(s->name, k->name);
}

/** "the client MAY concatenate it to the checkpoint, and use a note
 *  verification function" */
static enum br_rc
open_answer(
    struct br_bytes note,
    struct br_bytes answer,
    struct br_buf *whole,
    struct br_note *ret,
    struct br_err *reterr)
{
    struct br_note own;
    BR_TRY(br_note_parse(note, &own, reterr));
    br_note_put_text(whole, own.text);
    br_buf_put(whole, answer.p, answer.n);
    BR_TRY(br_buf_status(whole, reterr));
    BR_TRY(br_note_parse(br_buf_bytes(whole), ret, reterr));
    if (!br_bytes_eq(ret->text, own.text)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "witness: its answer has empty lines");
    }
    return BR_OK;
}

enum br_rc
br_witness_take(
    struct br_buf *b,
    struct br_bytes answer,
    const struct br_note_key *witness,
    struct br_err *reterr)
{
    struct br_buf whole;
    struct br_note note;
    br_buf_init(&whole, BR_NOTE_BYTES_MAX);
    enum br_rc rc = open_answer(br_buf_bytes(b), answer, &whole, &note, reterr);
    if (rc == BR_OK) {
        rc = br_note_verify(&note, witness, NULL, reterr);
    }
    for (size_t i = 0; rc == BR_OK && i < note.count; i++) {
        if (is_by(&note.signature[i], witness)) {
            struct br_bytes line = note.signature[i].line;
            br_buf_put(b, line.p, line.n);
            rc = br_buf_status(b, reterr);
        }
    }
    br_buf_fini(&whole);
    return rc;
}

/* ---- the witness's side ------------------------------------------------- */

enum br_rc
br_witness_submission_parse(
    struct br_bytes body,
    struct br_witness_submission *ret,
    struct br_err *reterr)
{
    struct br_bytes line;
    struct br_bytes number;
    struct br_witness_request *r = &ret->request;
    if (body.n > BR_WITNESS_REQUEST_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "witness: request of %zu bytes", body.n);
    }
    if (!br_line_next(&body, &line) || !br_line_after(line, "old ", &number) ||
        br_decimal_parse(number, &r->old_size, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "witness: the first line is not \"old <size>\"");
    }
    BR_TRY(br_proof_lines_parse(&body, &r->proof, reterr));
    r->checkpoint = body;
    return br_checkpoint_open(body, &ret->note, &ret->checkpoint, reterr);
}

static void
refuse(
    struct br_witness_verdict *v,
    int http_status,
    enum br_rc rc,
    const char *reason)
{
    v->http_status = http_status;
    v->rc = br_fail(&v->err, rc, "%s", reason);
}

/** "If the checkpoint origin is unknown ... 404"; "403 ... if either no
 *  signature from a trusted key for the origin is present, or a signature
 *  line's key name and ID match a trusted key but the signature itself fails
 *  to verify". */
static bool
is_trusted(
    const struct br_witness_submission *s,
    const struct br_policy *logs,
    struct br_witness_verdict *v)
{
    struct br_err e;
    enum br_rc rc =
        br_policy_check_log(logs, &s->note, s->checkpoint.origin, NULL, &e);
    if (rc != BR_OK) {
        refuse(v, rc == BR_ERR_UNKNOWN_LOG ? 404 : 403, rc, e.text);
    }
    return rc == BR_OK;
}

/** Old size against the checkpoint's and against what we know. */
static bool
is_next(
    const struct br_witness_submission *s,
    const struct br_witness_state *known,
    struct br_witness_verdict *v)
{
    if (s->request.old_size > s->checkpoint.size) {
        refuse(
            v, 400, BR_ERR_OUT_OF_RANGE,
            "the old size is larger than the checkpoint's");
        return false;
    }
    if (s->request.old_size != known->size) {
        refuse(
            v, 409, BR_ERR_CONFLICT,
            "the old size is not that of the latest checkpoint cosigned");
        v->known_size = known->size;
        return false;
    }
    return true;
}

/** "A checkpoint of size zero MUST have the root hash of the empty tree". */
static bool
is_empty_tree_ok(const struct br_checkpoint *c)
{
    struct br_hash empty;
    br_sha256(br_bytes(NULL, 0), &empty);
    return c->size > 0 || br_hash_eq(&c->root, &empty);
}

static bool
is_consistent(
    const struct br_witness_submission *s,
    const struct br_witness_state *known,
    struct br_witness_verdict *v)
{
    const struct br_checkpoint *c = &s->checkpoint;
    const struct br_proof *proof = &s->request.proof;
    struct br_err e = {.text = ""};
    enum br_rc rc = BR_OK;
    if (!is_empty_tree_ok(c)) {
        rc = br_fail(
            &e, BR_ERR_INCONSISTENT, "size 0 with the root of no empty tree");
    } else if (known->size == 0) {
        rc = proof->count == 0
                 ? BR_OK
                 : br_fail(
                       &e, BR_ERR_PROOF_INVALID, "a proof from an empty tree");
    } else if (known->size == c->size) {
        rc = br_hash_eq(&known->root, &c->root) && proof->count == 0
                 ? BR_OK
                 : br_fail(
                       &e, BR_ERR_INCONSISTENT,
                       "the same size with another root, or with a proof");
    } else {
        rc = br_merkle_check_consistency(
            known->size, c->size, &known->root, &c->root, proof, &e);
    }
    if (rc != BR_OK) {
        refuse(v, 422, rc, e.text);
    }
    return rc == BR_OK;
}

void
br_witness_decide(
    const struct br_witness_submission *s,
    const struct br_policy *logs,
    const struct br_witness_state *known,
    struct br_witness_verdict *ret)
{
    *ret = (struct br_witness_verdict){.rc = BR_OK};
    if (is_trusted(s, logs, ret) && is_next(s, known, ret) &&
        is_consistent(s, known, ret)) {
        ret->http_status = 200;
        ret->next.size = s->checkpoint.size;
        ret->next.root = s->checkpoint.root;
    }
}

enum br_rc
br_witness_answer_put(
    struct br_buf *b,
    const struct br_witness_submission *s,
    const struct br_cosigner *who,
    struct br_err *reterr)
{
    return br_note_put_cosignature(b, s->note.text, who, reterr);
}
