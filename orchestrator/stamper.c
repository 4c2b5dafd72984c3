/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/stamper.h"

#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/net/http_client.h"
#include "orchestrator/store/closing.h"
#include "orchestrator/store/published.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum {
    WAITING_MAX = 256,
    RETRY_S = 10,
    LOOK_S = 3, /**< whether the desk's log is to be closed */
    TIMEOUT_MS = 10000,
    TOKEN_BYTES_MAX = 256,
};

struct stamp {
    uint32_t list;
    uint64_t number;
    struct br_hash digest;
};

struct br_stamper {
    struct br_stamper_options o;
    char url[640];
    char token[TOKEN_BYTES_MAX + 1];
    struct br_http_client *http;
    pthread_t thread;
    pthread_mutex_t lock; /**< guards the rest */
    pthread_cond_t wake;
    struct stamp waiting[WAITING_MAX];
    size_t count;
    bool stopping;
    bool warned;
    uint64_t closed; /**< the closing that was put in the queue last */
};

/* ---- one stamp ---------------------------------------------------------- */

static enum br_rc
keep(
    struct br_stamper *s,
    const struct stamp *st,
    struct br_bytes answer,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_write(s->o.kv, &txn, reterr));
    enum br_rc rc =
        br_stamped_put(txn, st->list, st->number, &st->digest, answer, reterr);
    if (rc != BR_OK) {
        br_kv_end(txn);
        return rc;
    }
    return br_kv_commit(txn, reterr);
}

static enum br_rc
post(struct br_stamper *s, const struct stamp *st, struct br_err *reterr)
{
    struct br_buf body;
    struct br_buf answer;
    int status = 0;
    br_buf_init(&body, 512);
    br_buf_init(&answer, 32u * 1024);
    br_buf_puts(&body, "{\"alg\":\"sha-256\",\"digest\":\"");
    br_hex_put(&body, br_hash_bytes(&st->digest));
    br_buf_puts(&body, "\"}");
    const struct br_http_call call = {
        .method = "POST",
        .url = s->url,
        .content_type = "application/json",
        .bearer = s->token,
        .body = br_buf_bytes(&body),
        .answer_bytes_max = answer.max,
        .timeout_ms = TIMEOUT_MS,
    };
    enum br_rc rc = br_http_call(s->http, &call, &status, &answer, reterr);
    if (rc == BR_OK && status / 100 != 2) {
        rc = br_fail(reterr, BR_ERR_NETWORK, "the node answers %d", status);
    }
    if (rc == BR_OK) {
        rc = keep(s, st, br_buf_bytes(&answer), reterr);
    }
    br_buf_fini(&body);
    br_buf_fini(&answer);
    return rc;
}

/* ---- the thread --------------------------------------------------------- */

static void
warn(struct br_stamper *s, const struct br_err *err)
{
    char text[BR_ERR_TEXT_BYTES + 80];
    (void)snprintf(
        text, sizeof(text), "a digest could not be stamped, trying on: %s",
        err->text);
    s->o.warning(s->o.ctx, text);
}

/* ---- the desk's log ------------------------------------------------------ */

static enum br_rc
close_log(struct br_stamper *s, struct br_closing *ret, struct br_err *reterr)
{
    struct timespec now;
    struct br_kv_txn *txn;
    struct br_bytes stamp;
    bool due = false;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const struct br_closing_when when = {
        .rows = s->o.audit_rows,
        .age_us = s->o.audit_s * 1000000,
        .now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
    };
    BR_TRY(br_kv_begin_write(s->o.kv, &txn, reterr));
    /* While one waits for the ledger, the next waits for it. */
    enum br_rc rc = br_closing_last(txn, ret, reterr);
    if (rc == BR_OK) {
        rc = br_closing_stamp(txn, ret, &stamp, reterr);
        if (rc == BR_ERR_NOT_FOUND) {
            br_kv_end(txn);
            return BR_OK;
        }
    }
    if (rc == BR_OK || rc == BR_ERR_NOT_FOUND) {
        rc = br_closing_make(txn, &when, &due, reterr);
    }
    if (rc == BR_OK && due) {
        rc = br_closing_last(txn, ret, reterr);
    }
    if (rc == BR_OK && due) {
        return br_kv_commit(txn, reterr);
    }
    br_kv_end(txn);
    ret->last = 0;
    return rc;
}

/** Without the lock. */
static void
look_at_log(struct br_stamper *s)
{
    struct br_closing c = {0};
    struct br_err err;
    if (close_log(s, &c, &err) != BR_OK) {
        warn(s, &err);
    } else if (c.last > s->closed) {
        s->closed = c.last;
        br_stamper_add(s, BR_CLOSING_LIST, c.last, &c.digest);
    }
}

/** For something to do, or until it is time to look. */
static void
wait_for_work(struct br_stamper *s)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_S;
    while (!s->stopping && s->count == 0 &&
           pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0) {
        /* woken without a reason */
    }
    if (!s->stopping && s->count == 0) {
        (void)pthread_mutex_unlock(&s->lock);
        look_at_log(s);
        (void)pthread_mutex_lock(&s->lock);
    }
}

static void
wait_a_while(struct br_stamper *s)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RETRY_S;
    while (!s->stopping &&
           pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0) {
        /* Something was added: the node is no better for it. */
    }
}

static void
drop_first(struct br_stamper *s, const struct stamp *done)
{
    if (s->count > 0 && s->waiting[0].list == done->list &&
        s->waiting[0].number == done->number) {
        s->count--;
        memmove(
            &s->waiting[0], &s->waiting[1], s->count * sizeof(s->waiting[0]));
    }
}

static void *
run(void *ctx)
{
    struct br_stamper *s = (struct br_stamper *)ctx;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        struct br_err err;
        if (s->count == 0) {
            wait_for_work(s);
            continue;
        }
        struct stamp next = s->waiting[0];
        (void)pthread_mutex_unlock(&s->lock);
        enum br_rc rc = post(s, &next, &err);
        if (rc != BR_OK && !s->warned) {
            warn(s, &err);
        }
        s->warned = rc != BR_OK;
        (void)pthread_mutex_lock(&s->lock);
        if (rc == BR_OK) {
            drop_first(s, &next);
        } else {
            wait_a_while(s);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static enum br_rc
read_token(struct br_stamper *s, struct br_err *reterr)
{
    struct stat st;
    struct br_buf b;
    if (stat(s->o.token_file, &st) == 0 && (st.st_mode & 077) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.160s: only its owner may read it",
            s->o.token_file);
    }
    br_buf_init(&b, TOKEN_BYTES_MAX);
    enum br_rc rc = br_file_read(s->o.token_file, &b, reterr);
    size_t n = 0;
    while (n < b.n && b.p[n] > 0x20 && b.p[n] < 0x7f) {
        n++;
    }
    if (rc == BR_OK && n == 0) {
        rc =
            br_fail(reterr, BR_ERR_CONFIG, "%.160s: no token", s->o.token_file);
    }
    if (rc == BR_OK) {
        memcpy(s->token, b.p, n);
        s->token[n] = '\0';
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
begin(struct br_stamper *s, struct br_err *reterr)
{
    BR_TRY(read_token(s, reterr));
    BR_TRY(br_http_client_new(&s->http, reterr));
    if (pthread_create(&s->thread, NULL, run, s) != 0) {
        br_http_client_free(s->http);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the stamper's thread");
    }
    return BR_OK;
}

enum br_rc
br_stamper_start(
    const struct br_stamper_options *options,
    struct br_stamper **ret,
    struct br_err *reterr)
{
    struct br_stamper *s = (struct br_stamper *)calloc(1, sizeof(*s));
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "stamper");
    }
    s->o = *options;
    (void)snprintf(
        s->url, sizeof(s->url), "%.600s/v1/notary/stamps", options->node_url);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    enum br_rc rc = begin(s, reterr);
    if (rc != BR_OK) {
        (void)pthread_cond_destroy(&s->wake);
        (void)pthread_mutex_destroy(&s->lock);
        free(s);
        return rc;
    }
    *ret = s;
    return BR_OK;
}

void
br_stamper_stop(struct br_stamper *s)
{
    if (s == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    br_http_client_free(s->http);
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/** Its place among those that wait: its own, when it waits already; that of the
 *  one that it replaces; or the next. */
static size_t
place_of(const struct br_stamper *s, const struct stamp *st)
{
    size_t replaces = s->count;
    for (size_t i = 0; i < s->count; i++) {
        const struct stamp *w = &s->waiting[i];
        if (w->list == st->list && w->number == st->number) {
            /* The first may be on its way to the node: it is left alone. */
            if (i > 0 || br_hash_eq(&w->digest, &st->digest)) {
                replaces = i;
            }
        }
    }
    return replaces;
}

void
br_stamper_add(
    struct br_stamper *s,
    uint32_t list,
    uint64_t number,
    const struct br_hash *digest)
{
    const struct stamp st = {list, number, *digest};
    (void)pthread_mutex_lock(&s->lock);
    size_t i = place_of(s, &st);
    if (i < WAITING_MAX) {
        s->waiting[i] = st;
        s->count = i < s->count ? s->count : i + 1;
        (void)pthread_cond_signal(&s->wake);
    }
    (void)pthread_mutex_unlock(&s->lock);
}
