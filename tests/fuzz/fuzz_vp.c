/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages of OpenID4VP: links, unsigned requests and answers from anybody. A
 * request that is believed answers where its client_id says; a name with a
 * prefix is made of its parts. */
#include "common/credential/vp.h"
#include "common/credential/vp_response.h"
#include "common/credential/vp_wallet.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 8 << 20, NOW_S = 1800000000 };

static void
judge(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, err);
    }
}

static void
believed(const struct br_vp_request *r)
{
    BR_ASSERT(r->may_answer && !r->is_signed);
    BR_ASSERT(r->client.prefix == BR_VP_REDIRECT_URI);
    BR_ASSERT(br_bytes_eq(r->client.id, r->response_uri));
    BR_ASSERT(r->response_host.n > 0);
    BR_ASSERT(r->nonce.n >= BR_VP_NONCE_CHARS_MIN);
    BR_ASSERT(r->query.query_count > 0);
    BR_ASSERT(
        r->mode == BR_VP_DIRECT_POST || r->encryption.key.kind == BR_KEY_P256);
}

/** Nobody is trusted: what is believed has nothing to believe but itself. */
static void
requests(
    struct br_bytes text,
    const struct br_x509_trust *trust,
    struct br_arena *arena)
{
    const struct br_vp_policy policy = {.trust = trust, .now_s = NOW_S};
    struct br_vp_link link;
    struct br_vp_request r;
    struct br_err err;
    enum br_rc rc = br_vp_link_parse(text, arena, &link, &err);
    judge(rc, &err);
    if (rc == BR_OK) {
        rc = br_vp_open(&link, br_bytes(NULL, 0), arena, &r, &err);
        judge(rc, &err);
    }
    if (rc == BR_OK) {
        rc = br_vp_check(&r, &policy, arena, &err);
        judge(rc, &err);
        if (rc == BR_OK) {
            believed(&r);
        }
    }
}

static void
answers(struct br_bytes text, struct br_arena *arena)
{
    struct br_json *v = NULL;
    struct br_dcql query;
    struct br_vp_answer answer;
    struct br_bytes uri;
    struct br_err err;
    enum br_rc rc = br_json_parse(
        br_str("{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\","
               "\"meta\":{\"vct_values\":[\"t\"]}}]}"),
        arena, &v, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_dcql_parse(v, arena, &query, NULL);
    BR_ASSERT(rc == BR_OK);
    const struct br_vp_expected x = {
        .mode = BR_VP_DIRECT_POST, .state = br_str("s"), .query = &query};
    rc = br_vp_response_parse(text, &x, arena, &answer, &err);
    judge(rc, &err);
    BR_ASSERT(rc != BR_OK || (answer.token != NULL) != (answer.error.n > 0));
    rc = br_vp_redirect_parse(text, arena, &uri, &err);
    judge(rc, &err);
}

static void
wallets(struct br_bytes text, struct br_arena *arena)
{
    struct br_vp_wallet w;
    struct br_bytes object;
    struct br_err err;
    enum br_rc rc = br_vp_wallet_parse(text, arena, &w, &err);
    judge(rc, &err);
    BR_ASSERT(rc != BR_OK || !w.wants_sealed || w.key.kid.n > 0);
    judge(
        br_vp_object_open(text, NULL, br_str("k"), arena, &object, &err), &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_x509_trust *nobody = NULL;
    fuzz_init();
    enum br_rc rc = br_x509_trust_new(br_bytes(NULL, 0), &nobody, NULL);
    BR_ASSERT(rc == BR_OK);
    br_arena_init(&arena, ARENA_BYTES);
    requests(br_bytes(data, n), nobody, &arena);
    answers(br_bytes(data, n), &arena);
    wallets(br_bytes(data, n), &arena);
    br_arena_fini(&arena);
    br_x509_trust_free(nobody);
    return 0;
}
