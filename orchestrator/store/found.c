/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/found.h"

#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "orchestrator/store/rows.h"

enum {
    STATES = 3,
    STATE_KEY_BYTES = 1 + 8 + BR_ORCH_ID_BYTES,
    REFERENCE_KEY_BYTES = BR_ORCH_REFERENCE_BYTES + 1 + BR_ORCH_ID_BYTES,
    OFFER_KEY_BYTES = BR_HASH_BYTES + BR_ORCH_ID_BYTES,
    INDEX_ROWS = 20000, /**< in one transaction */
};

/* ---- keys ---------------------------------------------------------------- */

/** State, time, id: a state's newest is its last. */
static struct br_bytes
state_key(const struct br_issued *i, uint8_t out[STATE_KEY_BYTES])
{
    out[0] = (uint8_t)i->status;
    br_put_be64(out + 1, i->issued_s);
    memcpy(out + 9, i->id, BR_ORCH_ID_BYTES);
    return br_bytes(out, STATE_KEY_BYTES);
}

/** Reference, 0, id: no reference is another's beginning. */
static struct br_bytes
reference_key(const struct br_issued *i, uint8_t out[REFERENCE_KEY_BYTES])
{
    size_t n = strlen(i->reference);
    memcpy(out, i->reference, n);
    out[n] = 0;
    memcpy(out + n + 1, i->id, BR_ORCH_ID_BYTES);
    return br_bytes(out, n + 1 + BR_ORCH_ID_BYTES);
}

static struct br_bytes
offer_key(const struct br_issued *i, uint8_t out[OFFER_KEY_BYTES])
{
    memcpy(out, i->offer.b, BR_HASH_BYTES);
    memcpy(out + BR_HASH_BYTES, i->id, BR_ORCH_ID_BYTES);
    return br_bytes(out, OFFER_KEY_BYTES);
}

/** An index names the id at its key's end. */
static enum br_rc
named(
    struct br_kv_txn *txn,
    struct br_bytes key,
    struct br_issued *ret,
    struct br_err *reterr)
{
    if (key.n < BR_ORCH_ID_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "an index of credentials");
    }
    return br_issued_get(
        txn, br_bytes(key.p + key.n - BR_ORCH_ID_BYTES, BR_ORCH_ID_BYTES), ret,
        reterr);
}

static bool
begins(struct br_bytes key, struct br_bytes with)
{
    return key.n >= with.n &&
           (with.n == 0 || memcmp(key.p, with.p, with.n) == 0);
}

/* ---- writing ------------------------------------------------------------- */

enum br_rc
br_issued_index(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    const struct br_issued *before,
    struct br_err *reterr)
{
    uint8_t state[STATE_KEY_BYTES];
    uint8_t reference[REFERENCE_KEY_BYTES];
    uint8_t offer[OFFER_KEY_BYTES];
    struct br_bytes type = br_str(i->type);
    if (before != NULL &&
        (before->status != i->status || before->issued_s != i->issued_s)) {
        BR_TRY(br_kv_delete(
            txn, BR_ORCH_BY_STATE, state_key(before, state), reterr));
    }
    if (i->reference[0] != '\0') {
        BR_TRY(br_kv_put(
            txn, BR_ORCH_BY_REF, reference_key(i, reference), type, reterr));
    }
    BR_TRY(br_kv_put(txn, BR_ORCH_BY_OFFER, offer_key(i, offer), type, reterr));
    return br_kv_put(txn, BR_ORCH_BY_STATE, state_key(i, state), type, reterr);
}

/** From a key on, at most INDEX_ROWS; *last: the key of the last one. */
static enum br_rc
index_some(
    struct br_kv_txn *txn,
    uint8_t last[BR_ORCH_ID_BYTES],
    bool *ret_more,
    struct br_err *reterr)
{
    uint8_t ids[64][BR_ORCH_ID_BYTES];
    size_t done = 0;
    size_t got = 0;
    do {
        struct br_kv_cursor *c;
        struct br_bytes key;
        struct br_bytes row;
        got = 0;
        /* A put ends what a cursor has borrowed: ids first. */
        BR_TRY(br_kv_cursor_open(txn, BR_ORCH_CREDENTIALS, &c, reterr));
        enum br_rc rc =
            br_kv_seek(c, br_bytes(last, BR_ORCH_ID_BYTES), &key, &row);
        for (; rc == BR_OK && got < 64; rc = br_kv_next(c, &key, &row)) {
            if (key.n == BR_ORCH_ID_BYTES &&
                (done == 0 || memcmp(key.p, last, key.n) != 0)) {
                memcpy(ids[got++], key.p, BR_ORCH_ID_BYTES);
            }
        }
        br_kv_cursor_close(c);
        for (size_t k = 0; k < got; k++) {
            struct br_issued i;
            BR_TRY(br_issued_get(
                txn, br_bytes(ids[k], BR_ORCH_ID_BYTES), &i, reterr));
            BR_TRY(br_issued_index(txn, &i, NULL, reterr));
            memcpy(last, ids[k], BR_ORCH_ID_BYTES);
        }
        done += got;
    } while (got > 0 && done < INDEX_ROWS);
    *ret_more = got > 0;
    return BR_OK;
}

static enum br_rc
is_indexed(struct br_kv *kv, bool *ret, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    uint64_t rows = 0;
    uint64_t indexed = 0;
    BR_TRY(br_kv_begin_read(kv, &txn, reterr));
    enum br_rc rc = br_kv_count(txn, BR_ORCH_CREDENTIALS, &rows, reterr);
    if (rc == BR_OK) {
        rc = br_kv_count(txn, BR_ORCH_BY_STATE, &indexed, reterr);
    }
    br_kv_end(txn);
    *ret = indexed >= rows;
    return rc;
}

enum br_rc
br_issued_index_all(struct br_kv *kv, struct br_err *reterr)
{
    uint8_t last[BR_ORCH_ID_BYTES] = {0};
    bool more = false;
    bool whole = false;
    BR_TRY(is_indexed(kv, &whole, reterr));
    for (more = !whole; more;) {
        struct br_kv_txn *txn;
        BR_TRY(br_kv_begin_write(kv, &txn, reterr));
        enum br_rc rc = index_some(txn, last, &more, reterr);
        if (rc != BR_OK) {
            br_kv_end(txn);
            return rc;
        }
        BR_TRY(br_kv_commit(txn, reterr));
    }
    return BR_OK;
}

/* ---- walking ------------------------------------------------------------- */

/** Each row whose index key begins so. */
static enum br_rc
walk(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes prefix,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    BR_TRY(br_kv_cursor_open(txn, table, &c, reterr));
    enum br_rc rc = br_kv_seek(c, prefix, &key, &value);
    while (rc == BR_OK && begins(key, prefix)) {
        struct br_issued i;
        rc = named(txn, key, &i, reterr);
        if (rc != BR_OK || !fn(ctx, &i)) {
            break;
        }
        rc = br_kv_next(c, &key, &value);
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_issued_by_reference(
    struct br_kv_txn *txn,
    const char *reference,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    size_t n = strlen(reference);
    return n == 0 || n > BR_ORCH_REFERENCE_BYTES
               ? BR_OK
               : walk(
                     txn, BR_ORCH_BY_REF, br_bytes(reference, n + 1), fn, ctx,
                     reterr);
}

struct newest {
    struct br_issued *ret;
    bool any;
};

static bool
keep_newest(void *ctx, const struct br_issued *i)
{
    struct newest *n = (struct newest *)ctx;
    if (!n->any || i->issued_s >= n->ret->issued_s) {
        *n->ret = *i;
        n->any = true;
    }
    return true;
}

enum br_rc
br_issued_of_offer(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    struct br_issued *ret,
    struct br_err *reterr)
{
    struct newest n = {.ret = ret};
    BR_TRY(walk(
        txn, BR_ORCH_BY_OFFER, br_hash_bytes(offer), keep_newest, &n, reterr));
    return n.any ? BR_OK
                 : br_fail(
                       reterr, BR_ERR_NOT_FOUND,
                       "nothing was issued for this offer");
}

/* ---- the newest, of several states --------------------------------------- */

/** A walk back through one state. */
struct lane {
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes type;
    uint8_t state;
    bool live;
};

static enum br_rc
stand(struct lane *l, enum br_rc rc)
{
    l->live =
        rc == BR_OK && l->key.n == STATE_KEY_BYTES && l->key.p[0] == l->state;
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

static enum br_rc
open_lane(
    struct br_kv_txn *txn, struct lane *l, uint8_t state, struct br_err *reterr)
{
    uint8_t end[STATE_KEY_BYTES];
    memset(end, 0xff, sizeof(end));
    end[0] = state;
    *l = (struct lane){.state = state};
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_BY_STATE, &l->c, reterr));
    return stand(
        l,
        br_kv_seek_back(l->c, br_bytes(end, sizeof(end)), &l->key, &l->type));
}

static struct lane *
latest(struct lane lanes[STATES])
{
    struct lane *best = NULL;
    for (size_t i = 0; i < STATES; i++) {
        struct lane *l = &lanes[i];
        if (l->live &&
            (best == NULL ||
             memcmp(l->key.p + 1, best->key.p + 1, STATE_KEY_BYTES - 1) > 0)) {
            best = l;
        }
    }
    return best;
}

static enum br_rc
merge(
    struct br_kv_txn *txn,
    struct lane lanes[STATES],
    const struct br_issued_query *q,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    struct lane *l;
    while ((l = latest(lanes)) != NULL) {
        if (q->type[0] == '\0' || br_bytes_eq(l->type, br_str(q->type))) {
            struct br_issued i;
            BR_TRY(named(txn, l->key, &i, reterr));
            if (!fn(ctx, &i)) {
                return BR_OK;
            }
        }
        BR_TRY(stand(l, br_kv_prev(l->c, &l->key, &l->type)));
    }
    return BR_OK;
}

static enum br_rc
walk_states(
    struct br_kv_txn *txn,
    const struct br_issued_query *q,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    struct lane lanes[STATES] = {{.c = NULL}};
    enum br_rc rc = BR_OK;
    for (uint8_t s = 0; rc == BR_OK && s < STATES; s++) {
        if (q->status[0] == '\0' || strcmp(q->status, br_status_name(s)) == 0) {
            rc = open_lane(txn, &lanes[s], s, reterr);
        }
    }
    if (rc == BR_OK) {
        rc = merge(txn, lanes, q, fn, ctx, reterr);
    }
    for (size_t i = 0; i < STATES; i++) {
        if (lanes[i].c != NULL) {
            br_kv_cursor_close(lanes[i].c);
        }
    }
    return rc;
}

enum br_rc
br_issued_by_type(
    struct br_kv_txn *txn,
    const char *type,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    const struct br_issued_query q = {.text = "", .type = type, .status = ""};
    return walk_states(txn, &q, fn, ctx, reterr);
}

/* ---- searching ----------------------------------------------------------- */

struct search {
    const struct br_issued_query *q;
    struct br_issued *found;
    size_t max;
    size_t count;
    size_t looked;
};

static bool
take_next(void *ctx, const struct br_issued *i)
{
    struct search *s = (struct search *)ctx;
    s->found[s->count++] = *i;
    return s->count < s->max;
}

static bool
is_there(const struct search *s, const struct br_issued *i)
{
    for (size_t k = 0; k < s->count; k++) {
        if (memcmp(s->found[k].id, i->id, sizeof(i->id)) == 0) {
            return true;
        }
    }
    return false;
}

/** Into its place by time, when it fits. */
static bool
take_in_order(void *ctx, const struct br_issued *i)
{
    struct search *s = (struct search *)ctx;
    bool fits = (s->q->type[0] == '\0' || strcmp(s->q->type, i->type) == 0) &&
                (s->q->status[0] == '\0' ||
                 strcmp(s->q->status, br_status_name(i->status)) == 0);
    size_t at = s->count;
    while (at > 0 && s->found[at - 1].issued_s < i->issued_s) {
        at--;
    }
    if (fits && at < s->max && !is_there(s, i)) {
        size_t kept = s->count < s->max ? s->count : s->max - 1;
        memmove(
            &s->found[at + 1], &s->found[at],
            (kept - at) * sizeof(s->found[0]));
        s->found[at] = *i;
        s->count = kept + 1;
    }
    return ++s->looked < BR_ISSUED_LOOKED_MAX;
}

/** Ids that begin with these digits; an odd last one is half a byte. */
static enum br_rc
search_ids(struct br_kv_txn *txn, struct search *s, struct br_err *reterr)
{
    uint8_t id[BR_ORCH_ID_BYTES];
    const char *text = s->q->text;
    size_t n = strlen(text);
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    if (n > sizeof(id) * 2 || strspn(text, "0123456789abcdef") != n) {
        return BR_OK;
    }
    BR_TRY(br_hex_parse(br_bytes(text, n & ~(size_t)1), id, reterr));
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_CREDENTIALS, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(id, n / 2), &key, &row);
    while (rc == BR_OK && begins(key, br_bytes(id, n / 2))) {
        struct br_issued i;
        char hex[33];
        rc = named(txn, key, &i, reterr);
        if (rc != BR_OK) {
            break;
        }
        br_issued_id_text(&i, hex);
        if (strncmp(hex, text, n) == 0 && !take_in_order(s, &i)) {
            break;
        }
        rc = br_kv_next(c, &key, &row);
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_issued_search(
    struct br_kv_txn *txn,
    const struct br_issued_query *q,
    struct br_issued *ret,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct search s = {.q = q, .found = ret, .max = max};
    if (q->text[0] == '\0') {
        BR_TRY(walk_states(txn, q, take_next, &s, reterr));
    } else if (strlen(q->text) <= BR_ORCH_REFERENCE_BYTES) {
        BR_TRY(walk(
            txn, BR_ORCH_BY_REF, br_str(q->text), take_in_order, &s, reterr));
        s.looked = 0;
        BR_TRY(search_ids(txn, &s, reterr));
    }
    *ret_count = s.count;
    return BR_OK;
}
