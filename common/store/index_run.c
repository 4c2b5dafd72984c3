/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/store/internal.h"

const char br_index_magic[8] = {'b', 'r', 'i', 'n', 'd', 'e', 'x', '2'};

__extension__ typedef unsigned __int128 u128;

/* ---- layout ------------------------------------------------------------- */

void
br_index_run_name(
    char out[BR_INDEX_NAME_BYTES],
    const char *kind,
    uint64_t first,
    uint64_t end)
{
    (void)snprintf(
        out, BR_INDEX_NAME_BYTES, "%.3s-%020" PRIu64 "-%020" PRIu64, kind,
        first, end);
}

bool
br_index_run_name_parse(
    const char *name, const char *kind, uint64_t *first, uint64_t *end)
{
    char back[BR_INDEX_NAME_BYTES];
    char *rest;
    if (strlen(name) != 3 + 1 + 20 + 1 + 20) {
        return false;
    }
    *first = strtoull(name + 4, &rest, 10);
    *end = *rest == '-' ? strtoull(rest + 1, NULL, 10) : 0;
    br_index_run_name(back, kind, *first, *end);
    return strcmp(back, name) == 0;
}

uint64_t
br_index_blocks(uint64_t count)
{
    return count / BR_INDEX_BLOCK_PAIRS + 1;
}

uint64_t
br_index_filter_at(uint64_t count)
{
    uint64_t end = BR_INDEX_HEADER_BYTES + count * sizeof(struct br_index_pair);
    return (end + BR_INDEX_BLOCK_BYTES - 1) & ~(uint64_t)63;
}

static uint64_t
file_bytes(uint64_t count)
{
    return br_index_filter_at(count) +
           br_index_blocks(count) * BR_INDEX_BLOCK_BYTES;
}

/* ---- the filter --------------------------------------------------------- */

enum { PROBES = 7 };

/*~ A block is chosen by the key's upper bits and probed by a mix of all of
 *  them, nine bits a probe. The key is a SipHash already. */
static uint64_t
mix(uint64_t key)
{
    return (key ^ key >> 32) * 0x9e3779b97f4a7c15ull;
}

uint64_t
br_index_block_of(uint64_t key, uint64_t blocks)
{
    return (uint64_t)((u128)key * blocks >> 64);
}

void
br_index_block_add(struct br_index_block *b, uint64_t key)
{
    uint64_t h = mix(key);
    for (int i = 0; i < PROBES; i++, h >>= 9) {
        b->bits[(h >> 6) & 7] |= 1ull << (h & 63);
    }
}

bool
br_index_block_has(const struct br_index_block *b, uint64_t key)
{
    uint64_t h = mix(key);
    for (int i = 0; i < PROBES; i++, h >>= 9) {
        if ((b->bits[(h >> 6) & 7] & 1ull << (h & 63)) == 0) {
            return false;
        }
    }
    return true;
}

/* ---- opening ------------------------------------------------------------ */

static bool
header_fits(
    const struct br_index_header *h,
    const struct br_index_range *range,
    size_t file)
{
    return memcmp(h->magic, br_index_magic, sizeof(h->magic)) == 0 &&
           h->first == range->first && h->end == range->end &&
           h->mark == range->mark && h->count <= file / 16 &&
           h->blocks == br_index_blocks(h->count) &&
           file == file_bytes(h->count);
}

/** Fills in the rest of what a mapped file holds. */
static bool
read_header(struct br_index_run *r)
{
    const struct br_index_header *h = (const struct br_index_header *)r->map;
    const uint8_t *base = (const uint8_t *)r->map;
    BR_ASSERT(h != NULL); /* mapped by the caller */
    if (!header_fits(h, &r->range, r->map_bytes)) {
        return false;
    }
    r->range.count = h->count;
    r->blocks = h->blocks;
    r->pair = (const struct br_index_pair
                   *)(const void *)(base + BR_INDEX_HEADER_BYTES);
    r->block = (const struct br_index_block
                    *)(const void *)(base + br_index_filter_at(h->count));
    return true;
}

static enum br_rc
map_file(int fd, struct br_index_run *r, struct br_err *reterr)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return br_fail(
            reterr, br_store_errno(errno), "index run: %s", strerror(errno));
    }
    if (st.st_size < BR_INDEX_HEADER_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "index run: cut short");
    }
    r->map_bytes = (size_t)st.st_size;
    r->map = mmap(NULL, r->map_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (r->map == MAP_FAILED) {
        r->map = NULL;
        return br_fail(
            reterr, br_store_errno(errno), "mapping an index run: %s",
            strerror(errno));
    }
    (void)madvise(r->map, r->map_bytes, MADV_RANDOM);
    return BR_OK;
}

enum br_rc
br_index_run_open(
    int folder,
    const struct br_index_range *range,
    struct br_index_run **ret,
    struct br_err *reterr)
{
    char name[BR_INDEX_NAME_BYTES];
    br_index_run_name(name, "run", range->first, range->end);
    struct br_index_run *r = (struct br_index_run *)calloc(1, sizeof(*r));
    if (r == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "index run");
    }
    atomic_init(&r->refs, 1);
    r->range = *range;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    enum br_rc rc = BR_OK;
    if (fd < 0) {
        rc = br_fail(
            reterr, br_store_errno(errno), "%s: %s", name, strerror(errno));
    } else {
        rc = map_file(fd, r, reterr);
        (void)close(fd);
    }
    if (rc == BR_OK && !read_header(r)) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "%s: not a whole run", name);
    }
    if (rc != BR_OK) {
        br_index_run_unref(r);
        return rc;
    }
    *ret = r;
    return BR_OK;
}

struct br_index_run *
br_index_run_ref(struct br_index_run *r)
{
    (void)atomic_fetch_add(&r->refs, 1);
    return r;
}

void
br_index_run_unref(struct br_index_run *r)
{
    if (atomic_fetch_sub(&r->refs, 1) == 1) {
        if (r->map != NULL) {
            (void)munmap(r->map, r->map_bytes);
        }
        free(r);
    }
}

bool
br_index_run_unlink(int folder, const struct br_index_range *range)
{
    char name[BR_INDEX_NAME_BYTES];
    br_index_run_name(name, "run", range->first, range->end);
    return unlinkat(folder, name, 0) == 0 || errno == ENOENT;
}

/* ---- checking ----------------------------------------------------------- */

static bool
is_sorted_and_filtered(const struct br_index_run *r)
{
    for (uint64_t i = 0; i < r->range.count; i++) {
        const struct br_index_pair *p = &r->pair[i];
        uint64_t b = br_index_block_of(p->key, r->blocks);
        if (p->leaf < r->range.first || p->leaf >= r->range.end ||
            (i > 0 && !br_index_pair_before(p - 1, p)) ||
            !br_index_block_has(&r->block[b], p->key)) {
            return false;
        }
    }
    return true;
}

enum br_rc
br_index_run_check(const struct br_index_run *r, struct br_err *reterr)
{
    const struct br_index_header *h = (const struct br_index_header *)r->map;
    const struct br_bytes parts[] = {
        br_bytes(r->pair, r->range.count * sizeof(*r->pair)),
        br_bytes(&h->count, 5 * sizeof(uint64_t))};
    struct br_hash got;
    (void)madvise(r->map, r->map_bytes, MADV_SEQUENTIAL);
    br_sha256_parts(parts, 2, &got);
    bool good = br_hash_eq(&got, &h->check) && is_sorted_and_filtered(r);
    (void)madvise(r->map, r->map_bytes, MADV_RANDOM);
    if (!good) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "index run of the leaves from %" PRIu64,
            r->range.first);
    }
    return BR_OK;
}

/* ---- finding ------------------------------------------------------------ */

/** How many pairs lie in a stretch of keys, by the average. */
static uint64_t
share(const struct br_index_run *r, uint64_t keys)
{
    return (uint64_t)((u128)keys * r->range.count >> 64);
}

/*~ Keys are uniform: a key's place is its share of the range, give or take
 *  the square root of the count. From the key found there, the rest of the
 *  way is guessed again, and again: then it is a few pairs away. */
static uint64_t
guess(const struct br_index_run *r, uint64_t key)
{
    uint64_t at = share(r, key);
    for (int i = 0; i < 2; i++) {
        uint64_t here = r->pair[at].key;
        if (here < key) {
            uint64_t step = share(r, key - here);
            uint64_t left = r->range.count - 1 - at;
            at += step < left ? step : left;
        } else {
            uint64_t step = share(r, here - key);
            at -= step < at ? step : at;
        }
    }
    return at;
}

/** First pair not before p: steps that double away from the guess, then
 *  halves between the last two. */
static uint64_t
lower_bound(const struct br_index_run *r, struct br_index_pair p)
{
    uint64_t count = r->range.count;
    uint64_t low = guess(r, p.key);
    uint64_t high = low;
    uint64_t step = 4;
    while (low > 0 && !br_index_pair_before(&r->pair[low - 1], &p)) {
        high = low - 1;
        low = low > step ? low - step : 0;
        step *= 2;
    }
    step = 4;
    while (high < count && br_index_pair_before(&r->pair[high], &p)) {
        low = high + 1;
        high = count - high > step ? high + step : count;
        step *= 2;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (br_index_pair_before(&r->pair[middle], &p)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t
br_index_run_find(
    const struct br_index_run *r,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max)
{
    size_t n = 0;
    uint64_t b = br_index_block_of(key, r->blocks);
    if (from >= r->range.end || r->range.count == 0 ||
        !br_index_block_has(&r->block[b], key)) {
        return 0;
    }
    struct br_index_pair p = {key, from};
    for (uint64_t i = lower_bound(r, p);
         i < r->range.count && r->pair[i].key == key && n < max; i++) {
        ret[n++].v = r->pair[i].leaf;
    }
    return n;
}
