/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/transfer.h"

#include "common/codec/cbor.h"

#include <errno.h>
#include <string.h>

/* A block is told with its length before it, so that it is read whole: at most
 * its transactions. */
enum { GENESIS_BYTES_MAX = 256 * 1024 };
#define RECORD_BYTES_MAX (512u * 1024 * 1024)

static const char magic[] = "broletto-export";

static enum br_rc
io_failure(struct br_err *reterr, const char *doing)
{
    enum br_rc rc = errno == ENOSPC ? BR_ERR_DISK_FULL : BR_ERR_IO;
    return br_fail(reterr, rc, "%s: %s", doing, strerror(errno));
}

/** Each record is a CBOR byte string with a length of eight bytes, so that a
 *  reader of sequences can split the file. */
static enum br_rc
write_record(FILE *out, const struct br_buf *record, struct br_err *reterr)
{
    BR_TRY(br_buf_status(record, reterr));
    uint8_t bytes[9] = {0x5b};
    for (size_t i = 0; i < 8; i++) {
        bytes[1 + i] = (uint8_t)((uint64_t)record->n >> (56 - 8 * i));
    }
    if (fwrite(bytes, 1, sizeof(bytes), out) != sizeof(bytes) ||
        fwrite(record->p, 1, record->n, out) != record->n) {
        return io_failure(reterr, "writing the export");
    }
    return BR_OK;
}

/** NOT_FOUND at the end of the file. */
static enum br_rc
read_record(FILE *in, size_t max, struct br_buf *ret, struct br_err *reterr)
{
    uint8_t head[9];
    uint64_t n = 0;
    size_t got = fread(head, 1, sizeof(head), in);
    if (got == 0 && feof(in) != 0) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "the end");
    }
    for (size_t i = 1; i < sizeof(head); i++) {
        n = n << 8 | head[i];
    }
    if (got != sizeof(head) || head[0] != 0x5b || n > max) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "the export is cut short or damaged");
    }
    br_buf_clear(ret);
    uint8_t *at = br_buf_extend(ret, (size_t)n);
    if (at == NULL && n > 0) {
        return br_buf_status(ret, reterr);
    }
    if (fread(at, 1, (size_t)n, in) != n) {
        return br_fail(reterr, BR_ERR_CORRUPT, "the export is cut short");
    }
    return BR_OK;
}

/* ---- export ------------------------------------------------------------- */

static enum br_rc
put_block(
    struct br_snapshot *s,
    uint64_t height,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_block k;
    BR_TRY(br_snapshot_block(s, height, &k, reterr));
    br_buf_clear(b);
    br_cbor_put_array(b, 3);
    br_cbor_put_uint(b, k.time.v);
    br_cbor_put_bytes(b, br_hash_bytes(&k.app_hash));
    br_cbor_put_array(b, k.tx_count);
    for (uint32_t i = 0; i < k.tx_count; i++) {
        struct br_bytes tx;
        BR_TRY(br_snapshot_tx(s, height, i, &tx, reterr));
        br_cbor_put_bytes(b, tx);
    }
    return br_buf_status(b, reterr);
}

static enum br_rc
export_all(
    struct br_snapshot *s,
    struct br_bytes genesis,
    FILE *out,
    const struct br_transfer_progress *progress,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, RECORD_BYTES_MAX);
    br_cbor_put_array(&b, 3);
    br_cbor_put_text(&b, br_str(magic));
    br_cbor_put_uint(&b, 1);
    br_cbor_put_bytes(&b, genesis);
    enum br_rc rc = write_record(out, &b, reterr);
    for (uint64_t h = 1; h <= s->head.height && rc == BR_OK; h++) {
        rc = put_block(s, h, &b, reterr);
        if (rc == BR_OK) {
            rc = write_record(out, &b, reterr);
        }
        if (progress != NULL) {
            progress->fn(progress->ctx, h, s->head.height);
        }
    }
    br_buf_fini(&b);
    if (rc == BR_OK && fflush(out) != 0) {
        rc = io_failure(reterr, "writing the export");
    }
    return rc;
}

enum br_rc
br_chain_export(
    struct br_chain *c,
    struct br_bytes genesis,
    FILE *out,
    const struct br_transfer_progress *progress,
    struct br_err *reterr)
{
    struct br_snapshot s;
    BR_TRY(br_snapshot_open(c, &s, reterr));
    enum br_rc rc = export_all(&s, genesis, out, progress, reterr);
    br_snapshot_close(&s);
    return rc;
}

/* ---- import ------------------------------------------------------------- */

enum br_rc
br_export_read_genesis(FILE *in, struct br_buf *ret, struct br_err *reterr)
{
    struct br_buf b;
    struct br_cbor r;
    br_buf_init(&b, GENESIS_BYTES_MAX + 64);
    enum br_rc rc = read_record(in, GENESIS_BYTES_MAX + 64, &b, reterr);
    if (rc == BR_OK) {
        br_cbor_init(&r, br_buf_bytes(&b));
        br_cbor_array_exact(&r, 3);
        if (!br_bytes_eq(br_cbor_text(&r), br_str(magic)) ||
            br_cbor_uint(&r) != 1) {
            br_cbor_fail(&r, BR_ERR_UNSUPPORTED, "not an export of version 1");
        }
        struct br_bytes genesis = br_cbor_bytes(&r);
        br_buf_put(ret, genesis.p, genesis.n);
        rc = br_cbor_done(&r, reterr);
    } else if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "the export is empty");
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
import_txs(
    struct br_chain *c,
    struct br_cbor *r,
    const struct br_hash *app_hash,
    struct br_err *reterr)
{
    struct br_head head;
    uint64_t count = br_cbor_array(r, BR_BLOCK_TXS_MAX);
    for (uint64_t i = 0; i < count && r->err.rc == BR_OK; i++) {
        uint64_t first;
        uint64_t leaves;
        BR_TRY(br_chain_run(c, br_cbor_bytes(r), &first, &leaves, reterr));
    }
    BR_TRY(br_cbor_done(r, reterr));
    BR_TRY(br_chain_seal(c, &head, reterr));
    if (!br_hash_eq(&head.app_hash, app_hash)) {
        return br_fail(reterr, BR_ERR_CORRUPT, "another application hash");
    }
    return BR_OK;
}

static enum br_rc
import_block(struct br_chain *c, struct br_bytes bytes, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_time_us time;
    struct br_hash app_hash;
    struct br_err inner;
    br_cbor_init(&r, bytes);
    br_cbor_array_exact(&r, 3);
    time.v = br_cbor_uint(&r);
    br_cbor_bytes_exact(&r, app_hash.b, BR_HASH_BYTES);
    uint64_t height = br_chain_head(c)->height + 1;
    if (r.err.rc != BR_OK || time.v <= br_chain_head(c)->time.v) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "block %llu: its head does not follow",
            (unsigned long long)height);
    }
    BR_TRY(br_chain_begin(c, time, reterr));
    if (import_txs(c, &r, &app_hash, &inner) != BR_OK) {
        br_chain_abort(c);
        return br_fail(
            reterr, BR_ERR_CORRUPT, "block %llu: %.180s",
            (unsigned long long)height, inner.text);
    }
    return br_chain_commit(c, reterr);
}

enum br_rc
br_chain_import(
    struct br_chain *c,
    FILE *in,
    const struct br_transfer_progress *progress,
    struct br_err *reterr)
{
    struct br_buf b;
    enum br_rc rc;
    br_buf_init(&b, RECORD_BYTES_MAX);
    while ((rc = read_record(in, RECORD_BYTES_MAX, &b, reterr)) == BR_OK) {
        rc = import_block(c, br_buf_bytes(&b), reterr);
        if (rc != BR_OK) {
            break;
        }
        if (progress != NULL) {
            uint64_t height = br_chain_head(c)->height;
            progress->fn(progress->ctx, height, height);
        }
    }
    br_buf_fini(&b);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}
