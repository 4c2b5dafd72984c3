/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verifier/ask.h"

#include "common/codec/text.h"
#include "common/credential/did.h"
#include "common/credential/vp_transaction.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/x509.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 65536 };

enum br_rc
br_verifier_prefix(
    const char *name, enum br_vp_prefix *ret, struct br_err *reterr)
{
    for (int i = BR_VP_X509_HASH; i <= BR_VP_REDIRECT_URI; i++) {
        if (strcmp(name, br_vp_prefix_name((enum br_vp_prefix)i)) == 0) {
            *ret = (enum br_vp_prefix)i;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED,
        "%.40s: use x509_hash, x509_san_dns, decentralized_identifier, "
        "verifier_attestation or redirect_uri",
        name);
}

static enum br_rc
take_chain(
    const struct br_x509_chain *chain,
    struct br_arena *arena,
    struct br_verifier_identity *ret,
    struct br_err *reterr)
{
    for (size_t i = 0; i < chain->count; i++) {
        char *copy = br_arena_copy(arena, chain->der[i]);
        if (copy == NULL) {
            return br_fail(reterr, BR_ERR_NO_MEMORY, "a chain");
        }
        ret->chain.der[i] = br_bytes(copy, chain->der[i].n);
    }
    ret->chain.count = chain->count;
    return br_x5c_key(&ret->chain, &ret->key, reterr);
}

enum br_rc
br_verifier_read_chain(
    const char *path,
    struct br_arena *arena,
    struct br_verifier_identity *ret,
    struct br_err *reterr)
{
    struct br_buf pem;
    struct br_x509_chain chain;
    br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &pem, reterr);
    if (rc == BR_OK) {
        rc = br_x509_chain_parse(br_buf_bytes(&pem), &chain, reterr);
        if (rc == BR_OK) {
            rc = take_chain(&chain, arena, ret, reterr);
            br_x509_chain_fini(&chain);
        }
    }
    br_buf_fini(&pem);
    return rc;
}

/* ---- who ---------------------------------------------------------------- */

static enum br_rc
attested_subject(
    struct br_bytes jwt,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_KID | BR_KEY_BY_CALLER | BR_KEY_BY_X5C,
    };
    struct br_jws jws = {0};
    struct br_json *claims = NULL;
    BR_TRY(br_jws_parse(jwt, &policy, arena, &jws, reterr));
    BR_TRY(br_json_parse(jws.unverified_payload, arena, &claims, reterr));
    return br_json_need_string(claims, "sub", ret, reterr);
}

static enum br_rc
put_client_id(
    const struct br_verifier_identity *who,
    struct br_bytes response_uri,
    struct br_arena *arena,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_bytes part = {0};
    enum br_rc rc = BR_OK;
    br_buf_puts(b, br_vp_prefix_name(who->prefix));
    br_buf_puts(b, ":");
    switch (who->prefix) {
    case BR_VP_X509_HASH:
        br_x5c_put_hash(b, &who->chain);
        break;
    case BR_VP_X509_SAN_DNS:
        rc = br_vp_address_check(response_uri, true, &part, reterr);
        break;
    case BR_VP_DID:
        rc = br_did_key_put(b, &who->key, false, reterr);
        break;
    case BR_VP_ATTESTATION:
        rc = attested_subject(who->attestation, arena, &part, reterr);
        break;
    case BR_VP_REDIRECT_URI:
        part = response_uri;
        break;
    }
    br_buf_put(b, part.p, part.n);
    return rc == BR_OK ? br_buf_status(b, reterr) : rc;
}

static enum br_rc
keep(
    struct br_buf *b,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    char *copy = br_arena_copy(arena, br_buf_bytes(b));
    *ret = br_bytes(copy, b->n);
    return copy == NULL || b->failed
               ? br_fail(reterr, BR_ERR_NO_MEMORY, "a request")
               : BR_OK;
}

static enum br_rc
take_addresses(
    const struct br_verifier_identity *who,
    struct br_arena *arena,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, TEXT_BYTES_MAX);
    br_buf_puts(&b, who->public_url);
    br_buf_puts(&b, "/vp/responses/");
    br_buf_put(&b, r->id.p, r->id.n);
    enum br_rc rc = keep(&b, arena, &r->response_uri, reterr);
    br_buf_clear(&b);
    if (rc == BR_OK) {
        rc = put_client_id(who, r->response_uri, arena, &b, reterr);
    }
    if (rc == BR_OK) {
        rc = keep(&b, arena, &r->client_id, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- what --------------------------------------------------------------- */

/** One object becomes base64url of its bytes, as they stand in the file. */
static enum br_rc
append_transaction(
    struct br_json_maker *m,
    struct br_json *list,
    const struct br_json *v,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, TEXT_BYTES_MAX);
    br_base64url_put(&b, v->raw);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        (void)br_json_append(m, list, br_json_new_string(m, br_buf_bytes(&b)));
        rc = br_json_maker_status(m, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
take_transactions(
    struct br_bytes text,
    const struct br_dcql *query,
    struct br_arena *arena,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_json_maker m;
    struct br_json *v = NULL;
    struct br_vp_transaction checked;
    if (text.n == 0) {
        return BR_OK;
    }
    BR_TRY(br_json_parse(text, arena, &v, reterr));
    br_json_maker_init(&m, arena);
    struct br_json *list = br_json_new_array(&m);
    if (v->kind == BR_JSON_OBJECT) {
        BR_TRY(append_transaction(&m, list, v, reterr));
    }
    for (struct br_json *i = br_json_first(v);
         v->kind == BR_JSON_ARRAY && i != NULL; i = i->next) {
        BR_TRY(append_transaction(&m, list, i, reterr));
    }
    if (br_json_count(list) == 0 ||
        br_json_count(list) > BR_VP_TRANSACTIONS_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "1 to %d transactions",
            BR_VP_TRANSACTIONS_MAX);
    }
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        BR_TRY(br_vp_transaction_parse(i, query, arena, &checked, reterr));
    }
    r->transaction_data = list;
    return BR_OK;
}

static enum br_rc
take_secret(struct br_arena *arena, struct br_bytes *ret, struct br_err *reterr)
{
    char text[BR_VERIFIER_SECRET_BYTES + 1];
    br_verifier_random_secret(text);
    char *copy = br_arena_copy(arena, br_str(text));
    *ret = br_bytes(copy, BR_VERIFIER_SECRET_BYTES);
    return copy == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "a request")
                        : BR_OK;
}

static enum br_rc
take_secrets(
    struct br_arena *arena,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    char id[BR_VERIFIER_ID_BYTES + 1];
    br_verifier_random_id(id);
    char *copy = br_arena_copy(arena, br_str(id));
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a request");
    }
    r->id = br_bytes(copy, BR_VERIFIER_ID_BYTES);
    BR_TRY(take_secret(arena, &r->nonce, reterr));
    BR_TRY(take_secret(arena, &r->state, reterr));
    if (r->redirect_uri.n > 0) {
        BR_TRY(take_secret(arena, &r->response_code, reterr));
    }
    return r->mode == BR_VP_DIRECT_POST_JWT
               ? take_secret(arena, &r->key, reterr)
               : BR_OK;
}

enum br_rc
br_verifier_create(
    struct br_kv_txn *txn,
    const struct br_verifier_identity *who,
    const struct br_verifier_new *what,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr)
{
    struct br_verifier_request r = {
        .mode = what->plain ? BR_VP_DIRECT_POST : BR_VP_DIRECT_POST_JWT,
        .created_s = what->now_s,
        .expires_s = what->now_s + what->lifetime_s,
    };
    struct br_json *query = NULL;
    struct br_dcql dcql = {0};
    struct br_bytes host;
    BR_TRY(br_json_parse(what->query, arena, &query, reterr));
    BR_TRY(br_dcql_parse(query, arena, &dcql, reterr));
    r.query = query;
    BR_TRY(take_transactions(what->transactions, &dcql, arena, &r, reterr));
    if (what->purpose != NULL) {
        r.purpose = br_str(what->purpose);
        if (br_utf8_check(r.purpose) != r.purpose.n) {
            return br_fail(reterr, BR_ERR_BAD_UTF8, "the purpose");
        }
    }
    if (what->redirect_uri != NULL) {
        r.redirect_uri = br_str(what->redirect_uri);
        BR_TRY(br_vp_address_check(
            r.redirect_uri, what->plain_http, &host, reterr));
    }
    BR_TRY(take_secrets(arena, &r, reterr));
    BR_TRY(take_addresses(who, arena, &r, reterr));
    BR_TRY(br_verifier_put_request(txn, &r, reterr));
    *ret = r;
    return BR_OK;
}

/* ---- as a message ------------------------------------------------------- */

/** The secret of the row is a seed: an ephemeral key for this request alone. */
static enum br_rc
derive_key(
    struct br_bytes secret, struct br_private_key **ret, struct br_err *reterr)
{
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES] = {0};
    struct br_digest wide;
    if (secret.n != BR_VERIFIER_SECRET_BYTES) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "a request without its key: answered");
    }
    enum br_rc rc = br_digest_bytes(BR_HASH_SHA512, secret, &wide, reterr);
    if (rc == BR_OK) {
        memcpy(seed, wide.b, 64);
        rc = br_private_key_derive(BR_KEY_P256, seed, ret, reterr);
    }
    br_wipe(seed, sizeof(seed));
    br_wipe(&wide, sizeof(wide));
    return rc;
}

enum br_rc
br_verifier_ask(
    const struct br_verifier_identity *who,
    const struct br_verifier_request *r,
    struct br_vp_ask *ret,
    struct br_private_key **ret_key,
    struct br_err *reterr)
{
    struct br_private_key *key = NULL;
    if (r->mode == BR_VP_DIRECT_POST_JWT) {
        BR_TRY(derive_key(r->key, &key, reterr));
    }
    *ret = (struct br_vp_ask){
        .client_id = r->client_id,
        .response_uri = r->response_uri,
        .mode = r->mode,
        .nonce = r->nonce,
        .state = r->state,
        .purpose = r->purpose,
        .query = r->query,
        .transaction_data = r->transaction_data,
        .encryption = key == NULL ? NULL : br_private_key_public(key),
        .encryption_kid = r->id,
        .contacts = who->contacts,
        .policy_uri = who->policy_uri,
        .registration = who->registration,
        .issued_s = r->created_s,
        .expires_s = r->expires_s,
    };
    *ret_key = key;
    return BR_OK;
}

enum br_rc
br_verifier_put_link(
    const struct br_verifier_identity *who,
    const struct br_verifier_request *r,
    struct br_buf *b,
    struct br_err *reterr)
{
    char url[BR_VERIFIER_URL_BYTES];
    struct br_vp_ask ask;
    struct br_private_key *key = NULL;
    if (who->prefix == BR_VP_REDIRECT_URI) {
        BR_TRY(br_verifier_ask(who, r, &ask, &key, reterr));
        enum br_rc rc = br_vp_ask_link_put(&ask, b, reterr);
        br_private_key_free(key);
        return rc;
    }
    int n = snprintf(
        url, sizeof(url), "%s/vp/requests/%.*s", who->public_url, (int)r->id.n,
        (const char *)r->id.p);
    if (n < 0 || (size_t)n >= sizeof(url)) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "public_url is too long");
    }
    br_vp_link_put(b, r->client_id, br_str(url), true);
    return br_buf_status(b, reterr);
}
