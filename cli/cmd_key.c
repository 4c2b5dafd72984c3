/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/keys.h"

#include <stdio.h>

static void
print_public(const struct br_public_key *k)
{
    struct br_buf b;
    br_buf_init(&b, 256);
    br_cli_public_put(&b, k);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static enum br_rc
make(const struct br_args *a, struct br_signer **ret, struct br_err *reterr)
{
    enum br_sign_alg alg = BR_SIGN_ED25519;
    struct br_secret *passphrase = NULL;
    if (a->alg != NULL) {
        BR_TRY(br_cli_alg_parse(a->alg, &alg, reterr));
    }
    BR_TRY(br_cli_passphrase(a, true, &passphrase, reterr));
    enum br_rc rc =
        br_keyfile_create(a->words[0], alg, passphrase, ret, reterr);
    br_secret_free(passphrase);
    return rc;
}

int
br_cmd_key_new(const struct br_args *a)
{
    struct br_err err;
    struct br_signer *s = NULL;
    if (make(a, &s, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    print_public(br_signer_public(s));
    br_signer_free(s);
    return BR_EXIT_OK;
}

/** A file says it in its header; a token is opened for it. */
static enum br_rc
find_public(
    const struct br_args *a, struct br_public_key *ret, struct br_err *reterr)
{
    struct br_args token = *a;
    struct br_signer *s = NULL;
    if (strncmp(a->words[0], "pkcs11:", 7) != 0) {
        return br_keyfile_public(a->words[0], ret, reterr);
    }
    token.key = a->words[0];
    BR_TRY(br_cli_signer(&token, &s, reterr));
    *ret = *br_signer_public(s);
    br_signer_free(s);
    return BR_OK;
}

int
br_cmd_key_public(const struct br_args *a)
{
    struct br_err err;
    struct br_public_key k;
    if (find_public(a, &k, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    print_public(&k);
    return BR_EXIT_OK;
}
