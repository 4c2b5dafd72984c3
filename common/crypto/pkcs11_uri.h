/*
 * The part of the PKCS#11 URI scheme (RFC 7512) that names one private key.
 *
 *   pkcs11:token=LABEL;object=LABEL;id=%01%02;type=private
 *       ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin
 *
 * - `token`, `module-path` and one of `object` and `id` are required.
 * - `pin-value` is refused: a URI stands in configurations, logs and process
 *   lists. `module-name` is refused: which file it means depends on the
 *   machine. Any other attribute is refused too, since ignoring one could
 *   select another key.
 * - `pin-source` is a file, by absolute path or file: URI; commands ("|...")
 *   are refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_PKCS11_URI_H
#define BR_CRYPTO_PKCS11_URI_H

#include "common/base/bytes.h"
#include "common/base/error.h"

/* A token's label is 32 bytes in CK_TOKEN_INFO; the others are ample. */
#define BR_PKCS11_TOKEN_BYTES_MAX  32
#define BR_PKCS11_OBJECT_BYTES_MAX 255
#define BR_PKCS11_ID_BYTES_MAX     64
#define BR_PKCS11_PATH_BYTES_MAX   1023

/** Texts end with NUL and hold no other; an absent one is empty. */
struct br_pkcs11_uri {
    char token[BR_PKCS11_TOKEN_BYTES_MAX + 1];
    char object[BR_PKCS11_OBJECT_BYTES_MAX + 1];
    uint8_t id[BR_PKCS11_ID_BYTES_MAX];
    size_t id_n; /**< 0: no id given */
    char module_path[BR_PKCS11_PATH_BYTES_MAX + 1];
    char pin_path[BR_PKCS11_PATH_BYTES_MAX + 1];
};

/** Does the name begin with "pkcs11:"? */
bool br_pkcs11_uri_is(const char *name);

/** MALFORMED, MISSING_FIELD, DUPLICATE_FIELD, UNSUPPORTED or TOO_LARGE. */
enum br_rc br_pkcs11_uri_parse(
    const char *text,
    struct br_pkcs11_uri *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
