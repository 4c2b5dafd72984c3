/* Metadata that its issuer has signed. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "common/credential/vci.h"

enum { BYTES_MAX = 4 * 1024 * 1024, AHEAD_S = 60 };

/** Section 12.2.3: "sub: REQUIRED. String matching the Credential Issuer
 *  Identifier; iat: REQUIRED; exp: OPTIONAL". */
static enum br_rc
check_claims(
    const struct br_json *v,
    struct br_bytes identifier,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_bytes sub = {0};
    struct br_err why = {0};
    uint64_t iat = 0;
    uint64_t exp = UINT64_MAX;
    if (br_json_need_string(v, "sub", &sub, &why) != BR_OK ||
        br_json_need_uint(v, "iat", &iat, &why) != BR_OK ||
        br_json_may_uint(v, "exp", &exp, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_SIGNED, &why);
    }
    if (!br_bytes_eq(sub, identifier)) {
        return br_refuse(
            reterr, BR_RULE_VCI_SIGNED, "sub is another issuer's address");
    }
    return iat <= now_s + AHEAD_S && exp > now_s
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VCI_SIGNED,
                     "it is not valid at this time");
}

enum br_rc
br_vci_signed_parse(
    struct br_bytes text,
    struct br_bytes identifier,
    const struct br_x5c_policy *policy,
    struct br_arena *arena,
    struct br_vci_signed *ret,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_VCI_METADATA_TYP, NULL};
    static const struct br_jws_policy form = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = BYTES_MAX,
    };
    struct br_jws jws = {0};
    struct br_bytes payload = {0};
    struct br_json *v = NULL;
    BR_TRY(br_jws_parse(text, &form, arena, &jws, reterr));
    BR_TRY(br_jws_verify_x5c(&jws, policy, &payload, reterr));
    BR_TRY(br_x5c_key(&jws.x5c, &ret->key, reterr));
    BR_TRY(br_json_parse(payload, arena, &v, reterr));
    BR_TRY(check_claims(v, identifier, (uint64_t)policy->unix_seconds, reterr));
    ret->metadata = v;
    return BR_OK;
}
