/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/rows.h"

#include "common/codec/text.h"

void
br_row_text(struct br_cbor *r, char *out, size_t max)
{
    struct br_bytes t = br_cbor_text(r);
    out[0] = '\0';
    if (t.n > max) {
        br_cbor_fail(r, BR_ERR_CORRUPT, "a text is too long");
    } else if (t.n > 0) {
        memcpy(out, t.p, t.n);
        out[t.n] = '\0';
    }
}

void
br_row_hash(struct br_cbor *r, struct br_hash *out)
{
    br_cbor_bytes_exact(r, out->b, sizeof(out->b));
}

enum br_rc
br_row_put(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes key,
    struct br_buf *b,
    struct br_err *reterr)
{
    enum br_rc rc = br_buf_status(b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(txn, table, key, br_buf_bytes(b), reterr);
    }
    br_buf_fini(b);
    return rc;
}

static bool
has_prefix(struct br_bytes key, const char *prefix, struct br_buf *hex)
{
    size_t n = strlen(prefix);
    br_buf_clear(hex);
    br_hex_put(hex, key);
    return !hex->failed && n <= hex->n && memcmp(hex->p, prefix, n) == 0;
}

static enum br_rc
find_from(
    struct br_kv_cursor *c,
    struct br_bytes start,
    const char *prefix,
    struct br_bytes *ret_key,
    struct br_err *reterr)
{
    struct br_bytes key;
    struct br_bytes value;
    struct br_bytes next;
    struct br_buf hex;
    br_buf_init(&hex, 128);
    bool found = br_kv_seek(c, start, &key, &value) == BR_OK &&
                 has_prefix(key, prefix, &hex);
    bool twice = found && br_kv_next(c, &next, &value) == BR_OK &&
                 has_prefix(next, prefix, &hex);
    br_buf_fini(&hex);
    if (!found) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there is none with id %.40s", prefix);
    }
    if (twice) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "several ids begin with %.40s", prefix);
    }
    *ret_key = key;
    return BR_OK;
}

enum br_rc
br_row_find(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    const char *prefix,
    struct br_bytes *ret_key,
    struct br_err *reterr)
{
    uint8_t start[BR_HASH_BYTES];
    size_t n = strlen(prefix);
    struct br_kv_cursor *c;
    if (n < 8 || n > sizeof(start) * 2 ||
        strspn(prefix, "0123456789abcdef") != n) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "%.70s: an id is 8 hexadecimal digits or more, in lower case",
            prefix);
    }
    BR_TRY(br_hex_parse(br_bytes(prefix, n & ~(size_t)1), start, reterr));
    BR_TRY(br_kv_cursor_open(txn, table, &c, reterr));
    enum br_rc rc =
        find_from(c, br_bytes(start, n / 2), prefix, ret_key, reterr);
    br_kv_cursor_close(c);
    return rc;
}
