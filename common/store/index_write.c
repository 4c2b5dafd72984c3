/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/crypto/hash.h"
#include "common/store/internal.h"

/* Two streams into one file, each with its buffer: pairs and filter. The disk
 * is asked to begin writing every few megabytes, so that the sync at the end
 * does not hold up the log's own syncs for long. */
enum {
    PAIRS_HELD = 16 * 1024,
    BLOCKS_HELD = 1024,
    STREAM_BYTES = 8 * 1024 * 1024,
};

struct writer {
    int fd;
    struct br_hasher *hasher;
    const struct br_index_range *range;
    uint64_t blocks;
    struct br_index_pair *pair;
    size_t pairs;
    off_t pair_at;
    off_t streamed;
    struct br_index_block *block;
    uint64_t first_block; /**< number of block[0] */
    uint64_t last_block;  /**< number of the block being filled */
};

static enum br_rc
write_at(
    struct writer *w, const void *p, size_t n, off_t at, struct br_err *reterr)
{
    const uint8_t *from = (const uint8_t *)p;
    while (n > 0) {
        ssize_t done = pwrite(w->fd, from, n, at);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return br_fail(
                reterr, br_store_errno(errno), "writing an index run: %s",
                strerror(errno));
        }
        from += done;
        at += done;
        n -= (size_t)done;
    }
    return BR_OK;
}

static enum br_rc
write_pairs(struct writer *w, struct br_err *reterr)
{
    size_t n = w->pairs * sizeof(*w->pair);
    br_hasher_update(w->hasher, br_bytes(w->pair, n));
    BR_TRY(write_at(w, w->pair, n, w->pair_at, reterr));
    w->pairs = 0;
    w->pair_at += (off_t)n;
    if (w->pair_at - w->streamed >= STREAM_BYTES) {
        (void)sync_file_range(
            w->fd, w->streamed, w->pair_at - w->streamed,
            SYNC_FILE_RANGE_WRITE);
        w->streamed = w->pair_at;
    }
    return BR_OK;
}

/** The blocks before `next` are complete. */
static enum br_rc
write_blocks(struct writer *w, uint64_t next, struct br_err *reterr)
{
    size_t n = (size_t)(next - w->first_block) * sizeof(*w->block);
    uint64_t at = br_index_filter_at(w->range->count) +
                  w->first_block * sizeof(*w->block);
    BR_TRY(write_at(w, w->block, n, (off_t)at, reterr));
    memset(w->block, 0, BLOCKS_HELD * sizeof(*w->block));
    w->first_block = next;
    return BR_OK;
}

static enum br_rc
go_to_block(struct writer *w, uint64_t b, struct br_err *reterr)
{
    while (b - w->first_block >= BLOCKS_HELD) {
        BR_TRY(write_blocks(w, w->first_block + BLOCKS_HELD, reterr));
    }
    w->last_block = b;
    return BR_OK;
}

static enum br_rc
put(struct writer *w, struct br_index_pair p, struct br_err *reterr)
{
    uint64_t b = br_index_block_of(p.key, w->blocks);
    if (b != w->last_block) {
        BR_TRY(go_to_block(w, b, reterr));
    }
    br_index_block_add(&w->block[b - w->first_block], p.key);
    w->pair[w->pairs++] = p;
    return w->pairs == PAIRS_HELD ? write_pairs(w, reterr) : BR_OK;
}

/** Pads the pairs, and ends the filter, so that the size is the full one. */
static enum br_rc
finish(struct writer *w, struct br_err *reterr)
{
    static const uint8_t zeroes[BR_INDEX_BLOCK_BYTES];
    BR_TRY(write_pairs(w, reterr));
    uint64_t filter_at = br_index_filter_at(w->range->count);
    size_t padding = (size_t)(filter_at - (uint64_t)w->pair_at);
    BR_TRY(write_at(w, zeroes, padding, w->pair_at, reterr));
    BR_TRY(go_to_block(w, w->blocks - 1, reterr));
    return write_blocks(w, w->blocks, reterr);
}

static enum br_rc
put_header(struct writer *w, struct br_err *reterr)
{
    union {
        struct br_index_header h;
        uint8_t page[BR_INDEX_HEADER_BYTES];
    } u = {.page = {0}};
    struct br_digest digest;
    memcpy(u.h.magic, br_index_magic, sizeof(u.h.magic));
    u.h.count = w->range->count;
    u.h.first = w->range->first;
    u.h.end = w->range->end;
    u.h.blocks = w->blocks;
    u.h.mark = w->range->mark;
    br_hasher_update(w->hasher, br_bytes(&u.h.count, 5 * sizeof(uint64_t)));
    br_hasher_final(w->hasher, &digest);
    memcpy(u.h.check.b, digest.b, BR_HASH_BYTES);
    return write_at(w, u.page, sizeof(u.page), 0, reterr);
}

static enum br_rc
write_all(
    struct writer *w, const struct br_index_source *s, struct br_err *reterr)
{
    for (uint64_t i = 0; i < w->range->count; i++) {
        if (w->pairs == 0 && s->cancel != NULL && atomic_load(s->cancel)) {
            return br_fail(reterr, BR_ERR_STOPPING, "index run");
        }
        BR_TRY(put(w, s->next(s->ctx), reterr));
    }
    BR_TRY(finish(w, reterr));
    BR_TRY(put_header(w, reterr));
    if (fsync(w->fd) != 0) {
        return br_fail(
            reterr, br_store_errno(errno), "syncing an index run: %s",
            strerror(errno));
    }
    return BR_OK;
}

static enum br_rc
name_it(int folder, const char *from, const char *to, struct br_err *reterr)
{
    if (renameat(folder, from, folder, to) != 0 || fsync(folder) != 0) {
        enum br_rc rc = br_fail(
            reterr, br_store_errno(errno), "naming the index run %s: %s", to,
            strerror(errno));
        (void)unlinkat(folder, to, 0);
        return rc;
    }
    return BR_OK;
}

static enum br_rc
open_writer(
    struct writer *w, int folder, const char *name, struct br_err *reterr)
{
    w->pair_at = BR_INDEX_HEADER_BYTES;
    w->streamed = w->pair_at;
    w->blocks = br_index_blocks(w->range->count);
    w->pair = (struct br_index_pair *)malloc(PAIRS_HELD * sizeof(*w->pair));
    w->block = (struct br_index_block *)calloc(BLOCKS_HELD, sizeof(*w->block));
    if (w->pair == NULL || w->block == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "index run");
    }
    BR_TRY(br_hasher_new(BR_HASH_SHA256, &w->hasher, reterr));
    int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    w->fd = openat(folder, name, flags, 0600);
    if (w->fd < 0) {
        return br_fail(
            reterr, br_store_errno(errno), "making the index run %s: %s", name,
            strerror(errno));
    }
    return BR_OK;
}

static void
close_writer(struct writer *w)
{
    if (w->fd >= 0) {
        (void)close(w->fd);
    }
    br_hasher_free(w->hasher);
    free(w->pair);
    free(w->block);
}

enum br_rc
br_index_run_write(
    int folder,
    const struct br_index_range *range,
    const struct br_index_source *source,
    struct br_err *reterr)
{
    char temporary[BR_INDEX_NAME_BYTES];
    char name[BR_INDEX_NAME_BYTES];
    struct writer w = {.fd = -1, .range = range};
    br_index_run_name(temporary, "new", range->first, range->end);
    br_index_run_name(name, "run", range->first, range->end);
    enum br_rc rc = open_writer(&w, folder, temporary, reterr);
    if (rc == BR_OK) {
        rc = write_all(&w, source, reterr);
    }
    close_writer(&w);
    if (rc == BR_OK && source->before_name != NULL) {
        source->before_name(source->before_name_ctx);
    }
    if (rc == BR_OK) {
        rc = name_it(folder, temporary, name, reterr);
    }
    if (rc != BR_OK) {
        (void)unlinkat(folder, temporary, 0);
    }
    return rc;
}
