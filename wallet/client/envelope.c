/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/envelope.h"

#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"

#include <stdio.h>

enum { ANSWER_BYTES_MAX = 16 * 1024 * 1024 };

void
br_envelope_fini(struct br_envelope *e)
{
    br_private_key_free(e->own);
    e->own = NULL;
}

/* ---- choosing ----------------------------------------------------------- */

/** Authenticated by the counter mode first, then by the older way. */
static enum br_enc
best_enc(unsigned encs)
{
    static const enum br_enc order[] = {
        BR_ENC_A256GCM, BR_ENC_A128GCM, BR_ENC_A256CBC_HS512,
        BR_ENC_A128CBC_HS256};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if ((encs & (unsigned)order[i]) != 0) {
            return order[i];
        }
    }
    return (enum br_enc)0;
}

/** For a key of P-256. */
static enum br_jwe_alg
best_alg(unsigned algs)
{
    static const enum br_jwe_alg order[] = {
        BR_JWE_ECDH_ES, BR_JWE_ECDH_ES_A256KW, BR_JWE_ECDH_ES_A128KW};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if ((algs & (unsigned)order[i]) != 0) {
            return order[i];
        }
    }
    return (enum br_jwe_alg)0;
}

enum br_rc
br_envelope_choose(
    const struct br_vci_issuer *issuer,
    struct br_envelope *ret,
    struct br_err *reterr)
{
    struct br_envelope e = {
        .to = issuer->request.key,
        .alg = (enum br_jwe_alg)issuer->request.alg,
        .enc = best_enc(issuer->request.encs),
        .answer_alg = best_alg(issuer->response.algs),
        .answer_enc = best_enc(issuer->response.encs),
    };
    e.request = issuer->request.offered && e.enc != 0;
    e.response = e.request && issuer->response.offered && e.answer_alg != 0 &&
                 e.answer_enc != 0;
    if (issuer->request.required && !e.request) {
        return br_refuse(
            reterr, BR_RULE_VCI_ENCRYPTION,
            "the issuer requires encrypted requests, in a way that is not "
            "known here");
    }
    if (issuer->response.required && !e.response) {
        return br_refuse(
            reterr, BR_RULE_VCI_ENCRYPTION,
            "the issuer requires encrypted answers, in a way that is not known "
            "here, or without encrypted requests");
    }
    (void)snprintf(e.kid, sizeof(e.kid), "answer");
    if (e.response) {
        BR_TRY(br_private_key_generate(BR_KEY_P256, &e.own, reterr));
    }
    *ret = e;
    return BR_OK;
}

struct br_vci_encryption
br_envelope_wish(const struct br_envelope *e)
{
    struct br_vci_encryption wish = {.wanted = e->response};
    if (e->response) {
        wish.key = (struct br_jwk){
            .key = *br_private_key_public(e->own),
            .kid = br_str(e->kid),
            .alg = br_str(br_jwe_alg_name(e->answer_alg)),
            .use = BR_JWK_USE_ENC,
        };
        wish.alg = e->answer_alg;
        wish.enc = e->answer_enc;
    }
    return wish;
}

/* ---- sealing, opening --------------------------------------------------- */

enum br_rc
br_envelope_seal(
    const struct br_envelope *e,
    struct br_bytes plain,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jwe_header header = {
        .alg = e->alg, .enc = e->enc, .kid = e->to.kid};
    struct br_jwe_fresh fresh;
    br_random(&fresh, sizeof(fresh));
    enum br_rc rc =
        br_jwe_encrypt(&header, &e->to.key, plain, &fresh, ret, reterr);
    br_wipe(&fresh, sizeof(fresh));
    return rc;
}

enum br_rc
br_envelope_open(
    const struct br_envelope *e,
    struct br_bytes token,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_jwe_policy policy = {
        .algs = (unsigned)e->answer_alg,
        .encs = (unsigned)e->answer_enc,
        .bytes_max = ANSWER_BYTES_MAX,
    };
    struct br_jwe jwe;
    struct br_buf plain;
    BR_TRY(br_jwe_parse(token, &policy, arena, &jwe, reterr));
    if (jwe.kid.n > 0 && !br_bytes_eq(jwe.kid, br_str(e->kid))) {
        return br_refuse(
            reterr, BR_RULE_VCI_ENCRYPTION, "the answer is for another key");
    }
    br_buf_init(&plain, ANSWER_BYTES_MAX);
    enum br_rc rc = br_jwe_decrypt(&jwe, e->own, &plain, reterr);
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(arena, br_buf_bytes(&plain));
        *ret = br_bytes(copy, copy == NULL ? 0 : plain.n);
        rc = copy != NULL
                 ? BR_OK
                 : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an answer");
    }
    br_buf_wipe(&plain);
    return rc;
}
