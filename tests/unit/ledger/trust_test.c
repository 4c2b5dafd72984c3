/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/trust.h"

#include "common/codec/json.h"
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "tests/unit/ledger/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DID "did:broletto:lombardia-test:comune"
#define KEY "\"type\":\"JsonWebKey2020\",\"controller\":\"" DID "\""
#define DOCUMENT                                                             \
    "{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"" DID "#a\"," KEY \
    ",\"publicKeyJwk\":{\"kty\":\"EC\"}},{\"id\":\"" DID "#b\"," KEY         \
    "}],\"assertionMethod\":[\"" DID "#a\"]}"

static int
setup(void **state)
{
    struct world *w = (struct world *)malloc(sizeof(*w));
    world_init(w);
    world_begin(w);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_fini((struct world *)*state);
    free(*state);
    return 0;
}

static enum br_rc
run(struct world *w, const char *author, const struct br_op *op)
{
    struct br_signer *s = strcmp(author, "regione") == 0  ? w->operator_key
                          : strcmp(author, "comune") == 0 ? w->notary_key
                                                          : w->auditor_key;
    world_op(w, op, BR_MODULE_TRUST);
    return world_run(w, author, s, BR_MODULE_TRUST);
}

static enum br_rc
put_document(struct world *w, const char *did, const char *document)
{
    static const uint8_t none[] = {0x80};
    struct br_op op = {
        .type = BR_OP_DID_PUT,
        .did = br_str(did),
        .document = br_str(document),
        .list = br_bytes(none, 1)};
    return run(w, "comune", &op);
}

static enum br_rc
put_windows(struct world *w, const struct br_did_window *windows, size_t n)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_op_put_windows(&b, windows, n);
    struct br_op op = {
        .type = BR_OP_DID_PUT,
        .did = br_str(DID),
        .document = br_str(DOCUMENT),
        .list = br_buf_bytes(&b)};
    enum br_rc rc = run(w, "comune", &op);
    br_buf_fini(&b);
    return rc;
}

/* ---- DIDs --------------------------------------------------------------- */

static void
a_document_leaves_its_digest_and_stays_whole(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_did_head head;
    struct br_trust_version row;
    struct br_leaf leaf;
    struct br_hash digest;
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_OK);
    struct br_view v = br_effects_view(&w->e);
    assert_int_equal(br_trust_did_get(&v, br_str(DID), &head, NULL), BR_OK);
    assert_string_equal(head.member, "comune");
    assert_int_equal(head.versions, 1);
    assert_int_equal(
        br_trust_did_version_get(&v, br_str(DID), 1, &row, NULL), BR_OK);
    assert_int_equal(row.time.v, w->time.v);
    assert_int_equal(row.leaf, 0);
    assert_true(br_bytes_eq(row.op.document, br_str(DOCUMENT)));
    assert_int_equal(
        br_leaf_parse(br_effects_leaf(&w->e, 0), &leaf, NULL), BR_OK);
    assert_int_equal(leaf.kind, BR_LEAF_REGISTRY);
    assert_int_equal(leaf.change, BR_OP_DID_PUT);
    br_sha256(row.op.encoded, &digest);
    assert_true(br_bytes_eq(leaf.digest, br_hash_bytes(&digest)));
}

static void
only_dids_of_this_registry(void **state)
{
    struct world *w = (struct world *)*state;
    static const struct {
        const char *did;
        enum br_rc rc;
    } dids[] = {
        {DID ":anagrafe", BR_OK},
        {"did:ebsi:zbM8cCuoBMFNLeQyLiVFyxw", BR_OK},
        {"did:ebsi:zbM8cCuoBMFNLeQyLiVFyx", BR_ERR_DID_REFUSED},
        {"did:ebsi:bM8cCuoBMFNLeQyLiVFyxw", BR_ERR_DID_REFUSED},
        {"did:ebsi:z0OIl", BR_ERR_DID_REFUSED},
        {"did:ebsi:z", BR_ERR_DID_REFUSED},
        {"did:broletto:lombardia-test:regione", BR_ERR_NOT_CONTROLLER},
        {"did:broletto:lombardia-test:comunella", BR_ERR_NOT_CONTROLLER},
        {"did:broletto:lombardia-test:comun", BR_ERR_NOT_CONTROLLER},
        {"did:broletto:elsewhere:comune", BR_ERR_DID_REFUSED},
        {"did:broletto:lombardia-test", BR_ERR_DID_REFUSED},
        {DID ":", BR_ERR_DID_REFUSED},
        {DID ":An", BR_ERR_DID_REFUSED},
        {DID ":a:b", BR_ERR_DID_REFUSED},
        {"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
         BR_ERR_DID_REFUSED},
        {"did:web:example.com", BR_ERR_DID_REFUSED},
        {"did:", BR_ERR_MALFORMED},
        {"urn:x", BR_ERR_MALFORMED},
        {DID "#key", BR_ERR_MALFORMED},
        {DID " x", BR_ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(dids) / sizeof(dids[0]); i++) {
        char document[256];
        (void)snprintf(
            document, sizeof(document), "{\"id\":\"%s\"}", dids[i].did);
        assert_int_equal(put_document(w, dids[i].did, document), dids[i].rc);
    }
}

static void
a_document_is_checked(void **state)
{
    struct world *w = (struct world *)*state;
    static const struct {
        const char *text;
        enum br_rc rc;
    } documents[] = {
        {DOCUMENT, BR_OK},
        {"", BR_ERR_TRUNCATED},
        {"[]", BR_ERR_WRONG_TYPE},
        {"{}", BR_ERR_MISSING_FIELD},
        {"{\"id\":\"" DID "\",\"id\":\"" DID "\"}", BR_ERR_DUPLICATE_FIELD},
        {"{\"id\":\"" DID ":x\"}", BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"verificationMethod\":{}}", BR_ERR_WRONG_TYPE},
        {"{\"id\":\"" DID "\",\"verificationMethod\":[1]}", BR_ERR_WRONG_TYPE},
        {"{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"#a\"," KEY
         "}]}",
         BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"" DID "#\"," KEY
         "}]}",
         BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"" DID
         "#a\"," KEY "},{\"id\":\"" DID "#a\"," KEY "}]}",
         BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"" DID
         "#a\"," KEY ",\"publicKeyJwk\":{\"kty\":\"EC\",\"d\":\"AA\"}}]}",
         BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"assertionMethod\":[\"" DID "#a\"]}",
         BR_ERR_DID_REFUSED},
        {"{\"id\":\"" DID "\",\"keyAgreement\":[{\"id\":\"" DID "#a\"}]}",
         BR_ERR_WRONG_TYPE},
    };
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        assert_int_equal(
            put_document(w, DID, documents[i].text), documents[i].rc);
    }
    static char large[BR_DID_DOCUMENT_BYTES_MAX + 2];
    memset(large, ' ', sizeof(large) - 1);
    assert_int_equal(put_document(w, DID, large), BR_ERR_TOO_LARGE);
}

static void
a_window_names_a_method_once(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_did_window two[] = {
        {br_str(DID "#a"), {5}, {0}}, {br_str(DID "#b"), {0}, {9}}};
    struct br_did_window back[BR_DID_METHODS_MAX];
    struct br_trust_version row;
    assert_int_equal(put_windows(w, two, 2), BR_OK);
    struct br_view v = br_effects_view(&w->e);
    assert_int_equal(
        br_trust_did_version_get(&v, br_str(DID), 1, &row, NULL), BR_OK);
    assert_int_equal(br_op_windows(&row.op, back), 2);
    assert_true(br_bytes_eq(back[1].method, two[1].method));
    assert_int_equal(back[0].not_before.v, 5);
    assert_int_equal(back[1].not_after.v, 9);
    two[1].method = two[0].method;
    assert_int_equal(put_windows(w, two, 2), BR_ERR_DID_REFUSED);
    two[1].method = br_str(DID "#c");
    assert_int_equal(put_windows(w, two, 2), BR_ERR_DID_REFUSED);
    two[0].not_after.v = 5; /* not after its beginning */
    assert_int_equal(put_windows(w, two, 1), BR_ERR_OUT_OF_RANGE);
}

/** RFC 7638 section 3.1; and what has no thumbprint. */
static void
keys_have_thumbprints(void **state)
{
    (void)state;
    static const char n[] =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK"
        "7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yB"
        "XArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb"
        "9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    char jwk[600];
    (void)snprintf(
        jwk, sizeof(jwk),
        "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\",\"alg\":\"RS256\","
        "\"kid\":\"2011-04-29\"}",
        n);
    static const uint8_t wanted[BR_HASH_BYTES] = {
        55,  54, 203, 177, 120, 124, 184, 48,  156, 119, 238,
        140, 55, 5,   197, 225, 111, 251, 158, 133, 151, 21,
        144, 31, 30,  76,  89,  177, 17,  130, 245, 123};
    const struct {
        const char *text;
        bool is_key;
    } keys[] = {
        {jwk, true},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A\"}", false},
        {"{\"kty\":\"oct\",\"k\":\"A\"}", false},
        {"{\"kty\":\"OKP\",\"crv\":\"\\\"\",\"x\":\"A\"}", false},
        {"{}", false},
        {"7", false},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct br_arena arena;
        struct br_json *json;
        struct br_hash h;
        bool is_key;
        br_arena_init(&arena, 65536);
        assert_int_equal(
            br_json_parse(br_str(keys[i].text), &arena, &json, NULL), BR_OK);
        assert_int_equal(br_trust_thumbprint(json, &h, &is_key, NULL), BR_OK);
        assert_int_equal(is_key, keys[i].is_key);
        if (is_key) {
            assert_memory_equal(h.b, wanted, sizeof(wanted));
        }
        br_arena_fini(&arena);
    }
}

static void
a_deactivated_did_stays_so(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_op off = {.type = BR_OP_DID_DEACTIVATE, .did = br_str(DID)};
    assert_int_equal(run(w, "comune", &off), BR_ERR_NOT_FOUND);
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_OK);
    assert_int_equal(run(w, "revisore", &off), BR_ERR_NOT_CONTROLLER);
    assert_int_equal(run(w, "regione", &off), BR_OK); /* an operator may */
    assert_int_equal(run(w, "comune", &off), BR_ERR_DEACTIVATED);
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_ERR_DEACTIVATED);
}

static void
anothers_ebsi_did_is_not_taken(void **state)
{
    struct world *w = (struct world *)*state;
    static const uint8_t none[] = {0x80};
    static const char did[] = "did:ebsi:zbM8cCuoBMFNLeQyLiVFyxw";
    static const char document[] =
        "{\"id\":\"did:ebsi:zbM8cCuoBMFNLeQyLiVFyxw\"}";
    struct br_op op = {
        .type = BR_OP_DID_PUT,
        .did = br_str(did),
        .document = br_str(document),
        .list = br_bytes(none, 1)};
    assert_int_equal(put_document(w, did, document), BR_OK);
    assert_int_equal(run(w, "revisore", &op), BR_ERR_NOT_CONTROLLER);
    assert_int_equal(run(w, "regione", &op), BR_ERR_NOT_CONTROLLER);
    assert_int_equal(put_document(w, did, document), BR_OK);
}

/* ---- credential types --------------------------------------------------- */

#define VCT      "urn:broletto:isee"
#define METADATA "{\"vct\":\"" VCT "\"}"

static struct br_op
type_op(const char *schema, const char *metadata)
{
    return (struct br_op){
        .type = BR_OP_TYPE_PUT,
        .vct = br_str(VCT),
        .schema = br_str(schema),
        .document = br_str(metadata)};
}

static void
a_type_has_versions(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_type_head head;
    struct br_trust_version row;
    struct br_hash id;
    struct br_op op = type_op("{\"type\":\"object\"}", METADATA);
    assert_int_equal(run(w, "comune", &op), BR_ERR_NOT_ACCREDITED);
    assert_int_equal(run(w, "regione", &op), BR_OK);
    op = type_op("", METADATA " ");
    assert_int_equal(run(w, "regione", &op), BR_OK);
    struct br_view v = br_effects_view(&w->e);
    br_trust_type_id(br_str(VCT), &id);
    assert_int_equal(br_trust_type_get(&v, &id, &head, NULL), BR_OK);
    assert_int_equal(head.versions, 2);
    assert_string_equal(head.member, "regione");
    assert_int_equal(br_trust_type_version_get(&v, &id, 1, &row, NULL), BR_OK);
    assert_true(br_bytes_eq(row.op.document, br_str(METADATA)));
    assert_int_equal(row.leaf, 0);
    assert_int_equal(br_trust_type_version_get(&v, &id, 2, &row, NULL), BR_OK);
    assert_int_equal(row.op.schema.n, 0);
    assert_int_equal(row.leaf, 1);
    assert_int_equal(
        br_trust_type_version_get(&v, &id, 3, &row, NULL), BR_ERR_NOT_FOUND);
}

static void
a_type_is_checked(void **state)
{
    struct world *w = (struct world *)*state;
    static const struct {
        const char *schema;
        const char *metadata;
        enum br_rc rc;
    } bad[] = {
        {"", "{}", BR_ERR_MISSING_FIELD},
        {"", "{\"vct\":\"urn:x\"}", BR_ERR_TYPE_REFUSED},
        {"", "", BR_ERR_TRUNCATED},
        {"[]", METADATA, BR_ERR_TYPE_REFUSED},
        {"{", METADATA, BR_ERR_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_op op = type_op(bad[i].schema, bad[i].metadata);
        assert_int_equal(run(w, "regione", &op), bad[i].rc);
    }
    struct br_op op = type_op("", "{\"vct\":\"*\"}");
    op.vct = br_str("*");
    assert_int_equal(run(w, "regione", &op), BR_ERR_TYPE_REFUSED);
    op.vct = br_str("two words");
    assert_int_equal(run(w, "regione", &op), BR_ERR_MALFORMED);
}

/** An authority registers what it is accredited for, and its own alone. */
static void
an_authority_registers_its_types(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_bytes types[] = {br_str(VCT)};
    struct br_hash id = {{1}};
    struct br_buf b;
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_OK);
    br_buf_init(&b, 1024);
    br_op_put_types(&b, types, 1);
    struct br_op accredit = {
        .type = BR_OP_ACCREDIT,
        .accreditation = id,
        .did = br_str(DID),
        .level = BR_LEVEL_ROOT,
        .list = br_buf_bytes(&b)};
    assert_int_equal(run(w, "regione", &accredit), BR_OK);
    struct br_op op = type_op("", METADATA);
    op.by = br_hash_bytes(&id);
    assert_int_equal(run(w, "revisore", &op), BR_ERR_NOT_CONTROLLER);
    assert_int_equal(run(w, "comune", &op), BR_OK);
    op.vct = br_str("urn:other");
    assert_int_equal(run(w, "comune", &op), BR_ERR_BEYOND_ACCREDITATION);
    br_buf_fini(&b);
}

/* ---- what is not an operation ------------------------------------------- */

static void
types_are_a_set(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_bytes twice[] = {br_str("b"), br_str("a")};
    struct br_buf b;
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_OK);
    br_buf_init(&b, 1024);
    struct br_op op = {
        .type = BR_OP_ACCREDIT, .did = br_str(DID), .level = BR_LEVEL_ROOT};
    br_op_put_types(&b, twice, 2);
    op.list = br_buf_bytes(&b);
    assert_int_equal(run(w, "regione", &op), BR_ERR_NOT_CANONICAL);
    br_buf_clear(&b);
    twice[1] = twice[0];
    br_op_put_types(&b, twice, 2);
    op.list = br_buf_bytes(&b);
    assert_int_equal(run(w, "regione", &op), BR_ERR_NOT_CANONICAL);
    br_buf_clear(&b);
    br_op_put_types(&b, twice, 0);
    op.list = br_buf_bytes(&b);
    assert_int_equal(run(w, "regione", &op), BR_ERR_OUT_OF_RANGE);
    br_buf_clear(&b);
    br_op_put_types(&b, twice, 1);
    op.list = br_buf_bytes(&b);
    op.by = br_str("short");
    assert_int_equal(run(w, "regione", &op), BR_ERR_OUT_OF_RANGE);
    op.by = br_str("");
    op.level = 4;
    assert_int_equal(run(w, "regione", &op), BR_ERR_OUT_OF_RANGE);
    op.level = 0;
    assert_int_equal(run(w, "regione", &op), BR_ERR_OUT_OF_RANGE);
    br_buf_fini(&b);
}

/** A ledger that never used the registry keeps the hashes that it had before
 *  there was one, and its head the bytes. */
static void
an_unused_registry_changes_no_hash(void **state)
{
    struct world *w = (struct world *)*state;
    uint8_t bytes[BR_HEAD_BYTES_MAX];
    struct br_head head;
    char hex[2 * BR_HASH_BYTES + 1];
    world_stamp(w, 7);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    w->e.view = &w->view;
    struct br_head genesis = w->head;
    for (size_t i = 0; i < BR_HASH_BYTES; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", genesis.app_hash.b[i]);
    }
    assert_string_equal(
        hex,
        "96cee39b91a3682590226e55d78805ad81a90549ef8f2c8297bce6604d79e93b");
    world_seal(w);
    size_t before = br_head_encode(&w->head, bytes);
    assert_int_equal(
        before,
        16 + 3 * BR_HASH_BYTES + br_frontier_bytes(w->head.frontier.size));
    world_begin(w);
    assert_int_equal(put_document(w, DID, DOCUMENT), BR_OK);
    world_seal(w);
    size_t after = br_head_encode(&w->head, bytes);
    assert_int_equal(
        after,
        16 + 4 * BR_HASH_BYTES + br_frontier_bytes(w->head.frontier.size));
    assert_int_equal(br_head_parse(br_bytes(bytes, after), &head, NULL), BR_OK);
    assert_memory_equal(head.journal, w->head.journal, sizeof(head.journal));
    assert_memory_equal(
        &head.app_hash, &w->head.app_hash, sizeof(head.app_hash));
    memset(bytes + after - BR_HASH_BYTES, 0, BR_HASH_BYTES);
    assert_int_equal(
        br_head_parse(br_bytes(bytes, after), &head, NULL), BR_ERR_CORRUPT);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_document_leaves_its_digest_and_stays_whole),
        T(only_dids_of_this_registry),
        T(a_document_is_checked),
        T(a_window_names_a_method_once),
        T(keys_have_thumbprints),
        T(a_deactivated_did_stays_so),
        T(anothers_ebsi_did_is_not_taken),
        T(a_type_has_versions),
        T(a_type_is_checked),
        T(an_authority_registers_its_types),
        T(types_are_a_set),
        T(an_unused_registry_changes_no_hash),
    };
    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
