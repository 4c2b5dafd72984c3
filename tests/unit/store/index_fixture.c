/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/index_fixture.h"

#include <dirent.h>
#include <stdlib.h>

#include "common/crypto/hash.h"

int
start_crypto(void **state)
{
    (void)state;
    return br_crypto_init(NULL) == BR_OK ? 0 : -1;
}

struct world_digest
digest_of(uint32_t number)
{
    struct world_digest d = {{0}};
    memcpy(d.b, &number, sizeof(number));
    return d;
}

void
world_open(struct world *w)
{
    struct br_err err = {0};
    expect_ok(
        br_digest_index_open_with(w->folder, &w->tuning, &w->ix, &err), &err);
}

void
world_close(struct world *w)
{
    br_digest_index_close(w->ix);
    w->ix = NULL;
}

struct world *
world_new(const char *folder, size_t pairs_max)
{
    struct world *w = (struct world *)calloc(1, sizeof(*w));
    assert_non_null(w);
    w->folder = folder;
    w->tuning.pairs_max = pairs_max;
    world_open(w);
    return w;
}

void
world_free(struct world *w)
{
    world_close(w);
    free(w);
}

static void
add(struct world *w, uint64_t leaf)
{
    struct br_err err = {0};
    if (w->digest[leaf] != NO_DIGEST) {
        struct world_digest d = digest_of(w->digest[leaf]);
        expect_ok(
            br_digest_index_add(
                w->ix, br_bytes(d.b, sizeof(d.b)), (struct br_leaf_index){leaf},
                &err),
            &err);
    }
}

void
world_add(struct world *w, uint32_t number)
{
    assert_true(w->size < WORLD_LEAVES);
    w->digest[w->size] = number;
    add(w, w->size++);
}

void
world_catch_up(struct world *w)
{
    uint64_t from = br_digest_index_covered(w->ix).v;
    assert_true(from <= w->size);
    for (uint64_t i = from; i < w->size; i++) {
        add(w, i);
    }
}

size_t
world_find(struct world *w, uint32_t number, uint64_t from, size_t max)
{
    static struct br_leaf_index got[WORLD_LEAVES];
    struct world_digest d = digest_of(number);
    size_t n;
    size_t want = 0;
    assert_int_equal(
        br_digest_index_find(
            w->ix, br_bytes(d.b, sizeof(d.b)), (struct br_leaf_index){from},
            got, max, &n),
        BR_OK);
    for (uint64_t i = from; i < w->size && want < max; i++) {
        if (number != NO_DIGEST && w->digest[i] == number) {
            assert_true(want < n);
            assert_int_equal(got[want++].v, i);
        }
    }
    assert_int_equal(n, want);
    return n;
}

void
world_find_all(struct world *w, uint32_t last)
{
    for (uint32_t i = 1; i <= last; i++) {
        (void)world_find(w, i, 0, WORLD_LEAVES);
    }
}

size_t
count_files(const char *folder, const char *prefix)
{
    size_t n = 0;
    struct dirent *entry;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    }
    closedir(d);
    return n;
}
