/* Problems of RFC 9457, written by hand: few fields, known shapes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_internal.h"

static void
put_escaped(struct br_buf *b, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            br_buf_put(b, "\\", 1);
            br_buf_put(b, at, 1);
        } else if (c < 0x20 || c == 0x7f) {
            br_buf_printf(b, "\\u%04x", c);
        } else {
            br_buf_put(b, at, 1);
        }
    }
}

static void
put_text(struct br_buf *b, const char *name, const char *value)
{
    br_buf_printf(b, "\"%s\":\"", name);
    put_escaped(b, value);
    br_buf_puts(b, "\"");
}

void
br_problem_put(struct br_buf *b, const struct br_err *err, int status)
{
    const struct br_err_info *info = br_err_info(err->rc);
    br_buf_puts(b, "{");
    br_buf_printf(
        b, "\"type\":\"https://broletto.example/errors/%s\",", info->slug);
    put_text(b, "title", info->text);
    br_buf_printf(
        b, ",\"status\":%d,\"code\":%d,",
        status == 0 ? info->http_status : status, (int)info->rc);
    put_text(b, "detail", err->text[0] == '\0' ? info->text : err->text);
    br_buf_puts(b, ",");
    put_text(b, "remedy", info->remedy);
    br_buf_puts(b, "}\n");
}
