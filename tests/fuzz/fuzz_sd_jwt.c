/* SPDX-License-Identifier: EUPL-1.2 */
/* SD-JWTs: what is processed has no digests left and every disclosure in its
 * place; all of them presented are the text again. */
#include "common/credential/rule.h"
#include "common/credential/sd_jwt.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 22 };

static const struct br_jws_policy policy = {
    .algs = 0x7f, .sources = 0x0f, .bytes_max = BR_SD_BYTES_MAX};

static const struct br_json *
step(const struct br_json *root, const struct br_json *v)
{
    if (br_json_first(v) != NULL) {
        return br_json_first(v);
    }
    while (v != root && v->next == NULL) {
        v = v->parent;
    }
    return v == root ? NULL : v->next;
}

static void
check_claims(const struct br_sd_jwt *sd, const struct br_json *claims)
{
    for (const struct br_json *v = claims; v != NULL; v = step(claims, v)) {
        BR_ASSERT(br_json_member(v, "_sd") == NULL);
        BR_ASSERT(br_json_member(v, "...") == NULL);
        BR_ASSERT(br_json_member(v, "_sd_alg") == NULL);
    }
    BR_ASSERT(sd->digest_count >= sd->count);
    for (size_t i = 0; i < sd->count; i++) {
        const struct br_json *up = sd->disclosures[i].value;
        while (up->parent != NULL) {
            up = up->parent;
        }
        BR_ASSERT(sd->disclosures[i].placed && up == claims);
    }
}

static void
check_presented(const struct br_sd_jwt *sd)
{
    static bool all[BR_SD_DISCLOSURES_MAX];
    struct br_buf b;
    memset(all, true, sizeof(all));
    br_buf_init(&b, BR_SD_BYTES_MAX);
    enum br_rc rc = br_sd_present(sd, all, NULL, NULL, &b, NULL);
    BR_ASSERT(rc == BR_OK && br_bytes_eq(br_buf_bytes(&b), sd->bound));
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_sd_jwt sd;
    struct br_json *claims = NULL;
    struct br_err err;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_sd_parse(br_bytes(data, n), &policy, &arena, &sd, &err);
    if (rc == BR_OK) {
        BR_ASSERT(fuzz_inside(sd.bound, br_bytes(data, n)));
        BR_ASSERT(sd.bound.n + sd.key_binding.n == n);
        check_presented(&sd);
        rc = br_sd_process(
            &sd, sd.jws.unverified_payload, &arena, &claims, &err);
    }
    if (rc == BR_OK) {
        check_claims(&sd, claims);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    br_arena_fini(&arena);
    return 0;
}
