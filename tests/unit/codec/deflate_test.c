/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

#include "common/codec/deflate.h"
#include "common/codec/text.h"

#include <stdlib.h>

static struct br_err err;

static void
fill(struct br_buf *b, size_t n, bool noise)
{
    uint64_t r = 88172645463325252u;
    uint8_t *p = br_buf_extend(b, n);
    assert_true(p != NULL || n == 0);
    for (size_t i = 0; i < n; i++) {
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        p[i] = noise ? (uint8_t)(r >> 32) : (uint8_t)(i / 1000);
    }
}

/* Around the steps in which it works, with exactly the room that it needs. */
static void
what_is_packed_unpacks_into_exactly_its_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,      1,      65535,  65536, 65537,
                                   131071, 131072, 131073, 300000};
    for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = sizes[i / 2];
        struct br_buf plain;
        struct br_buf packed;
        struct br_buf out;
        br_buf_init(&plain, 1 << 20);
        br_buf_init(&packed, 1 << 20);
        fill(&plain, n, i % 2 == 0);
        assert_int_equal(
            br_zlib_pack(br_buf_bytes(&plain), &packed, &err), BR_OK);
        br_buf_init(&out, n);
        assert_int_equal(
            br_zlib_unpack(br_buf_bytes(&packed), &out, &err), BR_OK);
        assert_bytes_equal(br_buf_bytes(&out), br_buf_bytes(&plain));
        br_buf_fini(&out);
        if (n > 0) {
            br_buf_init(&out, n - 1);
            assert_int_equal(
                br_zlib_unpack(br_buf_bytes(&packed), &out, &err),
                BR_ERR_TOO_LARGE);
            br_buf_fini(&out);
        }
        br_buf_fini(&plain);
        br_buf_fini(&packed);
    }
}

static void
every_cut_and_every_changed_byte_is_told(void **state)
{
    (void)state;
    struct br_buf plain;
    struct br_buf packed;
    struct br_buf out;
    br_buf_init(&plain, 4096);
    br_buf_init(&packed, 4096);
    br_buf_init(&out, 4096);
    fill(&plain, 300, true);
    assert_int_equal(br_zlib_pack(br_buf_bytes(&plain), &packed, &err), BR_OK);
    for (size_t n = 0; n < packed.n; n++) {
        br_buf_clear(&out);
        assert_int_equal(
            br_zlib_unpack(br_bytes(packed.p, n), &out, &err),
            BR_ERR_TRUNCATED);
    }
    for (size_t i = 0; i < packed.n; i++) {
        br_buf_clear(&out);
        packed.p[i] ^= 0x55;
        assert_true(br_zlib_unpack(br_buf_bytes(&packed), &out, &err) != BR_OK);
        packed.p[i] ^= 0x55;
    }
    br_buf_puts(&packed, "x");
    br_buf_clear(&out);
    assert_int_equal(
        br_zlib_unpack(br_buf_bytes(&packed), &out, &err), BR_ERR_TRAILING);
    br_buf_fini(&plain);
    br_buf_fini(&packed);
    br_buf_fini(&out);
}

/* A hundred thousand bytes that would be a hundred million. */
static void
a_bomb_is_refused_before_it_has_grown(void **state)
{
    (void)state;
    struct br_buf plain;
    struct br_buf packed;
    struct br_buf out;
    br_buf_init(&plain, 1u << 27);
    br_buf_init(&packed, 1u << 20);
    uint8_t *p = br_buf_extend(&plain, 100000000);
    assert_non_null(p);
    memset(p, 0, 100000000);
    assert_int_equal(br_zlib_pack(br_buf_bytes(&plain), &packed, &err), BR_OK);
    assert_true(packed.n < 200000);
    br_buf_init(&out, 1000000);
    assert_int_equal(
        br_zlib_unpack(br_buf_bytes(&packed), &out, &err), BR_ERR_TOO_LARGE);
    assert_true(out.capacity < 3000000);
    br_buf_fini(&plain);
    br_buf_fini(&packed);
    br_buf_fini(&out);
}

/** What is in base64url already comes down by the fourth part that this has
 *  cost; it is gzip, and the same at each run. */
static void
gzip_gives_the_fourth_part_back(void **state)
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0};
    struct br_buf noise;
    struct br_buf text;
    struct br_buf packed[2];
    (void)state;
    br_buf_init(&noise, 1 << 20);
    br_buf_init(&text, 1 << 20);
    fill(&noise, 200000, true);
    br_base64url_put(&text, br_buf_bytes(&noise));
    for (size_t i = 0; i < 2; i++) {
        br_buf_init(&packed[i], 1 << 20);
        assert_int_equal(
            br_gzip_pack(br_buf_bytes(&text), &packed[i], &err), BR_OK);
    }
    assert_bytes_equal(br_buf_bytes(&packed[0]), br_buf_bytes(&packed[1]));
    assert_memory_equal(packed[0].p, head, sizeof(head));
    assert_true(packed[0].n < text.n * 77 / 100);
    br_buf_fini(&packed[1]);
    br_buf_init(&packed[1], packed[0].n - 1);
    assert_int_equal(
        br_gzip_pack(br_buf_bytes(&text), &packed[1], &err), BR_ERR_TOO_LARGE);
    br_buf_fini(&packed[0]);
    br_buf_fini(&packed[1]);
    br_buf_fini(&text);
    br_buf_fini(&noise);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_unpacks_into_exactly_its_size),
        cmocka_unit_test(every_cut_and_every_changed_byte_is_told),
        cmocka_unit_test(a_bomb_is_refused_before_it_has_grown),
        cmocka_unit_test(gzip_gives_the_fourth_part_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
