/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/vault/backup.h"

#include "common/codec/cbor.h"

#include <string.h>

static const char magic[] = "broletto-wallet-backup-1\n";

enum {
    MAGIC_BYTES = sizeof(magic) - 1,
    HEAD_BYTES = MAGIC_BYTES + 4 + 4 + BR_SEAL_SALT_BYTES,
};

static void
put_be32(uint8_t *out, uint32_t v)
{
    for (int i = 3; i >= 0; i--) {
        out[i] = (uint8_t)v;
        v >>= 8;
    }
}

static uint32_t
get_be32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

/* ---- writing ------------------------------------------------------------ */

struct collecting {
    struct br_buf rows;
    uint64_t count;
    enum br_vault_table table;
};

static enum br_rc
collect(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct collecting *c = (struct collecting *)ctx;
    br_cbor_put_array(&c->rows, 3);
    br_cbor_put_uint(&c->rows, (uint64_t)c->table);
    br_cbor_put_bytes(&c->rows, key);
    br_cbor_put_bytes(&c->rows, text);
    c->count++;
    return br_buf_status(&c->rows, reterr);
}

static enum br_rc
collect_all(
    struct br_vault_person *p, struct collecting *c, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(p, false, &t, reterr));
    enum br_rc rc = BR_OK;
    for (int i = BR_VAULT_CREDENTIALS; rc == BR_OK && i <= BR_VAULT_BACKUP_LAST;
         i++) {
        c->table = (enum br_vault_table)i;
        rc = br_vault_each(t, c->table, collect, c, reterr);
    }
    br_vault_end(t);
    return rc;
}

static enum br_rc
seal(
    const struct collecting *c,
    const struct br_secret *passphrase,
    struct br_seal_cost cost,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t head[HEAD_BYTES];
    struct br_seal_key *k = NULL;
    struct br_buf plain;
    memcpy(head, magic, MAGIC_BYTES);
    put_be32(head + MAGIC_BYTES, cost.ops);
    put_be32(head + MAGIC_BYTES + 4, cost.kib);
    br_random(head + MAGIC_BYTES + 8, BR_SEAL_SALT_BYTES);
    const struct br_bytes about = br_bytes(head, sizeof(head));
    BR_TRY(br_seal_key_of_passphrase(
        passphrase, head + MAGIC_BYTES + 8, cost, &k, reterr));
    br_buf_init(&plain, BR_BACKUP_BYTES_MAX);
    br_cbor_put_array(&plain, c->count);
    br_buf_put(&plain, c->rows.p, c->rows.n);
    br_buf_put(ret, head, sizeof(head));
    enum br_rc rc = br_buf_status(&plain, reterr);
    if (rc == BR_OK) {
        rc = br_seal(k, &about, 1, br_buf_bytes(&plain), ret, reterr);
    }
    br_buf_wipe(&plain);
    br_seal_key_free(k);
    return rc;
}

enum br_rc
br_backup_write(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_seal_cost cost,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct collecting c = {.count = 0};
    if (cost.ops == 0 || cost.kib == 0) {
        cost = br_seal_cost_default();
    }
    br_buf_init(&c.rows, BR_BACKUP_BYTES_MAX);
    enum br_rc rc = collect_all(p, &c, reterr);
    if (rc == BR_OK) {
        rc = seal(&c, passphrase, cost, ret, reterr);
    }
    br_buf_wipe(&c.rows);
    return rc;
}

/* ---- restoring ---------------------------------------------------------- */

static enum br_rc
open_file(
    const struct br_secret *passphrase,
    struct br_bytes file,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_seal_key *k = NULL;
    if (file.n < HEAD_BYTES + BR_SEAL_OVERHEAD_BYTES ||
        memcmp(file.p, magic, MAGIC_BYTES) != 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "this is no backup of a wallet");
    }
    const struct br_seal_cost cost = {
        get_be32(file.p + MAGIC_BYTES), get_be32(file.p + MAGIC_BYTES + 4)};
    const struct br_bytes about = br_bytes(file.p, HEAD_BYTES);
    BR_TRY(br_seal_key_of_passphrase(
        passphrase, file.p + MAGIC_BYTES + 8, cost, &k, reterr));
    enum br_rc rc = br_seal_open(
        k, &about, 1, br_bytes(file.p + HEAD_BYTES, file.n - HEAD_BYTES), ret,
        reterr);
    br_seal_key_free(k);
    return rc == BR_ERR_DECRYPTION_FAILED
               ? br_fail(
                     reterr, BR_ERR_KEY_LOCKED,
                     "the backup does not open: another passphrase, or the "
                     "file was changed")
               : rc;
}

static enum br_rc
refuse_row(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    (void)ctx;
    (void)key;
    (void)text;
    return br_fail(
        reterr, BR_ERR_CONFLICT,
        "the wallet is not empty: restore into a new one");
}

static enum br_rc
put_rows(
    struct br_vault_txn *t,
    struct br_cbor *r,
    uint64_t count,
    struct br_err *reterr)
{
    for (uint64_t i = 0; i < count && r->err.rc == BR_OK; i++) {
        br_cbor_array_exact(r, 3);
        uint64_t table = br_cbor_uint_max(r, BR_VAULT_BACKUP_LAST);
        struct br_bytes key = br_cbor_bytes(r);
        struct br_bytes text = br_cbor_bytes(r);
        if (r->err.rc != BR_OK) {
            break;
        }
        if (table < BR_VAULT_CREDENTIALS) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "the backup has a row of no table");
        }
        BR_TRY(br_vault_put(t, (enum br_vault_table)table, key, text, reterr));
    }
    return br_cbor_done(r, reterr);
}

static enum br_rc
restore(
    struct br_vault_txn *t,
    struct br_bytes plain,
    uint64_t *ret_rows,
    struct br_err *reterr)
{
    struct br_cbor r;
    for (int i = BR_VAULT_CREDENTIALS; i <= BR_VAULT_BACKUP_LAST; i++) {
        BR_TRY(
            br_vault_each(t, (enum br_vault_table)i, refuse_row, NULL, reterr));
    }
    br_cbor_init(&r, plain);
    uint64_t count = br_cbor_array(&r, BR_VAULT_ROWS_MAX);
    BR_TRY(put_rows(t, &r, count, reterr));
    *ret_rows = count;
    return BR_OK;
}

enum br_rc
br_backup_restore(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_bytes file,
    uint64_t *ret_rows,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_buf plain;
    br_buf_init(&plain, BR_BACKUP_BYTES_MAX);
    enum br_rc rc = open_file(passphrase, file, &plain, reterr);
    if (rc == BR_OK) {
        rc = br_vault_begin(p, true, &t, reterr);
    }
    if (rc == BR_OK) {
        rc = restore(t, br_buf_bytes(&plain), ret_rows, reterr);
        if (rc == BR_OK) {
            rc = br_vault_commit(t, reterr);
        } else {
            br_vault_end(t);
        }
    }
    br_buf_wipe(&plain);
    return rc;
}
