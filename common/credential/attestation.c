/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/attestation.h"

#include "common/codec/json_write.h"
#include "common/credential/rule.h"

enum { ATTESTATION_BYTES_MAX = 64 * 1024, SKEW_S = 60 };

static enum br_rc
read_signed(
    struct br_bytes token,
    const char *const *types,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_jws_policy jws_policy = {
        .algs = policy->algs,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = ATTESTATION_BYTES_MAX,
    };
    struct br_jws jws;
    struct br_bytes payload;
    struct br_err why;
    BR_TRY(br_jws_parse(token, &jws_policy, arena, &jws, reterr));
    BR_TRY(br_jws_verify_x5c(&jws, policy->providers, &payload, reterr));
    if (br_json_parse(payload, arena, ret, &why) != BR_OK ||
        br_json_as(*ret, BR_JSON_OBJECT, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_ATTEST_CLAIM, &why);
    }
    return BR_OK;
}

static enum br_rc
check_times(
    const struct br_json *claims,
    const struct br_attestation_policy *policy,
    struct br_err *reterr)
{
    uint64_t issued_s = 0;
    uint64_t before_s = 0;
    uint64_t expires_s = UINT64_MAX;
    struct br_err why;
    if (br_json_may_uint(claims, "iat", &issued_s, &why) != BR_OK ||
        br_json_may_uint(claims, "nbf", &before_s, &why) != BR_OK ||
        br_json_may_uint(claims, "exp", &expires_s, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_ATTEST_CLAIM, &why);
    }
    if (expires_s <= policy->now_s || issued_s > policy->now_s + SKEW_S ||
        before_s > policy->now_s + SKEW_S) {
        return br_refuse(
            reterr, BR_RULE_ATTEST_TIME, "exp is %llu, now is %llu",
            (unsigned long long)expires_s, (unsigned long long)policy->now_s);
    }
    return BR_OK;
}

/* ---- clients ------------------------------------------------------------ */

static enum br_rc
read_client(
    const struct br_json *claims,
    struct br_attested_client *c,
    struct br_err *reterr)
{
    struct br_json *cnf;
    struct br_json *jwk;
    uint64_t expires_s;
    BR_TRY(br_json_need_string(claims, "sub", &c->client, reterr));
    BR_TRY(br_json_need_uint(claims, "exp", &expires_s, reterr));
    BR_TRY(br_json_need(claims, "cnf", BR_JSON_OBJECT, &cnf, reterr));
    BR_TRY(br_json_need(cnf, "jwk", BR_JSON_OBJECT, &jwk, reterr));
    if (c->client.n == 0) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "sub is empty");
    }
    return br_jwk_parse(jwk, &c->key, reterr);
}

static enum br_rc
check_pop(
    struct br_bytes proof,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_attested_client *c,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_CLIENT_POP_TYP, NULL};
    const struct br_jws_policy jws_policy = {
        .algs = policy->algs,
        .sources = BR_KEY_BY_CALLER | BR_KEY_BY_KID | BR_KEY_BY_JWK,
        .types = types,
        .bytes_max = ATTESTATION_BYTES_MAX,
    };
    struct br_jws jws;
    struct br_bytes payload;
    struct br_bytes audience;
    uint64_t issued_s;
    struct br_json *v;
    struct br_err why;
    c->challenge = br_bytes(NULL, 0);
    BR_TRY(br_jws_parse(proof, &jws_policy, arena, &jws, reterr));
    BR_TRY(br_jwk_check_verify(&c->key, jws.alg, reterr));
    BR_TRY(br_jws_verify(&jws, &c->key.key, &payload, reterr));
    if (br_json_parse(payload, arena, &v, &why) != BR_OK ||
        br_json_need_string(v, "aud", &audience, &why) != BR_OK ||
        br_json_need_string(v, "jti", &c->id, &why) != BR_OK ||
        br_json_need_uint(v, "iat", &issued_s, &why) != BR_OK ||
        br_json_may_string(v, "challenge", &c->challenge, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_ATTEST_POP, &why);
    }
    if (!br_bytes_eq(audience, policy->audience)) {
        return br_refuse(reterr, BR_RULE_ATTEST_POP, "aud is another's");
    }
    if (issued_s > policy->now_s + SKEW_S ||
        issued_s + policy->window_s < policy->now_s || c->id.n == 0) {
        return br_refuse(
            reterr, BR_RULE_ATTEST_POP, "iat is %llu, now is %llu",
            (unsigned long long)issued_s, (unsigned long long)policy->now_s);
    }
    return BR_OK;
}

enum br_rc
br_client_attestation_check(
    struct br_bytes attestation,
    struct br_bytes proof,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_attested_client *ret,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_CLIENT_ATTESTATION_TYP, NULL};
    struct br_json *claims;
    struct br_err why;
    BR_TRY(read_signed(attestation, types, policy, arena, &claims, reterr));
    BR_TRY(check_times(claims, policy, reterr));
    if (read_client(claims, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_ATTEST_CLAIM, &why);
    }
    return check_pop(proof, policy, arena, ret, reterr);
}

enum br_rc
br_client_pop_make(
    const struct br_client_pop *p,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jws_header header = {.alg = alg, .typ = BR_CLIENT_POP_TYP};
    struct br_buf b;
    struct br_json_writer w;
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "aud");
    br_json_write_string(&w, p->audience);
    br_json_write_name(&w, "jti");
    br_json_write_string(&w, p->id);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, p->issued_s);
    if (p->challenge.n > 0) {
        br_json_write_name(&w, "challenge");
        br_json_write_string(&w, p->challenge);
    }
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(&header, br_buf_bytes(&b), key, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- keys --------------------------------------------------------------- */

static enum br_rc
read_keys(
    const struct br_json *claims,
    struct br_attested_keys *k,
    struct br_err *reterr)
{
    struct br_json *keys;
    struct br_json *storage = NULL;
    struct br_json *user = NULL;
    uint64_t issued_s;
    k->count = 0;
    k->nonce = br_bytes(NULL, 0);
    BR_TRY(br_json_need_uint(claims, "iat", &issued_s, reterr));
    BR_TRY(br_json_may_string(claims, "nonce", &k->nonce, reterr));
    BR_TRY(br_json_may(claims, "key_storage", BR_JSON_ARRAY, &storage, reterr));
    BR_TRY(br_json_may(
        claims, "user_authentication", BR_JSON_ARRAY, &user, reterr));
    BR_TRY(br_json_need(claims, "attested_keys", BR_JSON_ARRAY, &keys, reterr));
    for (struct br_json *i = br_json_first(keys); i != NULL; i = i->next) {
        if (k->count == BR_ATTESTED_KEYS_MAX) {
            return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "too many keys");
        }
        BR_TRY(br_jwk_parse(i, &k->key[k->count], reterr));
        k->count++;
    }
    k->storage = storage;
    k->user = user;
    return k->count > 0
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_MISSING_FIELD, "attested_keys is empty");
}

enum br_rc
br_key_attestation_check(
    struct br_bytes token,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_attested_keys *ret,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_KEY_ATTESTATION_TYP, NULL};
    struct br_json *claims;
    struct br_err why;
    BR_TRY(read_signed(token, types, policy, arena, &claims, reterr));
    BR_TRY(check_times(claims, policy, reterr));
    if (read_keys(claims, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_ATTEST_CLAIM, &why);
    }
    return BR_OK;
}
