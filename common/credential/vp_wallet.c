/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vp_wallet.h"

#include "common/credential/rule.h"

/* ---- our wallets -------------------------------------------------------- */

static void
write_names(
    struct br_json_writer *w, const char *name, const char *const *values)
{
    br_json_write_name(w, name);
    br_json_write_array(w);
    for (; *values != NULL; values++) {
        br_json_write_string(w, br_str(*values));
    }
    br_json_write_end(w);
}

static const char *const algs[] = {"ES256", "ES384", "ES512", "EdDSA", NULL};

static void
write_formats(struct br_json_writer *w)
{
    static const char *const es256[] = {"ES256", NULL};
    br_json_write_name(w, "vp_formats_supported");
    br_json_write_object(w);
    br_json_write_name(w, "dc+sd-jwt");
    br_json_write_object(w);
    write_names(w, "sd-jwt_alg_values", algs);
    write_names(w, "kb-jwt_alg_values", es256);
    br_json_write_end(w);
    br_json_write_end(w);
}

enum br_rc
br_vp_wallet_write(
    const struct br_key *key,
    struct br_bytes kid,
    bool attested,
    struct br_buf *ret,
    struct br_err *reterr)
{
    static const char *const prefixes[] = {
        "x509_hash", "x509_san_dns", "decentralized_identifier", "redirect_uri",
        NULL};
    static const char *const all[] = {
        "x509_hash",    "x509_san_dns",         "decentralized_identifier",
        "redirect_uri", "verifier_attestation", NULL};
    static const char *const ecdh[] = {"ECDH-ES", NULL};
    static const char *const encs[] = {"A128GCM", "A256GCM", NULL};
    const struct br_jwk jwk = {
        .key = *key,
        .kid = kid,
        .alg = br_str("ECDH-ES"),
        .use = BR_JWK_USE_ENC,
    };
    struct br_json_writer w;
    br_json_writer_init(&w, ret);
    br_json_write_object(&w);
    write_formats(&w);
    write_names(&w, "client_id_prefixes_supported", attested ? all : prefixes);
    write_names(&w, "request_object_signing_alg_values_supported", algs);
    write_names(&w, "request_object_encryption_alg_values_supported", ecdh);
    write_names(&w, "request_object_encryption_enc_values_supported", encs);
    br_json_write_name(&w, "jwks");
    br_json_write_object(&w);
    br_json_write_name(&w, "keys");
    br_json_write_array(&w);
    br_jwk_write(&w, &jwk);
    br_json_write_end(&w);
    br_json_write_end(&w);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

/* ---- any wallet --------------------------------------------------------- */

/** A list that is not there says nothing against it. */
static bool
names(const struct br_json *list, const char *what)
{
    bool found = list == NULL;
    for (struct br_json *i = br_json_first(list); !found && i != NULL;
         i = i->next) {
        found = br_json_is(i, what);
    }
    return found;
}

/** "If the Wallet requires the Verifier to encrypt the Request Object, it
 *  SHOULD use the jwks parameter within the wallet_metadata parameter to pass
 *  public encryption keys" (section 5.10). */
static enum br_rc
take_key(const struct br_json *v, struct br_vp_wallet *w, struct br_err *reterr)
{
    const struct br_json *jwks = br_json_member(v, "jwks");
    const struct br_json *encs =
        br_json_member(v, "request_object_encryption_enc_values_supported");
    const struct br_json *keys = br_json_member(jwks, "keys");
    const struct br_json *ways =
        br_json_member(v, "request_object_encryption_alg_values_supported");
    bool good = jwks != NULL && names(ways, "ECDH-ES");
    w->enc = encs != NULL && names(encs, "A256GCM") ? BR_ENC_A256GCM
                                                    : BR_ENC_A128GCM;
    good = good && (w->enc == BR_ENC_A256GCM || names(encs, "A128GCM"));
    for (struct br_json *i = br_json_first(keys);
         good && !w->wants_sealed && i != NULL; i = i->next) {
        struct br_err ignored;
        w->wants_sealed =
            br_jwk_parse(i, &w->key, &ignored) == BR_OK && w->key.kid.n > 0 &&
            br_jwe_alg_fits(BR_JWE_ECDH_ES, w->key.key.kind) &&
            br_jwk_check_encrypt(&w->key, "ECDH-ES", &ignored) == BR_OK;
    }
    return w->wants_sealed || ways == NULL
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_WALLET_KEY,
                     "the wallet names no key with a kid for ECDH-ES with "
                     "A128GCM or A256GCM");
}

enum br_rc
br_vp_wallet_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vp_wallet *ret,
    struct br_err *reterr)
{
    struct br_vp_wallet w = {.signs = true, .knows = true};
    struct br_json *v = NULL;
    struct br_err why;
    if (text.n > 0) {
        if (br_json_parse(text, arena, &v, &why) != BR_OK ||
            br_json_as(v, BR_JSON_OBJECT, &why) != BR_OK) {
            return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why);
        }
        const struct br_json *formats =
            br_json_member(v, "vp_formats_supported");
        w.knows =
            formats == NULL || br_json_member(formats, "dc+sd-jwt") != NULL;
        w.signs = names(
            br_json_member(v, "request_object_signing_alg_values_supported"),
            "ES256");
        BR_TRY(take_key(v, &w, reterr));
    }
    *ret = w;
    return BR_OK;
}

/* ---- the object --------------------------------------------------------- */

enum br_rc
br_vp_object_seal(
    const struct br_vp_wallet *wallet,
    struct br_bytes object,
    const struct br_jwe_fresh *fresh,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jwe_header header = {
        .alg = BR_JWE_ECDH_ES,
        .enc = wallet->enc,
        .kid = wallet->key.kid,
        .typ = BR_VP_REQUEST_TYP,
        .cty = BR_VP_REQUEST_TYP,
    };
    return br_jwe_encrypt(
        &header, &wallet->key.key, object, fresh, ret, reterr);
}

/** Four dots: RFC 7516 section 9. */
static bool
is_encrypted(struct br_bytes text)
{
    unsigned dots = 0;
    for (size_t i = 0; i < text.n; i++) {
        dots += text.p[i] == '.';
    }
    return dots == 4;
}

enum br_rc
br_vp_object_open(
    struct br_bytes text,
    const struct br_private_key *key,
    struct br_bytes kid,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    static const struct br_jwe_policy policy = {
        .algs = BR_JWE_ECDH_ES,
        .encs = BR_ENC_A128GCM | BR_ENC_A256GCM,
        .bytes_max = BR_VP_SEALED_BYTES_MAX,
    };
    struct br_jwe jwe;
    struct br_buf plain;
    if (!is_encrypted(text)) {
        *ret = text;
        return BR_OK;
    }
    BR_TRY(br_jwe_parse(text, &policy, arena, &jwe, reterr));
    if (key == NULL || !br_bytes_eq(jwe.kid, kid)) {
        return br_refuse(
            reterr, BR_RULE_VP_WALLET_KEY, "it is encrypted for another key");
    }
    br_buf_init(&plain, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_jwe_decrypt(&jwe, key, &plain, reterr);
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(arena, br_buf_bytes(&plain));
        *ret = br_bytes(copy, copy == NULL ? 0 : plain.n);
        rc = copy != NULL ? BR_OK
                          : br_fail(reterr, BR_ERR_NO_MEMORY, "a request");
    }
    br_buf_fini(&plain);
    return rc;
}
