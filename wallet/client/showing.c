/* Signing, sending, remembering. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/showing.h"

#include "common/credential/oauth.h"
#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/x509_path.h"
#include "wallet/client/session.h"

#include <string.h>

enum { ANSWER_BYTES_MAX = 64 * 1024 };

/* ---- one instance ------------------------------------------------------- */

static size_t
authorities_of(
    const struct br_x5c *x,
    uint8_t room[BR_X509_CHAIN_MAX][BR_X509_KEY_ID_BYTES],
    struct br_bytes out[BR_X509_CHAIN_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < x->count; i++) {
        size_t bytes = br_x509_authority_key(x->der[i], room[n]);
        out[n] = br_bytes(room[n], bytes);
        n += bytes > 0 ? 1 : 0;
    }
    return n;
}

/** The wallet has verified it when it came; nobody else has written to the
 *  vault since. */
static enum br_rc
open_own(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vc *ret,
    struct br_err *reterr)
{
    static const struct br_vc_policy policy = {.older_typ = true};
    BR_TRY(br_vc_open(text, &policy, arena, ret, reterr));
    return br_sd_process(
        &ret->sd, ret->sd.jws.unverified_payload, arena, &ret->claims, reterr);
}

enum br_rc
br_showing_match(
    struct br_bytes text,
    const struct br_dcql_query *query,
    struct br_arena *arena,
    struct br_shown *ret,
    struct br_err *reterr)
{
    uint8_t room[BR_X509_CHAIN_MAX][BR_X509_KEY_ID_BYTES];
    struct br_bytes authorities[BR_X509_CHAIN_MAX];
    struct br_shown s = {0};
    BR_TRY(open_own(text, arena, &s.vc, reterr));
    const struct br_dcql_candidate c = {
        .format = BR_VC_FORMAT,
        .vct = s.vc.vct,
        .claims = s.vc.claims,
        .has_holder = br_json_member(s.vc.claims, "cnf") != NULL,
        .authorities = authorities,
        .authority_count = authorities_of(&s.vc.sd.jws.x5c, room, authorities),
    };
    BR_TRY(br_dcql_match(query, &c, arena, &s.match, reterr));
    *ret = s;
    return BR_OK;
}

static bool *
choose(const struct br_shown *s, struct br_arena *arena, struct br_err *reterr)
{
    bool *chosen =
        (bool *)br_arena_take(arena, (s->vc.sd.count + 1) * sizeof(bool));
    if (chosen == NULL) {
        (void)br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for disclosures");
        return NULL;
    }
    for (size_t i = 0; i < s->match.count; i++) {
        br_sd_select(&s->vc.sd, s->match.selected[i], chosen);
    }
    return chosen;
}

bool
br_showing_is_whole(const struct br_shown *s)
{
    struct br_arena arena;
    br_arena_init(&arena, (s->vc.sd.count + 64) * sizeof(bool) + 4096);
    const bool *chosen = choose(s, &arena, NULL);
    bool whole = chosen != NULL && s->vc.sd.count > 1;
    for (size_t i = 0; whole && i < s->vc.sd.count; i++) {
        whole = chosen[i];
    }
    br_arena_fini(&arena);
    return whole;
}

/* ---- signing ------------------------------------------------------------ */

/** One answer on its way. */
struct showing {
    const struct br_wallet_client *client;
    struct br_present_look *l;
    struct br_vault_txn *t;
    uint64_t now_s;
    struct br_vp_entry entries[BR_DCQL_CREDENTIALS_MAX];
    struct br_bytes texts[BR_DCQL_CREDENTIALS_MAX];
    size_t count;
};

/** "the Wallet MUST use only one of the referenced Credentials" (section 5.1):
 *  the first that is shown. */
static size_t
approved_by(
    const struct br_present_look *l,
    const struct br_present_item *item,
    const struct br_vp_transaction **out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->transaction_count; i++) {
        const struct br_vp_transaction *t = &l->transactions[i];
        const struct br_present_item *first = NULL;
        for (size_t k = 0; first == NULL && k < l->count; k++) {
            const struct br_present_item *it = &l->items[k];
            bool named =
                it->chosen && br_vp_transaction_names(t, it->query->id);
            first = named ? it : NULL;
        }
        if (first == item) {
            out[n++] = t;
        }
    }
    return n;
}

static enum br_rc
present(
    struct showing *s,
    const struct br_present_item *item,
    const struct br_shown *shown,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_vp_transaction *transactions[BR_VP_TRANSACTIONS_MAX];
    struct br_json *more = NULL;
    size_t n = approved_by(s->l, item, transactions);
    BR_TRY(
        br_vp_transaction_hashes(transactions, n, &s->l->arena, &more, reterr));
    const bool *chosen = choose(shown, &s->l->arena, reterr);
    if (chosen == NULL) {
        return BR_ERR_NO_MEMORY;
    }
    const struct br_sd_binding binding = {
        .audience = s->l->request.client.full,
        .nonce = s->l->request.nonce,
        .issued_s = s->now_s,
        .more = more,
    };
    bool bound = item->query->binding;
    return br_sd_present(
        &shown->vc.sd, chosen, bound ? &binding : NULL, bound ? key : NULL, ret,
        reterr);
}

/* ---- remembering -------------------------------------------------------- */

static struct br_json *
path_of(struct br_json_maker *m, const struct br_json *v)
{
    const struct br_json *up[BR_JSON_DEPTH_MAX];
    size_t n = 0;
    struct br_json *path = br_json_new_array(m);
    for (; v->parent != NULL && n < BR_JSON_DEPTH_MAX; v = v->parent) {
        up[n++] = v;
    }
    while (n > 0) {
        const struct br_json *step = up[--n];
        uint64_t at = 0;
        for (const struct br_json *p = step->previous; p != NULL;
             p = p->previous) {
            at++;
        }
        (void)br_json_append(
            m, path,
            step->parent->kind == BR_JSON_ARRAY
                ? br_json_new_uint(m, at)
                : br_json_new_string(m, step->name));
    }
    return path;
}

static struct br_wallet_entry
entry_of(const struct br_present_look *l, enum br_wallet_event event)
{
    return (struct br_wallet_entry){
        .event = event,
        .time_s = br_client_now_s(),
        .party = l->request.client.full,
        .party_name = br_str(l->owner),
        .purpose = l->request.purpose,
        .request = br_present_reference(l),
        .contacts = l->contacts,
    };
}

/** What was approved with it, by type: the rest is the person's and the
 *  verifier's. */
static const struct br_json *
approved_types(
    const struct br_present_look *l,
    const struct br_present_item *item,
    struct br_json_maker *m)
{
    const struct br_vp_transaction *list[BR_VP_TRANSACTIONS_MAX];
    size_t n = approved_by(l, item, list);
    struct br_json *types = n == 0 ? NULL : br_json_new_array(m);
    for (size_t i = 0; i < n; i++) {
        const struct br_json *type = br_json_member(list[i]->object, "type");
        (void)br_json_append(m, types, br_json_new_copy(m, type));
    }
    return types;
}

/** Which claims, never what they say. */
static enum br_rc
remember_shown(
    struct showing *s,
    const struct br_present_item *item,
    const struct br_shown *shown,
    struct br_err *reterr)
{
    struct br_json_maker m;
    struct br_wallet_entry e = entry_of(s->l, BR_WALLET_PRESENTED);
    br_json_maker_init(&m, &s->l->arena);
    struct br_json *claims = br_json_new_array(&m);
    for (size_t i = 0; i < shown->match.count; i++) {
        (void)br_json_append(&m, claims, path_of(&m, shown->match.selected[i]));
    }
    BR_TRY(br_json_maker_status(&m, reterr));
    e.credential = item->credential.id;
    e.vct = item->credential.vct;
    e.claims = claims;
    e.approved = approved_types(s->l, item, &m);
    BR_TRY(br_json_maker_status(&m, reterr));
    return br_holding_put_entry(s->t, &e, reterr);
}

/** An entry of its own; a vault that cannot be written is told elsewhere. */
static void
remember(
    const struct br_present_look *l,
    struct br_vault_person *person,
    enum br_wallet_event event,
    const char *reason)
{
    struct br_vault_txn *t = NULL;
    struct br_err ignored;
    struct br_wallet_entry e = entry_of(l, event);
    e.reason = br_str(reason);
    if (e.party.n == 0) {
        e.party =
            l->link.client_id.n > 0 ? l->link.client_id : br_str("unknown");
    }
    if (br_vault_begin(person, true, &t, &ignored) != BR_OK) {
        return;
    }
    if (br_holding_put_entry(t, &e, &ignored) == BR_OK) {
        (void)(br_vault_commit(t, &ignored) == BR_OK);
    } else {
        br_vault_end(t);
    }
}

/* ---- sending ------------------------------------------------------------ */

enum br_rc
br_showing_words(int status, struct br_bytes body, struct br_err *reterr)
{
    char text[BR_OAUTH_DESCRIPTION_BYTES] = "";
    br_oauth_error_read(body, text);
    return br_fail(
        reterr, BR_ERR_VERIFIER_REFUSED, "the verifier answered %d%s%s", status,
        text[0] == '\0' ? "" : ": ", text);
}

static enum br_rc
post(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_bytes form,
    struct br_bytes *ret_redirect,
    struct br_err *reterr)
{
    struct br_buf body;
    int status = 0;
    const struct br_fetch f = {
        .method = "POST",
        .url = l->request.response_uri,
        .content_type = "application/x-www-form-urlencoded",
        .accept = "application/json",
        .body = form,
        .answer_bytes_max = ANSWER_BYTES_MAX,
    };
    br_buf_init(&body, ANSWER_BYTES_MAX);
    enum br_rc rc = br_fetch_call(
        client->http, &client->policy, &f, &status, &body, reterr);
    if (rc == BR_OK && status != 200) {
        rc = br_showing_words(status, br_buf_bytes(&body), reterr);
    }
    if (rc == BR_OK) {
        char *copy = br_arena_copy(&l->arena, br_buf_bytes(&body));
        rc = copy == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "an answer")
                 : br_vp_redirect_parse(
                       br_bytes(copy, body.n), &l->arena, ret_redirect, reterr);
    }
    br_buf_fini(&body);
    return rc;
}

static enum br_rc
send_error(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    const char *error,
    const char *description,
    struct br_bytes *ret_redirect,
    struct br_err *reterr)
{
    struct br_buf form;
    br_buf_init(&form, 4096);
    br_vp_error_encode(&l->request, error, description, &form);
    enum br_rc rc = br_buf_status(&form, reterr);
    if (rc == BR_OK) {
        rc = post(client, l, br_buf_bytes(&form), ret_redirect, reterr);
    }
    br_buf_fini(&form);
    return rc;
}

/** Section 15.9: an error tells nothing about the person; the rule is about the
 *  request alone. */
void
br_showing_refused(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    const struct br_err *why)
{
    struct br_bytes redirect = {0};
    struct br_err ignored;
    const struct br_rule_info *rule = br_rule_of(why);
    if (rule != NULL && l->request.may_answer) {
        (void)(send_error(client, l, br_vp_error_name(why), rule->slug, &redirect, &ignored) == BR_OK);
    }
    remember(l, person, BR_WALLET_FAILED, why->text);
}

/* ---- the person's word -------------------------------------------------- */

static enum br_rc
show_one(struct showing *s, struct br_present_item *item, struct br_err *reterr)
{
    struct br_holding_taken taken = {0};
    struct br_shown shown;
    struct br_buf text;
    BR_TRY(br_holding_take(
        s->t, &item->credential, s->now_s, &s->l->arena, &taken, reterr));
    br_buf_init(&text, BR_SD_BYTES_MAX);
    enum br_rc rc = br_showing_match(
        taken.instance.text, item->query, &s->l->arena, &shown, reterr);
    if (rc == BR_OK) {
        rc = present(s, item, &shown, taken.key, &text, reterr);
    }
    br_private_key_free(taken.key);
    if (rc == BR_OK) {
        rc = remember_shown(s, item, &shown, reterr);
    }
    char *copy =
        rc == BR_OK ? br_arena_copy(&s->l->arena, br_buf_bytes(&text)) : NULL;
    if (rc == BR_OK && copy == NULL) {
        rc = br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a presentation");
    }
    s->texts[s->count] = br_bytes(copy, text.n);
    s->entries[s->count] =
        (struct br_vp_entry){item->query->id, &s->texts[s->count], 1};
    s->count += rc == BR_OK ? 1 : 0;
    br_buf_fini(&text);
    return rc;
}

/** All in one transaction: what was shown is spent before it goes out. */
static enum br_rc
show_all(
    struct showing *s, struct br_vault_person *person, struct br_err *reterr)
{
    BR_TRY(br_vault_begin(person, true, &s->t, reterr));
    enum br_rc rc = BR_OK;
    for (size_t i = 0; rc == BR_OK && i < s->l->count; i++) {
        if (s->l->items[i].chosen) {
            rc = show_one(s, &s->l->items[i], reterr);
        }
    }
    if (rc == BR_OK) {
        return br_vault_commit(s->t, reterr);
    }
    br_vault_end(s->t);
    return rc;
}

static enum br_rc
send_token(
    struct showing *s, struct br_bytes *ret_redirect, struct br_err *reterr)
{
    const struct br_vp_token token = {s->entries, s->count};
    struct br_jwe_fresh fresh;
    struct br_buf form;
    br_random(&fresh, sizeof(fresh));
    br_buf_init(&form, BR_VP_RESPONSE_BYTES_MAX);
    enum br_rc rc =
        br_vp_response_encode(&s->l->request, &token, &fresh, &form, reterr);
    br_wipe(&fresh, sizeof(fresh));
    if (rc == BR_OK) {
        rc = post(s->client, s->l, br_buf_bytes(&form), ret_redirect, reterr);
    }
    if (form.p != NULL) {
        br_wipe(form.p, form.n);
    }
    br_buf_fini(&form);
    return rc;
}

enum br_rc
br_present_send(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_bytes *ret_redirect,
    struct br_err *reterr)
{
    struct showing s = {.client = client, .l = l, .now_s = br_client_now_s()};
    struct br_err why = {0};
    *ret_redirect = br_bytes(NULL, 0);
    if (!l->answerable) {
        return br_fail(reterr, l->why.rc, "%s", l->why.text);
    }
    BR_TRY(show_all(&s, person, reterr));
    enum br_rc rc = send_token(&s, ret_redirect, &why);
    if (rc != BR_OK) {
        remember(l, person, BR_WALLET_FAILED, why.text);
        return br_fail(reterr, rc, "%s", why.text);
    }
    return BR_OK;
}

enum br_rc
br_present_refuse(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_bytes *ret_redirect,
    struct br_err *reterr)
{
    *ret_redirect = br_bytes(NULL, 0);
    remember(
        l, person, BR_WALLET_REFUSED,
        l->answerable ? "the person did not agree" : l->why.text);
    return send_error(
        client, l, "access_denied", "nothing is shown", ret_redirect, reterr);
}
