/* Entering with a passkey, making a wallet with one; adding, removing them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "wallet/api/ceremony.h"
#include "wallet/client/session.h"

#include <stdio.h>
#include <string.h>

enum { OPEN_ARENA_BYTES = 256 * 1024, OPEN_ANSWER_BYTES = 64 * 1024 };

/* ---- nobody is logged in ------------------------------------------------ */

/** As br_wallet_run, without a session. */
static void
run_open(struct br_http_request *req, void *ctx, br_wallet_fn *fn)
{
    struct br_wallet_call call = {
        .api = (struct br_wallet_api *)ctx, .req = req};
    struct br_err err;
    call.show = (struct br_show){br_http_language(req), br_client_now_s()};
    br_arena_init(&call.arena, OPEN_ARENA_BYTES);
    br_buf_init(&call.out, OPEN_ANSWER_BYTES);
    br_json_writer_init(&call.w, &call.out);
    enum br_rc rc = fn(&call, &err);
    if (rc == BR_OK) {
        rc = br_json_writer_done(&call.w, &err);
    }
    if (rc == BR_OK) {
        br_wallet_reply(
            req, &call.out, call.cookie[0] == '\0' ? NULL : call.cookie);
    } else {
        br_http_reply_problem(req, &err);
    }
    br_wipe(call.cookie, sizeof(call.cookie));
    br_buf_wipe(&call.out);
    br_arena_fini(&call.arena);
}

#define OPEN_DOOR(name, fn)                                               \
    static void work_##fn(                                                \
        struct br_http_request *req, void *ctx,                           \
        struct br_wallet_client *client)                                  \
    {                                                                     \
        (void)client;                                                     \
        run_open(req, ctx, fn);                                           \
    }                                                                     \
    void name(struct br_http_request *req, void *ctx)                     \
    {                                                                     \
        br_work_put(((struct br_wallet_api *)ctx)->work, req, work_##fn); \
    }

static const char begun[] = "broletto_begun";

/** The browser's own secret for ceremonies: the one that it has, or a new one.
 *  Tabs of one browser share it. */
static enum br_rc
browser(
    struct br_wallet_call *call, struct br_bytes *ret, struct br_err *reterr)
{
    char token[BR_SESSION_TOKEN_BYTES + 1];
    struct br_bytes old = br_wallet_cookie(call->req, begun);
    if (old.n == BR_SESSION_TOKEN_BYTES) {
        memcpy(token, old.p, old.n);
        token[old.n] = '\0';
    } else {
        br_random_text(token, 32);
    }
    const char *copy = br_arena_copy(&call->arena, br_str(token));
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a cookie");
    }
    (void)snprintf(
        call->cookie, sizeof(call->cookie),
        "%s=%s; Path=/api/v1/passkey; Max-Age=%d; HttpOnly; SameSite=Strict%s",
        begun, token, BR_CHALLENGE_S, call->api->secure ? "; Secure" : "");
    *ret = br_bytes(copy, BR_SESSION_TOKEN_BYTES);
    return BR_OK;
}

static struct br_challenge_for
begun_for(
    struct br_wallet_call *call, enum br_ceremony ceremony, const char *about)
{
    return (struct br_challenge_for){
        ceremony, br_wallet_cookie(call->req, begun), br_str(about)};
}

static enum br_rc
begin_session(
    struct br_wallet_call *call,
    struct br_vault_person *person,
    struct br_err *reterr)
{
    char token[BR_SESSION_TOKEN_BYTES + 1];
    BR_TRY(br_sessions_begin(
        call->api->sessions, person, call->show.now_s, token, reterr));
    br_wallet_session_cookie(
        call->api, token, call->cookie, sizeof(call->cookie));
    br_wipe(token, sizeof(token));
    return br_wallet_nothing(call);
}

/** What the page must know before anybody is logged in. */
static enum br_rc
entrance(struct br_wallet_call *call, struct br_err *reterr)
{
    const struct br_webauthn_site *site = &call->api->site;
    struct br_json_writer *w = &call->w;
    (void)reterr;
    br_json_write_object(w);
    br_json_write_name(w, "registration");
    br_json_write_boolean(w, call->api->wallet->config.registration);
    br_json_write_name(
        w, site->why_not == NULL ? "passkeys_at" : "no_passkeys");
    br_json_write_string(
        w, br_str(site->why_not == NULL ? site->origin : site->why_not));
    br_json_write_end(w);
    return BR_OK;
}

static enum br_rc
enter_options(struct br_wallet_call *call, struct br_err *reterr)
{
    const struct br_json *v = NULL;
    struct br_challenge_for what = {.ceremony = BR_CEREMONY_ENTER};
    BR_TRY(br_ceremony_offered(call->api, reterr));
    BR_TRY(br_wallet_body(call->req, NULL, 0, &call->arena, &v, reterr));
    BR_TRY(browser(call, &what.browser, reterr));
    return br_ceremony_write_request(call, &what, NULL, reterr);
}

/** KEY_LOCKED is the wallet's own trouble elsewhere; here it is the caller's.
 */
static enum br_rc
unlock(
    struct br_wallet_call *call,
    const struct br_ceremony_answer *answer,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    const struct br_passkey_way way = {
        answer->handle, answer->id, answer->secret};
    enum br_rc rc =
        br_passkey_unlock(call->api->wallet->vault, &way, ret, reterr);
    return rc == BR_ERR_KEY_LOCKED
               ? br_refuse(
                     reterr, BR_RULE_WEBAUTHN_ID,
                     "no wallet here opens with this passkey")
               : rc;
}

static enum br_rc
enter(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"credential"};
    const struct br_json *v = NULL;
    struct br_vault_person *person = NULL;
    struct br_ceremony_answer answer;
    struct br_sessions *sessions = call->api->sessions;
    const struct br_bytes address = br_str(br_http_peer(call->req));
    const struct br_challenge_for what = begun_for(call, BR_CEREMONY_ENTER, "");
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_ceremony_read(
        call, br_json_member(v, "credential"), &what, &answer, reterr));
    BR_TRY(br_sessions_try(
        sessions, answer.handle, address, call->show.now_s, reterr));
    enum br_rc rc = unlock(call, &answer, &person, reterr);
    br_ceremony_wipe(&answer);
    BR_TRY(rc);
    rc = br_ceremony_verify(call, person, &answer, reterr);
    if (rc != BR_OK) {
        br_vault_lock(person);
        return rc;
    }
    br_sessions_succeeded(sessions, answer.handle, address);
    return begin_session(call, person, reterr);
}

/* ---- a new wallet ------------------------------------------------------- */

static enum br_rc
read_name(
    struct br_wallet_call *call,
    const struct br_json *v,
    const char **ret,
    struct br_err *reterr)
{
    struct br_bytes name;
    BR_TRY(br_json_need_string(v, "name", &name, reterr));
    if (name.n == 0 || memchr(name.p, 0, name.n) != NULL) {
        return br_fail(reterr, BR_ERR_MALFORMED, "a name is a line of text");
    }
    *ret = br_arena_copy(&call->arena, name);
    return *ret != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a name");
}

static enum br_rc
check_registration(const struct br_wallet_api *api, struct br_err *reterr)
{
    BR_TRY(br_ceremony_offered(api, reterr));
    return api->wallet->config.registration
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_FORBIDDEN,
                     "wallets are not made by the page here");
}

/** A name that is taken is refused before the device makes anything: a passkey
 *  for the same person would take the place of the one it has. */
static enum br_rc
register_options(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"name"};
    const struct br_json *v = NULL;
    const char *name = NULL;
    struct br_challenge_for what = {.ceremony = BR_CEREMONY_REGISTER};
    BR_TRY(check_registration(call->api, reterr));
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(read_name(call, v, &name, reterr));
    /* It stays counted: new wallets fill the disk, and names can be asked. */
    BR_TRY(br_sessions_try(
        call->api->sessions, br_str(name), br_str(br_http_peer(call->req)),
        call->show.now_s, reterr));
    if (br_vault_has_person(call->api->wallet->vault, name)) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "\"%s\" has a wallet here already", name);
    }
    BR_TRY(browser(call, &what.browser, reterr));
    what.about = br_str(name);
    return br_ceremony_write_creation(call, &what, name, NULL, reterr);
}

static enum br_rc
read_new(
    struct br_wallet_call *call,
    const struct br_json *v,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *answer,
    struct br_passkey_new *ret,
    struct br_err *reterr)
{
    struct br_bytes label;
    BR_TRY(br_json_need_string(v, "label", &label, reterr));
    BR_TRY(br_ceremony_created(
        call, br_json_member(v, "credential"), what, answer, reterr));
    *ret = (struct br_passkey_new){
        .data = &answer->data,
        .secret = answer->secret,
        .name = label,
        .now_s = call->show.now_s,
    };
    return BR_OK;
}

static enum br_rc
register_person(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"name", "label", "credential"};
    const struct br_json *v = NULL;
    const char *name = NULL;
    struct br_vault_person *person = NULL;
    struct br_passkey_new fresh;
    struct br_ceremony_answer answer;
    BR_TRY(check_registration(call->api, reterr));
    BR_TRY(br_wallet_body(call->req, names, 3, &call->arena, &v, reterr));
    BR_TRY(read_name(call, v, &name, reterr));
    const struct br_challenge_for what =
        begun_for(call, BR_CEREMONY_REGISTER, name);
    BR_TRY(read_new(call, v, &what, &answer, &fresh, reterr));
    enum br_rc rc = br_passkey_add_person(
        call->api->wallet->vault, name, &fresh, &person, reterr);
    br_ceremony_wipe(&answer);
    return rc == BR_OK ? begin_session(call, person, reterr) : rc;
}

OPEN_DOOR(br_wallet_door_entrance, entrance)
OPEN_DOOR(br_wallet_door_passkey_enter_options, enter_options)
OPEN_DOOR(br_wallet_door_passkey_enter, enter)
OPEN_DOOR(br_wallet_door_passkey_register_options, register_options)
OPEN_DOOR(br_wallet_door_passkey_register, register_person)

/* ---- who is logged in --------------------------------------------------- */

static struct br_challenge_for
session_for(const struct br_wallet_call *call, enum br_ceremony ceremony)
{
    return (struct br_challenge_for){
        .ceremony = ceremony, .browser = br_str(call->login->csrf)};
}

static enum br_rc
confirm_options(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_passkey_list list;
    const struct br_challenge_for what = session_for(call, BR_CEREMONY_CONFIRM);
    BR_TRY(br_ceremony_offered(call->api, reterr));
    BR_TRY(br_passkey_list(call->login->person, &call->arena, &list, reterr));
    if (list.count == 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "no passkey opens this wallet");
    }
    return br_ceremony_write_request(call, &what, &list, reterr);
}

static enum br_rc
confirm_with_passkey(
    struct br_wallet_call *call,
    const struct br_json *credential,
    struct br_err *reterr)
{
    struct br_ceremony_answer answer;
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES];
    struct br_vault_person *p = call->login->person;
    const struct br_challenge_for what = session_for(call, BR_CEREMONY_CONFIRM);
    BR_TRY(br_ceremony_read(call, credential, &what, &answer, reterr));
    BR_TRY(br_passkey_handle(
        call->api->wallet->vault, br_vault_person_name(p), handle, reterr));
    if (answer.handle.n > 0 &&
        !br_bytes_eq(answer.handle, br_bytes(handle, sizeof(handle)))) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_ID, "this passkey is another person's");
    }
    return br_ceremony_verify(call, p, &answer, reterr);
}

enum br_rc
br_wallet_confirm(
    struct br_wallet_call *call,
    const struct br_json *body,
    const char *passphrase_member,
    struct br_err *reterr)
{
    const struct br_json *credential = br_json_member(body, "credential");
    struct br_bytes given;
    if (credential != NULL && br_json_member(body, passphrase_member) == NULL) {
        return confirm_with_passkey(call, credential, reterr);
    }
    if (credential != NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "either a passphrase confirms this, or a passkey");
    }
    BR_TRY(br_json_need_string(body, passphrase_member, &given, reterr));
    return br_wallet_check_passphrase(call, given, reterr);
}

static enum br_rc
write_one(
    struct br_wallet_call *call,
    const struct br_wallet_passkey *k,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    uint8_t id[BR_WEBAUTHN_ID_BYTES_MAX];
    char reference[BR_PASSKEY_REFERENCE_BYTES + 1];
    size_t n = 0;
    BR_TRY(br_base64url_parse(k->id, id, sizeof(id), &n, reterr));
    BR_TRY(br_passkey_reference(br_bytes(id, n), reference, reterr));
    br_json_write_object(w);
    br_json_write_name(w, "id");
    br_json_write_string(w, br_str(reference));
    br_json_write_name(w, "name");
    br_json_write_string(w, k->name);
    br_json_write_name(w, "created");
    br_json_write_uint(w, k->created_s);
    br_json_write_name(w, "used");
    br_json_write_uint(w, k->used_s);
    br_json_write_name(w, "backed_up");
    br_json_write_boolean(w, k->backed_up);
    br_json_write_end(w);
    return BR_OK;
}

static enum br_rc
list(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_passkey_list l;
    struct br_json_writer *w = &call->w;
    BR_TRY(br_passkey_list(call->login->person, &call->arena, &l, reterr));
    br_json_write_object(w);
    br_json_write_name(w, "passphrase");
    br_json_write_boolean(w, l.has_passphrase);
    br_json_write_name(w, "passkeys");
    br_json_write_array(w);
    for (size_t i = 0; i < l.count; i++) {
        BR_TRY(write_one(call, &l.all[i], reterr));
    }
    br_json_write_end(w);
    br_json_write_end(w);
    return BR_OK;
}

/** Who sits at an open page may not make a way in of their own. */
static enum br_rc
add_options(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"passphrase", "credential"};
    const struct br_json *v = NULL;
    struct br_passkey_list l;
    const struct br_challenge_for what = session_for(call, BR_CEREMONY_ADD);
    BR_TRY(br_ceremony_offered(call->api, reterr));
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(br_wallet_confirm(call, v, "passphrase", reterr));
    BR_TRY(br_passkey_list(call->login->person, &call->arena, &l, reterr));
    return br_ceremony_write_creation(
        call, &what, br_vault_person_name(call->login->person), &l, reterr);
}

static enum br_rc
add(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"label", "credential"};
    const struct br_json *v = NULL;
    struct br_passkey_new fresh;
    struct br_ceremony_answer answer;
    const struct br_challenge_for what = session_for(call, BR_CEREMONY_ADD);
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(read_new(call, v, &what, &answer, &fresh, reterr));
    enum br_rc rc = br_passkey_add(call->login->person, &fresh, reterr);
    br_ceremony_wipe(&answer);
    return rc == BR_OK ? list(call, reterr) : rc;
}

static enum br_rc
remove_one(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"passphrase", "credential"};
    const struct br_json *v = NULL;
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(br_wallet_confirm(call, v, "passphrase", reterr));
    BR_TRY(br_passkey_remove(
        call->login->person, br_str(br_http_param(call->req, 0)), reterr));
    br_sessions_end_others(call->api->sessions, call->login);
    return list(call, reterr);
}

static enum br_rc
drop_passphrase(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"passphrase", "credential"};
    const struct br_json *v = NULL;
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(br_wallet_confirm(call, v, "passphrase", reterr));
    BR_TRY(br_passkey_drop_passphrase(call->login->person, reterr));
    br_sessions_end_others(call->api->sessions, call->login);
    return list(call, reterr);
}

BR_WALLET_DOOR(br_wallet_door_passkeys, list, false)
BR_WALLET_DOOR(br_wallet_door_passkey_confirm_options, confirm_options, true)
BR_WALLET_DOOR(br_wallet_door_passkey_add_options, add_options, true)
BR_WALLET_DOOR(br_wallet_door_passkey_add, add, true)
BR_WALLET_DOOR(br_wallet_door_passkey_remove, remove_one, true)
BR_WALLET_DOOR(br_wallet_door_passphrase_drop, drop_passphrase, true)
