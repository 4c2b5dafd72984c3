/*
 * SD-JWTs put together by hand: disclosures as they are written, digests where
 * "#0", "#1", ... stand for them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_SD_SUPPORT_H
#define BR_TESTS_SD_SUPPORT_H

#include "tests/unit/credential/support.h"

#include "common/credential/sd_jwt.h"

enum { HAND_MAX = 8, NOW = 1800000000 };

static struct br_private_key *issuer;
static struct br_private_key *holder;

static const struct br_jws_policy issuer_policy = {
    .algs = BR_ALG_ES256,
    .sources = BR_KEY_BY_CALLER,
    .bytes_max = BR_SD_BYTES_MAX,
};

/** xorshift64*: the same numbers in every run. */
static uint64_t random_state = 88172645463325252u;

static inline uint64_t
random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

static inline unsigned
random_below(unsigned n)
{
    return (unsigned)(random_next() >> 33) % n;
}

/** All that was kept is gone; room for the largest that is accepted. */
static inline void
fresh_arena(void)
{
    br_arena_fini(&arena);
    br_arena_init(&arena, 64u * 1024 * 1024);
}

/** Fresh bytes in the arena. */
static inline struct br_bytes
random_bytes(size_t n)
{
    uint8_t *p = (uint8_t *)br_arena_take(&arena, n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)random_next();
    }
    return br_bytes(p, n);
}

static inline struct br_bytes
kept(const struct br_buf *b)
{
    char *copy = br_arena_copy(&arena, br_buf_bytes(b));
    assert_non_null(copy);
    return br_bytes(copy, b->n);
}

static inline int
sd_setup(void **state)
{
    (void)setup(state);
    fresh_arena();
    assert_ok(br_private_key_generate(BR_KEY_P256, &issuer, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &holder, &err));
    return 0;
}

static inline int
sd_teardown(void **state)
{
    br_private_key_free(issuer);
    br_private_key_free(holder);
    return teardown(state);
}

/** What an SD-JWT is made of. A disclosure that begins with '=' goes in as it
 *  is, without the sign. */
struct by_hand {
    const char *payload;
    const char *disclosures[HAND_MAX]; /**< closed by NULL */
};

static inline const char *
digest_text(enum br_hash_alg alg, struct br_bytes v)
{
    struct br_digest d;
    assert_ok(br_digest_bytes(alg, v, &d, &err));
    return b64(br_bytes(d.b, br_hash_info(alg)->digest_bytes));
}

/** A text with "#n" made the digest of disclosure n. */
static inline const char *
with_digests(const char *text, const char *const *encoded)
{
    struct br_buf b;
    br_buf_init(&b, ARENA_BYTES);
    for (; *text != '\0'; text++) {
        bool reference = text[0] == '#' && text[1] >= '0' && text[1] <= '9';
        if (reference && encoded[text[1] - '0'] != NULL) {
            br_buf_puts(
                &b,
                digest_text(BR_HASH_SHA256, br_str(encoded[text[1] - '0'])));
            text++;
        } else {
            br_buf_put(&b, text, 1);
        }
    }
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

static inline struct br_bytes
assemble_typed(const struct by_hand *h, const char *typ)
{
    const char *encoded[HAND_MAX + 2] = {NULL};
    struct br_buf b;
    br_buf_init(&b, ARENA_BYTES);
    for (size_t i = 0; i < HAND_MAX && h->disclosures[i] != NULL; i++) {
        const char *text = h->disclosures[i];
        encoded[i] = text[0] == '=' ? text + 1
                                    : b64(br_str(with_digests(text, encoded)));
    }
    const struct br_jws_header header = {.alg = BR_ALG_ES256, .typ = typ};
    assert_ok(br_jws_sign(
        &header, br_str(with_digests(h->payload, encoded)), issuer, &b, &err));
    br_buf_puts(&b, "~");
    for (size_t i = 0; encoded[i] != NULL; i++) {
        br_buf_puts(&b, encoded[i]);
        br_buf_puts(&b, "~");
    }
    struct br_bytes out = kept(&b);
    br_buf_fini(&b);
    return out;
}

static inline struct br_bytes
assemble(const struct by_hand *h)
{
    return assemble_typed(h, NULL);
}

/** Parse, verify the issuer, process. */
static inline enum br_rc
open_sd(struct br_bytes text, struct br_sd_jwt *sd, struct br_json **claims)
{
    struct br_bytes payload = {0};
    BR_TRY(br_sd_parse(text, &issuer_policy, &arena, sd, &err));
    BR_TRY(
        br_jws_verify(&sd->jws, br_private_key_public(issuer), &payload, &err));
    return br_sd_process(sd, payload, &arena, claims, &err);
}

static inline const char *
as_text(const struct br_json *v)
{
    struct br_buf b;
    br_buf_init(&b, ARENA_BYTES);
    assert_ok(br_json_encode(v, &b, &err));
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

/** The refusal is this rule's, or the call succeeds where rule is -1. */
static inline void
assert_meets(enum br_rc rc, int rule, const char *what)
{
    const struct br_rule_info *r =
        rule < 0 ? NULL : br_rule_info((enum br_rule)rule);
    if (rc != (r == NULL ? BR_OK : r->rc) ||
        (r != NULL && br_rule_of(&err) != r)) {
        fail_msg(
            "%s: %d \"%s\", not %s", what, (int)rc, rc == BR_OK ? "" : err.text,
            r == NULL ? "accepted" : r->slug);
    }
}

#endif
