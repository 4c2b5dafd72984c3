/* SPDX-License-Identifier: EUPL-1.2 */
/* Bodies of requests: what is accepted keeps its promises, and pieces of any
 * size make what the whole makes. The first byte says which body. */
#include "node/api/body.h"

#include "common/codec/text.h"
#include "tests/fuzz/fuzz.h"

static void
read_digest(struct br_bytes body, bool may_again)
{
    struct br_body_digest d;
    struct br_err err;
    enum br_rc rc = may_again ? br_body_stamp(body, &d, &err)
                              : br_body_digest(body, &d, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    const struct br_hash_info *info = br_hash_info((uint64_t)d.alg);
    BR_ASSERT(info != NULL && d.digest_bytes == info->digest_bytes);
    BR_ASSERT(may_again || !d.again);
}

static void
read_owner(struct br_bytes body)
{
    struct br_body_owner o;
    struct br_err err;
    enum br_rc rc = br_body_owner(body, &o, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(br_identifier_ok(br_str(o.id), BR_MEMBER_ID_BYTES_MAX));
    BR_ASSERT(o.not_after.v == 0 || o.not_after.v > o.not_before.v);
}

static enum br_rc
read_lines(
    struct br_bytes body,
    size_t piece,
    struct br_buf *digests,
    struct br_err *reterr)
{
    struct br_body_lines l;
    enum br_rc rc = BR_OK;
    br_body_lines_init(&l, br_hash_info(BR_HASH_SHA256), digests);
    for (size_t at = 0; at < body.n && rc == BR_OK; at += piece) {
        size_t n = body.n - at < piece ? body.n - at : piece;
        rc = br_body_lines_put(&l, br_bytes(body.p + at, n), reterr);
    }
    if (rc == BR_OK) {
        rc = br_body_lines_end(&l, reterr);
    }
    br_body_lines_fini(&l);
    return rc;
}

static void
compare_lines(struct br_bytes body, size_t piece)
{
    struct br_buf a;
    struct br_buf b;
    struct br_err err;
    struct br_err other;
    br_buf_init(&a, 1024);
    br_buf_init(&b, 1024);
    enum br_rc rc = read_lines(body, SIZE_MAX / 2, &a, &err);
    BR_ASSERT(rc == read_lines(body, piece, &b, &other));
    if (rc == BR_OK) {
        BR_ASSERT(a.n % 32 == 0);
        BR_ASSERT(br_bytes_eq(br_buf_bytes(&a), br_buf_bytes(&b)));
    } else {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(strncmp(err.text, "line ", 5) == 0);
        BR_ASSERT(strcmp(err.text, other.text) == 0);
    }
    br_buf_fini(&a);
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_init();
    if (n == 0) {
        return 0;
    }
    struct br_bytes body = br_bytes(data + 1, n - 1);
    switch (data[0]) {
    case 's':
        read_digest(body, true);
        break;
    case 'd':
        read_digest(body, false);
        break;
    case 'o':
        read_owner(body);
        break;
    default:
        compare_lines(body, 1 + data[0] % 32);
        break;
    }
    return 0;
}
