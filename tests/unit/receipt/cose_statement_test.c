/*
 * Signed Statements: read, verified, made transparent.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/receipt/cose_statement.h"

static const char payload[] = "{\"product\":\"bitto\"}";

enum { NO_PAYLOAD = 1, NO_KID = 2, NO_SUBJECT = 4, UNSORTED = 8 };

static void
put_protected(struct br_buf *b, const struct br_signer *s, unsigned how)
{
    struct br_cose_claims claims = {br_str("vendor.example"), {NULL, 0}};
    claims.subject = how & NO_SUBJECT ? br_bytes(NULL, 0) : br_str("lot 1");
    br_cbor_put_map(b, how & NO_KID ? 3 : 4);
    if (how & UNSORTED) {
        br_cbor_put_uint(b, BR_COSE_CWT_CLAIMS);
        br_cose_claims_put(b, &claims);
    }
    br_cbor_put_uint(b, BR_COSE_ALG);
    br_cbor_put_int(b, br_signer_public(s)->alg);
    if (!(how & NO_KID)) {
        br_cbor_put_uint(b, BR_COSE_KID);
        br_cbor_put_bytes(b, br_str("key 1"));
    }
    if (!(how & UNSORTED)) {
        br_cbor_put_uint(b, BR_COSE_CWT_CLAIMS);
        br_cose_claims_put(b, &claims);
    }
    br_cbor_put_uint(b, BR_COSE_PAYLOAD_HASH_ALG);
    br_cbor_put_int(b, -16);
}

static void
make(struct br_buf *b, struct br_signer *s, unsigned how)
{
    struct br_buf p;
    uint8_t sig[BR_SIGNATURE_BYTES];
    br_buf_init(&p, 1024);
    put_protected(&p, s, how);
    assert_ok(br_cose_sign(br_buf_bytes(&p), br_str(payload), s, sig, NULL));
    br_cbor_put_tag(b, BR_COSE_SIGN1_TAG);
    br_cbor_put_array(b, 4);
    br_cbor_put_bytes(b, br_buf_bytes(&p));
    br_cbor_put_map(b, 2);
    br_cbor_put_uint(b, 5);
    br_cbor_put_bytes(b, br_str("iv"));
    br_cbor_put_text(b, br_str("zone"));
    br_cbor_put_uint(b, 1);
    if (how & NO_PAYLOAD) {
        br_cbor_put_null(b);
    } else {
        br_cbor_put_bytes(b, br_str(payload));
    }
    br_cbor_put_bytes(b, br_bytes(sig, sizeof(sig)));
    br_buf_fini(&p);
}

static void
a_statement_is_read_and_verified(void **state)
{
    (void)state;
    static const unsigned hows[] = {0, NO_PAYLOAD, UNSORTED};
    struct br_signer *s = fx_signer(BR_SIGN_ES256, 3);
    struct br_signer *other = fx_signer(BR_SIGN_ES256, 4);
    for (size_t i = 0; i < 3; i++) {
        struct br_buf b;
        struct br_cose_statement st;
        struct br_bytes detached =
            hows[i] & NO_PAYLOAD ? br_str(payload) : br_bytes(NULL, 0);
        br_buf_init(&b, 4096);
        make(&b, s, hows[i]);
        assert_ok(br_cose_statement_parse(br_buf_bytes(&b), &st, NULL));
        assert_true(br_bytes_eq(st.claims.issuer, br_str("vendor.example")));
        assert_true(br_bytes_eq(st.claims.subject, br_str("lot 1")));
        assert_true(br_bytes_eq(st.kid, br_str("key 1")));
        assert_true(st.has_hash_alg);
        assert_int_equal(st.hash_alg, -16);
        assert_ok(
            br_cose_statement_verify(&st, detached, br_signer_public(s), NULL));
        assert_int_equal(
            br_cose_statement_verify(
                &st, detached, br_signer_public(other), NULL),
            BR_ERR_BAD_SIGNATURE);
        br_buf_fini(&b);
    }
    br_signer_free(s);
    br_signer_free(other);
}

static void
what_is_missing_is_told(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ED25519, 3);
    static const unsigned hows[] = {NO_KID, NO_SUBJECT};
    struct br_buf b;
    struct br_cose_statement st;
    br_buf_init(&b, 4096);
    for (size_t i = 0; i < 2; i++) {
        br_buf_clear(&b);
        make(&b, s, hows[i]);
        assert_int_equal(
            br_cose_statement_parse(br_buf_bytes(&b), &st, NULL),
            BR_ERR_MISSING_FIELD);
    }
    br_buf_clear(&b);
    make(&b, s, NO_PAYLOAD);
    assert_ok(br_cose_statement_parse(br_buf_bytes(&b), &st, NULL));
    assert_int_equal(
        br_cose_statement_verify(
            &st, br_bytes(NULL, 0), br_signer_public(s), NULL),
        BR_ERR_MISSING_FIELD);
    br_buf_fini(&b);
    br_signer_free(s);
}

/** n - s instead of s, as other libraries may write it. */
static void
raise_s(uint8_t sig[BR_SIGNATURE_BYTES])
{
    static const uint8_t n[32] = {
        0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        int d = n[i] - sig[32 + i] - borrow;
        borrow = d < 0;
        sig[32 + i] = (uint8_t)(d + 256 * borrow);
    }
}

static void
the_higher_s_of_others_is_accepted(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ES256, 3);
    struct br_buf b;
    struct br_cose_statement st;
    br_buf_init(&b, 4096);
    make(&b, s, 0);
    raise_s(b.p + b.n - BR_SIGNATURE_BYTES);
    assert_ok(br_cose_statement_parse(br_buf_bytes(&b), &st, NULL));
    assert_ok(br_cose_statement_verify(
        &st, br_bytes(NULL, 0), br_signer_public(s), NULL));
    b.p[b.n - 1] ^= 1;
    assert_int_equal(
        br_cose_statement_verify(
            &st, br_bytes(NULL, 0), br_signer_public(s), NULL),
        BR_ERR_BAD_SIGNATURE);
    br_buf_fini(&b);
    br_signer_free(s);
}

static void
receipts_are_attached_one_after_the_other(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ED25519, 3);
    struct br_buf b;
    struct br_buf bare;
    struct br_cose_statement st;
    struct br_bytes got[BR_COSE_RECEIPTS_MAX];
    size_t count;
    br_buf_init(&b, 8192);
    br_buf_init(&bare, 4096);
    make(&b, s, 0);
    assert_ok(br_cose_statement_parse(br_buf_bytes(&b), &st, NULL));
    br_cose_statement_put_bare(&bare, &st);
    for (size_t i = 0; i < BR_COSE_RECEIPTS_MAX; i++) {
        struct br_buf next;
        struct br_buf again;
        uint8_t receipt[2] = {'r', (uint8_t)i};
        br_buf_init(&next, 8192);
        br_buf_init(&again, 4096);
        assert_ok(br_cose_statement_put_transparent(
            &next, &st, br_bytes(receipt, 2), NULL));
        br_buf_fini(&b);
        b = next;
        assert_ok(br_cbor_check(br_buf_bytes(&b), NULL));
        assert_ok(br_cose_statement_parse(br_buf_bytes(&b), &st, NULL));
        assert_ok(br_cose_statement_receipts(&st, got, &count, NULL));
        assert_int_equal(count, i + 1);
        assert_true(br_bytes_eq(got[i], br_bytes(receipt, 2)));
        assert_int_equal(st.unprotected.count, 3);
        assert_ok(br_cose_statement_verify(
            &st, br_bytes(NULL, 0), br_signer_public(s), NULL));
        br_cose_statement_put_bare(&again, &st);
        assert_true(br_bytes_eq(br_buf_bytes(&bare), br_buf_bytes(&again)));
        br_buf_fini(&again);
    }
    struct br_buf over;
    br_buf_init(&over, 8192);
    assert_int_equal(
        br_cose_statement_put_transparent(&over, &st, br_str("r"), NULL),
        BR_ERR_TOO_LARGE);
    br_buf_fini(&over);
    br_buf_fini(&b);
    br_buf_fini(&bare);
    br_signer_free(s);
}

static void
no_truncation_is_accepted(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ED25519, 3);
    struct br_buf b;
    struct br_cose_statement st;
    br_buf_init(&b, 4096);
    make(&b, s, 0);
    for (size_t n = 0; n < b.n; n++) {
        assert_int_not_equal(
            br_cose_statement_parse(br_bytes(b.p, n), &st, NULL), BR_OK);
    }
    br_buf_fini(&b);
    br_signer_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_read_and_verified),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(the_higher_s_of_others_is_accepted),
        cmocka_unit_test(receipts_are_attached_one_after_the_other),
        cmocka_unit_test(no_truncation_is_accepted),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
