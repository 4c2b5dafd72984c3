/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/api/api.h"
#include "wallet/client/session.h"

#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES_MAX = 256 * 1024 * 1024,
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
};

void
br_wallet_reply(
    struct br_http_request *req, struct br_buf *b, const char *cookie)
{
    const struct br_http_header_pair headers[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Set-Cookie", cookie},
    };
    const struct br_http_answer a = {
        .status = 200,
        .content_type = "application/json",
        .take = b,
        .headers = headers,
        .header_count = cookie == NULL ? 2 : 3,
    };
    br_http_reply(req, &a);
}

enum br_rc
br_wallet_body(
    struct br_http_request *req,
    const char *const *names,
    size_t count,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    BR_TRY(br_json_parse(br_http_body(req), arena, &v, reterr));
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_only(v, names, count, reterr));
    *ret = v;
    return BR_OK;
}

enum br_rc
br_wallet_nothing(struct br_wallet_call *call)
{
    br_json_write_object(&call->w);
    br_json_write_end(&call->w);
    return BR_OK;
}

/* ---- whose request it is ------------------------------------------------ */

struct br_bytes
br_wallet_cookie(struct br_http_request *req, const char *name)
{
    const size_t length = strlen(name);
    const char *p = br_http_header(req, "Cookie");
    while (p != NULL && *p != '\0') {
        size_t n = strcspn(p, ";");
        if (n > length && memcmp(p, name, length) == 0 && p[length] == '=') {
            return br_bytes(p + length + 1, n - length - 1);
        }
        p += n;
        p += strspn(p, "; ");
    }
    return br_bytes(NULL, 0);
}

static const char session_name[] = "broletto_wallet";

void
br_wallet_session_cookie(
    const struct br_wallet_api *api, const char *token, char *out, size_t n)
{
    (void)snprintf(
        out, n, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", session_name,
        token, api->secure ? "; Secure" : "");
}

static enum br_rc
check_csrf(const struct br_wallet_call *call, struct br_err *reterr)
{
    const char *given = br_http_header(call->req, "Broletto-CSRF");
    bool same = given != NULL && strlen(given) == BR_SESSION_TOKEN_BYTES &&
                br_secret_eq(given, call->login->csrf, BR_SESSION_TOKEN_BYTES);
    return same ? BR_OK
                : br_fail(
                      reterr, BR_ERR_FORBIDDEN,
                      "the header Broletto-CSRF is not this session's");
}

static enum br_rc
run(struct br_wallet_call *call,
    br_wallet_fn *fn,
    bool changes,
    struct br_err *reterr)
{
    if (changes) {
        BR_TRY(check_csrf(call, reterr));
    }
    BR_TRY(fn(call, reterr));
    return br_json_writer_done(&call->w, reterr);
}

void
br_wallet_run(
    struct br_http_request *req,
    void *ctx,
    struct br_wallet_client *client,
    br_wallet_fn *fn,
    bool changes)
{
    struct br_wallet_call call = {
        .api = (struct br_wallet_api *)ctx, .req = req, .client = client};
    struct br_err err;
    call.show = (struct br_show){br_http_language(req), br_client_now_s()};
    if (br_sessions_hold(
            call.api->sessions, br_wallet_cookie(req, session_name),
            call.show.now_s, &call.login, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    br_arena_init(&call.arena, ARENA_BYTES_MAX);
    br_buf_init(&call.out, ANSWER_BYTES_MAX);
    br_json_writer_init(&call.w, &call.out);
    enum br_rc rc = run(&call, fn, changes, &err);
    bool over = rc == BR_OK && call.end_session;
    br_sessions_release(call.api->sessions, call.login, over);
    if (rc == BR_OK) {
        br_wallet_reply(
            req, &call.out,
            over ? "broletto_wallet=; Path=/; Max-Age=0; HttpOnly; "
                   "SameSite=Strict"
                 : NULL);
    } else {
        br_http_reply_problem(req, &err);
    }
    br_buf_wipe(&call.out);
    br_arena_fini(&call.arena);
}
