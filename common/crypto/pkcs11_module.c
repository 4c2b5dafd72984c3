/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/pkcs11_module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct br_pkcs11_module {
    struct br_pkcs11_module *next;
    const CK_FUNCTION_LIST *functions;
    size_t users;
    bool started; /**< by us, so we end it */
    char path[];
};

/* A module once loaded stays loaded: many of them register thread and exit
 * handlers, which an unloaded library would leave dangling. */
static struct br_pkcs11_module *modules;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum br_rc
br_pkcs11_check(CK_RV rv, const char *what, struct br_err *reterr)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } names[] = {
        {CKR_PIN_INCORRECT, "the PIN is wrong"},
        {CKR_PIN_LOCKED, "the PIN is locked after wrong attempts"},
        {CKR_PIN_LEN_RANGE, "the PIN is too short or too long"},
        {CKR_TOKEN_NOT_PRESENT, "the token is not present"},
        {CKR_DEVICE_REMOVED, "the token was removed"},
        {CKR_DEVICE_ERROR, "the device failed"},
        {CKR_MECHANISM_INVALID, "the token lacks this mechanism"},
        {CKR_SESSION_HANDLE_INVALID, "the session is gone"},
        {CKR_USER_NOT_LOGGED_IN, "the user is logged out"},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not sign"},
    };
    if (rv == CKR_OK) {
        return BR_OK;
    }
    const char *name = "refused by the token";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = names[i].rv == rv ? names[i].name : name;
    }
    return br_fail(
        reterr, BR_ERR_KEY_LOCKED, "PKCS#11 %s: %s (0x%lx)", what, name, rv);
}

/** ISO C has no conversion from the void pointer of dlsym to a function. */
static const CK_FUNCTION_LIST *
function_list(void *library)
{
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *list = NULL;
    void *symbol = dlsym(library, "C_GetFunctionList");
    if (symbol == NULL) {
        return NULL;
    }
    memcpy(&get, &symbol, sizeof(get));
    return get(&list) == CKR_OK ? list : NULL;
}

static enum br_rc
load(const char *path, struct br_pkcs11_module **ret, struct br_err *reterr)
{
    size_t n = strlen(path) + 1;
    struct br_pkcs11_module *m =
        (struct br_pkcs11_module *)calloc(1, sizeof(*m) + n);
    if (m == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "PKCS#11 module");
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        free(m);
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "PKCS#11 module: %s",
            why == NULL ? path : why);
    }
    m->functions = function_list(library);
    if (m->functions == NULL) {
        (void)dlclose(library);
        free(m);
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "%s is no PKCS#11 module", path);
    }
    memcpy(m->path, path, n);
    m->next = modules;
    modules = m;
    *ret = m;
    return BR_OK;
}

static enum br_rc
start(struct br_pkcs11_module *m, struct br_err *reterr)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    if (m->users == 0) {
        CK_RV rv = m->functions->C_Initialize(&args);
        if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
            BR_TRY(br_pkcs11_check(rv, "C_Initialize", reterr));
            m->started = true;
        }
    }
    m->users++;
    return BR_OK;
}

enum br_rc
br_pkcs11_module_acquire(
    const char *path, struct br_pkcs11_module **ret, struct br_err *reterr)
{
    (void)pthread_mutex_lock(&lock);
    struct br_pkcs11_module *m = modules;
    while (m != NULL && strcmp(m->path, path) != 0) {
        m = m->next;
    }
    enum br_rc rc = m == NULL ? load(path, &m, reterr) : BR_OK;
    if (rc == BR_OK && m != NULL) {
        rc = start(m, reterr);
    }
    if (rc == BR_OK) {
        *ret = m;
    }
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

void
br_pkcs11_module_release(struct br_pkcs11_module *m)
{
    (void)pthread_mutex_lock(&lock);
    m->users--;
    if (m->users == 0 && m->started) {
        (void)m->functions->C_Finalize(NULL);
        m->started = false;
    }
    (void)pthread_mutex_unlock(&lock);
}

const CK_FUNCTION_LIST *
br_pkcs11_functions(const struct br_pkcs11_module *m)
{
    return m->functions;
}
