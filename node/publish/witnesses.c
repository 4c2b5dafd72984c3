/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/publish/witnesses.h"

#include "common/net/http_client.h"
#include "common/receipt/witness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ASK_TIMEOUT_MS = 5000, TRIES = 2 };

struct br_witnesses {
    struct br_witnesses_options o;
    struct br_buf policy_text;
    struct br_policy policy;
    struct br_http_client *http;
    uint64_t known[BR_POLICY_WITNESSES_MAX]; /**< size each has cosigned */
    uint64_t published;                      /**< size with a quorum */
    bool reached;
    bool told;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping; /**< under lock */
};

static enum br_rc
put_request(
    struct br_witnesses *w,
    uint64_t old_size,
    const struct br_publication *latest,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_witness_request r = {
        .old_size = old_size, .checkpoint = br_buf_bytes(&latest->note)};
    struct br_snapshot s;
    if (old_size > latest->size) {
        return br_fail(
            reterr, BR_ERR_INCONSISTENT,
            "it has cosigned %llu entries, the log has %llu",
            (unsigned long long)old_size, (unsigned long long)latest->size);
    }
    if (old_size > 0 && old_size < latest->size) {
        BR_TRY(br_snapshot_open(w->o.chain, &s, reterr));
        struct br_merkle_source src = br_snapshot_source(&s);
        enum br_rc rc = br_merkle_consistency(
            &src, old_size, latest->size, &r.proof, reterr);
        br_snapshot_close(&s);
        BR_TRY(rc);
    }
    br_buf_clear(b);
    br_witness_request_put(b, &r);
    return br_buf_status(b, reterr);
}

static enum br_rc
post(
    struct br_witnesses *w,
    const struct br_policy_witness *who,
    struct br_bytes body,
    int *ret_status,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char url[1024];
    (void)snprintf(
        url, sizeof(url), "%.*s/add-checkpoint", (int)who->url.n,
        (const char *)who->url.p);
    struct br_http_call call = {
        .method = "POST",
        .url = url,
        .content_type = "text/plain; charset=utf-8",
        .body = body,
        .answer_bytes_max = ret->max,
        .timeout_ms = ASK_TIMEOUT_MS,
    };
    br_buf_clear(ret);
    return br_http_call(w->http, &call, ret_status, ret, reterr);
}

/** One witness: its cosignature lines go to *lines. A witness that knows
 *  another size than we thought (409) is asked once more. */
static enum br_rc
ask(struct br_witnesses *w,
    size_t i,
    const struct br_publication *latest,
    struct br_buf *lines,
    struct br_err *reterr)
{
    const struct br_policy_witness *who = &w->policy.witness[i];
    struct br_buf request;
    struct br_buf answer;
    int status = 0;
    br_buf_init(&request, BR_WITNESS_REQUEST_BYTES_MAX);
    br_buf_init(&answer, BR_NOTE_BYTES_MAX);
    enum br_rc rc = BR_OK;
    for (int try = 0; try < TRIES && rc == BR_OK && status != 200; try++) {
        rc = put_request(w, w->known[i], latest, &request, reterr);
        if (rc == BR_OK) {
            rc = post(w, who, br_buf_bytes(&request), &status, &answer, reterr);
        }
        if (rc == BR_OK && status == 409) {
            rc = br_witness_size_parse(
                br_buf_bytes(&answer), &w->known[i], reterr);
        }
    }
    if (rc == BR_OK && status != 200) {
        rc = br_fail(
            reterr, BR_ERR_NETWORK, "it answers %d: %.100s", status,
            answer.n == 0 ? "" : (const char *)answer.p);
    }
    if (rc == BR_OK) {
        rc = br_witness_take(lines, br_buf_bytes(&answer), &who->key, reterr);
    }
    if (rc == BR_OK) {
        w->known[i] = latest->size;
    }
    br_buf_fini(&request);
    br_buf_fini(&answer);
    return rc;
}

static void
tell(struct br_witnesses *w, bool reached, const char *why)
{
    if (!w->told || reached != w->reached) {
        w->o.changed(w->o.ctx, reached, why);
    }
    w->told = true;
    w->reached = reached;
}

/** Ask all, join their lines to the note, publish if that is a quorum. */
static void
ask_all(struct br_witnesses *w, const struct br_publication *latest)
{
    struct br_buf note;
    struct br_note parsed;
    struct br_policy_votes votes;
    struct br_err err = {0};
    char why[BR_ERR_TEXT_BYTES] = "";
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    br_buf_put(&note, latest->note.p, latest->note.n);
    for (size_t i = 0; i < w->policy.witness_count; i++) {
        if (ask(w, i, latest, &note, &err) != BR_OK) {
            (void)snprintf(
                why, sizeof(why), "%.*s: %.180s",
                (int)(w->policy.witness[i].name.n > 40
                          ? 40
                          : w->policy.witness[i].name.n),
                (const char *)w->policy.witness[i].name.p, err.text);
        }
    }
    enum br_rc rc = br_buf_status(&note, &err);
    if (rc == BR_OK) {
        rc = br_note_parse(br_buf_bytes(&note), &parsed, &err);
    }
    if (rc == BR_OK) {
        rc = br_policy_check_quorum(&w->policy, &parsed, &votes, &err);
    }
    if (rc == BR_OK) {
        br_publisher_set_published(
            w->o.publisher, latest->size, br_buf_bytes(&note));
        w->published = latest->size;
    }
    tell(w, rc == BR_OK, why[0] != '\0' ? why : err.text);
    br_buf_fini(&note);
}

static void
round_of(struct br_witnesses *w)
{
    struct br_publication latest;
    if (br_publisher_latest(w->o.publisher, &latest, NULL) != BR_OK) {
        return;
    }
    if (latest.size > w->published || !w->reached) {
        ask_all(w, &latest);
    }
    br_buf_fini(&latest.note);
}

static struct timespec
in_ms(uint64_t ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + ms % 1000 * 1000000u;
    t.tv_sec += (time_t)(ms / 1000 + ns / 1000000000u);
    t.tv_nsec = (long)(ns % 1000000000u);
    return t;
}

static void *
work(void *arg)
{
    struct br_witnesses *w = (struct br_witnesses *)arg;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        (void)pthread_mutex_unlock(&w->lock);
        round_of(w);
        struct timespec until = in_ms(w->o.interval_ms);
        (void)pthread_mutex_lock(&w->lock);
        while (!w->stopping &&
               pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0) {
        }
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum br_rc
br_witnesses_start(
    const struct br_witnesses_options *options,
    struct br_witnesses **ret,
    struct br_err *reterr)
{
    struct br_witnesses *w = (struct br_witnesses *)calloc(1, sizeof(*w));
    if (w == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "witnesses");
    }
    w->o = *options;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->wake, NULL);
    br_buf_init(&w->policy_text, BR_POLICY_BYTES_MAX);
    br_buf_put(&w->policy_text, options->policy.p, options->policy.n);
    enum br_rc rc = br_buf_status(&w->policy_text, reterr);
    if (rc == BR_OK) {
        rc = br_policy_parse(br_buf_bytes(&w->policy_text), &w->policy, reterr);
    }
    if (rc == BR_OK) {
        rc = br_http_client_new(&w->http, reterr);
    }
    if (rc == BR_OK && pthread_create(&w->thread, NULL, work, w) != 0) {
        rc = br_fail(reterr, BR_ERR_NO_MEMORY, "the witnesses' thread");
    }
    if (rc != BR_OK) {
        br_http_client_free(w->http);
        br_buf_fini(&w->policy_text);
        free(w);
        return rc;
    }
    *ret = w;
    return BR_OK;
}

void
br_witnesses_stop(struct br_witnesses *w)
{
    if (w == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    br_http_client_free(w->http);
    br_buf_fini(&w->policy_text);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
