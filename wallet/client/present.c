/* A request for credentials: fetched, checked, and what would answer it. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/present.h"

#include "common/credential/did.h"
#include "common/credential/oauth.h"
#include "common/credential/rule.h"
#include "common/credential/vp_wallet.h"
#include "common/crypto/x509_path.h"
#include "common/net/router.h"
#include "wallet/client/session.h"
#include "wallet/client/showing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DOCUMENT_BYTES_MAX = 256 * 1024,
    SCRATCH_BYTES = 32 * 1024 * 1024,
};

const char *
br_present_notice_name(enum br_present_notice bit)
{
    static const struct {
        enum br_present_notice bit;
        const char *name;
    } names[] = {
        {BR_NOTICE_UNSIGNED, "nobody has signed this request"},
        {BR_NOTICE_UNVOUCHED, "nobody vouches for who asks"},
        {BR_NOTICE_OTHER_HOST, "the answer goes to another host than the "
                               "verifier's certificate names"},
        {BR_NOTICE_PLAIN, "the answer is not encrypted"},
        {BR_NOTICE_NO_PURPOSE, "no purpose is told"},
        {BR_NOTICE_WHOLE, "everything that a credential says is asked for"},
        {BR_NOTICE_UNREGISTERED, "no registry knows who asks"},
    };
    const char *name = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = names[i].bit == bit ? names[i].name : name;
    }
    return name;
}

void
br_present_look_fini(struct br_present_look *l)
{
    br_arena_fini(&l->arena);
}

/* ---- fetching ----------------------------------------------------------- */

/** How a request is fetched by POST: with a nonce that comes back, and a key
 * for which it may be encrypted; both are of this request alone. */
struct fetching {
    char nonce[BR_WALLET_ID_BYTES * 2 + 1]; /**< "": by GET */
    struct br_private_key *key;             /**< NULL: by GET */
};
static const char fetch_kid[] = "request";

/** What we can do, and the nonce (section 5.10). */
static enum br_rc
put_form(
    const struct br_wallet_client *client,
    struct fetching *g,
    struct br_buf *form,
    struct br_err *reterr)
{
    struct br_buf metadata;
    br_holding_new_id(g->nonce);
    br_holding_new_id(g->nonce + BR_WALLET_ID_BYTES);
    BR_TRY(br_private_key_generate(BR_KEY_P256, &g->key, reterr));
    br_buf_init(&metadata, BR_VP_WALLET_BYTES_MAX);
    enum br_rc rc = br_vp_wallet_write(
        br_private_key_public(g->key), br_str(fetch_kid),
        client->attester_count > 0, &metadata, reterr);
    br_form_put(form, "wallet_metadata", br_buf_bytes(&metadata));
    br_form_put(form, "wallet_nonce", br_str(g->nonce));
    br_buf_fini(&metadata);
    return rc;
}

static enum br_rc
check_answer(
    const struct br_wallet_client *client,
    int status,
    struct br_bytes body,
    struct br_err *reterr)
{
    const char *type = br_http_client_header(client->http, "Content-Type");
    if (status != 200) {
        return br_showing_words(status, body, reterr);
    }
    return type != NULL && br_media_type_is(type, BR_VP_REQUEST_TYPE)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_REQUEST,
                     "what is at request_uri is not of type %s",
                     BR_VP_REQUEST_TYPE);
}

/** The object at request_uri, in the arena. */
static enum br_rc
fetch_object(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct fetching *g,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf form;
    struct br_buf body;
    int status = 0;
    br_buf_init(&form, BR_VP_WALLET_BYTES_MAX * 3u);
    br_buf_init(&body, BR_VP_SEALED_BYTES_MAX);
    enum br_rc rc = l->link.post ? put_form(client, g, &form, reterr) : BR_OK;
    const struct br_fetch f = {
        .method = l->link.post ? "POST" : "GET",
        .url = l->link.request_uri,
        .content_type =
            l->link.post ? "application/x-www-form-urlencoded" : NULL,
        .accept = BR_VP_REQUEST_TYPE,
        .body = br_buf_bytes(&form),
        .answer_bytes_max =
            l->link.post ? BR_VP_SEALED_BYTES_MAX : BR_VP_REQUEST_BYTES_MAX,
    };
    if (rc == BR_OK) {
        rc = br_fetch_call(
            client->http, &client->policy, &f, &status, &body, reterr);
    }
    if (rc == BR_OK) {
        rc = check_answer(client, status, br_buf_bytes(&body), reterr);
    }
    if (rc == BR_OK) {
        char *copy = br_arena_copy(&l->arena, br_buf_bytes(&body));
        *ret = br_bytes(copy, body.n);
        rc = copy == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "a request")
                          : BR_OK;
    }
    br_buf_fini(&form);
    br_buf_fini(&body);
    return rc;
}

/** did:web has its key in a document elsewhere; *ret stays NULL for others. */
static enum br_rc
fetch_document(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_did did;
    struct br_buf url;
    if (l->request.client.prefix != BR_VP_DID) {
        return BR_OK;
    }
    BR_TRY(br_did_parse(l->request.client.id, &did, reterr));
    if (did.method != BR_DID_WEB) {
        return BR_OK;
    }
    br_buf_init(&url, BR_FETCH_URL_BYTES_MAX);
    enum br_rc rc = br_did_web_url(&did, &url, reterr);
    if (rc == BR_OK) {
        const struct br_session_place place = {
            br_buf_bytes(&url), DOCUMENT_BYTES_MAX, NULL};
        rc = br_session_get(client, &place, &l->arena, ret, reterr);
    }
    br_buf_fini(&url);
    return rc;
}

static enum br_rc
check_request(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    const struct fetching *g,
    struct br_err *reterr)
{
    struct br_json *document = NULL;
    BR_TRY(fetch_document(client, l, &document, reterr));
    l->document = document;
    const struct br_vp_policy policy = {
        .trust = client->trust,
        .attesters = client->attesters,
        .attester_count = client->attester_count,
        .did_document = document,
        .wallet_nonce = br_str(g->nonce),
        .plain_http = client->policy.allow_loopback,
        .now_s = br_client_now_s(),
    };
    return br_vp_check(&l->request, &policy, &l->arena, reterr);
}

static enum br_rc
read_request(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_err *reterr)
{
    struct fetching g = {.key = NULL};
    struct br_bytes object = {0};
    enum br_rc rc = BR_OK;
    if (l->link.request_uri.n > 0) {
        rc = fetch_object(client, l, &g, &object, reterr);
    }
    if (rc == BR_OK) {
        rc = br_vp_object_open(
            object, g.key, br_str(fetch_kid), &l->arena, &object, reterr);
    }
    br_private_key_free(g.key);
    if (rc == BR_OK) {
        rc = br_vp_open(&l->link, object, &l->arena, &l->request, reterr);
    }
    return rc == BR_OK ? check_request(client, l, &g, reterr) : rc;
}

/* ---- what answers it ---------------------------------------------------- */

/** A credential that nobody would accept is not offered. */
static bool
alive(const struct br_wallet_credential *c, uint64_t now_s)
{
    bool dead = c->status.known && c->status.value != 0;
    return !dead && (c->expires_s == 0 || c->expires_s > now_s);
}

static enum br_rc
try_credential(
    struct br_vault_txn *t,
    struct br_present_look *l,
    struct br_present_item *item,
    const struct br_wallet_credential *c,
    struct br_err *reterr)
{
    struct br_wallet_instance instance;
    struct br_shown shown;
    BR_TRY(br_holding_peek(t, c, &l->arena, &instance, reterr));
    BR_TRY(br_showing_match(
        instance.text, item->query, &l->arena, &shown, reterr));
    item->available = true;
    item->credential = *c;
    item->vc = shown.vc;
    item->match = shown.match;
    item->whole = br_showing_is_whole(&shown);
    return BR_OK;
}

static enum br_rc
find_credential(
    struct br_vault_txn *t,
    struct br_present_look *l,
    struct br_present_item *item,
    const struct br_wallet_credential *list,
    size_t n)
{
    uint64_t now_s = br_client_now_s();
    for (size_t i = 0; !item->available && i < n; i++) {
        struct br_err why;
        enum br_rc rc = alive(&list[i], now_s)
                            ? try_credential(t, l, item, &list[i], &why)
                            : BR_ERR_NOT_FOUND;
        if (rc == BR_ERR_NO_MEMORY) {
            return rc;
        }
    }
    return BR_OK;
}

/** Section 6.4.2: what is optional is left out. */
static void
choose(struct br_present_look *l)
{
    bool available[BR_DCQL_CREDENTIALS_MAX] = {false};
    bool chosen[BR_DCQL_CREDENTIALS_MAX] = {false};
    struct br_err why = {0};
    for (size_t i = 0; i < l->count; i++) {
        available[i] = l->items[i].available;
    }
    enum br_rc rc =
        br_dcql_choose(&l->request.query, available, false, chosen, &why);
    l->answerable = rc == BR_OK;
    if (rc != BR_OK) {
        (void)br_refuse(&l->why, BR_RULE_VP_UNAVAILABLE, "%s", why.text);
        return;
    }
    for (size_t i = 0; i < l->count; i++) {
        l->items[i].chosen = chosen[i];
        l->items[i].required = chosen[i];
        l->notices |= chosen[i] && l->items[i].whole ? BR_NOTICE_WHOLE : 0u;
    }
}

static enum br_rc
find_answers(
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_wallet_credential *list = NULL;
    size_t n = 0;
    l->count = l->request.query.query_count;
    BR_TRY(br_vault_begin(person, false, &t, reterr));
    enum br_rc rc = br_holding_list(t, &l->arena, &list, &n, reterr);
    for (size_t i = 0; rc == BR_OK && i < l->count; i++) {
        l->items[i].query = &l->request.query.queries[i];
        rc = find_credential(t, l, &l->items[i], list, n);
        if (rc != BR_OK) {
            rc = br_fail(reterr, rc, "no memory for what is asked");
        }
    }
    br_vault_end(t);
    if (rc == BR_OK) {
        choose(l);
    }
    return rc;
}

static enum br_rc
take_transactions(struct br_present_look *l, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(l->request.transaction_data);
         i != NULL; i = i->next) {
        BR_TRY(br_vp_transaction_parse(
            i, &l->request.query, &l->arena,
            &l->transactions[l->transaction_count], reterr));
        l->transaction_count++;
    }
    return BR_OK;
}

/** The key that signed the request: BR_OK, or it is not at hand. */
static enum br_rc
find_signer(
    struct br_present_look *l, struct br_key *ret, struct br_err *reterr)
{
    struct br_did did;
    struct br_jwk jwk;
    if ((l->request.jws.sources & BR_KEY_BY_X5C) != 0) {
        return br_x5c_key(&l->request.jws.x5c, ret, reterr);
    }
    BR_TRY(br_did_parse(l->request.client.id, &did, reterr));
    BR_TRY(br_did_own_key(&did, &l->arena, &jwk, reterr));
    *ret = jwk.key;
    return BR_OK;
}

/** Who is it that asks, as a ledger knows them? */
static void
ask_registry(const struct br_wallet_client *client, struct br_present_look *l)
{
    struct br_key key;
    struct br_err why = {0};
    const struct br_standing_question q = {.key = &key};
    if (client->registry == NULL || !l->request.is_signed) {
        return;
    }
    if (find_signer(l, &key, &why) == BR_OK) {
        br_registry_ask(client->registry, &q, br_client_now_s(), &l->asker);
    } else {
        l->asker.kind = BR_STANDING_UNREGISTERED;
    }
    l->notices |=
        l->asker.kind == BR_STANDING_UNREGISTERED ? BR_NOTICE_UNREGISTERED : 0u;
}

static void
take_notices(struct br_present_look *l)
{
    const struct br_vp_request *r = &l->request;
    bool certified = r->client.prefix == BR_VP_X509_HASH ||
                     r->client.prefix == BR_VP_X509_SAN_DNS;
    if (certified) {
        br_x509_owner(r->jws.x5c.der[0], l->owner);
    }
    l->notices |= r->is_signed ? 0u : BR_NOTICE_UNSIGNED;
    if (r->client.prefix == BR_VP_ATTESTATION) { /* its attester's word */
        (void)snprintf(
            l->owner, sizeof(l->owner), "%.*s",
            (int)(r->client.id.n < sizeof(l->owner) ? r->client.id.n : sizeof(l->owner) - 1),
            (const char *)r->client.id.p);
    }
    l->notices |= r->client.prefix == BR_VP_DID ? BR_NOTICE_UNVOUCHED : 0u;
    l->notices |= (certified || r->client.prefix == BR_VP_ATTESTATION) &&
                          !r->host_is_certified
                      ? BR_NOTICE_OTHER_HOST
                      : 0u;
    l->notices |= r->mode == BR_VP_DIRECT_POST ? BR_NOTICE_PLAIN : 0u;
    l->notices |= r->purpose.n == 0 ? BR_NOTICE_NO_PURPOSE : 0u;
}

/* ---- all ---------------------------------------------------------------- */

static enum br_rc
look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_vault_person *person,
    struct br_present_look *l,
    struct br_err *reterr)
{
    char *own = br_arena_copy(&l->arena, text);
    if (own == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "the link is too long");
    }
    BR_TRY(
        br_vp_link_parse(br_bytes(own, text.n), &l->arena, &l->link, reterr));
    BR_TRY(read_request(client, l, reterr));
    take_notices(l);
    ask_registry(client, l);
    BR_TRY(take_transactions(l, reterr));
    BR_TRY(find_answers(l, person, reterr));
    return br_showing_asker(client, l, person, reterr);
}

enum br_rc
br_present_look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_vault_person *person,
    struct br_present_look *ret,
    struct br_err *reterr)
{
    struct br_err why = {0};
    memset(ret, 0, sizeof(*ret));
    br_arena_init(&ret->arena, BR_LOOK_ARENA_BYTES_MAX);
    enum br_rc rc = look(client, text, person, ret, &why);
    if (rc != BR_OK) {
        br_showing_refused(client, ret, person, &why);
        br_arena_fini(&ret->arena);
        return br_fail(reterr, rc, "%s", why.text);
    }
    return BR_OK;
}
