/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/error.h"

#include <stdarg.h>
#include <stdio.h>

static const struct br_err_info table[] = {
#define BR_E(code, name, http, slug, text, remedy) \
    {BR_ERR_##name, http, slug, text, remedy},
#include "common/base/errors.def"
#undef BR_E
};

static const size_t table_count = sizeof(table) / sizeof(table[0]);

const struct br_err_info *
br_err_table(size_t *ret_count)
{
    *ret_count = table_count;
    return table;
}

const struct br_err_info *
br_err_info(enum br_rc rc)
{
    const struct br_err_info *internal = NULL;
    for (size_t i = 0; i < table_count; i++) {
        if (table[i].rc == rc) {
            return &table[i];
        }
        if (table[i].rc == BR_ERR_INTERNAL) {
            internal = &table[i];
        }
    }
    return internal;
}

BR_PRINTF(4, 0)
static void
fill(
    struct br_err *reterr,
    enum br_rc rc,
    size_t offset,
    const char *fmt,
    va_list args)
{
    if (reterr == NULL) {
        return;
    }
    reterr->rc = rc;
    reterr->offset = offset;
    (void)vsnprintf(reterr->text, sizeof(reterr->text), fmt, args);
    /* Texts quote what others sent, and go to terminals and logs. */
    for (char *p = reterr->text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = '?';
        }
    }
}

enum br_rc(br_fail)(struct br_err *reterr, enum br_rc rc, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(reterr, rc, 0, fmt, args);
    va_end(args);
    return rc;
}

enum br_rc(br_fail_at)(
    struct br_err *reterr, enum br_rc rc, size_t offset, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(reterr, rc, offset, fmt, args);
    va_end(args);
    return rc;
}
