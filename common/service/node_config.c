/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/node_config.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define C struct br_node_config

/* ---- the schema --------------------------------------------------------- */

static const cyaml_schema_field_t fields[] = {
#define TEXT(name, ...)     \
    CYAML_FIELD_STRING_PTR( \
        #name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, C, name, 0, 1024),
#define FLAG(name, ...)   CYAML_FIELD_BOOL(#name, CYAML_FLAG_OPTIONAL, C, name),
#define NUMBER(name, ...) CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, C, name),
#include "common/service/node_config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, C, fields),
};

enum kind { KIND_TEXT, KIND_FLAG, KIND_NUMBER };

/** A row for what the schema does not say. */
struct row {
    enum kind kind;
    const char *name;
    size_t offset;
    const char *text;
    uint64_t number;
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *meaning;
    const char *attacker;
};

static const struct row rows[] = {
#define TEXT(name, value, unit, meaning, attacker)       \
    {KIND_TEXT, #name, offsetof(C, name), value,   0, 0, \
     0,         unit,  meaning,           attacker},
#define FLAG(name, value, unit, meaning, attacker)           \
    {KIND_FLAG, #name, offsetof(C, name), NULL,    value, 0, \
     1,         unit,  meaning,           attacker},
#define NUMBER(name, value, min, max, unit, meaning, attacker)   \
    {KIND_NUMBER, #name, offsetof(C, name), NULL,    value, min, \
     max,         unit,  meaning,           attacker},
#include "common/service/node_config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static char **
text_of(C *c, const struct row *r)
{
    return (char **)(void *)((char *)c + r->offset);
}

static uint64_t *
number_of(C *c, const struct row *r)
{
    return (uint64_t *)(void *)((char *)c + r->offset);
}

static bool *
flag_of(C *c, const struct row *r)
{
    return (bool *)(void *)((char *)c + r->offset);
}

/* A number that the file does not give: cyaml leaves zero, which no key
 * but clock_tolerance_ms accepts. */

/* ---- reading ------------------------------------------------------------ */

/** What cyaml complains of: the first line is what is wrong, the one that
 *  names a line of the file is where. */
struct complaint {
    char what[160];
    unsigned line;
};

BR_PRINTF(3, 0)
static void
listen_to(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    struct complaint *c = (struct complaint *)ctx;
    char text[256];
    if (level < CYAML_LOG_ERROR) {
        return;
    }
    (void)vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\n")] = '\0';
    const char *line = strstr(text, "line: ");
    if (line != NULL && c->line == 0) {
        c->line = (unsigned)strtoul(line + 6, NULL, 10);
    }
    if (c->what[0] == '\0' && strstr(text, "Backtrace") == NULL) {
        const char *from = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
        (void)snprintf(c->what, sizeof(c->what), "%.150s", from);
    }
}

static enum br_rc
load_file(const char *path, C **ret, struct br_err *reterr)
{
    struct complaint complaint = {0};
    const cyaml_config_t config = {
        .log_fn = listen_to,
        .log_ctx = &complaint,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_DEFAULT,
    };
    if (access(path, R_OK) != 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    cyaml_err_t e =
        cyaml_load_file(path, &config, &schema, (cyaml_data_t **)ret, NULL);
    if (e != CYAML_OK) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%s:%u: %s (%s)", path, complaint.line,
            complaint.what, cyaml_strerror(e));
    }
    return BR_OK;
}

static char *
copy_text(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = (char *)malloc(n);
    if (p != NULL) {
        memcpy(p, s, n);
    }
    return p;
}

static enum br_rc
override(C *c, const struct row *r, const char *value, struct br_err *reterr)
{
    char *end = NULL;
    switch (r->kind) {
    case KIND_TEXT:
        free(*text_of(c, r));
        *text_of(c, r) = copy_text(value);
        return BR_OK;
    case KIND_FLAG:
        *flag_of(c, r) = strcmp(value, "true") == 0;
        if (*flag_of(c, r) || strcmp(value, "false") == 0) {
            return BR_OK;
        }
        break;
    case KIND_NUMBER:
        errno = 0;
        *number_of(c, r) = strtoull(value, &end, 10);
        if (errno == 0 && end != value && *end == '\0' && *value != '-') {
            return BR_OK;
        }
        break;
    }
    return br_fail(
        reterr, BR_ERR_CONFIG, "environment: %s: \"%.40s\" is not %s", r->name,
        value, r->unit);
}

static enum br_rc
from_environment(C *c, const struct row *r, struct br_err *reterr)
{
    char name[64] = "BROLETTO_";
    size_t n = strlen(name);
    for (const char *p = r->name; *p != '\0' && n < sizeof(name) - 1; p++) {
        name[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    }
    name[n] = '\0';
    const char *value = getenv(name);
    return value == NULL ? BR_OK : override(c, r, value, reterr);
}

/** Line of the file that begins with this key, for messages; 0 if none. */
static unsigned
line_of(const char *path, const char *key)
{
    FILE *f = fopen(path, "re");
    char line[2048];
    unsigned n = 0;
    unsigned found = 0;
    size_t length = strlen(key);
    while (f != NULL && found == 0 && fgets(line, sizeof(line), f) != NULL) {
        n++;
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            found = n;
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return found;
}

static enum br_rc
check_row(C *c, const struct row *r, const char *path, struct br_err *reterr)
{
    if (r->kind == KIND_TEXT) {
        if (*text_of(c, r) == NULL && r->text != NULL) {
            *text_of(c, r) = copy_text(r->text);
        }
        if (*text_of(c, r) == NULL) {
            return br_fail(
                reterr, BR_ERR_CONFIG, "%s: %s is missing: %s", path, r->name,
                r->meaning);
        }
        return BR_OK;
    }
    if (r->kind == KIND_NUMBER) {
        uint64_t v = *number_of(c, r);
        bool absent = v == 0 && line_of(path, r->name) == 0;
        v = absent ? r->number : v;
        *number_of(c, r) = v;
        if (v < r->min || v > r->max) {
            return br_fail(
                reterr, BR_ERR_CONFIG, "%s:%u: %s: %llu to %llu %s", path,
                line_of(path, r->name), r->name, (unsigned long long)r->min,
                (unsigned long long)r->max, r->unit);
        }
    }
    return BR_OK;
}

/** Values of the form "a | b | c". */
static enum br_rc
check_choice(
    const char *path,
    const char *key,
    const char *value,
    const char *choices,
    struct br_err *reterr)
{
    size_t n = strlen(value);
    for (const char *p = choices; p != NULL && n > 0; p = strstr(p, " | ")) {
        p += *p == ' ' ? 3 : 0;
        if (strncmp(p, value, n) == 0 && (p[n] == '\0' || p[n] == ' ')) {
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_CONFIG, "%s:%u: %s: one of %s", path, line_of(path, key),
        key, choices);
}

static enum br_rc
check_all(C *c, const char *path, struct br_err *reterr)
{
    for (size_t i = 0; i < ROWS; i++) {
        BR_TRY(from_environment(c, &rows[i], reterr));
        BR_TRY(check_row(c, &rows[i], path, reterr));
        if (rows[i].kind == KIND_TEXT && strstr(rows[i].unit, " | ") != NULL) {
            BR_TRY(check_choice(
                path, rows[i].name, *text_of(c, &rows[i]), rows[i].unit,
                reterr));
        }
    }
    return BR_OK;
}

enum br_rc
br_node_config_load(
    const char *data_dir, struct br_node_config *ret, struct br_err *reterr)
{
    char path[PATH_MAX];
    C *c = NULL;
    (void)snprintf(path, sizeof(path), "%s/node.yaml", data_dir);
    BR_TRY(load_file(path, &c, reterr));
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_CONFIG, "%s:1: the file is empty", path);
    }
    *ret = *c;
    free(c);
    enum br_rc rc = check_all(ret, path, reterr);
    if (rc != BR_OK) {
        br_node_config_fini(ret);
    }
    return rc;
}

void
br_node_config_fini(struct br_node_config *c)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind == KIND_TEXT) {
            free(*text_of(c, &rows[i]));
        }
    }
    *c = (C){0};
}

/* ---- writing ------------------------------------------------------------ */

static void
put_default(struct br_buf *b, const struct row *r)
{
    switch (r->kind) {
    case KIND_TEXT:
        br_buf_printf(b, "\"%s\"", r->text == NULL ? "" : r->text);
        return;
    case KIND_FLAG:
        br_buf_puts(b, r->number != 0 ? "true" : "false");
        return;
    case KIND_NUMBER:
        br_buf_printf(b, "%llu", (unsigned long long)r->number);
        return;
    }
}

void
br_node_config_put_template(
    struct br_buf *b,
    const char *chain_id,
    const char *origin,
    const char *member)
{
    br_buf_printf(
        b,
        "# The configuration of a Broletto node. Check it with:\n"
        "#   broletto node config check --data DIR\n"
        "# docs/configuration.md tells each key. Lines that begin with # show\n"
        "# the defaults.\n\n"
        "chain_id: \"%s\"\norigin: \"%s\"\nmember: \"%s\"\n",
        chain_id, origin, member);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind == KIND_TEXT && rows[i].text == NULL) {
            continue;
        }
        br_buf_printf(b, "\n# %s\n# %s: ", rows[i].meaning, rows[i].name);
        put_default(b, &rows[i]);
        br_buf_puts(b, "\n");
    }
}

void
br_node_config_put_doc(struct br_buf *b)
{
    br_buf_puts(
        b, "# Configuration of the node\n\n"
           "`node.yaml` in the data folder; `broletto node config check --data "
           "DIR` reads it as the node does and names file and line of what is "
           "wrong. Each key can be overridden by the environment: "
           "`BROLETTO_` and the key in capitals.\n\n"
           "This page is made from `common/service/node_config.def`.\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        br_buf_printf(b, "\n## `%s`\n\n%s\n\n", r->name, r->meaning);
        br_buf_printf(b, "- Value: %s", r->unit);
        if (r->kind == KIND_NUMBER) {
            br_buf_printf(
                b, ", %llu to %llu", (unsigned long long)r->min,
                (unsigned long long)r->max);
        }
        if (r->kind == KIND_TEXT && r->text == NULL) {
            br_buf_puts(b, "\n- Required\n");
        } else {
            br_buf_puts(b, "\n- Default: `");
            put_default(b, r);
            br_buf_puts(b, "`\n");
        }
        br_buf_printf(
            b, "- What an attacker gains by changing it: %s\n", r->attacker);
    }
}
