/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/jwk.h"

#include "common/codec/text.h"
#include "common/credential/jwe.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"

/* ---- members ------------------------------------------------------------ */

/** A string that may be absent: then it is empty. */
static enum br_rc
take_text(
    const struct br_json *v,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    *ret = br_bytes(NULL, 0);
    if (br_json_may_string(v, name, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_FORM, &why);
    }
    return BR_OK;
}

/** The bytes of a base64url string that must be there. */
static enum br_rc
take_bytes(
    const struct br_json *v,
    const char *name,
    uint8_t out[BR_KEY_BYTES_MAX],
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_bytes text = {NULL, 0};
    size_t n;
    if (br_json_need_string(v, name, &text, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_FORM, &why);
    }
    if (br_base64url_parse(text, out, BR_KEY_BYTES_MAX, &n, &why) != BR_OK) {
        return br_refuse(
            reterr, BR_RULE_JWK_COORDINATE, "%s: %.80s", name, why.text);
    }
    *ret = br_bytes(out, n);
    return BR_OK;
}

/* ---- what a key is for -------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bit;
} ops[] = {
    {"sign", BR_JWK_OP_SIGN},        {"verify", BR_JWK_OP_VERIFY},
    {"encrypt", BR_JWK_OP_ENCRYPT},  {"decrypt", BR_JWK_OP_DECRYPT},
    {"wrapKey", BR_JWK_OP_WRAP},     {"unwrapKey", BR_JWK_OP_UNWRAP},
    {"deriveKey", BR_JWK_OP_DERIVE}, {"deriveBits", BR_JWK_OP_DERIVE},
};
enum {
    OPS = sizeof(ops) / sizeof(ops[0]),
    OPS_MAX = 16,
    SIG_OPS = BR_JWK_OP_SIGN | BR_JWK_OP_VERIFY,
    SEAL_OPS = BR_JWK_OP_ENCRYPT | BR_JWK_OP_WRAP | BR_JWK_OP_DERIVE,
};

/** "Duplicate key operation values MUST NOT be present in the array." */
static enum br_rc
take_op(const struct br_json *op, unsigned *set, struct br_err *reterr)
{
    if (op->kind != BR_JSON_STRING) {
        return br_refuse(
            reterr, BR_RULE_JWK_KEY_OPS, "key_ops has a value that is %s",
            br_json_kind_text((enum br_json_kind)op->kind));
    }
    for (const struct br_json *p = op->previous; p != NULL; p = p->previous) {
        if (br_bytes_eq(p->string, op->string)) {
            return br_refuse(
                reterr, BR_RULE_JWK_KEY_OPS, "key_ops has a value twice");
        }
    }
    for (size_t i = 0; i < OPS; i++) {
        if (br_bytes_eq(br_str(ops[i].name), op->string)) {
            *set |= ops[i].bit;
        }
    }
    return BR_OK;
}

static enum br_rc
take_ops(const struct br_json *v, struct br_jwk *k, struct br_err *reterr)
{
    struct br_json *all = NULL;
    struct br_err why;
    if (br_json_may(v, "key_ops", BR_JSON_ARRAY, &all, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_KEY_OPS, &why);
    }
    if (br_json_count(all) > OPS_MAX) {
        return br_refuse(
            reterr, BR_RULE_JWK_KEY_OPS, "key_ops has more than %d values",
            OPS_MAX);
    }
    for (struct br_json *i = br_json_first(all); i != NULL; i = i->next) {
        BR_TRY(take_op(i, &k->ops, reterr));
    }
    return BR_OK;
}

static enum br_jwk_use
use_of(struct br_bytes text)
{
    if (text.n == 0) {
        return BR_JWK_USE_ANY;
    }
    if (br_bytes_eq(text, br_str("sig"))) {
        return BR_JWK_USE_SIG;
    }
    return br_bytes_eq(text, br_str("enc")) ? BR_JWK_USE_ENC : BR_JWK_USE_OTHER;
}

static bool
can_sign(enum br_key_kind kind)
{
    return kind != BR_KEY_X25519;
}

static bool
can_seal(enum br_key_kind kind)
{
    return kind != BR_KEY_ED25519 && kind != BR_KEY_SECP256K1;
}

/** alg of a signature, or of an encryption, that fits the key; an alg that we
 *  do not know fits nothing that is done here, and says nothing now. */
static enum br_rc
check_alg(const struct br_jwk *k, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    unsigned sig = br_key_alg_by_name(k->alg);
    unsigned seal = br_jwe_alg_by_name(k->alg);
    bool fits = sig != 0 ? br_key_alg_kind((enum br_key_alg)sig) == k->key.kind
                         : seal == 0 || br_jwe_alg_fits(seal, k->key.kind);
    bool used_so = (sig == 0 || k->use != BR_JWK_USE_ENC) &&
                   (seal == 0 || k->use != BR_JWK_USE_SIG);
    if (!fits) {
        return br_refuse(
            reterr, BR_RULE_JWK_ALG, "alg %s does not work with a key of %s",
            br_rule_quote(k->alg, quote), br_key_kind_name(k->key.kind));
    }
    if (!used_so) {
        return br_refuse(
            reterr, BR_RULE_JWK_USE, "alg %s and use contradict each other",
            br_rule_quote(k->alg, quote));
    }
    return BR_OK;
}

/** "If both are used, the information they convey MUST be consistent." */
static enum br_rc
check_use(const struct br_jwk *k, struct br_err *reterr)
{
    bool sig = k->use == BR_JWK_USE_SIG;
    bool enc = k->use == BR_JWK_USE_ENC;
    if ((sig && !can_sign(k->key.kind)) || (enc && !can_seal(k->key.kind))) {
        return br_refuse(
            reterr, BR_RULE_JWK_USE, "a key of %s is not for %s",
            br_key_kind_name(k->key.kind), sig ? "signing" : "encryption");
    }
    if ((sig && (k->ops & ~(unsigned)SIG_OPS) != 0) ||
        (enc && (k->ops & (unsigned)SIG_OPS) != 0)) {
        return br_refuse(
            reterr, BR_RULE_JWK_KEY_OPS,
            "key_ops and use contradict each other");
    }
    return BR_OK;
}

static enum br_rc
take_purpose(const struct br_json *v, struct br_jwk *k, struct br_err *reterr)
{
    struct br_bytes use = {NULL, 0};
    BR_TRY(take_text(v, "kid", &k->kid, reterr));
    BR_TRY(take_text(v, "alg", &k->alg, reterr));
    BR_TRY(take_text(v, "use", &use, reterr));
    k->use = use_of(use);
    BR_TRY(take_ops(v, k, reterr));
    BR_TRY(check_alg(k, reterr));
    return check_use(k, reterr);
}

/* ---- the key itself ----------------------------------------------------- */

static enum br_rc
take_point(
    const struct br_json *v,
    enum br_key_kind kind,
    struct br_key *ret,
    struct br_err *reterr)
{
    uint8_t x_room[BR_KEY_BYTES_MAX];
    uint8_t y_room[BR_KEY_BYTES_MAX];
    struct br_bytes x = {NULL, 0};
    struct br_bytes y = {NULL, 0};
    struct br_err why;
    size_t n = br_key_kind_bytes(kind);
    bool okp = kind == BR_KEY_ED25519 || kind == BR_KEY_X25519;
    BR_TRY(take_bytes(v, "x", x_room, &x, reterr));
    if (!okp) {
        BR_TRY(take_bytes(v, "y", y_room, &y, reterr));
    }
    if (x.n != n || (!okp && y.n != n)) {
        return br_refuse(
            reterr, BR_RULE_JWK_COORDINATE,
            "a coordinate on %s has %zu bytes, not %zu", br_key_kind_name(kind),
            n, x.n != n ? x.n : y.n);
    }
    if (br_key_init(ret, kind, x, y, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_POINT, &why);
    }
    return BR_OK;
}

static enum br_rc
take_curve(
    const struct br_json *v,
    bool okp,
    struct br_key *ret,
    struct br_err *reterr)
{
    static const enum br_key_kind ec[] = {
        BR_KEY_P256, BR_KEY_P384, BR_KEY_P521, BR_KEY_SECP256K1};
    static const enum br_key_kind edwards[] = {BR_KEY_ED25519, BR_KEY_X25519};
    const enum br_key_kind *all = okp ? edwards : ec;
    size_t count = okp ? 2 : 4;
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes crv = {NULL, 0};
    BR_TRY(take_text(v, "crv", &crv, reterr));
    for (size_t i = 0; i < count; i++) {
        if (br_bytes_eq(br_str(br_key_kind_name(all[i])), crv)) {
            return take_point(v, all[i], ret, reterr);
        }
    }
    return br_refuse(
        reterr, BR_RULE_JWK_CRV, "crv \"%s\" is not a curve of kty %s",
        br_rule_quote(crv, quote), okp ? "OKP" : "EC");
}

static enum br_rc
take_rsa(const struct br_json *v, struct br_key *ret, struct br_err *reterr)
{
    uint8_t n_room[BR_KEY_BYTES_MAX];
    uint8_t e_room[BR_KEY_BYTES_MAX];
    struct br_bytes n = {NULL, 0};
    struct br_bytes e = {NULL, 0};
    struct br_err why;
    BR_TRY(take_bytes(v, "n", n_room, &n, reterr));
    BR_TRY(take_bytes(v, "e", e_room, &e, reterr));
    if (br_key_init_rsa(ret, n, e, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_RSA, &why);
    }
    return BR_OK;
}

static enum br_rc
take_public(const struct br_json *v, struct br_jwk *k, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes kty = {NULL, 0};
    if (v == NULL || v->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_JWK_FORM, "a JWK is an object");
    }
    BR_TRY(take_text(v, "kty", &kty, reterr));
    if (br_bytes_eq(kty, br_str("oct"))) {
        return br_refuse(reterr, BR_RULE_JWK_SYMMETRIC, "kty is \"oct\"");
    }
    if (br_bytes_eq(kty, br_str("RSA"))) {
        BR_TRY(take_rsa(v, &k->key, reterr));
    } else if (
        br_bytes_eq(kty, br_str("EC")) || br_bytes_eq(kty, br_str("OKP"))) {
        BR_TRY(take_curve(v, kty.p[0] == 'O', &k->key, reterr));
    } else {
        return br_refuse(
            reterr, BR_RULE_JWK_KTY, "kty is \"%s\"",
            br_rule_quote(kty, quote));
    }
    return take_purpose(v, k, reterr);
}

enum br_rc
br_jwk_parse(const struct br_json *v, struct br_jwk *ret, struct br_err *reterr)
{
    static const char *const secret[] = {"d",  "p",  "q",   "dp",
                                         "dq", "qi", "oth", "k"};
    struct br_jwk k = {0};
    BR_TRY(take_public(v, &k, reterr));
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (br_json_member(v, secret[i]) != NULL) {
            return br_refuse(
                reterr, BR_RULE_JWK_PRIVATE,
                "a public key has the private member \"%s\"", secret[i]);
        }
    }
    *ret = k;
    return BR_OK;
}

/* ---- private keys ------------------------------------------------------- */

static enum br_rc
take_secret(
    const struct br_json *v,
    const struct br_key *public_key,
    struct br_private_key **ret,
    struct br_err *reterr)
{
    uint8_t room[BR_KEY_BYTES_MAX];
    struct br_bytes d = {NULL, 0};
    struct br_err why;
    BR_TRY(take_bytes(v, "d", room, &d, reterr));
    enum br_rc rc = br_private_key_new(public_key->kind, d, ret, &why);
    br_wipe(room, sizeof(room));
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWK_SECRET, &why);
    }
    if (!br_key_eq(br_private_key_public(*ret), public_key)) {
        br_private_key_free(*ret);
        return br_refuse(
            reterr, BR_RULE_JWK_SECRET, "d does not belong to x and y");
    }
    return BR_OK;
}

static enum br_rc
take_rsa_secret(
    const struct br_json *v, struct br_private_key **ret, struct br_err *reterr)
{
    enum { PARTS = 8 };
    static const char *const names[PARTS] = {"n", "e",  "d",  "p",
                                             "q", "dp", "dq", "qi"};
    uint8_t room[PARTS][BR_KEY_BYTES_MAX];
    struct br_bytes at[PARTS] = {{NULL, 0}};
    struct br_err why = {0};
    enum br_rc rc = BR_OK;
    for (size_t i = 0; rc == BR_OK && i < PARTS; i++) {
        rc = take_bytes(v, names[i], room[i], &at[i], reterr);
    }
    if (rc == BR_OK) {
        const struct br_rsa_secret parts = {at[0], at[1], at[2], at[3],
                                            at[4], at[5], at[6], at[7]};
        rc = br_private_key_new_rsa(&parts, ret, &why);
        rc = rc == BR_OK ? rc : br_refuse_for(reterr, BR_RULE_JWK_SECRET, &why);
    }
    br_wipe(room, sizeof(room));
    return rc;
}

enum br_rc
br_jwk_parse_private(
    const struct br_json *v,
    struct br_jwk *ret,
    struct br_private_key **ret_key,
    struct br_err *reterr)
{
    struct br_jwk k = {0};
    struct br_private_key *key = NULL;
    BR_TRY(take_public(v, &k, reterr));
    if (k.key.kind == BR_KEY_RSA) {
        BR_TRY(take_rsa_secret(v, &key, reterr));
    } else {
        BR_TRY(take_secret(v, &k.key, &key, reterr));
    }
    *ret = k;
    *ret_key = key;
    return BR_OK;
}

/* ---- may it? ------------------------------------------------------------ */

static enum br_rc
check_purpose(
    const struct br_jwk *k,
    const char *alg,
    enum br_jwk_use use,
    unsigned needs,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    if (k->alg.n > 0 && !br_bytes_eq(k->alg, br_str(alg))) {
        return br_refuse(
            reterr, BR_RULE_JWK_ALG, "the key is for alg %s, not %s",
            br_rule_quote(k->alg, quote), alg);
    }
    if (k->use != BR_JWK_USE_ANY && k->use != use) {
        return br_refuse(
            reterr, BR_RULE_JWK_USE, "the key's use is not \"%s\"",
            use == BR_JWK_USE_SIG ? "sig" : "enc");
    }
    if (k->ops != 0 && (k->ops & needs) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWK_KEY_OPS, "key_ops does not allow %s",
            use == BR_JWK_USE_SIG ? "verifying" : "encrypting");
    }
    return BR_OK;
}

enum br_rc
br_jwk_check_verify(
    const struct br_jwk *k, enum br_key_alg alg, struct br_err *reterr)
{
    const char *name = br_key_alg_name((unsigned)alg);
    if (br_key_alg_kind(alg) != k->key.kind) {
        return br_refuse(
            reterr, BR_RULE_JWS_KEY, "%s does not verify with a key of %s",
            name, br_key_kind_name(k->key.kind));
    }
    return check_purpose(k, name, BR_JWK_USE_SIG, BR_JWK_OP_VERIFY, reterr);
}

enum br_rc
br_jwk_check_encrypt(
    const struct br_jwk *k, const char *alg, struct br_err *reterr)
{
    if (!br_jwe_alg_fits(br_jwe_alg_by_name(br_str(alg)), k->key.kind)) {
        return br_refuse(
            reterr, BR_RULE_JWE_KEY, "%s does not encrypt for a key of %s", alg,
            br_key_kind_name(k->key.kind));
    }
    return check_purpose(k, alg, BR_JWK_USE_ENC, SEAL_OPS, reterr);
}

/* ---- writing ------------------------------------------------------------ */

static void
write_bytes(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    br_json_write_name(w, name);
    br_json_write_base64url(w, v);
}

static void
write_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    if (v.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, v);
    }
}

static const char *
kty_of(enum br_key_kind kind)
{
    bool okp = kind == BR_KEY_ED25519 || kind == BR_KEY_X25519;
    return kind == BR_KEY_RSA ? "RSA" : okp ? "OKP" : "EC";
}

static void
write_key(struct br_json_writer *w, const struct br_key *k)
{
    uint8_t e[4];
    write_text(w, "kty", br_str(kty_of(k->kind)));
    if (k->kind == BR_KEY_RSA) {
        write_bytes(w, "n", br_key_n(k));
        write_bytes(w, "e", br_bytes(e, br_key_e(k, e)));
        return;
    }
    write_text(w, "crv", br_str(br_key_kind_name(k->kind)));
    write_bytes(w, "x", br_key_x(k));
    if (br_key_y(k).n > 0) {
        write_bytes(w, "y", br_key_y(k));
    }
}

static void
write_purpose(struct br_json_writer *w, const struct br_jwk *k)
{
    write_text(w, "kid", k->kid);
    write_text(w, "alg", k->alg);
    if (k->use == BR_JWK_USE_SIG || k->use == BR_JWK_USE_ENC) {
        write_text(w, "use", br_str(k->use == BR_JWK_USE_SIG ? "sig" : "enc"));
    }
    if (k->ops == 0) {
        return;
    }
    br_json_write_name(w, "key_ops");
    br_json_write_array(w);
    for (size_t i = 0; i < OPS; i++) {
        if ((k->ops & ops[i].bit) != 0) {
            br_json_write_string(w, br_str(ops[i].name));
        }
    }
    br_json_write_end(w);
}

void
br_jwk_write(struct br_json_writer *w, const struct br_jwk *k)
{
    br_json_write_object(w);
    write_key(w, &k->key);
    write_purpose(w, k);
    br_json_write_end(w);
}

enum br_rc
br_jwk_write_private(
    struct br_json_writer *w,
    const struct br_jwk *k,
    const struct br_private_key *key,
    struct br_err *reterr)
{
    uint8_t d[BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    BR_TRY(br_private_key_export(key, d, &n, reterr));
    br_json_write_object(w);
    write_key(w, &k->key);
    write_bytes(w, "d", br_bytes(d, n));
    write_purpose(w, k);
    br_json_write_end(w);
    br_wipe(d, sizeof(d));
    return BR_OK;
}

/* ---- thumbprints -------------------------------------------------------- */

static void
put_member(struct br_buf *b, const char *before, struct br_bytes v)
{
    br_buf_puts(b, before);
    br_base64url_put(b, v);
}

/** "The JSON object containing only the required members [...] with no
 *  whitespace or line breaks [...] ordered lexicographically by the Unicode
 *  code points of the member names." */
static void
put_required(struct br_buf *b, const struct br_key *k)
{
    uint8_t e[4];
    if (k->kind == BR_KEY_RSA) {
        put_member(b, "{\"e\":\"", br_bytes(e, br_key_e(k, e)));
        put_member(b, "\",\"kty\":\"RSA\",\"n\":\"", br_key_n(k));
    } else {
        br_buf_puts(b, "{\"crv\":\"");
        br_buf_puts(b, br_key_kind_name(k->kind));
        br_buf_puts(b, "\",\"kty\":\"");
        br_buf_puts(b, kty_of(k->kind));
        put_member(b, "\",\"x\":\"", br_key_x(k));
        if (br_key_y(k).n > 0) {
            put_member(b, "\",\"y\":\"", br_key_y(k));
        }
    }
    br_buf_puts(b, "\"}");
}

enum br_rc
br_jwk_thumbprint(
    const struct br_key *k, struct br_hash *ret, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_JWK_BYTES_MAX);
    put_required(&b, k);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        br_sha256(br_buf_bytes(&b), ret);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_jwk_thumbprint_text(
    const struct br_key *k,
    char ret[BR_THUMBPRINT_TEXT_BYTES + 1],
    struct br_err *reterr)
{
    struct br_hash h;
    struct br_buf b;
    BR_TRY(br_jwk_thumbprint(k, &h, reterr));
    br_buf_init(&b, BR_THUMBPRINT_TEXT_BYTES);
    br_base64url_put(&b, br_hash_bytes(&h));
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        memcpy(ret, b.p, BR_THUMBPRINT_TEXT_BYTES);
        ret[BR_THUMBPRINT_TEXT_BYTES] = '\0';
    }
    br_buf_fini(&b);
    return rc;
}
