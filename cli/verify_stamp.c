/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/verify_stamp.h"

#include "cli/bundle.h"
#include "cli/trust.h"
#include "common/receipt/rfc3161.h"

#include <stdio.h>
#include <string.h>

struct stamped {
    const struct br_args *a;
    const char *file;         /**< NULL: what is inside the bundle, alone */
    struct br_bundle *bundle; /**< NULL: a token */
};

bool
br_cli_is_stamp(const char *receipt)
{
    uint8_t start[16];
    FILE *f = fopen(receipt, "rbe");
    size_t n = f == NULL ? 0 : fread(start, 1, sizeof(start), f);
    if (f != NULL) {
        (void)fclose(f);
    }
    return br_receipt_kind_of(br_bytes(start, n)) == BR_RECEIPT_DER;
}

/* ---- digests ------------------------------------------------------------ */

static enum br_rc
digest_inside(
    const struct stamped *s,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_progress p;
    br_progress_begin(&p, "hashing", s->bundle->tsd.content_bytes, s->a->quiet);
    enum br_rc rc = br_bundle_digest(s->bundle, before, alg, &p, ret, reterr);
    br_progress_end(&p);
    return rc;
}

static enum br_rc
digest_file(
    const struct stamped *s,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_progress p;
    uint64_t size;
    BR_TRY(br_file_size(s->file, &size, reterr));
    FILE *f = fopen(s->file, "rbe");
    if (f == NULL) {
        return br_fail(reterr, BR_ERR_IO, "%s cannot be opened", s->file);
    }
    br_progress_begin(&p, "hashing", size, s->a->quiet);
    const struct br_stream stream = {f, s->file, UINT64_MAX, &p, NULL};
    enum br_rc rc = br_stream_digest(&stream, before, alg, ret, reterr);
    br_progress_end(&p);
    (void)fclose(f);
    return rc;
}

/** Where there are two documents, the file and that inside the bundle, both
 *  must be the one that was stamped. */
static enum br_rc
digest_document(
    void *ctx,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    const struct stamped *s = (const struct stamped *)ctx;
    struct br_digest inside = {0};
    bool has_inside =
        s->bundle != NULL && (s->bundle->tsd.has_content || s->file == NULL);
    if (has_inside) {
        BR_TRY(digest_inside(s, before, alg, &inside, reterr));
    }
    if (s->file == NULL) {
        *ret = inside;
        return BR_OK;
    }
    BR_TRY(digest_file(s, before, alg, ret, reterr));
    size_t n = br_hash_info(alg)->digest_bytes;
    if (has_inside && memcmp(ret->b, inside.b, n) != 0) {
        return br_fail(
            reterr, BR_ERR_DIGEST_MISMATCH,
            "the document inside %.80s is not %.80s", s->bundle->path, s->file);
    }
    return BR_OK;
}

/* ---- whom to trust ------------------------------------------------------ */

static enum br_rc
find_certificates(
    const struct br_args *a, struct br_buf *ret, struct br_err *reterr)
{
    if (a->ca != NULL) {
        return br_file_read(a->ca, ret, reterr);
    }
    enum br_rc rc = br_trust_find_certificates(ret, reterr);
    return rc == BR_ERR_NOT_FOUND
               ? br_fail(
                     reterr, BR_ERR_CERTIFICATE_INVALID,
                     "this machine trusts no time-stamping authority yet")
               : rc;
}

/* ---- the verdict -------------------------------------------------------- */

static enum br_rc
check(
    struct br_stamp_input *in,
    const struct br_args *a,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    struct br_buf ca;
    br_buf_init(&ca, BR_TS_PEM_BYTES_MAX);
    enum br_rc rc = find_certificates(a, &ca, reterr);
    if (rc == BR_OK) {
        in->ca_pem = br_buf_bytes(&ca);
        in->now = br_cli_now();
        in->digest = digest_document;
        rc = br_stamp_verify(in, ret, reterr);
    }
    br_buf_fini(&ca);
    return rc;
}

static enum br_rc
check_token(
    const struct br_args *a,
    const char *file,
    const char *receipt,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_err inner;
    struct stamped s = {a, file, NULL};
    struct br_stamp_input in = {.digest_ctx = &s};
    br_buf_init(&b, BR_TS_TOKEN_BYTES_MAX);
    enum br_rc rc = br_file_read(receipt, &b, reterr);
    if (rc == BR_OK) {
        rc = br_tsr_token(br_buf_bytes(&b), &in.token, &inner);
        rc = rc == BR_OK ? check(&in, a, ret, reterr)
                         : br_fail(
                               reterr, BR_ERR_PROOF_INVALID,
                               "%.100s is no whole time-stamp: %.110s", receipt,
                               inner.text);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
check_bundle(
    const struct br_args *a,
    const char *file,
    const char *receipt,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    struct br_bundle bundle;
    bool alone = strcmp(file, receipt) == 0;
    struct stamped s = {a, alone ? NULL : file, &bundle};
    struct br_stamp_input in = {.bundle = &bundle.tsd, .digest_ctx = &s};
    BR_TRY(br_bundle_open(receipt, &bundle, reterr));
    enum br_rc rc = check(&in, a, ret, reterr);
    br_bundle_close(&bundle);
    return rc;
}

enum br_rc
br_cli_verify_stamp(
    const struct br_args *a,
    const char *file,
    const char *receipt,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    return br_bundle_is(receipt) ? check_bundle(a, file, receipt, ret, reterr)
                                 : check_token(a, file, receipt, ret, reterr);
}
