/* SPDX-License-Identifier: EUPL-1.2 */
/* What a wallet's provider attests. The input stands for the tokens; and, line
 * by line, for the payloads of an attestation and of a client's proof that are
 * then signed by somebody trusted: what is believed is what was signed. */
#include "common/credential/attestation.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/credential/authority.h"

enum {
    ARENA_BYTES = 4 << 20,
    NOW_S = 1800000000,
    WINDOW_S = 300,
    FROM = 1700000000,
    UNTIL = 1900000000,
};
#define AUDIENCE "https://i"

static struct certificate root = {
    .name = "Root",
    .constraints = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate leaf = {
    .name = "Provider",
    .issuer = &root,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .from = FROM,
    .until = UNTIL,
};
static struct br_x509_trust *trust;
static struct br_private_key *provider;
static struct br_private_key *instance; /**< as the seeds name it: cnf.jwk */

static void
begin(void)
{
    char pem[8192];
    uint8_t secret[BR_PRIVATE_KEY_SEED_BYTES];
    fuzz_init();
    root.key = make_key(NULL);
    leaf.key = make_key(NULL);
    certify(&root);
    certify(&leaf);
    to_pem(&root, pem);
    enum br_rc rc = br_x509_trust_new(br_str(pem), &trust, NULL);
    BR_ASSERT(rc == BR_OK);
    secret_of(leaf.key, secret);
    rc = br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &provider, NULL);
    BR_ASSERT(rc == BR_OK);
    memset(secret, 5, sizeof(secret));
    rc = br_private_key_derive(BR_KEY_P256, secret, &instance, NULL);
    BR_ASSERT(rc == BR_OK);
}

static void
judge(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, err);
        BR_ASSERT(br_rule_of(err) != NULL || rc == BR_ERR_TOO_LARGE);
    }
}

static void
client(
    struct br_bytes attestation,
    struct br_bytes proof,
    const struct br_attestation_policy *policy,
    struct br_arena *arena)
{
    struct br_attested_client c;
    struct br_err err;
    enum br_rc rc = br_client_attestation_check(
        attestation, proof, policy, arena, &c, &err);
    judge(rc, &err);
    if (rc == BR_OK) {
        BR_ASSERT(c.client.n > 0 && c.id.n > 0);
        BR_ASSERT(br_key_eq(&c.key.key, br_private_key_public(instance)));
    }
}

static void
keys(
    struct br_bytes token,
    const struct br_attestation_policy *policy,
    struct br_arena *arena)
{
    static struct br_attested_keys k;
    struct br_err err;
    enum br_rc rc = br_key_attestation_check(token, policy, arena, &k, &err);
    judge(rc, &err);
    BR_ASSERT(rc != BR_OK || (k.count > 0 && k.count <= BR_ATTESTED_KEYS_MAX));
}

static struct br_bytes
signed_by(
    struct br_private_key *key,
    const char *typ,
    const struct br_x5c *x5c,
    struct br_bytes payload,
    struct br_buf *b)
{
    const struct br_jws_header h = {
        .alg = BR_ALG_ES256, .typ = typ, .x5c = x5c};
    enum br_rc rc = br_jws_sign(&h, payload, key, b, NULL);
    BR_ASSERT(rc == BR_OK);
    return br_buf_bytes(b);
}

static void
signed_ones(
    struct br_bytes text,
    const struct br_attestation_policy *policy,
    struct br_arena *arena)
{
    const struct br_x5c x5c = {.count = 1, .der = {br_bytes(leaf.der, leaf.n)}};
    const uint8_t *end =
        text.n == 0 ? NULL : (const uint8_t *)memchr(text.p, '\n', text.n);
    const size_t n = end == NULL ? text.n : (size_t)(end - text.p);
    const struct br_bytes first = br_bytes(text.p, n);
    const struct br_bytes rest =
        end == NULL ? br_bytes(NULL, 0) : br_bytes(end + 1, text.n - n - 1);
    struct br_buf a;
    struct br_buf p;
    br_buf_init(&a, ARENA_BYTES);
    br_buf_init(&p, ARENA_BYTES);
    client(
        signed_by(provider, BR_CLIENT_ATTESTATION_TYP, &x5c, first, &a),
        signed_by(instance, BR_CLIENT_POP_TYP, NULL, rest, &p), policy, arena);
    br_buf_clear(&a);
    keys(
        signed_by(provider, BR_KEY_ATTESTATION_TYP, &x5c, first, &a), policy,
        arena);
    br_buf_fini(&a);
    br_buf_fini(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    if (trust == NULL) {
        begin();
    }
    if (n > ARENA_BYTES / 4) {
        return 0;
    }
    const struct br_bytes text = br_bytes(data, n);
    const struct br_x5c_policy x5c = {.trust = trust, .unix_seconds = NOW_S};
    const struct br_attestation_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_EDDSA,
        .providers = &x5c,
        .audience = br_str(AUDIENCE),
        .now_s = NOW_S,
        .window_s = WINDOW_S,
    };
    br_arena_init(&arena, ARENA_BYTES);
    client(text, text, &policy, &arena);
    keys(text, &policy, &arena);
    signed_ones(text, &policy, &arena);
    br_arena_fini(&arena);
    return 0;
}
