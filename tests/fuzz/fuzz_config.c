/* SPDX-License-Identifier: EUPL-1.2 */
/* node.yaml: read from a file, as the node does. */
#include "node/setup/config.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];
static char path[80];

static void
remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

static void
make_folder(void)
{
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof(folder), "/tmp/br-fuzz-XXXXXX");
        char *made = mkdtemp(folder);
        BR_ASSERT(made != NULL);
        (void)snprintf(path, sizeof(path), "%s/node.yaml", folder);
        (void)atexit(remove_folder);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_node_config c;
    struct br_err err;
    make_folder();
    FILE *f = fopen(path, "wb");
    BR_ASSERT(f != NULL);
    size_t written = n == 0 ? 0 : fwrite(data, 1, n, f);
    BR_ASSERT(written == n);
    (void)fclose(f);
    enum br_rc rc = br_node_config_load(folder, &c, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(c.chain_id != NULL && c.chain_id[0] != '\0');
    BR_ASSERT(c.origin != NULL && c.origin[0] != '\0');
    br_node_config_fini(&c);
    return 0;
}
