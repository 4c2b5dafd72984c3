/*
 * Refusals that name their rule: which, of which document, in which section.
 *
 * A message reads "jws-typ: typ is \"JWT\", not \"dc+sd-jwt\" (RFC 8725 section
 * 3.11)". Its code is the rule's. Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_RULE_H
#define BR_CREDENTIAL_RULE_H

#include "common/base/bytes.h"
#include "common/base/error.h"

enum br_rule {
#define BR_R(name, code, slug, document, section, text) BR_RULE_##name,
#include "common/credential/rules.def"
#undef BR_R
    BR_RULES,
};

struct br_rule_info {
    enum br_rc rc;
    const char *slug;
    const char *document;
    const char *section;
    const char *text;
};

const struct br_rule_info *br_rule_info(enum br_rule rule);
/** The rule that a message begins with, or NULL: then it names none. */
const struct br_rule_info *br_rule_of(const struct br_err *err);

/** As br_fail: "slug: what is told here (document section ...)". */
enum br_rc
br_refuse(struct br_err *reterr, enum br_rule rule, const char *fmt, ...)
    BR_PRINTF(3, 4);

/** A refusal with the reason of another one. NO_MEMORY, and TOO_LARGE of an
 *  arena or a buffer, are passed on: they break no rule. */
enum br_rc br_refuse_for(
    struct br_err *reterr, enum br_rule rule, const struct br_err *why);

/** Text from outside in a message: cut, and only what is printable. */
#define BR_RULE_QUOTE_BYTES 40
const char *br_rule_quote(struct br_bytes text, char out[BR_RULE_QUOTE_BYTES]);

#endif
