/* A request to show credentials: looked at, shown, then answered or refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/api.h"
#include "wallet/client/present.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum br_present_notice bit;
    const char *name;
} notices[] = {
    {BR_NOTICE_UNSIGNED, "unsigned"},
    {BR_NOTICE_UNVOUCHED, "unvouched"},
    {BR_NOTICE_OTHER_HOST, "other-host"},
    {BR_NOTICE_PLAIN, "plain"},
    {BR_NOTICE_NO_PURPOSE, "no-purpose"},
    {BR_NOTICE_WHOLE, "whole"},
    {BR_NOTICE_UNREGISTERED, "unregistered"},
};

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

/* ---- what would be shown ------------------------------------------------ */

static bool
is_selected(const struct br_present_item *item, const struct br_json *v)
{
    for (; v != NULL; v = v->parent) {
        for (size_t i = 0; i < item->match.count; i++) {
            if (item->match.selected[i] == v) {
                return true;
            }
        }
    }
    return false;
}

/** The selected claims alone, in words. */
static enum br_rc
write_claims(
    struct br_wallet_call *call,
    const struct br_present_item *item,
    struct br_err *reterr)
{
    struct br_words words = {0};
    struct br_words kept = {0};
    BR_TRY(br_words_claims(
        item->vc.claims, item->credential.display, call->show.lang,
        &call->arena, &words, reterr));
    kept.lines = words.lines;
    for (size_t i = 0; i < words.count; i++) {
        if (is_selected(item, words.lines[i].value)) {
            kept.lines[kept.count++] = words.lines[i];
        }
    }
    br_json_write_name(&call->w, "claims");
    br_words_write_lines(&call->w, &kept);
    return BR_OK;
}

static enum br_rc
write_item(
    struct br_wallet_call *call,
    const struct br_present_item *item,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    const char *lang = call->show.lang;
    br_json_write_object(w);
    put_text(w, "query", item->query->id);
    put_flag(w, "required", item->required);
    put_flag(w, "available", item->available);
    if (item->available) {
        put_text(w, "credential", item->credential.id);
        put_text(w, "name", br_words_name(&item->credential, lang));
        put_text(w, "issuer_name", br_words_issuer(&item->credential, lang));
        BR_TRY(write_claims(call, item, reterr));
    }
    br_json_write_end(w);
    return BR_OK;
}

/** What a transaction says, as its texts. */
static void
write_transactions(struct br_json_writer *w, const struct br_present_look *l)
{
    br_json_write_name(w, "transactions");
    br_json_write_array(w);
    for (size_t i = 0; i < l->transaction_count; i++) {
        br_json_write_value(w, l->transactions[i].object);
    }
    br_json_write_end(w);
}

static void
write_notices(struct br_json_writer *w, unsigned set)
{
    br_json_write_name(w, "notices");
    br_json_write_array(w);
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if ((set & (unsigned)notices[i].bit) != 0) {
            br_json_write_string(w, br_str(notices[i].name));
        }
    }
    br_json_write_end(w);
}

/** What a registrar says about who asks; null: nothing that is believed. */
static void
write_registration(
    struct br_json_writer *w, const char *lang, const struct br_present_look *l)
{
    br_json_write_name(w, "registration");
    if (l->registered.claims == NULL) {
        br_json_write_null(w);
        return;
    }
    br_json_write_object(w);
    put_text(w, "name", l->registered.name);
    put_text(w, "subject", l->registered.subject);
    put_text(w, "purpose", br_words_pick_text(l->registered.purpose, lang));
    br_json_write_end(w);
}

static enum br_rc
write_request(
    struct br_wallet_call *call,
    const struct br_present_look *l,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    br_json_write_object(w);
    put_text(w, "id", br_str(call->login->request_id));
    put_text(w, "asked_by", br_str(l->owner));
    put_text(w, "client_id", l->request.client.full);
    put_text(w, "host", l->request.response_host);
    put_text(w, "purpose", l->request.purpose);
    br_json_write_name(w, "registered");
    br_standing_write(w, &l->asker);
    put_flag(w, "answerable", l->answerable);
    write_notices(w, l->notices);
    br_json_write_name(w, "remarks");
    br_remarks_write(w, call->show.lang, l->remarks, l->remark_count);
    write_registration(w, call->show.lang, l);
    write_transactions(w, l);
    br_json_write_name(w, "items");
    br_json_write_array(w);
    for (size_t i = 0; i < l->count; i++) {
        BR_TRY(write_item(call, &l->items[i], reterr));
    }
    br_json_write_end(w);
    br_json_write_end(w);
    return BR_OK;
}

void
br_login_forget_request(struct br_login *l)
{
    if (l->request != NULL) {
        br_present_look_fini(l->request);
        free(l->request);
        l->request = NULL;
    }
}

/** One request at a time waits in a session: the newest. */
static enum br_rc
ask(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"request"};
    const struct br_json *v = NULL;
    struct br_bytes text;
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "request", &text, reterr));
    struct br_present_look *l = (struct br_present_look *)calloc(1, sizeof(*l));
    if (l == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a request");
    }
    enum br_rc rc =
        br_present_look(call->client, text, call->login->person, l, reterr);
    if (rc != BR_OK) {
        free(l);
        return rc;
    }
    br_login_forget_request(call->login);
    call->login->request = l;
    br_holding_new_id(call->login->request_id);
    return write_request(call, l, reterr);
}

/* ---- the answer --------------------------------------------------------- */

static enum br_rc
find_request(struct br_wallet_call *call, struct br_err *reterr)
{
    const char *id = br_http_param(call->req, 0);
    bool same = call->login->request != NULL &&
                strcmp(id, call->login->request_id) == 0;
    return same ? BR_OK
                : br_fail(
                      reterr, BR_ERR_NOT_FOUND,
                      "this request is not waiting: scan it again");
}

/** Optional ones are shown when the person names them. */
static enum br_rc
choose(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"show"};
    struct br_present_look *l = call->login->request;
    const struct br_json *v = NULL;
    struct br_json *list = NULL;
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_may(v, "show", BR_JSON_ARRAY, &list, reterr));
    for (size_t i = 0; i < l->count; i++) {
        struct br_present_item *item = &l->items[i];
        for (const struct br_json *n = br_json_first(list); n != NULL;
             n = n->next) {
            struct br_bytes id;
            BR_TRY(br_json_as_string(n, &id, reterr));
            if (item->available && br_bytes_eq(id, item->query->id)) {
                item->chosen = true;
            }
        }
    }
    return BR_OK;
}

static void
write_done(struct br_wallet_call *call, struct br_bytes redirect)
{
    br_json_write_object(&call->w);
    if (redirect.n > 0) {
        put_text(&call->w, "redirect_uri", redirect);
    }
    br_json_write_end(&call->w);
}

/** Whatever comes of it, it does not wait on: what was sent is sent. */
static enum br_rc
answer(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_bytes redirect = {NULL, 0};
    BR_TRY(find_request(call, reterr));
    BR_TRY(choose(call, reterr));
    enum br_rc rc = br_present_send(
        call->client, call->login->request, call->login->person, &redirect,
        reterr);
    if (rc == BR_OK) {
        write_done(call, redirect);
    }
    br_login_forget_request(call->login);
    return rc;
}

static enum br_rc
refuse(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_bytes redirect = {NULL, 0};
    BR_TRY(find_request(call, reterr));
    enum br_rc rc = br_present_refuse(
        call->client, call->login->request, call->login->person, &redirect,
        reterr);
    if (rc == BR_OK) {
        write_done(call, redirect);
    }
    br_login_forget_request(call->login);
    return rc;
}

BR_WALLET_DOOR(br_wallet_door_ask, ask, true)
BR_WALLET_DOOR(br_wallet_door_answer, answer, true)
BR_WALLET_DOOR(br_wallet_door_refuse, refuse, true)
