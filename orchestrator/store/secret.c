/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/store/found.h"

#include <stdio.h>

enum { SECRET_BYTES = 32, IV_BYTES = 12, TAG_BYTES = 16 };

enum br_rc
br_orch_store_open(
    const char *data_dir, struct br_kv **ret, struct br_err *reterr)
{
    static const char *const tables[BR_ORCH_TABLES] = {
        [BR_ORCH_OFFERS] = "offers",     [BR_ORCH_CODES] = "codes",
        [BR_ORCH_TOKENS] = "tokens",     [BR_ORCH_CREDENTIALS] = "credentials",
        [BR_ORCH_TAKEN] = "taken",       [BR_ORCH_LISTS] = "lists",
        [BR_ORCH_CHANGES] = "changes",   [BR_ORCH_NOTICES] = "notices",
        [BR_ORCH_WAITING] = "waiting",   [BR_ORCH_PUBLISHED] = "published",
        [BR_ORCH_STAMPS] = "stamps",     [BR_ORCH_OPERATORS] = "operators",
        [BR_ORCH_SESSIONS] = "sessions", [BR_ORCH_AUDIT] = "audit",
        [BR_ORCH_CLOSINGS] = "closings", [BR_ORCH_PUSHED] = "pushed",
        [BR_ORCH_GRANTED] = "granted",   [BR_ORCH_BY_REF] = "by-reference",
        [BR_ORCH_BY_OFFER] = "by-offer", [BR_ORCH_BY_STATE] = "by-state",
        [BR_ORCH_RENEWALS] = "renewals", [BR_ORCH_REFILLS] = "refills",
    };
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/db", data_dir);
    struct br_kv_options o = {
        .path = path, .tables = tables, .table_count = BR_ORCH_TABLES};
    struct br_kv *kv;
    BR_TRY(br_kv_open(&o, &kv, reterr));
    enum br_rc rc = br_issued_index_all(kv, reterr);
    if (rc != BR_OK) {
        br_kv_close(kv);
        return rc;
    }
    *ret = kv;
    return BR_OK;
}

struct br_hash
br_orch_hash(const char *label, struct br_bytes text)
{
    struct br_hash h;
    const struct br_bytes parts[] = {
        br_str("broletto/"), br_str(label), br_bytes("", 1), text};
    br_sha256_parts(parts, 4, &h);
    return h;
}

static void
to_text(const uint8_t secret[SECRET_BYTES], char ret[BR_ORCH_SECRET_TEXT_BYTES])
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        bits = bits << 8 | secret[i];
        have += 8;
        while (have >= 6) {
            have -= 6;
            ret[n++] = alphabet[bits >> have & 63];
        }
    }
    ret[n++] = alphabet[bits << (6 - have) & 63];
    ret[n] = '\0';
}

static void
derive(const uint8_t secret[SECRET_BYTES], struct br_orch_secret *ret)
{
    struct br_bytes s = br_bytes(secret, SECRET_BYTES);
    struct br_hash code = br_orch_hash("code", s);
    to_text(secret, ret->text);
    ret->offer = br_orch_hash("offer", s);
    to_text(code.b, ret->code);
    br_wipe(&code, sizeof(code));
}

void
br_orch_secret_new(struct br_orch_secret *ret)
{
    uint8_t secret[SECRET_BYTES];
    br_random(secret, sizeof(secret));
    derive(secret, ret);
    br_wipe(secret, sizeof(secret));
}

enum br_rc
br_orch_secret_parse(
    struct br_bytes text, struct br_orch_secret *ret, struct br_err *reterr)
{
    uint8_t secret[SECRET_BYTES];
    size_t n;
    if (text.n != BR_ORCH_SECRET_TEXT_BYTES - 1 ||
        br_base64url_parse(text, secret, sizeof(secret), &n, NULL) != BR_OK ||
        n != SECRET_BYTES) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "there is no such offer");
    }
    derive(secret, ret);
    br_wipe(secret, sizeof(secret));
    return BR_OK;
}

void
br_orch_random_text(char ret[BR_ORCH_SECRET_TEXT_BYTES])
{
    uint8_t secret[SECRET_BYTES];
    br_random(secret, sizeof(secret));
    to_text(secret, ret);
    br_wipe(secret, sizeof(secret));
}

/* ---- sealing ------------------------------------------------------------ */

enum br_rc
br_orch_seal(
    const struct br_hash *key,
    struct br_bytes plain,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t iv[IV_BYTES];
    uint8_t tag[BR_ENC_TAG_BYTES_MAX];
    br_random(iv, sizeof(iv));
    const struct br_enc_with with = {BR_ENC_A256GCM, key->b, iv, {NULL, 0}};
    br_buf_put(ret, iv, sizeof(iv));
    BR_TRY(br_enc_seal(&with, plain, ret, tag, reterr));
    br_buf_put(ret, tag, TAG_BYTES);
    return br_buf_status(ret, reterr);
}

enum br_rc
br_orch_unseal(
    const struct br_hash *key,
    struct br_bytes sealed,
    struct br_buf *ret,
    struct br_err *reterr)
{
    if (sealed.n < IV_BYTES + TAG_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "sealed claims");
    }
    const struct br_enc_with with = {
        BR_ENC_A256GCM, key->b, sealed.p, {NULL, 0}};
    size_t n = sealed.n - IV_BYTES - TAG_BYTES;
    return br_enc_open(
        &with, br_bytes(sealed.p + IV_BYTES, n),
        br_bytes(sealed.p + IV_BYTES + n, TAG_BYTES), ret, reterr);
}
