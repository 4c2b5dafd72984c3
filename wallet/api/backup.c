/* The whole wallet in one encrypted file, and back: the way out for who has
 * lost every way in.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/vault/backup.h"
#include "common/codec/text.h"
#include "wallet/api/api.h"

enum { WORD_MIN = 8 };

/** Under a passphrase of its own: whoever has the file may guess for ever. */
static enum br_rc
read_word(
    const struct br_json *v, struct br_secret **ret, struct br_err *reterr)
{
    struct br_bytes word;
    BR_TRY(br_json_need_string(v, "backup_passphrase", &word, reterr));
    if (word.n < WORD_MIN) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "a backup's passphrase has %d characters or more", WORD_MIN);
    }
    return br_secret_new(word, ret, reterr);
}

/** Who sits at an open page may not carry the wallet away. */
static enum br_rc
backup(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {
        "backup_passphrase", "passphrase", "credential"};
    const struct br_json *v = NULL;
    struct br_secret *word = NULL;
    struct br_buf file;
    BR_TRY(br_wallet_body(call->req, names, 3, &call->arena, &v, reterr));
    BR_TRY(br_wallet_confirm(call, v, "passphrase", reterr));
    BR_TRY(read_word(v, &word, reterr));
    br_buf_init(&file, BR_WALLET_RESTORE_BYTES_MAX / 4 * 3);
    enum br_rc rc = br_backup_write(
        call->login->person, word, br_seal_cost_default(), &file, reterr);
    br_secret_free(word);
    if (rc == BR_OK) {
        br_json_write_object(&call->w);
        br_json_write_name(&call->w, "file");
        br_json_write_base64url(&call->w, br_buf_bytes(&file));
        br_json_write_end(&call->w);
    }
    br_buf_fini(&file);
    return rc;
}

static enum br_rc
restore_file(
    struct br_wallet_call *call,
    const struct br_json *v,
    const struct br_secret *word,
    struct br_err *reterr)
{
    struct br_bytes text;
    uint64_t rows = 0;
    size_t n = 0;
    BR_TRY(br_json_need_string(v, "file", &text, reterr));
    uint8_t *p = (uint8_t *)br_arena_take(&call->arena, text.n + 1);
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a backup");
    }
    BR_TRY(br_base64url_parse(text, p, text.n, &n, reterr));
    enum br_rc rc = br_backup_restore(
        call->login->person, word, br_bytes(p, n), &rows, reterr);
    return rc == BR_ERR_KEY_LOCKED
               ? br_fail(
                     reterr, BR_ERR_DECRYPTION_FAILED,
                     "the backup does not open: another passphrase, or the "
                     "file was changed")
               : rc;
}

static enum br_rc
restore(struct br_wallet_call *call, struct br_err *reterr)
{
    static const char *const names[] = {"backup_passphrase", "file"};
    const struct br_json *v = NULL;
    struct br_secret *word = NULL;
    BR_TRY(br_wallet_body(call->req, names, 2, &call->arena, &v, reterr));
    BR_TRY(read_word(v, &word, reterr));
    enum br_rc rc = restore_file(call, v, word, reterr);
    br_secret_free(word);
    return rc == BR_OK ? br_wallet_nothing(call) : rc;
}

BR_WALLET_DOOR(br_wallet_door_backup, backup, true)
BR_WALLET_DOOR(br_wallet_door_restore, restore, true)
