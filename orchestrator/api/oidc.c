/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/oidc.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/files.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/oidc_client.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- what we are -------------------------------------------------------- */

static const char *
in_data(const char *data_dir, char path[PATH_MAX], const char *name)
{
    bool as_it_is = name[0] == '/' || strncmp(name, "pkcs11:", 7) == 0;
    (void)snprintf(
        path, PATH_MAX, "%s%s%s", as_it_is ? "" : data_dir, as_it_is ? "" : "/",
        name);
    return path;
}

static enum br_rc
check_mode(const char *path, struct br_err *reterr)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.160s: only its owner may read it", path);
    }
    return BR_OK;
}

/** A private JWK; its alg, or the usual one of its kind. */
static enum br_rc
take_jwk(struct br_oidc *o, struct br_bytes text, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_jwk k;
    br_arena_init(&arena, 64u * 1024);
    enum br_rc rc = br_json_parse(text, &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_jwk_parse_private(v, &k, &o->key, reterr);
    }
    if (rc == BR_OK && k.kid.n < sizeof(o->kid)) {
        (void)snprintf(
            o->kid, sizeof(o->kid), "%.*s", (int)k.kid.n,
            (const char *)k.kid.p);
    }
    if (rc == BR_OK) {
        unsigned alg = br_key_alg_by_name(k.alg);
        unsigned usual = k.key.kind == BR_KEY_RSA ? BR_ALG_RS256 : BR_ALG_ES256;
        o->alg = (enum br_key_alg)(k.alg.n == 0 ? usual : alg);
        rc = (o->alg & BR_OIDC_ALGS) != 0 &&
                     br_key_alg_kind(o->alg) == k.key.kind
                 ? BR_OK
                 : br_fail(
                       reterr, BR_ERR_CONFIG,
                       "oidc_client_key: a key for ES256, RS256 or PS256");
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
open_key(
    struct br_oidc *o,
    const char *path,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 16u * 1024);
    enum br_rc rc = strncmp(path, "pkcs11:", 7) == 0
                        ? BR_OK
                        : br_file_read(path, &b, reterr);
    if (rc == BR_OK && b.n > 0 && b.p[0] == '{') {
        rc = check_mode(path, reterr);
        if (rc == BR_OK) {
            rc = take_jwk(o, br_buf_bytes(&b), reterr);
        }
    } else if (rc == BR_OK) {
        rc = br_signer_open(path, passphrase, &o->signer, reterr);
        if (rc == BR_OK) {
            rc = br_private_key_of_signer(o->signer, &o->key, reterr);
        }
        o->alg = BR_ALG_ES256;
        if (rc == BR_OK && br_private_key_public(o->key)->kind != BR_KEY_P256) {
            rc = br_fail(
                reterr, BR_ERR_CONFIG, "oidc_client_key: a key on P-256");
        }
    }
    br_buf_wipe(&b);
    if (rc != BR_OK || o->kid[0] != '\0') {
        return rc;
    }
    return br_jwk_thumbprint_text(
        br_private_key_public(o->key), o->kid, reterr);
}

/** RFC 6749 section 2.3.1: both are escaped as in a form, then in base64. */
static enum br_rc
open_secret(struct br_oidc *o, const char *path, struct br_err *reterr)
{
    struct br_buf secret;
    struct br_buf both;
    struct br_buf text;
    br_buf_init(&secret, BR_OIDC_SECRET_BYTES_MAX);
    br_buf_init(&both, sizeof(o->basic));
    br_buf_init(&text, sizeof(o->basic) - sizeof("Basic "));
    enum br_rc rc = check_mode(path, reterr);
    size_t n = 0;
    if (rc == BR_OK) {
        rc = br_file_read(path, &secret, reterr);
    }
    while (n < secret.n && secret.p[n] >= ' ' && secret.p[n] != 0x7f) {
        n++;
    }
    if (rc == BR_OK && n == 0) {
        rc = br_fail(reterr, BR_ERR_CONFIG, "%.160s: no secret", path);
    }
    if (rc == BR_OK) {
        br_percent_put(&both, o->client.id);
        br_buf_puts(&both, ":");
        br_percent_put(&both, br_bytes(secret.p, n));
        br_base64_put(&text, br_buf_bytes(&both));
        rc = br_buf_status(&text, reterr);
    }
    if (rc == BR_OK) {
        (void)snprintf(
            o->basic, sizeof(o->basic), "Basic %.*s", (int)text.n,
            (const char *)text.p);
    }
    br_buf_wipe(&secret);
    br_buf_wipe(&both);
    br_buf_wipe(&text);
    return rc;
}

static enum br_rc
fill(
    struct br_oidc *o,
    const char *data_dir,
    const struct br_orch_config *c,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    enum br_oidc_kind kind;
    BR_TRY(br_oidc_kind_by_name(c->oidc_identity, &kind, reterr));
    o->issuer = c->oidc_issuer;
    (void)snprintf(
        o->redirect_uri, sizeof(o->redirect_uri),
        "%.560s/desk/v1/oidc/callback", c->public_url);
    (void)snprintf(o->back, sizeof(o->back), "%.560s/", c->public_url);
    o->client = (struct br_oidc_client){
        .id = br_str(c->oidc_client_id),
        .redirect_uri = br_str(o->redirect_uri),
        .scope = br_str(c->oidc_scope),
        .acr = br_str(c->oidc_acr),
        .claim = br_str(
            c->oidc_claim[0] == '\0' ? br_oidc_kind_claim(kind)
                                     : c->oidc_claim),
        .kind = kind,
    };
    o->policy = (struct br_fetch_policy){
        .allow_loopback = c->insecure_loopback,
        .allow_private = c->oidc_private_network,
    };
    if (c->oidc_ca_file[0] != '\0') {
        (void)snprintf(
            o->ca_file, sizeof(o->ca_file), "%s",
            in_data(data_dir, path, c->oidc_ca_file));
        o->policy.ca_file = o->ca_file;
    }
    return br_http_client_new(&o->http, reterr);
}

enum br_rc
br_oidc_open(
    const char *data_dir,
    const struct br_orch_config *config,
    const struct br_secret *passphrase,
    struct br_oidc **ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    bool by_key = strcmp(config->oidc_client_auth, "private_key_jwt") == 0;
    *ret = NULL;
    if (config->oidc_issuer[0] == '\0') {
        return BR_OK;
    }
    struct br_oidc *o = (struct br_oidc *)calloc(1, sizeof(*o));
    if (o == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "OpenID Connect");
    }
    enum br_rc rc = fill(o, data_dir, config, reterr);
    if (rc == BR_OK && by_key) {
        rc = open_key(
            o, in_data(data_dir, path, config->oidc_client_key), passphrase,
            reterr);
    } else if (rc == BR_OK) {
        rc = open_secret(
            o, in_data(data_dir, path, config->oidc_client_secret_file),
            reterr);
    }
    if (rc != BR_OK) {
        br_oidc_free(o);
        return rc;
    }
    *ret = o;
    return BR_OK;
}

void
br_oidc_free(struct br_oidc *o)
{
    if (o == NULL) {
        return;
    }
    if (o->metadata.json != NULL) {
        br_arena_fini(&o->metadata.arena);
    }
    if (o->keys.json != NULL) {
        br_arena_fini(&o->keys.arena);
    }
    br_private_key_free(o->key);
    br_signer_free(o->signer);
    br_http_client_free(o->http);
    br_wipe(o->basic, sizeof(o->basic));
    br_wipe(o->pending, sizeof(o->pending));
    free(o);
}

/* ---- the first half ----------------------------------------------------- */

/** A free place, or that of the oldest. */
static struct br_oidc_pending *
place(struct br_oidc *o)
{
    struct br_oidc_pending *oldest = &o->pending[0];
    for (size_t i = 1; i < BR_OIDC_PENDING_MAX; i++) {
        if (o->pending[i].expires_s < oldest->expires_s) {
            oldest = &o->pending[i];
        }
    }
    return oldest;
}

enum br_rc
br_oidc_begin(
    struct br_oidc *o,
    uint64_t now_s,
    char ret_cookie[BR_ORCH_SECRET_TEXT_BYTES],
    struct br_buf *ret,
    struct br_err *reterr)
{
    char state[BR_ORCH_SECRET_TEXT_BYTES];
    struct br_oidc_pending p = {.expires_s = now_s + BR_OIDC_PENDING_S};
    BR_TRY(br_oidc_need_provider(o, now_s, reterr));
    br_orch_random_text(state);
    br_orch_random_text(ret_cookie);
    br_orch_random_text(p.nonce);
    br_orch_random_text(p.verifier);
    p.state = br_orch_hash("oidc-state", br_str(state));
    p.cookie = br_orch_hash("oidc-cookie", br_str(ret_cookie));
    const struct br_oidc_login l = {
        br_str(state), br_str(p.nonce), br_str(p.verifier)};
    BR_TRY(br_oidc_put_request(&o->provider, &o->client, &l, ret, reterr));
    *place(o) = p;
    return BR_OK;
}

/* ---- the second half ---------------------------------------------------- */

/** The login that waits for this, which then waits no more. */
static enum br_rc
take_pending(
    struct br_oidc *o,
    const struct br_oidc_answer *a,
    struct br_oidc_pending *ret,
    struct br_err *reterr)
{
    struct br_hash state =
        br_orch_hash("oidc-state", br_str(a->state == NULL ? "" : a->state));
    struct br_hash cookie = br_orch_hash("oidc-cookie", a->cookie);
    for (size_t i = 0; i < BR_OIDC_PENDING_MAX; i++) {
        struct br_oidc_pending *p = &o->pending[i];
        if (p->expires_s > a->now_s && br_hash_eq(&p->state, &state) &&
            br_hash_eq(&p->cookie, &cookie)) {
            *ret = *p;
            br_wipe(p, sizeof(*p));
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_EXPIRED,
        "no login of this browser waits for such an answer");
}

/** VSCHAR (RFC 6749 appendix A.12): it goes into a header. */
static bool
fits_a_header(struct br_bytes token)
{
    bool good = token.n > 0;
    for (size_t i = 0; good && i < token.n; i++) {
        good = token.p[i] > 0x20 && token.p[i] < 0x7f;
    }
    return good;
}

static enum br_rc
read_tokens(
    const struct br_json *v,
    struct br_bytes *ret_access,
    struct br_bytes *ret_id,
    struct br_err *reterr)
{
    struct br_bytes type;
    struct br_err why = {0};
    if (br_json_need_string(v, "access_token", ret_access, &why) != BR_OK ||
        br_json_need_string(v, "token_type", &type, &why) != BR_OK ||
        br_json_need_string(v, "id_token", ret_id, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OAUTH_TOKEN, &why);
    }
    if (type.n != 6 || strncasecmp((const char *)type.p, "Bearer", 6) != 0) {
        return br_refuse(reterr, BR_RULE_OAUTH_TOKEN, "token_type: Bearer");
    }
    return fits_a_header(*ret_access)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_OAUTH_TOKEN,
                     "access_token has spaces or other signs");
}

/** With the keys that we have, then with newer ones. */
static enum br_rc
check_id_token(
    struct br_oidc *o,
    struct br_bytes token,
    struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    struct br_err why = {0};
    BR_TRY(br_oidc_need_keys(o, x->now_s, false, reterr));
    x->keys = o->keys.json;
    enum br_rc rc = br_oidc_id_token(token, x, arena, ret, &why);
    const struct br_rule_info *rule = rc == BR_OK ? NULL : br_rule_of(&why);
    if (rule == br_rule_info(BR_RULE_OIDC_KEY)) {
        BR_TRY(br_oidc_need_keys(o, x->now_s, true, reterr));
        x->keys = o->keys.json;
        return br_oidc_id_token(token, x, arena, ret, reterr);
    }
    if (rc != BR_OK && reterr != NULL) {
        *reterr = why;
    }
    return rc;
}

/** The ID token says who it is, or UserInfo does. */
static enum br_rc
find_identity(
    struct br_oidc *o,
    const struct br_json *claims,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    char ret[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr)
{
    struct br_bytes sub = {0};
    struct br_oidc_info answer;
    const struct br_json *info = NULL;
    enum br_rc rc = br_oidc_identity(claims, &o->client, ret, reterr);
    if (rc != BR_ERR_NOT_FOUND || o->provider.userinfo.n == 0) {
        return rc;
    }
    BR_TRY(br_json_need_string(claims, "sub", &sub, reterr));
    BR_TRY(br_oidc_ask_userinfo(o, x->access_token, arena, &answer, reterr));
    BR_TRY(br_oidc_userinfo(&answer, sub, x, arena, &info, reterr));
    return br_oidc_identity(info, &o->client, ret, reterr);
}

static enum br_rc
redeem(
    struct br_oidc *o,
    const struct br_oidc_answer *a,
    const struct br_oidc_pending *p,
    struct br_arena *arena,
    char ret_identity[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr)
{
    struct br_json *answer = NULL;
    struct br_bytes id_token = {0};
    const struct br_json *claims = NULL;
    struct br_oidc_expected x = {
        .provider = &o->provider,
        .client = &o->client,
        .nonce = br_str(p->nonce),
        .now_s = a->now_s,
    };
    const struct br_oidc_grant grant = {
        br_str(a->code), br_str(p->verifier), a->now_s};
    BR_TRY(br_oidc_redeem(o, &grant, arena, &answer, reterr));
    x.now_s = br_orch_now_s(); /* the provider may have been slow */
    BR_TRY(read_tokens(answer, &x.access_token, &id_token, reterr));
    BR_TRY(check_id_token(o, id_token, &x, arena, &claims, reterr));
    return find_identity(o, claims, &x, arena, ret_identity, reterr);
}

enum br_rc
br_oidc_finish(
    struct br_oidc *o,
    const struct br_oidc_answer *a,
    char ret_identity[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr)
{
    struct br_oidc_pending p;
    struct br_arena arena;
    char q[BR_RULE_QUOTE_BYTES];
    BR_TRY(take_pending(o, a, &p, reterr));
    BR_TRY(br_oidc_need_provider(o, a->now_s, reterr));
    BR_TRY(br_oidc_check_iss(
        &o->provider, br_str(a->iss == NULL ? "" : a->iss), reterr));
    if (a->error != NULL || a->code == NULL || a->code[0] == '\0') {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "the provider answers: %s",
            br_rule_quote(br_str(a->error == NULL ? "no code" : a->error), q));
    }
    br_arena_init(&arena, BR_OIDC_ARENA_BYTES);
    enum br_rc rc = redeem(o, a, &p, &arena, ret_identity, reterr);
    br_arena_fini(&arena);
    br_wipe(&p, sizeof(p));
    return rc;
}

enum br_rc
br_oidc_logout(struct br_oidc *o, struct br_buf *ret, struct br_err *reterr)
{
    if (o->metadata.json == NULL || o->provider.end_session.n == 0) {
        return BR_OK;
    }
    return br_oidc_put_logout(
        &o->provider, &o->client, br_str(o->back), ret, reterr);
}

/* ---- our keys ----------------------------------------------------------- */

enum br_rc
br_oidc_put_keys(
    const struct br_oidc *o, struct br_buf *ret, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, ret);
    br_json_write_object(&w);
    br_json_write_name(&w, "keys");
    br_json_write_array(&w);
    if (o->key != NULL) {
        const struct br_jwk k = {
            .key = *br_private_key_public(o->key),
            .kid = br_str(o->kid),
            .alg = br_str(br_key_alg_name(o->alg)),
            .use = BR_JWK_USE_SIG,
        };
        br_jwk_write(&w, &k);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

void
br_oidc_get_keys(struct br_http_request *req, void *ctx)
{
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    struct br_err err;
    struct br_buf b;
    br_buf_init(&b, 8192);
    enum br_rc rc = api->oidc == NULL
                        ? br_fail(&err, BR_ERR_NOT_FOUND, "no provider")
                        : br_oidc_put_keys(api->oidc, &b, &err);
    if (rc == BR_OK) {
        br_orch_reply_public(req, "application/jwk-set+json", &b);
    } else {
        br_buf_fini(&b);
        br_orch_fail(req, &err);
    }
}
