/* SPDX-License-Identifier: EUPL-1.2 */
/* RFC 8785: the canonical form is canonical, and equal but for the digits that
 * doubles do not have. */
#include "common/codec/jcs.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_json *v;
    struct br_arena arena;
    struct br_buf b;
    struct br_err err;
    br_arena_init(&arena, 1u << 26);
    br_buf_init(&b, 1u << 22);
    enum br_rc rc = br_json_parse(in, &arena, &v, &err);
    if (rc == BR_OK) {
        rc = br_jcs_encode(v, &arena, &b, &err);
    }
    if (rc == BR_OK) {
        rc = br_jcs_check(br_buf_bytes(&b), &arena, &err);
        BR_ASSERT(rc == BR_OK);
        rc = br_jcs_check(in, &arena, &err);
        BR_ASSERT((rc == BR_OK) == br_bytes_eq(br_buf_bytes(&b), in));
        BR_ASSERT(rc == BR_OK || rc == BR_ERR_NOT_CANONICAL);
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    br_buf_fini(&b);
    br_arena_fini(&arena);
    return 0;
}
