/* SPDX-License-Identifier: EUPL-1.2 */
/* What br_cbor_check accepts, the typed reader reads and the writer writes
 * again, byte for byte. */
#include "common/codec/cbor.h"
#include "tests/fuzz/fuzz.h"

static void
copy_simple(struct br_cbor *r, struct br_buf *b)
{
    if (r->p[r->at] == 0xf6) {
        br_cbor_null(r);
        br_cbor_put_null(b);
    } else {
        br_cbor_put_bool(b, br_cbor_bool(r));
    }
}

static void
copy_negative(struct br_cbor *r, struct br_buf *b)
{
    bool past_int64 = r->p[r->at] == 0x3b && (r->p[r->at + 1] & 0x80) != 0;
    if (past_int64) {
        struct br_bytes item = br_cbor_skip(r);
        br_buf_put(b, item.p, item.n);
    } else {
        br_cbor_put_int(b, br_cbor_int(r));
    }
}

/** One head, and the contents of a string. */
static void
copy_one(struct br_cbor *r, struct br_buf *b)
{
    switch (br_cbor_peek(r)) {
    case BR_CBOR_UINT:
        br_cbor_put_uint(b, br_cbor_uint(r));
        return;
    case BR_CBOR_NINT:
        copy_negative(r, b);
        return;
    case BR_CBOR_BYTES:
        br_cbor_put_bytes(b, br_cbor_bytes(r));
        return;
    case BR_CBOR_TEXT:
        br_cbor_put_text(b, br_cbor_text(r));
        return;
    case BR_CBOR_ARRAY:
        br_cbor_put_array(b, br_cbor_array(r, UINT64_MAX));
        return;
    case BR_CBOR_MAP:
        br_cbor_put_map(b, br_cbor_map(r, UINT64_MAX));
        return;
    case BR_CBOR_TAG:
        br_cbor_put_tag(b, br_cbor_tag(r));
        return;
    case BR_CBOR_SIMPLE:
        copy_simple(r, b);
        return;
    case BR_CBOR_END:
        return;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_err err;
    struct br_cbor r;
    enum br_rc rc = br_cbor_check(in, &err);
    br_cbor_init(&r, in);
    struct br_bytes item = br_cbor_skip(&r);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(br_cbor_done(&r, NULL) != BR_OK);
        return 0;
    }
    BR_ASSERT(item.p == data && item.n == n);
    struct br_buf b;
    br_buf_init(&b, n);
    br_cbor_init(&r, in);
    while (br_cbor_peek(&r) != BR_CBOR_END) {
        copy_one(&r, &b);
    }
    BR_ASSERT(br_cbor_done(&r, NULL) == BR_OK);
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
    br_buf_fini(&b);
    return 0;
}
