/*
 * What the tests of common/codec share: hexadecimal in, seeded numbers.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_CODEC_SUPPORT_H
#define BR_TESTS_CODEC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Bytes from hexadecimal. Not br_hex_parse: that is under test here. */
static inline struct br_bytes
hex(const char *text, uint8_t *out, size_t max)
{
    size_t n = strlen(text) / 2;
    assert_true(n <= max);
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
        out[i] = (uint8_t)v;
    }
    return br_bytes(out, n);
}

static inline void
assert_bytes_equal(struct br_bytes a, struct br_bytes b)
{
    assert_int_equal(a.n, b.n);
    if (a.n > 0) {
        assert_memory_equal(a.p, b.p, a.n);
    }
}

/** splitmix64: the next number of a sequence that a seed fixes. */
static inline uint64_t
next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
