/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/config.h"

#include "common/base/assert.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS_MAX = 128, TEXT_BYTES_MAX = 1024 };

/* ---- the values by their rows ------------------------------------------- */

static char **
text_of(void *c, const struct br_config_row *r)
{
    return (char **)(void *)((char *)c + r->offset);
}

static uint64_t *
number_of(void *c, const struct br_config_row *r)
{
    return (uint64_t *)(void *)((char *)c + r->offset);
}

static bool *
flag_of(void *c, const struct br_config_row *r)
{
    return (bool *)(void *)((char *)c + r->offset);
}

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
no_memory(const char *path, struct br_err *reterr)
{
    return br_fail(reterr, BR_ERR_NO_MEMORY, "reading %s", path);
}

/** Line of the file that begins with this key; 0 if none. */
static enum br_rc
find_line(
    const char *path, const char *key, unsigned *ret, struct br_err *reterr)
{
    FILE *f = fopen(path, "re");
    char line[2048];
    unsigned n = 0;
    unsigned found = 0;
    size_t length = strlen(key);
    if (f == NULL) {
        return no_memory(path, reterr);
    }
    while (found == 0 && fgets(line, sizeof(line), f) != NULL) {
        n++;
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            found = n;
        }
    }
    (void)fclose(f);
    *ret = found;
    return BR_OK;
}

/** The same, for messages. */
static unsigned
line_of(const char *path, const char *key)
{
    unsigned found = 0;
    (void)find_line(path, key, &found, NULL);
    return found;
}

/** Of a key that it does not know, cyaml tells where the mapping begins. */
static unsigned
line_of_complaint(const struct complaint *c, const char *path)
{
    static const char unknown[] = "Unexpected key: ";
    const char *key = strstr(c->what, unknown);
    unsigned line = key == NULL ? 0 : line_of(path, key + strlen(unknown));
    return line == 0 ? c->line : line;
}

/* cyaml's own booleans take every other word for true. */
static const cyaml_strval_t truths[] = {{"false", 0}, {"true", 1}};

static cyaml_schema_field_t
field_of(const struct br_config_row *r)
{
    cyaml_schema_field_t f = {
        .key = r->name,
        .data_offset = (uint32_t)r->offset,
        .value = {.flags = CYAML_FLAG_OPTIONAL}};
    switch (r->kind) {
    case BR_CONFIG_TEXT:
        f.value.type = CYAML_STRING;
        f.value.flags |= CYAML_FLAG_POINTER;
        f.value.data_size = sizeof(char);
        f.value.string.max = TEXT_BYTES_MAX;
        break;
    case BR_CONFIG_FLAG:
        f.value.type = CYAML_ENUM;
        f.value.flags |= CYAML_FLAG_STRICT;
        f.value.data_size = sizeof(bool);
        f.value.enumeration.strings = truths;
        f.value.enumeration.count = 2;
        break;
    case BR_CONFIG_NUMBER:
        f.value.type = CYAML_UINT;
        f.value.data_size = sizeof(uint64_t);
        break;
    }
    return f;
}

static enum br_rc
load_with(
    const struct br_config_schema *schema,
    const char *path,
    cyaml_schema_field_t *fields,
    void **ret,
    struct br_err *reterr)
{
    struct complaint complaint = {0};
    const cyaml_schema_value_t whole = {
        .type = CYAML_MAPPING,
        .flags = CYAML_FLAG_POINTER,
        .data_size = (uint32_t)schema->size,
        .mapping = {.fields = fields}};
    const cyaml_config_t config = {
        .log_fn = listen_to,
        .log_ctx = &complaint,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_DEFAULT,
    };
    cyaml_err_t e = cyaml_load_file(path, &config, &whole, ret, NULL);
    if (e == CYAML_ERR_OOM || e == CYAML_ERR_LIBYAML_PARSER_INIT) {
        return no_memory(path, reterr);
    }
    if (e != CYAML_OK) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%s:%u: %s (%s)", path,
            line_of_complaint(&complaint, path), complaint.what,
            cyaml_strerror(e));
    }
    return *ret != NULL
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CONFIG, "%s:1: the file is empty", path);
}

static enum br_rc
load_file(
    const struct br_config_schema *schema,
    const char *path,
    void *ret,
    struct br_err *reterr)
{
    cyaml_schema_field_t fields[KEYS_MAX + 1] = {{0}};
    void *loaded = NULL;
    if (access(path, R_OK) != 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    BR_ASSERT(schema->count <= KEYS_MAX);
    for (size_t i = 0; i < schema->count; i++) {
        fields[i] = field_of(&schema->rows[i]);
    }
    fields[schema->count] = (cyaml_schema_field_t)CYAML_FIELD_END;
    BR_TRY(load_with(schema, path, fields, &loaded, reterr));
    memcpy(ret, loaded, schema->size);
    free(loaded);
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
override(
    void *c,
    const struct br_config_row *r,
    const char *value,
    struct br_err *reterr)
{
    char *end = NULL;
    switch (r->kind) {
    case BR_CONFIG_TEXT:
        free(*text_of(c, r));
        *text_of(c, r) = copy_text(value);
        /* Not the default instead: it may be the less careful one. */
        return *text_of(c, r) != NULL ? BR_OK : no_memory(r->name, reterr);
    case BR_CONFIG_FLAG:
        *flag_of(c, r) = strcmp(value, "true") == 0;
        if (*flag_of(c, r) || strcmp(value, "false") == 0) {
            return BR_OK;
        }
        break;
    case BR_CONFIG_NUMBER:
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
from_environment(
    const char *prefix,
    void *c,
    const struct br_config_row *r,
    struct br_err *reterr)
{
    char name[96] = {0};
    size_t n = (size_t)(stpncpy(name, prefix, sizeof(name) / 2) - name);
    for (const char *p = r->name; *p != '\0' && n < sizeof(name) - 1; p++) {
        name[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    }
    name[n] = '\0';
    const char *value = getenv(name);
    return value == NULL ? BR_OK : override(c, r, value, reterr);
}

/** Of what the file does not give, cyaml leaves zero. */
static enum br_rc
take_default(
    void *c,
    const struct br_config_row *r,
    const char *path,
    struct br_err *reterr)
{
    unsigned line;
    if (r->kind == BR_CONFIG_TEXT) {
        if (*text_of(c, r) != NULL || r->text == NULL) {
            return BR_OK;
        }
        *text_of(c, r) = copy_text(r->text);
        return *text_of(c, r) != NULL ? BR_OK : no_memory(r->name, reterr);
    }
    if (r->kind == BR_CONFIG_FLAG ? *flag_of(c, r) : *number_of(c, r) != 0) {
        return BR_OK;
    }
    BR_TRY(find_line(path, r->name, &line, reterr));
    if (line == 0 && r->kind == BR_CONFIG_FLAG) {
        *flag_of(c, r) = r->number != 0;
    } else if (line == 0) {
        *number_of(c, r) = r->number;
    }
    return BR_OK;
}

static enum br_rc
check_row(
    void *c,
    const struct br_config_row *r,
    const char *path,
    struct br_err *reterr)
{
    if (r->kind == BR_CONFIG_TEXT && *text_of(c, r) == NULL) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%s: %s is missing: %s", path, r->name,
            r->meaning);
    }
    if (r->kind == BR_CONFIG_NUMBER &&
        (*number_of(c, r) < r->min || *number_of(c, r) > r->max)) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%s:%u: %s: %llu to %llu %s", path,
            line_of(path, r->name), r->name, (unsigned long long)r->min,
            (unsigned long long)r->max, r->unit);
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
check_all(
    const struct br_config_schema *schema,
    void *c,
    const char *path,
    struct br_err *reterr)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct br_config_row *r = &schema->rows[i];
        BR_TRY(take_default(c, r, path, reterr));
        BR_TRY(from_environment(schema->prefix, c, r, reterr));
        BR_TRY(check_row(c, r, path, reterr));
        if (r->kind == BR_CONFIG_TEXT && strstr(r->unit, " | ") != NULL) {
            BR_TRY(
                check_choice(path, r->name, *text_of(c, r), r->unit, reterr));
        }
    }
    return BR_OK;
}

enum br_rc
br_config_load(
    const struct br_config_schema *schema,
    const char *data_dir,
    void *ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", data_dir, schema->file);
    if (access(path, F_OK) != 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "%s has no %s: run %s %s", data_dir,
            schema->what, schema->make, data_dir);
    }
    BR_TRY(load_file(schema, path, ret, reterr));
    enum br_rc rc = check_all(schema, ret, path, reterr);
    if (rc != BR_OK) {
        br_config_fini(schema, ret);
    }
    return rc;
}

void
br_config_fini(const struct br_config_schema *schema, void *config)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->rows[i].kind == BR_CONFIG_TEXT) {
            free(*text_of(config, &schema->rows[i]));
        }
    }
    memset(config, 0, schema->size);
}

/* ---- writing ------------------------------------------------------------ */

static void
put_default(struct br_buf *b, const struct br_config_row *r)
{
    switch (r->kind) {
    case BR_CONFIG_TEXT:
        br_buf_printf(b, "\"%s\"", r->text == NULL ? "" : r->text);
        return;
    case BR_CONFIG_FLAG:
        br_buf_puts(b, r->number != 0 ? "true" : "false");
        return;
    case BR_CONFIG_NUMBER:
        br_buf_printf(b, "%llu", (unsigned long long)r->number);
        return;
    }
}

void
br_config_put_defaults(struct br_buf *b, const struct br_config_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct br_config_row *r = &schema->rows[i];
        if (r->kind == BR_CONFIG_TEXT && r->text == NULL) {
            continue;
        }
        br_buf_printf(b, "\n# %s\n# %s: ", r->meaning, r->name);
        put_default(b, r);
        br_buf_puts(b, "\n");
    }
}

static void
put_key(struct br_buf *b, const struct br_config_row *r)
{
    br_buf_printf(b, "\n## `%s`\n\n%s\n\n", r->name, r->meaning);
    br_buf_printf(b, "- Value: %s", r->unit);
    if (r->kind == BR_CONFIG_NUMBER) {
        br_buf_printf(
            b, ", %llu to %llu", (unsigned long long)r->min,
            (unsigned long long)r->max);
    }
    if (r->kind == BR_CONFIG_TEXT && r->text == NULL) {
        br_buf_puts(b, "\n- Required\n");
    } else {
        br_buf_puts(b, "\n- Default: `");
        put_default(b, r);
        br_buf_puts(b, "`\n");
    }
    br_buf_printf(
        b, "- What an attacker gains by changing it: %s\n", r->attacker);
}

void
br_config_put_doc(struct br_buf *b, const struct br_config_schema *schema)
{
    br_buf_printf(
        b,
        "# %s\n\n"
        "`%s` in the data folder; `%s` reads it as the program does and names "
        "file and line of what is wrong. Each key can be overridden by the "
        "environment: `%s` and the key in capitals.\n\n"
        "This page is made from `%s`.\n",
        schema->title, schema->file, schema->check, schema->prefix,
        schema->source);
    for (size_t i = 0; i < schema->count; i++) {
        put_key(b, &schema->rows[i]);
    }
}
