/*
 * The verifier of RFC 3161 stamps and RFC 5544 bundles.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/verify_stamp.h"

#include "common/crypto/x509.h"
#include "common/receipt/der.h"
#include "tests/unit/receipt/fixture.h"
#include "tests/unit/receipt/tsa_fixture.h"

#define T0     (FX_NOW_S * 1000000 - 7200000000)
#define SECOND UINT64_C(1000000)

static struct fx_tsa tsa;
static struct br_verify_result result;

static enum br_rc
digest_memory(
    void *ctx,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    const struct br_bytes *document = (const struct br_bytes *)ctx;
    br_buf_init(&b, 1u << 20);
    br_buf_put(&b, before.p, before.n);
    br_buf_put(&b, document->p, document->n);
    enum br_rc rc = br_digest_bytes(alg, br_buf_bytes(&b), ret, reterr);
    br_buf_fini(&b);
    return rc;
}

static struct br_stamp_input
input(struct br_bytes *document)
{
    return (struct br_stamp_input){
        .ca_pem = br_buf_bytes(&tsa.ca),
        .now = {FX_NOW_S * SECOND},
        .digest = digest_memory,
        .digest_ctx = document,
    };
}

/** A bundle as its reader sees it: the document is the one inside. */
static enum br_rc
verify_bundle(struct br_bytes whole)
{
    struct br_tsd t;
    BR_TRY(br_tsd_parse_head(whole, whole.n, &t, NULL));
    size_t end = (size_t)(t.content_at + t.content_bytes);
    BR_TRY(br_tsd_parse_tail(br_bytes(whole.p + end, whole.n - end), &t, NULL));
    struct br_bytes inside =
        br_bytes(whole.p + t.content_at, (size_t)t.content_bytes);
    struct br_stamp_input in = input(&inside);
    in.bundle = &t;
    return br_stamp_verify(&in, &result, NULL);
}

static enum br_rc
verify_tsd(const struct fx_tsd *t)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 16);
    fx_tsd(t, &b);
    enum br_rc rc = verify_bundle(br_buf_bytes(&b));
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
verify_token(struct br_bytes token, struct br_bytes document)
{
    struct br_stamp_input in = input(&document);
    in.token = token;
    return br_stamp_verify(&in, &result, NULL);
}

static struct br_bytes
token(struct br_buf *b, struct br_bytes stamped, uint64_t time_us)
{
    br_buf_init(b, BR_TST_BYTES_MAX);
    fx_tst(&tsa, BR_HASH_SHA256, stamped, time_us, b);
    return br_buf_bytes(b);
}

static enum br_verify_outcome
step(enum br_verify_step_id id)
{
    return result.step[id].outcome;
}

static void
true_stamps_are_accepted(void **state)
{
    (void)state;
    static const enum br_hash_alg algs[] = {
        BR_HASH_SHA256, BR_HASH_SHA384, BR_HASH_SHA512, BR_HASH_SHA3_256,
        BR_HASH_SHA3_512};
    struct br_bytes document = br_str("document 6");
    for (size_t i = 0; i < 5; i++) {
        struct br_buf b;
        br_buf_init(&b, BR_TST_BYTES_MAX);
        fx_tst(&tsa, algs[i], document, T0 + i, &b);
        assert_ok(verify_token(br_buf_bytes(&b), document));
        assert_true(result.stamp.time.v == T0 + i);
        assert_int_equal(result.kind, BR_RECEIPT_DER);
        assert_non_null(strstr(result.stamp.signer, "CN=Test TSA"));
        const struct fx_tsd t = {
            .document = document, .token = {br_buf_bytes(&b)}};
        assert_ok(verify_tsd(&t));
        assert_true(result.stamp.time.v == T0 + i);
        for (int k = 0; k < BR_VERIFY_STEP_COUNT; k++) {
            bool walked = k == BR_STEP_FORMAT || k == BR_STEP_DIGEST ||
                          k == BR_STEP_SIGNATURE || k == BR_STEP_TIME;
            assert_int_equal(
                result.step[k].outcome,
                walked ? BR_VERIFY_OK : BR_VERIFY_SKIPPED);
            assert_int_equal(result.step[k].text[0] != '\0', walked);
        }
        br_buf_fini(&b);
    }
}

static void
a_changed_document_is_refused_and_the_rest_still_checked(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_bytes t = token(&b, br_str("document 6"), T0);
    assert_int_equal(
        verify_token(t, br_str("document 7")), BR_ERR_DIGEST_MISMATCH);
    assert_int_equal(step(BR_STEP_SIGNATURE), BR_VERIFY_OK);
    assert_int_equal(step(BR_STEP_TIME), BR_VERIFY_OK);
    const struct fx_tsd bundle = {
        .document = br_str("document 7"), .token = {t}};
    assert_int_equal(verify_tsd(&bundle), BR_ERR_DIGEST_MISMATCH);
    br_buf_fini(&b);
}

static void
protected_metadata_is_stamped_too(void **state)
{
    (void)state;
    struct br_buf both;
    struct br_buf over_both;
    struct br_buf over_one;
    struct fx_tsd t = {
        .metadata = true,
        .hash_protected = true,
        .name = br_str("minutes.txt"),
        .document = br_str("document 6"),
    };
    br_buf_init(&both, 4096);
    fx_tsd_metadata(&t, &both);
    br_buf_put(&both, t.document.p, t.document.n);
    struct br_bytes good = token(&over_both, br_buf_bytes(&both), T0);
    struct br_bytes plain = token(&over_one, t.document, T0);
    t.token[0] = good;
    assert_ok(verify_tsd(&t));
    t.name = br_str("Minutes.txt");
    assert_int_equal(verify_tsd(&t), BR_ERR_DIGEST_MISMATCH);
    t.token[0] = plain;
    assert_int_equal(verify_tsd(&t), BR_ERR_DIGEST_MISMATCH);
    t.hash_protected = false; /* then a name is only a name */
    assert_ok(verify_tsd(&t));
    t.name = br_str("minutes.txt");
    t.token[0] = good;
    assert_int_equal(verify_tsd(&t), BR_ERR_DIGEST_MISMATCH);
    br_buf_fini(&both);
    br_buf_fini(&over_both);
    br_buf_fini(&over_one);
}

/** Three, each over the element before it. */
static void
make_chain(struct fx_tsd *t, struct br_buf b[3], const uint64_t time_us[3])
{
    for (size_t i = 0; i < 3; i++) {
        struct br_buf stamped;
        br_buf_init(&stamped, 1u << 16);
        if (i == 0) {
            br_buf_put(&stamped, t->document.p, t->document.n);
        } else {
            fx_tsd_element(t, i - 1, &stamped);
        }
        t->token[i] = token(&b[i], br_buf_bytes(&stamped), time_us[i]);
        br_buf_fini(&stamped);
    }
}

static void
stamps_renew_each_other(void **state)
{
    (void)state;
    static const uint8_t crl[] = {0x30, 0x03, 0x02, 0x01, 0x08};
    static const uint64_t ascending[] = {T0, T0, T0 + SECOND};
    static const uint64_t back[] = {T0, T0 + SECOND, T0 + SECOND - 1};
    struct br_buf b[3];
    struct fx_tsd t = {
        .document = br_str("document 6"),
        .crl = {br_bytes(crl, sizeof(crl))},
    };
    make_chain(&t, b, ascending);
    assert_ok(verify_tsd(&t));
    assert_true(result.stamp.time.v == T0);
    assert_non_null(
        strstr(result.step[BR_STEP_FORMAT].text, "lists are not looked at"));
    struct fx_tsd bad = t;
    bad.crl[0] = br_bytes(NULL, 0); /* the second stamped it too */
    assert_int_equal(verify_tsd(&bad), BR_ERR_PROOF_INVALID);
    assert_int_equal(step(BR_STEP_DIGEST), BR_VERIFY_FAILED);
    bad = t;
    bad.token[1] = t.token[2];
    bad.token[2] = t.token[1];
    assert_int_equal(verify_tsd(&bad), BR_ERR_PROOF_INVALID);
    for (size_t i = 0; i < 3; i++) {
        br_buf_fini(&b[i]);
    }
    make_chain(&t, b, back);
    assert_int_equal(verify_tsd(&t), BR_ERR_PROOF_INVALID);
    assert_int_equal(step(BR_STEP_DIGEST), BR_VERIFY_OK);
    assert_int_equal(step(BR_STEP_TIME), BR_VERIFY_FAILED);
    for (size_t i = 0; i < 3; i++) {
        br_buf_fini(&b[i]);
    }
}

static void
only_the_trusted_convince(void **state)
{
    (void)state;
    struct br_buf b;
    struct fx_tsa other;
    struct br_bytes document = br_str("document 6");
    struct br_stamp_input in = input(&document);
    in.token = token(&b, document, T0);
    fx_tsa_init(&other, 8, 9);
    in.ca_pem = br_buf_bytes(&other.ca);
    assert_int_equal(
        br_stamp_verify(&in, &result, NULL), BR_ERR_CERTIFICATE_INVALID);
    assert_int_equal(step(BR_STEP_DIGEST), BR_VERIFY_OK);
    in.ca_pem = br_bytes(NULL, 0);
    assert_int_equal(
        br_stamp_verify(&in, &result, NULL), BR_ERR_CERTIFICATE_INVALID);
    br_buf_put(&other.ca, tsa.ca.p, tsa.ca.n); /* both */
    in.ca_pem = br_buf_bytes(&other.ca);
    assert_ok(br_stamp_verify(&in, &result, NULL));
    fx_tsa_fini(&other);
    br_buf_fini(&b);
}

static void
times_in_the_future_are_refused(void **state)
{
    (void)state;
    uint64_t latest = (FX_NOW_S + BR_VERIFY_TOLERANCE_S) * SECOND;
    for (uint64_t over = 0; over < 2; over++) {
        struct br_buf b;
        struct br_bytes t = token(&b, br_str("d"), latest + over);
        assert_int_equal(
            verify_token(t, br_str("d")),
            over == 0 ? BR_OK : BR_ERR_FUTURE_TIME);
        br_buf_fini(&b);
    }
}

static void
what_is_no_token_is_told(void **state)
{
    (void)state;
    static const uint8_t sequence[] = {0x30, 0x03, 0x02, 0x01, 0x07};
    struct br_bytes bad = br_bytes(sequence, sizeof(sequence));
    struct br_bytes t;
    assert_int_equal(verify_token(bad, br_str("d")), BR_ERR_PROOF_INVALID);
    assert_int_equal(step(BR_STEP_SIGNATURE), BR_VERIFY_SKIPPED);
    assert_int_equal(step(BR_STEP_DIGEST), BR_VERIFY_SKIPPED);
    const struct fx_tsd bundle = {.document = br_str("d"), .token = {bad}};
    assert_int_equal(verify_tsd(&bundle), BR_ERR_PROOF_INVALID);
    assert_int_not_equal(br_tsr_token(bad, &t, NULL), BR_OK);
}

static void
a_refusal_is_told_in_the_authority_s_words(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_bytes t;
    struct br_err err;
    br_buf_init(&b, 1024);
    br_tsr_put_rejection(&b, BR_TSA_BAD_ALG, "no such digest");
    assert_int_equal(
        br_tsr_token(br_buf_bytes(&b), &t, &err), BR_ERR_FORBIDDEN);
    assert_non_null(strstr(err.text, "no such digest"));
    br_buf_clear(&b);
    br_tsr_put_rejection(&b, BR_TSA_BAD_ALG, "\x1b[31mred");
    assert_int_equal(
        br_tsr_token(br_buf_bytes(&b), &t, &err), BR_ERR_FORBIDDEN);
    assert_null(strstr(err.text, "red"));
    br_buf_fini(&b);
}

/* ---- changes ------------------------------------------------------------ */

struct range {
    size_t from;
    size_t to;
    uint8_t bits; /**< that may change */
};

static struct range
range_of(struct br_bytes whole, struct br_bytes part, uint8_t bits)
{
    size_t at = whole.n - part.n;
    while (memcmp(whole.p + at, part.p, part.n) != 0) {
        at--;
    }
    return (struct range){at, at + part.n, bits};
}

/** Where nothing is signed: the name in metadata that is not protected; the
 *  copy of the authority's certificate, which the verifier has; the
 *  SignedData's list of digest algorithms; the case of the issuer's name by
 *  which the signer's certificate is looked up (RFC 5280 section 7.1); and that
 *  a SET is marked as constructed, which libcrypto passes over. */
static void
find_free(struct br_bytes whole, struct br_bytes name, struct range out[4])
{
    static const uint8_t algorithms[] = {0x31, 0x0d, 0x30, 0x0b, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01,
                                         0x65, 0x03, 0x04, 0x02, 0x01};
    struct br_x509_chain ca;
    assert_ok(br_x509_chain_parse(br_buf_bytes(&tsa.ca), &ca, NULL));
    out[0] = range_of(whole, name, 0xff);
    out[1] = range_of(whole, ca.der[0], 0xff);
    out[2] = range_of(whole, br_bytes(algorithms, sizeof(algorithms)), 0xff);
    out[3] = range_of(whole, br_str("Test development CA"), 0x20);
    br_x509_chain_fini(&ca);
}

static bool
is_free(
    const struct range free[4], struct br_bytes whole, size_t at, uint8_t bit)
{
    for (size_t i = 0; i < 4; i++) {
        if (at >= free[i].from && at < free[i].to &&
            (free[i].bits & bit) != 0) {
            return true;
        }
    }
    return whole.p[at] == BR_DER_SET && bit == 0x20;
}

static void
no_changed_bit_and_no_cut_is_accepted(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_buf whole;
    struct br_tsd parsed;
    struct range free[4];
    struct fx_tsd t = {
        .metadata = true,
        .name = br_str("minutes.txt"),
        .document = br_str("document 6"),
    };
    t.token[0] = token(&b, t.document, T0);
    br_buf_init(&whole, 1u << 16);
    fx_tsd(&t, &whole);
    struct br_bytes bytes = br_buf_bytes(&whole);
    assert_ok(verify_bundle(bytes));
    assert_ok(br_tsd_parse_head(bytes, bytes.n, &parsed, NULL));
    find_free(bytes, parsed.name, free);
    for (size_t i = 0; i < whole.n; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);
        whole.p[i] ^= bit;
        bool accepted = verify_bundle(bytes) == BR_OK;
        whole.p[i] ^= bit;
        if (accepted && !is_free(free, bytes, i, bit)) {
            fail_msg("bit %zu of byte %zu may change", i % 8, i);
        }
    }
    for (size_t n = 0; n < whole.n; n += 7) {
        assert_int_not_equal(verify_bundle(br_bytes(whole.p, n)), BR_OK);
    }
    br_buf_fini(&b);
    br_buf_fini(&whole);
}

static int
setup(void **state)
{
    (void)state;
    enum br_rc rc = br_crypto_init(NULL);
    if (rc == BR_OK) {
        fx_tsa_init(&tsa, 4, 3);
    }
    return rc == BR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    fx_tsa_fini(&tsa);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_stamps_are_accepted),
        cmocka_unit_test(
            a_changed_document_is_refused_and_the_rest_still_checked),
        cmocka_unit_test(protected_metadata_is_stamped_too),
        cmocka_unit_test(stamps_renew_each_other),
        cmocka_unit_test(only_the_trusted_convince),
        cmocka_unit_test(times_in_the_future_are_refused),
        cmocka_unit_test(what_is_no_token_is_told),
        cmocka_unit_test(a_refusal_is_told_in_the_authority_s_words),
        cmocka_unit_test(no_changed_bit_and_no_cut_is_accepted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
