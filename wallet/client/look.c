/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "wallet/client/metadata.h"
#include "wallet/client/session.h"

#include <string.h>

void
br_look_fini(struct br_look *l)
{
    br_arena_fini(&l->arena);
}

/* ---- the offer ---------------------------------------------------------- */

static enum br_rc
read_offer(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_vci_link link;
    struct br_json *v = NULL;
    if (text.n > BR_LOOK_OFFER_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "an offer has %u bytes at most",
            BR_LOOK_OFFER_BYTES_MAX);
    }
    const char *copy = br_arena_copy(&l->arena, text);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer");
    }
    BR_TRY(br_vci_link_parse(br_bytes(copy, text.n), &l->arena, &link, reterr));
    if (link.by_reference) {
        const struct br_session_place place = {
            .url = link.value,
            .bytes_max = BR_LOOK_OFFER_BYTES_MAX,
            .gone = "the offer is not there any more: it was taken, was "
                    "withdrawn or has expired; ask for a new one",
        };
        BR_TRY(br_session_get(client, &place, &l->arena, &v, reterr));
    } else {
        BR_TRY(br_json_parse(link.value, &l->arena, &v, reterr));
    }
    l->text = v->raw;
    return br_vci_offer_parse(v, &l->offer, reterr);
}

/* ---- metadata ----------------------------------------------------------- */

/** Is it one of those that the issuer names, or the issuer itself? */
static bool
is_server_of(const struct br_vci_issuer *issuer, struct br_bytes server)
{
    for (const struct br_json *i = br_json_first(issuer->servers); i != NULL;
         i = i->next) {
        if (i->kind == BR_JSON_STRING && br_bytes_eq(i->string, server)) {
            return true;
        }
    }
    return issuer->servers == NULL && br_bytes_eq(issuer->issuer, server);
}

/** An offer may name one of several servers (section 4.1.1): one that the
 *  issuer names too, and no other. */
static enum br_rc
look_at_server(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_bytes named,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_bytes server =
        named.n > 0 ? named : l->issuer.authorization_server;
    if (named.n > 0 && !is_server_of(&l->issuer, named)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_ISSUER,
            "this authorization_server is none of the issuer's");
    }
    BR_TRY(br_metadata_get(
        client, server, "oauth-authorization-server", &l->arena, &v, reterr));
    return br_oauth_server_parse(v, server, &l->server, reterr);
}

enum br_rc
br_look_issuer(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    struct br_arena *arena,
    struct br_vci_issuer *ret,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    BR_TRY(br_metadata_get(
        client, issuer, "openid-credential-issuer", arena, &v, reterr));
    return br_vci_issuer_parse(v, issuer, ret, reterr);
}

static enum br_rc
look_at_issuer(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    BR_TRY(br_metadata_get_issuer(client, l, &v, reterr));
    BR_TRY(br_vci_issuer_parse(v, l->offer.issuer, &l->issuer, reterr));
    for (size_t i = 0; i < l->offer.count; i++) {
        BR_TRY(br_vci_configuration_parse(
            &l->issuer, l->offer.configurations[i], &l->configurations[i],
            reterr));
    }
    l->count = l->offer.count;
    return BR_OK;
}

static enum br_rc
look_at_all(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_err *reterr)
{
    BR_TRY(look_at_issuer(client, l, reterr));
    BR_TRY(look_at_server(
        client, l,
        l->by_code ? l->offer.authorization_server : l->offer.code_server,
        reterr));
    br_metadata_ask_registry(client, l);
    return BR_OK;
}

/** "When multiple grants are present, it is at the Wallet's discretion": the
 *  code that is in the offer, which asks less of people. */
static enum br_rc
look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *l,
    struct br_err *reterr)
{
    BR_TRY(read_offer(client, text, l, reterr));
    l->by_code = l->offer.code.n == 0;
    return look_at_all(client, l, reterr);
}

static enum br_rc
look_again(
    const struct br_wallet_client *client,
    struct br_bytes offer,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    const char *copy = br_arena_copy(&l->arena, offer);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer");
    }
    BR_TRY(br_json_parse(br_bytes(copy, offer.n), &l->arena, &v, reterr));
    l->text = v->raw;
    BR_TRY(br_vci_offer_parse(v, &l->offer, reterr));
    l->by_code = true;
    return look_at_all(client, l, reterr);
}

static void
begin(struct br_look *l)
{
    memset(l, 0, sizeof(*l));
    br_arena_init(&l->arena, BR_LOOK_ARENA_BYTES_MAX);
}

static enum br_rc
finish(struct br_look *l, enum br_rc rc)
{
    if (rc != BR_OK) {
        br_look_fini(l);
    }
    return rc;
}

enum br_rc
br_look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *ret,
    struct br_err *reterr)
{
    begin(ret);
    return finish(ret, look(client, text, ret, reterr));
}

enum br_rc
br_look_again(
    const struct br_wallet_client *client,
    struct br_bytes offer,
    struct br_look *ret,
    struct br_err *reterr)
{
    begin(ret);
    return finish(ret, look_again(client, offer, ret, reterr));
}

enum br_rc
br_look_renewed(
    const struct br_wallet_client *client,
    const struct br_wallet_credential *c,
    struct br_bytes server,
    struct br_look *ret,
    struct br_err *reterr)
{
    begin(ret);
    ret->offer = (struct br_vci_offer){
        .issuer = c->issuer,
        .configurations = {c->configuration},
        .count = 1,
    };
    enum br_rc rc = look_at_issuer(client, ret, reterr);
    if (rc == BR_OK) {
        rc = look_at_server(client, ret, server, reterr);
    }
    return finish(ret, rc);
}

bool
br_look_may_authorize(const struct br_look *l)
{
    return l->by_code || l->offer.authorization_code;
}

enum br_rc
br_look_by_code(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_err *reterr)
{
    if (l->by_code) {
        return BR_OK;
    }
    if (!l->offer.authorization_code) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the offer is granted by its code alone, not on a page");
    }
    l->by_code = true;
    return look_at_server(client, l, l->offer.authorization_server, reterr);
}

enum br_rc
br_look_display(
    struct br_look *l, size_t i, struct br_json **ret, struct br_err *reterr)
{
    struct br_json_maker m;
    const struct br_json *metadata = l->configurations[i].metadata;
    const struct br_json *display = br_json_member(metadata, "display");
    const struct br_json *claims = br_json_member(metadata, "claims");
    br_json_maker_init(&m, &l->arena);
    struct br_json *v = br_json_new_object(&m);
    if (l->issuer.display != NULL) {
        (void)br_json_set(
            &m, v, "issuer", br_json_new_copy(&m, l->issuer.display));
    }
    if (display != NULL && display->kind == BR_JSON_ARRAY) {
        (void)br_json_set(&m, v, "display", br_json_new_copy(&m, display));
    }
    if (claims != NULL && claims->kind == BR_JSON_ARRAY) {
        (void)br_json_set(&m, v, "claims", br_json_new_copy(&m, claims));
    }
    BR_TRY(br_json_maker_status(&m, reterr));
    *ret = v;
    return BR_OK;
}
