/* SPDX-License-Identifier: EUPL-1.2 */
/* Bundles (RFC 5544), responses and tokens (RFC 3161), as a client reads them:
 * what is lent lies inside; a bundle of our kind is written the same again;
 * the verdict is that of the steps. */
#include "common/receipt/verify_stamp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/receipt/tsa_fixture.h"

#define NOW_US UINT64_C(1767225600000000)

static struct br_bytes
trusted(void)
{
    static struct fx_tsa tsa;
    if (tsa.tsa == NULL) {
        fx_tsa_init(&tsa, 4, 3);
    }
    return br_buf_bytes(&tsa.ca);
}

static enum br_rc
digest(
    void *ctx,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_hasher *h;
    BR_TRY(br_hasher_new(alg, &h, reterr));
    br_hasher_update(h, before);
    br_hasher_update(h, *(const struct br_bytes *)ctx);
    br_hasher_final(h, ret);
    br_hasher_free(h);
    return BR_OK;
}

static void
verify(struct br_stamp_input *in)
{
    static struct br_verify_result r;
    struct br_err err;
    enum br_rc first = BR_OK;
    in->ca_pem = trusted();
    in->now.v = NOW_US;
    in->digest = digest;
    enum br_rc rc = br_stamp_verify(in, &r, &err);
    for (unsigned i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        const struct br_verify_step *s = &r.step[i];
        BR_ASSERT(s->id == (enum br_verify_step_id)i);
        BR_ASSERT((s->outcome == BR_VERIFY_FAILED) == (s->rc != BR_OK));
        first = first == BR_OK ? s->rc : first;
    }
    BR_ASSERT(rc == first && rc == r.rc);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
}

static void
check_lent(const struct br_tsd *t, struct br_bytes all)
{
    BR_ASSERT(fuzz_inside(t->data_uri, all) && fuzz_inside(t->metadata, all));
    BR_ASSERT(fuzz_inside(t->name, all) && fuzz_inside(t->type, all));
    BR_ASSERT(t->content_at + t->content_bytes < all.n);
    BR_ASSERT(t->has_content || t->data_uri.n > 0);
    BR_ASSERT(t->stamp_count >= 1 && t->stamp_count <= BR_TSD_STAMPS_MAX);
    for (size_t i = 0; i < t->stamp_count; i++) {
        BR_ASSERT(fuzz_inside(t->stamp[i].element, all));
        BR_ASSERT(t->stamp[i].token.n > 0);
        BR_ASSERT(fuzz_inside(t->stamp[i].token, t->stamp[i].element));
        BR_ASSERT(fuzz_inside(t->stamp[i].crl, t->stamp[i].element));
    }
}

/** Of our kind: a document, at most its name, one stamp without a list. */
static bool
is_ours(const struct br_tsd *t)
{
    /* The name and three heads, with hashProtected. */
    bool named = t->name.n > 0 && t->name.n < 100 &&
                 t->metadata.n == t->name.n + 7 && !t->hash_protected;
    return t->has_content && t->data_uri.n == 0 &&
           (named || t->metadata.n == 0) && t->stamp_count == 1 &&
           t->stamp[0].crl.n == 0;
}

static void
check_again(const struct br_tsd *t, struct br_bytes all)
{
    struct br_buf b;
    struct br_buf tail;
    if (!is_ours(t)) {
        return;
    }
    br_buf_init(&b, all.n);
    br_buf_init(&tail, all.n);
    enum br_rc rc = br_tsd_put(
        t->content_bytes, t->name, t->stamp[0].token, &b, &tail, NULL);
    BR_ASSERT(rc == BR_OK && b.n == t->content_at);
    br_buf_put(&b, all.p + t->content_at, (size_t)t->content_bytes);
    br_buf_put(&b, tail.p, tail.n);
    BR_ASSERT(br_bytes_eq(br_buf_bytes(&b), all));
    br_buf_fini(&b);
    br_buf_fini(&tail);
}

static void
read_bundle(struct br_bytes all)
{
    struct br_tsd t;
    struct br_err err;
    enum br_rc rc = br_tsd_parse_head(all, all.n, &t, &err);
    if (rc == BR_OK) {
        size_t end = (size_t)(t.content_at + t.content_bytes);
        rc = br_tsd_parse_tail(br_bytes(all.p + end, all.n - end), &t, &err);
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(br_tsd_is(all));
    check_lent(&t, all);
    check_again(&t, all);
    struct br_bytes document =
        br_bytes(all.p + t.content_at, (size_t)t.content_bytes);
    struct br_stamp_input in = {.bundle = &t, .digest_ctx = &document};
    verify(&in);
}

static void
read_token(struct br_bytes all)
{
    struct br_bytes document = br_str("document 6");
    struct br_stamp_input in = {.digest_ctx = &document};
    struct br_err err;
    enum br_rc rc = br_tsr_token(all, &in.token, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(in.token.n > 0 && fuzz_inside(in.token, all));
    verify(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_init();
    read_bundle(br_bytes(data, n));
    read_token(br_bytes(data, n));
    return 0;
}
