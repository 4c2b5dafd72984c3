/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vc_issuer.h"

#include "common/credential/rule.h"

static const char scheme[] = "https://";
static const char well_known[] = "/.well-known/jwt-vc-issuer";

static bool
is_plain(uint8_t c)
{
    return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '@' &&
           c != '\\' && c != '"' && c != '<' && c != '>';
}

/** "scheme, host and, optionally, port number and path components [...], but no
 *  query or fragment components" */
static bool
iss_ok(struct br_bytes iss)
{
    size_t n = sizeof(scheme) - 1;
    bool good = iss.n > n && memcmp(iss.p, scheme, n) == 0 && iss.p[n] != '/' &&
                iss.p[n] != ':';
    for (size_t i = n; good && i < iss.n; i++) {
        good = is_plain(iss.p[i]);
    }
    return good;
}

enum br_rc
br_vc_issuer_url(struct br_bytes iss, struct br_buf *b, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    if (!iss_ok(iss)) {
        return br_refuse(
            reterr, BR_RULE_VC_ISS, "iss is \"%s\"", br_rule_quote(iss, quote));
    }
    size_t host = sizeof(scheme) - 1;
    while (host < iss.n && iss.p[host] != '/') {
        host++;
    }
    /* "any terminating / MUST be removed before inserting" */
    size_t end = iss.p[iss.n - 1] == '/' ? iss.n - 1 : iss.n;
    br_buf_put(b, iss.p, host);
    br_buf_puts(b, well_known);
    if (end > host) {
        br_buf_put(b, iss.p + host, end - host);
    }
    return br_buf_status(b, reterr);
}

static bool
is_key_set(const struct br_json *v)
{
    const struct br_json *keys = br_json_member(v, "keys");
    return keys != NULL && keys->kind == BR_JSON_ARRAY &&
           br_json_count(keys) <= BR_JWKS_KEYS_MAX;
}

enum br_rc
br_vc_issuer_parse(
    const struct br_json *v,
    struct br_bytes iss,
    struct br_vc_issuer *ret,
    struct br_err *reterr)
{
    struct br_vc_issuer m = {0};
    const struct br_json *issuer = br_json_member(v, "issuer");
    const struct br_json *uri = br_json_member(v, "jwks_uri");
    m.jwks = br_json_member(v, "jwks");
    if (issuer == NULL || issuer->kind != BR_JSON_STRING ||
        !br_bytes_eq(issuer->string, iss)) {
        return br_refuse(
            reterr, BR_RULE_VC_ISSUER, "issuer is not the iss asked for");
    }
    if ((m.jwks == NULL) == (uri == NULL)) {
        return br_refuse(
            reterr, BR_RULE_VC_ISSUER_KEYS, "%s of jwks and jwks_uri",
            uri == NULL ? "neither" : "both");
    }
    if (uri != NULL && (uri->kind != BR_JSON_STRING || uri->string.n == 0)) {
        return br_refuse(
            reterr, BR_RULE_VC_ISSUER_KEYS, "jwks_uri is no address");
    }
    if (m.jwks != NULL && !is_key_set(m.jwks)) {
        return br_refuse(reterr, BR_RULE_VC_ISSUER_KEYS, "jwks is no key set");
    }
    m.issuer = issuer->string;
    m.jwks_uri = uri == NULL ? br_bytes(NULL, 0) : uri->string;
    *ret = m;
    return BR_OK;
}

/** Is this the key that kid names; with no kid, one that can verify alg? */
static bool
is_meant(const struct br_json *key, struct br_bytes kid, enum br_key_alg alg)
{
    const struct br_json *id = br_json_member(key, "kid");
    struct br_jwk k;
    if (kid.n > 0) {
        return id != NULL && id->kind == BR_JSON_STRING &&
               br_bytes_eq(id->string, kid);
    }
    return br_jwk_parse(key, &k, NULL) == BR_OK &&
           br_jwk_check_verify(&k, alg, NULL) == BR_OK;
}

enum br_rc
br_jwks_find(
    const struct br_json *jwks,
    struct br_bytes kid,
    enum br_key_alg alg,
    struct br_jwk *ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    const struct br_json *found = NULL;
    size_t count = 0;
    if (!is_key_set(jwks)) {
        return br_refuse(reterr, BR_RULE_VC_ISSUER_KEYS, "it is no key set");
    }
    const struct br_json *keys = br_json_member(jwks, "keys");
    for (struct br_json *i = br_json_first(keys); i != NULL; i = i->next) {
        bool meant = is_meant(i, kid, alg);
        found = meant ? i : found;
        count += meant;
    }
    if (count != 1) {
        return br_refuse(
            reterr, BR_RULE_VC_KEY, "%zu keys of the set are meant by \"%s\"",
            count, br_rule_quote(kid, quote));
    }
    BR_TRY(br_jwk_parse(found, ret, reterr));
    return br_jwk_check_verify(ret, alg, reterr);
}
