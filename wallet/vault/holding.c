/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/vault/holding.h"

#include "common/credential/sd_jwt_vc.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ID_RANDOM_BYTES = 16,
    INSTANCE_KEY_BYTES = 64,
    HISTORY_MAX = 100000,
    LETTERS_BYTES_MAX = 256 * 1024 * 1024
};

void
br_holding_new_id(char ret[BR_WALLET_ID_BYTES + 1])
{
    do { /* a word of the command line does not begin as an option does */
        br_random_text(ret, ID_RANDOM_BYTES);
    } while (ret[0] == '-');
}

/* ---- credentials -------------------------------------------------------- */

struct listing {
    struct br_arena *arena;
    struct br_wallet_credential *list;
    size_t count;
};

static enum br_rc
list_one(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct listing *l = (struct listing *)ctx;
    (void)key;
    if (l->count == BR_HOLDING_CREDENTIALS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "a wallet holds %d credentials at most",
            BR_HOLDING_CREDENTIALS_MAX);
    }
    BR_TRY(
        br_wallet_credential_parse(text, l->arena, &l->list[l->count], reterr));
    l->count++;
    return BR_OK;
}

static int
newest_first(const void *a, const void *b)
{
    const struct br_wallet_credential *x =
        (const struct br_wallet_credential *)a;
    const struct br_wallet_credential *y =
        (const struct br_wallet_credential *)b;
    if (x->accepted_s != y->accepted_s) {
        return x->accepted_s < y->accepted_s ? 1 : -1;
    }
    size_t n = x->id.n < y->id.n ? x->id.n : y->id.n;
    return memcmp(x->id.p, y->id.p, n);
}

enum br_rc
br_holding_list(
    struct br_vault_txn *t,
    struct br_arena *arena,
    struct br_wallet_credential **ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct listing l = {.arena = arena};
    l.list = (struct br_wallet_credential *)calloc(
        BR_HOLDING_CREDENTIALS_MAX, sizeof(*l.list));
    if (l.list == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a list");
    }
    enum br_rc rc =
        br_vault_each(t, BR_VAULT_CREDENTIALS, list_one, &l, reterr);
    size_t bytes = l.count * sizeof(*l.list);
    struct br_wallet_credential *kept = NULL;
    if (rc == BR_OK) {
        kept = (struct br_wallet_credential *)br_arena_take(
            arena, bytes == 0 ? 1 : bytes);
        rc = kept == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a list")
                 : BR_OK;
    }
    if (rc == BR_OK) {
        memcpy(kept, l.list, bytes);
        qsort(kept, l.count, sizeof(*kept), newest_first);
        *ret = kept;
        *ret_count = l.count;
    }
    free(l.list);
    return rc;
}

enum br_rc
br_holding_get(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_credential *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_vault_get(t, BR_VAULT_CREDENTIALS, id, &b, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(
            reterr, rc, "the wallet has no credential of this identifier");
    }
    if (rc == BR_OK) {
        rc = br_wallet_credential_parse(br_buf_bytes(&b), arena, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_holding_put(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_wallet_credential_encode(c, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(
            t, BR_VAULT_CREDENTIALS, c->id, br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

/* ---- instances ---------------------------------------------------------- */

/** The row of an instance, and of its private key. */
static struct br_bytes
instance_key(struct br_bytes id, unsigned number, char out[INSTANCE_KEY_BYTES])
{
    int n = snprintf(
        out, INSTANCE_KEY_BYTES, "%.*s/%u", (int)(id.n > 40 ? 40 : id.n),
        (const char *)id.p, number);
    return br_bytes(out, (size_t)n);
}

static enum br_rc
drop_instance(
    struct br_vault_txn *t,
    struct br_bytes id,
    unsigned number,
    struct br_err *reterr)
{
    char text[INSTANCE_KEY_BYTES];
    const struct br_bytes key = instance_key(id, number, text);
    BR_TRY(br_vault_delete(t, BR_VAULT_KEYS, key, reterr));
    return br_vault_delete(t, BR_VAULT_INSTANCES, key, reterr);
}

enum br_rc
br_holding_clear(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    struct br_err *reterr)
{
    for (unsigned i = 0; i < c->instances; i++) {
        BR_TRY(drop_instance(t, c->id, i, reterr));
    }
    c->instances = 0;
    c->spent = 0;
    return BR_OK;
}

enum br_rc
br_holding_remove(
    struct br_vault_txn *t, struct br_bytes id, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_wallet_credential c = {0};
    br_arena_init(&arena, BR_VAULT_ROW_BYTES_MAX * 8u);
    enum br_rc rc = br_holding_get(t, id, &arena, &c, reterr);
    if (rc == BR_OK) {
        rc = br_holding_clear(t, &c, reterr);
    }
    if (rc == BR_OK) {
        rc = br_vault_delete(t, BR_VAULT_CREDENTIALS, id, reterr);
    }
    if (rc == BR_OK && c.grant.n > 0) {
        rc = br_holding_drop_grant(t, c.grant, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
put_instance_row(
    struct br_vault_txn *t,
    const struct br_wallet_instance *i,
    struct br_bytes key,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_wallet_instance_encode(i, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(t, BR_VAULT_INSTANCES, key, br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

/** The kind (1), then the secret number. */
static enum br_rc
put_key_row(
    struct br_vault_txn *t,
    const struct br_private_key *k,
    struct br_bytes key,
    struct br_err *reterr)
{
    uint8_t row[1 + BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    row[0] = (uint8_t)br_private_key_public(k)->kind;
    enum br_rc rc = br_private_key_export(k, row + 1, &n, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(t, BR_VAULT_KEYS, key, br_bytes(row, n + 1), reterr);
    }
    br_wipe(row, sizeof(row));
    return rc;
}

enum br_rc
br_holding_put_instance(
    struct br_vault_txn *t,
    const struct br_wallet_instance *i,
    const struct br_private_key *key,
    struct br_err *reterr)
{
    char text[INSTANCE_KEY_BYTES];
    const struct br_bytes row = instance_key(i->credential, i->number, text);
    BR_TRY(put_instance_row(t, i, row, reterr));
    return put_key_row(t, key, row, reterr);
}

static enum br_rc
get_instance(
    struct br_vault_txn *t,
    struct br_bytes key,
    struct br_arena *arena,
    struct br_wallet_instance *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_vault_get(t, BR_VAULT_INSTANCES, key, &b, reterr);
    if (rc == BR_OK) {
        rc = br_wallet_instance_parse(br_buf_bytes(&b), arena, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_holding_peek(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_arena *arena,
    struct br_wallet_instance *ret,
    struct br_err *reterr)
{
    struct br_wallet_instance best = {0};
    bool found = false;
    for (unsigned i = 0; i < c->instances; i++) {
        char text[INSTANCE_KEY_BYTES];
        struct br_wallet_instance one;
        enum br_rc rc =
            get_instance(t, instance_key(c->id, i, text), arena, &one, reterr);
        if (rc == BR_ERR_NOT_FOUND) {
            continue;
        }
        BR_TRY(rc);
        if (!found || one.uses < best.uses) {
            best = one;
            found = true;
        }
        if (best.uses == 0) {
            break;
        }
    }
    if (!found) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "every copy of this credential has been shown once: renew it");
    }
    *ret = best;
    return BR_OK;
}

/** Its signature was looked at when it came; since then it lay sealed. */
enum br_rc
br_holding_claims(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    static const struct br_vc_policy policy = {.algs = 0};
    struct br_wallet_instance i;
    struct br_vc vc;
    BR_TRY(br_holding_peek(t, c, arena, &i, reterr));
    BR_TRY(br_vc_open(i.text, &policy, arena, &vc, reterr));
    return br_sd_process(
        &vc.sd, vc.sd.jws.unverified_payload, arena, ret, reterr);
}

static enum br_rc
get_key(
    struct br_vault_txn *t,
    struct br_bytes key,
    struct br_private_key **ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 1 + BR_KEY_COORDINATE_MAX);
    enum br_rc rc = br_vault_get(t, BR_VAULT_KEYS, key, &b, reterr);
    /* It may come from a backup that somebody handed over. */
    if (rc == BR_OK &&
        (b.n < 2 || b.p[0] < BR_KEY_P256 || b.p[0] > BR_KEY_X25519)) {
        rc = br_fail(
            reterr, BR_ERR_CORRUPT, "a key of the vault is of no known kind");
    }
    if (rc == BR_OK) {
        rc = br_private_key_new(
            (enum br_key_kind)b.p[0], br_bytes(b.p + 1, b.n - 1), ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

/** Counted, or deleted, and the credential with it. */
static enum br_rc
spend(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    struct br_wallet_instance *i,
    uint64_t now_s,
    struct br_err *reterr)
{
    char text[INSTANCE_KEY_BYTES];
    i->uses++;
    i->last_used_s = now_s;
    c->uses++;
    if (c->use == BR_WALLET_USE_ONCE) {
        c->spent++;
        BR_TRY(drop_instance(t, c->id, i->number, reterr));
    } else {
        BR_TRY(put_instance_row(
            t, i, instance_key(c->id, i->number, text), reterr));
    }
    return br_holding_put(t, c, reterr);
}

enum br_rc
br_holding_take(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_holding_taken *ret,
    struct br_err *reterr)
{
    char text[INSTANCE_KEY_BYTES];
    struct br_holding_taken taken = {0};
    /* Since it was looked at it may have been shown, or renewed. */
    BR_TRY(br_holding_get(t, c->id, arena, c, reterr));
    BR_TRY(br_holding_peek(t, c, arena, &taken.instance, reterr));
    BR_TRY(get_key(
        t, instance_key(c->id, taken.instance.number, text), &taken.key,
        reterr));
    enum br_rc rc = spend(t, c, &taken.instance, now_s, reterr);
    if (rc != BR_OK) {
        br_private_key_free(taken.key);
        return rc;
    }
    *ret = taken;
    return BR_OK;
}

/* ---- grants ------------------------------------------------------------- */

enum br_rc
br_holding_get_grant(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_grant *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_vault_get(t, BR_VAULT_GRANTS, id, &b, reterr);
    if (rc == BR_OK) {
        rc = br_wallet_grant_parse(br_buf_bytes(&b), arena, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_holding_put_grant(
    struct br_vault_txn *t,
    const struct br_wallet_grant *g,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_wallet_grant_encode(g, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(t, BR_VAULT_GRANTS, g->id, br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

struct searching {
    struct br_bytes grant;
    bool found;
};

static enum br_rc
search_one(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct searching *s = (struct searching *)ctx;
    struct br_json *v = NULL;
    struct br_bytes grant = {NULL, 0};
    struct br_arena arena;
    (void)key;
    br_arena_init(&arena, BR_VAULT_ROW_BYTES_MAX * 16u);
    enum br_rc rc = br_json_parse(text, &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_json_may_string(v, "grant", &grant, reterr);
    }
    s->found = s->found || (rc == BR_OK && br_bytes_eq(grant, s->grant));
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_holding_drop_grant(
    struct br_vault_txn *t, struct br_bytes id, struct br_err *reterr)
{
    struct searching s = {.grant = id};
    BR_TRY(br_vault_each(t, BR_VAULT_CREDENTIALS, search_one, &s, reterr));
    BR_TRY(br_vault_each(t, BR_VAULT_OFFERS, search_one, &s, reterr));
    return s.found ? BR_OK : br_vault_delete(t, BR_VAULT_GRANTS, id, reterr);
}

/* ---- history ------------------------------------------------------------ */

enum br_rc
br_holding_put_entry(
    struct br_vault_txn *t,
    const struct br_wallet_entry *e,
    struct br_err *reterr)
{
    struct br_wallet_entry copy = *e;
    char id[BR_WALLET_ID_BYTES + 1];
    struct br_buf b;
    if (copy.id.n == 0) {
        br_holding_new_id(id);
        copy.id = br_str(id);
    }
    copy.order = br_vault_version(t);
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_wallet_entry_encode(&copy, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(
            t, BR_VAULT_HISTORY, copy.id, br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

struct remembering {
    struct br_arena *arena;
    struct br_wallet_entry *list;
    size_t count;
    size_t room;
};

static enum br_rc
remember_one(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct remembering *r = (struct remembering *)ctx;
    (void)key;
    if (r->count == r->room) {
        size_t room = r->room == 0 ? 64 : r->room * 2;
        struct br_wallet_entry *more = room > HISTORY_MAX * 2
                                           ? NULL
                                           : (struct br_wallet_entry *)realloc(
                                                 r->list, room * sizeof(*more));
        if (more == NULL) {
            return br_fail(
                reterr, BR_ERR_NO_MEMORY, "no memory for the history");
        }
        r->list = more;
        r->room = room;
    }
    BR_TRY(br_wallet_entry_parse(text, r->arena, &r->list[r->count], reterr));
    r->count++;
    return BR_OK;
}

static int
latest_first(const void *a, const void *b)
{
    const struct br_wallet_entry *x = (const struct br_wallet_entry *)a;
    const struct br_wallet_entry *y = (const struct br_wallet_entry *)b;
    if (x->time_s != y->time_s) {
        return x->time_s < y->time_s ? 1 : -1;
    }
    if (x->order != y->order) {
        return x->order < y->order ? 1 : -1;
    }
    size_t n = x->id.n < y->id.n ? x->id.n : y->id.n;
    return memcmp(x->id.p, y->id.p, n);
}

enum br_rc
br_holding_history(
    struct br_vault_txn *t,
    size_t max,
    struct br_arena *arena,
    struct br_wallet_entry **ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct remembering r = {.arena = arena};
    struct br_wallet_entry *kept = NULL;
    size_t count = 0;
    enum br_rc rc =
        br_vault_each(t, BR_VAULT_HISTORY, remember_one, &r, reterr);
    if (rc == BR_OK) {
        if (r.count > 0) {
            qsort(r.list, r.count, sizeof(*r.list), latest_first);
        }
        count = r.count < max ? r.count : max;
        kept = (struct br_wallet_entry *)br_arena_take(
            arena, count * sizeof(*kept) + 1);
        rc =
            kept == NULL
                ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for the history")
                : BR_OK;
    }
    if (rc == BR_OK) {
        if (count > 0) {
            memcpy(kept, r.list, count * sizeof(*kept));
        }
        *ret = kept;
        *ret_count = count;
    }
    free(r.list);
    return rc;
}

enum br_rc
br_holding_entry(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_entry *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc = br_vault_get(t, BR_VAULT_HISTORY, id, &b, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(reterr, rc, "the history has no entry of this identifier");
    }
    if (rc == BR_OK) {
        rc = br_wallet_entry_parse(br_buf_bytes(&b), arena, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

/* ---- letters ------------------------------------------------------------ */

static bool
is_letter(enum br_wallet_event e)
{
    return e == BR_WALLET_DELETION_ASKED || e == BR_WALLET_ACCESS_ASKED;
}

static enum br_rc
note_in(
    struct br_vault_txn *t,
    struct br_wallet_entry *e,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_wallet_entry shown;
    struct br_wallet_entry *all = NULL;
    size_t count = 0;
    BR_TRY(br_holding_entry(t, e->about, arena, &shown, reterr));
    if (shown.event != BR_WALLET_PRESENTED) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "nothing was shown there: there is nothing to ask about");
    }
    BR_TRY(br_holding_history(t, HISTORY_MAX, arena, &all, &count, reterr));
    for (size_t i = 0; i < count; i++) {
        if (all[i].event == e->event && br_bytes_eq(all[i].about, e->about)) {
            return br_fail(
                reterr, BR_ERR_CONFLICT, "this is in the history already");
        }
    }
    e->party = shown.party;
    e->party_name = shown.party_name;
    e->credential = shown.credential;
    e->vct = shown.vct;
    e->claims = shown.claims;
    return br_holding_put_entry(t, e, reterr);
}

enum br_rc
br_holding_note_letter(
    struct br_vault_txn *t,
    struct br_bytes id,
    enum br_wallet_event event,
    uint64_t now_s,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr)
{
    struct br_arena arena;
    br_holding_new_id(ret_id);
    struct br_wallet_entry e = {
        .id = br_str(ret_id),
        .event = event,
        .time_s = now_s,
        .about = id,
    };
    br_arena_init(&arena, LETTERS_BYTES_MAX);
    enum br_rc rc = note_in(t, &e, &arena, reterr);
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_holding_undo_letter(
    struct br_vault_txn *t, struct br_bytes id, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_wallet_entry e;
    br_arena_init(&arena, LETTERS_BYTES_MAX);
    enum br_rc rc = br_holding_entry(t, id, &arena, &e, reterr);
    if (rc == BR_OK && !is_letter(e.event)) {
        rc = br_fail(
            reterr, BR_ERR_CONFLICT,
            "this part of the history is not the person's to take back");
    }
    br_arena_fini(&arena);
    return rc == BR_OK ? br_vault_delete(t, BR_VAULT_HISTORY, id, reterr) : rc;
}

/* ---- settings ----------------------------------------------------------- */

enum br_rc
br_holding_setting(
    struct br_vault_txn *t,
    const char *name,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_VAULT_ROW_BYTES_MAX);
    enum br_rc rc =
        br_vault_get(t, BR_VAULT_SETTINGS, br_str(name), &b, reterr);
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(arena, br_buf_bytes(&b));
        rc = copy == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a setting")
                 : BR_OK;
        *ret = br_bytes(copy, b.n);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_holding_put_setting(
    struct br_vault_txn *t,
    const char *name,
    struct br_bytes text,
    struct br_err *reterr)
{
    return br_vault_put(t, BR_VAULT_SETTINGS, br_str(name), text, reterr);
}
