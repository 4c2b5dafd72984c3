/*
 * A digest index beside a model of it: an array that says which digest each
 * leaf carries.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_STORE_INDEX_FIXTURE_H
#define BR_TESTS_STORE_INDEX_FIXTURE_H

#include "common/store/index_internal.h"
#include "tests/unit/store/fixture.h"

enum {
    WORLD_LEAVES = 200000,
    NO_DIGEST = 0, /* a leaf that is not indexed */
};

struct world {
    const char *folder;
    struct br_index_tuning tuning;
    struct br_digest_index *ix;
    uint32_t digest[WORLD_LEAVES]; /**< its number */
    uint64_t size;                 /**< leaves */
};

/** For cmocka: br_crypto_init. */
int start_crypto(void **state);

/** 32 bytes made of a number. */
struct world_digest {
    uint8_t b[32];
};
struct world_digest digest_of(uint32_t number);

/** A new world in a folder, its index open. The caller frees it. */
struct world *world_new(const char *folder, size_t pairs_max);
void world_free(struct world *w);
void world_open(struct world *w);
void world_close(struct world *w);
/** One leaf more, in the model and in the index. */
void world_add(struct world *w, uint32_t number);
/** As an owner does at a start: add what the index does not cover. */
void world_catch_up(struct world *w);
/** Compare one page of leaves; returns how many. */
size_t world_find(struct world *w, uint32_t number, uint64_t from, size_t max);
/** Every number from 1 to last, from the first leaf on. */
void world_find_all(struct world *w, uint32_t last);

/** Names of the folder that begin so. */
size_t count_files(const char *folder, const char *prefix);

#endif
