/*
 * PKCS#11 modules: loaded once per path, initialised while somebody uses them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_PKCS11_MODULE_H
#define BR_CRYPTO_PKCS11_MODULE_H

#include "common/base/error.h"

#include <p11-kit/pkcs11.h>

struct br_pkcs11_module;

/** Any thread. Each acquire is matched by one release. */
enum br_rc br_pkcs11_module_acquire(
    const char *path,
    struct br_pkcs11_module **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_pkcs11_module_release(struct br_pkcs11_module *m);
const CK_FUNCTION_LIST *br_pkcs11_functions(const struct br_pkcs11_module *m);

/** What a module answered, as an error of ours: KEY_LOCKED, and the name of
 *  the commonest codes. Returns BR_OK for CKR_OK. */
enum br_rc
br_pkcs11_check(CK_RV rv, const char *what, struct br_err *reterr) BR_MUST_USE;

#endif
