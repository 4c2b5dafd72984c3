/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/oauth.h"

#include "common/base/assert.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

/* ---- errors ------------------------------------------------------------- */

static const struct {
    const char *name;
    int status;
} errors[BR_OAUTH_ERRORS] = {
    {"", 200},
#define BR_O(name, http, slug) {slug, http},
#include "common/credential/oauth_errors.def"
#undef BR_O
};

const char *
br_oauth_error_name(enum br_oauth_error e)
{
    return errors[e].name;
}

int
br_oauth_error_status(enum br_oauth_error e)
{
    return errors[e].status;
}

enum br_oauth_error
br_oauth_error_by_name(struct br_bytes name)
{
    for (size_t i = 1; i < BR_OAUTH_ERRORS; i++) {
        if (br_bytes_eq(name, br_str(errors[i].name))) {
            return (enum br_oauth_error)i;
        }
    }
    return BR_OAUTH_OK;
}

void
br_oauth_description(const char *text, char out[BR_OAUTH_DESCRIPTION_BYTES])
{
    size_t n = 0;
    while (n < BR_OAUTH_DESCRIPTION_BYTES - 1 && text[n] != '\0') {
        char c = text[n];
        bool plain = c >= 0x20 && c < 0x7f;
        if (c == '"' || c == '\\') {
            c = '\'';
        }
        out[n++] = plain ? c : '?';
    }
    out[n] = '\0';
}

void
br_oauth_error_put(
    struct br_buf *b, enum br_oauth_error e, const char *description)
{
    char text[BR_OAUTH_DESCRIPTION_BYTES];
    br_oauth_description(description, text);
    br_buf_printf(b, "{\"error\":\"%s\"", errors[e].name);
    if (text[0] != '\0') {
        br_buf_printf(b, ",\"error_description\":\"%s\"", text);
    }
    br_buf_puts(b, "}\n");
}

void
br_oauth_error_read(struct br_bytes body, char out[BR_OAUTH_DESCRIPTION_BYTES])
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_bytes name = br_str("no error of OAuth");
    struct br_bytes more = {NULL, 0};
    struct br_buf text;
    br_arena_init(&arena, 64u * 1024);
    br_buf_init(&text, BR_OAUTH_DESCRIPTION_BYTES * 2);
    if (br_json_parse(body, &arena, &v, NULL) == BR_OK) {
        (void)!br_json_may_string(v, "error", &name, NULL);
        (void)!br_json_may_string(v, "error_description", &more, NULL);
        /* Problem documents, of what HTTP itself can get wrong. */
        (void)!br_json_may_string(v, "detail", &more, NULL);
    }
    br_buf_put(&text, name.p, name.n > 60 ? 60 : name.n);
    if (more.n > 0) {
        br_buf_puts(&text, ": ");
        br_buf_put(&text, more.p, more.n > 130 ? 130 : more.n);
    }
    br_buf_put(&text, "", 1);
    br_oauth_description(text.failed ? "" : (const char *)text.p, out);
    br_buf_fini(&text);
    br_arena_fini(&arena);
}

/* ---- forms -------------------------------------------------------------- */

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** In place of %XX and +, into the arena. */
static enum br_rc
decode(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    uint8_t *out = (uint8_t *)br_arena_take(arena, text.n + 1);
    size_t n = 0;
    if (out == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "form");
    }
    if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL) {
        return br_refuse(reterr, BR_RULE_OAUTH_FORM, "it holds a NUL byte");
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%') {
            out[n++] = text.p[i] == '+' ? ' ' : text.p[i];
            continue;
        }
        int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
        int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;
        if (high < 0 || low < 0 || (high | low) == 0) {
            return br_refuse(
                reterr, BR_RULE_OAUTH_FORM, "%% is not followed by two digits");
        }
        out[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    if (br_utf8_check(br_bytes(out, n)) != n) {
        return br_refuse(reterr, BR_RULE_OAUTH_FORM, "no UTF-8");
    }
    *ret = br_bytes(out, n);
    return BR_OK;
}

static struct br_bytes
up_to(struct br_bytes *rest, uint8_t end)
{
    const uint8_t *at =
        rest->n == 0 ? NULL : (const uint8_t *)memchr(rest->p, end, rest->n);
    struct br_bytes found = *rest;
    if (at == NULL) {
        *rest = br_bytes(NULL, 0);
        return found;
    }
    found.n = (size_t)(at - found.p);
    *rest = br_bytes(at + 1, rest->n - found.n - 1);
    return found;
}

static enum br_rc
take_field(
    struct br_bytes part,
    struct br_arena *arena,
    struct br_form *f,
    struct br_err *reterr)
{
    struct br_form_field field = {.name = {NULL, 0}};
    struct br_bytes name = up_to(&part, '=');
    char quote[BR_RULE_QUOTE_BYTES];
    BR_TRY(decode(name, arena, &field.name, reterr));
    BR_TRY(decode(part, arena, &field.value, reterr));
    for (size_t i = 0; i < f->count; i++) {
        if (br_bytes_eq(f->fields[i].name, field.name)) {
            return br_refuse(
                reterr, BR_RULE_OAUTH_FORM, "%s stands twice",
                br_rule_quote(field.name, quote));
        }
    }
    if (f->count == BR_FORM_FIELDS_MAX) {
        return br_refuse(reterr, BR_RULE_OAUTH_FORM, "too many parameters");
    }
    f->fields[f->count++] = field;
    return BR_OK;
}

enum br_rc
br_form_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_form *ret,
    struct br_err *reterr)
{
    ret->count = 0;
    while (text.n > 0) {
        struct br_bytes part = up_to(&text, '&');
        if (part.n > 0) {
            BR_TRY(take_field(part, arena, ret, reterr));
        }
    }
    return BR_OK;
}

struct br_bytes
br_form_get(const struct br_form *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (br_bytes_eq(f->fields[i].name, br_str(name))) {
            return f->fields[i].value;
        }
    }
    return br_bytes(NULL, 0);
}

void
br_percent_put(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
                          c == '_' || c == '~';
        if (unreserved) {
            br_buf_put(b, &c, 1);
        } else {
            br_buf_printf(b, "%%%02X", c);
        }
    }
}

void
br_form_put(struct br_buf *b, const char *name, struct br_bytes value)
{
    if (value.n == 0) {
        return;
    }
    br_buf_puts(b, b->n == 0 ? "" : "&");
    br_percent_put(b, br_str(name));
    br_buf_puts(b, "=");
    br_percent_put(b, value);
}

/* ---- PKCE --------------------------------------------------------------- */

static void
hash_text(struct br_bytes of, char ret[BR_THUMBPRINT_TEXT_BYTES + 1])
{
    struct br_hash h;
    struct br_buf b;
    br_sha256(of, &h);
    br_buf_init(&b, BR_THUMBPRINT_TEXT_BYTES);
    br_base64url_put(&b, br_hash_bytes(&h));
    /* Without memory it is no hash of anything, and nothing equals it. */
    memset(ret, b.failed ? '!' : 0, BR_THUMBPRINT_TEXT_BYTES);
    if (!b.failed) {
        memcpy(ret, b.p, BR_THUMBPRINT_TEXT_BYTES);
    }
    ret[BR_THUMBPRINT_TEXT_BYTES] = '\0';
    br_buf_fini(&b);
}

void
br_pkce_challenge(
    struct br_bytes verifier, char ret[BR_PKCE_CHALLENGE_BYTES + 1])
{
    hash_text(verifier, ret);
}

/** RFC 7636 section 4.1: "43*128unreserved". */
static bool
is_verifier(struct br_bytes v)
{
    static const char also[] = "-._~";
    bool good = v.n >= 43 && v.n <= 128;
    for (size_t i = 0; good && i < v.n; i++) {
        uint8_t c = v.p[i];
        good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
               (c >= 'a' && c <= 'z') || (c != 0 && strchr(also, c) != NULL);
    }
    return good;
}

enum br_rc
br_pkce_check(
    struct br_bytes verifier, struct br_bytes challenge, struct br_err *reterr)
{
    char text[BR_PKCE_CHALLENGE_BYTES + 1];
    if (!is_verifier(verifier)) {
        return br_refuse(
            reterr, BR_RULE_PKCE_VERIFIER,
            "code_verifier has not 43 to 128 letters, digits, - . _ ~");
    }
    br_pkce_challenge(verifier, text);
    if (!br_bytes_eq(br_str(text), challenge)) {
        return br_refuse(
            reterr, BR_RULE_PKCE_CHALLENGE,
            "code_verifier is not the one of code_challenge");
    }
    return BR_OK;
}

/* ---- DPoP --------------------------------------------------------------- */

static const char *const dpop_types[] = {"dpop+jwt", NULL};

enum br_rc
br_dpop_make(
    const struct br_dpop *d,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    char ath[BR_THUMBPRINT_TEXT_BYTES + 1];
    const struct br_jws_header header = {
        .alg = alg, .typ = dpop_types[0], .jwk = br_private_key_public(key)};
    br_buf_init(&b, BR_DPOP_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "jti");
    br_json_write_string(&w, d->id);
    br_json_write_name(&w, "htm");
    br_json_write_string(&w, d->method);
    br_json_write_name(&w, "htu");
    br_json_write_string(&w, d->url);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, d->issued_s);
    if (d->token.n > 0) {
        hash_text(d->token, ath);
        br_json_write_name(&w, "ath");
        br_json_write_string(&w, br_str(ath));
    }
    if (d->nonce.n > 0) {
        br_json_write_name(&w, "nonce");
        br_json_write_string(&w, d->nonce);
    }
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(&header, br_buf_bytes(&b), key, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/** "The htu claim matches the HTTP URI value for the HTTP request in which the
 *  JWT was received, ignoring any query and fragment parts." Scheme and host
 *  are of either case (RFC 3986 section 6.2.2.1). */
static bool
same_url(struct br_bytes a, struct br_bytes b)
{
    size_t slashes = 0;
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] == '?' || a.p[i] == '#') {
            a.n = i;
        }
    }
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        slashes += a.p[i] == '/';
        bool same =
            slashes < 3 ? lower(a.p[i]) == lower(b.p[i]) : a.p[i] == b.p[i];
        if (!same) {
            return false;
        }
    }
    return true;
}

struct dpop_claims {
    struct br_bytes id, method, url, token, nonce;
    uint64_t issued_s;
};

static enum br_rc
read_dpop(
    struct br_bytes payload,
    struct br_arena *arena,
    struct dpop_claims *c,
    struct br_err *reterr)
{
    struct br_json *v;
    struct br_err why;
    *c = (struct dpop_claims){0};
    if (br_json_parse(payload, arena, &v, &why) != BR_OK ||
        br_json_need_string(v, "jti", &c->id, &why) != BR_OK ||
        br_json_need_string(v, "htm", &c->method, &why) != BR_OK ||
        br_json_need_string(v, "htu", &c->url, &why) != BR_OK ||
        br_json_need_uint(v, "iat", &c->issued_s, &why) != BR_OK ||
        br_json_may_string(v, "ath", &c->token, &why) != BR_OK ||
        br_json_may_string(v, "nonce", &c->nonce, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_DPOP_CLAIM, &why);
    }
    if (c->id.n == 0 || c->id.n > 256) {
        return br_refuse(
            reterr, BR_RULE_DPOP_CLAIM, "jti has not 1 to 256 bytes");
    }
    return BR_OK;
}

enum { SKEW_S = 60 };

static enum br_rc
check_claims(
    const struct dpop_claims *c,
    const struct br_dpop_policy *policy,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    char ath[BR_THUMBPRINT_TEXT_BYTES + 1];
    if (!br_bytes_eq(c->method, policy->method)) {
        return br_refuse(
            reterr, BR_RULE_DPOP_HTM, "htm is %s", br_rule_quote(c->method, q));
    }
    if (!same_url(c->url, policy->url)) {
        return br_refuse(
            reterr, BR_RULE_DPOP_HTU, "htu is %s", br_rule_quote(c->url, q));
    }
    if (c->issued_s > policy->now_s + SKEW_S ||
        c->issued_s + policy->window_s < policy->now_s) {
        return br_refuse(
            reterr, BR_RULE_DPOP_IAT, "iat is %llu, now is %llu",
            (unsigned long long)c->issued_s, (unsigned long long)policy->now_s);
    }
    hash_text(policy->token, ath);
    if (policy->token.n > 0 && !br_bytes_eq(c->token, br_str(ath))) {
        return br_refuse(
            reterr, BR_RULE_DPOP_ATH, "%s",
            c->token.n == 0 ? "ath is missing" : "ath is another token's");
    }
    return BR_OK;
}

enum br_rc
br_dpop_check(
    struct br_bytes proof,
    const struct br_dpop_policy *policy,
    struct br_arena *arena,
    struct br_dpop_proof *ret,
    struct br_err *reterr)
{
    const struct br_jws_policy jws_policy = {
        .algs = policy->algs,
        .sources = BR_KEY_BY_JWK,
        .one_source = true,
        .types = dpop_types,
        .bytes_max = BR_DPOP_BYTES_MAX,
    };
    struct br_jws jws;
    struct dpop_claims c;
    BR_TRY(br_jws_parse(proof, &jws_policy, arena, &jws, reterr));
    BR_TRY(read_dpop(jws.unverified_payload, arena, &c, reterr));
    BR_TRY(check_claims(&c, policy, reterr));
    BR_TRY(br_jws_verify_jwk(&jws, NULL, reterr));
    BR_TRY(br_jwk_thumbprint_text(&jws.jwk.key, ret->thumbprint, reterr));
    ret->id = c.id;
    ret->nonce = c.nonce;
    ret->issued_s = c.issued_s;
    return BR_OK;
}
