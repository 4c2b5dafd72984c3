/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/desk.h"

#include "common/crypto/keyfile.h"
#include "orchestrator/store/rows.h"

#include <stdio.h>

static const char *const roles[BR_DESK_ROLES] = {
    "operator", "supervisor", "auditor"};

const char *
br_desk_role_name(enum br_desk_role r)
{
    return roles[r];
}

enum br_rc
br_desk_role_by_name(
    const char *name, enum br_desk_role *ret, struct br_err *reterr)
{
    for (int i = 0; i < BR_DESK_ROLES; i++) {
        if (strcmp(name, roles[i]) == 0) {
            *ret = (enum br_desk_role)i;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_NOT_FOUND,
        "a role is operator, supervisor or auditor, not %.40s", name);
}

/* ---- operators ---------------------------------------------------------- */

enum br_rc
br_operator_check_name(const char *name, struct br_err *reterr)
{
    size_t n = strlen(name);
    if (n < 1 || n > BR_DESK_NAME_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != n) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "an operator's name has 1 to %d of a-z, 0-9, dot and hyphen",
            BR_DESK_NAME_BYTES);
    }
    return BR_OK;
}

enum br_rc
br_operator_put(
    struct br_kv_txn *txn, const struct br_operator *o, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_cbor_put_array(&b, o->federated ? 11 : 9);
    br_cbor_put_uint(&b, (uint64_t)o->role);
    br_cbor_put_bytes(&b, br_bytes(o->salt, sizeof(o->salt)));
    br_cbor_put_uint(&b, o->cost.ops);
    br_cbor_put_uint(&b, o->cost.kib);
    br_cbor_put_bytes(&b, br_bytes(o->sealed, sizeof(o->sealed)));
    br_cbor_put_uint(&b, o->used_step);
    br_cbor_put_uint(&b, o->failures);
    br_cbor_put_uint(&b, o->wait_until_s);
    br_cbor_put_uint(&b, o->created_s);
    if (o->federated) {
        br_cbor_put_bytes(
            &b, br_bytes(o->identity_salt, sizeof(o->identity_salt)));
        br_cbor_put_bytes(&b, br_hash_bytes(&o->identity));
    }
    return br_row_put(txn, BR_ORCH_OPERATORS, br_str(o->name), &b, reterr);
}

static enum br_rc
parse_operator(
    struct br_bytes name,
    struct br_bytes row,
    struct br_operator *o,
    struct br_err *reterr)
{
    struct br_cbor r;
    *o = (struct br_operator){0};
    if (name.n > BR_DESK_NAME_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "an operator's name");
    }
    memcpy(o->name, name.p, name.n);
    br_cbor_init(&r, row);
    uint64_t count = br_cbor_array(&r, 11);
    if (count != 9 && count != 11) {
        br_cbor_fail(&r, BR_ERR_CORRUPT, "an operator's row");
    }
    o->federated = count == 11;
    o->role = (enum br_desk_role)br_cbor_uint_max(&r, BR_DESK_ROLES - 1);
    br_cbor_bytes_exact(&r, o->salt, sizeof(o->salt));
    o->cost.ops = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    o->cost.kib = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    br_cbor_bytes_exact(&r, o->sealed, sizeof(o->sealed));
    o->used_step = br_cbor_uint(&r);
    o->failures = br_cbor_uint(&r);
    o->wait_until_s = br_cbor_uint(&r);
    o->created_s = br_cbor_uint(&r);
    if (o->federated) {
        br_cbor_bytes_exact(&r, o->identity_salt, sizeof(o->identity_salt));
        br_row_hash(&r, &o->identity);
    }
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_operator_get(
    struct br_kv_txn *txn,
    struct br_bytes name,
    struct br_operator *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    if (name.n < 1 || name.n > BR_DESK_NAME_BYTES) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no such operator");
    }
    BR_TRY(br_kv_get(txn, BR_ORCH_OPERATORS, name, &row, reterr));
    return parse_operator(name, row, ret, reterr);
}

enum br_rc
br_operator_remove(
    struct br_kv_txn *txn, const char *name, struct br_err *reterr)
{
    struct br_operator o;
    BR_TRY(br_operator_get(txn, br_str(name), &o, reterr));
    BR_TRY(br_desk_session_purge(txn, name, 0, reterr));
    return br_kv_delete(txn, BR_ORCH_OPERATORS, br_str(name), reterr);
}

enum br_rc
br_operator_list(
    struct br_kv_txn *txn,
    void (*fn)(void *ctx, const struct br_operator *o),
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes name;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_OPERATORS, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &name, &row);
    while (rc == BR_OK) {
        struct br_operator o;
        rc = parse_operator(name, row, &o, reterr);
        if (rc == BR_OK) {
            fn(ctx, &o);
            rc = br_kv_next(c, &name, &row);
        }
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

/* ---- logging in --------------------------------------------------------- */

static enum br_rc
derive(
    const struct br_operator *o,
    struct br_bytes passphrase,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    struct br_secret *s = NULL;
    BR_TRY(br_secret_new(passphrase, &s, reterr));
    enum br_rc rc = br_seal_key_of_passphrase(s, o->salt, o->cost, ret, reterr);
    br_secret_free(s);
    return rc;
}

/** The one that was chosen, or a new one, which is told in ret_secrets. */
static enum br_rc
derive_new(
    const struct br_operator *o,
    const struct br_secret *chosen,
    struct br_operator_secrets *ret_secrets,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    ret_secrets->passphrase[0] = '\0';
    if (chosen == NULL) {
        br_orch_random_text(ret_secrets->passphrase);
        /* 120 bits: more is not guessed, and this is typed by hand. */
        ret_secrets->passphrase[20] = '\0';
        return derive(o, br_str(ret_secrets->passphrase), ret, reterr);
    }
    if (br_secret_bytes(chosen) < BR_DESK_PASSPHRASE_MIN) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "a passphrase that is chosen has %d bytes at least",
            BR_DESK_PASSPHRASE_MIN);
    }
    return br_seal_key_of_passphrase(chosen, o->salt, o->cost, ret, reterr);
}

enum br_rc
br_operator_make(
    const char *name,
    enum br_desk_role role,
    const struct br_secret *chosen,
    struct br_operator *ret,
    struct br_operator_secrets *ret_secrets,
    struct br_err *reterr)
{
    struct br_operator o = {.role = role, .cost = br_seal_cost_default()};
    struct br_seal_key *key = NULL;
    struct br_buf sealed;
    BR_TRY(br_operator_check_name(name, reterr));
    (void)snprintf(o.name, sizeof(o.name), "%s", name);
    br_random(o.salt, sizeof(o.salt));
    br_random(ret_secrets->totp, sizeof(ret_secrets->totp));
    BR_TRY(derive_new(&o, chosen, ret_secrets, &key, reterr));
    const struct br_bytes about[] = {br_str("operator"), br_str(o.name)};
    br_buf_init(&sealed, 1024);
    enum br_rc rc = br_seal(
        key, about, 2, br_bytes(ret_secrets->totp, sizeof(ret_secrets->totp)),
        &sealed, reterr);
    br_seal_key_free(key);
    if (rc == BR_OK) {
        memcpy(o.sealed, sealed.p, sizeof(o.sealed));
        *ret = o;
    }
    br_buf_fini(&sealed);
    return rc;
}

/* ---- those who log in elsewhere ------------------------------------------ */

/** A tax code is guessed easily: so salted, and for this issuer alone. */
static struct br_hash
identity_hash(
    const uint8_t salt[BR_DESK_SALT_BYTES],
    const char *issuer,
    const char *identity)
{
    struct br_hash h;
    const struct br_bytes parts[] = {
        br_str("broletto/operator-identity"),
        br_bytes(salt, BR_DESK_SALT_BYTES),
        br_bytes(issuer, strlen(issuer) + 1), br_str(identity)};
    br_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), &h);
    return h;
}

enum br_rc
br_operator_make_federated(
    const char *name,
    enum br_desk_role role,
    const char *issuer,
    const char *identity,
    struct br_operator *ret,
    struct br_err *reterr)
{
    struct br_operator o = {
        .role = role, .cost = br_seal_cost_default(), .federated = true};
    BR_TRY(br_operator_check_name(name, reterr));
    (void)snprintf(o.name, sizeof(o.name), "%s", name);
    br_random(o.identity_salt, sizeof(o.identity_salt));
    o.identity = identity_hash(o.identity_salt, issuer, identity);
    *ret = o;
    return BR_OK;
}

struct by_identity {
    const char *issuer;
    const char *identity;
    struct br_operator *ret;
    bool found;
};

static void
match_identity(void *ctx, const struct br_operator *o)
{
    struct by_identity *b = (struct by_identity *)ctx;
    struct br_hash h = identity_hash(o->identity_salt, b->issuer, b->identity);
    if (o->federated && br_hash_eq(&h, &o->identity)) {
        *b->ret = *o;
        b->found = true;
    }
}

enum br_rc
br_operator_by_identity(
    struct br_kv_txn *txn,
    const char *issuer,
    const char *identity,
    struct br_operator *ret,
    struct br_err *reterr)
{
    struct by_identity b = {issuer, identity, ret, false};
    BR_TRY(br_operator_list(txn, match_identity, &b, reterr));
    return b.found ? BR_OK
                   : br_fail(
                         reterr, BR_ERR_NOT_FOUND,
                         "nobody who is told so works at the desk");
}

/** The second factor's secret, which a right passphrase opens. */
static enum br_rc
open_totp(
    const struct br_operator *o,
    struct br_bytes passphrase,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_seal_key *key = NULL;
    const struct br_bytes about[] = {br_str("operator"), br_str(o->name)};
    BR_TRY(derive(o, passphrase, &key, reterr));
    enum br_rc rc = br_seal_open(
        key, about, 2, br_bytes(o->sealed, sizeof(o->sealed)), ret, reterr);
    br_seal_key_free(key);
    return rc;
}

static void
count_failure(struct br_operator *o, uint64_t now_s)
{
    o->failures++;
    if (o->failures >= BR_DESK_FAILURES) {
        uint64_t over = o->failures - BR_DESK_FAILURES;
        uint64_t wait_s = over > 5 ? BR_DESK_WAIT_S_MAX : 30ull << over;
        o->wait_until_s =
            now_s + (wait_s > BR_DESK_WAIT_S_MAX ? BR_DESK_WAIT_S_MAX : wait_s);
    }
}

enum br_rc
br_operator_login(
    struct br_operator *o, const struct br_login *in, struct br_err *reterr)
{
    static const struct br_operator nobody = {.name = ""};
    struct br_operator at = o == NULL ? nobody : *o;
    struct br_buf totp;
    if (o == NULL) {
        at.cost = br_seal_cost_default();
    }
    if (in->now_s < at.wait_until_s) {
        return br_fail(
            reterr, BR_ERR_RATE_EXCEEDED,
            "too many failures: wait %llu seconds",
            (unsigned long long)(at.wait_until_s - in->now_s));
    }
    br_buf_init(&totp, 256);
    enum br_rc rc = open_totp(&at, in->passphrase, &totp, reterr);
    if (rc == BR_OK && o != NULL) {
        rc = br_totp_check(
            br_buf_bytes(&totp), in->code, in->now_s, o->used_step,
            &o->used_step, reterr);
    }
    br_buf_wipe(&totp);
    if (o != NULL && rc == BR_OK) {
        o->failures = 0;
        o->wait_until_s = 0;
        return BR_OK;
    }
    if (rc == BR_ERR_NO_MEMORY) {
        return rc;
    }
    if (o != NULL) {
        count_failure(o, in->now_s);
    }
    return br_fail(
        reterr, BR_ERR_UNAUTHENTICATED,
        "the name, the passphrase or the code is wrong");
}

/* ---- sessions ----------------------------------------------------------- */

enum br_rc
br_desk_session_put(
    struct br_kv_txn *txn,
    const struct br_desk_session *s,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_cbor_put_array(&b, 3);
    br_cbor_put_text(&b, br_str(s->operator_name));
    br_cbor_put_uint(&b, s->created_s);
    br_cbor_put_uint(&b, s->seen_s);
    return br_row_put(
        txn, BR_ORCH_SESSIONS, br_hash_bytes(&s->key), &b, reterr);
}

static enum br_rc
parse_session(
    struct br_bytes row, struct br_desk_session *s, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 3);
    br_row_text(&r, s->operator_name, BR_DESK_NAME_BYTES);
    s->created_s = br_cbor_uint(&r);
    s->seen_s = br_cbor_uint(&r);
    return br_cbor_done(&r, reterr);
}

static bool
has_ended(const struct br_desk_session *s, uint64_t now_s)
{
    return now_s >= s->seen_s + BR_DESK_IDLE_S ||
           now_s >= s->created_s + BR_DESK_SESSION_S;
}

enum br_rc
br_desk_session_get(
    struct br_kv_txn *txn,
    struct br_bytes text,
    uint64_t now_s,
    struct br_desk_session *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    struct br_desk_session s = {.key = br_orch_hash("desk-session", text)};
    enum br_rc rc =
        br_kv_get(txn, BR_ORCH_SESSIONS, br_hash_bytes(&s.key), &row, reterr);
    if (rc == BR_OK) {
        BR_TRY(parse_session(row, &s, reterr));
    }
    if (rc == BR_ERR_NOT_FOUND || (rc == BR_OK && has_ended(&s, now_s))) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED, "the session has ended: log in");
    }
    BR_TRY(rc);
    *ret = s;
    return BR_OK;
}

enum { PURGE_MAX = 256 };

enum br_rc
br_desk_session_purge(
    struct br_kv_txn *txn,
    const char *name,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_hash victims[PURGE_MAX];
    size_t count = 0;
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_SESSIONS, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &row);
    while (rc == BR_OK && count < PURGE_MAX) {
        struct br_desk_session s = {0};
        rc = parse_session(row, &s, reterr);
        bool gone = name != NULL ? strcmp(s.operator_name, name) == 0
                                 : has_ended(&s, now_s);
        if (rc == BR_OK && gone && key.n == BR_HASH_BYTES) {
            memcpy(victims[count++].b, key.p, BR_HASH_BYTES);
        }
        if (rc == BR_OK) {
            rc = br_kv_next(c, &key, &row);
        }
    }
    br_kv_cursor_close(c);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        BR_TRY(br_kv_delete(
            txn, BR_ORCH_SESSIONS, br_hash_bytes(&victims[i]), reterr));
    }
    return BR_OK;
}
