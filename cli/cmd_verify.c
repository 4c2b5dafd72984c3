/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/bundle.h"
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/trust.h"
#include "cli/verify_stamp.h"
#include "common/crypto/files.h"
#include "common/receipt/tlog_proof.h"
#include "common/receipt/verify.h"
#include "common/service/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RECEIPT_BYTES_MAX = 16 * 1024 * 1024,
    POLICY_BYTES_MAX = 64 * 1024,
    KEYS_MAX = 16
};

struct verifying {
    const struct br_args *a;
    const char *file;
    const char *receipt_path;
    struct br_buf other; /**< another checkpoint of the log, or empty */
    struct br_buf receipt;
    struct br_buf policy_text;
    struct br_policy policy;
    struct br_public_key key[KEYS_MAX];
    size_t key_count;
    struct br_verify_result result;
};

static enum br_rc
digest_file(
    void *ctx,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct verifying *v = (struct verifying *)ctx;
    uint64_t size;
    struct br_progress p;
    BR_TRY(br_file_size(v->file, &size, reterr));
    br_progress_begin(&p, "hashing", size, v->a->quiet);
    enum br_rc rc = br_file_digest(v->file, alg, &p, ret, reterr);
    br_progress_end(&p);
    return rc;
}

/** Which log the receipt says it is from. */
static enum br_rc
find_origin(struct verifying *v, struct br_buf *ret, struct br_err *reterr)
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
    struct verifying *v,
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
            v->receipt_path, inner.text);
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
find_policy(struct verifying *v, struct br_err *reterr)
{
    if (v->a->policy != NULL) {
        return br_file_read(v->a->policy, &v->policy_text, reterr);
    }
    return find_trust(v, BR_TRUST_POLICY, &v->policy_text, reterr);
}

/** Keys of COSE receipts: --keys FILE, or what is remembered. */
static enum br_rc
find_keys(struct verifying *v, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, POLICY_BYTES_MAX);
    enum br_rc rc = v->a->keys != NULL
                        ? br_file_read(v->a->keys, &b, reterr)
                        : find_trust(v, BR_TRUST_KEYS, &b, reterr);
    if (rc == BR_OK) {
        rc = br_cose_key_set_parse(
            br_buf_bytes(&b), v->key, KEYS_MAX, &v->key_count, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
verify(struct verifying *v, struct br_err *reterr)
{
    if (br_cli_is_stamp(v->receipt_path)) {
        return br_cli_verify_stamp(
            v->a, v->file, v->receipt_path, &v->result, reterr);
    }
    BR_TRY(br_file_read(v->receipt_path, &v->receipt, reterr));
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

static void
explain(const struct verifying *v)
{
    static const char *const marks[] = {"ok     ", "FAILED ", "skipped"};
    for (size_t i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        const struct br_verify_step *s = &v->result.step[i];
        if (s->text[0] == '\0') {
            continue; /* it never came to this step */
        }
        (void)printf(
            "  %s  %-10s %s\n", marks[s->outcome], br_verify_step_name(s->id),
            s->text);
    }
}

static void
print_stamp_ok(const struct verifying *v)
{
    char time[28];
    const char *inside =
        strcmp(v->file, v->receipt_path) == 0 ? "the document inside " : "";
    br_time_text(v->result.stamp.time, time);
    (void)printf(
        "%s: %sexisted no later than %s, unchanged since (time-stamp of %s)\n",
        v->file, inside, time, v->result.stamp.signer);
}

static void
print_ok(const struct verifying *v)
{
    char time[28];
    if (v->result.kind == BR_RECEIPT_DER) {
        print_stamp_ok(v);
        return;
    }
    br_time_text(v->result.leaf.time, time);
    (void)printf(
        "%s: existed no later than %s, unchanged since (entry %llu of %.*s, "
        "stamped by %.*s)\n",
        v->file, time, (unsigned long long)v->result.index,
        (int)v->result.origin.n, (const char *)v->result.origin.p,
        (int)v->result.leaf.author.n, (const char *)v->result.leaf.author.p);
}

static void
print_json(const struct verifying *v, enum br_rc rc, const struct br_err *err)
{
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    br_buf_puts(&b, "{\"file\":");
    br_json_put_text(&b, br_str(v->file));
    br_buf_printf(&b, ",\"valid\":%s", rc == BR_OK ? "true" : "false");
    if (rc == BR_OK && v->result.kind == BR_RECEIPT_DER) {
        br_buf_puts(&b, ",\"time\":");
        br_json_put_time(&b, v->result.stamp.time);
        br_buf_puts(&b, ",\"signer\":");
        br_json_put_text(&b, br_str(v->result.stamp.signer));
    } else if (rc == BR_OK) {
        br_buf_printf(
            &b,
            ",\"index\":%llu,\"time\":", (unsigned long long)v->result.index);
        br_json_put_time(&b, v->result.leaf.time);
        br_buf_puts(&b, ",\"author\":");
        br_json_put_text(&b, v->result.leaf.author);
        br_buf_puts(&b, ",\"origin\":");
        br_json_put_text(&b, v->result.origin);
    } else {
        br_buf_printf(
            &b, ",\"error\":\"%s\",\"detail\":", br_err_info(rc)->slug);
        br_json_put_text(&b, br_str(err->text));
    }
    br_buf_puts(&b, "}\n");
    (void)fwrite(b.p, 1, b.n, stdout);
    br_buf_fini(&b);
}

static int
verify_one(struct verifying *v)
{
    struct br_err err = {0};
    br_buf_init(&v->receipt, RECEIPT_BYTES_MAX);
    br_buf_init(&v->other, BR_NOTE_BYTES_MAX);
    br_buf_init(&v->policy_text, POLICY_BYTES_MAX);
    enum br_rc rc = verify(v, &err);
    if (v->a->json) {
        print_json(v, rc, &err);
    } else if (rc == BR_OK) {
        print_ok(v);
    } else {
        (void)fprintf(
            stderr, "%s: %s: %s\n%s.\n", v->file,
            rc == BR_ERR_NO_MEMORY ? "NOT VERIFIED" : "REFUSED", err.text,
            br_err_info(rc)->remedy);
    }
    if (v->a->explain && !v->a->json) {
        explain(v);
    }
    br_buf_fini(&v->receipt);
    br_buf_fini(&v->other);
    br_buf_fini(&v->policy_text);
    if (rc == BR_ERR_NO_MEMORY) {
        return BR_EXIT_MACHINE; /* it says nothing about the receipt */
    }
    return rc == BR_OK ? BR_EXIT_OK : BR_EXIT_REFUSED;
}

/** The receipt beside a file; a bundle that has none is its own. */
static void
name_receipt(const char *file, char out[PATH_MAX])
{
    size_t n = strlen(file);
    bool called_so = n > 4 && strcmp(file + n - 4, ".tsd") == 0;
    (void)snprintf(out, PATH_MAX, "%s.tlog-proof", file);
    if (access(out, F_OK) != 0 && (called_so || br_bundle_is(file))) {
        (void)snprintf(out, PATH_MAX, "%s", file);
    }
}

int
br_cmd_notary_verify(const struct br_args *a)
{
    char beside[PATH_MAX];
    int worst = BR_EXIT_OK;
    struct verifying *v = (struct verifying *)calloc(1, sizeof(*v));
    if (v == NULL) {
        struct br_err err;
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "memory for a receipt");
        return br_cli_fail(&err);
    }
    v->a = a;
    v->file = a->words[0];
    name_receipt(v->file, beside);
    int receipts = a->word_count > 1 ? a->word_count - 1 : 1;
    for (int i = 0; i < receipts; i++) {
        v->receipt_path = a->word_count > 1 ? a->words[i + 1] : beside;
        memset(&v->result, 0, sizeof(v->result));
        int code = verify_one(v);
        worst = code > worst ? code : worst;
    }
    free(v);
    return worst;
}
