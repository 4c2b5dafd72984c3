/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/digest_index.h"

#include "common/base/assert.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/store/index_run.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RUNS_MAX = 512,
    FAN = 8, /* runs of one tier that become one of the next */
    SECRET_BYTES = 16,
};

struct br_digest_index {
    char folder[PATH_MAX];
    uint8_t secret[SECRET_BYTES];
    size_t pairs_max;
    pthread_t thread;
    pthread_mutex_t wake_lock;
    pthread_cond_t wake;   /**< something to write, or the end */
    pthread_cond_t idle;   /**< nothing is being written */
    bool ending;           /**< under wake_lock */
    bool busy;             /**< under wake_lock: `full` waits or is written */
    struct br_err failure; /**< under wake_lock */
    pthread_rwlock_t lock; /**< guards what follows */
    struct br_index_memory *active;
    struct br_index_memory *full;      /**< being written, or NULL */
    struct br_index_run run[RUNS_MAX]; /**< ascending, without gaps from 0 */
    size_t run_count;
};

/* ---- opening: the names say it all -------------------------------------- */

static enum br_rc
read_secret(struct br_digest_index *ix, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    (void)snprintf(path, sizeof(path), "%.4000s/secret", ix->folder);
    br_buf_init(&b, SECRET_BYTES);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        br_random(ix->secret, SECRET_BYTES);
        rc = br_file_create(
            path, br_bytes(ix->secret, SECRET_BYTES), 0600, reterr);
    } else if (rc == BR_OK && b.n == SECRET_BYTES) {
        memcpy(ix->secret, b.p, SECRET_BYTES);
    } else {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "%.200s", path);
    }
    br_buf_fini(&b);
    return rc;
}

/** The longest run that begins where the last one ends. */
static bool
longest_from(const char *folder, uint64_t first, uint64_t *ret_end)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    bool found = false;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        uint64_t f;
        uint64_t e;
        if (br_index_run_name_parse(entry->d_name, &f, &e) && f == first &&
            e > f && (!found || e > *ret_end)) {
            *ret_end = e;
            found = true;
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return found;
}

static bool
is_chosen(const struct br_digest_index *ix, uint64_t first, uint64_t end)
{
    for (size_t i = 0; i < ix->run_count; i++) {
        if (ix->run[i].first == first && ix->run[i].end == end) {
            return true;
        }
    }
    return false;
}

/** Files that a merge has replaced, or that a crash has left. */
static void
remove_others(const struct br_digest_index *ix)
{
    DIR *d = opendir(ix->folder);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        struct br_index_run r;
        if (br_index_run_name_parse(entry->d_name, &r.first, &r.end) &&
            !is_chosen(ix, r.first, r.end)) {
            br_index_run_unlink(ix->folder, &r);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}

static enum br_rc
open_runs(struct br_digest_index *ix, struct br_err *reterr)
{
    uint64_t at = 0;
    uint64_t end = 0;
    while (ix->run_count < RUNS_MAX && longest_from(ix->folder, at, &end)) {
        BR_TRY(br_index_run_open(
            ix->folder, at, end, &ix->run[ix->run_count], reterr));
        ix->run_count++;
        at = end;
    }
    remove_others(ix);
    return BR_OK;
}

/* ---- the background thread ---------------------------------------------- */

struct from_array {
    const struct br_index_pair *at;
    const struct br_index_pair *end;
};

static bool
next_of_array(void *ctx, struct br_index_pair *ret)
{
    struct from_array *a = (struct from_array *)ctx;
    if (a->at == a->end) {
        return false;
    }
    *ret = *a->at++;
    return true;
}

struct from_runs {
    size_t count;
    struct from_array source[FAN];
};

static bool
pair_before(const struct br_index_pair *a, const struct br_index_pair *b)
{
    return a->key < b->key || (a->key == b->key && a->leaf < b->leaf);
}

static bool
next_of_runs(void *ctx, struct br_index_pair *ret)
{
    struct from_runs *m = (struct from_runs *)ctx;
    struct from_array *least = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct from_array *a = &m->source[i];
        if (a->at != a->end &&
            (least == NULL || pair_before(a->at, least->at))) {
            least = a;
        }
    }
    return least != NULL && next_of_array(least, ret);
}

static uint64_t
covered(const struct br_digest_index *ix)
{
    return ix->run_count == 0 ? 0 : ix->run[ix->run_count - 1].end;
}

static enum br_rc
write_full(struct br_digest_index *ix, struct br_err *reterr)
{
    size_t n = br_index_memory_count(ix->full);
    struct br_index_run run = {
        .first = covered(ix), .end = br_index_memory_end(ix->full)};
    struct br_index_pair *pairs =
        (struct br_index_pair *)malloc(n * sizeof(*pairs));
    if (pairs == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "sorting the digest index");
    }
    br_index_memory_sorted(ix->full, pairs);
    struct from_array source = {pairs, pairs + n};
    enum br_rc rc =
        br_index_run_write(ix->folder, &run, next_of_array, &source, reterr);
    free(pairs);
    BR_TRY(rc);
    BR_TRY(br_index_run_open(ix->folder, run.first, run.end, &run, reterr));
    (void)pthread_rwlock_wrlock(&ix->lock);
    BR_ASSERT(ix->run_count < RUNS_MAX);
    ix->run[ix->run_count++] = run;
    br_index_memory_free(ix->full);
    ix->full = NULL;
    (void)pthread_rwlock_unlock(&ix->lock);
    return BR_OK;
}

static unsigned
tier(const struct br_digest_index *ix, const struct br_index_run *r)
{
    unsigned t = 0;
    for (size_t n = r->count / ix->pairs_max; n >= FAN; n /= FAN) {
        t++;
    }
    return t;
}

/** The last FAN runs, if they are all of one tier. */
static bool
can_merge(const struct br_digest_index *ix)
{
    if (ix->run_count < FAN) {
        return false;
    }
    unsigned last = tier(ix, &ix->run[ix->run_count - 1]);
    for (size_t i = ix->run_count - FAN; i < ix->run_count; i++) {
        if (tier(ix, &ix->run[i]) != last) {
            return false;
        }
    }
    return true;
}

static enum br_rc
merge_last(struct br_digest_index *ix, struct br_err *reterr)
{
    struct br_index_run *old = &ix->run[ix->run_count - FAN];
    struct br_index_run dropped[FAN];
    struct br_index_run merged = {
        .first = old[0].first, .end = old[FAN - 1].end};
    struct from_runs m = {.count = FAN};
    for (size_t i = 0; i < FAN; i++) {
        m.source[i] =
            (struct from_array){old[i].pair, old[i].pair + old[i].count};
    }
    BR_TRY(br_index_run_write(ix->folder, &merged, next_of_runs, &m, reterr));
    BR_TRY(br_index_run_open(
        ix->folder, merged.first, merged.end, &merged, reterr));
    (void)pthread_rwlock_wrlock(&ix->lock);
    memcpy(dropped, old, sizeof(dropped));
    ix->run_count -= FAN - 1;
    ix->run[ix->run_count - 1] = merged;
    (void)pthread_rwlock_unlock(&ix->lock);
    for (size_t i = 0; i < FAN; i++) {
        br_index_run_unlink(ix->folder, &dropped[i]);
        br_index_run_close(&dropped[i]);
    }
    return BR_OK;
}

static void *
background(void *arg)
{
    struct br_digest_index *ix = (struct br_digest_index *)arg;
    (void)pthread_mutex_lock(&ix->wake_lock);
    for (;;) {
        while (!ix->busy && !ix->ending) {
            (void)pthread_cond_wait(&ix->wake, &ix->wake_lock);
        }
        if (!ix->busy) {
            break;
        }
        (void)pthread_mutex_unlock(&ix->wake_lock);
        struct br_err err = {0};
        enum br_rc rc = write_full(ix, &err);
        while (rc == BR_OK && can_merge(ix)) {
            rc = merge_last(ix, &err);
        }
        (void)pthread_mutex_lock(&ix->wake_lock);
        ix->busy = false;
        if (rc != BR_OK) {
            ix->failure = err;
        }
        (void)pthread_cond_broadcast(&ix->idle);
    }
    (void)pthread_mutex_unlock(&ix->wake_lock);
    return NULL;
}

/* ---- the outside -------------------------------------------------------- */

enum br_rc
br_digest_index_open_sized(
    const char *folder,
    size_t pairs_max,
    struct br_digest_index **ret,
    struct br_err *reterr)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return br_fail(reterr, BR_ERR_IO, "%s: %s", folder, strerror(errno));
    }
    struct br_digest_index *ix =
        (struct br_digest_index *)calloc(1, sizeof(*ix));
    if (ix == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    (void)snprintf(ix->folder, sizeof(ix->folder), "%s", folder);
    ix->pairs_max = pairs_max;
    (void)pthread_mutex_init(&ix->wake_lock, NULL);
    (void)pthread_cond_init(&ix->wake, NULL);
    (void)pthread_cond_init(&ix->idle, NULL);
    (void)pthread_rwlock_init(&ix->lock, NULL);
    enum br_rc rc = read_secret(ix, reterr);
    if (rc == BR_OK) {
        rc = open_runs(ix, reterr);
    }
    if (rc == BR_OK) {
        rc = br_index_memory_new(pairs_max, &ix->active, reterr);
    }
    if (rc == BR_OK && pthread_create(&ix->thread, NULL, background, ix) != 0) {
        rc = br_fail(reterr, BR_ERR_NO_MEMORY, "the index's thread");
    }
    if (rc != BR_OK) {
        ix->ending = true; /* no thread to join */
        br_digest_index_close(ix);
        return rc;
    }
    *ret = ix;
    return BR_OK;
}

enum br_rc
br_digest_index_open(
    const char *folder, struct br_digest_index **ret, struct br_err *reterr)
{
    return br_digest_index_open_sized(
        folder, BR_INDEX_MEMORY_PAIRS, ret, reterr);
}

void
br_digest_index_close(struct br_digest_index *ix)
{
    if (ix == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&ix->wake_lock);
    bool has_thread = !ix->ending;
    ix->ending = true;
    (void)pthread_cond_signal(&ix->wake);
    (void)pthread_mutex_unlock(&ix->wake_lock);
    if (has_thread) {
        (void)pthread_join(ix->thread, NULL);
    }
    for (size_t i = 0; i < ix->run_count; i++) {
        br_index_run_close(&ix->run[i]);
    }
    br_index_memory_free(ix->active);
    br_index_memory_free(ix->full);
    (void)pthread_rwlock_destroy(&ix->lock);
    (void)pthread_cond_destroy(&ix->idle);
    (void)pthread_cond_destroy(&ix->wake);
    (void)pthread_mutex_destroy(&ix->wake_lock);
    free(ix);
}

enum br_rc
br_digest_index_remove(const char *folder, struct br_err *reterr)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    if (d == NULL) {
        return errno == ENOENT
                   ? BR_OK
                   : br_fail(
                         reterr, BR_ERR_IO, "%s: %s", folder, strerror(errno));
    }
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(d), entry->d_name, 0);
        }
    }
    (void)closedir(d);
    return BR_OK;
}

struct br_leaf_index
br_digest_index_covered(const struct br_digest_index *ix)
{
    return (struct br_leaf_index){covered(ix)};
}

/** Hand the full table to the background thread; waits while the one before
 *  it is still being written. */
static enum br_rc
turn_over(struct br_digest_index *ix, struct br_err *reterr)
{
    struct br_index_memory *fresh;
    BR_TRY(br_index_memory_new(ix->pairs_max, &fresh, reterr));
    (void)pthread_mutex_lock(&ix->wake_lock);
    while (ix->busy) {
        (void)pthread_cond_wait(&ix->idle, &ix->wake_lock);
    }
    struct br_err failure = ix->failure;
    if (failure.rc == BR_OK) {
        (void)pthread_rwlock_wrlock(&ix->lock);
        ix->full = ix->active;
        ix->active = fresh;
        (void)pthread_rwlock_unlock(&ix->lock);
        ix->busy = true;
        (void)pthread_cond_signal(&ix->wake);
    }
    (void)pthread_mutex_unlock(&ix->wake_lock);
    if (failure.rc != BR_OK) {
        br_index_memory_free(fresh);
        return br_fail(reterr, failure.rc, "%.200s", failure.text);
    }
    return BR_OK;
}

enum br_rc
br_digest_index_add(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index leaf,
    struct br_err *reterr)
{
    struct br_index_pair p = {br_siphash(ix->secret, digest), leaf.v};
    if (br_index_memory_full(ix->active)) {
        BR_TRY(turn_over(ix, reterr));
    }
    (void)pthread_rwlock_wrlock(&ix->lock);
    BR_ASSERT(leaf.v >= br_index_memory_end(ix->active));
    br_index_memory_add(ix->active, p);
    (void)pthread_rwlock_unlock(&ix->lock);
    return BR_OK;
}

static void
wait_idle(struct br_digest_index *ix)
{
    (void)pthread_mutex_lock(&ix->wake_lock);
    while (ix->busy) {
        (void)pthread_cond_wait(&ix->idle, &ix->wake_lock);
    }
    (void)pthread_mutex_unlock(&ix->wake_lock);
}

enum br_rc
br_digest_index_forget_from(
    struct br_digest_index *ix,
    struct br_leaf_index leaf,
    struct br_err *reterr)
{
    struct br_index_memory *fresh;
    wait_idle(ix);
    BR_TRY(br_index_memory_new(ix->pairs_max, &fresh, reterr));
    (void)pthread_rwlock_wrlock(&ix->lock);
    br_index_memory_free(ix->active);
    ix->active = fresh;
    while (ix->run_count > 0 && ix->run[ix->run_count - 1].end > leaf.v) {
        struct br_index_run *last = &ix->run[--ix->run_count];
        br_index_run_unlink(ix->folder, last);
        br_index_run_close(last);
    }
    (void)pthread_rwlock_unlock(&ix->lock);
    return BR_OK;
}

enum br_rc
br_digest_index_reset(struct br_digest_index *ix, struct br_err *reterr)
{
    return br_digest_index_forget_from(ix, (struct br_leaf_index){0}, reterr);
}

enum br_rc
br_digest_index_find(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index from,
    struct br_leaf_index *ret,
    size_t max,
    size_t *ret_count)
{
    uint64_t key = br_siphash(ix->secret, digest);
    size_t n = 0;
    (void)pthread_rwlock_rdlock(&ix->lock);
    for (size_t i = 0; i < ix->run_count && n < max; i++) {
        n += br_index_run_find(&ix->run[i], key, from.v, ret + n, max - n);
    }
    if (ix->full != NULL && n < max) {
        n += br_index_memory_find(ix->full, key, from.v, ret + n, max - n);
    }
    if (n < max) {
        n += br_index_memory_find(ix->active, key, from.v, ret + n, max - n);
    }
    (void)pthread_rwlock_unlock(&ix->lock);
    *ret_count = n;
    return BR_OK;
}

enum br_rc
br_digest_index_check(struct br_digest_index *ix, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    (void)pthread_rwlock_rdlock(&ix->lock);
    for (size_t i = 0; i < ix->run_count && rc == BR_OK; i++) {
        rc = br_index_run_check(&ix->run[i], reterr);
    }
    (void)pthread_rwlock_unlock(&ix->lock);
    return rc;
}
