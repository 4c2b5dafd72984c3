/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/merkle/model.h"

enum { LARGE = 70000, TILE = 256 };

static struct br_err err;

/** Hash i of tile (level, n) covers 256^level leaves. */
static void
check_tile(struct store *s, uint8_t level, uint64_t n, size_t width)
{
    struct br_merkle_source src = store_source(s);
    struct br_hash tile[TILE + 1];
    struct br_hash expected;
    uint64_t span = UINT64_C(1) << (8 * level);
    memset(tile, 0xee, sizeof(tile));
    assert_int_equal(br_merkle_tile(&src, level, n, width, tile, &err), BR_OK);
    for (size_t i = 0; i < width; i++) {
        uint64_t begin = (n * TILE + i) * span;
        model_root(s->model, begin, begin + span, &expected);
        assert_hash_equal(&tile[i], &expected);
    }
    memset(expected.b, 0xee, sizeof(expected.b));
    assert_hash_equal(&tile[width], &expected); /* nothing past the width */
}

static void
every_tile_of_a_growing_tree(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1,    15,    16,    17,    255,  256,
                                     257,  511,   512,   4095,  4096, 4352,
                                     9999, 65535, 65536, 65792, LARGE};
    struct model *m = model_new(LARGE);
    struct store s;
    store_init(&s, m);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        store_grow(&s, sizes[i]);
        for (uint8_t level = 0; sizes[i] >> (8 * level) != 0; level++) {
            uint64_t nodes = sizes[i] >> (8 * level);
            for (uint64_t n = 0; n < nodes / TILE; n++) {
                check_tile(&s, level, n, TILE);
            }
            if (nodes % TILE != 0) {
                check_tile(&s, level, nodes / TILE, (size_t)(nodes % TILE));
            }
        }
    }
    store_fini(&s);
    model_free(m);
}

static void
every_width_of_a_partial_tile(void **state)
{
    (void)state;
    struct model *m = model_new(LARGE);
    struct store s;
    store_init(&s, m);
    store_grow(&s, LARGE);
    for (size_t width = 1; width <= TILE; width++) {
        check_tile(&s, 0, 3, width);
        check_tile(&s, 1, 0, width);
    }
    store_fini(&s);
    model_free(m);
}

static void
tiles_past_every_tree_are_refused(void **state)
{
    (void)state;
    struct model *m = model_new(TILE);
    struct store s;
    struct br_hash tile[TILE];
    store_init(&s, m);
    store_grow(&s, TILE);
    struct br_merkle_source src = store_source(&s);
    static const struct {
        uint8_t level;
        uint64_t n;
    } beyond[] = {
        {8, 0},
        {255, 0},
        {0, UINT64_C(1) << 56}, /* 256 times as much is 0 again */
        {0, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        assert_int_equal(
            br_merkle_tile(
                &src, beyond[i].level, beyond[i].n, TILE, tile, &err),
            BR_ERR_OUT_OF_RANGE);
    }
    store_fini(&s);
    model_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_of_a_growing_tree),
        cmocka_unit_test(every_width_of_a_partial_tile),
        cmocka_unit_test(tiles_past_every_tree_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
