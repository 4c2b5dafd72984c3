/* Sealed rows, and the sum over them.
 *
 *   key    person (16) || group (8) || name (24)
 *   value  version (8) || nonce (24) || ciphertext || tag (16)
 *   text   length of the key (4) || key || length (4) || text || zeros
 *
 * group and name are keyed BLAKE2b of the table, and of table and key. The head
 * is the row of 32 zeros: version (8), count (8), sum (32). The sum is the XOR,
 * over all rows, of a keyed BLAKE2b of the row's key, version, nonce and tag:
 * a set's hash (Bellare and Micciancio), under a key that the disk does not
 * know.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/assert.h"
#include "wallet/vault/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 0, /* the only table of LMDB */
    GROUP_BYTES = 8,
    ROW_BYTES = 24,
    KEY_BYTES = BR_VAULT_PERSON_BYTES + GROUP_BYTES + ROW_BYTES,
    VERSION_BYTES = 8,
    HEAD_TEXT_BYTES = 8 + 8 + BR_VAULT_SUM_BYTES,
    STEP_BYTES = 512,
    TAG_BYTES = 16,
};

struct head {
    uint64_t version;
    uint64_t count;
    uint8_t sum[BR_VAULT_SUM_BYTES];
};

struct br_vault_txn {
    struct br_vault_person *person;
    struct br_kv_txn *kv;
    bool write;
    bool changed;
    struct head head;
};

/* ---- keys and names ----------------------------------------------------- */

enum br_rc
br_rows_keys(struct br_vault_person *p, struct br_err *reterr)
{
    BR_TRY(br_seal_key_derive(p->data, "rows", &p->rows, reterr));
    BR_TRY(br_seal_key_derive(p->data, "index", &p->index, reterr));
    return br_seal_key_derive(p->data, "sums", &p->sums, reterr);
}

static void
head_key(const uint8_t *person, uint8_t ret[KEY_BYTES])
{
    memset(ret, 0, KEY_BYTES);
    memcpy(ret, person, BR_VAULT_PERSON_BYTES);
}

static void
group_key(
    const struct br_vault_person *p,
    enum br_vault_table table,
    uint8_t ret[KEY_BYTES])
{
    const uint8_t number = (uint8_t)table;
    const struct br_bytes parts[] = {br_str("group"), br_bytes(&number, 1)};
    uint8_t whole[BR_SEAL_NAME_BYTES];
    BR_ASSERT(table >= BR_VAULT_CREDENTIALS && table <= BR_VAULT_TABLE_LAST);
    br_seal_name(p->index, parts, 2, whole);
    head_key(p->id, ret);
    memcpy(ret + BR_VAULT_PERSON_BYTES, whole, GROUP_BYTES);
}

static void
row_key(
    const struct br_vault_person *p,
    enum br_vault_table table,
    struct br_bytes key,
    uint8_t ret[KEY_BYTES])
{
    const uint8_t number = (uint8_t)table;
    const struct br_bytes parts[] = {br_str("row"), br_bytes(&number, 1), key};
    uint8_t whole[BR_SEAL_NAME_BYTES];
    br_seal_name(p->index, parts, 3, whole);
    group_key(p, table, ret);
    memcpy(ret + BR_VAULT_PERSON_BYTES + GROUP_BYTES, whole, ROW_BYTES);
}

/** Put a row's mark into the sum, or take it out: the same. */
static void
mark(
    const struct br_vault_person *p,
    struct br_bytes key,
    struct br_bytes value,
    uint8_t sum[BR_VAULT_SUM_BYTES])
{
    uint8_t one[BR_SEAL_NAME_BYTES];
    size_t first = VERSION_BYTES + BR_SEAL_NONCE_BYTES;
    const struct br_bytes parts[] = {
        key,
        br_bytes(value.p, first),
        br_bytes(value.p + value.n - TAG_BYTES, TAG_BYTES),
    };
    br_seal_name(p->sums, parts, 3, one);
    for (size_t i = 0; i < BR_VAULT_SUM_BYTES; i++) {
        sum[i] ^= one[i];
    }
}

static bool
is_value(struct br_bytes value)
{
    return value.n >= VERSION_BYTES + BR_SEAL_OVERHEAD_BYTES;
}

/* ---- one sealed value --------------------------------------------------- */

struct about {
    struct br_bytes parts[3];
};

/** The key has person, table and key in it; the version goes with it. */
static struct about
about(const uint8_t key[KEY_BYTES], const uint8_t version[VERSION_BYTES])
{
    return (struct about){{
        br_str("broletto-vault-row"),
        br_bytes(key, KEY_BYTES),
        br_bytes(version, VERSION_BYTES),
    }};
}

static enum br_rc
seal_value(
    const struct br_vault_person *p,
    const uint8_t key[KEY_BYTES],
    uint64_t version,
    struct br_bytes text,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t v[VERSION_BYTES];
    br_put_be64(v, version);
    br_buf_put(ret, v, sizeof(v));
    const struct about a = about(key, v);
    return br_seal(p->rows, a.parts, 3, text, ret, reterr);
}

static enum br_rc
open_value(
    const struct br_vault_person *p,
    const uint8_t key[KEY_BYTES],
    struct br_bytes value,
    struct br_buf *ret,
    struct br_err *reterr)
{
    if (!is_value(value)) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "a row of the vault has %zu bytes",
            value.n);
    }
    const struct about a = about(key, value.p);
    enum br_rc rc = br_seal_open(
        p->rows, a.parts, 3,
        br_bytes(value.p + VERSION_BYTES, value.n - VERSION_BYTES), ret,
        reterr);
    return rc == BR_ERR_DECRYPTION_FAILED
               ? br_fail(
                     reterr, BR_ERR_CORRUPT,
                     "a row of the vault was changed from outside")
               : rc;
}

/* ---- the head ----------------------------------------------------------- */

static enum br_rc
put_head(
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    const struct head *h,
    uint8_t ret_seen[BR_VAULT_SUM_BYTES],
    struct br_err *reterr)
{
    uint8_t key[KEY_BYTES];
    uint8_t text[HEAD_TEXT_BYTES];
    struct br_buf b;
    head_key(p->id, key);
    br_put_be64(text, h->version);
    br_put_be64(text + 8, h->count);
    memcpy(text + 16, h->sum, sizeof(h->sum));
    br_buf_init(&b, 1024);
    enum br_rc rc = seal_value(
        p, key, h->version, br_bytes(text, sizeof(text)), &b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            kv, ROWS, br_bytes(key, sizeof(key)), br_buf_bytes(&b), reterr);
    }
    if (rc == BR_OK) {
        memset(ret_seen, 0, BR_VAULT_SUM_BYTES);
        mark(p, br_bytes(key, sizeof(key)), br_buf_bytes(&b), ret_seen);
    }
    br_buf_fini(&b);
    return rc;
}

/** *ret_seen: what distinguishes this head from any other. */
static enum br_rc
read_head(
    struct br_vault_txn *t,
    uint8_t ret_seen[BR_VAULT_SUM_BYTES],
    struct br_err *reterr)
{
    struct br_vault_person *p = t->person;
    uint8_t key[KEY_BYTES];
    struct br_bytes value = {NULL, 0};
    struct br_buf b;
    head_key(p->id, key);
    enum br_rc rc =
        br_kv_get(t->kv, ROWS, br_bytes(key, sizeof(key)), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, BR_ERR_CORRUPT,
            "the person's rows are gone: restore the vault from a backup");
    }
    BR_TRY(rc);
    br_buf_init(&b, value.n);
    rc = open_value(p, key, value, &b, reterr);
    if (rc == BR_OK && b.n != HEAD_TEXT_BYTES) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "the head of the vault is short");
    }
    if (rc == BR_OK) {
        t->head.version = br_get_be64(b.p);
        t->head.count = br_get_be64(b.p + 8);
        memcpy(t->head.sum, b.p + 16, sizeof(t->head.sum));
        memset(ret_seen, 0, BR_VAULT_SUM_BYTES);
        mark(p, br_bytes(key, sizeof(key)), value, ret_seen);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_rows_begin_anew(
    struct br_vault_person *p, struct br_kv_txn *kv, struct br_err *reterr)
{
    const struct head h = {.version = 1};
    uint8_t seen[BR_VAULT_SUM_BYTES];
    return put_head(p, kv, &h, seen, reterr);
}

/* ---- walking ------------------------------------------------------------ */

typedef enum br_rc row_fn(
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr);

/** Each row whose key begins with the first n bytes of prefix. */
static enum br_rc
walk(
    struct br_kv_txn *kv,
    struct br_bytes prefix,
    row_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_cursor *c = NULL;
    struct br_bytes key;
    struct br_bytes value;
    BR_TRY(br_kv_cursor_open(kv, ROWS, &c, reterr));
    enum br_rc rc = br_kv_seek(c, prefix, &key, &value);
    enum br_rc done = BR_OK;
    while (rc == BR_OK && key.n == KEY_BYTES &&
           memcmp(key.p, prefix.p, prefix.n) == 0) {
        done = fn(ctx, key, value, reterr);
        if (done != BR_OK) {
            break;
        }
        rc = br_kv_next(c, &key, &value);
    }
    br_kv_cursor_close(c);
    if (done == BR_OK && rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "reading the rows of the vault");
    }
    return done;
}

struct looking {
    const struct br_vault_person *person;
    uint64_t count;
    uint8_t sum[BR_VAULT_SUM_BYTES];
    uint8_t head[KEY_BYTES];
};

static enum br_rc
look_at(
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct looking *l = (struct looking *)ctx;
    if (memcmp(key.p, l->head, KEY_BYTES) == 0) {
        return BR_OK;
    }
    if (!is_value(value)) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "a row of the vault has %zu bytes",
            value.n);
    }
    l->count++;
    mark(l->person, key, value, l->sum);
    return BR_OK;
}

/** Is every row the one that was written last, and is none missing? */
static enum br_rc
look_at_all(struct br_vault_txn *t, struct br_err *reterr)
{
    struct looking l = {.person = t->person};
    head_key(t->person->id, l.head);
    BR_TRY(walk(
        t->kv, br_bytes(t->person->id, BR_VAULT_PERSON_BYTES), look_at, &l,
        reterr));
    if (l.count != t->head.count ||
        !br_secret_eq(l.sum, t->head.sum, sizeof(l.sum))) {
        return br_fail(
            reterr, BR_ERR_CORRUPT,
            "rows of the vault were exchanged, added or removed from outside");
    }
    return BR_OK;
}

enum br_rc
br_rows_delete_all(
    struct br_kv_txn *kv, const uint8_t *person, struct br_err *reterr)
{
    for (;;) {
        struct br_kv_cursor *c = NULL;
        struct br_bytes key;
        struct br_bytes value;
        uint8_t copy[KEY_BYTES];
        BR_TRY(br_kv_cursor_open(kv, ROWS, &c, reterr));
        enum br_rc rc = br_kv_seek(
            c, br_bytes(person, BR_VAULT_PERSON_BYTES), &key, &value);
        bool more = rc == BR_OK && key.n == KEY_BYTES &&
                    memcmp(key.p, person, BR_VAULT_PERSON_BYTES) == 0;
        if (more) {
            memcpy(copy, key.p, KEY_BYTES);
        }
        br_kv_cursor_close(c);
        if (!more) {
            return rc == BR_OK || rc == BR_ERR_NOT_FOUND
                       ? BR_OK
                       : br_fail(reterr, rc, "reading the rows of the vault");
        }
        BR_TRY(br_kv_delete(kv, ROWS, br_bytes(copy, KEY_BYTES), reterr));
    }
}

/* ---- transactions ------------------------------------------------------- */

static enum br_rc
look_if_new(struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_vault_person *p = t->person;
    uint8_t seen[BR_VAULT_SUM_BYTES];
    BR_TRY(read_head(t, seen, reterr));
    if (p->looked && memcmp(p->seen, seen, sizeof(seen)) == 0) {
        return BR_OK;
    }
    BR_TRY(look_at_all(t, reterr));
    memcpy(p->seen, seen, sizeof(seen));
    p->looked = true;
    return BR_OK;
}

enum br_rc
br_vault_begin(
    struct br_vault_person *p,
    bool write,
    struct br_vault_txn **ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = (struct br_vault_txn *)calloc(1, sizeof(*t));
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a transaction");
    }
    t->person = p;
    t->write = write;
    enum br_rc rc = write ? br_kv_begin_write(p->vault->kv, &t->kv, reterr)
                          : br_kv_begin_read(p->vault->kv, &t->kv, reterr);
    if (rc == BR_OK) {
        rc = look_if_new(t, reterr);
    }
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    *ret = t;
    return BR_OK;
}

void
br_vault_end(struct br_vault_txn *t)
{
    if (t != NULL) {
        br_kv_end(t->kv);
        free(t);
    }
}

enum br_rc
br_vault_commit(struct br_vault_txn *t, struct br_err *reterr)
{
    struct br_vault_person *p = t->person;
    uint8_t seen[BR_VAULT_SUM_BYTES];
    BR_ASSERT(t->write);
    if (!t->changed) {
        br_vault_end(t);
        return BR_OK;
    }
    t->head.version++;
    enum br_rc rc = put_head(p, t->kv, &t->head, seen, reterr);
    if (rc == BR_OK) {
        rc = br_kv_commit(t->kv, reterr);
        t->kv = NULL;
    }
    if (rc == BR_OK) {
        memcpy(p->seen, seen, sizeof(seen));
    }
    br_vault_end(t);
    return rc;
}

uint64_t
br_vault_version(const struct br_vault_txn *t)
{
    return t->head.version;
}

/* ---- rows --------------------------------------------------------------- */

static void
put_be32(struct br_buf *b, size_t v)
{
    const uint8_t out[4] = {
        (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    br_buf_put(b, out, sizeof(out));
}

/** The four-byte length at p->p, and what follows it. */
static bool
take_part(struct br_bytes *p, struct br_bytes *ret)
{
    if (p->n < 4) {
        return false;
    }
    size_t n = (size_t)p->p[0] << 24 | (size_t)p->p[1] << 16 |
               (size_t)p->p[2] << 8 | p->p[3];
    if (n > p->n - 4) {
        return false;
    }
    *ret = br_bytes(p->p + 4, n);
    *p = br_bytes(p->p + 4 + n, p->n - 4 - n);
    return true;
}

/** Opened: key and text, borrowed from b. */
static enum br_rc
open_row(
    const struct br_vault_person *p,
    struct br_bytes key,
    struct br_bytes value,
    struct br_buf *b,
    struct br_bytes ret[2],
    struct br_err *reterr)
{
    BR_TRY(open_value(p, key.p, value, b, reterr));
    struct br_bytes rest = br_buf_bytes(b);
    if (!take_part(&rest, &ret[0]) || !take_part(&rest, &ret[1])) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a row of the vault is short");
    }
    return BR_OK;
}

enum br_rc
br_vault_get(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t name[KEY_BYTES];
    struct br_bytes value = {NULL, 0};
    struct br_bytes row[2];
    struct br_buf b;
    row_key(t->person, table, key, name);
    enum br_rc rc =
        br_kv_get(t->kv, ROWS, br_bytes(name, sizeof(name)), &value, NULL);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "the vault has no such row");
    }
    if (rc != BR_OK) {
        return br_fail(reterr, rc, "reading a row of the vault");
    }
    br_buf_init(&b, value.n);
    rc = open_row(
        t->person, br_bytes(name, sizeof(name)), value, &b, row, reterr);
    if (rc == BR_OK) {
        br_buf_put(ret, row[1].p, row[1].n);
        rc = br_buf_status(ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

static void
put_text(struct br_buf *b, struct br_bytes key, struct br_bytes text)
{
    static const uint8_t zeros[STEP_BYTES] = {0};
    put_be32(b, key.n);
    br_buf_put(b, key.p, key.n);
    put_be32(b, text.n);
    br_buf_put(b, text.p, text.n);
    br_buf_put(b, zeros, (STEP_BYTES - b->n % STEP_BYTES) % STEP_BYTES);
}

/** A row that is there leaves the sum. */
static enum br_rc
unmark(
    struct br_vault_txn *t,
    const uint8_t name[KEY_BYTES],
    struct br_err *reterr)
{
    struct br_bytes old = {NULL, 0};
    const struct br_bytes key = br_bytes(name, KEY_BYTES);
    enum br_rc rc = br_kv_get(t->kv, ROWS, key, &old, NULL);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    if (rc != BR_OK || !is_value(old)) {
        return br_fail(
            reterr, rc == BR_OK ? BR_ERR_CORRUPT : rc,
            "reading a row of the vault");
    }
    mark(t->person, key, old, t->head.sum);
    t->head.count--;
    return BR_OK;
}

static enum br_rc
check_row(
    const struct br_vault_txn *t,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr)
{
    if (key.n == 0 || key.n > BR_VAULT_KEY_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "a key has 1 to %d bytes",
            BR_VAULT_KEY_BYTES_MAX);
    }
    if (text.n > BR_VAULT_ROW_BYTES_MAX || t->head.count >= BR_VAULT_ROWS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE,
            "a wallet holds %d rows of %u bytes at most", BR_VAULT_ROWS_MAX,
            BR_VAULT_ROW_BYTES_MAX);
    }
    return BR_OK;
}

enum br_rc
br_vault_put(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr)
{
    uint8_t name[KEY_BYTES];
    struct br_buf plain;
    struct br_buf value;
    BR_ASSERT(t->write);
    BR_TRY(check_row(t, key, text, reterr));
    row_key(t->person, table, key, name);
    BR_TRY(unmark(t, name, reterr));
    /* Room at once: a buffer that grows leaves copies behind. */
    br_buf_init(&plain, 8 + key.n + text.n + STEP_BYTES);
    br_buf_init(&value, plain.max + VERSION_BYTES + BR_SEAL_OVERHEAD_BYTES);
    (void)br_buf_extend(&plain, plain.max);
    plain.n = 0;
    put_text(&plain, key, text);
    enum br_rc rc = br_buf_status(&plain, reterr);
    if (rc == BR_OK) {
        rc = seal_value(
            t->person, name, t->head.version + 1, br_buf_bytes(&plain), &value,
            reterr);
    }
    if (rc == BR_OK) {
        rc = br_kv_put(
            t->kv, ROWS, br_bytes(name, sizeof(name)), br_buf_bytes(&value),
            reterr);
    }
    if (rc == BR_OK) {
        mark(
            t->person, br_bytes(name, sizeof(name)), br_buf_bytes(&value),
            t->head.sum);
        t->head.count++;
        t->changed = true;
    }
    br_buf_wipe(&plain);
    br_buf_fini(&value);
    return rc;
}

enum br_rc
br_vault_delete(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_err *reterr)
{
    uint8_t name[KEY_BYTES];
    BR_ASSERT(t->write);
    row_key(t->person, table, key, name);
    uint64_t before = t->head.count;
    BR_TRY(unmark(t, name, reterr));
    if (t->head.count == before) {
        return BR_OK;
    }
    t->changed = true;
    return br_kv_delete(t->kv, ROWS, br_bytes(name, sizeof(name)), reterr);
}

enum br_rc
br_rows_put_first(
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr)
{
    struct br_vault_txn t = {.person = p, .kv = kv, .write = true};
    uint8_t seen[BR_VAULT_SUM_BYTES];
    BR_TRY(read_head(&t, seen, reterr));
    BR_TRY(br_vault_put(&t, table, key, text, reterr));
    t.head.version++;
    return put_head(p, kv, &t.head, seen, reterr);
}

/* ---- a whole table ------------------------------------------------------ */

struct each {
    struct br_vault_txn *txn;
    br_vault_each_fn *fn;
    void *ctx;
};

static enum br_rc
each_row(
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    const struct each *e = (const struct each *)ctx;
    struct br_bytes row[2];
    struct br_buf b;
    br_buf_init(&b, value.n);
    enum br_rc rc = open_row(e->txn->person, key, value, &b, row, reterr);
    if (rc == BR_OK) {
        rc = e->fn(e->ctx, row[0], row[1], reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_vault_each(
    struct br_vault_txn *t,
    enum br_vault_table table,
    br_vault_each_fn *fn,
    void *ctx,
    struct br_err *reterr)
{
    struct each e = {t, fn, ctx};
    uint8_t prefix[KEY_BYTES];
    group_key(t->person, table, prefix);
    return walk(
        t->kv, br_bytes(prefix, BR_VAULT_PERSON_BYTES + GROUP_BYTES), each_row,
        &e, reterr);
}
