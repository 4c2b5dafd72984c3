/* SPDX-License-Identifier: EUPL-1.2 */
/* A person's lock, as who has the disk may have left it: the input itself, and
 * the lock that was written with the input's bits flipped in it. What was
 * written opens; all else opens as the same person, or is refused. */
#include "tests/fuzz/vault_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_BYTES_MAX = 64 * 1024, COST_AT = 8, OPS_MAX = 2, KIB_MAX = 64 };

static char path[512];
static uint8_t written[LOCK_BYTES_MAX];
static size_t written_n;

/** The only lock of the folder. */
static void
find_lock(void)
{
    char locks[256];
    (void)snprintf(locks, sizeof(locks), "%s/locks", fuzz_folder());
    DIR *d = opendir(locks);
    BR_ASSERT(d != NULL);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", locks, e->d_name);
        }
    }
    (void)closedir(d);
    BR_ASSERT(path[0] != '\0');
}

static void
write_lock(const uint8_t *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    BR_ASSERT(f != NULL);
    size_t done = n == 0 ? 0 : fwrite(data, 1, n, f);
    BR_ASSERT(done == n);
    (void)fclose(f);
}

static void
begin(void)
{
    struct br_vault_person *p = NULL;
    fuzz_init();
    enum br_rc rc =
        br_vault_add_person(fuzz_vault(), "ada", fuzz_word(), &p, NULL);
    BR_ASSERT(rc == BR_OK);
    br_vault_lock(p);
    find_lock();
    FILE *f = fopen(path, "rb");
    BR_ASSERT(f != NULL);
    written_n = fread(written, 1, sizeof(written), f);
    (void)fclose(f);
    BR_ASSERT(written_n > COST_AT + 8 && written_n < sizeof(written));
}

/** Costs that the vault takes and a fuzzer has no time for. */
static bool
is_dear(const uint8_t *lock, size_t n)
{
    static const uint8_t limits[8] = {0, 0, 0, OPS_MAX, 0, 0, 0, KIB_MAX};
    return n >= COST_AT + 8 && (memcmp(lock + COST_AT, limits, 4) > 0 ||
                                memcmp(lock + COST_AT + 4, limits + 4, 4) > 0);
}

static void
open_lock(const uint8_t *lock, size_t n)
{
    struct br_vault_person *p = NULL;
    struct br_err err;
    bool same = n == written_n && memcmp(lock, written, n) == 0;
    if (is_dear(lock, n)) {
        return;
    }
    write_lock(lock, n);
    enum br_rc rc = br_vault_unlock(fuzz_vault(), "ada", fuzz_word(), &p, &err);
    BR_ASSERT(!same || rc == BR_OK);
    if (rc == BR_OK) {
        BR_ASSERT(strcmp(br_vault_person_name(p), "ada") == 0);
        br_vault_lock(p);
    } else {
        fuzz_check_refusal(rc, &err);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static uint8_t lock[LOCK_BYTES_MAX];
    if (path[0] == '\0') {
        begin();
    }
    if (n > LOCK_BYTES_MAX) {
        return 0;
    }
    /* As it is, and over the true one: what is zero in the input stays. */
    open_lock(data, n);
    memcpy(lock, written, written_n);
    for (size_t i = 0; i < n && i < written_n; i++) {
        lock[i] ^= data[i];
    }
    open_lock(lock, written_n);
    return 0;
}
