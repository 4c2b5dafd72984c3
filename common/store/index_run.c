/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_run.h"

#include "common/crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
    char magic[8];
    uint64_t count;
    uint64_t first;
    uint64_t end;
    struct br_hash check;
};

static const char magic[8] = {'b', 'r', 'i', 'n', 'd', 'e', 'x', '1'};

enum { BUFFER_PAIRS = 4096 };

static void
run_path(char out[PATH_MAX], const char *folder, uint64_t first, uint64_t end)
{
    (void)snprintf(
        out, PATH_MAX, "%s/run-%020" PRIu64 "-%020" PRIu64, folder, first, end);
}

bool
br_index_run_name_parse(const char *name, uint64_t *first, uint64_t *end)
{
    char back[64];
    if (sscanf(name, "run-%20" SCNu64 "-%20" SCNu64, first, end) != 2) {
        return false;
    }
    (void)snprintf(
        back, sizeof(back), "run-%020" PRIu64 "-%020" PRIu64, *first, *end);
    return strcmp(back, name) == 0;
}

/* ---- writing ------------------------------------------------------------ */

struct writer {
    FILE *f;
    struct br_hasher *hasher;
    uint64_t count;
};

static bool
put(struct writer *w, const struct br_index_pair *pairs, size_t n)
{
    br_hasher_update(w->hasher, br_bytes(pairs, n * sizeof(*pairs)));
    w->count += n;
    return fwrite(pairs, sizeof(*pairs), n, w->f) == n;
}

static bool
put_all(struct writer *w, br_index_next_fn *next, void *ctx)
{
    struct br_index_pair buffer[BUFFER_PAIRS];
    size_t n = 0;
    bool ok = true;
    while (ok && next(ctx, &buffer[n])) {
        if (++n == BUFFER_PAIRS) {
            ok = put(w, buffer, n);
            n = 0;
        }
    }
    return ok && put(w, buffer, n);
}

/** The checksum covers the pairs first: their number is known at the end. */
static bool
put_header(struct writer *w, const struct br_index_run *range)
{
    struct header h = {
        .count = w->count, .first = range->first, .end = range->end};
    struct br_digest digest;
    memcpy(h.magic, magic, sizeof(magic));
    br_hasher_update(w->hasher, br_bytes(&h.count, 3 * sizeof(uint64_t)));
    br_hasher_final(w->hasher, &digest);
    memcpy(h.check.b, digest.b, BR_HASH_BYTES);
    return fseek(w->f, 0, SEEK_SET) == 0 && fwrite(&h, sizeof(h), 1, w->f) == 1;
}

static bool
write_file(
    struct writer *w,
    const struct br_index_run *range,
    br_index_next_fn *next,
    void *ctx)
{
    struct header blank = {0};
    return fwrite(&blank, sizeof(blank), 1, w->f) == 1 &&
           put_all(w, next, ctx) && put_header(w, range) && fflush(w->f) == 0 &&
           fsync(fileno(w->f)) == 0;
}

static enum br_rc
io_failure(struct br_err *reterr, const char *path)
{
    enum br_rc rc = errno == ENOSPC ? BR_ERR_DISK_FULL : BR_ERR_IO;
    return br_fail(reterr, rc, "%s: %s", path, strerror(errno));
}

enum br_rc
br_index_run_write(
    const char *folder,
    const struct br_index_run *range,
    br_index_next_fn *next,
    void *ctx,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    char temporary[PATH_MAX];
    struct writer w = {0};
    run_path(path, folder, range->first, range->end);
    (void)snprintf(temporary, sizeof(temporary), "%.4000s/new", folder);
    BR_TRY(br_hasher_new(BR_HASH_SHA256, &w.hasher, reterr));
    w.f = fopen(temporary, "wbe");
    bool ok = w.f != NULL && write_file(&w, range, next, ctx);
    if (w.f != NULL) {
        ok = fclose(w.f) == 0 && ok;
    }
    ok = ok && rename(temporary, path) == 0;
    br_hasher_free(w.hasher);
    return ok ? BR_OK : io_failure(reterr, temporary);
}

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
map_file(const char *path, struct br_index_run *r, struct br_err *reterr)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return io_failure(reterr, path);
    }
    enum br_rc rc = BR_OK;
    r->map = MAP_FAILED;
    if (fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof(struct header)) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "%s: cut short", path);
    } else {
        r->map_bytes = (size_t)st.st_size;
        r->map = mmap(NULL, r->map_bytes, PROT_READ, MAP_SHARED, fd, 0);
        rc = r->map == MAP_FAILED ? io_failure(reterr, path) : BR_OK;
    }
    (void)close(fd);
    return rc;
}

enum br_rc
br_index_run_open(
    const char *folder,
    uint64_t first,
    uint64_t end,
    struct br_index_run *ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_index_run r = {.first = first, .end = end};
    run_path(path, folder, first, end);
    BR_TRY(map_file(path, &r, reterr));
    const struct header *h = (const struct header *)r.map;
    r.count = (r.map_bytes - sizeof(*h)) / sizeof(struct br_index_pair);
    r.pair = (const struct br_index_pair *)(const void *)(h + 1);
    if (memcmp(h->magic, magic, sizeof(magic)) != 0 || h->count != r.count ||
        h->first != first || h->end != end ||
        r.map_bytes != sizeof(*h) + r.count * sizeof(struct br_index_pair)) {
        br_index_run_close(&r);
        return br_fail(reterr, BR_ERR_CORRUPT, "%s: not a whole run", path);
    }
    (void)madvise(r.map, r.map_bytes, MADV_RANDOM);
    *ret = r;
    return BR_OK;
}

enum br_rc
br_index_run_check(const struct br_index_run *r, struct br_err *reterr)
{
    const struct header *h = (const struct header *)r->map;
    const struct br_bytes parts[] = {
        br_bytes(r->pair, r->count * sizeof(*r->pair)),
        br_bytes(&h->count, 3 * sizeof(uint64_t))};
    struct br_hash got;
    br_sha256_parts(parts, 2, &got);
    if (!br_hash_eq(&got, &h->check)) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "index run of the leaves from %llu",
            (unsigned long long)r->first);
    }
    return BR_OK;
}

void
br_index_run_close(struct br_index_run *r)
{
    (void)munmap(r->map, r->map_bytes);
    r->map = NULL;
}

void
br_index_run_unlink(const char *folder, const struct br_index_run *r)
{
    char path[PATH_MAX];
    run_path(path, folder, r->first, r->end);
    (void)unlink(path);
}

/** Keys are uniform: the place of one is nearly its share of the range. */
static size_t
guess(const struct br_index_run *r, uint64_t key)
{
    __extension__ typedef unsigned __int128 u128;
    return (size_t)((u128)key * r->count >> 64);
}

/** First pair not before (key, from). */
static size_t
lower_bound(const struct br_index_run *r, uint64_t key, uint64_t from)
{
#define BEFORE(i) \
    (r->pair[i].key < key || (r->pair[i].key == key && r->pair[i].leaf < from))
    size_t low = guess(r, key);
    size_t high = low;
    size_t step = 64;
    while (low > 0 && !BEFORE(low - 1)) {
        high = low;
        low = low > step ? low - step : 0;
        step *= 2;
    }
    step = 64;
    while (high < r->count && BEFORE(high)) {
        low = high + 1;
        high = r->count - high > step ? high + step : r->count;
        step *= 2;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (BEFORE(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
#undef BEFORE
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
    if (r->count == 0 || from >= r->end) {
        return 0;
    }
    for (size_t i = lower_bound(r, key, from);
         i < r->count && r->pair[i].key == key && n < max; i++) {
        ret[n++].v = r->pair[i].leaf;
    }
    return n;
}
