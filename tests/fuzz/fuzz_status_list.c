/* SPDX-License-Identifier: EUPL-1.2 */
/* Status list tokens' claims: no list is larger than allowed, each entry fits
 * its bits, what is written is read as the same. */
#include "common/credential/rule.h"
#include "common/credential/status_list.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 22, UNPACKED_MAX = 1 << 20 };

static void
check_list(const struct br_status_list *l)
{
    struct br_buf b;
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_status_list again;
    unsigned status = 0;
    BR_ASSERT(
        l->bytes.n <= UNPACKED_MAX && l->count == l->bytes.n * (8 / l->bits));
    BR_ASSERT(br_status_list_get(l, l->count, &status, NULL) != BR_OK);
    br_buf_init(&b, 4 * UNPACKED_MAX);
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_status_list_encode(l, NULL, &b, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_json_parse(br_buf_bytes(&b), &arena, &v, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_status_list_parse(v, UNPACKED_MAX, &again, NULL);
    BR_ASSERT(rc == BR_OK && again.bits == l->bits);
    BR_ASSERT(br_bytes_eq(br_buf_bytes(&again.bytes), br_buf_bytes(&l->bytes)));
    br_status_list_fini(&again);
    br_arena_fini(&arena);
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_status_list l;
    struct br_status_token t;
    struct br_err err;
    br_arena_init(&arena, ARENA_BYTES);
    if (br_json_parse(br_bytes(data, n), &arena, &v, NULL) == BR_OK) {
        enum br_rc rc = br_status_token_parse(
            v, br_str("https://s.example/1"), 1800000000, &t, &l, &err);
        if (rc == BR_OK) {
            br_status_list_fini(&l);
        } else {
            fuzz_check_refusal(rc, &err);
        }
        const struct br_json *list = br_json_member(v, "status_list");
        if (list != NULL &&
            br_status_list_parse(list, UNPACKED_MAX, &l, &err) == BR_OK) {
            check_list(&l);
            br_status_list_fini(&l);
        }
    }
    br_arena_fini(&arena);
    return 0;
}
