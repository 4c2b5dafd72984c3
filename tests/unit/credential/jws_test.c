/*
 * Signatures: published tokens, every algorithm, and each rule that refuses.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/jws.h"

enum {
    ALL_ALGS = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_ES256K |
               BR_ALG_EDDSA | BR_ALG_PS256 | BR_ALG_RS256,
    ALL_SOURCES =
        BR_KEY_BY_JWK | BR_KEY_BY_X5C | BR_KEY_BY_KID | BR_KEY_BY_CALLER,
};

static const struct br_jws_policy any = {
    .algs = ALL_ALGS, .sources = ALL_SOURCES};

/* ---- published ---------------------------------------------------------- */

struct published {
    const char *jwk; /**< private: what is deterministic is signed again */
    const char *kid;
    const char *token;
    enum br_key_alg alg;
    bool deterministic;
};

#define DANGEROUS                                                              \
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9v" \
    "ci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIg" \
    "ZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9m" \
    "ZiB0by4"

static const struct published published[] = {
    /* RFC 7515 appendix A.3 */
    {"{\"kty\":\"EC\",\"crv\":\"P-256\","
     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
     "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}",
     "",
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh"
     "0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6"
     "-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
     BR_ALG_ES256, false},
    /* RFC 8037 appendix A.4 */
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
     "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}",
     "",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0J"
     "zlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
     BR_ALG_EDDSA, true},
    /* RFC 7520 section 4.3 */
    {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AHKZLLOsCOzz5cY97ewNUajB957y-C-"
     "U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt\","
     "\"y\":\"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgD"
     "PrwQrJmbnX9cwlGfP-HqHZR1\",\"d\":\"AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZ"
     "oC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt\"}",
     "bilbo.baggins@hobbiton.example",
     "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
     "." DANGEROUS
     ".AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KR"
     "TzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IE"
     "KBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
     BR_ALG_ES512, false},
    /* RFC 7520 section 4.1, its key in section 3.4 */
    {"{\"kty\":\"RSA\",\"n\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4"
     "rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL"
     "-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6c"
     "S6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg"
     "_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHd"
     "rNP5zw\",\"e\":\"AQAB\",\"d\":\"bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9"
     "k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7"
     "sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTM"
     "EzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRi"
     "oz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHP"
     "xxjVOcOpBrQzwQ\",\"p\":\"3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp"
     "7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1"
     "T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k\",\"q\":\"uKE2dh-cT"
     "f6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUe"
     "q3MP15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSq"
     "AZ192zB3pVFJ0s7pFc\",\"dp\":\"B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19"
     "TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt26gljYfKU_E9xn-RULH"
     "z0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik\",\"dq\":\"CLD"
     "mDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0"
     "W1sOFbwTxYWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c"
     "_Z11Cq9AqC2yeL6kdKT1cYF8\",\"qi\":\"3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqP"
     "zMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfBdYkssbu0NKDD"
     "hjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4\"}",
     "bilbo.baggins@hobbiton.example",
     "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
     "." DANGEROUS
     ".MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2"
     "U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0R"
     "nltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9Uz"
     "pERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F"
     "4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
     BR_ALG_RS256, true},
};
enum { PUBLISHED = sizeof(published) / sizeof(published[0]) };

static void
published_tokens_verify_and_are_made_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLISHED; i++) {
        const struct published *p = &published[i];
        struct br_jwk jwk;
        struct br_private_key *key = NULL;
        struct br_jws j;
        struct br_bytes payload;
        struct br_buf b;
        assert_ok(br_jwk_parse_private(json(p->jwk), &jwk, &key, &err));
        assert_ok(br_jws_parse(br_str(p->token), &any, &arena, &j, &err));
        assert_int_equal(j.alg, p->alg);
        assert_true(br_bytes_eq(j.kid, br_str(p->kid)));
        assert_ok(br_jws_verify(&j, &jwk.key, &payload, &err));
        const struct br_jws_header h = {.alg = p->alg, .kid = br_str(p->kid)};
        br_buf_init(&b, 4096);
        br_buf_puts(&b, "before ");
        assert_ok(br_jws_sign(&h, payload, key, &b, &err));
        struct br_bytes token = br_bytes(b.p + 7, b.n - 7);
        if (p->deterministic) {
            assert_true(br_bytes_eq(token, br_str(p->token)));
        }
        assert_ok(br_jws_parse(token, &any, &arena, &j, &err));
        assert_ok(br_jws_verify(&j, &jwk.key, NULL, &err));
        br_buf_fini(&b);
        br_private_key_free(key);
    }
}

/* ---- every algorithm, and every bit ------------------------------------- */

static void
each_algorithm_goes_round_with_its_key_in_the_header(void **state)
{
    (void)state;
    for (unsigned alg = 1; alg <= BR_ALG_RS256; alg <<= 1) {
        struct br_private_key *key = NULL;
        struct br_jws j;
        struct br_bytes payload;
        struct br_buf b;
        enum br_key_kind kind = br_key_alg_kind((enum br_key_alg)alg);
        assert_ok(br_private_key_generate(kind, &key, &err));
        const struct br_jws_header h = {
            .alg = (enum br_key_alg)alg,
            .typ = "openid4vci-proof+jwt",
            .jwk = br_private_key_public(key),
            .more = json("{\"nonce\":\"n\",\"trust_chain\":[1,{\"a\":2}]}"),
        };
        static const char *const types[] = {
            "dc+sd-jwt", "openid4vci-proof+jwt", NULL};
        const struct br_jws_policy policy = {
            .algs = alg, .sources = BR_KEY_BY_JWK, .types = types};
        br_buf_init(&b, 8192);
        assert_ok(br_jws_sign(&h, br_str("{\"iat\":1}"), key, &b, &err));
        assert_ok(br_jws_parse(br_buf_bytes(&b), &policy, &arena, &j, &err));
        assert_int_equal(j.sources, BR_KEY_BY_JWK);
        assert_true(br_key_eq(&j.jwk.key, br_private_key_public(key)));
        assert_ok(br_jws_verify_jwk(&j, &payload, &err));
        assert_true(br_bytes_eq(payload, br_str("{\"iat\":1}")));
        assert_true(br_json_is(br_json_member(j.header, "nonce"), "n"));
        const struct br_jws_policy other = {
            .algs = ALL_ALGS & ~alg, .sources = ALL_SOURCES};
        assert_refused(
            br_jws_parse(br_buf_bytes(&b), &other, &arena, &j, &err), JWS_ALG);
        br_buf_fini(&b);
        br_private_key_free(key);
    }
}

static void
no_changed_byte_verifies(void **state)
{
    (void)state;
    struct br_jwk jwk;
    struct br_private_key *key = NULL;
    assert_ok(br_jwk_parse_private(json(published[0].jwk), &jwk, &key, &err));
    size_t n = strlen(published[0].token);
    for (size_t i = 0; i < n; i++) {
        struct br_jws j;
        char *copy = br_arena_copy(&arena, br_str(published[0].token));
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        if (br_jws_parse(br_bytes(copy, n), &any, &arena, &j, &err) == BR_OK) {
            assert_refused(
                br_jws_verify(&j, &jwk.key, NULL, &err), JWS_SIGNATURE);
        }
    }
    br_private_key_free(key);
}

static void
a_token_does_not_choose_how_it_is_verified(void **state)
{
    (void)state;
    struct br_private_key *rsa = NULL;
    struct br_private_key *ec = NULL;
    struct br_jws j;
    struct br_buf b;
    const struct br_jws_header h = {.alg = BR_ALG_ES256};
    br_buf_init(&b, 4096);
    assert_ok(br_private_key_generate(BR_KEY_RSA, &rsa, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &ec, &err));
    assert_ok(br_jws_sign(&h, br_str("{}"), ec, &b, &err));
    assert_ok(br_jws_parse(br_buf_bytes(&b), &any, &arena, &j, &err));
    assert_refused(
        br_jws_verify(&j, br_private_key_public(rsa), NULL, &err), JWS_KEY);
    assert_int_equal(
        br_jws_sign(&h, br_str("{}"), rsa, &b, &err), BR_ERR_UNSUPPORTED);
    br_buf_fini(&b);
    br_private_key_free(rsa);
    br_private_key_free(ec);
}

/* ---- each rule ---------------------------------------------------------- */

#define JWK                                                  \
    "{\"kty\":\"EC\",\"crv\":\"P-256\","                     \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

static const char *const typ_vc[] = {"dc+sd-jwt", "vc+sd-jwt", NULL};
static const char *const crit_ok[] = {"understood", NULL};

static const struct br_jws_policy strict = {
    .algs = BR_ALG_ES256,
    .sources = BR_KEY_BY_JWK | BR_KEY_BY_KID | BR_KEY_BY_X5C,
    .one_source = true,
    .types = typ_vc,
    .crit = crit_ok,
    .bytes_max = 2000,
};

#define OK_HEAD "{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"kid\":\"k\""

static const struct {
    const char *header;
    int rule; /**< -1: accepted */
} headers[] = {
    {OK_HEAD "}", -1},
    {OK_HEAD ",\"unheard\":[{}]}", -1},
    {OK_HEAD ",\"crit\":[\"understood\"],\"understood\":1}", -1},
    {"{\"alg\":\"ES256\",\"typ\":\"application/DC+SD-JWT\",\"kid\":\"k\"}", -1},
    {"{\"alg\":\"ES256\",\"typ\":\"vc+sd-jwt\",\"jwk\":" JWK "}", -1},
    {"=!!!", BR_RULE_JWS_BASE64},
    {"=eyJ9", BR_RULE_JWS_HEADER},
    {"=e30=", BR_RULE_JWS_BASE64},
    {"=e31", BR_RULE_JWS_BASE64}, /* spare bits: "e30" is "{}" */
    {"=", BR_RULE_JWS_HEADER},
    {"[]", BR_RULE_JWS_HEADER},
    {"{", BR_RULE_JWS_HEADER},
    {"{\"alg\":\"ES256\"} ,", BR_RULE_JWS_HEADER},
    {"{\"alg\":\"ES256\",\"typ\":\"\xff\"}", BR_RULE_JWS_HEADER},
    {OK_HEAD ",\"alg\":\"ES256\"}", BR_RULE_JWS_DUPLICATE},
    {OK_HEAD ",\"\\u0061lg\":\"none\"}", BR_RULE_JWS_DUPLICATE},
    {OK_HEAD ",\"a\":{\"b\":1,\"b\":1}}", BR_RULE_JWS_DUPLICATE},
    {"{\"typ\":\"dc+sd-jwt\",\"kid\":\"k\"}", BR_RULE_JWS_ALG_MISSING},
    {"{\"alg\":\"\"}", BR_RULE_JWS_ALG_MISSING},
    {"{\"alg\":1}", BR_RULE_JWS_HEADER},
    {"{\"alg\":[\"ES256\"]}", BR_RULE_JWS_HEADER},
    {"{\"alg\":\"none\",\"typ\":\"dc+sd-jwt\"}", BR_RULE_JWS_ALG_NONE},
    {"{\"alg\":\"NonE\",\"typ\":\"dc+sd-jwt\"}", BR_RULE_JWS_ALG_NONE},
    {"{\"alg\":\"HS256\"}", BR_RULE_JWS_ALG_SYMMETRIC},
    {"{\"alg\":\"HS512\"}", BR_RULE_JWS_ALG_SYMMETRIC},
    {"{\"alg\":\"es256\"}", BR_RULE_JWS_ALG},
    {"{\"alg\":\"ES384\"}", BR_RULE_JWS_ALG},
    {"{\"alg\":\"RS256\"}", BR_RULE_JWS_ALG},
    {"{\"alg\":\"RS1\"}", BR_RULE_JWS_ALG},
    {"{\"alg\":\"ES256\\u0000\"}", BR_RULE_JWS_ALG},
    {"{\"alg\":\"ES256\",\"kid\":\"k\"}", BR_RULE_JWS_TYP},
    {"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", BR_RULE_JWS_TYP},
    {"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"text/dc+sd-jwt\"}",
     BR_RULE_JWS_TYP},
    {"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":null}", BR_RULE_JWS_HEADER},
    {OK_HEAD ",\"crit\":[]}", BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":\"exp\"}", BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":[1]}", BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":[\"understood\"]}", BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":[\"alg\"]}", BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":[\"understood\",\"understood\"],\"understood\":1}",
     BR_RULE_JWS_CRIT},
    {OK_HEAD ",\"crit\":[\"exp\"],\"exp\":1}", BR_RULE_JWS_CRIT_UNKNOWN},
    {OK_HEAD ",\"b64\":true}", BR_RULE_JWS_B64},
    {OK_HEAD ",\"b64\":false,\"crit\":[\"b64\"]}", BR_RULE_JWS_B64},
    {OK_HEAD ",\"jku\":\"https://evil.example/\"}", BR_RULE_JWS_REMOTE_KEY},
    {OK_HEAD ",\"x5u\":\"https://evil.example/\"}", BR_RULE_JWS_REMOTE_KEY},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\"}", BR_RULE_JWS_KEY_SOURCE},
    {OK_HEAD ",\"jwk\":" JWK "}", BR_RULE_JWS_KEY_SOURCE},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"kid\":7}", BR_RULE_JWS_HEADER},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"jwk\":{\"kty\":\"oct\"}}",
     BR_RULE_JWK_SYMMETRIC},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"jwk\":\"k\"}",
     BR_RULE_JWK_FORM},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"jwk\":{\"kty\":\"EC\","
     "\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL"
     "-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}}",
     BR_RULE_JWK_PRIVATE},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"jwk\":{\"kty\":\"OKP\","
     "\"crv\":\"Ed25519\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}}",
     BR_RULE_JWS_KEY},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"x5c\":\"MII\"}",
     BR_RULE_X5C_FORM},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"x5c\":[]}", BR_RULE_X5C_FORM},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"x5c\":[\"a-_b\"]}",
     BR_RULE_X5C_FORM},
    {"{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"x5c\":[\"AAAA\"]}",
     BR_RULE_X5C_CERTIFICATE},
};

static void
each_header_meets_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *const parts[] = {headers[i].header, "{}", "sig"};
        struct br_jws j;
        enum br_rc rc =
            br_jws_parse(compact(parts, 3), &strict, &arena, &j, &err);
        const struct br_rule_info *r =
            headers[i].rule < 0 ? NULL
                                : br_rule_info((enum br_rule)headers[i].rule);
        if (rc != (r == NULL ? BR_OK : r->rc) ||
            (r != NULL && br_rule_of(&err) != r)) {
            fail_msg(
                "%s: %d \"%s\", not %s", headers[i].header, (int)rc, err.text,
                r == NULL ? "accepted" : r->slug);
        }
    }
}

static void
each_shape_meets_its_rule(void **state)
{
    (void)state;
    static char long_text[3000];
    struct br_jws j;
    memset(long_text, 'A', sizeof(long_text));
    static const char *const none[] = {"", "a", "a.b", "a.b.c.d", "..."};
    for (size_t i = 0; i < 5; i++) {
        assert_refused(
            br_jws_parse(br_str(none[i]), &strict, &arena, &j, &err),
            JWS_PARTS);
    }
    assert_refused(
        br_jws_parse(br_bytes(long_text, 2001), &strict, &arena, &j, &err),
        JWS_SIZE);
    const char *const payload[] = {OK_HEAD "}", "=a b", "sig"};
    assert_refused(
        br_jws_parse(compact(payload, 3), &strict, &arena, &j, &err),
        JWS_BASE64);
    const char *const sig[] = {OK_HEAD "}", "{}", "=AAA="};
    assert_refused(
        br_jws_parse(compact(sig, 3), &strict, &arena, &j, &err), JWS_BASE64);
    const char *const empty[] = {OK_HEAD "}", "{}", "="};
    struct br_jwk k;
    assert_ok(br_jwk_parse(json(JWK), &k, &err));
    assert_ok(br_jws_parse(compact(empty, 3), &strict, &arena, &j, &err));
    assert_refused(br_jws_verify(&j, &k.key, NULL, &err), JWS_SIGNATURE);
    assert_refused(br_jws_verify_jwk(&j, NULL, &err), JWS_KEY_SOURCE);
    const struct br_x5c_policy p = {0};
    assert_refused(br_jws_verify_x5c(&j, &p, NULL, &err), JWS_KEY_SOURCE);
    /* r = s = 0 verifies anything where it is not looked at. */
    static const char *const zeros[] = {
        OK_HEAD "}", "{}",
        "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "A"
        "AAAAAAAAAAAAAAAA"};
    assert_ok(br_jws_parse(compact(zeros, 3), &strict, &arena, &j, &err));
    assert_int_equal(j.signature.n, 64);
    assert_refused(br_jws_verify(&j, &k.key, NULL, &err), JWS_SIGNATURE);
}

static void
a_small_arena_is_an_error_and_no_more(void **state)
{
    (void)state;
    const char *const parts[] = {
        "{\"alg\":\"ES256\",\"typ\":\"dc+sd-jwt\",\"jwk\":" JWK "}", "{}",
        "sig"};
    struct br_bytes token = compact(parts, 3);
    size_t refused = 0;
    enum br_rc rc = BR_ERR_NO_MEMORY;
    for (size_t max = 0; rc != BR_OK; max += 16) {
        struct br_arena small;
        struct br_jws j;
        br_arena_init(&small, max);
        rc = br_jws_parse(token, &strict, &small, &j, &err);
        br_arena_fini(&small);
        assert_true(
            rc == BR_OK || rc == BR_ERR_NO_MEMORY || rc == BR_ERR_TOO_LARGE);
        refused += rc != BR_OK;
        assert_true(max < 65536);
    }
    assert_true(refused > 10);
    struct br_private_key *key = NULL;
    struct br_buf b;
    const struct br_jws_header h = {.alg = BR_ALG_ES256};
    assert_ok(br_private_key_generate(BR_KEY_P256, &key, &err));
    for (size_t max = 0; max < 90; max++) {
        br_buf_init(&b, max);
        assert_int_equal(
            br_jws_sign(&h, br_str("{}"), key, &b, &err), BR_ERR_TOO_LARGE);
        assert_int_equal(b.n, 0);
        br_buf_fini(&b);
    }
    br_private_key_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_tokens_verify_and_are_made_again),
        cmocka_unit_test(each_algorithm_goes_round_with_its_key_in_the_header),
        cmocka_unit_test(no_changed_byte_verifies),
        cmocka_unit_test(a_token_does_not_choose_how_it_is_verified),
        cmocka_unit_test(each_header_meets_its_rule),
        cmocka_unit_test(each_shape_meets_its_rule),
        cmocka_unit_test(a_small_arena_is_an_error_and_no_more),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
