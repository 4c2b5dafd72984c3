/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"

#include "common/base/assert.h"

#include <stdarg.h>
#include <stdio.h>

static const struct br_rule_info table[BR_RULES] = {
#define BR_R(name, code, slug, document, section, text) \
    {BR_ERR_##code, slug, document, section, text},
#include "common/credential/rules.def"
#undef BR_R
};

const struct br_rule_info *
br_rule_info(enum br_rule rule)
{
    BR_ASSERT(rule < BR_RULES);
    return &table[rule];
}

const struct br_rule_info *
br_rule_of(const struct br_err *err)
{
    for (size_t i = 0; i < BR_RULES; i++) {
        size_t n = strlen(table[i].slug);
        if (strncmp(err->text, table[i].slug, n) == 0 && err->text[n] == ':') {
            return &table[i];
        }
    }
    return NULL;
}

BR_PRINTF(3, 0)
static void
write_text(char *out, size_t n, const char *fmt, va_list args)
{
    (void)vsnprintf(out, n, fmt, args);
}

enum br_rc
br_refuse(struct br_err *reterr, enum br_rule rule, const char *fmt, ...)
{
    const struct br_rule_info *r = br_rule_info(rule);
    char text[BR_ERR_TEXT_BYTES - 80]; /* room for the rule's name and place */
    va_list args;
    va_start(args, fmt);
    write_text(text, sizeof(text), fmt, args);
    va_end(args);
    return br_fail(
        reterr, r->rc, "%s: %s (%s section %s)", r->slug, text, r->document,
        r->section);
}

enum br_rc
br_refuse_for(
    struct br_err *reterr, enum br_rule rule, const struct br_err *why)
{
    if (why->rc == BR_ERR_NO_MEMORY || why->rc == BR_ERR_TOO_LARGE) {
        return br_fail(reterr, why->rc, "%s", why->text);
    }
    return br_refuse(reterr, rule, "%s", why->text);
}

const char *
br_rule_quote(struct br_bytes text, char out[BR_RULE_QUOTE_BYTES])
{
    size_t n = 0;
    while (n < text.n && n < BR_RULE_QUOTE_BYTES - 4) {
        uint8_t c = text.p[n];
        out[n] = c >= 0x20 && c < 0x7f ? (char)c : '?';
        n++;
    }
    if (n < text.n) {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = '\0';
    return out;
}
