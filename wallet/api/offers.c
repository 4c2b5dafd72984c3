/* An offer: looked at, shown, then accepted or declined.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    br_json_write_name(w, name);
    br_json_write_string(w, v);
}

static void
put_flag(struct br_json_writer *w, const char *name, bool v)
{
    br_json_write_name(w, name);
    br_json_write_boolean(w, v);
}

/** The claims that the issuer names, in words. */
static void
write_claims(
    struct br_json_writer *w, const struct br_json *claims, const char *lang)
{
    br_json_write_array(w);
    for (const struct br_json *c = br_json_first(claims); c != NULL;
         c = c->next) {
        const struct br_json *path = br_json_member(c, "path");
        struct br_bytes label =
            br_words_pick(br_json_member(c, "display"), lang);
        if (path == NULL) {
            continue;
        }
        br_json_write_object(w);
        br_json_write_name(w, "path");
        br_json_write_value(w, path);
        put_text(w, "label", label);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static void
write_tx_code(struct br_json_writer *w, const struct br_vci_offer *o)
{
    br_json_write_name(w, "tx_code");
    if (!o->tx_code) {
        br_json_write_null(w);
        return;
    }
    br_json_write_object(w);
    put_text(w, "description", o->tx_hint);
    br_json_write_name(w, "length");
    br_json_write_uint(w, o->tx_length);
    br_json_write_name(w, "numeric");
    br_json_write_boolean(w, !o->tx_text);
    br_json_write_end(w);
}

static void
write_look(struct br_wallet_call *call, const struct br_look *l)
{
    struct br_json_writer *w = &call->w;
    const char *lang = call->show.lang;
    struct br_bytes name = br_words_pick(l->issuer.display, lang);
    br_json_write_object(w);
    put_text(w, "id", br_str(call->login->look_id));
    put_text(w, "issuer", l->issuer.issuer);
    put_text(w, "issuer_name", name.n > 0 ? name : l->issuer.issuer);
    write_tx_code(w, &l->offer);
    /* How it can be granted: by the code that it brings, on a page. */
    put_flag(w, "by_code", !l->by_code);
    put_flag(w, "by_page", br_look_may_authorize(l));
    br_json_write_name(w, "credentials");
    br_json_write_array(w);
    for (size_t i = 0; i < l->count; i++) {
        const struct br_vci_configuration *c = &l->configurations[i];
        name = br_words_pick(br_json_member(c->metadata, "display"), lang);
        br_json_write_object(w);
        put_text(w, "configuration", c->id);
        put_text(w, "vct", c->vct);
        put_text(w, "name", name.n > 0 ? name : c->vct);
        br_json_write_name(w, "accreditation");
        br_standing_write(w, &l->standings[i]);
        br_json_write_name(w, "claims");
        write_claims(w, br_json_member(c->metadata, "claims"), lang);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_end(w);
}

/** One offer at a time waits in a session: the newest. */
static enum br_rc
look(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"offer"};
    const struct br_json *v = NULL;
    struct br_bytes text;
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "offer", &text, reterr));
    struct br_look *l = (struct br_look *)malloc(sizeof(*l));
    if (l == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer");
    }
    enum br_rc rc = br_look(call->client, text, l, reterr);
    if (rc != BR_OK) {
        free(l);
        return rc;
    }
    br_login_forget_look(call->login);
    call->login->look = l;
    br_holding_new_id(call->login->look_id);
    write_look(call, l);
    return BR_OK;
}

static enum br_rc
find_look(struct br_wallet_call *call, struct br_err *reterr)
{
    const char *id = br_http_param(call->req, 0);
    return call->login->look != NULL && strcmp(id, call->login->look_id) == 0
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_NOT_FOUND,
                     "this offer is not waiting: scan it again");
}

static void
write_accepted(
    struct br_json_writer *w, const struct br_accepted *got, size_t count)
{
    br_json_write_object(w);
    br_json_write_name(w, "credentials");
    br_json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        br_json_write_object(w);
        put_text(w, "id", br_str(got[i].id));
        br_json_write_name(w, "deferred");
        br_json_write_boolean(w, got[i].deferred);
        br_json_write_name(w, "interval");
        br_json_write_uint(w, got[i].interval_s);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_end(w);
}

/** A code serves once: when it was taken, the offer does not wait on, whatever
 *  comes of it. Until then a transaction code can be typed again. */
static enum br_rc
accept(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"tx_code"};
    const struct br_json *v = NULL;
    struct br_bytes code = {NULL, 0};
    struct br_accepted got[BR_VCI_OFFERED_MAX];
    const char *tx_code = NULL;
    BR_TRY(find_look(call, reterr));
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_may_string(v, "tx_code", &code, reterr));
    if (br_json_member(v, "tx_code") != NULL) {
        tx_code = br_arena_copy(&call->arena, code);
        if (tx_code == NULL) {
            return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a code");
        }
    }
    size_t count = call->login->look->count;
    enum br_rc rc = br_accept(
        call->client, call->login->look, tx_code, call->login->person, got,
        reterr);
    if (call->login->look->taken) {
        br_login_forget_look(call->login);
    }
    BR_TRY(rc);
    write_accepted(&call->w, got, count);
    return BR_OK;
}

/** To the issuer's page: the address, to which the browser goes. */
static enum br_rc
authorize(struct br_wallet_call *call, struct br_err *reterr)
{
    const struct br_json *v = NULL;
    const char *base = call->api->wallet->config.public_url;
    struct br_bytes url = {NULL, 0};
    char redirect[BR_FETCH_URL_BYTES_MAX];
    BR_TRY(find_look(call, reterr));
    BR_TRY(br_wallet_body(call->req, NULL, 0, &call->arena, &v, reterr));
    size_t n = strlen(base);
    int written = snprintf(
        redirect, sizeof(redirect), "%s%s", base,
        n > 0 && base[n - 1] == '/' ? "back" : "/back");
    if (written < 0 || (size_t)written >= sizeof(redirect)) {
        return br_fail(reterr, BR_ERR_CONFIG, "public_url is too long");
    }
    BR_TRY(br_authorize_begin(
        call->client, call->login->look, br_str(redirect), call->login->person,
        &url, reterr));
    br_json_write_object(&call->w);
    put_text(&call->w, "url", url);
    br_json_write_end(&call->w);
    br_login_forget_look(call->login);
    return BR_OK;
}

/** The browser came back to this address. */
static enum br_rc
back(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"url"};
    const struct br_json *v = NULL;
    struct br_bytes url = {NULL, 0};
    struct br_accepted got[BR_VCI_OFFERED_MAX];
    size_t count = 0;
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "url", &url, reterr));
    BR_TRY(br_authorize_end(
        call->client, url, call->login->person, got, &count, reterr));
    write_accepted(&call->w, got, count);
    return BR_OK;
}

static enum br_rc
decline(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(find_look(call, reterr));
    const struct br_look *l = call->login->look;
    const struct br_wallet_entry e = {
        .event = BR_WALLET_REFUSED,
        .time_s = call->show.now_s,
        .party = l->issuer.issuer,
        .vct = l->configurations[0].vct,
    };
    BR_TRY(br_vault_begin(call->login->person, true, &t, reterr));
    enum br_rc rc = br_holding_put_entry(t, &e, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    BR_TRY(br_vault_commit(t, reterr));
    br_login_forget_look(call->login);
    return br_wallet_nothing(call);
}

BR_WALLET_DOOR(br_wallet_door_look, look, true)
BR_WALLET_DOOR(br_wallet_door_accept, accept, true)
BR_WALLET_DOOR(br_wallet_door_authorize, authorize, true)
BR_WALLET_DOOR(br_wallet_door_back, back, true)
BR_WALLET_DOOR(br_wallet_door_decline, decline, true)
