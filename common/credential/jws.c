/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/jws.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/compact.h"
#include "common/credential/rule.h"

enum { PARTS = 3, CRIT_MAX = 16, HEADER_BYTES_MAX = 128 * 1024 };

static const struct br_compact_rules rules = {
    .base64 = BR_RULE_JWS_BASE64,
    .header = BR_RULE_JWS_HEADER,
    .duplicate = BR_RULE_JWS_DUPLICATE,
    .remote_key = BR_RULE_JWS_REMOTE_KEY,
};

static bool
listed(struct br_bytes name, const char *const *names)
{
    bool found = false;
    for (; !found && names != NULL && *names != NULL; names++) {
        found = br_bytes_eq(br_str(*names), name);
    }
    return found;
}

/* ---- alg ---------------------------------------------------------------- */

/** "NONE", "nOnE": Libraries have compared it with case, and accepted others.
 */
static bool
is_none(struct br_bytes alg)
{
    static const char *const types[] = {"none", NULL};
    return br_compact_type_ok(alg, types);
}

static bool
is_mac(struct br_bytes alg)
{
    return alg.n >= 2 && alg.p[0] == 'H' && alg.p[1] == 'S';
}

static enum br_rc
take_alg(
    const struct br_json *header,
    const struct br_jws_policy *policy,
    enum br_key_alg *ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes alg;
    BR_TRY(br_compact_text(header, "alg", BR_RULE_JWS_HEADER, &alg, reterr));
    if (alg.n == 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_ALG_MISSING, "the header has no alg");
    }
    if (is_none(alg)) {
        return br_refuse(
            reterr, BR_RULE_JWS_ALG_NONE, "alg is \"none\": it is not signed");
    }
    if (is_mac(alg)) {
        return br_refuse(
            reterr, BR_RULE_JWS_ALG_SYMMETRIC, "alg is %s, a MAC",
            br_rule_quote(alg, quote));
    }
    unsigned bit = br_key_alg_by_name(alg);
    if ((bit & policy->algs) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_ALG, "alg %s is not allowed here",
            br_rule_quote(alg, quote));
    }
    *ret = (enum br_key_alg)bit;
    return BR_OK;
}

/* ---- typ and crit ------------------------------------------------------- */

static enum br_rc
take_typ(
    const struct br_json *header,
    const struct br_jws_policy *policy,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    BR_TRY(br_compact_text(header, "typ", BR_RULE_JWS_HEADER, ret, reterr));
    if (policy->types != NULL && !br_compact_type_ok(*ret, policy->types)) {
        return br_refuse(
            reterr, BR_RULE_JWS_TYP, "typ is \"%s\", not \"%s\"",
            br_rule_quote(*ret, quote),
            policy->types[0] == NULL ? "" : policy->types[0]);
    }
    return BR_OK;
}

/** "Recipients MAY consider the JWS to be invalid if the critical list contains
 *  any Header Parameter names defined by this specification": we do. */
static enum br_rc
check_critical(
    const struct br_json *header,
    const struct br_json *name,
    const struct br_jws_policy *policy,
    struct br_err *reterr)
{
    static const char *const standard[] = {"alg", "jku",  "jwk",      "kid",
                                           "x5u", "x5c",  "x5t",      "typ",
                                           "cty", "crit", "x5t#S256", NULL};
    char quote[BR_RULE_QUOTE_BYTES];
    if (name->kind != BR_JSON_STRING || listed(name->string, standard) ||
        br_json_member_bytes(header, name->string) == NULL) {
        return br_refuse(
            reterr, BR_RULE_JWS_CRIT,
            "crit has a value that is no extension in the header");
    }
    for (struct br_json *p = name->previous; p != NULL; p = p->previous) {
        if (br_bytes_eq(p->string, name->string)) {
            return br_refuse(reterr, BR_RULE_JWS_CRIT, "crit names one twice");
        }
    }
    if (!listed(name->string, policy->crit)) {
        return br_refuse(
            reterr, BR_RULE_JWS_CRIT_UNKNOWN, "crit names \"%s\"",
            br_rule_quote(name->string, quote));
    }
    return BR_OK;
}

static enum br_rc
check_crit(
    const struct br_json *header,
    const struct br_jws_policy *policy,
    struct br_err *reterr)
{
    const struct br_json *crit = br_json_member(header, "crit");
    if (br_json_member(header, "b64") != NULL) {
        return br_refuse(reterr, BR_RULE_JWS_B64, "the header has b64");
    }
    if (crit == NULL) {
        return BR_OK;
    }
    if (crit->kind != BR_JSON_ARRAY || br_json_count(crit) == 0 ||
        br_json_count(crit) > CRIT_MAX) {
        return br_refuse(
            reterr, BR_RULE_JWS_CRIT, "crit is not a list of 1 to %d names",
            CRIT_MAX);
    }
    for (struct br_json *i = br_json_first(crit); i != NULL; i = i->next) {
        BR_TRY(check_critical(header, i, policy, reterr));
    }
    return BR_OK;
}

/* ---- the key ------------------------------------------------------------ */

static enum br_rc
take_jwk(const struct br_json *v, struct br_jws *j, struct br_err *reterr)
{
    if (v == NULL) {
        return BR_OK;
    }
    j->sources |= BR_KEY_BY_JWK;
    BR_TRY(br_jwk_parse(v, &j->jwk, reterr));
    return br_jwk_check_verify(&j->jwk, j->alg, reterr);
}

static enum br_rc
take_x5c(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_jws *j,
    struct br_err *reterr)
{
    struct br_key key;
    if (v == NULL) {
        return BR_OK;
    }
    j->sources |= BR_KEY_BY_X5C;
    BR_TRY(br_x5c_parse(v, arena, &j->x5c, reterr));
    BR_TRY(br_x5c_key(&j->x5c, &key, reterr));
    if ((j->sources & BR_KEY_BY_JWK) != 0 && !br_key_eq(&key, &j->jwk.key)) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEYS_DIFFER,
            "jwk and the first certificate of x5c are for different keys");
    }
    return BR_OK;
}

static enum br_rc
check_sources(
    const struct br_jws_policy *policy, unsigned there, struct br_err *reterr)
{
    bool several = (there & (there - 1)) != 0;
    if (there == 0 && (policy->sources & BR_KEY_BY_CALLER) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY_SOURCE, "the header names no key");
    }
    if ((there & ~policy->sources) != 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY_SOURCE,
            "the header names its key by%s%s%s: not allowed here",
            (there & BR_KEY_BY_JWK) != 0 ? " jwk" : "",
            (there & BR_KEY_BY_X5C) != 0 ? " x5c" : "",
            (there & BR_KEY_BY_KID) != 0 ? " kid" : "");
    }
    if (policy->one_source && several) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY_SOURCE,
            "exactly one of jwk, x5c and kid is allowed here");
    }
    return BR_OK;
}

static enum br_rc
take_key(
    const struct br_jws_policy *policy,
    struct br_arena *arena,
    struct br_jws *j,
    struct br_err *reterr)
{
    const struct br_json *jwk = br_json_member(j->header, "jwk");
    const struct br_json *x5c = br_json_member(j->header, "x5c");
    const struct br_json *kid = br_json_member(j->header, "kid");
    unsigned there = (jwk != NULL ? BR_KEY_BY_JWK : 0u) |
                     (x5c != NULL ? BR_KEY_BY_X5C : 0u) |
                     (kid != NULL ? BR_KEY_BY_KID : 0u);
    BR_TRY(
        br_compact_text(j->header, "kid", BR_RULE_JWS_HEADER, &j->kid, reterr));
    BR_TRY(check_sources(policy, there, reterr));
    BR_TRY(take_jwk(jwk, j, reterr));
    BR_TRY(take_x5c(x5c, arena, j, reterr));
    j->sources = there;
    return BR_OK;
}

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
split(
    struct br_bytes token,
    const struct br_jws_policy *policy,
    struct br_bytes parts[PARTS],
    struct br_err *reterr)
{
    size_t max = policy->bytes_max != 0 ? policy->bytes_max : BR_JWS_BYTES_MAX;
    if (token.n > max) {
        return br_refuse(
            reterr, BR_RULE_JWS_SIZE, "a token of %zu bytes, %zu at most",
            token.n, max);
    }
    if (!br_compact_split(token, parts, PARTS)) {
        return br_refuse(
            reterr, BR_RULE_JWS_PARTS, "not three parts between dots");
    }
    return BR_OK;
}

enum br_rc
br_jws_parse(
    struct br_bytes token,
    const struct br_jws_policy *policy,
    struct br_arena *arena,
    struct br_jws *ret,
    struct br_err *reterr)
{
    struct br_jws j = {0};
    struct br_bytes parts[PARTS] = {{NULL, 0}};
    BR_TRY(split(token, policy, parts, reterr));
    BR_TRY(br_compact_header(parts[0], arena, &rules, &j.header, reterr));
    BR_TRY(take_alg(j.header, policy, &j.alg, reterr));
    BR_TRY(check_crit(j.header, policy, reterr));
    BR_TRY(take_typ(j.header, policy, &j.typ, reterr));
    BR_TRY(take_key(policy, arena, &j, reterr));
    BR_TRY(br_compact_decode(
        parts[1], arena, BR_RULE_JWS_BASE64, &j.unverified_payload, reterr));
    BR_TRY(br_compact_decode(
        parts[2], arena, BR_RULE_JWS_BASE64, &j.signature, reterr));
    j.signing_input = br_bytes(token.p, parts[0].n + 1 + parts[1].n);
    *ret = j;
    return BR_OK;
}

/* ---- verifying ---------------------------------------------------------- */

enum br_rc
br_jws_verify(
    const struct br_jws *jws,
    const struct br_key *key,
    struct br_bytes *ret_payload,
    struct br_err *reterr)
{
    struct br_err why;
    if (br_key_alg_kind(jws->alg) != key->kind) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY, "%s does not verify with a key of %s",
            br_key_alg_name((unsigned)jws->alg), br_key_kind_name(key->kind));
    }
    if (br_key_verify(
            key, jws->alg, jws->signing_input, jws->signature, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWS_SIGNATURE, &why);
    }
    if (ret_payload != NULL) {
        *ret_payload = jws->unverified_payload;
    }
    return BR_OK;
}

enum br_rc
br_jws_verify_x5c(
    const struct br_jws *jws,
    const struct br_x5c_policy *policy,
    struct br_bytes *ret_payload,
    struct br_err *reterr)
{
    struct br_key key;
    if (jws->x5c.count == 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY_SOURCE, "the header has no x5c");
    }
    BR_TRY(br_x5c_key(&jws->x5c, &key, reterr));
    BR_TRY(br_x5c_check(&jws->x5c, policy, reterr));
    return br_jws_verify(jws, &key, ret_payload, reterr);
}

enum br_rc
br_jws_verify_jwk(
    const struct br_jws *jws,
    struct br_bytes *ret_payload,
    struct br_err *reterr)
{
    if ((jws->sources & BR_KEY_BY_JWK) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY_SOURCE, "the header has no jwk");
    }
    return br_jws_verify(jws, &jws->jwk.key, ret_payload, reterr);
}

/* ---- signing ------------------------------------------------------------ */

/** "Each string in the array is a base64-encoded (Section 4 of [RFC4648] -- not
 *  base64url-encoded) DER PKIX certificate value." */
static enum br_rc
write_x5c(
    struct br_json_writer *w, const struct br_x5c *x, struct br_err *reterr)
{
    struct br_buf text;
    enum br_rc rc = BR_OK;
    br_buf_init(&text, BR_X5C_CERTIFICATE_BYTES_MAX * 2);
    br_json_write_name(w, "x5c");
    br_json_write_array(w);
    for (size_t i = 0; rc == BR_OK && i < x->count; i++) {
        br_buf_clear(&text);
        br_base64_put(&text, x->der[i]);
        rc = br_buf_status(&text, reterr);
        br_json_write_string(w, br_buf_bytes(&text));
    }
    br_json_write_end(w);
    br_buf_fini(&text);
    return rc;
}

static void
write_more(struct br_json_writer *w, const struct br_json *more)
{
    static const char *const own[] = {"alg", "typ", "kid", "jwk", "x5c", NULL};
    for (struct br_json *i = br_json_first(more); i != NULL; i = i->next) {
        BR_ASSERT(!listed(i->name, own));
        br_json_write_name_bytes(w, i->name);
        br_json_write_value(w, i);
    }
}

static enum br_rc
write_header(
    struct br_buf *b, const struct br_jws_header *h, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    br_json_write_name(&w, "alg");
    br_json_write_string(&w, br_str(br_key_alg_name((unsigned)h->alg)));
    if (h->typ != NULL) {
        br_json_write_name(&w, "typ");
        br_json_write_string(&w, br_str(h->typ));
    }
    if (h->kid.n > 0) {
        br_json_write_name(&w, "kid");
        br_json_write_string(&w, h->kid);
    }
    if (h->jwk != NULL) {
        struct br_jwk jwk = {.key = *h->jwk};
        br_json_write_name(&w, "jwk");
        br_jwk_write(&w, &jwk);
    }
    enum br_rc rc = h->x5c == NULL ? BR_OK : write_x5c(&w, h->x5c, reterr);
    write_more(&w, h->more);
    br_json_write_end(&w);
    return rc == BR_OK ? br_json_writer_done(&w, reterr) : rc;
}

static enum br_rc
put_signing_input(
    struct br_buf *ret,
    const struct br_jws_header *header,
    struct br_bytes payload,
    struct br_err *reterr)
{
    struct br_buf text;
    br_buf_init(&text, HEADER_BYTES_MAX);
    enum br_rc rc = write_header(&text, header, reterr);
    if (rc == BR_OK) {
        br_base64url_put(ret, br_buf_bytes(&text));
        br_buf_put(ret, ".", 1);
        br_base64url_put(ret, payload);
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&text);
    return rc;
}

enum br_rc
br_jws_sign(
    const struct br_jws_header *header,
    struct br_bytes payload,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_signature sig;
    size_t at = ret->n;
    enum br_rc rc = put_signing_input(ret, header, payload, reterr);
    if (rc == BR_OK) {
        rc = br_private_key_sign(
            key, header->alg, br_bytes(ret->p + at, ret->n - at), &sig, reterr);
    }
    if (rc == BR_OK) {
        br_buf_put(ret, ".", 1);
        br_base64url_put(ret, br_bytes(sig.b, sig.n));
        rc = br_buf_status(ret, reterr);
    }
    if (rc != BR_OK) {
        ret->n = at;
    }
    return rc;
}
