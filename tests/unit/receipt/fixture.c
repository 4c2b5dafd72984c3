/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/receipt/fixture.h"

#include "common/crypto/hash.h"
#include "common/receipt/checkpoint.h"

#include <stdio.h>

/** "Let k be the largest power of two smaller than n". */
static size_t
split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    return k;
}

void
fx_root(const struct fx_tree *t, size_t from, size_t to, struct br_hash *ret)
{
    if (to == from) {
        br_sha256(br_bytes(NULL, 0), ret);
    } else if (to - from == 1) {
        *ret = t->leaf[from];
    } else {
        struct br_hash l;
        struct br_hash r;
        size_t k = split(to - from);
        fx_root(t, from, from + k, &l);
        fx_root(t, from + k, to, &r);
        br_sha256_node(&l, &r, ret);
    }
}

static void
path(
    const struct fx_tree *t,
    size_t m,
    size_t from,
    size_t to,
    struct br_proof *p)
{
    if (to - from == 1) {
        return;
    }
    size_t k = split(to - from);
    if (m < k) {
        path(t, m, from, from + k, p);
        fx_root(t, from + k, to, &p->hash[p->count++]);
    } else {
        path(t, m - k, from + k, to, p);
        fx_root(t, from, from + k, &p->hash[p->count++]);
    }
}

void
fx_inclusion(
    const struct fx_tree *t, size_t index, size_t size, struct br_proof *ret)
{
    ret->count = 0;
    path(t, index, 0, size, ret);
}

/** SUBPROOF(m, D[from:to], whole) */
struct part {
    size_t m;
    size_t from;
    size_t to;
    bool whole;
};

static void
subproof(const struct fx_tree *t, struct part s, struct br_proof *p)
{
    if (s.m == s.to - s.from) {
        if (!s.whole) {
            fx_root(t, s.from, s.to, &p->hash[p->count++]);
        }
        return;
    }
    size_t k = split(s.to - s.from);
    if (s.m <= k) {
        struct part left = {s.m, s.from, s.from + k, s.whole};
        subproof(t, left, p);
        fx_root(t, s.from + k, s.to, &p->hash[p->count++]);
    } else {
        struct part right = {s.m - k, s.from + k, s.to, false};
        subproof(t, right, p);
        fx_root(t, s.from, s.from + k, &p->hash[p->count++]);
    }
}

void
fx_consistency(
    const struct fx_tree *t, size_t m, size_t n, struct br_proof *ret)
{
    ret->count = 0;
    if (m > 0) {
        struct part all = {m, 0, n, true};
        subproof(t, all, ret);
    }
}

struct br_signer *
fx_signer(enum br_sign_alg alg, uint8_t seed)
{
    uint8_t secret[32];
    struct br_signer *s;
    memset(secret, seed, sizeof(secret));
    assert_ok(br_signer_from_secret(alg, secret, &s, NULL));
    return s;
}

size_t
fx_leaf(unsigned i, uint8_t out[BR_OWN_LEAF_BYTES_MAX])
{
    char text[32];
    struct br_hash h;
    struct br_time_us time = {(FX_NOW_S - 60) * 1000000 + i};
    (void)snprintf(text, sizeof(text), "document %u", i);
    br_sha256(br_str(text), &h);
    return br_leaf_encode_stamp(
        out, time, br_str("acme"), BR_HASH_SHA256, br_hash_bytes(&h));
}

void
fx_log(struct fx_tree *t, size_t size)
{
    t->size = size;
    for (unsigned i = 0; i < size; i++) {
        uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
        size_t n = fx_leaf(i, leaf);
        br_sha256_leaf(br_bytes(leaf, n), &t->leaf[i]);
    }
}

void
fx_checkpoint(
    struct br_buf *b,
    const struct fx_tree *t,
    size_t size,
    struct br_signer *log)
{
    struct br_checkpoint c = {.origin = br_str(FX_ORIGIN), .size = size};
    fx_root(t, 0, size, &c.root);
    assert_ok(br_checkpoint_put_signed(b, &c, log, NULL));
}

void
fx_cosign(
    struct br_buf *b, const char *name, struct br_signer *s, uint64_t time_s)
{
    struct br_note note;
    struct br_cosigner who = {br_str(name), s, time_s};
    uint8_t text[1024];
    assert_ok(br_note_parse(br_buf_bytes(b), &note, NULL));
    assert_true(note.text.n <= sizeof(text));
    memcpy(text, note.text.p, note.text.n);
    assert_ok(
        br_note_put_cosignature(b, br_bytes(text, note.text.n), &who, NULL));
}

void
fx_proof(
    struct br_buf *b,
    const struct fx_tree *t,
    unsigned index,
    size_t size,
    struct br_bytes checkpoint)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_tlog_proof p = {.index = index, .checkpoint = checkpoint};
    p.extra = br_bytes(leaf, fx_leaf(index, leaf));
    fx_inclusion(t, index, size, &p.proof);
    br_tlog_proof_put(b, &p);
    assert_false(b->failed);
}

void
fx_vkey(
    struct br_buf *b,
    const char *name,
    enum br_note_key_type type,
    const struct br_signer *s)
{
    struct br_note_key k;
    assert_ok(
        br_note_key_init(&k, br_str(name), type, br_signer_public(s), NULL));
    br_note_key_put(b, &k);
}

int
fx_setup(void **state)
{
    (void)state;
    return br_crypto_init(NULL) == BR_OK ? 0 : -1;
}
