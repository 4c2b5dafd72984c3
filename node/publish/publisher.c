/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/publish/publisher.h"

#include "common/base/assert.h"
#include "common/receipt/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct kept {
    bool is_set;
    uint64_t size;
    uint64_t signed_at_us;
    struct br_buf note;
};

struct br_publisher {
    struct br_publisher_options o;
    bool has_signed;          /**< the engine's thread only */
    uint64_t last_size;       /**< the engine's thread only */
    struct br_hash last_root; /**< the engine's thread only */
    pthread_mutex_t lock;
    struct kept latest;    /**< under lock */
    struct kept published; /**< under lock; with a quorum only */
};

enum br_rc
br_publisher_new(
    const struct br_publisher_options *options,
    struct br_publisher **ret,
    struct br_err *reterr)
{
    if (br_signer_public(options->signer)->alg != BR_SIGN_ED25519) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "the log's key must be of Ed25519");
    }
    struct br_publisher *p = (struct br_publisher *)calloc(1, sizeof(*p));
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "publisher");
    }
    p->o = *options;
    (void)pthread_mutex_init(&p->lock, NULL);
    br_buf_init(&p->latest.note, BR_NOTE_BYTES_MAX);
    br_buf_init(&p->published.note, BR_NOTE_BYTES_MAX);
    *ret = p;
    return BR_OK;
}

void
br_publisher_free(struct br_publisher *p)
{
    if (p != NULL) {
        br_buf_fini(&p->latest.note);
        br_buf_fini(&p->published.note);
        (void)pthread_mutex_destroy(&p->lock);
        free(p);
    }
}

/** When memory is refused, the one before stays. */
static enum br_rc
keep(
    struct br_publisher *p,
    struct kept *k,
    uint64_t size,
    struct br_bytes note,
    struct br_err *reterr)
{
    struct timespec t;
    struct br_buf copy;
    br_buf_init(&copy, BR_NOTE_BYTES_MAX);
    br_buf_put(&copy, note.p, note.n);
    enum br_rc rc = br_buf_status(&copy, reterr);
    if (rc != BR_OK) {
        br_buf_fini(&copy);
        return rc;
    }
    (void)clock_gettime(CLOCK_REALTIME, &t);
    pthread_mutex_lock(&p->lock);
    struct br_buf old = k->note;
    k->note = copy;
    k->size = size;
    k->signed_at_us =
        (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
    k->is_set = true;
    pthread_mutex_unlock(&p->lock);
    br_buf_fini(&old);
    return BR_OK;
}

enum br_rc
br_publisher_sign(
    struct br_publisher *p,
    const struct br_snapshot *s,
    struct br_buf *ret_note,
    struct br_err *reterr)
{
    struct br_checkpoint c = {
        .origin = br_str(p->o.origin),
        .size = s->head.frontier.size,
    };
    br_snapshot_root(s, &c.root);
    /* C2SP tlog-checkpoint: a log never signs checkpoints that contradict each
     * other. The chain only grows; this is the last look before the key. */
    bool contradicts =
        c.size < p->last_size || (c.size == p->last_size && p->has_signed &&
                                  !br_hash_eq(&c.root, &p->last_root));
    if (contradicts) {
        return br_fail(
            reterr, BR_ERR_INCONSISTENT,
            "the log has shrunk or forked: nothing is signed any more");
    }
    br_buf_clear(ret_note);
    BR_TRY(br_checkpoint_put_signed(ret_note, &c, p->o.signer, reterr));
    BR_TRY(br_buf_status(ret_note, reterr));
    p->has_signed = true;
    p->last_size = c.size;
    p->last_root = c.root;
    return keep(p, &p->latest, c.size, br_buf_bytes(ret_note), reterr);
}

static enum br_rc
copy_out(
    struct br_publisher *p,
    const struct kept *k,
    struct br_publication *ret,
    struct br_err *reterr)
{
    br_buf_init(&ret->note, BR_NOTE_BYTES_MAX);
    pthread_mutex_lock(&p->lock);
    bool is_set = k->is_set;
    if (is_set) {
        ret->size = k->size;
        ret->signed_at_us = k->signed_at_us;
        br_buf_put(&ret->note, k->note.p, k->note.n);
    }
    pthread_mutex_unlock(&p->lock);
    enum br_rc rc = br_buf_status(&ret->note, reterr);
    if (rc == BR_OK && !is_set) {
        rc = br_fail(
            reterr, BR_ERR_NOT_READY,
            "no checkpoint has the witnesses' quorum yet");
    }
    if (rc != BR_OK) {
        br_buf_fini(&ret->note);
    }
    return rc;
}

enum br_rc
br_publisher_latest(
    struct br_publisher *p, struct br_publication *ret, struct br_err *reterr)
{
    return copy_out(p, &p->latest, ret, reterr);
}

enum br_rc
br_publisher_published(
    struct br_publisher *p, struct br_publication *ret, struct br_err *reterr)
{
    return copy_out(
        p, p->o.needs_quorum ? &p->published : &p->latest, ret, reterr);
}

void
br_publisher_set_published(
    struct br_publisher *p, uint64_t size, struct br_bytes note)
{
    /* Without memory the last one stays published: the next round tries. */
    (void)keep(p, &p->published, size, note, NULL);
}

enum br_rc
br_publisher_vkey(
    struct br_publisher *p, struct br_buf *ret, struct br_err *reterr)
{
    struct br_note_key k;
    BR_TRY(br_note_key_init(
        &k, br_str(p->o.origin), BR_NOTE_ED25519, br_signer_public(p->o.signer),
        reterr));
    br_note_key_put(ret, &k);
    return br_buf_status(ret, reterr);
}
