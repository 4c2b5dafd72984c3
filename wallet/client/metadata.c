/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/metadata.h"

#include "common/net/router.h"
#include "wallet/client/session.h"

#include <stdio.h>
#include <string.h>

enum { SIGNED_BYTES_MAX = 4 * 1024 * 1024 };

static enum br_rc
put_address(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    const char *name,
    struct br_buf *ret,
    struct br_err *reterr)
{
    BR_TRY(br_fetch_check(&client->policy, issuer, reterr));
    return br_vci_well_known(issuer, name, ret, reterr);
}

enum br_rc
br_metadata_get(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    const char *name,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf url;
    br_buf_init(&url, BR_FETCH_URL_BYTES_MAX);
    enum br_rc rc = put_address(client, issuer, name, &url, reterr);
    if (rc == BR_OK) {
        const struct br_session_place place = {
            br_buf_bytes(&url), BR_LOOK_METADATA_BYTES_MAX, NULL};
        rc = br_session_get(client, &place, arena, ret, reterr);
    }
    br_buf_fini(&url);
    return rc;
}

/* ---- signed ------------------------------------------------------------- */

/** BR_OK with an empty text: it gives something else than a signed one. */
static enum br_rc
fetch_signed(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_bytes url,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_fetch f = {
        .url = url,
        .accept = "application/jwt",
        .answer_bytes_max = SIGNED_BYTES_MAX,
    };
    struct br_buf body;
    int status = 0;
    *ret = br_bytes(NULL, 0);
    br_buf_init(&body, SIGNED_BYTES_MAX);
    enum br_rc rc = br_fetch_call(
        client->http, &client->policy, &f, &status, &body, reterr);
    const char *type = br_http_client_header(client->http, "Content-Type");
    if (rc == BR_OK && status == 200 && type != NULL &&
        br_media_type_is(type, "application/jwt")) {
        const char *copy = br_arena_copy(&l->arena, br_buf_bytes(&body));
        *ret = br_bytes(copy, copy == NULL ? 0 : body.n);
        rc = copy == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for metadata")
                 : BR_OK;
    }
    br_buf_fini(&body);
    return rc;
}

static enum br_rc
get_signed(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_vci_signed *ret,
    struct br_err *reterr)
{
    const struct br_x5c_policy x5c = {
        .trust = client->trust, .unix_seconds = (int64_t)br_client_now_s()};
    struct br_buf url;
    struct br_bytes text = {0};
    br_buf_init(&url, BR_FETCH_URL_BYTES_MAX);
    enum br_rc rc = put_address(
        client, l->offer.issuer, "openid-credential-issuer", &url, reterr);
    if (rc == BR_OK) {
        rc = fetch_signed(client, l, br_buf_bytes(&url), &text, reterr);
    }
    br_buf_fini(&url);
    BR_TRY(rc);
    return text.n == 0
               ? br_fail(
                     reterr, BR_ERR_NOT_FOUND,
                     "the issuer does not sign what it says of itself")
               : br_vci_signed_parse(
                     text, l->offer.issuer, &x5c, &l->arena, ret, reterr);
}

enum br_rc
br_metadata_get_issuer(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_vci_signed s = {0};
    struct br_err why = {0};
    if (client->registry != NULL) {
        l->is_signed = get_signed(client, l, &s, &why) == BR_OK;
        memcpy(l->unsigned_why, why.text, sizeof(l->unsigned_why));
    }
    if (l->is_signed) {
        l->signer = s.key;
        *ret = s.metadata;
        return BR_OK;
    }
    return br_metadata_get(
        client, l->offer.issuer, "openid-credential-issuer", &l->arena, ret,
        reterr);
}

void
br_metadata_ask_registry(
    const struct br_wallet_client *client, struct br_look *l)
{
    for (size_t i = 0; client->registry != NULL && i < l->count; i++) {
        struct br_standing *s = &l->standings[i];
        const struct br_standing_question q = {
            .key = &l->signer, .vct = l->configurations[i].vct};
        if (l->is_signed) {
            br_registry_ask(client->registry, &q, br_client_now_s(), s);
        } else {
            s->kind = BR_STANDING_UNKNOWN;
            (void)snprintf(s->reason, sizeof(s->reason), "%s", l->unsigned_why);
        }
    }
}
