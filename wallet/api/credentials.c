/* What the wallet holds, its history, its settings.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/api.h"
#include "wallet/client/session.h"

#include <string.h>

enum { HISTORY_SHOWN_MAX = 1000 };

/** One transaction: committed when write and fn went well. */
static enum br_rc
in_vault(
    struct br_wallet_call *call,
    bool write,
    enum br_rc (*fn)(
        struct br_wallet_call *call,
        struct br_vault_txn *t,
        struct br_err *reterr),
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(call->login->person, write, &t, reterr));
    enum br_rc rc = fn(call, t, reterr);
    if (rc == BR_OK && write) {
        return br_vault_commit(t, reterr);
    }
    br_vault_end(t);
    return rc;
}

/* ---- credentials -------------------------------------------------------- */

static enum br_rc
list_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_wallet_credential *all = NULL;
    size_t count = 0;
    BR_TRY(br_holding_list(t, &call->arena, &all, &count, reterr));
    br_json_write_object(&call->w);
    br_json_write_name(&call->w, "credentials");
    br_json_write_array(&call->w);
    for (size_t i = 0; i < count; i++) {
        br_show_credential(&call->w, &call->show, &all[i], NULL);
    }
    br_json_write_end(&call->w);
    br_json_write_end(&call->w);
    return BR_OK;
}

static enum br_rc
list(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, false, list_in, reterr);
}

/** All copies may be spent: then it is shown without its claims. */
static enum br_rc
show_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_wallet_credential c;
    struct br_json *claims = NULL;
    struct br_words words = {NULL, 0};
    BR_TRY(br_holding_get(
        t, br_str(br_http_param(call->req, 0)), &call->arena, &c, reterr));
    enum br_rc rc = br_holding_claims(t, &c, &call->arena, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_words_claims(
            claims, c.display, call->show.lang, &call->arena, &words, reterr);
    }
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    br_show_credential(&call->w, &call->show, &c, rc == BR_OK ? &words : NULL);
    return BR_OK;
}

static enum br_rc
show(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, false, show_in, reterr);
}

static enum br_rc
remove_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    const struct br_bytes id = br_str(br_http_param(call->req, 0));
    struct br_wallet_credential c;
    BR_TRY(br_holding_get(t, id, &call->arena, &c, reterr));
    BR_TRY(br_holding_remove(t, id, reterr));
    const struct br_wallet_entry e = {
        .event = BR_WALLET_REMOVED,
        .time_s = call->show.now_s,
        .party = c.issuer,
        .credential = id,
        .vct = c.vct,
    };
    BR_TRY(br_holding_put_entry(t, &e, reterr));
    return br_wallet_nothing(call);
}

static enum br_rc
remove_one(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, true, remove_in, reterr);
}

static void
put_count(struct br_json_writer *w, const char *name, size_t n)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, n);
}

/** The credential as it is then; one that the issuer makes wait is as it was.
 */
static enum br_rc
renew(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_accepted done;
    BR_TRY(br_renew(
        call->client, call->login->person, br_str(br_http_param(call->req, 0)),
        &done, reterr));
    return in_vault(call, false, show_in, reterr);
}

static enum br_rc
refresh(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_vault_person *p = call->login->person;
    size_t came = 0;
    size_t waiting = 0;
    size_t renewed = 0;
    size_t not_renewed = 0;
    size_t asked = 0;
    size_t failed = 0;
    BR_TRY(br_resume(call->client, p, &came, &waiting, reterr));
    BR_TRY(br_renew_due(call->client, p, &renewed, &not_renewed, reterr));
    BR_TRY(br_refresh_status(call->client, p, &asked, &failed, reterr));
    br_json_write_object(&call->w);
    put_count(&call->w, "came", came);
    put_count(&call->w, "awaited", waiting);
    put_count(&call->w, "renewed", renewed);
    put_count(&call->w, "renewal_failed", not_renewed);
    put_count(&call->w, "status_asked", asked);
    put_count(&call->w, "status_failed", failed);
    br_json_write_end(&call->w);
    return BR_OK;
}

/** For one person after the other; what fails is in their notices. */
static void
work(struct br_http_request *req, void *ctx, struct br_wallet_client *client)
{
    struct br_wallet_api *api = (struct br_wallet_api *)ctx;
    struct br_login *l = NULL;
    (void)req;
    do {
        l = br_sessions_hold_for_work(
            api->sessions, br_client_now_s(), api->wallet->config.work_seconds);
        if (l != NULL) {
            struct br_err ignored;
            size_t one = 0;
            size_t other = 0;
            (void)(br_resume(client, l->person, &one, &other, &ignored) == BR_OK);
            (void)(br_renew_due(client, l->person, &one, &other, &ignored) == BR_OK);
            br_sessions_release(api->sessions, l, false);
        }
    } while (l != NULL && !atomic_load(&api->stopping));
    atomic_store(&api->working, false);
}

void
br_wallet_regular_work(struct br_wallet_api *api)
{
    if (api->wallet->config.work_seconds > 0 &&
        !atomic_exchange(&api->working, true) &&
        !br_work_put(api->work, NULL, work)) {
        atomic_store(&api->working, false);
    }
}

/* ---- history ------------------------------------------------------------ */

static enum br_rc
history_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_wallet_entry *all = NULL;
    size_t count = 0;
    BR_TRY(br_holding_history(
        t, HISTORY_SHOWN_MAX, &call->arena, &all, &count, reterr));
    br_json_write_object(&call->w);
    br_json_write_name(&call->w, "history");
    br_json_write_array(&call->w);
    for (size_t i = 0; i < count; i++) {
        br_show_entry(&call->w, &all[i]);
    }
    br_json_write_end(&call->w);
    br_json_write_end(&call->w);
    return BR_OK;
}

static enum br_rc
history(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, false, history_in, reterr);
}

/* ---- settings: an object that the page keeps, within limits -------------- */

static enum br_rc
settings_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_bytes text;
    struct br_json *v = NULL;
    enum br_rc rc = br_holding_setting(t, "page", &call->arena, &text, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_wallet_nothing(call);
    }
    BR_TRY(rc);
    BR_TRY(br_json_parse(text, &call->arena, &v, reterr));
    br_json_write_value(&call->w, v);
    return BR_OK;
}

static enum br_rc
settings(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, false, settings_in, reterr);
}

static enum br_rc
put_settings_in(
    struct br_wallet_call *call, struct br_vault_txn *t, struct br_err *reterr)
{
    static const char *const names[] = {"language", "notices"};
    const struct br_json *v = NULL;
    struct br_bytes language = br_str("en");
    bool notices = true;
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(br_json_may_string(v, "language", &language, reterr));
    BR_TRY(br_json_may_boolean(v, "notices", &notices, reterr));
    if (!br_bytes_eq(language, br_str("it")) &&
        !br_bytes_eq(language, br_str("en"))) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "language: it or en");
    }
    BR_TRY(br_holding_put_setting(t, "page", br_http_body(call->req), reterr));
    return br_wallet_nothing(call);
}

static enum br_rc
put_settings(struct br_wallet_call *call, struct br_err *reterr)
{
    return in_vault(call, true, put_settings_in, reterr);
}

BR_WALLET_DOOR(br_wallet_door_list, list, false)
BR_WALLET_DOOR(br_wallet_door_show, show, false)
BR_WALLET_DOOR(br_wallet_door_remove, remove_one, true)
BR_WALLET_DOOR(br_wallet_door_renew, renew, true)
BR_WALLET_DOOR(br_wallet_door_refresh, refresh, true)
BR_WALLET_DOOR(br_wallet_door_history, history, false)
BR_WALLET_DOOR(br_wallet_door_settings, settings, false)
BR_WALLET_DOOR(br_wallet_door_put_settings, put_settings, true)
