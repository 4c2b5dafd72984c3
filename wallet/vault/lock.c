/* A person's lock: the ways in, one after the other, each with the data key
 * under a key of its own. A mark tells which way, and in which version:
 *
 *   a passphrase   "BRVLOCK1" || passes (4) || KiB (4) || salt (16) ||
 *                  the data key, wrapped (72)
 *   a passkey      "BRVPKEY1" || salt (32) || the data key, wrapped (72)
 *
 * The last letter of a mark is S instead of 1 where the key that wraps is
 * joined with the server's own (br_seal_key_join).
 *
 * One passphrase at most, sixteen passkeys, at least one of them. Everything
 * before the wrapped key is bound to it, as are the person and, of a passkey,
 * its credential's id, which is not in the file.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/vault/lock.h"

#include "common/base/assert.h"
#include "common/crypto/files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char passphrase_mark[] = "BRVLOCK";
static const char passkey_mark[] = "BRVPKEY";

enum {
    MARK_BYTES = 8, /* seven, and one of these: */
    ALONE = '1',
    JOINED = 'S',
    PASSPHRASE_HEAD_BYTES = MARK_BYTES + 4 + 4 + BR_SEAL_SALT_BYTES,
    PASSKEY_HEAD_BYTES = MARK_BYTES + BR_LOCK_SALT_BYTES,
};

_Static_assert(
    PASSPHRASE_HEAD_BYTES + BR_SEAL_WRAPPED_BYTES == BR_LOCK_PASSPHRASE_BYTES,
    "a way by passphrase");
_Static_assert(
    PASSKEY_HEAD_BYTES + BR_SEAL_WRAPPED_BYTES == BR_LOCK_PASSKEY_BYTES,
    "a way by passkey");

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

/* ---- the file ----------------------------------------------------------- */

static void
lock_path(const struct br_vault *v, const uint8_t *person, char path[PATH_MAX])
{
    char hex[2 * BR_VAULT_PERSON_BYTES + 1];
    for (int i = 0; i < BR_VAULT_PERSON_BYTES; i++) {
        (void)snprintf(hex + (size_t)2 * (size_t)i, 3, "%02x", person[i]);
    }
    (void)snprintf(path, PATH_MAX, "%s/locks/%s.lock", v->folder, hex);
}

static bool
begins(struct br_bytes rest, const char *mark, size_t n)
{
    return rest.n >= n && memcmp(rest.p, mark, MARK_BYTES - 1) == 0 &&
           (rest.p[MARK_BYTES - 1] == ALONE ||
            rest.p[MARK_BYTES - 1] == JOINED);
}

static void
put_mark(const struct br_vault *v, const char *mark, uint8_t *way)
{
    memcpy(way, mark, MARK_BYTES - 1);
    way[MARK_BYTES - 1] = v->server != NULL ? JOINED : ALONE;
}

/** What wraps the data key, by the way's mark, in place of *under. */
static enum br_rc
join_server(
    const struct br_vault *v,
    const uint8_t *way,
    struct br_seal_key **under,
    struct br_err *reterr)
{
    struct br_seal_key *both = NULL;
    enum br_rc rc = BR_OK;
    if (way[MARK_BYTES - 1] == ALONE) {
        return BR_OK;
    }
    rc = v->server != NULL
             ? br_seal_key_join(*under, v->server, &both, reterr)
             : br_fail(
                   reterr, BR_ERR_CONFIG,
                   "this lock opens with the server's key too, which vault_key "
                   "does not name");
    br_seal_key_free(*under);
    *under = both;
    return rc;
}

enum br_rc
br_lock_parse(struct br_bytes file, struct br_lock *ret, struct br_err *reterr)
{
    struct br_bytes rest = file;
    memset(ret, 0, sizeof(*ret));
    while (rest.n > 0) {
        size_t n;
        if (begins(rest, passphrase_mark, BR_LOCK_PASSPHRASE_BYTES) &&
            !ret->has_passphrase) {
            n = BR_LOCK_PASSPHRASE_BYTES;
            memcpy(ret->passphrase, rest.p, n);
            ret->has_passphrase = true;
        } else if (
            begins(rest, passkey_mark, BR_LOCK_PASSKEY_BYTES) &&
            ret->passkey_count < BR_LOCK_PASSKEYS_MAX) {
            n = BR_LOCK_PASSKEY_BYTES;
            memcpy(ret->passkeys[ret->passkey_count++], rest.p, n);
        } else {
            return br_fail(
                reterr, BR_ERR_CORRUPT,
                "the lock has something unknown at byte %zu: damage, or a "
                "newer version's",
                (size_t)(rest.p - file.p));
        }
        rest = br_bytes(rest.p + n, rest.n - n);
    }
    return file.n > 0 ? BR_OK
                      : br_fail(reterr, BR_ERR_CORRUPT, "the lock is empty");
}

void
br_lock_encode(const struct br_lock *l, struct br_buf *b)
{
    if (l->has_passphrase) {
        br_buf_put(b, l->passphrase, sizeof(l->passphrase));
    }
    for (size_t i = 0; i < l->passkey_count; i++) {
        br_buf_put(b, l->passkeys[i], sizeof(l->passkeys[i]));
    }
}

enum br_rc
br_lock_read(
    const struct br_vault *v,
    const uint8_t *person,
    struct br_lock *ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    struct br_err why;
    lock_path(v, person, path);
    br_buf_init(&b, BR_LOCK_BYTES_MAX + 1);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_OK && br_lock_parse(br_buf_bytes(&b), ret, &why) != BR_OK) {
        rc = br_fail(reterr, why.rc, "%s: %s", path, why.text);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_lock_write(
    const struct br_vault *v,
    const uint8_t *person,
    const struct br_lock *l,
    bool create,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    BR_ASSERT(l->has_passphrase || l->passkey_count > 0);
    lock_path(v, person, path);
    br_buf_init(&b, BR_LOCK_BYTES_MAX);
    br_lock_encode(l, &b);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = create
                 ? br_file_create(path, br_buf_bytes(&b), 0600, reterr)
                 : br_file_replace_secret(path, br_buf_bytes(&b), 0600, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

bool
br_lock_exists(const struct br_vault *v, const uint8_t *person)
{
    char path[PATH_MAX];
    lock_path(v, person, path);
    return access(path, F_OK) == 0;
}

enum br_rc
br_lock_destroy(
    const struct br_vault *v, const uint8_t *person, struct br_err *reterr)
{
    char path[PATH_MAX];
    lock_path(v, person, path);
    return br_file_destroy(path, reterr);
}

/* ---- a passphrase ------------------------------------------------------- */

struct bound {
    struct br_bytes parts[4];
};

/** What the wrapped key is bound to. */
static struct bound
passphrase_bound(const uint8_t *person, const uint8_t *way)
{
    return (struct bound){{
        br_str("broletto-vault-lock"),
        br_bytes(person, BR_VAULT_PERSON_BYTES),
        br_bytes(way, PASSPHRASE_HEAD_BYTES),
    }};
}

enum br_rc
br_lock_set_passphrase(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_lock *l,
    struct br_err *reterr)
{
    uint8_t way[BR_LOCK_PASSPHRASE_BYTES];
    struct br_seal_cost cost = p->vault->cost;
    struct br_seal_key *under = NULL;
    if (cost.ops == 0 || cost.kib == 0) {
        cost = br_seal_cost_default();
    }
    put_mark(p->vault, passphrase_mark, way);
    put_be32(way + 8, cost.ops);
    put_be32(way + 12, cost.kib);
    br_random(way + 16, BR_SEAL_SALT_BYTES);
    BR_TRY(
        br_seal_key_of_passphrase(passphrase, way + 16, cost, &under, reterr));
    BR_TRY(join_server(p->vault, way, &under, reterr));
    const struct bound about = passphrase_bound(p->id, way);
    enum br_rc rc = br_seal_wrap(
        under, about.parts, 3, p->data, way + PASSPHRASE_HEAD_BYTES, reterr);
    br_seal_key_free(under);
    if (rc == BR_OK) {
        memcpy(l->passphrase, way, sizeof(way));
        l->has_passphrase = true;
    }
    return rc;
}

static enum br_rc
other_passphrase(struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_KEY_LOCKED,
        "the wallet does not open: there is none of this name, or the "
        "passphrase is another");
}

/** A name that is not there, or that has no passphrase, costs as much as a
 *  wrong passphrase, and is told in the same words. */
static enum br_rc
nobody(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    const uint8_t salt[BR_SEAL_SALT_BYTES] = {0};
    struct br_seal_key *k = NULL;
    BR_TRY(br_seal_key_of_passphrase(
        passphrase, salt, p->vault->cost, &k, reterr));
    br_seal_key_free(k);
    return other_passphrase(reterr);
}

enum br_rc
br_lock_open(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    struct br_lock l;
    struct br_seal_key *under = NULL;
    enum br_rc rc = br_lock_read(p->vault, p->id, &l, reterr);
    if (rc == BR_ERR_NOT_FOUND || (rc == BR_OK && !l.has_passphrase)) {
        return nobody(p, passphrase, reterr);
    }
    BR_TRY(rc);
    const struct br_seal_cost cost = {
        get_be32(l.passphrase + 8), get_be32(l.passphrase + 12)};
    if (cost.ops == 0 || cost.kib == 0) {
        return br_fail(reterr, BR_ERR_CORRUPT, "the lock names no cost");
    }
    BR_TRY(br_seal_key_of_passphrase(
        passphrase, l.passphrase + 16, cost, &under, reterr));
    BR_TRY(join_server(p->vault, l.passphrase, &under, reterr));
    const struct bound about = passphrase_bound(p->id, l.passphrase);
    rc = br_seal_unwrap(
        under, about.parts, 3, l.passphrase + PASSPHRASE_HEAD_BYTES, &p->data,
        reterr);
    br_seal_key_free(under);
    return rc == BR_ERR_DECRYPTION_FAILED ? other_passphrase(reterr) : rc;
}

/* ---- a passkey ---------------------------------------------------------- */

static struct bound
passkey_bound(const uint8_t *person, const uint8_t *way, struct br_bytes id)
{
    return (struct bound){{
        br_str("broletto-vault-passkey"),
        br_bytes(person, BR_VAULT_PERSON_BYTES),
        br_bytes(way, PASSKEY_HEAD_BYTES),
        id,
    }};
}

static enum br_rc
passkey_key(
    const struct br_vault *v,
    struct br_bytes prf,
    const uint8_t *way,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    BR_TRY(br_seal_key_of_secret(
        prf, br_bytes(way + MARK_BYTES, BR_LOCK_SALT_BYTES),
        "broletto-vault-passkey-1", ret, reterr));
    return join_server(v, way, ret, reterr);
}

enum br_rc
br_lock_add_passkey(
    const struct br_vault_person *p,
    struct br_bytes id,
    struct br_bytes prf,
    struct br_lock *l,
    struct br_err *reterr)
{
    struct br_seal_key *under = NULL;
    if (l->passkey_count >= BR_LOCK_PASSKEYS_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "a wallet opens with %d passkeys at most: remove one first",
            BR_LOCK_PASSKEYS_MAX);
    }
    uint8_t *way = l->passkeys[l->passkey_count];
    put_mark(p->vault, passkey_mark, way);
    br_random(way + MARK_BYTES, BR_LOCK_SALT_BYTES);
    BR_TRY(passkey_key(p->vault, prf, way, &under, reterr));
    const struct bound about = passkey_bound(p->id, way, id);
    enum br_rc rc = br_seal_wrap(
        under, about.parts, 4, p->data, way + PASSKEY_HEAD_BYTES, reterr);
    br_seal_key_free(under);
    l->passkey_count += rc == BR_OK;
    return rc;
}

enum br_rc
br_lock_open_passkey(
    struct br_vault_person *p,
    struct br_bytes id,
    struct br_bytes prf,
    struct br_err *reterr)
{
    struct br_lock l;
    enum br_rc rc = br_lock_read(p->vault, p->id, &l, reterr);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    for (size_t i = 0; rc == BR_OK && i < l.passkey_count; i++) {
        struct br_seal_key *under = NULL;
        const uint8_t *way = l.passkeys[i];
        const struct bound about = passkey_bound(p->id, way, id);
        BR_TRY(passkey_key(p->vault, prf, way, &under, reterr));
        rc = br_seal_unwrap(
            under, about.parts, 4, way + PASSKEY_HEAD_BYTES, &p->data, reterr);
        br_seal_key_free(under);
        if (rc != BR_ERR_DECRYPTION_FAILED) {
            return rc;
        }
        rc = BR_OK; /* another passkey's */
    }
    return br_fail(
        reterr, BR_ERR_KEY_LOCKED, "no wallet here opens with this passkey");
}

const uint8_t *
br_lock_passkey_salt(const struct br_lock *l, size_t i)
{
    return l->passkeys[i] + MARK_BYTES;
}

void
br_lock_drop_passkey(struct br_lock *l, size_t i)
{
    l->passkey_count--;
    memmove(
        l->passkeys[i], l->passkeys[i + 1],
        (l->passkey_count - i) * sizeof(l->passkeys[0]));
}
