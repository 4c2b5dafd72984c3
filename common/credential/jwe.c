/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/jwe.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/compact.h"
#include "common/credential/jwe_internal.h"
#include "common/credential/jwk.h"
#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"

enum { PARTS = 5 };

static const struct br_compact_rules rules = {
    .base64 = BR_RULE_JWE_BASE64,
    .header = BR_RULE_JWE_HEADER,
    .duplicate = BR_RULE_JWE_DUPLICATE,
    .remote_key = BR_RULE_JWE_REMOTE_KEY,
};

/* ---- algorithms --------------------------------------------------------- */

static const struct {
    enum br_jwe_alg alg;
    uint8_t kek_bytes;
    const char *name;
} algs[] = {
    {BR_JWE_ECDH_ES, 0, "ECDH-ES"},
    {BR_JWE_ECDH_ES_A128KW, 16, "ECDH-ES+A128KW"},
    {BR_JWE_ECDH_ES_A256KW, 32, "ECDH-ES+A256KW"},
    {BR_JWE_RSA_OAEP_256, 0, "RSA-OAEP-256"},
};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

const char *
br_jwe_alg_name(unsigned alg)
{
    for (size_t i = 0; i < ALGS; i++) {
        if ((unsigned)algs[i].alg == alg) {
            return algs[i].name;
        }
    }
    return NULL;
}

unsigned
br_jwe_alg_by_name(struct br_bytes name)
{
    for (size_t i = 0; i < ALGS; i++) {
        if (br_bytes_eq(br_str(algs[i].name), name)) {
            return (unsigned)algs[i].alg;
        }
    }
    return 0;
}

bool
br_jwe_alg_fits(unsigned alg, enum br_key_kind kind)
{
    bool agrees = kind == BR_KEY_P256 || kind == BR_KEY_P384 ||
                  kind == BR_KEY_P521 || kind == BR_KEY_X25519;
    if (alg == BR_JWE_RSA_OAEP_256) {
        return kind == BR_KEY_RSA;
    }
    return alg != 0 && agrees;
}

size_t
br_jwe_kek_bytes(enum br_jwe_alg alg)
{
    size_t i = 0;
    while (i < ALGS && algs[i].alg != alg) {
        i++;
    }
    BR_ASSERT(i < ALGS);
    return algs[i].kek_bytes;
}

/** "In the Direct Key Agreement case, Data is set to the octets of the ASCII
 *  representation of the "enc" Header Parameter value. In the Key Agreement
 *  with Key Wrapping case, Data is set to the octets of the ASCII
 *  representation of the "alg" (algorithm) Header Parameter value." */
enum br_rc
br_jwe_derive(
    const struct br_jwe_derivation *d,
    const struct br_private_key *own,
    const struct br_key *other,
    uint8_t ret[BR_ENC_KEY_BYTES_MAX],
    struct br_err *reterr)
{
    uint8_t z[BR_KEY_COORDINATE_MAX];
    size_t kek_bytes = br_jwe_kek_bytes(d->alg);
    bool direct = kek_bytes == 0;
    BR_TRY(br_private_key_agree(own, other, z, reterr));
    const struct br_concat_kdf in = {
        .z = br_bytes(z, br_key_kind_bytes(other->kind)),
        .alg =
            br_str(direct ? d->enc->name : br_jwe_alg_name((unsigned)d->alg)),
        .apu = d->apu,
        .apv = d->apv,
    };
    br_concat_kdf(&in, ret, direct ? d->enc->key_bytes : kek_bytes);
    br_wipe(z, sizeof(z));
    return BR_OK;
}

/* ---- the header --------------------------------------------------------- */

static enum br_rc
take_algs(
    const struct br_jwe_policy *policy, struct br_jwe *j, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes alg;
    struct br_bytes enc;
    BR_TRY(br_compact_text(j->header, "alg", BR_RULE_JWE_HEADER, &alg, reterr));
    BR_TRY(br_compact_text(j->header, "enc", BR_RULE_JWE_HEADER, &enc, reterr));
    unsigned bit = br_jwe_alg_by_name(alg);
    if ((bit & policy->algs) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWE_ALG, "alg \"%s\" is not allowed here",
            br_rule_quote(alg, quote));
    }
    j->alg = (enum br_jwe_alg)bit;
    j->enc = br_enc_by_name(enc);
    if (j->enc == NULL || ((unsigned)j->enc->enc & policy->encs) == 0) {
        return br_refuse(
            reterr, BR_RULE_JWE_ENC, "enc \"%s\" is not allowed here",
            br_rule_quote(enc, quote));
    }
    return BR_OK;
}

static enum br_rc
take_party(
    const struct br_json *header,
    const char *name,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_bytes text;
    BR_TRY(br_compact_text(header, name, BR_RULE_JWE_PARTY, &text, reterr));
    return br_compact_decode(text, arena, BR_RULE_JWE_PARTY, ret, reterr);
}

/** "The recipient [...] MUST verify that the received public key is a point on
 *  the curve": RFC 8725 section 3.4 tells what happens otherwise. */
static enum br_rc
take_epk(struct br_jwe *j, struct br_err *reterr)
{
    struct br_err why;
    struct br_jwk epk;
    const struct br_json *v = br_json_member(j->header, "epk");
    if (v == NULL) {
        return br_refuse(reterr, BR_RULE_JWE_EPK, "the header has no epk");
    }
    if (br_jwk_parse(v, &epk, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_JWE_EPK, &why);
    }
    if (!br_jwe_alg_fits((unsigned)j->alg, epk.key.kind)) {
        return br_refuse(
            reterr, BR_RULE_JWE_EPK, "no keys are agreed on %s",
            br_key_kind_name(epk.key.kind));
    }
    j->epk = epk.key;
    return BR_OK;
}

static enum br_rc
take_header(
    const struct br_jwe_policy *policy,
    struct br_arena *arena,
    struct br_jwe *j,
    struct br_err *reterr)
{
    const enum br_rule rule = BR_RULE_JWE_HEADER;
    BR_TRY(take_algs(policy, j, reterr));
    if (br_json_member(j->header, "zip") != NULL) {
        return br_refuse(reterr, BR_RULE_JWE_ZIP, "the content is compressed");
    }
    if (br_json_member(j->header, "crit") != NULL) {
        return br_refuse(reterr, BR_RULE_JWE_CRIT, "the header has a crit");
    }
    BR_TRY(br_compact_text(j->header, "typ", rule, &j->typ, reterr));
    BR_TRY(br_compact_text(j->header, "cty", rule, &j->cty, reterr));
    BR_TRY(br_compact_text(j->header, "kid", rule, &j->kid, reterr));
    if (j->alg == BR_JWE_RSA_OAEP_256) {
        return BR_OK;
    }
    BR_TRY(take_party(j->header, "apu", arena, &j->apu, reterr));
    BR_TRY(take_party(j->header, "apv", arena, &j->apv, reterr));
    return take_epk(j, reterr);
}

/* ---- the parts ---------------------------------------------------------- */

static enum br_rc
check_sizes(const struct br_jwe *j, struct br_err *reterr)
{
    size_t kek = br_jwe_kek_bytes(j->alg);
    size_t want = kek == 0 ? 0 : j->enc->key_bytes + BR_KEY_WRAP_BYTES;
    if (j->alg != BR_JWE_RSA_OAEP_256 && j->encrypted_key.n != want) {
        return br_refuse(
            reterr, BR_RULE_JWE_ENCRYPTED_KEY,
            "an encrypted key of %zu bytes, not %zu", j->encrypted_key.n, want);
    }
    if (j->iv.n != j->enc->iv_bytes) {
        return br_refuse(
            reterr, BR_RULE_JWE_IV, "an IV of %zu bytes, not %u", j->iv.n,
            j->enc->iv_bytes);
    }
    if (j->tag.n != j->enc->tag_bytes) {
        return br_refuse(
            reterr, BR_RULE_JWE_TAG, "a tag of %zu bytes, not %u", j->tag.n,
            j->enc->tag_bytes);
    }
    return BR_OK;
}

static enum br_rc
split(
    struct br_bytes token,
    const struct br_jwe_policy *policy,
    struct br_bytes parts[PARTS],
    struct br_err *reterr)
{
    size_t max = policy->bytes_max != 0 ? policy->bytes_max : BR_JWE_BYTES_MAX;
    if (token.n > max) {
        return br_refuse(
            reterr, BR_RULE_JWE_SIZE, "a token of %zu bytes, %zu at most",
            token.n, max);
    }
    if (!br_compact_split(token, parts, PARTS)) {
        return br_refuse(
            reterr, BR_RULE_JWE_PARTS, "not five parts between dots");
    }
    return BR_OK;
}

enum br_rc
br_jwe_parse(
    struct br_bytes token,
    const struct br_jwe_policy *policy,
    struct br_arena *arena,
    struct br_jwe *ret,
    struct br_err *reterr)
{
    struct br_jwe j = {0};
    struct br_bytes parts[PARTS] = {{NULL, 0}};
    struct br_bytes *const decoded[PARTS] = {
        NULL, &j.encrypted_key, &j.iv, &j.ciphertext, &j.tag};
    BR_TRY(split(token, policy, parts, reterr));
    BR_TRY(br_compact_header(parts[0], arena, &rules, &j.header, reterr));
    BR_TRY(take_header(policy, arena, &j, reterr));
    for (size_t i = 1; i < PARTS; i++) {
        BR_TRY(br_compact_decode(
            parts[i], arena, BR_RULE_JWE_BASE64, decoded[i], reterr));
    }
    j.aad = parts[0];
    BR_TRY(check_sizes(&j, reterr));
    *ret = j;
    return BR_OK;
}

/* ---- decrypting --------------------------------------------------------- */

/** The content's key from an agreement: itself, or what it unwraps. */
static enum br_rc
agreed_cek(
    const struct br_jwe *j,
    const struct br_private_key *key,
    uint8_t cek[BR_ENC_KEY_BYTES_MAX],
    struct br_err *reterr)
{
    const struct br_jwe_derivation d = {j->alg, j->enc, j->apu, j->apv};
    uint8_t kek[BR_ENC_KEY_BYTES_MAX];
    size_t kek_bytes = br_jwe_kek_bytes(j->alg);
    if (kek_bytes == 0) {
        return br_jwe_derive(&d, key, &j->epk, cek, reterr);
    }
    BR_TRY(br_jwe_derive(&d, key, &j->epk, kek, reterr));
    enum br_rc rc =
        br_key_unwrap(br_bytes(kek, kek_bytes), j->encrypted_key, cek, reterr);
    br_wipe(kek, sizeof(kek));
    return rc;
}

static enum br_rc
check_key(
    const struct br_jwe *j, const struct br_key *key, struct br_err *reterr)
{
    if (!br_jwe_alg_fits((unsigned)j->alg, key->kind)) {
        return br_refuse(
            reterr, BR_RULE_JWE_KEY, "%s does not decrypt with a key of %s",
            br_jwe_alg_name((unsigned)j->alg), br_key_kind_name(key->kind));
    }
    if (j->alg == BR_JWE_RSA_OAEP_256) {
        return j->encrypted_key.n == key->n
                   ? BR_OK
                   : br_refuse(
                         reterr, BR_RULE_JWE_ENCRYPTED_KEY,
                         "an encrypted key of %zu bytes, not %u",
                         j->encrypted_key.n, key->n);
    }
    if (j->epk.kind != key->kind) {
        return br_refuse(
            reterr, BR_RULE_JWE_EPK, "epk is on %s, the key on %s",
            br_key_kind_name(j->epk.kind), br_key_kind_name(key->kind));
    }
    return BR_OK;
}

static enum br_rc
decrypt(
    const struct br_jwe *j,
    const struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t cek[BR_ENC_KEY_BYTES_MAX];
    enum br_rc rc =
        j->alg == BR_JWE_RSA_OAEP_256
            ? br_private_key_open_oaep(
                  key, j->encrypted_key, cek, j->enc->key_bytes, reterr)
            : agreed_cek(j, key, cek, reterr);
    if (rc == BR_OK) {
        const struct br_enc_with with = {j->enc->enc, cek, j->iv.p, j->aad};
        rc = br_enc_open(&with, j->ciphertext, j->tag, ret, reterr);
    }
    br_wipe(cek, sizeof(cek));
    return rc;
}

enum br_rc
br_jwe_decrypt(
    const struct br_jwe *jwe,
    const struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_err why;
    BR_TRY(check_key(jwe, br_private_key_public(key), reterr));
    enum br_rc rc = decrypt(jwe, key, ret, &why);
    if (rc == BR_ERR_DECRYPTION_FAILED) {
        return br_refuse(reterr, BR_RULE_JWE_DECRYPT, "it does not decrypt");
    }
    return rc == BR_OK ? rc : br_fail(reterr, rc, "%s", why.text);
}
