/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/fuzz/vault_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_FILES = 16 };

static char folder[64];
static struct br_vault *vault;
static struct br_secret *word;

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void
end(void)
{
    br_vault_close(vault);
    br_secret_free(word);
    (void)nftw(folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_folder(void)
{
    if (folder[0] == '\0') {
        bool memory = access("/dev/shm", W_OK) == 0;
        (void)snprintf(
            folder, sizeof(folder), "%s/broletto-fuzz-XXXXXX",
            memory ? "/dev/shm" : "/tmp");
        const char *made = mkdtemp(folder);
        BR_ASSERT(made != NULL);
        (void)atexit(end);
    }
    return folder;
}

struct br_vault *
fuzz_vault(void)
{
    if (vault == NULL) {
        const struct br_vault_options o = {
            .folder = fuzz_folder(), .create = true, .cost = FUZZ_COST};
        enum br_rc rc = br_vault_open(&o, &vault, NULL);
        BR_ASSERT(rc == BR_OK);
    }
    return vault;
}

const struct br_secret *
fuzz_word(void)
{
    if (word == NULL) {
        enum br_rc rc = br_secret_new(br_str("sesame"), &word, NULL);
        BR_ASSERT(rc == BR_OK);
    }
    return word;
}
