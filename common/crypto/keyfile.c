/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/keyfile.h"

#include "common/crypto/files.h"
#include "common/crypto/key_format.h"
#include "common/crypto/pkcs11.h"
#include "common/crypto/pkcs11_uri.h"

#include <sodium.h>

/** Tell which file a failure is about. */
static enum br_rc
in_file(const char *path, const struct br_err *inner, struct br_err *reterr)
{
    return br_fail(
        reterr, inner->rc, "%s: %.*s", path, BR_ERR_TEXT_BYTES, inner->text);
}

/** The text stays in *b, which the caller finishes in any case. */
static enum br_rc
read_text(
    const char *path,
    struct br_buf *b,
    struct br_key_text *ret,
    struct br_err *reterr)
{
    struct br_err inner;
    br_buf_init(b, BR_KEY_TEXT_BYTES_MAX);
    BR_TRY(br_file_read(path, b, reterr));
    if (br_key_text_parse(br_buf_bytes(b), ret, &inner) != BR_OK) {
        return in_file(path, &inner, reterr);
    }
    return BR_OK;
}

enum br_rc
br_keyfile_public(
    const char *path, struct br_public_key *ret, struct br_err *reterr)
{
    struct br_buf b;
    struct br_key_text k;
    enum br_rc rc = read_text(path, &b, &k, reterr);
    if (rc == BR_OK) {
        *ret = k.public_key;
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
allocate(uint8_t **ret, struct br_err *reterr)
{
    *ret = (uint8_t *)sodium_malloc(BR_KEY_SECRET_BYTES);
    return *ret == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory")
                        : BR_OK;
}

/** The secret in locked memory: the caller frees it. */
static enum br_rc
open_secret(
    const char *path,
    const struct br_secret *passphrase,
    struct br_public_key *ret_public,
    uint8_t **ret,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_key_text k;
    struct br_err inner;
    uint8_t *secret = NULL;
    if (passphrase == NULL) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "%s: a passphrase is needed", path);
    }
    enum br_rc rc = read_text(path, &b, &k, reterr);
    if (rc == BR_OK) {
        rc = allocate(&secret, reterr);
    }
    if (rc == BR_OK &&
        br_key_text_open(&k, passphrase, secret, &inner) != BR_OK) {
        rc = in_file(path, &inner, reterr);
    }
    br_buf_fini(&b);
    if (rc != BR_OK) {
        sodium_free(secret);
        return rc;
    }
    *ret_public = k.public_key;
    *ret = secret;
    return BR_OK;
}

static enum br_rc
open_file(
    const char *path,
    const struct br_secret *passphrase,
    struct br_signer **ret,
    struct br_err *reterr)
{
    struct br_public_key claimed = {0};
    uint8_t *secret = NULL;
    struct br_signer *s = NULL;
    BR_TRY(open_secret(path, passphrase, &claimed, &secret, reterr));
    enum br_rc rc = br_signer_from_secret(claimed.alg, secret, &s, reterr);
    sodium_free(secret);
    BR_TRY(rc);
    if (memcmp(br_signer_public(s)->b, claimed.b, claimed.n) != 0) {
        br_signer_free(s);
        return br_fail(
            reterr, BR_ERR_CORRUPT, "%s: the public key is another one", path);
    }
    *ret = s;
    return BR_OK;
}

enum br_rc
br_signer_open(
    const char *name,
    const struct br_secret *passphrase,
    struct br_signer **ret,
    struct br_err *reterr)
{
    return br_pkcs11_uri_is(name)
               ? br_pkcs11_open(name, passphrase, ret, reterr)
               : open_file(name, passphrase, ret, reterr);
}

/* ---- writing ------------------------------------------------------------ */

static enum br_rc
seal(
    const struct br_public_key *public_key,
    const struct br_secret *passphrase,
    const uint8_t *secret,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_key_text k = {
        .public_key = *public_key,
        .ops = crypto_pwhash_OPSLIMIT_INTERACTIVE,
        .kib = crypto_pwhash_MEMLIMIT_INTERACTIVE / 1024,
    };
    br_buf_init(b, BR_KEY_TEXT_BYTES_MAX);
    if (passphrase == NULL) {
        return br_fail(reterr, BR_ERR_KEY_LOCKED, "a passphrase is needed");
    }
    return br_key_text_seal(&k, passphrase, secret, b, reterr);
}

/** A random secret of this algorithm, and its signer. */
static enum br_rc
generate(
    enum br_sign_alg alg,
    uint8_t *secret,
    struct br_signer **ret,
    struct br_err *reterr)
{
    enum br_rc rc = BR_ERR_INTERNAL;
    /* A scalar is out of range once in 2^32 on P-256: try again. */
    for (int i = 0; i < 8 && rc != BR_OK; i++) {
        randombytes_buf(secret, BR_KEY_SECRET_BYTES);
        rc = br_signer_from_secret(alg, secret, ret, reterr);
    }
    return rc;
}

enum br_rc
br_keyfile_create(
    const char *path,
    enum br_sign_alg alg,
    const struct br_secret *passphrase,
    struct br_signer **ret,
    struct br_err *reterr)
{
    uint8_t *secret = NULL;
    struct br_signer *s = NULL;
    struct br_buf b;
    BR_TRY(allocate(&secret, reterr));
    br_buf_init(&b, 0);
    enum br_rc rc = generate(alg, secret, &s, reterr);
    if (rc == BR_OK) {
        rc = seal(br_signer_public(s), passphrase, secret, &b, reterr);
    }
    if (rc == BR_OK) {
        rc = br_file_create(path, br_buf_bytes(&b), 0600, reterr);
    }
    sodium_free(secret);
    br_buf_fini(&b);
    if (rc != BR_OK) {
        br_signer_free(s);
        return rc;
    }
    *ret = s;
    return BR_OK;
}

enum br_rc
br_keyfile_rekey(
    const char *path,
    const struct br_secret *old_passphrase,
    const struct br_secret *new_passphrase,
    struct br_err *reterr)
{
    uint8_t *secret = NULL;
    struct br_public_key public_key = {0};
    struct br_buf b;
    BR_TRY(open_secret(path, old_passphrase, &public_key, &secret, reterr));
    enum br_rc rc = seal(&public_key, new_passphrase, secret, &b, reterr);
    sodium_free(secret);
    if (rc == BR_OK) {
        rc = br_file_replace(path, br_buf_bytes(&b), 0600, reterr);
    }
    br_buf_fini(&b);
    return rc;
}
