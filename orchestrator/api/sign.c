/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/credential/sd_jwt_vc.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/issue.h"

#include <stdio.h>

enum { CLAIMS_ARENA_MAX = 4 * 1024 * 1024, RANDOM_BYTES_MAX = 256 * 1024 };

static void
set_text(
    struct br_json_maker *m,
    struct br_json *object,
    const char *name,
    const char *value)
{
    (void)br_json_set(m, object, name, br_json_new_string(m, br_str(value)));
}

/** {"jwk": ...} */
static enum br_rc
set_holder(
    struct br_json_maker *m,
    struct br_json *claims,
    const struct br_key *holder,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    struct br_json *jwk = NULL;
    const struct br_jwk k = {.key = *holder};
    br_buf_init(&b, BR_JWK_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_jwk_write(&w, &k);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    char *text = rc == BR_OK ? br_arena_copy(m->arena, br_buf_bytes(&b)) : NULL;
    if (rc == BR_OK && text == NULL) {
        rc = br_fail(reterr, BR_ERR_TOO_LARGE, "credential");
    }
    if (rc == BR_OK) {
        rc = br_json_parse(br_bytes(text, b.n), m->arena, &jwk, reterr);
    }
    br_buf_fini(&b);
    struct br_json *cnf = br_json_new_object(m);
    (void)br_json_set(m, cnf, "jwk", jwk);
    (void)br_json_set(m, claims, "cnf", cnf);
    return rc;
}

static const char *
integrity_of(const struct br_issuing *i)
{
    size_t k = 0;
    while (i->api->types->type[k] != i->type) {
        k++;
    }
    return i->api->integrity[k];
}

static enum br_rc
set_registered(
    struct br_json_maker *m,
    struct br_json *claims,
    const struct br_issuing *i,
    const struct br_credential_plan *plan,
    struct br_err *reterr)
{
    char uri[640];
    (void)snprintf(
        uri, sizeof(uri), "%s/status/%u", i->api->issuer, plan->list);
    struct br_json *list = br_json_new_object(m);
    struct br_json *status = br_json_new_object(m);
    set_text(m, claims, "iss", i->api->issuer);
    (void)br_json_set(m, claims, "iat", br_json_new_uint(m, plan->issued_s));
    (void)br_json_set(m, claims, "exp", br_json_new_uint(m, plan->expires_s));
    set_text(m, claims, "vct", i->type->vct);
    set_text(m, claims, "vct#integrity", integrity_of(i));
    (void)br_json_set(m, list, "idx", br_json_new_uint(m, plan->index));
    set_text(m, list, "uri", uri);
    (void)br_json_set(m, status, "status_list", list);
    (void)br_json_set(m, claims, "status", status);
    BR_TRY(set_holder(m, claims, plan->holder, reterr));
    return br_json_maker_status(m, reterr);
}

static enum br_rc
hide_and_sign(
    const struct br_issuing *i,
    struct br_json *claims,
    const struct br_type_paths *paths,
    struct br_arena *arena,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256,
        .typ = BR_VC_FORMAT,
        .kid = br_str(i->api->kid),
        .x5c = &i->api->chain,
    };
    struct br_sd_hidden hidden;
    unsigned decoys = (unsigned)i->api->config->decoys;
    size_t n = br_sd_random_bytes(claims, decoys);
    uint8_t *random =
        n > RANDOM_BYTES_MAX ? NULL : (uint8_t *)br_arena_take(arena, n);
    if (random == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "credential");
    }
    br_random(random, n);
    const struct br_sd_plan plan = {
        paths->paths, paths->count, decoys, br_bytes(random, n)};
    BR_TRY(br_sd_hide(claims, &plan, arena, &hidden, reterr));
    return br_sd_issue(&hidden, &header, i->api->issuer_key, ret, reterr);
}

enum br_rc
br_issuing_sign(
    const struct br_issuing *i,
    const struct br_credential_plan *plan,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *claims;
    struct br_type_paths paths;
    struct br_json_maker m;
    br_arena_init(&arena, CLAIMS_ARENA_MAX);
    enum br_rc rc =
        br_json_parse(br_buf_bytes(&i->claims), &arena, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_type_complete(i->type, claims, &arena, &paths, reterr);
    }
    br_json_maker_init(&m, &arena);
    if (rc == BR_OK) {
        rc = set_registered(&m, claims, i, plan, reterr);
    }
    if (rc == BR_OK) {
        rc = hide_and_sign(i, claims, &paths, &arena, ret, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}
