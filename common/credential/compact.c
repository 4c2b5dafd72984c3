/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/compact.h"

#include "common/codec/text.h"

bool
br_compact_split(struct br_bytes text, struct br_bytes parts[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *dot =
            text.n == 0 ? NULL : (const uint8_t *)memchr(text.p, '.', text.n);
        bool last = i + 1 == count;
        if ((dot == NULL) != last) {
            return false;
        }
        size_t n = last ? text.n : (size_t)(dot - text.p);
        parts[i] = br_bytes(text.p, n);
        if (!last) {
            text = br_bytes(dot + 1, text.n - n - 1);
        }
    }
    return true;
}

enum br_rc
br_compact_decode(
    struct br_bytes text,
    struct br_arena *arena,
    enum br_rule rule,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    size_t n;
    size_t room = text.n / 4 * 3 + 3;
    uint8_t *out = (uint8_t *)br_arena_take(arena, room);
    if (out == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a part of a token");
    }
    if (br_base64url_parse(text, out, room, &n, &why) != BR_OK) {
        return br_refuse_for(reterr, rule, &why);
    }
    *ret = br_bytes(out, n);
    return BR_OK;
}

enum br_rc
br_compact_header(
    struct br_bytes text,
    struct br_arena *arena,
    const struct br_compact_rules *rules,
    const struct br_json **ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_bytes json = {NULL, 0};
    struct br_json *v = NULL;
    BR_TRY(br_compact_decode(text, arena, rules->base64, &json, reterr));
    enum br_rc rc = br_json_parse(json, arena, &v, &why);
    if (rc != BR_OK) {
        bool twice = rc == BR_ERR_DUPLICATE_FIELD;
        return br_refuse_for(
            reterr, twice ? rules->duplicate : rules->header, &why);
    }
    if (br_json_as(v, BR_JSON_OBJECT, &why) != BR_OK) {
        return br_refuse_for(reterr, rules->header, &why);
    }
    if (br_json_member(v, "jku") != NULL || br_json_member(v, "x5u") != NULL) {
        return br_refuse(
            reterr, rules->remote_key, "the header has a jku or an x5u");
    }
    *ret = v;
    return BR_OK;
}

enum br_rc
br_compact_text(
    const struct br_json *header,
    const char *name,
    enum br_rule rule,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    *ret = br_bytes(NULL, 0);
    if (br_json_may_string(header, name, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, rule, &why);
    }
    return BR_OK;
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool
same(struct br_bytes a, struct br_bytes b)
{
    bool eq = a.n == b.n;
    for (size_t i = 0; eq && i < a.n; i++) {
        eq = lower(a.p[i]) == lower(b.p[i]);
    }
    return eq;
}

bool
br_compact_type_ok(struct br_bytes typ, const char *const *types)
{
    static const char prefix[] = "application/";
    size_t n = sizeof(prefix) - 1;
    if (typ.n > n && same(br_bytes(typ.p, n), br_str(prefix))) {
        typ = br_bytes(typ.p + n, typ.n - n);
    }
    bool found = false;
    for (; !found && *types != NULL; types++) {
        found = same(typ, br_str(*types));
    }
    return found;
}
