/* SPDX-License-Identifier: EUPL-1.2 */
/* What is asked of the provider: metadata, keys, tokens, UserInfo. */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/oidc_client.h"

#include <stdio.h>
#include <strings.h>

enum { KEEP_S = 3600, KEYS_AGAIN_MAX = 10 };

/** 200, into *ret. */
static enum br_rc
call(
    struct br_oidc *o,
    const struct br_fetch *f,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char why[BR_OAUTH_DESCRIPTION_BYTES];
    int status = 0;
    BR_TRY(br_fetch_call(o->http, &o->policy, f, &status, ret, reterr));
    if (status == 200) {
        return BR_OK;
    }
    br_oauth_error_read(br_buf_bytes(ret), why);
    return br_fail(
        reterr, BR_ERR_NETWORK, "%.*s answers %d: %s",
        (int)(f->url.n > 100 ? 100 : f->url.n), (const char *)f->url.p, status,
        why);
}

/* ---- what is kept ------------------------------------------------------- */

static void
forget(struct br_oidc_kept *k)
{
    if (k->json != NULL) {
        br_arena_fini(&k->arena);
    }
    *k = (struct br_oidc_kept){.json = NULL};
}

/** A document, its text and values in an arena of its own. */
static enum br_rc
get(struct br_oidc *o,
    struct br_bytes url,
    uint64_t now_s,
    struct br_oidc_kept *ret,
    struct br_err *reterr)
{
    struct br_oidc_kept k = {.fetched_s = now_s};
    struct br_buf body;
    const struct br_fetch f = {
        .url = url,
        .accept = "application/json",
        .answer_bytes_max = BR_OIDC_ANSWER_BYTES_MAX,
        .timeout_ms = BR_OIDC_TIMEOUT_MS,
    };
    br_buf_init(&body, BR_OIDC_ANSWER_BYTES_MAX);
    br_arena_init(&k.arena, BR_OIDC_ARENA_BYTES);
    enum br_rc rc = call(o, &f, &body, reterr);
    if (rc == BR_OK) {
        const char *text = br_arena_copy(&k.arena, br_buf_bytes(&body));
        rc = text == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "a provider's document")
                 : br_json_parse(
                       br_bytes(text, body.n), &k.arena, &k.json, reterr);
    }
    br_buf_fini(&body);
    if (rc != BR_OK) {
        br_arena_fini(&k.arena);
        return rc;
    }
    *ret = k;
    return BR_OK;
}

static enum br_rc
check_endpoints(
    const struct br_oidc *o,
    const struct br_oidc_provider *p,
    struct br_err *reterr)
{
    const struct br_bytes all[] = {
        p->authorization, p->token, p->jwks, p->userinfo, p->end_session};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].n > 0) {
            BR_TRY(br_fetch_check(&o->policy, all[i], reterr));
        }
    }
    return BR_OK;
}

enum br_rc
br_oidc_need_provider(struct br_oidc *o, uint64_t now_s, struct br_err *reterr)
{
    char url[BR_FETCH_URL_BYTES_MAX + 1];
    struct br_oidc_kept k;
    struct br_oidc_provider p;
    size_t n = strlen(o->issuer);
    if (o->metadata.json != NULL && now_s < o->metadata.fetched_s + KEEP_S) {
        return BR_OK;
    }
    /* Discovery 1.0 section 4.1: "any terminating / MUST be removed". */
    (void)snprintf(
        url, sizeof(url), "%.*s/.well-known/openid-configuration",
        (int)(n > 0 && o->issuer[n - 1] == '/' ? n - 1 : n), o->issuer);
    BR_TRY(get(o, br_str(url), now_s, &k, reterr));
    enum br_rc rc =
        br_oidc_provider_parse(k.json, br_str(o->issuer), &p, reterr);
    if (rc == BR_OK) {
        rc = check_endpoints(o, &p, reterr);
    }
    if (rc != BR_OK) {
        forget(&k);
        return rc;
    }
    forget(&o->metadata);
    o->metadata = k;
    o->provider = p;
    return BR_OK;
}

/** Somebody who sends unknown kids does not have us fetch for ever. */
static bool
may_fetch_again(struct br_oidc *o, uint64_t now_s)
{
    if (now_s >= o->keys_again_s + KEEP_S) {
        o->keys_again_s = now_s;
        o->keys_again = 0;
    }
    return o->keys_again++ < KEYS_AGAIN_MAX;
}

enum br_rc
br_oidc_need_keys(
    struct br_oidc *o, uint64_t now_s, bool again, struct br_err *reterr)
{
    struct br_oidc_kept k;
    bool have = o->keys.json != NULL && now_s < o->keys.fetched_s + KEEP_S;
    if (have && (!again || !may_fetch_again(o, now_s))) {
        return BR_OK;
    }
    BR_TRY(get(o, o->provider.jwks, now_s, &k, reterr));
    forget(&o->keys);
    o->keys = k;
    return BR_OK;
}

/* ---- tokens ------------------------------------------------------------- */

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static enum br_rc
put_assertion(
    struct br_oidc *o,
    uint64_t now_s,
    struct br_buf *form,
    struct br_err *reterr)
{
    char id[BR_ORCH_SECRET_TEXT_BYTES];
    struct br_buf jwt;
    br_orch_random_text(id);
    /* Core section 9: "The Audience SHOULD be the URL of the Authorization
     * Server's Token Endpoint", as SPID's and CIE's rules have it. */
    const struct br_oidc_assertion a = {
        .client = o->client.id,
        .audience = o->provider.token,
        .id = br_str(id),
        .now_s = now_s,
        .alg = o->alg,
        .kid = br_str(o->kid),
    };
    br_buf_init(&jwt, 8192);
    enum br_rc rc = br_oidc_assertion_sign(&a, o->key, &jwt, reterr);
    if (rc == BR_OK) {
        br_form_put(form, "client_id", o->client.id);
        br_form_put(form, "client_assertion_type", br_str(ASSERTION_TYPE));
        br_form_put(form, "client_assertion", br_buf_bytes(&jwt));
    }
    br_buf_fini(&jwt);
    return rc;
}

/** The answer's text and values, in the arena. */
static enum br_rc
post(
    struct br_oidc *o,
    const struct br_buf *form,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_http_field basic = {"Authorization", o->basic};
    const struct br_fetch f = {
        .method = "POST",
        .url = o->provider.token,
        .content_type = "application/x-www-form-urlencoded",
        .accept = "application/json",
        .body = br_buf_bytes(form),
        .headers = &basic,
        .header_count = o->key == NULL ? 1 : 0,
        .answer_bytes_max = BR_OIDC_ANSWER_BYTES_MAX,
        .timeout_ms = BR_OIDC_TIMEOUT_MS,
    };
    struct br_buf body;
    br_buf_init(&body, BR_OIDC_ANSWER_BYTES_MAX);
    enum br_rc rc = call(o, &f, &body, reterr);
    const char *text =
        rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&body)) : NULL;
    if (rc == BR_OK) {
        rc = text == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "a token response")
                 : br_json_parse(br_bytes(text, body.n), arena, ret, reterr);
    }
    br_buf_wipe(&body);
    return rc;
}

enum br_rc
br_oidc_redeem(
    struct br_oidc *o,
    const struct br_oidc_grant *g,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf form;
    enum br_rc rc = BR_OK;
    br_buf_init(&form, 16u * 1024);
    br_form_put(&form, "grant_type", br_str("authorization_code"));
    br_form_put(&form, "code", g->code);
    br_form_put(&form, "redirect_uri", o->client.redirect_uri);
    br_form_put(&form, "code_verifier", g->verifier);
    if (o->key != NULL) {
        rc = put_assertion(o, g->now_s, &form, reterr);
    }
    if (rc == BR_OK) {
        rc = br_buf_status(&form, reterr);
    }
    if (rc == BR_OK) {
        rc = post(o, &form, arena, ret, reterr);
    }
    br_buf_wipe(&form);
    return rc;
}

/* ---- UserInfo ----------------------------------------------------------- */

enum br_rc
br_oidc_ask_userinfo(
    struct br_oidc *o,
    struct br_bytes access_token,
    struct br_arena *arena,
    struct br_oidc_info *ret,
    struct br_err *reterr)
{
    size_t n = access_token.n + sizeof("Bearer ");
    char *value = (char *)br_arena_take(arena, n);
    struct br_buf body;
    if (value == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "UserInfo");
    }
    (void)snprintf(
        value, n, "Bearer %.*s", (int)access_token.n,
        (const char *)access_token.p);
    const struct br_http_field bearer = {"Authorization", value};
    const struct br_fetch f = {
        .url = o->provider.userinfo,
        .accept = "application/json, application/jwt",
        .headers = &bearer,
        .header_count = 1,
        .answer_bytes_max = BR_OIDC_ANSWER_BYTES_MAX,
        .timeout_ms = BR_OIDC_TIMEOUT_MS,
    };
    br_buf_init(&body, BR_OIDC_ANSWER_BYTES_MAX);
    enum br_rc rc = call(o, &f, &body, reterr);
    if (rc == BR_OK) {
        const char *type = br_http_client_header(o->http, "Content-Type");
        ret->is_jwt =
            type != NULL && strncasecmp(type, "application/jwt", 15) == 0;
        const char *copy = br_arena_copy(arena, br_buf_bytes(&body));
        ret->body = br_bytes(copy, body.n);
        rc = copy == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "UserInfo")
                          : BR_OK;
    }
    br_buf_wipe(&body);
    return rc;
}
