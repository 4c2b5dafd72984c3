/* Believing a request, or refusing it: who asks, and for what. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/did.h"
#include "common/credential/rule.h"
#include "common/credential/vp.h"
#include "common/credential/vp_transaction.h"

enum {
    CLOCK_SKEW_S = 60,
    ATTESTATION_BYTES_MAX = 16384,
};

/** A parameter that may be absent, under the rule of requests. */
#define MAY(fn, claims, name, ret)                                   \
    do {                                                             \
        struct br_err why_;                                          \
        if (fn(claims, name, ret, &why_) != BR_OK) {                 \
            return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why_); \
        }                                                            \
    } while (0)

static bool
same_host(struct br_bytes a, struct br_bytes b)
{
    bool same = a.n == b.n;
    for (size_t i = 0; same && i < a.n; i++) {
        uint8_t x = a.p[i] >= 'A' && a.p[i] <= 'Z' ? a.p[i] | 0x20 : a.p[i];
        uint8_t y = b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] | 0x20 : b.p[i];
        same = x == y;
    }
    return same;
}

/* ---- who asks ----------------------------------------------------------- */

static enum br_rc
check_certificate(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_err *reterr)
{
    const struct br_x5c_policy x5c = {
        .trust = policy->trust, .unix_seconds = (int64_t)policy->now_s};
    struct br_err ignored;
    BR_TRY(br_jws_verify_x5c(&r->jws, &x5c, NULL, reterr));
    BR_TRY(
        r->client.prefix == BR_VP_X509_HASH
            ? br_x5c_check_hash(&r->jws.x5c, r->client.id, reterr)
            : br_x5c_check_dns(&r->jws.x5c, r->client.id, reterr));
    r->host_is_certified =
        br_x5c_check_dns(&r->jws.x5c, r->response_host, &ignored) == BR_OK;
    return BR_OK;
}

static enum br_rc
check_did(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_did did = {0};
    struct br_did named = {0};
    struct br_jwk jwk = {0};
    BR_TRY(br_did_parse(r->client.id, &did, reterr));
    /* "a particular public key used to sign the request in question MUST be
     * identified by the kid in the JOSE Header" (section 5.9.3). */
    if (r->jws.kid.n == 0) {
        return br_refuse(reterr, BR_RULE_VP_DID, "the header has no kid");
    }
    if (r->jws.kid.p[0] != '#') {
        BR_TRY(br_did_parse(r->jws.kid, &named, reterr));
        if (!br_bytes_eq(named.did, did.did)) {
            return br_refuse(
                reterr, BR_RULE_VP_DID, "kid is a key of another DID");
        }
    }
    if (did.method == BR_DID_KEY || did.method == BR_DID_JWK) {
        BR_TRY(br_did_own_key(&did, arena, &jwk, reterr));
    } else if (policy->did_document != NULL) {
        BR_TRY(br_did_document_key(
            policy->did_document, &did, r->jws.kid, "authentication", &jwk,
            reterr));
    } else {
        return br_refuse(
            reterr, BR_RULE_VP_DID, "the DID has no document here");
    }
    BR_TRY(br_jwk_check_verify(&jwk, r->jws.alg, reterr));
    return br_jws_verify(&r->jws, &jwk.key, NULL, reterr);
}

/* ---- attestations (section 12) ------------------------------------------ */

static enum br_rc
open_attestation(
    const struct br_vp_request *r,
    struct br_arena *arena,
    struct br_jws *ret,
    struct br_json **ret_claims,
    struct br_err *reterr)
{
    static const char *const types[] = {"verifier-attestation+jwt", NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_KID | BR_KEY_BY_CALLER,
        .types = types,
        .bytes_max = ATTESTATION_BYTES_MAX,
    };
    struct br_err why;
    struct br_bytes text = {0};
    if (br_json_need_string(r->jws.header, "jwt", &text, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_ATTESTATION, &why);
    }
    BR_TRY(br_jws_parse(text, &policy, arena, ret, reterr));
    if (br_json_parse(ret->unverified_payload, arena, ret_claims, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_ATTESTATION, &why);
    }
    return BR_OK;
}

/** Who attests may have several keys: the one that has signed. */
static enum br_rc
verify_attester(
    const struct br_vp_policy *policy,
    const struct br_jws *jws,
    struct br_bytes issuer,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    enum br_rc rc = BR_ERR_NOT_FOUND;
    for (size_t i = 0; rc != BR_OK && i < policy->attester_count; i++) {
        if (br_bytes_eq(policy->attesters[i].issuer, issuer)) {
            rc = br_jws_verify(jws, &policy->attesters[i].key, NULL, reterr);
        }
    }
    return rc != BR_ERR_NOT_FOUND ? rc
                                  : br_refuse(
                                        reterr, BR_RULE_VP_ATTESTER,
                                        "\"%s\" is not trusted for that",
                                        br_rule_quote(issuer, quote));
}

static enum br_rc
check_attested(
    const struct br_json *claims,
    const struct br_vp_request *r,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_err why = {0};
    struct br_bytes subject = {0};
    uint64_t expires_s = 0;
    uint64_t not_before_s = 0;
    enum br_rc rc = br_json_need_string(claims, "sub", &subject, &why);
    rc = rc == BR_OK ? br_json_need_uint(claims, "exp", &expires_s, &why) : rc;
    rc =
        rc == BR_OK ? br_json_may_uint(claims, "nbf", &not_before_s, &why) : rc;
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_ATTESTATION, &why);
    }
    if (!br_bytes_eq(subject, r->client.id)) {
        return br_refuse(
            reterr, BR_RULE_VP_ATTESTATION, "it is about somebody else");
    }
    if (expires_s + CLOCK_SKEW_S <= now_s ||
        not_before_s > now_s + CLOCK_SKEW_S) {
        return br_refuse(reterr, BR_RULE_VP_ATTESTATION, "it is not valid now");
    }
    return BR_OK;
}

/** "the Wallet MUST ensure the redirect_uri request parameter value exactly
 *  matches one of the redirect_uris claim entries" (section 5.9.3). */
static enum br_rc
check_redirect_uris(
    const struct br_json *claims,
    struct br_vp_request *r,
    struct br_err *reterr)
{
    const struct br_json *list = br_json_member(claims, "redirect_uris");
    bool found = list == NULL;
    for (struct br_json *i = br_json_first(list); !found && i != NULL;
         i = i->next) {
        found = i->kind == BR_JSON_STRING &&
                br_bytes_eq(i->string, r->response_uri);
    }
    r->host_is_certified = found && list != NULL;
    return found ? BR_OK
                 : br_refuse(
                       reterr, BR_RULE_VP_RESPONSE_HOST,
                       "response_uri is not among those attested");
}

static enum br_rc
check_attestation(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_jws jws = {0};
    struct br_json *claims = NULL;
    struct br_bytes issuer = {0};
    struct br_jwk jwk = {0};
    struct br_err why;
    BR_TRY(open_attestation(r, arena, &jws, &claims, reterr));
    if (br_json_need_string(claims, "iss", &issuer, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_ATTESTATION, &why);
    }
    BR_TRY(verify_attester(policy, &jws, issuer, reterr));
    BR_TRY(check_attested(claims, r, policy->now_s, reterr));
    const struct br_json *cnf =
        br_json_member(br_json_member(claims, "cnf"), "jwk");
    if (cnf == NULL) {
        return br_refuse(
            reterr, BR_RULE_VP_ATTESTATION, "it confirms no key in cnf.jwk");
    }
    BR_TRY(br_jwk_parse(cnf, &jwk, reterr));
    BR_TRY(br_jwk_check_verify(&jwk, r->jws.alg, reterr));
    BR_TRY(br_jws_verify(&r->jws, &jwk.key, NULL, reterr));
    return check_redirect_uris(claims, r, reterr);
}

/* ---- where the answer goes ---------------------------------------------- */

static enum br_rc
take_mode(struct br_vp_request *r, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes type = {0};
    struct br_bytes mode = {0};
    MAY(br_json_may_string, r->claims, "response_type", &type);
    MAY(br_json_may_string, r->claims, "response_mode", &mode);
    if (!br_bytes_eq(type, br_str("vp_token"))) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE_TYPE, "response_type is \"%s\"",
            br_rule_quote(type, quote));
    }
    bool encrypted = br_bytes_eq(mode, br_str("direct_post.jwt"));
    if (!encrypted && !br_bytes_eq(mode, br_str("direct_post"))) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE_MODE, "response_mode is \"%s\"",
            br_rule_quote(mode, quote));
    }
    r->mode = encrypted ? BR_VP_DIRECT_POST_JWT : BR_VP_DIRECT_POST;
    return BR_OK;
}

static enum br_rc
take_response_uri(struct br_vp_request *r, bool plain, struct br_err *reterr)
{
    if (br_json_member(r->claims, "redirect_uri") != NULL) {
        return br_refuse(
            reterr, BR_RULE_VP_REDIRECT_URI,
            "redirect_uri beside response_mode direct_post");
    }
    if (r->client.prefix == BR_VP_REDIRECT_URI && r->response_uri.n == 0) {
        r->response_uri = r->client.id; /* "The Verifier MAY omit" it */
    }
    if (r->response_uri.n == 0) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE_URI, "there is no response_uri");
    }
    return br_vp_address_check(
        r->response_uri, plain, &r->response_host, reterr);
}

/** The rules of section 5.9.3 about redirect_uri, which are response_uri's too
 *  (section 8.2). That of attestations was looked at with them. */
static enum br_rc
check_response_host(const struct br_vp_request *r, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    bool good = true;
    if (r->client.prefix == BR_VP_REDIRECT_URI) {
        good = br_bytes_eq(r->client.id, r->response_uri);
    } else if (r->client.prefix == BR_VP_X509_SAN_DNS) {
        good = same_host(r->client.id, r->response_host);
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_RESPONSE_HOST,
                      "response_uri goes to \"%s\"",
                      br_rule_quote(r->response_host, quote));
}

static enum br_rc
check_who(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    bool can_sign = r->client.prefix != BR_VP_REDIRECT_URI;
    if (r->is_signed != can_sign) {
        return br_refuse(
            reterr, BR_RULE_VP_SIGNED, "%s, and it is %s",
            br_vp_prefix_name(r->client.prefix),
            r->is_signed ? "signed" : "not signed");
    }
    enum br_rc rc = BR_OK;
    switch (r->client.prefix) {
    case BR_VP_X509_HASH:
    case BR_VP_X509_SAN_DNS:
        rc = check_certificate(r, policy, reterr);
        break;
    case BR_VP_DID:
        rc = check_did(r, policy, arena, reterr);
        break;
    case BR_VP_ATTESTATION:
        rc = check_attestation(r, policy, arena, reterr);
        break;
    case BR_VP_REDIRECT_URI:
        break;
    }
    BR_TRY(rc);
    return check_response_host(r, reterr);
}

/* ---- what it says ------------------------------------------------------- */

/** "Values MUST only contain ASCII URL safe characters" (section 5.2). */
static bool
url_safe(struct br_bytes text)
{
    bool good = true;
    for (size_t i = 0; good && i < text.n; i++) {
        uint8_t c = text.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || (c > 0 && strchr("-._~", c) != NULL);
    }
    return good;
}

static enum br_rc
take_nonce(
    struct br_vp_request *r,
    struct br_bytes wallet_nonce,
    struct br_err *reterr)
{
    struct br_bytes echoed = {0};
    MAY(br_json_may_string, r->claims, "nonce", &r->nonce);
    MAY(br_json_may_string, r->claims, "wallet_nonce", &echoed);
    if (r->nonce.n < BR_VP_NONCE_CHARS_MIN || !url_safe(r->nonce)) {
        return br_refuse(
            reterr, BR_RULE_VP_NONCE, "nonce has %zu characters, %d at least",
            r->nonce.n, BR_VP_NONCE_CHARS_MIN);
    }
    if (!url_safe(r->state)) {
        return br_refuse(
            reterr, BR_RULE_VP_STATE, "state has other characters");
    }
    if (wallet_nonce.n > 0 && !br_bytes_eq(echoed, wallet_nonce)) {
        return br_refuse(
            reterr, BR_RULE_VP_WALLET_NONCE,
            "wallet_nonce is missing, or another one");
    }
    return BR_OK;
}

static enum br_rc
check_times(struct br_vp_request *r, uint64_t now_s, struct br_err *reterr)
{
    uint64_t not_before_s = 0;
    uint64_t issued_s = 0;
    const struct br_json *aud = br_json_member(r->claims, "aud");
    MAY(br_json_may_uint, r->claims, "exp", &r->expires_s);
    MAY(br_json_may_uint, r->claims, "nbf", &not_before_s);
    MAY(br_json_may_uint, r->claims, "iat", &issued_s);
    if (r->expires_s > 0 && r->expires_s <= now_s) {
        return br_refuse(
            reterr, BR_RULE_VP_EXPIRED, "it expired %llu seconds ago",
            (unsigned long long)(now_s - r->expires_s));
    }
    if (not_before_s > now_s + CLOCK_SKEW_S ||
        issued_s > now_s + CLOCK_SKEW_S) {
        return br_refuse(reterr, BR_RULE_VP_EXPIRED, "it is from the future");
    }
    if (aud != NULL && !br_json_is(aud, BR_VP_AUDIENCE)) {
        return br_refuse(
            reterr, BR_RULE_VP_AUD, "aud is for some other wallet");
    }
    return BR_OK;
}

static enum br_rc
take_query(
    struct br_vp_request *r, struct br_arena *arena, struct br_err *reterr)
{
    const struct br_json *query = br_json_member(r->claims, "dcql_query");
    bool scope = br_json_member(r->claims, "scope") != NULL;
    if (query == NULL || scope) {
        return br_refuse(
            reterr, BR_RULE_VP_QUERY, "%s",
            scope ? "a scope asks too" : "there is no dcql_query");
    }
    BR_TRY(br_dcql_parse(query, arena, &r->query, reterr));
    bool unbound = false;
    for (size_t i = 0; i < r->query.query_count; i++) {
        unbound = unbound || !r->query.queries[i].binding;
    }
    if (unbound && r->state.n < BR_VP_NONCE_CHARS_MIN) {
        return br_refuse(
            reterr, BR_RULE_VP_STATE,
            "without key bindings, state must have 128 bits");
    }
    return BR_OK;
}

/* ---- client_metadata ---------------------------------------------------- */

static bool
lists(const struct br_json *list, const char *what)
{
    bool found = false;
    for (struct br_json *i = br_json_first(list); !found && i != NULL;
         i = i->next) {
        found = br_json_is(i, what);
    }
    return found;
}

/** ES256 is what our holders' keys sign with; absent lists say nothing. */
static enum br_rc
check_formats(const struct br_json *metadata, struct br_err *reterr)
{
    const struct br_json *formats =
        br_json_member(metadata, "vp_formats_supported");
    const struct br_json *ours = br_json_member(formats, "dc+sd-jwt");
    const struct br_json *binding = br_json_member(ours, "kb-jwt_alg_values");
    bool good = ours != NULL && ours->kind == BR_JSON_OBJECT &&
                (binding == NULL || lists(binding, "ES256"));
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_FORMATS, "%s",
                      ours == NULL ? "dc+sd-jwt is not among them"
                                   : "its kb-jwt_alg_values lack ES256");
}

/** A key of P-256 for ECDH-ES, the first there is; keys of kinds that we do not
 *  know are passed over. */
static enum br_rc
take_key(
    struct br_vp_request *r, const struct br_json *keys, struct br_err *reterr)
{
    struct br_jwk found = {0};
    bool good = false;
    for (struct br_json *i = br_json_first(keys); i != NULL; i = i->next) {
        struct br_jwk jwk = {0};
        struct br_err ignored;
        const struct br_json *kid = br_json_member(i, "kid");
        if (kid == NULL || kid->kind != BR_JSON_STRING || kid->string.n == 0) {
            return br_refuse(
                reterr, BR_RULE_VP_METADATA, "a key of jwks has no kid");
        }
        for (struct br_json *j = i->next; j != NULL; j = j->next) {
            if (br_json_equal(br_json_member(j, "kid"), kid)) {
                return br_refuse(
                    reterr, BR_RULE_VP_METADATA, "a kid of jwks stands twice");
            }
        }
        bool fit = !good && br_json_is(br_json_member(i, "alg"), "ECDH-ES") &&
                   br_jwk_parse(i, &jwk, &ignored) == BR_OK &&
                   jwk.key.kind == BR_KEY_P256 &&
                   br_jwk_check_encrypt(&jwk, "ECDH-ES", &ignored) == BR_OK;
        found = fit ? jwk : found;
        good = good || fit;
    }
    r->encryption = found;
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_ENCRYPTION,
                      "no key of P-256 with alg ECDH-ES to encrypt with");
}

/** "allowing for the default value of A128GCM when not explicitly set"
 *  (section 8.3); A256GCM where there is a choice (HAIP 1.0 section 5). */
static enum br_rc
take_encryption(
    struct br_vp_request *r,
    const struct br_json *metadata,
    struct br_err *reterr)
{
    const struct br_json *encs =
        br_json_member(metadata, "encrypted_response_enc_values_supported");
    const struct br_json *jwks = br_json_member(metadata, "jwks");
    r->a256gcm = lists(encs, "A256GCM");
    if (encs != NULL && !r->a256gcm && !lists(encs, "A128GCM")) {
        return br_refuse(
            reterr, BR_RULE_VP_ENCRYPTION, "neither A128GCM nor A256GCM");
    }
    return take_key(r, br_json_member(jwks, "keys"), reterr);
}

static enum br_rc
take_metadata(struct br_vp_request *r, struct br_err *reterr)
{
    const struct br_json *metadata =
        br_json_member(r->claims, "client_metadata");
    if (metadata == NULL || metadata->kind != BR_JSON_OBJECT) {
        return br_refuse(
            reterr, BR_RULE_VP_METADATA, "there is no such object");
    }
    BR_TRY(check_formats(metadata, reterr));
    return r->mode == BR_VP_DIRECT_POST_JWT
               ? take_encryption(r, metadata, reterr)
               : BR_OK;
}

/* ---- transactions, profile, all of it ----------------------------------- */

static enum br_rc
take_transactions(
    struct br_vp_request *r, struct br_arena *arena, struct br_err *reterr)
{
    const struct br_json *list = br_json_member(r->claims, "transaction_data");
    size_t n = br_json_count(list);
    if (list == NULL) {
        return BR_OK;
    }
    if (list->kind != BR_JSON_ARRAY || n == 0 || n > BR_VP_TRANSACTIONS_MAX) {
        return br_refuse(
            reterr, BR_RULE_VP_TRANSACTION, "no list of 1 to %d of them",
            BR_VP_TRANSACTIONS_MAX);
    }
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_vp_transaction t;
        BR_TRY(br_vp_transaction_parse(i, &r->query, arena, &t, reterr));
    }
    r->transaction_data = list;
    return BR_OK;
}

static enum br_rc
check_profile(const struct br_vp_request *r, bool haip, struct br_err *reterr)
{
    bool good = !haip || (r->client.prefix == BR_VP_X509_HASH &&
                          r->mode == BR_VP_DIRECT_POST_JWT);
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_HAIP, "it asks as %s, by %s",
                      br_vp_prefix_name(r->client.prefix),
                      r->mode == BR_VP_DIRECT_POST ? "direct_post"
                                                   : "direct_post.jwt");
}

enum br_rc
br_vp_check(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    BR_TRY(take_mode(r, reterr));
    BR_TRY(take_response_uri(r, policy->plain_http, reterr));
    BR_TRY(check_who(r, policy, arena, reterr));
    r->may_answer = true;
    BR_TRY(check_profile(r, policy->haip, reterr));
    BR_TRY(check_times(r, policy->now_s, reterr));
    BR_TRY(take_nonce(r, policy->wallet_nonce, reterr));
    BR_TRY(take_metadata(r, reterr));
    BR_TRY(take_query(r, arena, reterr));
    MAY(br_json_may_string, r->claims, "purpose", &r->purpose);
    return take_transactions(r, arena, reterr);
}
