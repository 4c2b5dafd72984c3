/* A person's lock: "BRVLOCK1" || passes (4) || KiB (4) || salt (16) ||
 * the data key, wrapped (72). Everything before the wrapped key is bound to it,
 * as is the person.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "wallet/vault/internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = {'B', 'R', 'V', 'L', 'O', 'C', 'K', '1'};

enum {
    HEAD_BYTES = 8 + 4 + 4 + BR_SEAL_SALT_BYTES,
    LOCK_BYTES = HEAD_BYTES + BR_SEAL_WRAPPED_BYTES,
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

static void
lock_path(const struct br_vault *v, const uint8_t *person, char path[PATH_MAX])
{
    char hex[2 * BR_VAULT_PERSON_BYTES + 1];
    for (int i = 0; i < BR_VAULT_PERSON_BYTES; i++) {
        (void)snprintf(hex + (size_t)2 * (size_t)i, 3, "%02x", person[i]);
    }
    (void)snprintf(path, PATH_MAX, "%s/locks/%s.lock", v->folder, hex);
}

struct bound {
    struct br_bytes parts[3];
};

/** What the wrapped key is bound to. */
static struct bound
bound(const uint8_t *person, const uint8_t *head)
{
    return (struct bound){{
        br_str("broletto-vault-lock"),
        br_bytes(person, BR_VAULT_PERSON_BYTES),
        br_bytes(head, HEAD_BYTES),
    }};
}

static enum br_rc
make(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    uint8_t lock[LOCK_BYTES],
    struct br_err *reterr)
{
    struct br_seal_cost cost = p->vault->cost;
    struct br_seal_key *under = NULL;
    if (cost.ops == 0 || cost.kib == 0) {
        cost = br_seal_cost_default();
    }
    memcpy(lock, magic, sizeof(magic));
    put_be32(lock + 8, cost.ops);
    put_be32(lock + 12, cost.kib);
    br_random(lock + 16, BR_SEAL_SALT_BYTES);
    BR_TRY(
        br_seal_key_of_passphrase(passphrase, lock + 16, cost, &under, reterr));
    const struct bound about = bound(p->id, lock);
    enum br_rc rc =
        br_seal_wrap(under, about.parts, 3, p->data, lock + HEAD_BYTES, reterr);
    br_seal_key_free(under);
    return rc;
}

enum br_rc
br_lock_create(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    uint8_t lock[LOCK_BYTES];
    char path[PATH_MAX];
    BR_TRY(make(p, passphrase, lock, reterr));
    lock_path(p->vault, p->id, path);
    return br_file_create(path, br_bytes(lock, sizeof(lock)), 0600, reterr);
}

enum br_rc
br_lock_replace(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    uint8_t lock[LOCK_BYTES];
    char path[PATH_MAX];
    BR_TRY(make(p, passphrase, lock, reterr));
    lock_path(p->vault, p->id, path);
    return br_file_replace_secret(
        path, br_bytes(lock, sizeof(lock)), 0600, reterr);
}

/** A name that is not there costs as much as a wrong passphrase, and is told
 *  in the same words. */
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
    return br_fail(
        reterr, BR_ERR_KEY_LOCKED,
        "the wallet does not open: there is none of this name, or the "
        "passphrase is another");
}

static enum br_rc
read_lock(
    const struct br_vault_person *p,
    uint8_t lock[LOCK_BYTES],
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    lock_path(p->vault, p->id, path);
    br_buf_init(&b, LOCK_BYTES);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_OK &&
        (b.n != LOCK_BYTES || memcmp(b.p, magic, sizeof(magic)) != 0)) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "%s is no lock", path);
    }
    if (rc == BR_OK) {
        memcpy(lock, b.p, LOCK_BYTES);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_lock_open(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    uint8_t lock[LOCK_BYTES];
    struct br_seal_key *under = NULL;
    enum br_rc rc = read_lock(p, lock, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return nobody(p, passphrase, reterr);
    }
    BR_TRY(rc);
    const struct br_seal_cost cost = {get_be32(lock + 8), get_be32(lock + 12)};
    if (cost.ops == 0 || cost.kib == 0) {
        return br_fail(reterr, BR_ERR_CORRUPT, "the lock names no cost");
    }
    BR_TRY(
        br_seal_key_of_passphrase(passphrase, lock + 16, cost, &under, reterr));
    const struct bound about = bound(p->id, lock);
    rc = br_seal_unwrap(
        under, about.parts, 3, lock + HEAD_BYTES, &p->data, reterr);
    br_seal_key_free(under);
    return rc == BR_ERR_DECRYPTION_FAILED
               ? br_fail(
                     reterr, BR_ERR_KEY_LOCKED,
                     "the wallet does not open: there is none of this name, "
                     "or the passphrase is another")
               : rc;
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
