/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    char path[TEST_PATH_BYTES];
    (void)snprintf(
        path, sizeof(path), "%.200s/broletto-store-XXXXXX",
        base == NULL ? "/tmp" : base);
    if (mkdtemp(path) == NULL) {
        return -1;
    }
    *state = strdup(path);
    return *state == NULL ? -1 : 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int
remove_folder(void **state)
{
    int e = nftw((const char *)*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    *state = NULL;
    return e;
}

const char *
in_folder(void **state, const char *name)
{
    static char path[4][TEST_PATH_BYTES + 64];
    static unsigned turn;
    char *out = path[turn++ % 4];
    (void)snprintf(
        out, sizeof(path[0]), "%.250s/%.60s", (const char *)*state, name);
    return out;
}

uint64_t
draw(struct generator *g)
{
    g->s ^= g->s >> 12;
    g->s ^= g->s << 25;
    g->s ^= g->s >> 27;
    return g->s * 0x2545f4914f6cdd1dull;
}

void
expect_ok(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fail_msg("%d: %s", (int)rc, err->text);
    }
}
