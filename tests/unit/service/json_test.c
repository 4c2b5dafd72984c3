/*
 * JSON as it is written: what must be escaped, and times.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/service/json.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/** As RFC 8259 section 7 wants it, byte by byte. */
static void
escape(struct br_buf *b, const uint8_t *p, size_t n)
{
    br_buf_puts(b, "\"");
    for (size_t i = 0; i < n; i++) {
        char text[8];
        if (p[i] == '\n') {
            (void)snprintf(text, sizeof(text), "\\n");
        } else if (p[i] < 0x20) {
            (void)snprintf(text, sizeof(text), "\\u%04x", p[i]);
        } else if (p[i] == '"' || p[i] == '\\') {
            (void)snprintf(text, sizeof(text), "\\%c", p[i]);
        } else {
            (void)snprintf(text, sizeof(text), "%c", p[i]);
        }
        br_buf_puts(b, text);
    }
    br_buf_puts(b, "\"");
}

static void
assert_escaped(const uint8_t *p, size_t n)
{
    struct br_buf wanted;
    struct br_buf got;
    br_buf_init(&wanted, 4096);
    br_buf_init(&got, 4096);
    escape(&wanted, p, n);
    br_json_put_text(&got, br_bytes(p, n));
    assert_int_equal(got.n, wanted.n);
    assert_memory_equal(got.p, wanted.p, wanted.n);
    br_buf_fini(&wanted);
    br_buf_fini(&got);
}

/** Each byte alone at each place of texts of up to three words. */
static void
test_every_byte_at_every_place(void **state)
{
    enum { LONGEST = 24 };
    (void)state;
    for (size_t n = 0; n <= LONGEST; n++) {
        uint8_t text[LONGEST];
        memset(text, 'a', sizeof(text));
        assert_escaped(text, n);
        for (size_t at = 0; at < n; at++) {
            for (unsigned c = 0; c < 256; c++) {
                text[at] = (uint8_t)c;
                assert_escaped(text, n);
            }
            text[at] = 'a';
        }
    }
}

/** Bytes near the borders, next to one another: a borrow from one byte to the
 *  next must not be taken for a find. */
static void
test_bytes_near_the_borders(void **state)
{
    static const uint8_t near[] = {0x01, 0x0a, 0x1f, 0x20, 0x21, '"',  0x23,
                                   0x5b, '\\', 0x5d, 0x7f, 0x80, 0x9f, 0xff};
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        uint8_t text[19];
        for (size_t i = 0; i < sizeof(text); i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            text[i] = near[x % sizeof(near)];
        }
        assert_escaped(text, sizeof(text));
    }
}

static void
assert_time(uint64_t us, const char *wanted)
{
    char text[28];
    br_time_text((struct br_time_us){us}, text);
    assert_string_equal(text, wanted);
}

static void
test_times(void **state)
{
    (void)state;
    assert_time(0, "1970-01-01T00:00:00.000000Z");
    assert_time(951827696000001, "2000-02-29T12:34:56.000001Z");
    assert_time(1764115199999999, "2025-11-25T23:59:59.999999Z");
    assert_time(253402300799000000, "9999-12-31T23:59:59.000000Z");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_bytes_near_the_borders),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
