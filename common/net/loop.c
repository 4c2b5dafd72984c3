/* The main loop on libuv.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/loop.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "common/base/assert.h"

/** One signal, timer or folder: freed by its closing. */
struct watch {
    union {
        uv_handle_t handle;
        uv_signal_t signal;
        uv_timer_t timer;
        uv_fs_event_t folder;
    } uv;
    void (*plain)(void *ctx);
    void (*named)(void *ctx, const char *name);
    void *ctx;
};

struct br_loop {
    uv_loop_t uv;
    uv_async_t stop; /**< from any thread */
};

static void
on_stop(uv_async_t *async)
{
    uv_stop(async->loop);
}

enum br_rc
br_loop_new(struct br_loop **ret, struct br_err *reterr)
{
    struct br_loop *l = (struct br_loop *)calloc(1, sizeof(*l));
    if (l == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for the loop");
    }
    int rc = uv_loop_init(&l->uv);
    if (rc != 0) {
        free(l);
        return br_fail(
            reterr, BR_ERR_INTERNAL, "event loop: %s", uv_strerror(rc));
    }
    rc = uv_async_init(&l->uv, &l->stop, on_stop);
    if (rc != 0) {
        (void)uv_loop_close(&l->uv);
        free(l);
        return br_fail(
            reterr, BR_ERR_INTERNAL, "event loop: %s", uv_strerror(rc));
    }
    *ret = l;
    return BR_OK;
}

static void
free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static void
close_one(uv_handle_t *handle, void *ctx)
{
    struct br_loop *l = (struct br_loop *)ctx;
    if (!uv_is_closing(handle)) {
        bool own = handle == (uv_handle_t *)&l->stop;
        uv_close(handle, own ? NULL : free_watch);
    }
}

void
br_loop_free(struct br_loop *l)
{
    if (l == NULL) {
        return;
    }
    uv_walk(&l->uv, close_one, l);
    while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0) {
    }
    BR_ASSERT(uv_loop_close(&l->uv) == 0);
    free(l);
}

void
br_loop_run(struct br_loop *l)
{
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void
br_loop_stop(struct br_loop *l)
{
    (void)uv_async_send(&l->stop);
}

static struct watch *
new_watch(void *ctx)
{
    struct watch *w = (struct watch *)calloc(1, sizeof(*w));
    if (w != NULL) {
        w->ctx = ctx;
    }
    return w;
}

/** A watch that could not start is closed; one that could is kept. */
static enum br_rc
started(struct watch *w, int rc, const char *what, struct br_err *reterr)
{
    w->uv.handle.data = w;
    if (rc == 0) {
        return BR_OK;
    }
    uv_close(&w->uv.handle, free_watch);
    return br_fail(reterr, BR_ERR_IO, "%s: %s", what, uv_strerror(rc));
}

static enum br_rc
no_memory(struct br_err *reterr)
{
    return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an event");
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    const struct watch *w = (const struct watch *)handle->data;
    (void)signum;
    w->plain(w->ctx);
}

enum br_rc
br_loop_on_signal(
    struct br_loop *l,
    int signum,
    void (*fn)(void *ctx),
    void *ctx,
    struct br_err *reterr)
{
    struct watch *w = new_watch(ctx);
    if (w == NULL) {
        return no_memory(reterr);
    }
    w->plain = fn;
    int rc = uv_signal_init(&l->uv, &w->uv.signal);
    BR_ASSERT(rc == 0);
    rc = uv_signal_start(&w->uv.signal, on_signal, signum);
    return started(w, rc, "signal", reterr);
}

static void
on_timer(uv_timer_t *handle)
{
    const struct watch *w = (const struct watch *)handle->data;
    w->plain(w->ctx);
}

enum br_rc
br_loop_every(
    struct br_loop *l,
    uint64_t period_ms,
    void (*fn)(void *ctx),
    void *ctx,
    struct br_err *reterr)
{
    BR_ASSERT(period_ms > 0);
    struct watch *w = new_watch(ctx);
    if (w == NULL) {
        return no_memory(reterr);
    }
    w->plain = fn;
    int rc = uv_timer_init(&l->uv, &w->uv.timer);
    BR_ASSERT(rc == 0);
    rc = uv_timer_start(&w->uv.timer, on_timer, period_ms, period_ms);
    return started(w, rc, "timer", reterr);
}

static void
on_folder(uv_fs_event_t *handle, const char *name, int events, int status)
{
    const struct watch *w = (const struct watch *)handle->data;
    (void)events;
    w->named(w->ctx, status == 0 ? name : NULL);
}

enum br_rc
br_loop_watch_folder(
    struct br_loop *l,
    const char *path,
    void (*fn)(void *ctx, const char *name),
    void *ctx,
    struct br_err *reterr)
{
    struct watch *w = new_watch(ctx);
    if (w == NULL) {
        return no_memory(reterr);
    }
    w->named = fn;
    int rc = uv_fs_event_init(&l->uv, &w->uv.folder);
    BR_ASSERT(rc == 0);
    rc = uv_fs_event_start(&w->uv.folder, on_folder, path, 0);
    return started(w, rc, path, reterr);
}
