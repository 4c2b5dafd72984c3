/*
 * What the tests of common/credential share: JSON from a text, keys, tokens put
 * together by hand, and refusals by their rule.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_CREDENTIAL_SUPPORT_H
#define BR_TESTS_CREDENTIAL_SUPPORT_H

#include "tests/unit/crypto/support.h"

#include "common/codec/json.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/private_key.h"

#define ARENA_BYTES (4u * 1024 * 1024)

static struct br_err err;
static struct br_arena arena;

static inline int
setup(void **state)
{
    (void)state;
    assert_ok(br_crypto_init(&err));
    br_arena_init(&arena, ARENA_BYTES);
    return 0;
}

static inline int
teardown(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

/** The call is refused by this rule, with its code, and says so. */
#define assert_refused(expr, name)                                             \
    do {                                                                       \
        err.text[0] = '\0';                                                    \
        enum br_rc rc_ = (expr);                                               \
        const struct br_rule_info *r_ = br_rule_info(BR_RULE_##name);          \
        if (rc_ != r_->rc || br_rule_of(&err) != r_) {                         \
            fail_msg(                                                          \
                "%s: %d \"%s\", not %s", #expr, (int)rc_, err.text, r_->slug); \
        }                                                                      \
        assert_non_null(strstr(err.text, r_->section));                        \
    } while (0)

static inline struct br_json *
json(const char *text)
{
    struct br_json *v = NULL;
    assert_ok(br_json_parse(br_str(text), &arena, &v, &err));
    return v;
}

/** base64url of a text, in the arena. */
static inline const char *
b64(struct br_bytes v)
{
    struct br_buf b;
    br_buf_init(&b, ARENA_BYTES);
    br_base64url_put(&b, v);
    const char *text = br_arena_copy(&arena, br_buf_bytes(&b));
    br_buf_fini(&b);
    assert_non_null(text);
    return text;
}

/** Parts in base64url with dots between; a part that begins with '=' goes in
 *  as it is, without the sign. */
static inline struct br_bytes
compact(const char *const *parts, size_t count)
{
    struct br_buf b;
    br_buf_init(&b, ARENA_BYTES);
    for (size_t i = 0; i < count; i++) {
        br_buf_puts(&b, i == 0 ? "" : ".");
        if (parts[i][0] == '=') {
            br_buf_puts(&b, parts[i] + 1);
        } else {
            br_base64url_put(&b, br_str(parts[i]));
        }
    }
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return text;
}

#endif
