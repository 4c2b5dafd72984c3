/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/checkpoint.h"

#include "common/codec/text.h"
#include "common/receipt/lines.h"

static enum br_rc
parse_lines(
    struct br_bytes *text, struct br_checkpoint *c, struct br_err *reterr)
{
    struct br_bytes size;
    struct br_bytes root;
    size_t n;
    if (!br_line_next(text, &c->origin) || !br_line_next(text, &size) ||
        !br_line_next(text, &root)) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED, "checkpoint: fewer than three lines");
    }
    if (c->origin.n == 0 || c->origin.n > BR_ORIGIN_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "checkpoint: origin of %zu bytes",
            c->origin.n);
    }
    if (br_decimal_parse(size, &c->size, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "checkpoint: the second line is not a size in decimal");
    }
    if (br_base64_parse(root, c->root.b, BR_HASH_BYTES, &n, NULL) != BR_OK ||
        n != BR_HASH_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "checkpoint: the third line is not a root hash in base64");
    }
    return BR_OK;
}

/** "Extension lines, if any, MUST be non-empty." */
static enum br_rc
check_extension(struct br_bytes rest, struct br_err *reterr)
{
    struct br_bytes line;
    while (br_line_next(&rest, &line)) {
        if (line.n == 0) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "checkpoint: an empty line");
        }
    }
    if (rest.n > 0) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED,
            "checkpoint: the last line has no newline");
    }
    return BR_OK;
}

enum br_rc
br_checkpoint_parse(
    struct br_bytes text, struct br_checkpoint *ret, struct br_err *reterr)
{
    struct br_checkpoint c;
    BR_TRY(parse_lines(&text, &c, reterr));
    BR_TRY(check_extension(text, reterr));
    c.extension = text;
    *ret = c;
    return BR_OK;
}

enum br_rc
br_checkpoint_open(
    struct br_bytes signed_note,
    struct br_note *ret_note,
    struct br_checkpoint *ret,
    struct br_err *reterr)
{
    BR_TRY(br_note_parse(signed_note, ret_note, reterr));
    return br_checkpoint_parse(ret_note->text, ret, reterr);
}

void
br_checkpoint_put(struct br_buf *b, const struct br_checkpoint *c)
{
    br_buf_put(b, c->origin.p, c->origin.n);
    br_buf_puts(b, "\n");
    br_line_put_u64(b, c->size);
    br_buf_puts(b, "\n");
    br_base64_put(b, br_hash_bytes(&c->root));
    br_buf_puts(b, "\n");
    br_buf_put(b, c->extension.p, c->extension.n);
}

enum br_rc
br_checkpoint_put_signed(
    struct br_buf *b,
    const struct br_checkpoint *c,
    struct br_signer *s,
    struct br_err *reterr)
{
    struct br_buf text;
    br_buf_init(&text, BR_NOTE_BYTES_MAX);
    br_checkpoint_put(&text, c);
    enum br_rc rc = br_buf_status(&text, reterr);
    if (rc == BR_OK) {
        br_note_put_text(b, br_buf_bytes(&text));
        rc =
            br_note_put_signature(b, br_buf_bytes(&text), c->origin, s, reterr);
    }
    br_buf_fini(&text);
    return rc;
}
