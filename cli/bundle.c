/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/bundle.h"

#include "common/codec/text.h"
#include "common/crypto/ts_verify.h"

#include <errno.h>
#include <string.h>

static enum br_rc
fail(const char *path, struct br_err *reterr)
{
    enum br_rc rc = errno == ENOENT ? BR_ERR_NOT_FOUND : BR_ERR_IO;
    return br_fail(reterr, rc, "%s: %s", path, strerror(errno));
}

bool
br_bundle_is(const char *path)
{
    uint8_t start[64];
    FILE *f = fopen(path, "rbe");
    size_t n = f == NULL ? 0 : fread(start, 1, sizeof(start), f);
    if (f != NULL) {
        (void)fclose(f);
    }
    return br_tsd_is(br_bytes(start, n));
}

/* ---- reading ------------------------------------------------------------ */

/** The next n bytes of the file. */
static enum br_rc
read_part(
    struct br_bundle *b, struct br_buf *to, size_t n, struct br_err *reterr)
{
    uint8_t *p = br_buf_extend(to, n);
    if (p == NULL) {
        return br_buf_status(to, reterr);
    }
    if (fread(p, 1, n, b->f) != n) {
        return ferror(b->f) != 0
                   ? fail(b->path, reterr)
                   : br_fail(
                         reterr, BR_ERR_IO, "%s: shorter than it was", b->path);
    }
    return BR_OK;
}

static enum br_rc
read_frame(struct br_bundle *b, uint64_t size, struct br_err *reterr)
{
    uint64_t head =
        size < BR_TSD_HEAD_BYTES_MAX ? size : (uint64_t)BR_TSD_HEAD_BYTES_MAX;
    BR_TRY(read_part(b, &b->head, (size_t)head, reterr));
    BR_TRY(br_tsd_parse_head(br_buf_bytes(&b->head), size, &b->tsd, reterr));
    uint64_t end = b->tsd.content_at + b->tsd.content_bytes;
    if (size - end > BR_TSD_TAIL_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %u bytes of time-stamps",
            BR_TSD_TAIL_BYTES_MAX);
    }
    if (fseeko(b->f, (off_t)end, SEEK_SET) != 0) {
        return fail(b->path, reterr);
    }
    BR_TRY(read_part(b, &b->tail, (size_t)(size - end), reterr));
    return br_tsd_parse_tail(br_buf_bytes(&b->tail), &b->tsd, reterr);
}

enum br_rc
br_bundle_open(const char *path, struct br_bundle *ret, struct br_err *reterr)
{
    uint64_t size;
    struct br_err inner;
    BR_TRY(br_file_size(path, &size, reterr));
    *ret = (struct br_bundle){.path = path, .f = fopen(path, "rbe")};
    if (ret->f == NULL) {
        return fail(path, reterr);
    }
    br_buf_init(&ret->head, BR_TSD_HEAD_BYTES_MAX);
    br_buf_init(&ret->tail, BR_TSD_TAIL_BYTES_MAX);
    enum br_rc rc = read_frame(ret, size, &inner);
    if (rc != BR_OK) {
        rc = rc < BR_ERR_UNAUTHENTICATED && rc != BR_ERR_UNSUPPORTED
                 ? BR_ERR_PROOF_INVALID
                 : rc;
        (void)br_fail(reterr, rc, "%.100s: %.130s", path, inner.text);
        br_bundle_close(ret);
    }
    return rc;
}

void
br_bundle_close(struct br_bundle *b)
{
    if (b->f != NULL) {
        (void)fclose(b->f);
        b->f = NULL;
    }
    br_buf_fini(&b->head);
    br_buf_fini(&b->tail);
}

/** Read the document from its beginning, to its end. */
static enum br_rc
walk_document(
    struct br_bundle *b,
    const struct br_stream *s,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    if (!b->tsd.has_content) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "%.200s has the document's address, not the document", b->path);
    }
    if (fseeko(b->f, (off_t)b->tsd.content_at, SEEK_SET) != 0) {
        return fail(b->path, reterr);
    }
    return br_stream_digest(s, before, alg, ret, reterr);
}

enum br_rc
br_bundle_digest(
    struct br_bundle *b,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_progress *p,
    struct br_digest *ret,
    struct br_err *reterr)
{
    const struct br_stream s = {b->f, b->path, b->tsd.content_bytes, p, NULL};
    return walk_document(b, &s, before, alg, ret, reterr);
}

enum br_rc
br_bundle_extract(
    struct br_bundle *b,
    const char *out,
    struct br_progress *p,
    struct br_err *reterr)
{
    struct br_file_writer w;
    struct br_digest unused;
    const struct br_stream s = {b->f, b->path, b->tsd.content_bytes, p, &w};
    BR_TRY(br_file_begin(&w, out, reterr));
    enum br_rc rc = walk_document(
        b, &s, br_bytes(NULL, 0), BR_HASH_SHA256, &unused, reterr);
    if (rc != BR_OK) {
        br_file_abandon(&w);
        return rc;
    }
    return br_file_finish(&w, 0644, false, reterr);
}

/* ---- writing ------------------------------------------------------------ */

/** The last part of a path, where that is text. */
static struct br_bytes
name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct br_bytes name = br_str(slash == NULL ? path : slash + 1);
    return br_utf8_check(name) == name.n ? name : br_bytes(NULL, 0);
}

static enum br_rc
append_document(
    struct br_file_writer *w,
    FILE *f,
    const char *document,
    const struct br_ts_info *info,
    struct br_progress *p,
    struct br_err *reterr)
{
    struct br_digest have;
    const struct br_stream s = {f, document, p->total, p, w};
    BR_TRY(br_stream_digest(
        &s, br_bytes(NULL, 0), info->imprint.alg, &have, reterr));
    size_t n = br_hash_info(info->imprint.alg)->digest_bytes;
    if (memcmp(have.b, info->imprint.b, n) != 0 || getc(f) != EOF) {
        return br_fail(
            reterr, BR_ERR_DIGEST_MISMATCH,
            "%s is not what the receipt beside it stamps", document);
    }
    return BR_OK;
}

static enum br_rc
append_all(
    struct br_file_writer *w,
    const char *document,
    struct br_bytes token,
    struct br_progress *p,
    struct br_err *reterr)
{
    struct br_ts_info info;
    struct br_buf head;
    struct br_buf tail;
    FILE *f = fopen(document, "rbe");
    if (f == NULL) {
        return fail(document, reterr);
    }
    br_buf_init(&head, BR_TSD_HEAD_BYTES_MAX);
    br_buf_init(&tail, BR_TSD_TAIL_BYTES_MAX);
    enum br_rc rc = br_ts_read(token, &info, reterr);
    if (rc == BR_OK) {
        rc = br_tsd_put(
            p->total, name_of(document), token, &head, &tail, reterr);
    }
    if (rc == BR_OK) {
        rc = br_file_append(w, br_buf_bytes(&head), reterr);
    }
    if (rc == BR_OK) {
        rc = append_document(w, f, document, &info, p, reterr);
    }
    if (rc == BR_OK) {
        rc = br_file_append(w, br_buf_bytes(&tail), reterr);
    }
    br_buf_fini(&head);
    br_buf_fini(&tail);
    (void)fclose(f);
    return rc;
}

enum br_rc
br_bundle_write(
    const char *out,
    const char *document,
    struct br_bytes token,
    struct br_progress *p,
    struct br_err *reterr)
{
    struct br_file_writer w;
    BR_TRY(br_file_begin(&w, out, reterr));
    enum br_rc rc = append_all(&w, document, token, p, reterr);
    if (rc != BR_OK) {
        br_file_abandon(&w);
        return rc;
    }
    return br_file_finish(&w, 0644, true, reterr);
}
