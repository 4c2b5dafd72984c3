/* SPDX-License-Identifier: EUPL-1.2 */
/* Names of keys in tokens. */
#include "common/crypto/pkcs11_uri.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static bool
ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static void
check(const char *text)
{
    struct br_pkcs11_uri u;
    struct br_err err;
    enum br_rc rc = br_pkcs11_uri_parse(text, &u, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(br_pkcs11_uri_is(text));
    BR_ASSERT(ends(u.token, sizeof(u.token)) && u.token[0] != '\0');
    BR_ASSERT(ends(u.object, sizeof(u.object)));
    BR_ASSERT(u.id_n <= sizeof(u.id) && (u.object[0] != '\0' || u.id_n > 0));
    BR_ASSERT(ends(u.module_path, sizeof(u.module_path)));
    BR_ASSERT(u.module_path[0] != '\0');
    BR_ASSERT(ends(u.pin_path, sizeof(u.pin_path)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = (char *)malloc(n + 1);
    BR_ASSERT(text != NULL);
    if (n > 0) {
        memcpy(text, data, n);
    }
    text[n] = '\0';
    check(text);
    free(text);
    return 0;
}
