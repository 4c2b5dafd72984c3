/* A credential or presentation: whose it is, step by step. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/credential.h"
#include "common/credential/did.h"
#include "common/credential/rule.h"
#include "common/credential/vc_issuer.h"
#include "common/crypto/files.h"

#include <stdio.h>

enum { KEYS_BYTES_MAX = 1024 * 1024, BINDING_WINDOW_S = 600 };

/* A refusal belongs to the step whose rules it breaks; what comes before has
 * gone well. The first that fits. */
static const struct {
    const char *slug; /**< or the beginning of one, up to '-' */
    unsigned step;
} places[] = {
    {"jws-signature", 2}, {"jws-", 0},   {"sd-size", 0}, {"sd-parts", 0},
    {"sd-payload", 0},    {"vc-key", 1}, {"vc-iss", 1},  {"x5c-", 1},
    {"did-", 1},          {"jwk-", 1},   {"sd-", 3},     {"vc-exp", 5},
    {"vc-nbf", 5},        {"vc-", 4},    {"kb-", 6},
};
static const char *const step_names[] = {
    "form", "key", "signature", "disclosures", "claims", "times", "holder"};
enum { STEPS = 7 };

static unsigned
failed_step(const struct br_err *err)
{
    const struct br_rule_info *rule = br_rule_of(err);
    for (size_t i = 0; rule != NULL && i < sizeof(places) / sizeof(places[0]);
         i++) {
        size_t n = strlen(places[i].slug);
        if (strncmp(rule->slug, places[i].slug, n) == 0) {
            return places[i].step;
        }
    }
    return 0;
}

/* ---- whose key ---------------------------------------------------------- */

struct examination {
    struct br_cred_report *r;
    struct br_vc_policy policy;
    struct br_sd_binding_policy binding;
    struct br_x5c_policy x5c;
    struct br_x509_trust *trust;
    struct br_jwk key;
    struct br_buf keys;
    char how[120]; /**< whose key, for the report */
};

static enum br_rc
use_certificates(struct examination *e, struct br_err *reterr)
{
    const char *path = e->r->a->trust;
    struct br_buf pem;
    if (path == NULL) {
        return br_refuse(
            reterr, BR_RULE_X5C_NOT_TRUSTED,
            "name the authorities that you trust with --trust CA.pem");
    }
    br_buf_init(&pem, KEYS_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &pem, reterr);
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&pem), &e->trust, reterr);
    }
    br_buf_fini(&pem);
    BR_TRY(rc);
    e->x5c = (struct br_x5c_policy){
        .trust = e->trust, .unix_seconds = (int64_t)e->r->now_s};
    e->policy.x5c = &e->x5c;
    (void)snprintf(
        e->how, sizeof(e->how), "x5c: %zu certificates, up to one of %.60s",
        e->r->vc.sd.jws.x5c.count, path);
    return BR_OK;
}

/** A key set, or metadata of an issuer that hold one. */
static enum br_rc
use_key_set(struct examination *e, struct br_err *reterr)
{
    const struct br_vc *vc = &e->r->vc;
    struct br_json *v;
    struct br_vc_issuer m;
    br_buf_init(&e->keys, KEYS_BYTES_MAX);
    BR_TRY(br_file_read(e->r->a->keys, &e->keys, reterr));
    BR_TRY(br_json_parse(br_buf_bytes(&e->keys), &e->r->arena, &v, reterr));
    const struct br_json *set = v;
    if (br_json_member(v, "issuer") != NULL) {
        BR_TRY(br_vc_issuer_parse(v, vc->issuer, &m, reterr));
        set = m.jwks;
    }
    BR_TRY(br_jwks_find(set, vc->sd.jws.kid, vc->sd.jws.alg, &e->key, reterr));
    e->policy.key = &e->key.key;
    (void)snprintf(
        e->how, sizeof(e->how), "of the key set in %.80s", e->r->a->keys);
    return BR_OK;
}

/** A key that an identifier carries: did:key and did:jwk. */
static enum br_rc
use_identifier(
    struct examination *e, struct br_bytes name, struct br_err *reterr)
{
    struct br_did did;
    const struct br_vc *vc = &e->r->vc;
    char quote[BR_RULE_QUOTE_BYTES];
    BR_TRY(br_did_parse(name, &did, reterr));
    if (vc->issuer.n > 0 && !br_bytes_eq(vc->issuer, did.did)) {
        return br_refuse(
            reterr, BR_RULE_VC_KEY, "the kid is none of iss \"%s\"",
            br_rule_quote(vc->issuer, quote));
    }
    BR_TRY(br_did_own_key(&did, &e->r->arena, &e->key, reterr));
    e->policy.key = &e->key.key;
    (void)snprintf(
        e->how, sizeof(e->how), "in the identifier %s",
        br_rule_quote(did.did, quote));
    return BR_OK;
}

static bool
is_did(struct br_bytes v)
{
    return v.n > 4 && memcmp(v.p, "did:", 4) == 0;
}

static enum br_rc
find_key(struct examination *e, struct br_err *reterr)
{
    const struct br_vc *vc = &e->r->vc;
    if ((vc->sd.jws.sources & BR_KEY_BY_X5C) != 0) {
        return use_certificates(e, reterr);
    }
    if (e->r->a->keys != NULL) {
        return use_key_set(e, reterr);
    }
    if (is_did(vc->sd.jws.kid)) {
        return use_identifier(e, vc->sd.jws.kid, reterr);
    }
    if (is_did(vc->issuer)) {
        return use_identifier(e, vc->issuer, reterr);
    }
    return br_refuse(
        reterr, BR_RULE_VC_KEY,
        "the key is not in it: give the issuer's key set or metadata with "
        "--keys FILE");
}

/* ---- the verdict -------------------------------------------------------- */

/** The binding is looked at where a nonce and an audience are known; else what
 *  is before it is looked at alone, and the report says so. */
static struct br_bytes
take_binding(struct examination *e)
{
    struct br_cred_report *r = e->r;
    struct br_bytes text = r->text;
    if (r->a->nonce != NULL && r->a->audience != NULL) {
        e->binding = (struct br_sd_binding_policy){
            .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
            .audience = br_str(r->a->audience),
            .nonce = br_str(r->a->nonce),
            .now_s = r->now_s,
            .window_s = BINDING_WINDOW_S,
        };
        e->policy.binding = &e->binding;
        return text;
    }
    while (text.n > 0 && text.p[text.n - 1] != '~') {
        text.n--;
    }
    return text;
}

static enum br_rc
examine(struct examination *e, struct br_bytes text, struct br_err *reterr)
{
    struct br_cred_report *r = e->r;
    BR_TRY(br_vc_open(text, &e->policy, &r->arena, &r->vc, reterr));
    r->read = true;
    BR_TRY(find_key(e, reterr));
    return br_vc_verify(&r->vc, &e->policy, &r->arena, reterr);
}

static void
tell_step(struct examination *e, unsigned step)
{
    struct br_cred_report *r = e->r;
    const struct br_vc *vc = &r->vc;
    char quote[BR_RULE_QUOTE_BYTES];
    const char *name = step_names[step];
    switch (step) {
    case 0:
        br_cred_step(
            r, name, BR_CRED_OK, "%s, %s, %zu disclosures",
            br_rule_quote(vc->sd.jws.typ, quote),
            br_key_alg_name(vc->sd.jws.alg), vc->sd.count);
        break;
    case 1:
        br_cred_step(r, name, BR_CRED_OK, "%s", e->how);
        break;
    case 2:
        br_cred_step(r, name, BR_CRED_OK, "the issuer signed it as it came");
        break;
    case 3:
        br_cred_step(
            r, name, BR_CRED_OK, "each has its digest; %zu digests have none",
            vc->sd.digest_count - vc->sd.count);
        break;
    case 4:
        br_cred_step(
            r, name, BR_CRED_OK, "of type %s", br_rule_quote(vc->vct, quote));
        break;
    case 5:
        br_cred_step(
            r, name, BR_CRED_OK, "%s",
            vc->expires_s == 0 ? "it never expires" : "valid now");
        break;
    default:
        br_cred_step(
            r, name, e->policy.binding != NULL ? BR_CRED_OK : BR_CRED_SKIPPED,
            "%s",
            e->policy.binding != NULL ? "the holder signed for this request"
            : r->kind == BR_CRED_PRESENTATION
                ? "not looked at: give --nonce and --audience"
                : "none is there");
        break;
    }
}

static void
tell_steps(struct examination *e)
{
    struct br_cred_report *r = e->r;
    unsigned bad = r->rc == BR_OK ? STEPS : failed_step(&r->err);
    for (unsigned i = 0; i < STEPS; i++) {
        if (i < bad) {
            tell_step(e, i);
        } else {
            br_cred_step(
                r, step_names[i], i == bad ? BR_CRED_FAILED : BR_CRED_SKIPPED,
                "%s", i == bad ? r->err.text : "");
        }
    }
}

/* ---- claims ------------------------------------------------------------- */

static bool
is_disclosure(const struct br_sd_jwt *sd, const struct br_json *v)
{
    bool found = false;
    for (size_t i = 0; !found && i < sd->count; i++) {
        found = sd->disclosures[i].value == v;
    }
    return found;
}

static const struct br_json *
step_over(const struct br_json *root, const struct br_json *v)
{
    if (br_json_first(v) != NULL) {
        return br_json_first(v);
    }
    while (v != NULL && v != root && v->next == NULL) {
        v = v->parent;
    }
    return v == NULL || v == root ? NULL : v->next;
}

/** Values that hold no others, and those that a disclosure shows. */
static void
list_claims(struct br_cred_report *r, const struct br_sd_jwt *sd)
{
    const struct br_json *root = r->document;
    for (const struct br_json *v = step_over(root, root);
         v != NULL && r->claim_count < BR_CRED_CLAIMS; v = step_over(root, v)) {
        bool own = is_disclosure(sd, v);
        if (!own && br_json_first(v) != NULL) {
            continue;
        }
        struct br_cred_claim *c = &r->claim[r->claim_count++];
        *c = (struct br_cred_claim){.value = v, .disclosed = own};
        br_json_path(v, c->path);
        for (const struct br_json *up = v->parent; up != NULL && !c->within;
             up = up->parent) {
            c->within = is_disclosure(sd, up);
        }
    }
}

/** Claims are told even where the verdict is bad, and marked so: they are read
 *  anew, from the bytes, because a verdict may stop in their midst. */
static void
tell_claims(struct examination *e, struct br_bytes text)
{
    struct br_cred_report *r = e->r;
    struct br_vc again;
    struct br_json *claims;
    if (!r->read ||
        br_vc_open(text, &e->policy, &r->arena, &again, NULL) != BR_OK ||
        br_sd_process(
            &again.sd, again.sd.jws.unverified_payload, &r->arena, &claims,
            NULL) != BR_OK) {
        return;
    }
    r->document = claims;
    r->hidden = again.sd.digest_count - again.sd.count;
    list_claims(r, &again.sd);
}

void
br_cred_examine_vc(struct br_cred_report *r)
{
    struct examination e = {
        .r = r, .policy = {.older_typ = true, .now_s = r->now_s}};
    struct br_bytes text = take_binding(&e);
    r->rc = examine(&e, text, &r->err);
    tell_steps(&e);
    tell_claims(&e, text);
    br_buf_fini(&e.keys);
    br_x509_trust_free(e.trust);
}
