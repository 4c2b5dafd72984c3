/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/webauthn.h"

#include "common/codec/cbor.h"
#include "common/codec/json.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/ecdsa.h"
#include "common/crypto/hash.h"

#include <string.h>

/* ---- the site ----------------------------------------------------------- */

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_host_char(char c)
{
    char l = lower(c);
    return (l >= 'a' && l <= 'z') || is_digit(c) || c == '-' || c == '.';
}

/** Browsers take a host whose last label is a number for an IPv4 address. */
static bool
is_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot == NULL ? host : dot + 1;
    return is_digit(*last);
}

static bool
is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t n = strlen(host);
    size_t m = sizeof(name) - 1;
    return n >= m && strcmp(host + n - m, name) == 0 &&
           (n == m || host[n - m - 1] == '.');
}

/** "443" behind "https://host" is not said in an origin (RFC 6454 section 6.2),
 *  nor is 80 behind http. */
static bool
is_default_port(const char *port, bool https)
{
    return strcmp(port, https ? "443" : "80") == 0;
}

/** Host and port of what follows "://"; false when there is more than that. */
static bool
split(const char *p, char host[256], char port[6])
{
    size_t n = 0;
    size_t m = 0;
    for (; is_host_char(p[n]); n++) {
        if (n == 255) {
            return false;
        }
        host[n] = lower(p[n]);
    }
    host[n] = '\0';
    if (p[n] == ':') {
        for (; is_digit(p[n + 1 + m]); m++) {
            if (m == 5) {
                return false;
            }
            port[m] = p[n + 1 + m];
        }
        if (m == 0) {
            return false;
        }
        p += 1 + m;
    }
    port[m] = '\0';
    return n > 0 && (p[n] == '\0' || (p[n] == '/' && p[n + 1] == '\0'));
}

static void
put_origin(struct br_webauthn_site *s, const char *port, bool https)
{
    char *to = s->origin;
    const char *parts[] = {https ? "https://" : "http://", s->rp_id, ":", port};
    size_t count = port[0] == '\0' || is_default_port(port, https) ? 2 : 4;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(parts[i]);
        memcpy(to, parts[i], n);
        to += n;
    }
    *to = '\0';
}

/** NULL: a browser makes passkeys for it. */
static const char *
why_not(const char *url, bool https, char rp_id[256], char port[6])
{
    if (!https && strncmp(url, "http://", 7) != 0) {
        return "form";
    }
    const char *rest = url + (https ? 8 : 7);
    if (rest[0] == '[') {
        return "address";
    }
    if (!split(rest, rp_id, port)) {
        return "form";
    }
    if (is_number(rp_id)) {
        return "address";
    }
    return https || is_localhost(rp_id) ? NULL : "insecure";
}

void
br_webauthn_site_of_url(const char *url, struct br_webauthn_site *ret)
{
    char port[6] = "";
    bool https = strncmp(url, "https://", 8) == 0;
    memset(ret, 0, sizeof(*ret));
    ret->why_not = why_not(url, https, ret->rp_id, port);
    if (ret->why_not == NULL) {
        put_origin(ret, port, https);
    } else {
        ret->rp_id[0] = '\0';
    }
}

/* ---- client data -------------------------------------------------------- */

static const char *
type_name(enum br_webauthn_type t)
{
    return t == BR_WEBAUTHN_CREATE ? "webauthn.create" : "webauthn.get";
}

static enum br_rc
read_object(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    struct br_err why;
    struct br_json *v = NULL;
    if (text.n > BR_WEBAUTHN_CLIENT_DATA_BYTES_MAX) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_CLIENT_DATA, "it has %zu bytes", text.n);
    }
    /* "any leading byte order mark (BOM) must be stripped" */
    if (text.n >= sizeof(bom) && memcmp(text.p, bom, sizeof(bom)) == 0) {
        text = br_bytes(text.p + sizeof(bom), text.n - sizeof(bom));
    }
    enum br_rc rc = br_json_parse(text, arena, &v, &why);
    if (rc == BR_OK) {
        rc = br_json_as(v, BR_JSON_OBJECT, &why);
    }
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_WEBAUTHN_CLIENT_DATA, &why);
    }
    *ret = v;
    return BR_OK;
}

static enum br_rc
need(
    const struct br_json *v,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    return br_json_need_string(v, name, ret, &why) == BR_OK
               ? BR_OK
               : br_refuse_for(reterr, BR_RULE_WEBAUTHN_CLIENT_DATA, &why);
}

/** Section 7.2: crossOrigin that is true, and any topOrigin, come from a frame
 *  of another site; this page expects to be in none. */
static enum br_rc
check_frame(const struct br_json *v, struct br_err *reterr)
{
    struct br_err why;
    bool cross = false;
    if (br_json_may_boolean(v, "crossOrigin", &cross, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_WEBAUTHN_CLIENT_DATA, &why);
    }
    return cross || br_json_member(v, "topOrigin") != NULL
               ? br_refuse(
                     reterr, BR_RULE_WEBAUTHN_FRAME,
                     "the page was in another site's frame")
               : BR_OK;
}

static enum br_rc
read_challenge(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    size_t n = 0;
    uint8_t *p = (uint8_t *)br_arena_take(arena, text.n + 1);
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a challenge");
    }
    if (br_base64url_parse(text, p, text.n, &n, &why) != BR_OK) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_CLIENT_DATA,
            "the challenge is no base64url");
    }
    *ret = br_bytes(p, n);
    return BR_OK;
}

enum br_rc
br_webauthn_client_data(
    struct br_bytes text,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site,
    struct br_arena *arena,
    struct br_bytes *ret_challenge,
    struct br_err *reterr)
{
    char quoted[BR_RULE_QUOTE_BYTES];
    struct br_json *v = NULL;
    struct br_bytes told;
    struct br_bytes origin;
    struct br_bytes challenge;
    BR_TRY(read_object(text, arena, &v, reterr));
    BR_TRY(need(v, "type", &told, reterr));
    BR_TRY(need(v, "challenge", &challenge, reterr));
    BR_TRY(need(v, "origin", &origin, reterr));
    if (!br_bytes_eq(told, br_str(type_name(type)))) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_TYPE, "it is \"%s\", not %s",
            br_rule_quote(told, quoted), type_name(type));
    }
    if (site->why_not != NULL || !br_bytes_eq(origin, br_str(site->origin))) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_ORIGIN, "it is \"%s\", not %.100s",
            br_rule_quote(origin, quoted), site->origin);
    }
    BR_TRY(check_frame(v, reterr));
    return read_challenge(challenge, arena, ret_challenge, reterr);
}

/* ---- authenticator data ------------------------------------------------- */

enum {
    FLAG_UP = 0x01,
    FLAG_UV = 0x04,
    FLAG_BE = 0x08,
    FLAG_BS = 0x10,
    FLAG_AT = 0x40,
    FLAG_ED = 0x80,
    HEAD_BYTES = 32 + 1 + 4,
    ATTESTED_BYTES = 16 + 2,
};

static enum br_rc
malformed(struct br_err *reterr, const char *what)
{
    return br_refuse(reterr, BR_RULE_WEBAUTHN_AUTHENTICATOR_DATA, "%s", what);
}

static enum br_rc
check_flags(uint8_t flags, enum br_webauthn_type type, struct br_err *reterr)
{
    bool attested = (flags & FLAG_AT) != 0;
    if ((flags & FLAG_UP) == 0) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_PRESENCE, "the device saw nobody");
    }
    if ((flags & FLAG_UV) == 0) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_VERIFICATION,
            "neither fingerprint nor face nor code was asked for");
    }
    if ((flags & FLAG_BS) != 0 && (flags & FLAG_BE) == 0) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_BACKUP,
            "it is backed up, and says that it cannot be");
    }
    /* "For assertion signatures, the AT flag MUST NOT be set" */
    return attested == (type == BR_WEBAUTHN_CREATE)
               ? BR_OK
               : malformed(
                     reterr, attested ? "an assertion brings a new key"
                                      : "a new passkey brings no key");
}

/** Reads id and key; the rest is what follows them. */
static enum br_rc
read_attested(
    struct br_bytes *rest, struct br_webauthn_data *ret, struct br_err *reterr)
{
    struct br_cbor r;
    if (rest->n < ATTESTED_BYTES) {
        return malformed(reterr, "it ends within the new key");
    }
    size_t n = (size_t)rest->p[16] << 8 | rest->p[17];
    memcpy(ret->aaguid, rest->p, sizeof(ret->aaguid));
    if (n == 0 || n > BR_WEBAUTHN_ID_BYTES_MAX) {
        return br_refuse(reterr, BR_RULE_WEBAUTHN_ID, "it has %zu bytes", n);
    }
    if (rest->n - ATTESTED_BYTES < n) {
        return malformed(reterr, "it ends within the new key's id");
    }
    ret->id = br_bytes(rest->p + ATTESTED_BYTES, n);
    *rest =
        br_bytes(rest->p + ATTESTED_BYTES + n, rest->n - ATTESTED_BYTES - n);
    br_cbor_init(&r, *rest);
    ret->key = br_cbor_skip(&r);
    if (r.err.rc != BR_OK || ret->key.n > BR_WEBAUTHN_KEY_BYTES_MAX) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_KEY, "%s",
            r.err.rc != BR_OK ? r.err.text : "it is too long");
    }
    *rest = br_bytes(rest->p + r.at, rest->n - r.at);
    return BR_OK;
}

/** Outputs of extensions are passed over, those that nobody asked for too: what
 *  matters of prf is not here (section 10.1.4: never in clear). */
static enum br_rc
skip_extensions(struct br_bytes *rest, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, *rest);
    if (br_cbor_peek(&r) != BR_CBOR_MAP) {
        return malformed(reterr, "extensions are a map");
    }
    (void)br_cbor_skip(&r);
    if (r.err.rc != BR_OK) {
        return malformed(reterr, r.err.text);
    }
    *rest = br_bytes(rest->p + r.at, rest->n - r.at);
    return BR_OK;
}

static enum br_rc
check_rp(
    struct br_bytes bytes,
    const struct br_webauthn_site *site,
    struct br_err *reterr)
{
    struct br_hash want;
    br_sha256(br_str(site->rp_id), &want);
    return site->why_not == NULL &&
                   br_bytes_eq(br_bytes(bytes.p, 32), br_hash_bytes(&want))
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_WEBAUTHN_RP, "it is for another than %s",
                     site->rp_id);
}

enum br_rc
br_webauthn_data(
    struct br_bytes bytes,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site,
    struct br_webauthn_data *ret,
    struct br_err *reterr)
{
    struct br_webauthn_data d = {0};
    if (bytes.n < HEAD_BYTES || bytes.n > BR_WEBAUTHN_DATA_BYTES_MAX) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_AUTHENTICATOR_DATA, "it has %zu bytes",
            bytes.n);
    }
    uint8_t flags = bytes.p[32];
    struct br_bytes rest = br_bytes(bytes.p + HEAD_BYTES, bytes.n - HEAD_BYTES);
    BR_TRY(check_rp(bytes, site, reterr));
    BR_TRY(check_flags(flags, type, reterr));
    for (size_t i = 33; i < HEAD_BYTES; i++) {
        d.counter = d.counter << 8 | bytes.p[i];
    }
    d.backup_eligible = (flags & FLAG_BE) != 0;
    d.backed_up = (flags & FLAG_BS) != 0;
    if ((flags & FLAG_AT) != 0) {
        BR_TRY(read_attested(&rest, &d, reterr));
    }
    if ((flags & FLAG_ED) != 0) {
        BR_TRY(skip_extensions(&rest, reterr));
    }
    if (rest.n != 0) {
        return malformed(reterr, "something follows its end");
    }
    *ret = d;
    return BR_OK;
}

/* ---- keys --------------------------------------------------------------- */

enum {
    LABEL_KTY = 1,
    LABEL_ALG = 3,
    LABEL_CRV = -1, /* of RSA: n */
    LABEL_X = -2,   /* of RSA: e */
    LABEL_Y = -3,
    KTY_OKP = 1,
    KTY_EC2 = 2,
    KTY_RSA = 3,
    CRV_P256 = 1,
    CRV_ED25519 = 6,
    COSE_ES256 = -7,
    COSE_EDDSA = -8,
    COSE_RS256 = -257,
    PARTS_MAX = 8,
};

struct cose {
    int64_t kty, alg, crv;
    struct br_bytes n, x, y;
};

static void
read_part(struct br_cbor *r, struct cose *c)
{
    switch (br_cbor_int(r)) {
    case LABEL_KTY:
        c->kty = br_cbor_int(r);
        break;
    case LABEL_ALG:
        c->alg = br_cbor_int(r);
        break;
    case LABEL_CRV:
        if (br_cbor_peek(r) == BR_CBOR_BYTES) {
            c->n = br_cbor_bytes(r);
        } else {
            c->crv = br_cbor_int(r);
        }
        break;
    case LABEL_X:
        c->x = br_cbor_bytes(r);
        break;
    case LABEL_Y:
        c->y = br_cbor_bytes(r);
        break;
    default:
        /* "MUST NOT contain any other OPTIONAL parameters" */
        br_cbor_fail(r, BR_ERR_UNKNOWN_FIELD, "a parameter of another kind");
        break;
    }
}

/** kty, alg and crv belong together, and nothing of another kind is there. */
static enum br_rc
make_key(
    const struct cose *c, struct br_webauthn_key *ret, struct br_err *reterr)
{
    if (c->alg == COSE_ES256 && c->kty == KTY_EC2 && c->crv == CRV_P256 &&
        c->n.n == 0) {
        ret->alg = BR_ALG_ES256;
        return br_key_init(&ret->key, BR_KEY_P256, c->x, c->y, reterr);
    }
    if (c->alg == COSE_EDDSA && c->kty == KTY_OKP && c->crv == CRV_ED25519 &&
        c->n.n == 0 && c->y.n == 0) {
        ret->alg = BR_ALG_EDDSA;
        return br_key_init(&ret->key, BR_KEY_ED25519, c->x, c->y, reterr);
    }
    if (c->alg == COSE_RS256 && c->kty == KTY_RSA && c->crv == 0 &&
        c->y.n == 0) {
        ret->alg = BR_ALG_RS256;
        return br_key_init_rsa(&ret->key, c->n, c->x, reterr);
    }
    return br_fail(
        reterr, BR_ERR_KEY_REFUSED, "alg %lld does not fit the key",
        (long long)c->alg);
}

static bool
is_allowed(int64_t alg)
{
    return alg == COSE_ES256 || alg == COSE_EDDSA || alg == COSE_RS256;
}

enum br_rc
br_webauthn_key(
    struct br_bytes bytes, struct br_webauthn_key *ret, struct br_err *reterr)
{
    struct br_webauthn_key k;
    struct br_err why;
    struct cose c = {0};
    struct br_cbor r;
    BR_TRY(
        br_cbor_check(bytes, &why) == BR_OK
            ? BR_OK
            : br_refuse_for(reterr, BR_RULE_WEBAUTHN_KEY, &why));
    br_cbor_init(&r, bytes);
    uint64_t count = br_cbor_map(&r, PARTS_MAX);
    for (uint64_t i = 0; i < count && r.err.rc == BR_OK; i++) {
        read_part(&r, &c);
    }
    if (br_cbor_done(&r, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_WEBAUTHN_KEY, &why);
    }
    if (!is_allowed(c.alg)) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_ALG, "it is %lld", (long long)c.alg);
    }
    memset(&k, 0, sizeof(k));
    if (make_key(&c, &k, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_WEBAUTHN_KEY, &why);
    }
    *ret = k;
    return BR_OK;
}

/* ---- signatures --------------------------------------------------------- */

/** Section 6.5.5: an ES256 signature is DER; the others are plain bytes. */
static bool
plain_signature(
    const struct br_webauthn_key *key,
    struct br_bytes *sig,
    uint8_t raw[BR_SIGNATURE_BYTES])
{
    if (key->alg != BR_ALG_ES256) {
        return true;
    }
    bool good = br_ecdsa_from_der(*sig, raw);
    *sig = br_bytes(raw, BR_SIGNATURE_BYTES);
    return good;
}

enum br_rc
br_webauthn_verify(
    const struct br_webauthn_key *key,
    struct br_bytes data,
    struct br_bytes client_data,
    struct br_bytes signature,
    struct br_err *reterr)
{
    uint8_t raw[BR_SIGNATURE_BYTES];
    uint8_t message[BR_WEBAUTHN_DATA_BYTES_MAX + 32];
    struct br_hash hash;
    struct br_err why;
    if (data.n > BR_WEBAUTHN_DATA_BYTES_MAX) {
        return malformed(reterr, "it is too long");
    }
    br_sha256(client_data, &hash);
    if (data.n > 0) {
        memcpy(message, data.p, data.n);
    }
    memcpy(message + data.n, hash.b, 32);
    if (!plain_signature(key, &signature, raw) ||
        br_key_verify(
            &key->key, key->alg, br_bytes(message, data.n + 32), signature,
            &why) != BR_OK) {
        return br_refuse(reterr, BR_RULE_WEBAUTHN_SIGNATURE, "it is another's");
    }
    return BR_OK;
}

enum br_rc
br_webauthn_counter(uint32_t last, uint32_t now, struct br_err *reterr)
{
    return now > last || (now == 0 && last == 0)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_WEBAUTHN_COUNTER,
                     "it was %u and is %u now: the passkey may have been "
                     "copied, or the device is out of order",
                     (unsigned)last, (unsigned)now);
}
