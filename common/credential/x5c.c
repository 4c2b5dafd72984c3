/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/x5c.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

static enum br_rc
take_one(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_bytes text;
    size_t n;
    if (br_json_as_string(v, &text, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_X5C_FORM, &why);
    }
    if (text.n > BR_X5C_CERTIFICATE_BYTES_MAX / 3 * 4) {
        return br_refuse(
            reterr, BR_RULE_X5C_FORM, "a certificate of more than %d bytes",
            BR_X5C_CERTIFICATE_BYTES_MAX);
    }
    size_t room = text.n / 4 * 3 + 3;
    uint8_t *der = (uint8_t *)br_arena_take(arena, room);
    if (der == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "x5c");
    }
    if (br_base64_parse(text, der, room, &n, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_X5C_FORM, &why);
    }
    *ret = br_bytes(der, n);
    return BR_OK;
}

enum br_rc
br_x5c_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_x5c *ret,
    struct br_err *reterr)
{
    struct br_x5c x = {0};
    struct br_err why;
    if (br_json_as(v, BR_JSON_ARRAY, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_X5C_FORM, &why);
    }
    if (br_json_count(v) == 0 || br_json_count(v) > BR_X509_CHAIN_MAX) {
        return br_refuse(
            reterr, BR_RULE_X5C_FORM, "x5c has %zu certificates, not 1 to %d",
            br_json_count(v), BR_X509_CHAIN_MAX);
    }
    for (struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        BR_TRY(take_one(i, arena, &x.der[x.count++], reterr));
    }
    *ret = x;
    return BR_OK;
}

static enum br_rule
rule_of(enum br_x509_fault fault)
{
    static const enum br_rule rules[] = {
        [BR_X509_SOUND] = BR_RULE_X5C_PATH,
        [BR_X509_UNREADABLE] = BR_RULE_X5C_CERTIFICATE,
        [BR_X509_SELF_SIGNED_LEAF] = BR_RULE_X5C_SELF_SIGNED,
        [BR_X509_OUT_OF_ORDER] = BR_RULE_X5C_ORDER,
        [BR_X509_ANCHOR_SENT] = BR_RULE_X5C_ANCHOR,
        [BR_X509_LEAF_USAGE] = BR_RULE_X5C_USAGE,
        [BR_X509_EXPIRED] = BR_RULE_X5C_EXPIRED,
        [BR_X509_NOT_YET_VALID] = BR_RULE_X5C_NOT_YET,
        [BR_X509_NOT_TRUSTED] = BR_RULE_X5C_NOT_TRUSTED,
        [BR_X509_NOT_AN_AUTHORITY] = BR_RULE_X5C_AUTHORITY,
        [BR_X509_WEAK] = BR_RULE_X5C_WEAK,
        [BR_X509_BROKEN] = BR_RULE_X5C_PATH,
    };
    return rules[fault];
}

enum br_rc
br_x5c_check(
    const struct br_x5c *x,
    const struct br_x5c_policy *policy,
    struct br_err *reterr)
{
    enum br_x509_fault fault;
    struct br_err why = {0};
    const struct br_x509_path path = {
        .der = x->der,
        .count = x->count,
        .unix_seconds = policy->unix_seconds,
        .anchor_allowed = policy->anchor_allowed,
        .purpose = policy->purpose,
    };
    if (br_x509_check_path(policy->trust, &path, &fault, &why) != BR_OK) {
        return br_refuse_for(reterr, rule_of(fault), &why);
    }
    return BR_OK;
}

enum br_rc
br_x5c_key(const struct br_x5c *x, struct br_key *ret, struct br_err *reterr)
{
    struct br_err why;
    BR_ASSERT(x->count > 0);
    enum br_rc rc = br_x509_key(x->der[0], ret, &why);
    if (rc != BR_OK) {
        return br_refuse_for(
            reterr,
            rc == BR_ERR_MALFORMED ? BR_RULE_X5C_CERTIFICATE : BR_RULE_X5C_KEY,
            &why);
    }
    return BR_OK;
}

/* ---- client identifiers ------------------------------------------------- */

enum br_rc
br_x5c_check_dns(
    const struct br_x5c *x, struct br_bytes name, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    BR_ASSERT(x->count > 0);
    if (!br_x509_has_dns_name(x->der[0], name)) {
        return br_refuse(
            reterr, BR_RULE_X5C_DNS, "the certificate has no dNSName \"%s\"",
            br_rule_quote(name, quote));
    }
    return BR_OK;
}

void
br_x5c_put_hash(struct br_buf *b, const struct br_x5c *x)
{
    struct br_hash h;
    BR_ASSERT(x->count > 0);
    br_sha256(x->der[0], &h);
    br_base64url_put(b, br_hash_bytes(&h));
}

enum br_rc
br_x5c_check_hash(
    const struct br_x5c *x, struct br_bytes text, struct br_err *reterr)
{
    struct br_hash h;
    uint8_t want[BR_HASH_BYTES];
    size_t n;
    BR_ASSERT(x->count > 0);
    br_sha256(x->der[0], &h);
    if (br_base64url_parse(text, want, sizeof(want), &n, NULL) != BR_OK ||
        n != sizeof(want) || memcmp(want, h.b, sizeof(want)) != 0) {
        return br_refuse(
            reterr, BR_RULE_X5C_HASH,
            "the value is not the hash of the certificate");
    }
    return BR_OK;
}
