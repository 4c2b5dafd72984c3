/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
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
        BR_TRY(br_session_get(
            client, link.value, BR_LOOK_OFFER_BYTES_MAX, &l->arena, &v,
            reterr));
    } else {
        BR_TRY(br_json_parse(link.value, &l->arena, &v, reterr));
    }
    return br_vci_offer_parse(v, &l->offer, reterr);
}

/* ---- metadata ----------------------------------------------------------- */

static enum br_rc
fetch_well_known(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    const char *name,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf url;
    br_buf_init(&url, BR_FETCH_URL_BYTES_MAX);
    enum br_rc rc = br_fetch_check(&client->policy, issuer, reterr);
    if (rc == BR_OK) {
        rc = br_vci_well_known(issuer, name, &url, reterr);
    }
    if (rc == BR_OK) {
        rc = br_session_get(
            client, br_buf_bytes(&url), BR_LOOK_METADATA_BYTES_MAX, arena, ret,
            reterr);
    }
    br_buf_fini(&url);
    return rc;
}

/** An offer may name one of several servers (section 4.1.1): one that the
 *  issuer names too, and no other. */
static enum br_rc
choose_server(
    const struct br_look *l,
    const struct br_json *metadata,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_json *list =
        br_json_member(metadata, "authorization_servers");
    if (l->offer.code_server.n == 0) {
        *ret = l->issuer.authorization_server;
        return BR_OK;
    }
    for (const struct br_json *i = br_json_first(list); i != NULL;
         i = i->next) {
        if (i->kind == BR_JSON_STRING &&
            br_bytes_eq(i->string, l->offer.code_server)) {
            *ret = l->offer.code_server;
            return BR_OK;
        }
    }
    return br_refuse(
        reterr, BR_RULE_OAUTH_ISSUER,
        "the offer's authorization_server is none of the issuer's");
}

static enum br_rc
look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_bytes server = {NULL, 0};
    BR_TRY(read_offer(client, text, l, reterr));
    BR_TRY(fetch_well_known(
        client, l->offer.issuer, "openid-credential-issuer", &l->arena, &v,
        reterr));
    BR_TRY(br_vci_issuer_parse(v, l->offer.issuer, &l->issuer, reterr));
    for (size_t i = 0; i < l->offer.count; i++) {
        BR_TRY(br_vci_configuration_parse(
            &l->issuer, l->offer.configurations[i], &l->configurations[i],
            reterr));
    }
    l->count = l->offer.count;
    BR_TRY(choose_server(l, v, &server, reterr));
    BR_TRY(fetch_well_known(
        client, server, "oauth-authorization-server", &l->arena, &v, reterr));
    return br_oauth_server_parse(v, server, &l->server, reterr);
}

enum br_rc
br_look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *ret,
    struct br_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    br_arena_init(&ret->arena, BR_LOOK_ARENA_BYTES_MAX);
    enum br_rc rc = look(client, text, ret, reterr);
    if (rc != BR_OK) {
        br_look_fini(ret);
    }
    return rc;
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
