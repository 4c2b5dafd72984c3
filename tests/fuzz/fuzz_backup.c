/* SPDX-License-Identifier: EUPL-1.2 */
/* A wallet's backup that somebody hands over, with its passphrase: the input as
 * the file, and as the rows under the seal. What is restored is then read as
 * the wallet reads it, row by row: it may be anything. */
#include "common/codec/cbor.h"
#include "tests/fuzz/vault_folder.h"
#include "wallet/vault/backup.h"
#include "wallet/vault/holding.h"

enum {
    ARENA_BYTES = 16 << 20,
    FILE_BYTES_MAX = 1 << 20,
    TAKES = 4,
    HISTORY = 16,
};
static const char magic[] = "broletto-wallet-backup-1\n";

static void
judge(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, err);
    }
}

/** The rows, sealed as br_backup_write seals them. */
static void
seal(struct br_bytes rows, struct br_buf *b)
{
    uint8_t head[sizeof(magic) - 1 + 8 + BR_SEAL_SALT_BYTES] = {0};
    struct br_seal_key *k = NULL;
    uint8_t *cost = head + sizeof(magic) - 1;
    memcpy(head, magic, sizeof(magic) - 1);
    cost[3] = (uint8_t)FUZZ_COST.ops;
    cost[7] = (uint8_t)FUZZ_COST.kib;
    const struct br_bytes about = br_bytes(head, sizeof(head));
    enum br_rc rc =
        br_seal_key_of_passphrase(fuzz_word(), cost + 8, FUZZ_COST, &k, NULL);
    BR_ASSERT(rc == BR_OK);
    br_buf_put(b, head, sizeof(head));
    rc = br_seal(k, &about, 1, rows, b, NULL);
    BR_ASSERT(rc == BR_OK);
    br_seal_key_free(k);
}

/** Costs that are taken, and that a fuzzer has no time for. */
static bool
is_dear(struct br_bytes file)
{
    static const uint8_t limits[8] = {0, 0, 0, 2, 0, 0, 0, 64};
    const size_t at = sizeof(magic) - 1;
    return file.n >= at + 8 && (memcmp(file.p + at, limits, 4) > 0 ||
                                memcmp(file.p + at + 4, limits + 4, 4) > 0 ||
                                file.p[at + 3] == 0 || file.p[at + 7] == 0);
}

static void
use_one(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    struct br_arena *arena)
{
    struct br_holding_taken taken = {.key = NULL};
    struct br_json *claims = NULL;
    struct br_err err;
    judge(br_holding_claims(t, c, arena, &claims, &err), &err);
    enum br_rc rc = br_holding_take(t, c, 1, arena, &taken, &err);
    judge(rc, &err);
    br_private_key_free(taken.key);
    judge(br_holding_remove(t, c->id, &err), &err);
}

static void
use(struct br_vault_person *p, uint64_t rows)
{
    struct br_vault_txn *t = NULL;
    struct br_wallet_credential *list = NULL;
    struct br_wallet_entry *entries = NULL;
    struct br_arena arena;
    struct br_err err;
    size_t count = 0;
    enum br_rc rc = br_vault_begin(p, true, &t, &err);
    BR_ASSERT(rc == BR_OK);
    br_arena_init(&arena, ARENA_BYTES);
    rc = br_holding_history(t, HISTORY, &arena, &entries, &count, &err);
    judge(rc, &err);
    BR_ASSERT(rc != BR_OK || count <= rows);
    count = 0;
    rc = br_holding_list(t, &arena, &list, &count, &err);
    judge(rc, &err);
    BR_ASSERT(count <= rows);
    for (size_t i = 0; rc == BR_OK && i < count && i < TAKES; i++) {
        use_one(t, &list[i], &arena);
    }
    br_vault_end(t);
    br_arena_fini(&arena);
}

static void
restore(struct br_bytes file)
{
    struct br_vault *v = fuzz_vault();
    struct br_vault_person *p = NULL;
    struct br_err err;
    uint64_t rows = 0;
    enum br_rc rc = br_vault_add_person(v, "ada", fuzz_word(), &p, &err);
    BR_ASSERT(rc == BR_OK);
    rc = br_backup_restore(p, fuzz_word(), file, &rows, &err);
    judge(rc, &err);
    if (rc == BR_OK) {
        use(p, rows);
    }
    br_vault_lock(p);
    rc = br_vault_erase(v, "ada", &err);
    BR_ASSERT(rc == BR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_buf b;
    fuzz_init();
    if (n > FILE_BYTES_MAX) {
        return 0;
    }
    if (!is_dear(br_bytes(data, n))) {
        restore(br_bytes(data, n));
    }
    br_buf_init(&b, FILE_BYTES_MAX + 1024);
    seal(br_bytes(data, n), &b);
    restore(br_buf_bytes(&b));
    br_buf_fini(&b);
    return 0;
}
