/*
 * The wallet's doors: JSON under /api/v1, for its page; docs/wallet.md.
 *
 * - A session is a cookie (HttpOnly, SameSite=Strict). What changes something
 *   needs the header Broletto-CSRF with the session's other token, and a body
 *   of application/json, which no other site's page can send.
 * - Errors are problems (RFC 9457). Nothing of a person's is kept by caches.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_API_H
#define BR_WALLET_API_H

#include "common/codec/json_write.h"
#include "common/credential/webauthn.h"
#include "wallet/api/challenge.h"
#include "wallet/api/sessions.h"
#include "wallet/api/work.h"
#include "wallet/core/show.h"

#include <stdatomic.h>

/* Of a request that restores a backup: the file in base64url. Larger ones are
 * the command line's. */
#define BR_WALLET_RESTORE_BYTES_MAX (8u * 1024 * 1024)

/** All that handlers need; filled by wallet/daemon.c. */
struct br_wallet_api {
    struct br_wallet *wallet;
    struct br_sessions *sessions;
    struct br_challenges *challenges;
    struct br_webauthn_site site; /**< of public_url */
    struct br_work *work;
    bool secure; /**< the page is served by https: the cookie says Secure */
    atomic_bool stopping;
    atomic_bool working; /**< regular work waits, or is done */
};

/** For everyone who is logged in: what was deferred, what is to be renewed; on
 *  a thread of the pool, when it is time. Called every second or so. */
void br_wallet_regular_work(struct br_wallet_api *api);

const struct br_http_route *br_wallet_routes(size_t *ret_count);

/* ---- shared by the files of this folder --------------------------------- */

/** One request of somebody who is logged in, while it is worked on. */
struct br_wallet_call {
    struct br_wallet_api *api;
    struct br_http_request *req;
    struct br_wallet_client *client;
    struct br_login *login; /**< NULL at a door that is open to all */
    struct br_show show;
    struct br_arena arena;
    struct br_buf out;
    struct br_json_writer w; /**< into out */
    bool end_session;
    char cookie[256]; /**< to be set; empty: none */
};
/** Writes the answer into call->w. */
typedef enum br_rc
br_wallet_fn(struct br_wallet_call *call, struct br_err *reterr);

/** Hold the session, run fn, answer 200 with what it wrote, or the problem.
 *  changes: the CSRF token is looked at. */
void br_wallet_run(
    struct br_http_request *req,
    void *ctx,
    struct br_wallet_client *client,
    br_wallet_fn *fn,
    bool changes);
/** The body of a request as a JSON object with these members at most. */
enum br_rc br_wallet_body(
    struct br_http_request *req,
    const char *const *names,
    size_t count,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;
/** cookie: NULL: none is set. */
void br_wallet_reply(
    struct br_http_request *req, struct br_buf *b, const char *cookie);
/** A cookie's value, borrowed from the request; empty: none. */
struct br_bytes br_wallet_cookie(struct br_http_request *req, const char *name);
/** The cookie of a session that has begun. */
void br_wallet_session_cookie(
    const struct br_wallet_api *api, const char *token, char *out, size_t n);
/** Is it still the same person? By the passphrase in this member of the body,
 * or by a passkey's answer in `credential`. UNAUTHENTICATED, webauthn-*. */
enum br_rc br_wallet_confirm(
    struct br_wallet_call *call,
    const struct br_json *body,
    const char *passphrase_member,
    struct br_err *reterr) BR_MUST_USE;
/** UNAUTHENTICATED, RATE_EXCEEDED. */
enum br_rc br_wallet_check_passphrase(
    struct br_wallet_call *call,
    struct br_bytes given,
    struct br_err *reterr) BR_MUST_USE;
/** {} */
enum br_rc br_wallet_nothing(struct br_wallet_call *call);

/** A handler that does fn(call) on a thread of the pool. */
#define BR_WALLET_DOOR(name, fn, changes)                         \
    static void work_##fn(                                        \
        struct br_http_request *req, void *ctx,                   \
        struct br_wallet_client *client)                          \
    {                                                             \
        br_wallet_run(req, ctx, client, fn, changes);             \
    }                                                             \
    void name(struct br_http_request *req, void *ctx)             \
    {                                                             \
        (void)br_work_put(                                        \
            ((struct br_wallet_api *)ctx)->work, req, work_##fn); \
    }

br_http_handler br_wallet_door_register;
br_http_handler br_wallet_door_login;
br_http_handler br_wallet_door_logout;
br_http_handler br_wallet_door_session;
br_http_handler br_wallet_door_passphrase;
br_http_handler br_wallet_door_erase;
br_http_handler br_wallet_door_backup;
br_http_handler br_wallet_door_restore;
br_http_handler br_wallet_door_entrance;
br_http_handler br_wallet_door_passkey_enter_options;
br_http_handler br_wallet_door_passkey_enter;
br_http_handler br_wallet_door_passkey_register_options;
br_http_handler br_wallet_door_passkey_register;
br_http_handler br_wallet_door_passkeys;
br_http_handler br_wallet_door_passkey_confirm_options;
br_http_handler br_wallet_door_passkey_add_options;
br_http_handler br_wallet_door_passkey_add;
br_http_handler br_wallet_door_passkey_remove;
br_http_handler br_wallet_door_passphrase_drop;
br_http_handler br_wallet_door_list;
br_http_handler br_wallet_door_show;
br_http_handler br_wallet_door_remove;
br_http_handler br_wallet_door_renew;
br_http_handler br_wallet_door_refresh;
br_http_handler br_wallet_door_history;
br_http_handler br_wallet_door_letter;
br_http_handler br_wallet_door_letter_sent;
br_http_handler br_wallet_door_letter_undo;
br_http_handler br_wallet_door_look;
br_http_handler br_wallet_door_accept;
br_http_handler br_wallet_door_authorize;
br_http_handler br_wallet_door_back;
br_http_handler br_wallet_door_decline;
br_http_handler br_wallet_door_settings;
br_http_handler br_wallet_door_put_settings;
br_http_handler br_wallet_door_ask;
br_http_handler br_wallet_door_answer;
br_http_handler br_wallet_door_refuse;

#endif
