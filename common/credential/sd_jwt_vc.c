/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/sd_jwt_vc.h"

#include "common/base/assert.h"
#include "common/credential/rule.h"

/* Clocks differ: nbf may lie this much after now. */
enum { CLOCK_SKEW_S = 60 };

static const char *const fixed[] = {
    "iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"};

bool
br_vc_is_fixed(struct br_bytes name)
{
    bool found = false;
    for (size_t i = 0; !found && i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        found = br_bytes_eq(name, br_str(fixed[i]));
    }
    return found;
}

bool
br_vc_is(const struct br_vc *vc, struct br_bytes vct)
{
    const struct br_json *more = br_json_member(vc->claims, "aka_vcts");
    bool found = br_bytes_eq(vc->vct, vct);
    for (struct br_json *i = br_json_first(more); !found && i != NULL;
         i = i->next) {
        found = i->kind == BR_JSON_STRING && br_bytes_eq(i->string, vct);
    }
    return found;
}

/* ---- claims ------------------------------------------------------------- */

/** A claim that may be absent, under the rule of claims. */
#define MAY(fn, name, ret)                                         \
    do {                                                           \
        struct br_err why_;                                        \
        if (fn(claims, name, ret, &why_) != BR_OK) {               \
            return br_refuse_for(reterr, BR_RULE_VC_CLAIM, &why_); \
        }                                                          \
    } while (0)

static enum br_rc
check_types(
    const struct br_json *claims, const struct br_vc *vc, struct br_err *reterr)
{
    const struct br_json *more = br_json_member(claims, "aka_vcts");
    bool good = more == NULL ||
                (more->kind == BR_JSON_ARRAY && br_json_count(more) > 0);
    for (struct br_json *i = br_json_first(more); good && i != NULL;
         i = i->next) {
        good = i->kind == BR_JSON_STRING && !br_bytes_eq(i->string, vc->vct);
    }
    if (vc->vct.n == 0) {
        return br_refuse(reterr, BR_RULE_VC_VCT, "vct is missing or empty");
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VC_AKA,
                      "aka_vcts is no list of further types");
}

static enum br_rc
take_claims(
    const struct br_json *claims, struct br_vc *vc, struct br_err *reterr)
{
    MAY(br_json_may_string, "vct", &vc->vct);
    MAY(br_json_may_string, "vct#integrity", &vc->vct_integrity);
    MAY(br_json_may_string, "iss", &vc->issuer);
    MAY(br_json_may_string, "sub", &vc->subject);
    MAY(br_json_may_uint, "iat", &vc->issued_s);
    MAY(br_json_may_uint, "nbf", &vc->not_before_s);
    MAY(br_json_may_uint, "exp", &vc->expires_s);
    return check_types(claims, vc, reterr);
}

static enum br_rc
take_status(
    const struct br_json *claims, struct br_vc *vc, struct br_err *reterr)
{
    enum br_rc rc = br_status_reference_parse(claims, &vc->status, reterr);
    vc->has_status = rc == BR_OK;
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

static enum br_rc
take_holder(
    const struct br_json *claims, struct br_vc *vc, struct br_err *reterr)
{
    struct br_err why;
    const struct br_json *cnf = br_json_member(claims, "cnf");
    const struct br_json *jwk = br_json_member(cnf, "jwk");
    vc->has_holder = jwk != NULL;
    if (cnf != NULL && cnf->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_KB_CNF, "cnf is no object");
    }
    if (jwk != NULL && br_jwk_parse(jwk, &vc->holder, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_KB_CNF, &why);
    }
    return BR_OK;
}

/* ---- opening ------------------------------------------------------------ */

enum br_rc
br_vc_open(
    struct br_bytes text,
    const struct br_vc_policy *policy,
    struct br_arena *arena,
    struct br_vc *ret,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_VC_FORMAT, NULL};
    static const char *const older[] = {BR_VC_FORMAT, "vc+sd-jwt", NULL};
    const unsigned algs =
        BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA;
    const struct br_jws_policy jws = {
        .algs = policy->algs == 0 ? algs : policy->algs,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID | BR_KEY_BY_CALLER,
        .types = policy->older_typ ? older : types,
        .bytes_max = BR_SD_BYTES_MAX,
    };
    struct br_vc vc = {0};
    struct br_json *payload;
    struct br_err why;
    BR_TRY(br_sd_parse(text, &jws, arena, &vc.sd, reterr));
    if (br_json_parse(vc.sd.jws.unverified_payload, arena, &payload, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_SD_PAYLOAD, &why);
    }
    if (payload->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_SD_PAYLOAD, "it is no object");
    }
    vc.claims = payload;
    BR_TRY(take_claims(payload, &vc, reterr));
    *ret = vc;
    return BR_OK;
}

/* ---- verifying ---------------------------------------------------------- */

static enum br_rc
verify_signature(
    const struct br_vc *vc,
    const struct br_vc_policy *policy,
    struct br_bytes *ret_payload,
    struct br_err *reterr)
{
    BR_ASSERT((policy->key == NULL) != (policy->x5c == NULL));
    return policy->x5c != NULL
               ? br_jws_verify_x5c(
                     &vc->sd.jws, policy->x5c, ret_payload, reterr)
               : br_jws_verify(&vc->sd.jws, policy->key, ret_payload, reterr);
}

/** Whatever decides about it stands in the JWT itself, not in a disclosure. */
static enum br_rc
check_disclosures(const struct br_vc *vc, struct br_err *reterr)
{
    for (size_t i = 0; i < vc->sd.count; i++) {
        const struct br_sd_disclosure *d = &vc->sd.disclosures[i];
        const struct br_json *up = d->value->parent;
        while (up != NULL && up->parent != NULL && up->parent != vc->claims) {
            up = up->parent;
        }
        bool at_top = d->value->parent == vc->claims;
        BR_ASSERT(up != NULL); /* each is placed */
        struct br_bytes name = at_top ? d->name : up->name;
        if (br_vc_is_fixed(name)) {
            return br_refuse(
                reterr, BR_RULE_VC_FIXED,
                "%.*s, or what is in it, is a disclosure", (int)name.n,
                (const char *)name.p);
        }
    }
    return BR_OK;
}

static enum br_rc
check_times(const struct br_vc *vc, uint64_t now_s, struct br_err *reterr)
{
    if (br_json_member(vc->claims, "exp") != NULL && vc->expires_s <= now_s) {
        return br_refuse(reterr, BR_RULE_VC_EXP, "the credential has expired");
    }
    if (vc->not_before_s > now_s && vc->not_before_s - now_s > CLOCK_SKEW_S) {
        return br_refuse(
            reterr, BR_RULE_VC_NBF, "the credential is not valid yet");
    }
    return BR_OK;
}

static enum br_rc
check_binding(
    struct br_vc *vc,
    const struct br_vc_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    if (policy->binding == NULL) {
        return vc->sd.key_binding.n == 0
                   ? BR_OK
                   : br_refuse(
                         reterr, BR_RULE_KB_UNASKED,
                         "a key binding that nobody asked for");
    }
    return br_sd_check_binding(
        &vc->sd, vc->claims, policy->binding, arena, &vc->binding, reterr);
}

enum br_rc
br_vc_verify(
    struct br_vc *vc,
    const struct br_vc_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_bytes payload = {0};
    BR_TRY(verify_signature(vc, policy, &payload, reterr));
    BR_TRY(br_sd_process(&vc->sd, payload, arena, &vc->claims, reterr));
    BR_TRY(check_disclosures(vc, reterr));
    BR_TRY(take_claims(vc->claims, vc, reterr));
    BR_TRY(take_status(vc->claims, vc, reterr));
    BR_TRY(take_holder(vc->claims, vc, reterr));
    BR_TRY(check_times(vc, policy->now_s, reterr));
    return check_binding(vc, policy, arena, reterr);
}
