/*
 * A wallet's folder for the targets that need one: in memory where the system
 * has such a place, gone when the program ends.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_FUZZ_VAULT_FOLDER_H
#define BR_TEST_FUZZ_VAULT_FOLDER_H

#include "tests/fuzz/fuzz.h"
#include "wallet/vault/vault.h"

/* As cheap as Argon2id can be. */
#define FUZZ_COST ((struct br_seal_cost){1, 8})

/** The folder's path; the same at each call. */
const char *fuzz_folder(void);
/** The vault in it, and "sesame"; made at the first call. */
struct br_vault *fuzz_vault(void);
const struct br_secret *fuzz_word(void);

#endif
