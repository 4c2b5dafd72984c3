/* Registering, logging in and out, another passphrase, the end.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/api.h"
#include "wallet/client/session.h"

#include <stdio.h>
#include <string.h>

enum {
    LOGIN_ARENA_BYTES = 64 * 1024,
    COOKIE_BYTES = 256,
    PASSPHRASE_MIN = 8, /* NIST SP 800-63B section 5.1.1.2 */
};

/* ---- in ----------------------------------------------------------------- */

struct who {
    const char *name;
    struct br_bytes passphrase;
};

static enum br_rc
read_who(
    struct br_http_request *req,
    struct br_arena *arena,
    struct who *ret,
    struct br_err *reterr)
{
    static const char *const names[] = {"name", "passphrase"};
    const struct br_json *v = NULL;
    struct br_bytes name;
    BR_TRY(br_wallet_body(req, names, 2, arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "name", &name, reterr));
    BR_TRY(br_json_need_string(v, "passphrase", &ret->passphrase, reterr));
    if (name.n == 0 || memchr(name.p, 0, name.n) != NULL) {
        return br_fail(reterr, BR_ERR_MALFORMED, "a name is a line of text");
    }
    ret->name = br_arena_copy(arena, name);
    return ret->name != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a name");
}

static enum br_rc
check_new(struct br_bytes passphrase, struct br_err *reterr)
{
    return passphrase.n >= PASSPHRASE_MIN
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_OUT_OF_RANGE,
                     "a passphrase has %d characters or more", PASSPHRASE_MIN);
}

/** KEY_LOCKED is the wallet's own trouble elsewhere; here it is the caller's.
 */
static enum br_rc
open_person(
    struct br_wallet_api *api,
    const struct who *who,
    bool add,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    struct br_vault *v = api->wallet->vault;
    struct br_secret *s = NULL;
    BR_TRY(br_secret_new(who->passphrase, &s, reterr));
    enum br_rc rc = add ? br_vault_add_person(v, who->name, s, ret, reterr)
                        : br_vault_unlock(v, who->name, s, ret, reterr);
    br_secret_free(s);
    return rc == BR_ERR_KEY_LOCKED
               ? br_fail(
                     reterr, BR_ERR_UNAUTHENTICATED,
                     "no wallet of this name opens with this passphrase")
               : rc;
}

static enum br_rc
enter(
    struct br_wallet_api *api,
    struct br_http_request *req,
    bool add,
    struct br_arena *arena,
    char ret_token[BR_SESSION_TOKEN_BYTES + 1],
    struct br_err *reterr)
{
    struct br_vault_person *person = NULL;
    struct who who = {.name = NULL};
    const struct br_bytes address = br_str(br_http_peer(req));
    BR_TRY(read_who(req, arena, &who, reterr));
    if (add) {
        BR_TRY(check_new(who.passphrase, reterr));
    }
    BR_TRY(br_sessions_try(
        api->sessions, br_str(who.name), address, br_client_now_s(), reterr));
    BR_TRY(open_person(api, &who, add, &person, reterr));
    if (!add) { /* new wallets stay counted: they fill the disk */
        br_sessions_succeeded(api->sessions, br_str(who.name), address);
    }
    return br_sessions_begin(
        api->sessions, person, br_client_now_s(), ret_token, reterr);
}

/** The page then asks /session for its CSRF token. */
static void
answer(
    struct br_http_request *req,
    const struct br_wallet_api *api,
    const char *token)
{
    char cookie[COOKIE_BYTES];
    struct br_buf b;
    br_wallet_session_cookie(api, token, cookie, sizeof(cookie));
    br_buf_init(&b, 64);
    br_buf_puts(&b, "{}");
    br_wallet_reply(req, &b, cookie);
    br_buf_fini(&b);
    br_wipe(cookie, sizeof(cookie));
}

static void
enter_and_answer(struct br_http_request *req, void *ctx, bool add)
{
    struct br_wallet_api *api = (struct br_wallet_api *)ctx;
    char token[BR_SESSION_TOKEN_BYTES + 1];
    struct br_arena arena;
    struct br_err err;
    br_arena_init(&arena, LOGIN_ARENA_BYTES);
    if (enter(api, req, add, &arena, token, &err) == BR_OK) {
        answer(req, api, token);
    } else {
        br_http_reply_problem(req, &err);
    }
    br_wipe(token, sizeof(token));
    br_arena_fini(&arena);
}

static void
work_login(
    struct br_http_request *req, void *ctx, struct br_wallet_client *client)
{
    (void)client;
    enter_and_answer(req, ctx, false);
}

static void
work_register(
    struct br_http_request *req, void *ctx, struct br_wallet_client *client)
{
    (void)client;
    enter_and_answer(req, ctx, true);
}

void
br_wallet_door_login(struct br_http_request *req, void *ctx)
{
    (void)br_work_put(((struct br_wallet_api *)ctx)->work, req, work_login);
}

void
br_wallet_door_register(struct br_http_request *req, void *ctx)
{
    struct br_wallet_api *api = (struct br_wallet_api *)ctx;
    struct br_err err;
    if (!api->wallet->config.registration) {
        (void)br_fail(
            &err, BR_ERR_FORBIDDEN, "wallets are not made by the page here");
        br_http_reply_problem(req, &err);
        return;
    }
    (void)br_work_put(api->work, req, work_register);
}

/* ---- within ------------------------------------------------------------- */

static void
put_member(struct br_json_writer *w, const char *name, const char *value)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(value));
}

static enum br_rc
session(struct br_wallet_call *call, struct br_err *reterr)
{
    (void)reterr;
    br_json_write_object(&call->w);
    put_member(&call->w, "name", br_vault_person_name(call->login->person));
    put_member(&call->w, "csrf", call->login->csrf);
    br_json_write_end(&call->w);
    return BR_OK;
}

static enum br_rc
logout(struct br_wallet_call *call, struct br_err *reterr)
{
    (void)reterr;
    call->end_session = true;
    return br_wallet_nothing(call);
}

/** Who sits at an open page does not yet know the passphrase. */
enum br_rc
br_wallet_check_passphrase(
    struct br_wallet_call *call, struct br_bytes given, struct br_err *reterr)
{
    struct br_vault_person *again = NULL;
    struct br_sessions *sessions = call->api->sessions;
    const struct who who = {br_vault_person_name(call->login->person), given};
    const struct br_bytes address = br_str(br_http_peer(call->req));
    BR_TRY(br_sessions_try(
        sessions, br_str(who.name), address, br_client_now_s(), reterr));
    BR_TRY(open_person(call->api, &who, false, &again, reterr));
    br_sessions_succeeded(sessions, br_str(who.name), address);
    br_vault_lock(again);
    return BR_OK;
}

static enum br_rc
passphrase(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"old", "credential", "new"};
    const struct br_json *v = NULL;
    struct br_bytes fresh;
    struct br_secret *s = NULL;
    BR_TRY(br_wallet_body(call->req, names, 3, &call->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "new", &fresh, reterr));
    BR_TRY(check_new(fresh, reterr));
    BR_TRY(br_wallet_confirm(call, v, "old", reterr));
    BR_TRY(br_secret_new(fresh, &s, reterr));
    enum br_rc rc = br_vault_rekey(call->login->person, s, reterr);
    br_secret_free(s);
    BR_TRY(rc);
    br_sessions_end_others(call->api->sessions, call->login);
    return br_wallet_nothing(call);
}

static enum br_rc
erase(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"passphrase", "credential"};
    const struct br_json *v = NULL;
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(br_wallet_confirm(call, v, "passphrase", reterr));
    BR_TRY(br_vault_erase(
        call->api->wallet->vault, br_vault_person_name(call->login->person),
        reterr));
    br_sessions_end_others(call->api->sessions, call->login);
    return logout(call, reterr);
}

BR_WALLET_DOOR(br_wallet_door_session, session, false)
BR_WALLET_DOOR(br_wallet_door_logout, logout, true)
BR_WALLET_DOOR(br_wallet_door_passphrase, passphrase, true)
BR_WALLET_DOOR(br_wallet_door_erase, erase, true)
