/*
 * Judges lines of "document TAB canonical form" that another implementation of
 * RFC 8785 wrote: ours must write the same.
 *
 *   jcs_judge < LINES
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/jcs.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES_MAX = 1 << 20, SHOWN = 5 };

static bool
judge(struct br_bytes document, struct br_bytes canonical, struct br_buf *out)
{
    struct br_arena arena;
    struct br_json *v;
    struct br_err err;
    br_arena_init(&arena, 64u << 20);
    br_buf_clear(out);
    enum br_rc rc = br_json_parse(document, &arena, &v, &err);
    if (rc == BR_OK) {
        rc = br_jcs_encode(v, &arena, out, &err);
    }
    br_arena_fini(&arena);
    if (rc != BR_OK) {
        br_buf_clear(out);
        br_buf_puts(out, err.text);
        return false;
    }
    return br_bytes_eq(br_buf_bytes(out), canonical);
}

int
main(void)
{
    static char line[LINE_BYTES_MAX];
    struct br_buf out;
    unsigned long count = 0;
    unsigned long wrong = 0;
    br_buf_init(&out, LINE_BYTES_MAX);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *tab = strchr(line, '\t');
        if (tab == NULL) {
            (void)fprintf(stderr, "line %lu has no tab\n", count + 1);
            return 2;
        }
        char *canonical = tab + 1;
        struct br_bytes document = br_bytes(line, (size_t)(tab - line));
        struct br_bytes expected =
            br_bytes(canonical, strcspn(canonical, "\n"));
        count++;
        if (!judge(document, expected, &out) && wrong++ < SHOWN) {
            (void)fprintf(
                stderr, "%.*s\n  theirs %.*s\n  ours   %.*s\n", (int)document.n,
                (const char *)document.p, (int)expected.n, canonical,
                (int)out.n, (const char *)out.p);
        }
    }
    (void)printf("%lu documents, %lu differ\n", count, wrong);
    br_buf_fini(&out);
    return count == 0 || wrong > 0 ? 1 : 0;
}
