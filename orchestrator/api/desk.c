/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/desk.h"

#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "common/service/qr.h"
#include "orchestrator/api/slow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024, PEERS = 1024 };

struct task {
    struct br_http_request *req;
    const struct br_desk_action *action;
};

/** Logins from addresses that fall together, in one minute. */
struct peer {
    uint64_t minute;
    unsigned count;
};

enum { WORK, LOGINS, LANES };

/** A thread and what waits for it. */
struct lane {
    struct br_desk *desk;
    pthread_t thread;
    bool running;
    pthread_cond_t wake;
    struct task queue[BR_DESK_QUEUE_MAX];
    size_t first;
    size_t count;
};

struct br_desk {
    struct br_orch_api *api;
    pthread_mutex_t lock; /**< guards the rest */
    struct lane lanes[LANES];
    bool stopping;
    uint8_t peer_key[16];
    struct peer peers[PEERS];
};

/* ---- who asks ----------------------------------------------------------- */

struct br_bytes
br_desk_cookie(const struct br_http_request *req, const char *name)
{
    const char *p = br_http_header(req, "Cookie");
    size_t length = strlen(name);
    while (p != NULL && *p != '\0') {
        p += strspn(p, " ;");
        size_t n = strcspn(p, ";");
        if (n > length + 1 && strncmp(p, name, length) == 0 &&
            p[length] == '=') {
            return br_bytes(p + length + 1, n - length - 1);
        }
        p += n;
    }
    return br_bytes(NULL, 0);
}

void
br_desk_mark_of(struct br_bytes session, char ret[BR_ORCH_SECRET_TEXT_BYTES])
{
    struct br_hash h = br_orch_hash("desk-mark", session);
    struct br_buf b;
    br_buf_init(&b, 64);
    br_base64url_put(&b, br_hash_bytes(&h));
    (void)snprintf(
        ret, BR_ORCH_SECRET_TEXT_BYTES, "%.*s", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

/** A form of another site cannot send this header, nor a script of one read
 *  the session's mark. */
static enum br_rc
check_mark(
    const struct br_http_request *req, const char *want, struct br_err *reterr)
{
    const char *mark = br_http_header(req, "X-Broletto-Desk");
    size_t n = strlen(want);
    if (mark == NULL || strlen(mark) != n || !br_secret_eq(mark, want, n)) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "X-Broletto-Desk is not the session's");
    }
    return BR_OK;
}

enum { SEEN_S = 60 };

static enum br_rc
authenticate(
    struct br_desk_call *c,
    const struct br_desk_action *a,
    struct br_err *reterr)
{
    struct br_bytes text = br_desk_cookie(c->req, "broletto_desk");
    uint64_t now_s = c->now_us / 1000000;
    BR_TRY(br_desk_session_get(c->txn, text, now_s, &c->session, reterr));
    if (br_operator_get(
            c->txn, br_str(c->session.operator_name), &c->who, reterr) !=
        BR_OK) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED, "the session has ended: log in");
    }
    br_desk_mark_of(text, c->mark);
    if (a->post) {
        BR_TRY(check_mark(c->req, c->mark, reterr));
    }
    if ((a->may & 1u << c->who.role) == 0) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "not for the role %s",
            br_desk_role_name(c->who.role));
    }
    if (now_s >= c->session.seen_s + SEEN_S) {
        c->session.seen_s = now_s;
        return br_desk_session_put(c->txn, &c->session, reterr);
    }
    return BR_OK;
}

/* ---- one request -------------------------------------------------------- */

static enum br_rc
read_body(
    struct br_desk_call *c,
    const struct br_desk_action *a,
    struct br_err *reterr)
{
    if (!a->post) {
        return BR_OK;
    }
    BR_TRY(br_json_parse(br_http_body(c->req), &c->arena, &c->body, reterr));
    return br_json_as(c->body, BR_JSON_OBJECT, reterr);
}

static enum br_rc
run_in_transaction(
    struct br_desk_call *c,
    const struct br_desk_action *a,
    struct br_err *reterr)
{
    BR_TRY(br_kv_begin_write(c->api->kv, &c->txn, reterr));
    enum br_rc rc = authenticate(c, a, reterr);
    if (rc == BR_OK) {
        rc = a->run(c, reterr);
    }
    if (rc != BR_OK) {
        br_kv_end(c->txn);
        return rc;
    }
    return br_kv_commit(c->txn, reterr);
}

enum br_rc
br_desk_begin(struct br_desk_call *c, struct br_err *reterr)
{
    return br_kv_begin_write(c->api->kv, &c->txn, reterr);
}

/** Who asks is looked at in a short transaction of its own. */
static enum br_rc
run_slow(
    struct br_desk_call *c,
    const struct br_desk_action *a,
    struct br_err *reterr)
{
    BR_TRY(br_desk_begin(c, reterr));
    enum br_rc rc = authenticate(c, a, reterr);
    if (rc != BR_OK) {
        br_kv_end(c->txn);
        return rc;
    }
    rc = br_kv_commit(c->txn, reterr);
    c->txn = NULL;
    BR_TRY(rc);
    rc = a->run(c, reterr);
    if (c->txn == NULL) {
        return rc;
    }
    if (rc != BR_OK) {
        br_kv_end(c->txn);
        return rc;
    }
    return br_kv_commit(c->txn, reterr);
}

static enum br_rc
run(struct br_desk_call *c,
    const struct br_desk_action *a,
    struct br_err *reterr)
{
    bool json = (a->may & BR_DESK_DOWNLOAD) == 0;
    BR_TRY(read_body(c, a, reterr));
    if (json) {
        br_json_write_object(&c->w);
    }
    if ((a->may & BR_DESK_OPEN) != 0) {
        if (a->post) {
            BR_TRY(check_mark(c->req, "login", reterr));
        }
        BR_TRY(a->run(c, reterr));
    } else if ((a->may & BR_DESK_SLOW) != 0) {
        BR_TRY(run_slow(c, a, reterr));
    } else {
        BR_TRY(run_in_transaction(c, a, reterr));
    }
    if (json) {
        br_json_write_end(&c->w);
    }
    return br_buf_status(&c->out, reterr);
}

static void
answer(struct br_desk_call *c)
{
    char file[160];
    struct br_http_header_pair headers[4] = {{"Cache-Control", "no-store"}};
    struct br_http_answer a = {
        .status = 200,
        .content_type = "application/json",
        .take = &c->out,
        .headers = headers,
        .header_count = 1,
    };
    if (c->cookie[0] != '\0') {
        headers[a.header_count++] =
            (struct br_http_header_pair){"Set-Cookie", c->cookie};
    }
    if (c->location[0] != '\0') {
        a.status = 303;
        headers[a.header_count++] =
            (struct br_http_header_pair){"Location", c->location};
    }
    if (c->download != NULL) {
        (void)snprintf(
            file, sizeof(file), "attachment; filename=\"%.100s\"", c->download);
        a.content_type = "application/jwt";
        headers[a.header_count++] =
            (struct br_http_header_pair){"Content-Disposition", file};
    }
    br_http_reply(c->req, &a);
}

static void
serve(struct br_orch_api *api, const struct task *t)
{
    struct br_err err;
    struct br_desk_call c = {
        .api = api, .req = t->req, .now_us = br_orch_now_us()};
    br_arena_init(&c.arena, ARENA_BYTES_MAX);
    br_buf_init(&c.out, BR_DESK_ANSWER_BYTES_MAX);
    br_json_writer_init(&c.w, &c.out);
    if (run(&c, t->action, &err) == BR_OK) {
        answer(&c);
    } else {
        br_http_reply_problem(c.req, &err);
    }
    br_buf_wipe(&c.out);
    br_wipe(&c.mark, sizeof(c.mark));
    br_arena_fini(&c.arena);
}

/* ---- the queue ---------------------------------------------------------- */

static bool
take(struct lane *l, struct task *ret)
{
    struct br_desk *d = l->desk;
    (void)pthread_mutex_lock(&d->lock);
    while (l->count == 0 && !d->stopping) {
        (void)pthread_cond_wait(&l->wake, &d->lock);
    }
    bool some = l->count > 0;
    if (some) {
        *ret = l->queue[l->first];
        l->first = (l->first + 1) % BR_DESK_QUEUE_MAX;
        l->count--;
    }
    (void)pthread_mutex_unlock(&d->lock);
    return some;
}

static void *
work(void *ctx)
{
    struct lane *l = (struct lane *)ctx;
    struct br_desk *d = l->desk;
    struct task t;
    while (take(l, &t)) {
        if (atomic_load(&d->api->stopping)) {
            struct br_err err;
            (void)br_fail(&err, BR_ERR_STOPPING, "the desk");
            br_http_reply_problem(t.req, &err);
        } else {
            serve(d->api, &t);
        }
    }
    return NULL;
}

/** A task on a thread of slow work. */
struct slow_task {
    struct br_orch_api *api;
    struct task task;
};

static void
serve_slow(void *ctx, bool stopping)
{
    struct slow_task *s = (struct slow_task *)ctx;
    struct br_err err;
    if (stopping) {
        (void)br_fail(&err, BR_ERR_STOPPING, "the desk");
        br_http_reply_problem(s->task.req, &err);
    } else {
        serve(s->api, &s->task);
    }
    free(s);
}

static void
submit_slow(
    struct br_http_request *req,
    struct br_orch_api *api,
    const struct br_desk_action *a)
{
    struct br_err err;
    struct slow_task *s = (struct slow_task *)malloc(sizeof(*s));
    enum br_rc rc =
        s == NULL ? br_fail(&err, BR_ERR_NO_MEMORY, "the desk") : BR_OK;
    if (s != NULL) {
        *s = (struct slow_task){api, {req, a}};
        rc = br_slow_submit(api->slow, serve_slow, s, &err);
    }
    if (rc != BR_OK) {
        free(s);
        br_http_reply_problem(req, &err);
    }
}

/** Under the lock. */
static bool
may_log_in(struct br_desk *d, const struct br_http_request *req)
{
    uint64_t minute = br_orch_now_s() / 60;
    uint64_t h = br_siphash(d->peer_key, br_str(br_http_peer(req)));
    struct peer *p = &d->peers[h % PEERS];
    if (p->minute != minute) {
        *p = (struct peer){.minute = minute};
    }
    return p->count++ < d->api->config->desk_logins;
}

void
br_desk_submit(
    struct br_http_request *req, void *ctx, const struct br_desk_action *a)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_desk *d = api->desk;
    struct lane *l = &d->lanes[(a->may & BR_DESK_LOGIN) != 0 ? LOGINS : WORK];
    struct br_err err;
    enum br_rc rc = BR_OK;
    if ((a->may & BR_DESK_SLOW) != 0) {
        submit_slow(req, api, a);
        return;
    }
    (void)pthread_mutex_lock(&d->lock);
    if ((a->may & BR_DESK_LIMIT) != 0 && !may_log_in(d, req)) {
        rc = br_fail(
            &err, BR_ERR_RATE_EXCEEDED, "%llu logins a minute from one address",
            (unsigned long long)d->api->config->desk_logins);
    } else if (l->count == BR_DESK_QUEUE_MAX || d->stopping) {
        rc = br_fail(&err, BR_ERR_BUSY, "the desk's queue");
    } else {
        size_t at = (l->first + l->count++) % BR_DESK_QUEUE_MAX;
        l->queue[at] = (struct task){req, a};
        (void)pthread_cond_signal(&l->wake);
    }
    (void)pthread_mutex_unlock(&d->lock);
    if (rc != BR_OK) {
        br_http_reply_problem(req, &err);
    }
}

enum br_rc
br_desk_start(
    struct br_orch_api *api, struct br_desk **ret, struct br_err *reterr)
{
    struct br_desk *d = (struct br_desk *)calloc(1, sizeof(*d));
    if (d == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the desk");
    }
    d->api = api;
    br_random(d->peer_key, sizeof(d->peer_key));
    (void)pthread_mutex_init(&d->lock, NULL);
    bool good = true;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *l = &d->lanes[i];
        l->desk = d;
        (void)pthread_cond_init(&l->wake, NULL);
        l->running = good && pthread_create(&l->thread, NULL, work, l) == 0;
        good = l->running;
    }
    if (!good) {
        br_desk_stop(d);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the desk's threads");
    }
    *ret = d;
    return BR_OK;
}

void
br_desk_stop(struct br_desk *d)
{
    if (d == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&d->lock);
    d->stopping = true;
    for (size_t i = 0; i < LANES; i++) {
        (void)pthread_cond_signal(&d->lanes[i].wake);
    }
    (void)pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < LANES; i++) {
        if (d->lanes[i].running) {
            (void)pthread_join(d->lanes[i].thread, NULL);
        }
        (void)pthread_cond_destroy(&d->lanes[i].wake);
    }
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}

/* ---- for the other files ------------------------------------------------ */

void
br_desk_text(struct br_desk_call *c, const char *name, const char *value)
{
    br_json_write_name(&c->w, name);
    br_json_write_string(&c->w, br_str(value));
}

void
br_desk_number(struct br_desk_call *c, const char *name, uint64_t value)
{
    br_json_write_name(&c->w, name);
    br_json_write_uint(&c->w, value);
}

void
br_desk_flag(struct br_desk_call *c, const char *name, bool value)
{
    br_json_write_name(&c->w, name);
    br_json_write_boolean(&c->w, value);
}

enum br_rc
br_desk_qr(
    struct br_desk_call *c,
    const char *name,
    struct br_bytes link,
    struct br_err *reterr)
{
    struct br_buf path;
    int side = 0;
    br_buf_init(&path, 512u * 1024);
    enum br_rc rc = br_qr_put_path(&path, link, BR_QR_QUARTILE, &side, reterr);
    if (rc == BR_OK) {
        br_json_write_name(&c->w, name);
        br_json_write_object(&c->w);
        br_desk_number(c, "side", (uint64_t)side);
        br_json_write_name(&c->w, "path");
        br_json_write_string(&c->w, br_buf_bytes(&path));
        br_json_write_end(&c->w);
    }
    br_buf_fini(&path);
    return rc;
}

enum br_rc
br_desk_audit(
    struct br_desk_call *c,
    const char *what,
    const char *about,
    const char *detail,
    struct br_err *reterr)
{
    struct br_audit a = {.time_us = c->now_us};
    (void)snprintf(a.who, sizeof(a.who), "%s", c->who.name);
    (void)snprintf(a.what, sizeof(a.what), "%s", what);
    (void)snprintf(a.about, sizeof(a.about), "%s", about);
    (void)snprintf(a.detail, sizeof(a.detail), "%s", detail);
    return br_audit_add(c->txn, &a, reterr);
}

enum br_rc
br_desk_string(
    struct br_desk_call *c,
    const char *name,
    size_t max,
    const char **ret,
    struct br_err *reterr)
{
    struct br_bytes v = br_bytes("", 0);
    BR_TRY(br_json_may_string(c->body, name, &v, reterr));
    if (v.n > max || memchr(v.p, '\0', v.n) != NULL) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "%s: at most %zu bytes, none of them 0", name, max);
    }
    const char *copy = br_arena_copy(&c->arena, v);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "%s", name);
    }
    *ret = copy;
    return BR_OK;
}
