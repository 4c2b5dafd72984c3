/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/credential/rule.h"
#include "common/credential/vci.h"

enum { PAYLOAD_BYTES_MAX = 4096, PROOF_BYTES_MAX = 32 * 1024, SKEW_S = 60 };

static const char *const proof_types[] = {BR_VCI_PROOF_TYP, NULL};

static void
write_text(struct br_json_writer *w, const char *name, struct br_bytes value)
{
    if (value.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, value);
    }
}

enum br_rc
br_vci_proof_make(
    const struct br_vci_proof *p,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    struct br_arena arena;
    struct br_json_maker m;
    struct br_jws_header header = {
        .alg = alg,
        .typ = BR_VCI_PROOF_TYP,
        .jwk = br_private_key_public(key),
    };
    br_buf_init(&b, PAYLOAD_BYTES_MAX);
    br_arena_init(&arena, PROOF_BYTES_MAX * 2);
    br_json_maker_init(&m, &arena);
    if (p->attestation.n > 0) {
        struct br_json *more = br_json_new_object(&m);
        (void)br_json_set(
            &m, more, "key_attestation",
            br_json_new_string(&m, p->attestation));
        header.more = more;
    }
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "iss", p->client);
    write_text(&w, "aud", p->audience);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, p->issued_s);
    write_text(&w, "nonce", p->nonce);
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = br_json_maker_status(&m, reterr);
    }
    if (rc == BR_OK) {
        rc = br_jws_sign(&header, br_buf_bytes(&b), key, ret, reterr);
    }
    br_buf_fini(&b);
    br_arena_fini(&arena);
    return rc;
}

struct claims {
    struct br_bytes audience, client, nonce;
    uint64_t issued_s;
    bool has_client;
};

static enum br_rc
read_claims(
    struct br_bytes payload,
    struct br_arena *arena,
    struct claims *c,
    struct br_err *reterr)
{
    struct br_json *v;
    struct br_err why;
    *c = (struct claims){0};
    if (br_json_parse(payload, arena, &v, &why) != BR_OK ||
        br_json_need_string(v, "aud", &c->audience, &why) != BR_OK ||
        br_json_need_uint(v, "iat", &c->issued_s, &why) != BR_OK ||
        br_json_may_string(v, "nonce", &c->nonce, &why) != BR_OK ||
        br_json_may_string(v, "iss", &c->client, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_PROOF_CLAIM, &why);
    }
    c->has_client = br_json_member(v, "iss") != NULL;
    return BR_OK;
}

/** "This claim MUST be omitted if the access token authorizing the issuance
 *  call was obtained from a Pre-Authorized Code Flow through anonymous access
 *  to the token endpoint." */
static enum br_rc
check_claims(
    const struct claims *c,
    const struct br_vci_proof_policy *policy,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    if (!br_bytes_eq(c->audience, policy->audience)) {
        return br_refuse(
            reterr, BR_RULE_PROOF_AUD, "aud is %s",
            br_rule_quote(c->audience, q));
    }
    if (c->has_client && !br_bytes_eq(c->client, policy->client)) {
        return br_refuse(
            reterr, BR_RULE_PROOF_ISS, "iss is %s",
            br_rule_quote(c->client, q));
    }
    if (c->issued_s > policy->now_s + SKEW_S ||
        c->issued_s + policy->window_s < policy->now_s) {
        return br_refuse(
            reterr, BR_RULE_PROOF_IAT, "iat is %llu, now is %llu",
            (unsigned long long)c->issued_s, (unsigned long long)policy->now_s);
    }
    return BR_OK;
}

enum br_rc
br_vci_proof_check(
    struct br_bytes proof,
    const struct br_vci_proof_policy *policy,
    struct br_arena *arena,
    struct br_vci_proven *ret,
    struct br_err *reterr)
{
    const struct br_jws_policy jws_policy = {
        .algs = policy->algs,
        .sources = BR_KEY_BY_JWK,
        .one_source = true,
        .types = proof_types,
        .bytes_max = PROOF_BYTES_MAX,
    };
    struct br_jws jws;
    struct claims c;
    struct br_bytes attestation = {NULL, 0};
    struct br_err why;
    BR_TRY(br_jws_parse(proof, &jws_policy, arena, &jws, reterr));
    if (br_json_may_string(jws.header, "key_attestation", &attestation, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_PROOF_CLAIM, &why);
    }
    BR_TRY(read_claims(jws.unverified_payload, arena, &c, reterr));
    BR_TRY(check_claims(&c, policy, reterr));
    BR_TRY(br_jws_verify_jwk(&jws, NULL, reterr));
    ret->key = jws.jwk;
    ret->nonce = c.nonce;
    ret->attestation = attestation;
    return BR_OK;
}
