/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vp_registration.h"

#include "common/credential/rule.h"
#include "common/crypto/x509_path.h"

enum { CERTIFICATE_BYTES_MAX = 64 * 1024, CLOCK_SKEW_S = 60 };

static const struct br_json *
find(const struct br_vp_request *r)
{
    const struct br_json *list = br_json_member(r->claims, "verifier_info");
    const struct br_json *found = NULL;
    if (list == NULL || list->kind != BR_JSON_ARRAY) {
        return NULL;
    }
    for (const struct br_json *i = br_json_first(list);
         found == NULL && i != NULL; i = i->next) {
        bool here =
            br_json_is(br_json_member(i, "format"), BR_VP_REGISTRATION_FORMAT);
        found = here ? br_json_member(i, "data") : NULL;
    }
    return found;
}

bool
br_vp_registration_comes(const struct br_vp_request *r)
{
    return find(r) != NULL;
}

static enum br_rc
check_times(const struct br_json *claims, uint64_t now_s, struct br_err *reterr)
{
    struct br_err why = {0};
    uint64_t expires_s = 0;
    uint64_t issued_s = 0;
    enum br_rc rc = br_json_may_uint(claims, "exp", &expires_s, &why);
    rc = rc == BR_OK ? br_json_need_uint(claims, "iat", &issued_s, &why) : rc;
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REGISTRATION, &why);
    }
    if ((expires_s > 0 && expires_s <= now_s) ||
        issued_s > now_s + CLOCK_SKEW_S) {
        return br_refuse(
            reterr, BR_RULE_VP_REGISTRATION, "it is not valid now");
    }
    return BR_OK;
}

/** sub is a text, or, in the first version, an object with its identifiers. */
static bool
is_about(const struct br_json *sub, struct br_bytes identifier)
{
    if (sub == NULL || sub->kind == BR_JSON_STRING) {
        return sub != NULL && br_bytes_eq(sub->string, identifier);
    }
    for (const struct br_json *i = br_json_first(br_json_member(sub, "id"));
         i != NULL; i = i->next) {
        const struct br_json *v = br_json_member(i, "identifier");
        if (v != NULL && v->kind == BR_JSON_STRING &&
            br_bytes_eq(v->string, identifier)) {
            return true;
        }
    }
    return false;
}

static enum br_rc
check_binding(
    const struct br_vp_request *r,
    const struct br_json *claims,
    struct br_err *reterr)
{
    char identifier[BR_X509_OWNER_BYTES] = "";
    if (r->jws.x5c.count > 0) {
        br_x509_identifier(r->jws.x5c.der[0], identifier);
    }
    if (identifier[0] == '\0') {
        return br_refuse(
            reterr, BR_RULE_VP_REGISTRATION,
            "the certificate of who asks has no identifier to compare with");
    }
    return is_about(br_json_member(claims, "sub"), br_str(identifier))
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_REGISTRATION,
                     "it is about somebody else than who asks");
}

static const struct br_json *
array_or_null(const struct br_json *v)
{
    return v != NULL && v->kind == BR_JSON_ARRAY ? v : NULL;
}

static enum br_rc
take(
    const struct br_json *claims,
    struct br_vp_registration *ret,
    struct br_err *reterr)
{
    struct br_vp_registration reg = {.claims = claims};
    struct br_err why = {0};
    if (br_json_may_string(claims, "name", &reg.name, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REGISTRATION, &why);
    }
    const struct br_json *sub = br_json_member(claims, "sub");
    reg.subject = sub != NULL && sub->kind == BR_JSON_STRING
                      ? sub->string
                      : br_bytes(NULL, 0);
    reg.purpose = array_or_null(br_json_member(claims, "purpose"));
    reg.credentials = array_or_null(br_json_member(claims, "credentials"));
    reg.support = br_json_member(claims, "support_uri");
    reg.policy = br_json_member(claims, "privacy_policy");
    reg.supervisor = br_json_member(claims, "supervisory_authority");
    *ret = reg;
    return BR_OK;
}

enum br_rc
br_vp_registration_read(
    const struct br_vp_request *r,
    const struct br_x509_trust *registrars,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_vp_registration *ret,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_VP_REGISTRATION_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = CERTIFICATE_BYTES_MAX,
    };
    const struct br_x5c_policy x5c = {
        .trust = registrars, .unix_seconds = (int64_t)now_s};
    const struct br_json *data = find(r);
    struct br_err why = {0};
    struct br_bytes payload;
    struct br_json *claims = NULL;
    struct br_jws jws = {0};
    if (data == NULL) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no registration came");
    }
    if (data->kind != BR_JSON_STRING || registrars == NULL) {
        return br_refuse(
            reterr, BR_RULE_VP_REGISTRATION, "%s",
            registrars == NULL ? "no registrar is trusted here"
                               : "its data is no text");
    }
    BR_TRY(br_jws_parse(data->string, &policy, arena, &jws, reterr));
    BR_TRY(br_jws_verify_x5c(&jws, &x5c, &payload, reterr));
    if (br_json_parse(payload, arena, &claims, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REGISTRATION, &why);
    }
    BR_TRY(check_times(claims, now_s, reterr));
    BR_TRY(check_binding(r, claims, reterr));
    return take(claims, ret, reterr);
}

/* ---- what it allows ----------------------------------------------------- */

/** meta is an object, or, in the first version, its text: which we do not
 *  parse, so that it allows nothing. */
static bool
is_for(const struct br_json *entry, struct br_bytes format, struct br_bytes vct)
{
    const struct br_json *f = br_json_member(entry, "format");
    const struct br_json *values =
        br_json_member(br_json_member(entry, "meta"), "vct_values");
    bool good = f != NULL && f->kind == BR_JSON_STRING &&
                br_bytes_eq(f->string, format);
    if (!good || values == NULL || values->kind != BR_JSON_ARRAY) {
        return false;
    }
    for (const struct br_json *i = br_json_first(values); i != NULL;
         i = i->next) {
        if (i->kind == BR_JSON_STRING && br_bytes_eq(i->string, vct)) {
            return true;
        }
    }
    return false;
}

bool
br_vp_registration_has_type(
    const struct br_vp_registration *reg,
    struct br_bytes format,
    struct br_bytes vct)
{
    bool found = false;
    for (const struct br_json *i = br_json_first(reg->credentials);
         !found && i != NULL; i = i->next) {
        found = is_for(i, format, vct);
    }
    return found;
}

/** null in what is registered is any element, as in DCQL. */
static bool
covers(const struct br_json *registered, const struct br_json *path)
{
    const struct br_json *at = br_json_first(path);
    if (registered == NULL || registered->kind != BR_JSON_ARRAY ||
        br_json_count(registered) == 0) {
        return false;
    }
    for (const struct br_json *i = br_json_first(registered); i != NULL;
         i = i->next, at = at->next) {
        if (at == NULL) {
            return false;
        }
        bool any = i->kind == BR_JSON_NULL && at->kind != BR_JSON_STRING;
        if (!any && !br_json_equal(i, at)) {
            return false;
        }
    }
    return true;
}

bool
br_vp_registration_has_claim(
    const struct br_vp_registration *reg,
    struct br_bytes format,
    struct br_bytes vct,
    const struct br_json *path)
{
    for (const struct br_json *i = br_json_first(reg->credentials); i != NULL;
         i = i->next) {
        const struct br_json *claims = br_json_member(i, "claim");
        claims = claims == NULL ? br_json_member(i, "claims") : claims;
        if (!is_for(i, format, vct)) {
            continue;
        }
        if (claims == NULL) {
            return true;
        }
        for (const struct br_json *c = br_json_first(claims); c != NULL;
             c = c->next) {
            if (covers(br_json_member(c, "path"), path)) {
                return true;
            }
        }
    }
    return false;
}
