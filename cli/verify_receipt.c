/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/verify_receipt.h"

#include "cli/files.h"
#include "cli/trust.h"
#include "common/crypto/files.h"
#include "common/receipt/tlog_proof.h"

enum {
    RECEIPT_BYTES_MAX = 16 * 1024 * 1024,
    POLICY_BYTES_MAX = 64 * 1024,
};

static enum br_rc
digest_file(
    void *ctx,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_cli_verifying *v = (struct br_cli_verifying *)ctx;
    uint64_t size;
    struct br_progress p;
    if (v->file == NULL) {
        return br_digest_bytes(alg, v->document, ret, reterr);
    }
    BR_TRY(br_file_size(v->file, &size, reterr));
    br_progress_begin(&p, "hashing", size, v->a->quiet);
    enum br_rc rc = br_file_digest(v->file, alg, &p, ret, reterr);
    br_progress_end(&p);
    return rc;
}

/** Which log the receipt says it is from. */
static enum br_rc
find_origin(
    struct br_cli_verifying *v, struct br_buf *ret, struct br_err *reterr)
{
    struct br_tlog_proof p;
    struct br_cose_receipt cose;
    struct br_note note;
    struct br_checkpoint c;
    struct br_buf extra;
    struct br_bytes bytes = br_buf_bytes(&v->receipt);
    if (br_receipt_kind_of(bytes) == BR_RECEIPT_COSE) {
        BR_TRY(br_cose_receipt_parse(bytes, &cose, reterr));
        br_buf_put(ret, cose.claims.issuer.p, cose.claims.issuer.n);
        return br_buf_status(ret, reterr);
    }
    br_buf_init(&extra, BR_LEAF_BYTES_MAX);
    enum br_rc rc = br_tlog_proof_parse(bytes, &extra, &p, reterr);
    if (rc == BR_OK) {
        rc = br_checkpoint_open(p.checkpoint, &note, &c, reterr);
    }
    if (rc == BR_OK) {
        br_buf_put(ret, c.origin.p, c.origin.n);
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&extra);
    return rc;
}

/** What this machine remembers of that log. */
static enum br_rc
find_trust(
    struct br_cli_verifying *v,
    enum br_trust what,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_err inner;
    struct br_buf origin;
    br_buf_init(&origin, 4096);
    enum br_rc rc = find_origin(v, &origin, &inner);
    if (rc == BR_ERR_NO_MEMORY) {
        rc = br_fail(reterr, rc, "%s", inner.text);
    } else if (rc != BR_OK) {
        rc = br_fail(
            reterr, BR_ERR_PROOF_INVALID, "%.80s is no whole receipt: %.120s",
            v->receipt_path == NULL ? "it" : v->receipt_path, inner.text);
    } else {
        rc = br_trust_find(br_buf_bytes(&origin), what, ret, reterr);
        if (rc == BR_ERR_NOT_FOUND) {
            rc = br_fail(
                reterr, BR_ERR_UNKNOWN_LOG,
                "this machine has never stamped at the log %.*s: name its "
                "policy with --policy",
                (int)(origin.n > 100 ? 100 : origin.n), (const char *)origin.p);
        }
    }
    br_buf_fini(&origin);
    return rc;
}

static enum br_rc
find_policy(struct br_cli_verifying *v, struct br_err *reterr)
{
    if (v->a->policy != NULL) {
        return br_file_read(v->a->policy, &v->policy_text, reterr);
    }
    return find_trust(v, BR_TRUST_POLICY, &v->policy_text, reterr);
}

/** Keys of COSE receipts: --keys FILE, or what is remembered. */
static enum br_rc
find_keys(struct br_cli_verifying *v, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, POLICY_BYTES_MAX);
    enum br_rc rc = v->a->keys != NULL
                        ? br_file_read(v->a->keys, &b, reterr)
                        : find_trust(v, BR_TRUST_KEYS, &b, reterr);
    if (rc == BR_OK) {
        rc = br_cose_key_set_parse(
            br_buf_bytes(&b), v->key, BR_CLI_RECEIPT_KEYS, &v->key_count,
            reterr);
    }
    br_buf_fini(&b);
    return rc;
}

void
br_cli_verifying_init(struct br_cli_verifying *v)
{
    br_buf_init(&v->receipt, RECEIPT_BYTES_MAX);
    br_buf_init(&v->other, BR_NOTE_BYTES_MAX);
    br_buf_init(&v->policy_text, POLICY_BYTES_MAX);
}

void
br_cli_verifying_fini(struct br_cli_verifying *v)
{
    br_buf_fini(&v->receipt);
    br_buf_fini(&v->other);
    br_buf_fini(&v->policy_text);
}

enum br_rc
br_cli_verify_receipt(struct br_cli_verifying *v, struct br_err *reterr)
{
    if (v->receipt_path != NULL) {
        BR_TRY(br_file_read(v->receipt_path, &v->receipt, reterr));
    }
    BR_TRY(find_policy(v, reterr));
    BR_TRY(br_policy_parse(br_buf_bytes(&v->policy_text), &v->policy, reterr));
    if (br_receipt_kind_of(br_buf_bytes(&v->receipt)) == BR_RECEIPT_COSE) {
        BR_TRY(find_keys(v, reterr));
    }
    if (v->a->checkpoint != NULL) {
        BR_TRY(br_file_read(v->a->checkpoint, &v->other, reterr));
    }
    struct br_verify_input in = {
        .receipt = br_buf_bytes(&v->receipt),
        .policy = &v->policy,
        .receipt_keys = v->key,
        .receipt_key_count = v->key_count,
        .now = br_cli_now(),
        .digest = digest_file,
        .digest_ctx = v,
        .other_note = br_buf_bytes(&v->other),
    };
    return br_receipt_verify(&in, &v->result, reterr);
}
