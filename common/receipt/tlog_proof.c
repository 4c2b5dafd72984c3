/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tlog_proof.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/receipt/lines.h"

static const char magic[] = "c2sp.org/tlog-proof@v1\n";

bool
br_tlog_proof_is(struct br_bytes bytes)
{
    struct br_bytes rest;
    return br_line_after(bytes, magic, &rest);
}

void
br_proof_lines_put(struct br_buf *b, const struct br_proof *p)
{
    BR_ASSERT(p->count <= BR_PROOF_HASHES_MAX);
    for (size_t i = 0; i < p->count; i++) {
        br_base64_put(b, br_hash_bytes(&p->hash[i]));
        br_buf_put(b, "\n", 1);
    }
    br_buf_put(b, "\n", 1);
}

enum br_rc
br_proof_lines_parse(
    struct br_bytes *rest, struct br_proof *ret, struct br_err *reterr)
{
    struct br_bytes line;
    ret->count = 0;
    while (br_line_next(rest, &line)) {
        size_t n;
        if (line.n == 0) {
            return BR_OK;
        }
        if (ret->count == BR_PROOF_HASHES_MAX) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "proof: more than %d hashes",
                BR_PROOF_HASHES_MAX);
        }
        uint8_t *out = ret->hash[ret->count].b;
        if (br_base64_parse(line, out, BR_HASH_BYTES, &n, NULL) != BR_OK ||
            n != BR_HASH_BYTES) {
            return br_fail(
                reterr, BR_ERR_MALFORMED,
                "proof: hash %zu is not 32 bytes in base64", ret->count);
        }
        ret->count++;
    }
    return br_fail(
        reterr, BR_ERR_TRUNCATED, "proof: no empty line after the hashes");
}

void
br_tlog_proof_put(struct br_buf *b, const struct br_tlog_proof *p)
{
    br_buf_put(b, magic, sizeof(magic) - 1);
    if (p->extra.n > 0) {
        br_buf_put(b, "extra ", 6);
        br_base64_put(b, p->extra);
        br_buf_put(b, "\n", 1);
    }
    br_buf_put(b, "index ", 6);
    br_line_put_u64(b, p->index);
    br_buf_put(b, "\n", 1);
    br_proof_lines_put(b, &p->proof);
    br_buf_put(b, p->checkpoint.p, p->checkpoint.n);
}

static enum br_rc
parse_extra(
    struct br_bytes base64,
    struct br_buf *extra,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    size_t start = extra->n;
    size_t room = base64.n / 4 * 3;
    size_t n;
    if (room == 0) {
        return br_fail(reterr, BR_ERR_MALFORMED, "proof: the extra is empty");
    }
    uint8_t *out = br_buf_extend(extra, room);
    if (out == NULL) {
        return br_buf_status(extra, reterr);
    }
    if (br_base64_parse(base64, out, room, &n, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "proof: the extra line is not base64");
    }
    extra->n = start + n;
    *ret = br_bytes(out, n);
    return BR_OK;
}

static enum br_rc
parse_index(struct br_bytes line, uint64_t *ret, struct br_err *reterr)
{
    struct br_bytes number;
    if (!br_line_after(line, "index ", &number) ||
        br_decimal_parse(number, ret, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "proof: no line \"index <number>\"");
    }
    return BR_OK;
}

enum br_rc
br_tlog_proof_parse(
    struct br_bytes text,
    struct br_buf *extra,
    struct br_tlog_proof *ret,
    struct br_err *reterr)
{
    struct br_bytes line;
    struct br_bytes value;
    ret->extra = br_bytes(NULL, 0);
    if (!br_line_after(text, magic, &text)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "proof: the first line is not c2sp.org/tlog-proof@v1");
    }
    if (!br_line_next(&text, &line)) {
        return br_fail(reterr, BR_ERR_TRUNCATED, "proof: no index line");
    }
    if (br_line_after(line, "extra ", &value)) {
        BR_TRY(parse_extra(value, extra, &ret->extra, reterr));
        if (!br_line_next(&text, &line)) {
            return br_fail(reterr, BR_ERR_TRUNCATED, "proof: no index line");
        }
    }
    BR_TRY(parse_index(line, &ret->index, reterr));
    BR_TRY(br_proof_lines_parse(&text, &ret->proof, reterr));
    ret->checkpoint = text;
    if (text.n == 0) {
        return br_fail(reterr, BR_ERR_TRUNCATED, "proof: no checkpoint");
    }
    return BR_OK;
}
