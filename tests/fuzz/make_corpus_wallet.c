/*
 * Seeds of what wallets keep, of what their providers attest, and of what a
 * body says of its credentials.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/cbor.h"
#include "common/codec/json_write.h"
#include "common/credential/jwk.h"
#include "tests/fuzz/make_corpus.h"
#include "tests/unit/receipt/fixture.h"
#include "wallet/core/record.h"
#include "wallet/vault/vault.h"

#include <stdio.h>

/* ---- attestations ------------------------------------------------------- */

/** The key of which fuzz_attestation has the private half. */
static void
put_instance(struct br_buf *b)
{
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    struct br_private_key *key = NULL;
    struct br_json_writer w;
    memset(seed, 5, sizeof(seed));
    assert_ok(br_private_key_derive(BR_KEY_P256, seed, &key, NULL));
    const struct br_jwk k = {.key = *br_private_key_public(key)};
    br_json_writer_init(&w, b);
    br_jwk_write(&w, &k);
    br_private_key_free(key);
}

static void
make_attestations(struct br_buf *b)
{
    br_buf_puts(b, "{\"sub\":\"w\",\"exp\":1850000000,\"cnf\":{\"jwk\":");
    put_instance(b);
    br_buf_puts(
        b, "}}\n{\"aud\":\"https://i\",\"jti\":\"j\",\"iat\":1800000000}");
    put_buf("attestation", "client", b);
    br_buf_puts(b, "{\"iat\":1800000000,\"nonce\":\"n\",\"attested_keys\":[");
    put_instance(b);
    br_buf_puts(
        b, "],\"key_storage\":[\"iso_18045_high\"],\"user_authentication\":[]"
           ",\"nbf\":1,\"exp\":1850000000}");
    put_buf("attestation", "keys", b);
    put_text(
        "attestation", "expired-bad",
        "{\"sub\":\"w\",\"exp\":1,\"cnf\":{},\"iat\":1,\"attested_keys\":[]}");
    put_text("attestation", "token-bad", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA");
}

/* ---- types of credentials ----------------------------------------------- */

#define TYPE                                                                  \
    "{\"type\":{\"id\":\"t\",\"vct\":\"v\",\"validity_days\":2,"              \
    "\"batch_size\":3,\"display\":[{\"locale\":\"it\",\"name\":\"T\"}],"      \
    "\"claims\":[{\"path\":[\"a\"],\"type\":\"amount\",\"required\":true,"    \
    "\"display\":[{\"locale\":\"it\",\"name\":\"A\"}]},{\"path\":[\"who\","   \
    "\"born\"],\"type\":\"date\",\"disclosable\":false},{\"path\":[\"all\"]," \
    "\"type\":\"strings\"},{\"path\":[\"n\"],\"type\":\"integer\"},{"         \
    "\"path\":[\"yes\"],\"type\":\"boolean\"},{\"path\":[\"s\"],\"type\":"    \
    "\"string\"},{\"path\":[\"up\"],\"type\":\"ladder\",\"of\":[\"a\"],"      \
    "\"steps\":[10,20]}]},\"claims\":"

static void
make_types(void)
{
    put_text(
        "type", "whole",
        TYPE "{\"a\":15.5,\"who\":{\"born\":\"1990-02-28\"},\"all\":[\"x\"],"
             "\"n\":-3,\"yes\":true,\"s\":\"\xc3\xa8\"}}");
    put_text("type", "least", TYPE "{\"a\":0}}");
    put_text("type", "amount-bad", TYPE "{\"a\":1.234}}");
    put_text("type", "ladder-bad", TYPE "{\"a\":1,\"up\":{}}}");
    put_text("type", "nul-in-name-bad", TYPE "{\"a\\u0000\":1,\"a\":1}}");
    put_text("type", "date-bad", TYPE "{\"a\":1,\"who\":{\"born\":\"x\"}}}");
    put_text(
        "type", "through-bad",
        "{\"type\":{\"id\":\"t\",\"display\":[],\"claims\":[{\"path\":[\"a\"],"
        "\"type\":\"amount\"},{\"path\":[\"a\",\"l\"],\"type\":\"ladder\","
        "\"of\":[\"a\"],\"steps\":[1]}]},\"claims\":{\"a\":1}}");
}

/* ---- what wallets keep -------------------------------------------------- */

static const struct br_wallet_credential credential = {
    .id = {(const uint8_t *)"c", 1},
    .issuer = {(const uint8_t *)"https://i", 9},
    .configuration = {(const uint8_t *)"x", 1},
    .format = {(const uint8_t *)"dc+sd-jwt", 9},
    .vct = {(const uint8_t *)"v", 1},
    .accepted_s = 1,
    .expires_s = 2,
    .use = BR_WALLET_USE_ONCE,
    .instances = 2,
    .spent = 1,
    .status = {.known = true, .value = 2, .checked_s = 3, .until_s = 4},
};
static const struct br_wallet_instance instance = {
    .credential = {(const uint8_t *)"c", 1},
    .number = 1,
    .text = {(const uint8_t *)"e30.e30.AAAA~", 13},
};
static const struct br_wallet_entry entry = {
    .id = {(const uint8_t *)"e", 1},
    .event = BR_WALLET_PRESENTED,
    .time_s = 5,
    .party = {(const uint8_t *)"https://v", 9},
};

static void
make_records(struct br_buf *b)
{
    assert_ok(br_wallet_credential_encode(&credential, b, NULL));
    put_buf("record", "credential", b);
    assert_ok(br_wallet_instance_encode(&instance, b, NULL));
    put_buf("record", "instance", b);
    assert_ok(br_wallet_entry_encode(&entry, b, NULL));
    put_buf("record", "entry", b);
    put_text("record", "id-bad", "{\"id\":\"\",\"event\":\"presented\"}");
    put_text("record", "event-bad", "{\"id\":\"e\",\"event\":\"other\"}");
    put_text(
        "record", "count-bad",
        "{\"credential\":\"c\",\"number\":1000001,\"text\":\"t\"}");
}

static void
put_row(struct br_buf *b, unsigned table, const char *key, struct br_bytes text)
{
    br_cbor_put_array(b, 3);
    br_cbor_put_uint(b, table);
    br_cbor_put_bytes(b, br_str(key));
    br_cbor_put_bytes(b, text);
}

/** One of each kind; the first byte of a key's row is its kind. */
static void
put_rows(struct br_buf *b, uint8_t kind)
{
    const uint8_t key[33] = {kind, [32] = 7};
    struct br_buf row;
    br_buf_init(&row, 4096);
    br_cbor_put_array(b, 4);
    assert_ok(br_wallet_credential_encode(&credential, &row, NULL));
    put_row(b, BR_VAULT_CREDENTIALS, "c", br_buf_bytes(&row));
    br_buf_clear(&row);
    assert_ok(br_wallet_instance_encode(&instance, &row, NULL));
    put_row(b, BR_VAULT_INSTANCES, "c/1", br_buf_bytes(&row));
    br_buf_clear(&row);
    put_row(b, BR_VAULT_KEYS, "c/1", br_bytes(key, sizeof(key)));
    assert_ok(br_wallet_entry_encode(&entry, &row, NULL));
    put_row(b, BR_VAULT_HISTORY, "e", br_buf_bytes(&row));
    br_buf_fini(&row);
}

static void
make_backups(struct br_buf *b)
{
    put_rows(b, BR_KEY_P256);
    put_buf("backup", "rows", b);
    put_rows(b, 82);
    put_buf("backup", "kind-bad", b);
    br_cbor_put_array(b, 1);
    put_row(b, 0, "head", br_str("x"));
    put_buf("backup", "table-bad", b);
    br_cbor_put_array(b, 200000);
    put_buf("backup", "count-bad", b);
    br_buf_puts(b, "broletto-wallet-backup-1\n");
    br_buf_put(b, (const uint8_t[8]){0, 0, 0, 1, 0, 0, 0, 8}, 8);
    for (int i = 0; i < 60; i++) {
        br_buf_puts(b, "s");
    }
    put_buf("backup", "file-bad", b);
}

static void
make_locks(void)
{
    static const uint8_t none[8] = {0};
    static const uint8_t bit[40] = {[39] = 1};
    static const uint8_t passes[12] = {[11] = 3};
    put("lock", "as-written", br_bytes(none, sizeof(none)));
    put("lock", "bit-bad", br_bytes(bit, sizeof(bit)));
    put("lock", "passes-bad", br_bytes(passes, sizeof(passes)));
    put_text("lock", "name-bad", "BRVLOCK1");
}

void
make_wallet_seeds(struct br_buf *b)
{
    make_attestations(b);
    make_types();
    make_records(b);
    make_backups(b);
    make_locks();
}
