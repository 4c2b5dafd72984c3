/* SPDX-License-Identifier: EUPL-1.2 */
/* What a provider signs: its key, then each claim. */
#include "orchestrator/core/oidc.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

/* ---- whose key ---------------------------------------------------------- */

enum { KEYS_MAX = 64 };

/** Keys that we cannot read "SHOULD be ignored" (RFC 7517 section 5). */
static bool
fits(const struct br_json *v, const struct br_jws *j, struct br_jwk *ret)
{
    struct br_err ignored;
    return br_jwk_parse(v, ret, &ignored) == BR_OK &&
           (j->kid.n == 0 || br_bytes_eq(ret->kid, j->kid)) &&
           br_jwk_check_verify(ret, j->alg, &ignored) == BR_OK;
}

static enum br_rc
find_key(
    const struct br_json *set,
    const struct br_jws *j,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    struct br_json *list = NULL;
    struct br_err why = {0};
    char q[BR_RULE_QUOTE_BYTES];
    size_t seen = 0;
    size_t found = 0;
    if (br_json_as(set, BR_JSON_OBJECT, &why) != BR_OK ||
        br_json_need(set, "keys", BR_JSON_ARRAY, &list, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_KEYS, &why);
    }
    for (struct br_json *i = br_json_first(list); i != NULL && seen < KEYS_MAX;
         i = i->next) {
        struct br_jwk k;
        seen++;
        if (fits(i, j, &k)) {
            *ret = k;
            found++;
        }
    }
    if (found == 1) {
        return BR_OK;
    }
    return br_refuse(
        reterr, BR_RULE_OIDC_KEY, "%zu keys of the provider fit kid \"%s\"",
        found, br_rule_quote(j->kid, q));
}

static enum br_rc
verify(
    struct br_bytes token,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    /* Some leave typ out; what says to be something else, such as an access
     * token, is none of ours (RFC 8725 section 3.11). */
    static const char *const types[] = {"JWT", "", NULL};
    const struct br_jws_policy policy = {
        .algs = BR_OIDC_ALGS,
        .sources = BR_KEY_BY_KID | BR_KEY_BY_CALLER,
        .types = types,
        .bytes_max = BR_OIDC_TOKEN_BYTES_MAX,
    };
    struct br_jws j;
    struct br_jwk k;
    struct br_bytes payload;
    struct br_json *v = NULL;
    struct br_err why = {0};
    BR_TRY(br_jws_parse(token, &policy, arena, &j, reterr));
    BR_TRY(find_key(x->keys, &j, &k, reterr));
    BR_TRY(br_jws_verify(&j, &k.key, &payload, reterr));
    if (br_json_parse(payload, arena, &v, &why) != BR_OK ||
        br_json_as(v, BR_JSON_OBJECT, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_CLAIMS, &why);
    }
    *ret = v;
    return BR_OK;
}

/* ---- what it says ------------------------------------------------------- */

struct claims {
    struct br_bytes iss, sub, azp, nonce, at_hash, acr;
    const struct br_json *aud;
    uint64_t exp_s, iat_s, nbf_s;
};

static enum br_rc
take_claims(const struct br_json *v, struct claims *c, struct br_err *reterr)
{
    BR_TRY(br_json_need_string(v, "iss", &c->iss, reterr));
    BR_TRY(br_json_need_string(v, "sub", &c->sub, reterr));
    BR_TRY(br_json_need_uint(v, "exp", &c->exp_s, reterr));
    BR_TRY(br_json_need_uint(v, "iat", &c->iat_s, reterr));
    BR_TRY(br_json_may_uint(v, "nbf", &c->nbf_s, reterr));
    BR_TRY(br_json_may_string(v, "azp", &c->azp, reterr));
    BR_TRY(br_json_may_string(v, "nonce", &c->nonce, reterr));
    BR_TRY(br_json_may_string(v, "at_hash", &c->at_hash, reterr));
    BR_TRY(br_json_may_string(v, "acr", &c->acr, reterr));
    c->aud = br_json_member(v, "aud");
    if (c->sub.n == 0 || c->sub.n > BR_OIDC_IDENTITY_BYTES) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "sub has 1 to %d bytes",
            BR_OIDC_IDENTITY_BYTES);
    }
    return BR_OK;
}

/** A string, or a list. "rejected if it [...] contains additional audiences
 *  not trusted by the Client": we trust none. */
static bool
is_for(const struct br_json *aud, struct br_bytes client)
{
    if (aud != NULL && aud->kind == BR_JSON_STRING) {
        return br_bytes_eq(aud->string, client);
    }
    bool all =
        aud != NULL && aud->kind == BR_JSON_ARRAY && br_json_count(aud) > 0;
    for (struct br_json *i = all ? br_json_first(aud) : NULL; i != NULL;
         i = i->next) {
        all =
            all && i->kind == BR_JSON_STRING && br_bytes_eq(i->string, client);
    }
    return all;
}

static enum br_rc
check_parties(
    const struct claims *c,
    const struct br_oidc_expected *x,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    if (!br_bytes_eq(c->iss, x->provider->issuer)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_ISS, "iss is %s", br_rule_quote(c->iss, q));
    }
    if (!is_for(c->aud, x->client->id)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_AUD, "aud is not this client alone");
    }
    if (c->azp.n > 0 && !br_bytes_eq(c->azp, x->client->id)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_AZP, "azp is %s", br_rule_quote(c->azp, q));
    }
    return BR_OK;
}

static enum br_rc
check_times(
    const struct claims *c,
    const struct br_oidc_expected *x,
    struct br_err *reterr)
{
    if (c->exp_s + BR_OIDC_SKEW_S <= x->now_s) {
        return br_refuse(
            reterr, BR_RULE_OIDC_EXP, "it expired %llu seconds ago",
            (unsigned long long)(x->now_s - c->exp_s));
    }
    if (c->iat_s > x->now_s + BR_OIDC_SKEW_S ||
        c->nbf_s > x->now_s + BR_OIDC_SKEW_S) {
        return br_refuse(
            reterr, BR_RULE_OIDC_IAT, "it is of the future: check the clock");
    }
    if (c->iat_s + BR_OIDC_AGE_S < x->now_s) {
        return br_refuse(
            reterr, BR_RULE_OIDC_IAT, "it is %llu seconds old",
            (unsigned long long)(x->now_s - c->iat_s));
    }
    return BR_OK;
}

/** Section 3.1.3.8: the left half of the hash that alg uses, SHA-256 in all
 *  of ours. */
static bool
is_hash_of(struct br_bytes at_hash, struct br_bytes token)
{
    struct br_hash h;
    struct br_buf b;
    br_sha256(token, &h);
    br_buf_init(&b, 64);
    br_base64url_put(&b, br_bytes(h.b, sizeof(h.b) / 2));
    bool good = br_bytes_eq(br_buf_bytes(&b), at_hash);
    br_buf_fini(&b);
    return good;
}

static bool
has_word(struct br_bytes list, struct br_bytes word)
{
    bool found = false;
    for (size_t at = 0; !found && at < list.n;) {
        size_t end = at;
        while (end < list.n && list.p[end] != ' ') {
            end++;
        }
        found =
            word.n > 0 && br_bytes_eq(br_bytes(list.p + at, end - at), word);
        at = end + 1;
    }
    return found;
}

static enum br_rc
check_login(
    const struct claims *c,
    const struct br_oidc_expected *x,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    if (x->nonce.n == 0 || !br_bytes_eq(c->nonce, x->nonce)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_NONCE, "nonce is not that of this login");
    }
    if (c->at_hash.n > 0 && !is_hash_of(c->at_hash, x->access_token)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_AT_HASH,
            "at_hash is not that of the access token");
    }
    /* "acr_values" is a wish: what was done stands in acr alone. */
    if (x->client->acr.n > 0 && !has_word(x->client->acr, c->acr)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_ACR, "acr is \"%s\"",
            br_rule_quote(c->acr, q));
    }
    return BR_OK;
}

enum br_rc
br_oidc_id_token(
    struct br_bytes token,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_json *v = NULL;
    struct claims c = {0};
    struct br_err why = {0};
    BR_TRY(verify(token, x, arena, &v, reterr));
    if (take_claims(v, &c, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_CLAIMS, &why);
    }
    BR_TRY(check_parties(&c, x, reterr));
    BR_TRY(check_times(&c, x, reterr));
    BR_TRY(check_login(&c, x, reterr));
    *ret = v;
    return BR_OK;
}

/** Section 5.3.2: a signed one "SHOULD contain iss and aud": then of us. */
static enum br_rc
check_signed_info(
    const struct br_json *v,
    const struct br_oidc_expected *x,
    struct br_err *reterr)
{
    const struct br_json *iss = br_json_member(v, "iss");
    const struct br_json *aud = br_json_member(v, "aud");
    if (iss != NULL && (iss->kind != BR_JSON_STRING ||
                        !br_bytes_eq(iss->string, x->provider->issuer))) {
        return br_refuse(reterr, BR_RULE_OIDC_ISS, "UserInfo is of another");
    }
    if (aud != NULL && !is_for(aud, x->client->id)) {
        return br_refuse(reterr, BR_RULE_OIDC_AUD, "UserInfo is for another");
    }
    return BR_OK;
}

enum br_rc
br_oidc_userinfo(
    const struct br_oidc_info *info,
    struct br_bytes sub,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_json *v = NULL;
    struct br_json *plain = NULL;
    struct br_err why = {0};
    if (info->is_jwt) {
        BR_TRY(verify(info->body, x, arena, &v, reterr));
        BR_TRY(check_signed_info(v, x, reterr));
    } else if (br_json_parse(info->body, arena, &plain, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_CLAIMS, &why);
    } else {
        v = plain;
    }
    const struct br_json *s = br_json_member(v, "sub");
    if (s == NULL || s->kind != BR_JSON_STRING ||
        !br_bytes_eq(s->string, sub)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_SUB, "UserInfo is about somebody else");
    }
    *ret = v;
    return BR_OK;
}
