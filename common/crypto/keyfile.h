/*
 * Private keys at rest: encrypted files and PKCS#11 tokens, under one name.
 *
 * A key file is a small text document: a header that names its version,
 * algorithm, public key and Argon2id parameters, and the 32 secret bytes under
 * XChaCha20-Poly1305 with the header as associated data. docs/keys.md tells it
 * byte by byte. It is written with mode 0600, to a temporary name, then
 * renamed.
 *
 * A key is named by a path ("keys/log.key") or by an RFC 7512 URI
 * ("pkcs11:token=broletto;object=tsa?module-path=...&pin-source=file:...").
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_KEYFILE_H
#define BR_CRYPTO_KEYFILE_H

#include "common/crypto/sign.h"

/** A passphrase in locked memory, wiped when freed. */
struct br_secret;
void br_secret_free(struct br_secret *s);
size_t br_secret_bytes(const struct br_secret *s);
enum br_rc br_secret_new(
    struct br_bytes value,
    struct br_secret **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The first line of a file, without its newline; refuses a file that group
 *  or others may read, unless it lies in $CREDENTIALS_DIRECTORY. */
enum br_rc br_secret_from_file(
    const char *path,
    struct br_secret **ret,
    struct br_err *reterr) BR_MUST_USE;
/** A random passphrase of 32 bytes as base64url, written to a new file 0600. */
enum br_rc br_secret_generate_file(
    const char *path,
    struct br_secret **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Open a key by path or pkcs11: URI (pkcs11_uri.h). For a path, passphrase is
 *  needed; for a token it is the PIN, unless the URI has a pin-source.
 *  NOT_FOUND, MALFORMED, OUT_OF_RANGE, CORRUPT, or KEY_LOCKED when the
 *  passphrase or PIN is wrong or missing. A path takes about a tenth of a
 *  second and 64 MiB (Argon2id). */
enum br_rc br_signer_open(
    const char *name,
    const struct br_secret *passphrase,
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Generate a key and write its encrypted file; refuses to overwrite
 *  (CONFLICT). */
enum br_rc br_keyfile_create(
    const char *path,
    enum br_sign_alg alg,
    const struct br_secret *passphrase,
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The public key in a key file's header; needs no passphrase, and is only
 *  as trustworthy as the file until the key is opened. */
enum br_rc br_keyfile_public(
    const char *path,
    struct br_public_key *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Encrypt an existing key file under a new passphrase, atomically. */
enum br_rc br_keyfile_rekey(
    const char *path,
    const struct br_secret *old_passphrase,
    const struct br_secret *new_passphrase,
    struct br_err *reterr) BR_MUST_USE;

/** Random bytes from the kernel (libsodium). */
void br_random(void *out, size_t n);
/** n random bytes, 64 at most, as base64url without padding and a NUL: out has
 *  room for (4 * n + 2) / 3 + 1. */
void br_random_text(char *out, size_t n);
/** Overwrite what was secret. */
void br_wipe(void *p, size_t n);
/** In time that does not depend on the contents. */
bool br_secret_eq(const void *a, const void *b, size_t n);

#endif
