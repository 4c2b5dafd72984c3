/* What others might refuse in a credential, or its holder regret. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/credential.h"
#include "common/credential/rule.h"

enum { DAY_S = 86400, YEARS_S = 5 * 366 * DAY_S, SALT_TEXT_MIN = 22 };

/** HAIP 1.0 section 6.1.1. */
static void
lint_certificates(struct br_cred_report *r)
{
    const struct br_jws *jws = &r->vc.sd.jws;
    struct br_x509_trust *none = NULL;
    struct br_err err;
    if ((jws->sources & BR_KEY_BY_X5C) == 0) {
        br_cred_warn(
            r, "haip-x5c",
            "no x5c: HAIP 1.0 section 6.1.1 asks for the issuer's chain");
        return;
    }
    if (br_x509_trust_new(br_str(""), &none, &err) != BR_OK) {
        return;
    }
    const struct br_x5c_policy policy = {
        .trust = none, .unix_seconds = (int64_t)r->now_s};
    (void)!br_x5c_check(&jws->x5c, &policy, &err);
    const struct br_rule_info *rule = br_rule_of(&err);
    bool untrusted = rule == br_rule_info(BR_RULE_X5C_NOT_TRUSTED);
    if (rule != NULL && !untrusted) {
        br_cred_error(r, &err); /* nobody is trusted here: that is no fault */
    }
    br_x509_trust_free(none);
}

static void
lint_header(struct br_cred_report *r)
{
    const struct br_jws *jws = &r->vc.sd.jws;
    if (jws->alg != BR_ALG_ES256) {
        br_cred_warn(
            r, "haip-alg",
            "%s: ES256 is what every wallet verifies (HAIP 1.0 section 7)",
            br_key_alg_name(jws->alg));
    }
    if (!br_bytes_eq(jws->typ, br_str(BR_VC_FORMAT))) {
        br_cred_warn(
            r, "vc-typ", "typ is not dc+sd-jwt (SD-JWT VC section 2.2.1)");
    }
}

static void
lint_claims(struct br_cred_report *r)
{
    const struct br_vc *vc = &r->vc;
    bool colon = vc->vct.n > 0 && memchr(vc->vct.p, ':', vc->vct.n) != NULL;
    if (!colon) {
        br_cred_warn(
            r, "vc-vct-name",
            "vct is no collision-resistant name: an https address or a urn "
            "(SD-JWT VC section 2.2.2.1)");
    }
    if (vc->expires_s == 0) {
        br_cred_warn(r, "vc-no-exp", "it never expires");
    } else if (vc->expires_s > r->now_s + YEARS_S) {
        br_cred_warn(r, "vc-long", "it is valid for more than five years");
    }
    bool long_lived = vc->expires_s == 0 || vc->expires_s > r->now_s + DAY_S;
    if (long_lived && !vc->has_status) {
        br_cred_warn(
            r, "vc-no-status",
            "no status: it cannot be revoked in more than a day of life");
    }
    if (br_json_member(vc->claims, "cnf") == NULL) {
        br_cred_warn(
            r, "vc-no-holder",
            "no cnf: whoever has a copy can show it (RFC 9901 section 9.5)");
    }
    if (vc->issued_s > r->now_s + 60) {
        br_cred_warn(r, "vc-iat", "iat lies in the future");
    }
    if (br_json_member(vc->claims, "sub") != NULL) {
        br_cred_warn(
            r, "vc-sub",
            "sub names the holder to every verifier that it is shown to (RFC "
            "9901 section 10.4)");
    }
}

static void
lint_disclosures(struct br_cred_report *r)
{
    const struct br_sd_jwt *sd = &r->vc.sd;
    size_t short_ones = 0;
    size_t again = 0;
    for (size_t i = 0; i < sd->count; i++) {
        struct br_bytes salt = sd->disclosures[i].salt;
        short_ones += salt.n < SALT_TEXT_MIN;
        for (size_t k = 0; k < i && k < 512; k++) {
            again += br_bytes_eq(sd->disclosures[k].salt, salt);
        }
    }
    if (short_ones > 0) {
        br_cred_warn(
            r, "sd-salt",
            "%zu salts have less than 128 bits (RFC 9901 section 9.3)",
            short_ones);
    }
    if (again > 0) {
        br_cred_warn(
            r, "sd-salt-twice",
            "a salt stands twice: what is hidden can be compared (RFC 9901 "
            "section 9.3)");
    }
    if (sd->count == 0 && r->hidden == 0) {
        br_cred_warn(
            r, "sd-none", "nothing can be hidden: all is shown, always");
    }
}

void
br_cred_lint_vc(struct br_cred_report *r)
{
    const struct br_rule_info *rule = br_rule_of(&r->err);
    /* Whose key it is, is asked by verify. */
    bool unasked = r->rc != BR_OK && rule != NULL &&
                   (rule == br_rule_info(BR_RULE_X5C_NOT_TRUSTED) ||
                    rule == br_rule_info(BR_RULE_VC_KEY));
    if (r->rc != BR_OK && !unasked) {
        br_cred_error(r, &r->err);
    }
    if (r->read) {
        lint_header(r);
        lint_certificates(r);
        lint_claims(r);
        lint_disclosures(r);
    }
}
