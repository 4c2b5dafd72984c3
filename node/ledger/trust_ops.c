/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/base/limits.h"
#include "node/ledger/tx.h"

/** Items that each type has after its number; 0: no such type. */
static const uint8_t items[] = {0, 3, 1, 8, 2, 4};

uint8_t
br_trust_items(uint64_t type)
{
    return type < sizeof(items) ? items[type] : 0;
}

/* ---- reading ------------------------------------------------------------ */

/** Graphic ASCII: what a URI or a URN consists of, and no quotes. */
static bool
is_name(struct br_bytes v, size_t max)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] <= ' ' || v.p[i] > '~' || v.p[i] == '"' || v.p[i] == '\\') {
            return false;
        }
    }
    return v.n > 0 && v.n <= max;
}

/** DID Core section 3.1: its characters; which DIDs are registered here is
 *  the ledger's to say. */
static bool
is_did(struct br_bytes v)
{
    static const char marks[] = "/?#";
    bool ok = is_name(v, BR_REGISTERED_DID_BYTES_MAX) && v.n > 4 &&
              memcmp(v.p, "did:", 4) == 0;
    for (size_t i = 0; ok && i < v.n; i++) {
        ok = strchr(marks, v.p[i]) == NULL;
    }
    return ok;
}

static struct br_bytes
read_did(struct br_cbor *r)
{
    struct br_bytes did = br_cbor_text(r);
    if (!is_did(did)) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "DID: did:..., 256 bytes at most");
    }
    return did;
}

static struct br_bytes
read_vct(struct br_cbor *r)
{
    struct br_bytes vct = br_cbor_text(r);
    if (!is_name(vct, BR_VCT_BYTES_MAX)) {
        br_cbor_fail(
            r, BR_ERR_MALFORMED,
            "credential type: 1..256 printable ASCII characters");
    }
    return vct;
}

static struct br_bytes
read_bytes(struct br_cbor *r, size_t max, const char *what)
{
    struct br_bytes v = br_cbor_bytes(r);
    if (v.n > max) {
        br_cbor_fail(r, BR_ERR_TOO_LARGE, what);
    }
    return v;
}

static void
read_times(
    struct br_cbor *r, struct br_time_us *not_before, struct br_time_us *end)
{
    not_before->v = br_cbor_uint_max(r, BR_EXACT_MAX);
    end->v = br_cbor_uint_max(r, BR_EXACT_MAX);
    if (end->v != 0 && end->v <= not_before->v) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "not_after before not_before");
    }
}

static struct br_did_window
read_window(struct br_cbor *r)
{
    struct br_did_window w;
    br_cbor_array_exact(r, 3);
    w.method = br_cbor_text(r);
    read_times(r, &w.not_before, &w.not_after);
    return w;
}

static void
read_windows(struct br_cbor *r, struct br_op *op)
{
    size_t start = r->at;
    uint64_t count = br_cbor_array(r, BR_DID_METHODS_MAX);
    for (uint64_t i = 0; i < count && r->err.rc == BR_OK; i++) {
        (void)read_window(r);
    }
    op->list = br_bytes(r->p + start, r->at - start);
}

/** As strings: a prefix is before what it begins. */
static bool
is_before(struct br_bytes a, struct br_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return order < 0 || (order == 0 && a.n < b.n);
}

/** Ascending, so that a set has one encoding. */
static void
read_types(struct br_cbor *r, struct br_op *op)
{
    struct br_bytes last = {0};
    size_t start = r->at;
    uint64_t count = br_cbor_array(r, BR_ACCREDITED_TYPES_MAX);
    if (count == 0) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "no credential types");
    }
    for (uint64_t i = 0; i < count && r->err.rc == BR_OK; i++) {
        struct br_bytes vct = read_vct(r);
        if (r->err.rc == BR_OK && i > 0 && !is_before(last, vct)) {
            br_cbor_fail(
                r, BR_ERR_NOT_CANONICAL, "credential types not ascending");
        }
        last = vct;
    }
    op->list = br_bytes(r->p + start, r->at - start);
}

static void
read_by(struct br_cbor *r, struct br_op *op)
{
    op->by = br_cbor_bytes(r);
    if (op->by.n != 0 && op->by.n != BR_HASH_BYTES) {
        br_cbor_fail(
            r, BR_ERR_OUT_OF_RANGE, "an accreditation's id has 32 bytes");
    }
}

/** A signed accreditation, to be served as it is: a compact JWS or SD-JWT. */
static void
read_compact(struct br_cbor *r, struct br_op *op)
{
    static const char marks[] = "-_.~";
    op->document = read_bytes(
        r, BR_ACCREDITATION_BYTES_MAX, "accreditation's document over 16 KiB");
    for (size_t i = 0; i < op->document.n; i++) {
        uint8_t c = op->document.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c < '0' || c > '9') &&
            (c == 0 || strchr(marks, c) == NULL)) {
            br_cbor_fail(
                r, BR_ERR_MALFORMED,
                "accreditation's document: a compact JWS or SD-JWT");
            return;
        }
    }
}

static void
read_accredit(struct br_cbor *r, struct br_op *op)
{
    br_cbor_bytes_exact(r, op->accreditation.b, BR_HASH_BYTES);
    read_by(r, op);
    op->did = read_did(r);
    op->level = br_cbor_uint_max(r, 3);
    if (op->level == 0) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "level: 1, 2 or 3");
    }
    read_types(r, op);
    read_times(r, &op->not_before, &op->not_after);
    read_compact(r, op);
}

void
br_op_read_trust(struct br_cbor *r, struct br_op *op)
{
    switch ((enum br_trust_op)op->type) {
    case BR_OP_DID_PUT:
        op->did = read_did(r);
        op->document =
            read_bytes(r, BR_DID_DOCUMENT_BYTES_MAX, "document over 16 KiB");
        read_windows(r, op);
        break;
    case BR_OP_DID_DEACTIVATE:
        op->did = read_did(r);
        break;
    case BR_OP_ACCREDIT:
        read_accredit(r, op);
        break;
    case BR_OP_ACCREDIT_END:
        br_cbor_bytes_exact(r, op->accreditation.b, BR_HASH_BYTES);
        op->not_after.v = br_cbor_uint_max(r, BR_EXACT_MAX);
        break;
    case BR_OP_TYPE_PUT:
        op->vct = read_vct(r);
        read_by(r, op);
        op->schema =
            read_bytes(r, BR_TYPE_DOCUMENT_BYTES_MAX, "schema over 64 KiB");
        op->document =
            read_bytes(r, BR_TYPE_DOCUMENT_BYTES_MAX, "metadata over 64 KiB");
        break;
    }
}

size_t
br_op_windows(
    const struct br_op *op, struct br_did_window ret[BR_DID_METHODS_MAX])
{
    struct br_cbor r;
    br_cbor_init(&r, op->list);
    size_t n = (size_t)br_cbor_array(&r, BR_DID_METHODS_MAX);
    for (size_t i = 0; i < n; i++) {
        ret[i] = read_window(&r);
    }
    BR_ASSERT(r.err.rc == BR_OK);
    return n;
}

size_t
br_op_types(
    const struct br_op *op, struct br_bytes ret[BR_ACCREDITED_TYPES_MAX])
{
    struct br_cbor r;
    br_cbor_init(&r, op->list);
    size_t n = (size_t)br_cbor_array(&r, BR_ACCREDITED_TYPES_MAX);
    for (size_t i = 0; i < n; i++) {
        ret[i] = br_cbor_text(&r);
    }
    BR_ASSERT(r.err.rc == BR_OK);
    return n;
}

/* ---- writing ------------------------------------------------------------ */

void
br_op_put_windows(
    struct br_buf *b, const struct br_did_window *windows, size_t count)
{
    br_cbor_put_array(b, count);
    for (size_t i = 0; i < count; i++) {
        br_cbor_put_array(b, 3);
        br_cbor_put_text(b, windows[i].method);
        br_cbor_put_uint(b, windows[i].not_before.v);
        br_cbor_put_uint(b, windows[i].not_after.v);
    }
}

void
br_op_put_types(struct br_buf *b, const struct br_bytes *types, size_t count)
{
    br_cbor_put_array(b, count);
    for (size_t i = 0; i < count; i++) {
        br_cbor_put_text(b, types[i]);
    }
}

static void
put_accredit(struct br_buf *b, const struct br_op *op)
{
    br_cbor_put_bytes(b, br_hash_bytes(&op->accreditation));
    br_cbor_put_bytes(b, op->by);
    br_cbor_put_text(b, op->did);
    br_cbor_put_uint(b, op->level);
    br_buf_put(b, op->list.p, op->list.n);
    br_cbor_put_uint(b, op->not_before.v);
    br_cbor_put_uint(b, op->not_after.v);
    br_cbor_put_bytes(b, op->document);
}

void
br_op_put_trust(struct br_buf *b, const struct br_op *op)
{
    br_cbor_put_array(b, (uint64_t)br_trust_items(op->type) + 1);
    br_cbor_put_uint(b, op->type);
    switch ((enum br_trust_op)op->type) {
    case BR_OP_DID_PUT:
        br_cbor_put_text(b, op->did);
        br_cbor_put_bytes(b, op->document);
        br_buf_put(b, op->list.p, op->list.n);
        break;
    case BR_OP_DID_DEACTIVATE:
        br_cbor_put_text(b, op->did);
        break;
    case BR_OP_ACCREDIT:
        put_accredit(b, op);
        break;
    case BR_OP_ACCREDIT_END:
        br_cbor_put_bytes(b, br_hash_bytes(&op->accreditation));
        br_cbor_put_uint(b, op->not_after.v);
        break;
    case BR_OP_TYPE_PUT:
        br_cbor_put_text(b, op->vct);
        br_cbor_put_bytes(b, op->by);
        br_cbor_put_bytes(b, op->schema);
        br_cbor_put_bytes(b, op->document);
        break;
    }
}
