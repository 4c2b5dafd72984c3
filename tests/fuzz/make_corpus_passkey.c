/*
 * Seeds of what browsers send of passkeys, and of locks.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/fuzz/make_corpus.h"
#include "tests/unit/receipt/fixture.h"

#include "tests/unit/credential/authenticator.h"

static const char passphrase_mark[] = {'B', 'R', 'V', 'L', 'O', 'C', 'K', '1'};
static const char passkey_mark[] = {'B', 'R', 'V', 'P', 'K', 'E', 'Y', '1'};

static void
make_keys(struct br_buf *b)
{
    static const enum br_key_kind kinds[] = {BR_KEY_P256, BR_KEY_ED25519};
    static const enum br_key_alg algs[] = {BR_ALG_ES256, BR_ALG_EDDSA};
    static const char *const names[] = {"es256", "eddsa"};
    static const uint8_t modulus[256] = {0xc0, [255] = 1};
    struct br_key rsa;
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    memset(seed, 5, sizeof(seed));
    for (size_t i = 0; i < 2; i++) {
        struct authenticator a = {
            .alg = algs[i],
            .rp_id = "localhost",
            .id = br_str("credential"),
            .flags = UP | UV,
            .counter = 1,
            .extensions = i == 1,
        };
        assert_ok(br_private_key_derive(kinds[i], seed, &a.key, NULL));
        put_cose(b, br_private_key_public(a.key), cose_alg(a.alg));
        put_buf("passkey", names[i], b);
        put_data(b, &a, true);
        put_buf("passkey", i == 0 ? "created" : "created-extensions", b);
        put_data(b, &a, false);
        put_buf("passkey", i == 0 ? "used" : "used-extensions", b);
        br_private_key_free(a.key);
    }
    assert_ok(br_key_init_rsa(
        &rsa, br_bytes(modulus, sizeof(modulus)), br_bytes("\1\0\1", 3), NULL));
    put_cose(b, &rsa, -257);
    put_buf("passkey", "rs256", b);
}

void
make_passkey_seeds(struct br_buf *b)
{
    uint8_t ways[104 + 2 * 112] = {0};
    make_keys(b);
    put_client_data(
        b, "webauthn.get", br_str("challenge"), "http://localhost:8460",
        ",\"crossOrigin\":false");
    put_buf("passkey", "client-get", b);
    put_client_data(
        b, "webauthn.create", br_str("challenge"), "http://localhost:8460", "");
    put_buf("passkey", "client-create", b);
    put_client_data(
        b, "webauthn.get", br_str("c"), "https://evil.example",
        ",\"topOrigin\":\"x\"");
    put_buf("passkey", "client-bad", b);
    memcpy(ways, passphrase_mark, 8);
    memcpy(ways + 104, passkey_mark, 8);
    memcpy(ways + 104 + 112, passkey_mark, 8);
    put("passkey", "lock", br_bytes(ways, sizeof(ways)));
    put("passkey", "lock-old", br_bytes(ways, 104));
    put("passkey", "lock-passkey", br_bytes(ways + 104, 112));
    put("passkey", "lock-cut-bad", br_bytes(ways, 150));
    put_text("passkey", "address", "https://Wallet.Example:8460/");
    put_text(
        "record", "passkey",
        "{\"id\":\"AQ\",\"key\":\"oA\",\"way\":\"AA\",\"person\":\"ada\","
        "\"name\":\"Telephone\",\"created\":1,\"used\":2,\"counter\":3,"
        "\"eligible\":1,\"backed_up\":1}");
}
