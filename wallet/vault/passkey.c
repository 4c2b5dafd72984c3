/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/vault/passkey.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "wallet/vault/holding.h"
#include "wallet/vault/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW_BYTES_MAX = 8192,
    ARENA_BYTES_MAX = 64 * 1024,
};

_Static_assert(
    BR_PASSKEY_HANDLE_BYTES == BR_VAULT_PERSON_BYTES,
    "a user handle is a person's id");

/* ---- names and texts ---------------------------------------------------- */

enum br_rc
br_passkey_handle(
    struct br_vault *v,
    const char *name,
    uint8_t ret[BR_PASSKEY_HANDLE_BYTES],
    struct br_err *reterr)
{
    BR_TRY(br_vault_check_name(name, reterr));
    br_person_id(v, name, ret);
    return BR_OK;
}

enum br_rc
br_passkey_reference(
    struct br_bytes id,
    char ret[BR_PASSKEY_REFERENCE_BYTES + 1],
    struct br_err *reterr)
{
    struct br_hash h;
    struct br_buf b;
    br_sha256(id, &h);
    br_buf_init(&b, BR_PASSKEY_REFERENCE_BYTES);
    br_base64url_put(&b, br_hash_bytes(&h));
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        memcpy(ret, b.p, BR_PASSKEY_REFERENCE_BYTES);
        ret[BR_PASSKEY_REFERENCE_BYTES] = '\0';
    }
    br_buf_fini(&b);
    return rc;
}

/** Base64url of bytes, in the arena. */
static enum br_rc
text_of(
    struct br_bytes bytes,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, ROW_BYTES_MAX);
    br_base64url_put(&b, bytes);
    enum br_rc rc = br_buf_status(&b, reterr);
    const char *copy =
        rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&b)) : NULL;
    *ret = br_bytes(copy, copy == NULL ? 0 : b.n);
    br_buf_fini(&b);
    return rc == BR_OK && copy == NULL
               ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a passkey")
               : rc;
}

/** Is the text base64url of these bytes? */
static bool
is_text_of(struct br_bytes text, const uint8_t *bytes, size_t n)
{
    uint8_t out[BR_LOCK_SALT_BYTES];
    size_t got = 0;
    return n <= sizeof(out) &&
           br_base64url_parse(text, out, sizeof(out), &got, NULL) == BR_OK &&
           got == n && memcmp(out, bytes, n) == 0;
}

static enum br_rc
check_name(struct br_bytes name, struct br_err *reterr)
{
    return name.n > 0 &&
                   br_utf8_printable(name, BR_PASSKEY_NAME_BYTES_MAX).n > 0
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_OUT_OF_RANGE,
                     "a passkey's name is 1 to %d bytes of text",
                     BR_PASSKEY_NAME_BYTES_MAX);
}

static enum br_rc
check_secret(struct br_bytes secret, struct br_err *reterr)
{
    return secret.n == BR_PASSKEY_SECRET_BYTES
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_WEBAUTHN_PRF, "it gave %zu bytes",
                     secret.n);
}

/* ---- rows --------------------------------------------------------------- */

/** A row's key, and its text, of the passkey whose way is the lock's last. */
static enum br_rc
make_row(
    const struct br_vault_person *p,
    const struct br_passkey_new *k,
    const struct br_lock *l,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_wallet_passkey row = {
        .person = br_str(p->name),
        .name = k->name,
        .created_s = k->now_s,
        .counter = k->data->counter,
        .backup_eligible = k->data->backup_eligible,
        .backed_up = k->data->backed_up,
    };
    const uint8_t *salt = br_lock_passkey_salt(l, l->passkey_count - 1);
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = text_of(k->data->id, &arena, &row.id, reterr);
    if (rc == BR_OK) {
        rc = text_of(k->data->key, &arena, &row.key, reterr);
    }
    if (rc == BR_OK) {
        rc = text_of(
            br_bytes(salt, BR_LOCK_SALT_BYTES), &arena, &row.way, reterr);
    }
    if (rc == BR_OK) {
        rc = br_wallet_passkey_encode(&row, b, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
read_row(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_passkey *ret,
    struct br_err *reterr)
{
    struct br_hash key;
    struct br_buf b;
    br_sha256(id, &key);
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc =
        br_vault_get(t, BR_VAULT_PASSKEYS, br_hash_bytes(&key), &b, reterr);
    if (rc == BR_OK) {
        rc = br_wallet_passkey_parse(br_buf_bytes(&b), arena, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

static enum br_rc
write_row(
    struct br_vault_txn *t,
    struct br_bytes id,
    const struct br_wallet_passkey *k,
    struct br_err *reterr)
{
    struct br_hash key;
    struct br_buf b;
    br_sha256(id, &key);
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = br_wallet_passkey_encode(k, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(
            t, BR_VAULT_PASSKEYS, br_hash_bytes(&key), br_buf_bytes(&b),
            reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_passkey_get(
    struct br_vault_person *p,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_passkey *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(p, false, &t, reterr));
    enum br_rc rc = read_row(t, id, arena, ret, reterr);
    br_vault_end(t);
    return rc;
}

/* ---- all of them -------------------------------------------------------- */

struct reading {
    struct br_arena *arena;
    const struct br_lock *lock;
    struct br_passkey_list *list;
};

static bool
has_way(const struct br_lock *l, const struct br_wallet_passkey *k)
{
    for (size_t i = 0; i < l->passkey_count; i++) {
        if (is_text_of(
                k->way, br_lock_passkey_salt(l, i), BR_LOCK_SALT_BYTES)) {
            return true;
        }
    }
    return false;
}

static enum br_rc
read_one(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct reading *r = (struct reading *)ctx;
    struct br_wallet_passkey k;
    (void)key;
    BR_TRY(br_wallet_passkey_parse(text, r->arena, &k, reterr));
    if (has_way(r->lock, &k) && r->list->count < BR_LOCK_PASSKEYS_MAX) {
        r->list->all[r->list->count++] = k;
    }
    return BR_OK;
}

static int
older(const void *a, const void *b)
{
    const struct br_wallet_passkey *x = (const struct br_wallet_passkey *)a;
    const struct br_wallet_passkey *y = (const struct br_wallet_passkey *)b;
    return x->created_s == y->created_s
               ? memcmp(x->id.p, y->id.p, x->id.n < y->id.n ? x->id.n : y->id.n)
           : x->created_s < y->created_s ? -1
                                         : 1;
}

/** Lock and rows, as the transaction sees them. */
static enum br_rc
read_all(
    struct br_vault_txn *t,
    struct br_vault_person *p,
    struct br_arena *arena,
    struct br_passkey_list *ret,
    struct br_lock *ret_lock,
    struct br_err *reterr)
{
    struct reading r = {arena, ret_lock, ret};
    memset(ret, 0, sizeof(*ret));
    BR_TRY(br_lock_read(p->vault, p->id, ret_lock, reterr));
    ret->has_passphrase = ret_lock->has_passphrase;
    ret->all = (struct br_wallet_passkey *)br_arena_take(
        arena, BR_LOCK_PASSKEYS_MAX * sizeof(*ret->all));
    if (ret->all == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for passkeys");
    }
    BR_TRY(br_vault_each(t, BR_VAULT_PASSKEYS, read_one, &r, reterr));
    qsort(ret->all, ret->count, sizeof(*ret->all), older);
    return BR_OK;
}

enum br_rc
br_passkey_list(
    struct br_vault_person *p,
    struct br_arena *arena,
    struct br_passkey_list *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_lock l;
    BR_TRY(br_vault_begin(p, false, &t, reterr));
    enum br_rc rc = read_all(t, p, arena, ret, &l, reterr);
    br_vault_end(t);
    return rc;
}

/* ---- changing ----------------------------------------------------------- */

/** Under the store's write lock, from reading to writing. */
struct change {
    struct br_vault_person *p;
    struct br_vault_txn *t;
    struct br_arena arena;
    struct br_passkey_list list;
    struct br_lock lock;
};

/** Ways that lost their row in a crash go. */
static void
drop_ways_without_row(struct change *c)
{
    size_t i = 0;
    while (i < c->lock.passkey_count) {
        const uint8_t *salt = br_lock_passkey_salt(&c->lock, i);
        bool found = false;
        for (size_t k = 0; k < c->list.count; k++) {
            found |= is_text_of(c->list.all[k].way, salt, BR_LOCK_SALT_BYTES);
        }
        if (found) {
            i++;
        } else {
            br_lock_drop_passkey(&c->lock, i);
        }
    }
}

typedef enum br_rc
change_fn(struct change *c, const void *what, struct br_err *reterr);

/** The lock first, then the rows: what a crash leaves between opens nothing.
 *  `fn` changes c->lock and puts or deletes a row. */
static enum br_rc
change(
    struct br_vault_person *p,
    change_fn *fn,
    const void *what,
    struct br_err *reterr)
{
    struct change c = {.p = p};
    BR_TRY(br_vault_begin(p, true, &c.t, reterr));
    br_arena_init(&c.arena, ARENA_BYTES_MAX);
    enum br_rc rc = read_all(c.t, p, &c.arena, &c.list, &c.lock, reterr);
    if (rc == BR_OK) {
        drop_ways_without_row(&c);
        rc = fn(&c, what, reterr);
    }
    if (rc == BR_OK) {
        rc = br_lock_write(p->vault, p->id, &c.lock, false, reterr);
    }
    if (rc == BR_OK) {
        rc = br_vault_commit(c.t, reterr);
    } else {
        br_vault_end(c.t);
    }
    br_arena_fini(&c.arena);
    return rc;
}

static enum br_rc
check_new(const struct br_passkey_new *k, struct br_err *reterr)
{
    BR_TRY(check_name(k->name, reterr));
    return check_secret(k->secret, reterr);
}

static enum br_rc
add(struct change *c, const void *what, struct br_err *reterr)
{
    const struct br_passkey_new *k = (const struct br_passkey_new *)what;
    struct br_wallet_passkey before;
    struct br_hash key;
    struct br_buf b;
    enum br_rc rc = read_row(c->t, k->data->id, &c->arena, &before, reterr);
    if (rc == BR_OK && has_way(&c->lock, &before)) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "this passkey opens the wallet already");
    }
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    BR_TRY(br_lock_add_passkey(c->p, k->data->id, k->secret, &c->lock, reterr));
    br_sha256(k->data->id, &key);
    br_buf_init(&b, ROW_BYTES_MAX);
    rc = make_row(c->p, k, &c->lock, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(
            c->t, BR_VAULT_PASSKEYS, br_hash_bytes(&key), br_buf_bytes(&b),
            reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_passkey_add(
    struct br_vault_person *p,
    const struct br_passkey_new *k,
    struct br_err *reterr)
{
    BR_TRY(check_new(k, reterr));
    return change(p, add, k, reterr);
}

static enum br_rc
last_way(struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_CONFLICT,
        "it is the last way into this wallet: add another one first");
}

static enum br_rc
delete_row(
    struct change *c, const struct br_wallet_passkey *k, struct br_err *reterr)
{
    uint8_t id[BR_WEBAUTHN_ID_BYTES_MAX];
    struct br_hash key;
    size_t n = 0;
    BR_TRY(br_base64url_parse(k->id, id, sizeof(id), &n, reterr));
    br_sha256(br_bytes(id, n), &key);
    for (size_t i = 0; i < c->lock.passkey_count; i++) {
        if (is_text_of(
                k->way, br_lock_passkey_salt(&c->lock, i),
                BR_LOCK_SALT_BYTES)) {
            br_lock_drop_passkey(&c->lock, i);
            break;
        }
    }
    return br_vault_delete(
        c->t, BR_VAULT_PASSKEYS, br_hash_bytes(&key), reterr);
}

static enum br_rc
is_reference_of(
    struct br_bytes reference,
    const struct br_wallet_passkey *k,
    bool *ret,
    struct br_err *reterr)
{
    uint8_t id[BR_WEBAUTHN_ID_BYTES_MAX];
    char text[BR_PASSKEY_REFERENCE_BYTES + 1];
    size_t n = 0;
    BR_TRY(br_base64url_parse(k->id, id, sizeof(id), &n, reterr));
    BR_TRY(br_passkey_reference(br_bytes(id, n), text, reterr));
    *ret = br_bytes_eq(reference, br_str(text));
    return BR_OK;
}

static enum br_rc
remove_one(struct change *c, const void *what, struct br_err *reterr)
{
    const struct br_bytes *reference = (const struct br_bytes *)what;
    for (size_t i = 0; i < c->list.count; i++) {
        bool this_one = false;
        BR_TRY(is_reference_of(*reference, &c->list.all[i], &this_one, reterr));
        if (this_one) {
            return c->list.count == 1 && !c->lock.has_passphrase
                       ? last_way(reterr)
                       : delete_row(c, &c->list.all[i], reterr);
        }
    }
    return br_fail(
        reterr, BR_ERR_NOT_FOUND, "no such passkey opens the wallet");
}

enum br_rc
br_passkey_remove(
    struct br_vault_person *p, struct br_bytes reference, struct br_err *reterr)
{
    return change(p, remove_one, &reference, reterr);
}

static enum br_rc
drop_passphrase(struct change *c, const void *what, struct br_err *reterr)
{
    (void)what;
    if (c->list.count == 0) {
        return last_way(reterr);
    }
    c->lock.has_passphrase = false;
    return BR_OK;
}

enum br_rc
br_passkey_drop_passphrase(struct br_vault_person *p, struct br_err *reterr)
{
    return change(p, drop_passphrase, NULL, reterr);
}

/* ---- people ------------------------------------------------------------- */

static enum br_rc
first(
    const void *ctx,
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    struct br_err *reterr)
{
    const struct br_passkey_new *k = (const struct br_passkey_new *)ctx;
    struct br_lock l = {0};
    struct br_hash key;
    struct br_buf b;
    BR_TRY(br_lock_add_passkey(p, k->data->id, k->secret, &l, reterr));
    br_sha256(k->data->id, &key);
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = make_row(p, k, &l, &b, reterr);
    if (rc == BR_OK) {
        rc = br_rows_put_first(
            p, kv, BR_VAULT_PASSKEYS, br_hash_bytes(&key), br_buf_bytes(&b),
            reterr);
    }
    br_buf_wipe(&b);
    return rc == BR_OK ? br_lock_write(p->vault, p->id, &l, true, reterr) : rc;
}

enum br_rc
br_passkey_add_person(
    struct br_vault *v,
    const char *name,
    const struct br_passkey_new *k,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    BR_TRY(check_new(k, reterr));
    return br_person_add(v, name, first, k, ret, reterr);
}

static enum br_rc
no_such(struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_KEY_LOCKED, "no wallet here opens with this passkey");
}

/** The row tells whose vault it is; the handle must say the same. */
static enum br_rc
read_person(
    struct br_vault_person *p, struct br_bytes id, struct br_err *reterr)
{
    uint8_t whose[BR_VAULT_PERSON_BYTES];
    struct br_wallet_passkey k;
    struct br_arena arena;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_passkey_get(p, id, &arena, &k, reterr);
    if (rc == BR_OK && k.person.n <= BR_VAULT_NAME_BYTES_MAX) {
        (void)snprintf(
            p->name, sizeof(p->name), "%.*s", (int)k.person.n,
            (const char *)k.person.p);
        br_person_id(p->vault, p->name, whose);
        if (memcmp(whose, p->id, sizeof(whose)) != 0) {
            rc = br_fail(
                reterr, BR_ERR_CORRUPT, "a passkey's row is another person's");
        }
    } else if (rc == BR_ERR_NOT_FOUND) {
        rc = no_such(reterr); /* it was removed */
    }
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_passkey_unlock(
    struct br_vault *v,
    const struct br_passkey_way *way,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    struct br_vault_person *p = NULL;
    BR_TRY(check_secret(way->secret, reterr));
    if (way->handle.n != BR_PASSKEY_HANDLE_BYTES) {
        return no_such(reterr);
    }
    BR_TRY(br_person_of_id(v, way->handle.p, &p, reterr));
    enum br_rc rc = br_lock_open_passkey(p, way->id, way->secret, reterr);
    if (rc == BR_OK) {
        rc = br_person_opened(p, reterr);
    }
    if (rc == BR_OK) {
        rc = read_person(p, way->id, reterr);
    }
    if (rc != BR_OK) {
        br_vault_lock(p);
        return rc;
    }
    *ret = p;
    return BR_OK;
}

/* ---- using -------------------------------------------------------------- */

static enum br_rc
update(
    struct br_wallet_passkey *k,
    const struct br_webauthn_data *data,
    uint64_t now_s,
    struct br_err *reterr)
{
    if (data->backup_eligible != k->backup_eligible) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_BACKUP,
            "whether it can be backed up has changed");
    }
    BR_TRY(br_webauthn_counter((uint32_t)k->counter, data->counter, reterr));
    k->counter = data->counter;
    k->backed_up = data->backed_up;
    k->used_s = now_s;
    return BR_OK;
}

/** So that the person reads of it, whoever has tried. */
static enum br_rc
tell(
    struct br_vault_txn *t,
    const struct br_wallet_passkey *k,
    const struct br_err *refusal,
    uint64_t now_s,
    struct br_err *reterr)
{
    const struct br_rule_info *rule = br_rule_of(refusal);
    const struct br_wallet_entry e = {
        .event = BR_WALLET_FAILED,
        .time_s = now_s,
        .party = br_str("passkey"),
        .party_name = k->name,
        .reason = br_str(rule == NULL ? "" : rule->slug),
    };
    return br_holding_put_entry(t, &e, reterr);
}

static enum br_rc
use(struct br_vault_txn *t,
    struct br_bytes id,
    const struct br_webauthn_data *data,
    uint64_t now_s,
    struct br_err *ret_refusal,
    struct br_err *reterr)
{
    struct br_wallet_passkey k;
    struct br_arena arena;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    ret_refusal->rc = BR_OK;
    enum br_rc rc = read_row(t, id, &arena, &k, reterr);
    if (rc == BR_OK) {
        enum br_rc refused = update(&k, data, now_s, ret_refusal);
        rc = refused == BR_OK ? write_row(t, id, &k, reterr)
                              : tell(t, &k, ret_refusal, now_s, reterr);
        ret_refusal->rc = refused;
    }
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_passkey_used(
    struct br_vault_person *p,
    struct br_bytes id,
    const struct br_webauthn_data *data,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_err refusal;
    BR_TRY(br_vault_begin(p, true, &t, reterr));
    enum br_rc rc = use(t, id, data, now_s, &refusal, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    BR_TRY(br_vault_commit(t, reterr));
    return refusal.rc == BR_OK
               ? BR_OK
               : br_fail(reterr, refusal.rc, "%s", refusal.text);
}
