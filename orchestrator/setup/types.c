/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/setup/types.h"

#include "common/crypto/files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

static int
is_type_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 5 && e->d_name[0] != '.' &&
           strcmp(e->d_name + n - 5, ".json") == 0;
}

static enum br_rc
load_text(
    struct br_bytes text,
    const char *base,
    struct br_types *t,
    struct br_err *reterr)
{
    struct br_json *v;
    struct br_type *type;
    char *kept = br_arena_copy(&t->arena, text);
    if (kept == NULL || t->count == BR_ORCH_TYPES_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "too many types");
    }
    BR_TRY(br_json_parse(br_bytes(kept, text.n), &t->arena, &v, reterr));
    BR_TRY(br_type_parse(v, base, &t->arena, &type, reterr));
    if (br_types_find(t, br_str(type->id)) != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "two types with the id %s", type->id);
    }
    t->type[t->count++] = type;
    return BR_OK;
}

static enum br_rc
load_file(
    const char *folder,
    const char *name,
    const char *base,
    struct br_types *t,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    struct br_err why = {.rc = BR_OK};
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    br_buf_init(&b, BR_TYPE_FILE_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, &why);
    if (rc == BR_OK) {
        rc = load_text(br_buf_bytes(&b), base, t, &why);
    }
    br_buf_fini(&b);
    return rc == BR_OK
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CONFIG, "%.60s: %.160s", name, why.text);
}

enum br_rc
br_types_load(
    const char *folder,
    const char *base,
    struct br_types *ret,
    struct br_err *reterr)
{
    struct dirent **names = NULL;
    enum br_rc rc = BR_OK;
    int n = scandir(folder, &names, is_type_file, alphasort);
    if (n < 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.160s: no folder of types", folder);
    }
    *ret = (struct br_types){.count = 0};
    br_arena_init(&ret->arena, ARENA_BYTES_MAX);
    for (int i = 0; i < n; i++) {
        if (rc == BR_OK) {
            rc = load_file(folder, names[i]->d_name, base, ret, reterr);
        }
        free(names[i]);
    }
    free((void *)names);
    if (rc == BR_OK && ret->count == 0) {
        rc = br_fail(reterr, BR_ERR_CONFIG, "%.160s: no types", folder);
    }
    if (rc != BR_OK) {
        br_types_fini(ret);
    }
    return rc;
}

void
br_types_fini(struct br_types *t)
{
    br_arena_fini(&t->arena);
    t->count = 0;
}

const struct br_type *
br_types_find(const struct br_types *t, struct br_bytes id)
{
    for (size_t i = 0; i < t->count; i++) {
        if (br_bytes_eq(id, br_str(t->type[i]->id))) {
            return t->type[i];
        }
    }
    return NULL;
}
