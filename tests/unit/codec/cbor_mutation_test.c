/*
 * Random documents and their mutations: br_cbor_check agrees with a naive
 * reading of the standard, and what it accepts has one encoding.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/codec/support.h"

#include "common/base/limits.h"
#include "common/codec/cbor.h"
#include "common/codec/text.h"

enum { DOCUMENT_MAX = 4096 };

/* ---- the naive reading: recursive, and only a verdict ------------------- */

static size_t model_item(struct br_bytes in, unsigned depth);

/** Argument of a head in its shortest form; 0 for the head's length when it is
 *  none. */
static size_t
model_head(struct br_bytes in, uint64_t *ret)
{
    static const uint64_t at_least[] = {24, 256, 65536, UINT64_C(4294967296)};
    if (in.n == 0) {
        return 0;
    }
    unsigned info = in.p[0] & 31u;
    *ret = info;
    if (info < 24) {
        return 1;
    }
    if (info > 27) {
        return 0;
    }
    size_t n = (size_t)1 << (info - 24);
    if (in.n < 1 + n) {
        return 0;
    }
    *ret = 0;
    for (size_t i = 1; i <= n; i++) {
        *ret = *ret * 256 + in.p[i];
    }
    return *ret >= at_least[info - 24] ? 1 + n : 0;
}

static bool
is_greater(struct br_bytes a, struct br_bytes b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        if (a.p[i] != b.p[i]) {
            return a.p[i] > b.p[i];
        }
    }
    return a.n > b.n;
}

/** Length of what follows a head, and whether it is good. */
static bool
model_items(
    struct br_bytes in, uint64_t count, bool is_map, unsigned depth, size_t *n)
{
    struct br_bytes last = br_bytes(NULL, 0);
    if (count > 0 && depth == BR_CBOR_DEPTH_MAX) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct br_bytes rest = br_bytes(in.p + *n, in.n - *n);
        size_t item = model_item(rest, depth + 1);
        if (item == 0) {
            return false;
        }
        if (is_map && i % 2 == 0) {
            struct br_bytes key = br_bytes(rest.p, item);
            if (last.n > 0 && !is_greater(key, last)) {
                return false;
            }
            last = key;
        }
        *n += item;
    }
    return true;
}

/** Length of the deterministic item that `in` begins with, or 0. */
static size_t
model_item(struct br_bytes in, unsigned depth)
{
    uint64_t v;
    size_t n = model_head(in, &v);
    if (n == 0) {
        return 0;
    }
    unsigned major = in.p[0] >> 5;
    if (major <= 1) {
        return n;
    }
    if (major == 7) {
        return n == 1 && v >= 20 && v <= 22 ? 1 : 0;
    }
    if (major <= 3) {
        if (v > in.n - n) {
            return 0;
        }
        struct br_bytes s = br_bytes(in.p + n, (size_t)v);
        return major == 3 && br_utf8_check(s) != s.n ? 0 : n + s.n;
    }
    if (major <= 5 && v > in.n) {
        return 0;
    }
    uint64_t count = major == 4 ? v : major == 5 ? 2 * v : 1;
    return model_items(in, count, major == 5, depth, &n) ? n : 0;
}

/* ---- one encoding ------------------------------------------------------- */

/** Read an item's head with the reader and write it again. */
static void
copy_item(struct br_cbor *r, struct br_buf *b)
{
    switch (br_cbor_peek(r)) {
    case BR_CBOR_UINT:
        br_cbor_put_uint(b, br_cbor_uint(r));
        return;
    case BR_CBOR_NINT: {
        struct br_cbor ahead = *r;
        struct br_bytes whole = br_cbor_skip(r);
        int64_t v = br_cbor_int(&ahead);
        if (ahead.err.rc == BR_OK) {
            br_cbor_put_int(b, v);
        } else { /* below INT64_MIN: there is no writer for it */
            assert_int_equal(ahead.err.rc, BR_ERR_OUT_OF_RANGE);
            br_buf_put(b, whole.p, whole.n);
        }
        return;
    }
    case BR_CBOR_BYTES:
        br_cbor_put_bytes(b, br_cbor_bytes(r));
        return;
    case BR_CBOR_TEXT:
        br_cbor_put_text(b, br_cbor_text(r));
        return;
    case BR_CBOR_ARRAY:
        br_cbor_put_array(b, br_cbor_array(r, UINT64_MAX));
        return;
    case BR_CBOR_MAP:
        br_cbor_put_map(b, br_cbor_map(r, UINT64_MAX));
        return;
    case BR_CBOR_TAG:
        br_cbor_put_tag(b, br_cbor_tag(r));
        return;
    case BR_CBOR_SIMPLE:
        if (r->p[r->at] == 0xf6) {
            br_cbor_null(r);
            br_cbor_put_null(b);
        } else {
            br_cbor_put_bool(b, br_cbor_bool(r));
        }
        return;
    case BR_CBOR_END:
        fail_msg("a checked document cannot be read");
    }
}

/** The properties that hold for any bytes; returns whether they are CBOR. */
static bool
check_properties(struct br_bytes d, struct br_buf *again)
{
    struct br_err err = {0};
    enum br_rc rc = br_cbor_check(d, &err);
    bool good = d.n > 0 && model_item(d, 0) == d.n;
    assert_int_equal(rc == BR_OK, good);
    if (rc != BR_OK) {
        assert_int_equal(err.rc, rc);
        assert_true(err.offset <= d.n);
        return false;
    }
    struct br_cbor r;
    br_cbor_init(&r, d);
    br_buf_clear(again);
    while (br_cbor_peek(&r) != BR_CBOR_END) {
        copy_item(&r, again);
    }
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    assert_bytes_equal(br_buf_bytes(again), d);
    return true;
}

/* ---- documents ---------------------------------------------------------- */

static uint64_t
random_number(uint64_t *seed)
{
    return next_random(seed) >> (next_random(seed) % 64);
}

static void
put_scalar(struct br_buf *b, uint64_t *seed)
{
    uint8_t data[40];
    size_t n = next_random(seed) % sizeof(data);
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)('!' + next_random(seed) % 90);
    }
    switch (next_random(seed) % 6) {
    case 0:
        br_cbor_put_uint(b, random_number(seed));
        break;
    case 1:
        br_cbor_put_int(b, -(int64_t)(random_number(seed) >> 1));
        break;
    case 2:
        br_cbor_put_bytes(b, br_bytes(data, n));
        break;
    case 3:
        br_cbor_put_text(b, br_bytes(data, n));
        break;
    case 4:
        br_cbor_put_bool(b, next_random(seed) % 2 == 0);
        break;
    default:
        br_cbor_put_null(b);
        break;
    }
}

static void
put_item(struct br_buf *b, uint64_t *seed, unsigned depth)
{
    unsigned kind = (unsigned)(next_random(seed) % 8);
    uint64_t count = next_random(seed) % 4;
    uint64_t key = 0;
    if (depth == 0 || kind > 4) {
        put_scalar(b, seed);
    } else if (kind <= 1) {
        br_cbor_put_array(b, count);
        for (uint64_t i = 0; i < count; i++) {
            put_item(b, seed, depth - 1);
        }
    } else if (kind <= 3) {
        br_cbor_put_map(b, count);
        for (uint64_t i = 0; i < count; i++) {
            key += 1 + next_random(seed) % 300;
            br_cbor_put_uint(b, key);
            put_item(b, seed, depth - 1);
        }
    } else {
        br_cbor_put_tag(b, random_number(seed));
        put_item(b, seed, depth - 1);
    }
}

/** Change, insert, remove or repeat some bytes. */
static size_t
mutate(uint8_t *p, size_t n, uint64_t *seed)
{
    size_t at = n == 0 ? 0 : next_random(seed) % n;
    switch (next_random(seed) % 6) {
    case 0:
        p[at] = (uint8_t)next_random(seed);
        return n == 0 ? 1 : n;
    case 1:
        p[at] = (uint8_t)(p[at] ^ 1u << next_random(seed) % 8);
        return n;
    case 2:
        memmove(p + at + 1, p + at, n - at);
        p[at] = (uint8_t)next_random(seed);
        return n + 1;
    case 3:
        if (n > 0) {
            memmove(p + at, p + at + 1, n - at - 1);
        }
        return n > 0 ? n - 1 : 0;
    case 4:
        p[at] = (uint8_t)(p[at] + 1);
        return n;
    default:
        return at; /* cut */
    }
}

static void
random_documents_and_their_mutations(void **state)
{
    (void)state;
    static uint8_t bytes[2 * DOCUMENT_MAX];
    struct br_buf b;
    struct br_buf again;
    uint64_t seed = 7;
    size_t good = 0;
    size_t bad = 0;
    br_buf_init(&b, DOCUMENT_MAX);
    br_buf_init(&again, 2 * DOCUMENT_MAX);
    for (int i = 0; i < 3000; i++) {
        br_buf_clear(&b);
        put_item(&b, &seed, 5);
        if (b.failed) {
            continue;
        }
        assert_true(check_properties(br_buf_bytes(&b), &again));
        size_t n = b.n;
        memcpy(bytes, b.p, n);
        for (int k = 0; k < 30; k++) {
            n = mutate(bytes, n, &seed);
            bool accepted = check_properties(br_bytes(bytes, n), &again);
            good += accepted ? 1 : 0;
            bad += accepted ? 0 : 1;
            if (k % 3 == 2) { /* three mutations away at most */
                n = b.n;
                memcpy(bytes, b.p, n);
            }
        }
    }
    /* Both verdicts were put to the test. */
    assert_true(good > 5000);
    assert_true(bad > 5000);
    br_buf_fini(&again);
    br_buf_fini(&b);
}

static void
every_document_of_one_or_two_bytes(void **state)
{
    (void)state;
    struct br_buf again;
    br_buf_init(&again, 16);
    for (unsigned v = 0; v < 256; v++) {
        uint8_t one = (uint8_t)v;
        (void)check_properties(br_bytes(&one, 1), &again);
    }
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t two[2] = {(uint8_t)(v >> 8), (uint8_t)v};
        (void)check_properties(br_bytes(two, 2), &again);
    }
    br_buf_fini(&again);
}

static void
many_documents_of_three_to_five_bytes(void **state)
{
    (void)state;
    struct br_buf again;
    uint64_t seed = 8;
    br_buf_init(&again, 16);
    for (int i = 0; i < 200000; i++) {
        uint64_t v = next_random(&seed);
        uint8_t p[5];
        memcpy(p, &v, sizeof(p));
        /* Containers first: the rest is settled by shorter documents. */
        p[0] = (uint8_t)(i % 2 == 0 ? 0x80 | (p[0] & 0x23) : p[0]);
        p[1] = (uint8_t)(i % 3 == 0 ? p[1] & 3 : p[1]);
        p[3] = (uint8_t)(i % 3 == 0 ? p[3] & 3 : p[3]);
        (void)check_properties(br_bytes(p, 3 + v % 3), &again);
    }
    br_buf_fini(&again);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_documents_and_their_mutations),
        cmocka_unit_test(every_document_of_one_or_two_bytes),
        cmocka_unit_test(many_documents_of_three_to_five_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
