/*
 * Writes the seeds of the fuzz targets: make_corpus FOLDER. Keys, times and
 * contents are fixed, so that it writes the same bytes every time; what ECDSA
 * signs differs from run to run with the library's nonces.
 *
 * What is spoiled by hand stands beside them, under names that end in -bad.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/fuzz/make_corpus.h"
#include "common/base/assert.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_format.h"
#include "common/crypto/x509.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/cose_statement.h"
#include "common/receipt/policy.h"
#include "common/receipt/witness.h"
#include "node/ledger/ledger.h"
#include "node/ledger/record.h"
#include "node/ledger/trust.h"
#include "node/setup/config.h"
#include "tests/unit/ledger/fixture.h"
#include "tests/unit/receipt/fixture.h"
#include "tests/unit/receipt/tsa_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *root;

void
put(const char *target, const char *name, struct br_bytes v)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", root, target);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
    FILE *f = fopen(path, "wb");
    BR_ASSERT(f != NULL);
    size_t n = v.n == 0 ? 0 : fwrite(v.p, 1, v.n, f);
    BR_ASSERT(n == v.n);
    (void)fclose(f);
}

void
put_buf(const char *target, const char *name, struct br_buf *b)
{
    BR_ASSERT(!b->failed);
    put(target, name, br_buf_bytes(b));
    br_buf_clear(b);
}

void
put_text(const char *target, const char *name, const char *text)
{
    put(target, name, br_str(text));
}

static void
put_hex(const char *target, const char *name, const char *text)
{
    uint8_t out[256];
    BR_ASSERT(strlen(text) <= 2 * sizeof(out));
    enum br_rc rc = br_hex_parse(br_str(text), out, NULL);
    BR_ASSERT(rc == BR_OK);
    put(target, name, br_bytes(out, strlen(text) / 2));
}

/* ---- JSON --------------------------------------------------------------- */

static void
make_json(void)
{
    static const char payload[] =
        "{\"iss\":\"https://issuer.example\",\"iat\":1700000000,"
        "\"_sd\":[\"X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0\"],"
        "\"nat\":[{\"...\":\"pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo\"}],"
        "\"_sd_alg\":\"sha-256\",\"cnf\":{\"jwk\":{\"kty\":\"EC\"}}}";
    static const char escapes[] =
        " [ \"\\u20ac\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\" ,"
        " \"perch\xc3\xa9 \xf0\x9f\x98\x80\", true,false , null ]\n";
    static const char numbers[] =
        "[0,-0,1.50,1E30,5e-324,1.7976931348623157e308,9007199254740993,"
        "-9223372036854775808,18446744073709551615,333333333.33333329]";
    static const char names[] =
        "{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"\":3,\"b\":4,\"a\":5,\"c\":6,"
        "\"d\":7,\"e\":8,\"f\":9,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"
        "\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1}";
    static const char *const targets[] = {"json_dom", "jcs"};
    for (size_t i = 0; i < 2; i++) {
        put_text(targets[i], "payload", payload);
        put_text(targets[i], "escapes", escapes);
        put_text(targets[i], "numbers", numbers);
        put_text(targets[i], "names", names);
        put_text(targets[i], "huge-bad", "{\"a\":[1e400]}");
    }
    put_text("jcs", "canonical", "{\"a\":[1e+30,4.5,\"\\n\"],\"b\":{}}");
    put_text("json_dom", "duplicate-bad", "{\"a\":1,\"\\u0061\":2}");
    put_text("json_dom", "surrogate-bad", "[\"\\ud800x\"]");
    put_text("json_dom", "utf8-bad", "[\"\xc0\xaf\"]");
    put_text("json_dom", "trailing-bad", "{} {}");
    put_text("json_dom", "number-bad", "[01]");
    put_text(
        "json_dom", "deep-bad",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
}

/* ---- codec -------------------------------------------------------------- */

static void
make_codec(struct br_buf *b)
{
    br_cbor_put_array(b, 4);
    br_cbor_put_int(b, -42);
    br_cbor_put_map(b, 2);
    br_cbor_put_uint(b, 1);
    br_cbor_put_bytes(b, br_str("bytes"));
    br_cbor_put_text(b, br_str("k"));
    br_cbor_put_tag(b, 18);
    br_cbor_put_null(b);
    br_cbor_put_text(b, br_str("perch\xc3\xa9"));
    br_cbor_put_bool(b, true);
    put_buf("cbor", "document", b);
    put_hex("cbor", "most-negative", "3bffffffffffffffff");
    put_hex("cbor", "not-shortest-bad", "1817");
    put_hex("cbor", "indefinite-bad", "9f01ff");
    put_hex("cbor", "unsorted-bad", "a2616200616100");
    put_hex("cbor", "duplicate-key-bad", "a2010001f6");
    put_hex("cbor", "float-bad", "f93c00");
    put_hex("cbor", "surrogate-bad", "63eda080");
    put_hex("cbor", "huge-length-bad", "5bffffffffffffffff00");
    put_hex("cbor", "huge-array-bad", "9bffffffffffffffff00");
    put_hex("cbor", "deep-bad", "8181818181818181818181818181818181818100");
    put_hex("cbor", "trailing-bad", "0000");
    put_text("text", "hex", "00ffAB");
    put_text("text", "base64", "Zm9vYmE=");
    put_text("text", "base64-spare-bits-bad", "Zm9vYmF=");
    put_text("text", "base64url", "-_8");
    put_text("text", "decimal", "18446744073709551615");
    put_text("text", "decimal-bad", "18446744073709551616");
    put_text("text", "leading-zero-bad", "007");
    put_text("text", "utf8", "\xf0\x9f\x93\x9c\xe2\x82\xac\xc3\xa9");
    put_text("text", "overlong-bad", "\xc0\xaf\xed\xa0\x80");
    put_text("text", "identifier", "comune.milano-1");
}

/* ---- ledger ------------------------------------------------------------- */

static void
sign(
    struct world *w,
    const char *name,
    struct br_signer *s,
    enum br_module module)
{
    struct br_tx_draft d = world_draft(w, "comune", module);
    br_buf_clear(&w->tx);
    enum br_rc rc = br_tx_sign(&d, s, &w->tx, NULL);
    BR_ASSERT(rc == BR_OK);
    put("tx", name, br_buf_bytes(&w->tx));
    br_buf_clear(&w->ops);
    w->op_count = 0;
}

static struct br_op
record_op(enum br_notary_op type)
{
    struct br_op op = {.type = type, .alg = BR_HASH_SHA256, .version = 1};
    op.digest = br_bytes("0123456789abcdef0123456789abcdef", 32);
    op.leaf = br_str("a raw leaf");
    op.id = br_str("regione");
    op.not_before.v = 1;
    op.not_after.v = 2000000;
    return op;
}

#define DID "did:broletto:lombardia-test:comune"

/** Every operation of the registry, with its lists. */
static void
put_trust_op(struct world *w, uint64_t type)
{
    struct br_did_window window = {br_str(DID "#a"), {5}, {9}};
    struct br_bytes types[] = {br_str("urn:a"), br_str("urn:b")};
    struct br_hash by = {{7}};
    struct br_op op = {
        .type = type,
        .did = br_str(DID),
        .document = br_str(
            type == BR_OP_ACCREDIT ? "e30.e30.c2ln" : "{\"id\":\"" DID "\"}"),
        .schema = br_str("{}"),
        .by = br_hash_bytes(&by),
        .level = BR_LEVEL_ISSUER,
        .vct = types[0],
        .not_before = {1},
        .not_after = {2000000},
    };
    struct br_buf list;
    br_buf_init(&list, 1024);
    if (type == BR_OP_DID_PUT) {
        br_op_put_windows(&list, &window, 1);
    } else {
        br_op_put_types(&list, types, 2);
    }
    op.list = br_buf_bytes(&list);
    world_op(w, &op, BR_MODULE_TRUST);
    br_buf_fini(&list);
}

static void
make_trust(struct world *w)
{
    for (uint64_t type = BR_OP_DID_PUT; type <= BR_OP_TYPE_PUT; type++) {
        put_trust_op(w, type);
    }
    sign(w, "trust", w->notary_key, BR_MODULE_TRUST);
}

#define METHOD                                           \
    "{\"id\":\"" DID "#a\",\"type\":\"JsonWebKey2020\"," \
    "\"controller\":\"" DID "\",\"publicKeyJwk\":{\"kty\":\"EC\"}}"

/** Documents begin with the number of their check: see fuzz_trust.c. */
static void
make_documents(void)
{
    put_text(
        "trust", "document",
        "\x04{\"id\":\"" DID "\",\"verificationMethod\":[" METHOD
        "],\"assertionMethod\":[\"" DID "#a\"]}");
    put_text(
        "trust", "document-twice-bad",
        "\x04{\"id\":\"" DID "\",\"verificationMethod\":[" METHOD "," METHOD
        "]}");
    put_text(
        "trust", "document-private-bad",
        "\x04{\"id\":\"" DID "\",\"verificationMethod\":[{\"id\":\"" DID
        "#a\",\"type\":\"x\",\"controller\":\"x\",\"publicKeyJwk\":{\"d\":1}}]"
        "}");
    put_text("trust", "did", "\x01" DID ":anagrafe");
    put_text(
        "trust", "did-ebsi",
        "\x01"
        "did:ebsi:zbM8cCuoBMFNLeQyLiVFyxw");
    put_text(
        "trust", "did-other-bad",
        "\x01"
        "did:web:example.com");
    put_text("trust", "metadata", "\x02{\"vct\":\"urn:a\",\"name\":\"A\"}");
    put_text("trust", "schema", "\x03{\"type\":\"object\"}");
    put_text("trust", "schema-list-bad", "\x03[]");
}

/** Tables of people. */
static void
make_tables(void)
{
    put_text(
        "table", "semicolons",
        "\xef"
        "\xbb"
        "\xbf"
        "reference;name;a.b;d;n;i;y;s\r\n"
        "P-1;\"Bianchi; \"\"R\"\"\";Pavia;28/02/1990;15.300,50 "
        "\xe2"
        "\x82"
        "\xac"
        ";-1;VERO;a|b\r\n");
    put_text(
        "table", "commas",
        "reference,name,n\n"
        "\n"
        "P-1,Ada,\"15.300,50\"\n"
        "P-2,Bruno,15300.50");
    put_text(
        "table", "quote-bad",
        "reference;name\n"
        "P;a\"b\n");
    put_text("table", "columns-bad", "reference;name;l;x;name\n");
    put_text(
        "table", "twice-bad",
        "reference;name\n"
        "P;a\n"
        "P;b\n");
    put_text(
        "table", "control-bad",
        "reference;name\n"
        "P;a\rQ;b\n");
}

static void
make_txs(void)
{
    static struct world w;
    world_init(&w);
    world_begin(&w);
    world_stamp(&w, 7);
    world_stamp(&w, 8);
    sign(&w, "stamps", w.operator_key, BR_MODULE_NOTARY);
    for (int type = BR_OP_RAW; type <= BR_OP_OWNER_REVOKE; type++) {
        struct br_op op = record_op((enum br_notary_op)type);
        world_op(&w, &op, BR_MODULE_NOTARY);
    }
    sign(&w, "records", w.notary_key, BR_MODULE_NOTARY);
    struct br_op op = {.id = br_str("bergamo"), .name = br_str("Bergamo")};
    op.roles = BR_ROLE_NOTARY;
    op.active = true;
    op.key = *br_signer_public(w.auditor_key);
    for (uint64_t type = BR_OP_MEMBER_PUT; type <= BR_OP_KEY_REVOKE; type++) {
        op.type = type;
        world_op(&w, &op, BR_MODULE_REGISTRY);
    }
    sign(&w, "registry", w.operator_key, BR_MODULE_REGISTRY);
    make_trust(&w);
    world_fini(&w);
    put_hex("tx", "empty-sign1-bad", "d28440a04040");
}

/** Rows begin with the number of their parser: see fuzz_state.c. */
static void
put_state(const char *name, uint8_t which, struct br_bytes value)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 16);
    br_buf_put(&b, &which, 1);
    br_buf_put(&b, value.p, value.n);
    put_buf("state", name, &b);
    br_buf_fini(&b);
}

static void
make_rows(struct world *w)
{
    struct br_record rec = {.versions = 2, .first_leaf = 3, .last_leaf = 9};
    struct br_hash id = {{9}};
    struct br_op op = record_op(BR_OP_RECORD_VERSION);
    struct br_record_hash h = {BR_HASH_SHA256, op.digest, 3};
    rec.owner_count = 1;
    (void)snprintf(rec.owner[0].member, sizeof(rec.owner[0].member), "comune");
    br_effects_clear(&w->e, &w->view, 0);
    enum br_rc a = br_record_put(&w->e, &id, &rec, NULL);
    enum br_rc b = br_record_add_hash(&w->e, &id, 1, &h, NULL);
    BR_ASSERT(a == BR_OK && b == BR_OK);
    for (uint8_t i = 0; i < 2; i++) {
        const struct br_write *x = br_effects_write(&w->e, i);
        put_state(i == 0 ? "record" : "version", i, br_write_value(&w->e, x));
    }
}

static void
make_trust_rows(struct world *w)
{
    struct br_did_head head = {
        .member = "comune",
        .versions = 3,
        .accreditations = 1,
        .deactivated = {77},
        .deactivated_leaf = 8};
    br_buf_clear(&w->ops);
    put_trust_op(w, BR_OP_ACCREDIT);
    struct br_accreditation a = {
        .time = {5},
        .leaf = 3,
        .author = br_str("comune"),
        .depth = 2,
        .ended = {9},
        .ended_leaf = 4,
        .ended_by = br_str("regione"),
        .op = {.accreditation = {{1}}, .encoded = br_buf_bytes(&w->ops)}};
    struct br_trust_version row = {
        .time = {5}, .leaf = 3, .op = {.encoded = br_buf_bytes(&w->ops)}};
    br_effects_clear(&w->e, &w->view, 0);
    enum br_rc x = br_trust_did_put(&w->e, br_str(DID), &head, NULL);
    enum br_rc y = br_trust_did_version_put(&w->e, br_str(DID), 3, &row, NULL);
    enum br_rc z = br_accreditation_put(&w->e, &a, NULL);
    BR_ASSERT(x == BR_OK && y == BR_OK && z == BR_OK);
    static const char *const names[] = {
        "did", "trust-version", "accreditation"};
    for (uint8_t i = 0; i < 3; i++) {
        put_state(
            names[i], (uint8_t)(7 + i),
            br_write_value(&w->e, br_effects_write(&w->e, i)));
    }
}

static void
make_state(struct br_buf *b)
{
    static struct world w;
    uint8_t head[BR_HEAD_BYTES_MAX];
    struct br_block block = {.height = 5, .time = {77}, .leaves = 3};
    world_init(&w);
    for (size_t i = 0; i < w.row_count; i++) {
        uint8_t which = w.row[i].key[0] == 'M' ? 2 : 3;
        char name[32];
        (void)snprintf(name, sizeof(name), "genesis-%zu", i);
        put_state(name, which, br_bytes(w.row[i].value, w.row[i].value_n));
    }
    world_begin(&w);
    for (int i = 0; i < 21; i++) {
        world_stamp(&w, (uint8_t)i);
    }
    enum br_rc rc = world_run(&w, "comune", w.notary_key, BR_MODULE_NOTARY);
    BR_ASSERT(rc == BR_OK);
    world_seal(&w);
    put_state("head", 4, br_bytes(head, br_head_encode(&w.head, head)));
    put_state(
        "frontier", 5,
        br_bytes(head, br_frontier_encode(&w.head.frontier, head)));
    br_block_put(b, &block);
    put_state("block", 6, br_buf_bytes(b));
    br_buf_clear(b);
    make_rows(&w);
    make_trust_rows(&w);
    world_fini(&w);
}

/* ---- receipts ----------------------------------------------------------- */

static void
make_leaves(void)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_time_us t = {FX_NOW_S * 1000000};
    struct br_op op = record_op(BR_OP_RECORD_VERSION);
    struct br_leaf_record r = {
        op.digest, BR_LEAF_STEP_VERSION, 2, BR_HASH_SHA256, op.digest};
    put("leaf", "stamp", br_bytes(leaf, fx_leaf(1, leaf)));
    leaf[6] ^= 0x40;
    put("leaf", "stamp-bad", br_bytes(leaf, fx_leaf(1, leaf) - 1));
    put("leaf", "record",
        br_bytes(leaf, br_leaf_encode_record(leaf, t, br_str("acme"), &r)));
    put("leaf", "member",
        br_bytes(
            leaf,
            br_leaf_encode_member(leaf, t, br_str("acme"), 2, op.digest)));
    put_text("leaf", "raw", "a raw leaf");
    put_hex("leaf", "tag-alone-bad", "da42524c31");
}

static void
make_notes(const struct fx_tree *t, const struct keys *k, struct br_buf *b)
{
    fx_checkpoint(b, t, 11, k->log);
    put("checkpoint", "signed", br_buf_bytes(b));
    fx_cosign(b, "w.example", k->witness, FX_NOW_S - 30);
    put_buf("note", "cosigned", b);
    fx_vkey(b, FX_ORIGIN, BR_NOTE_ED25519, k->log);
    put_buf("note", "vkey", b);
    fx_vkey(b, "w.example", BR_NOTE_COSIGNATURE, k->witness);
    put_buf("note", "vkey-witness", b);
    put_text("note", "no-signature-bad", "text\n\n");
    put_text("note", "short-signature-bad", "text\n\n\xe2\x80\x94 a AAAA\n");
    put_text(
        "checkpoint", "extended",
        "o\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextra\n");
    put_text(
        "checkpoint", "leading-zero-bad",
        "o\n07\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
}

static void
make_proofs(const struct fx_tree *t, const struct keys *k, struct br_buf *b)
{
    struct br_buf note;
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    fx_checkpoint(&note, t, 11, k->log);
    fx_proof(b, t, 6, 11, br_buf_bytes(&note));
    put("verify", "not-witnessed", br_buf_bytes(b));
    put_buf("tlog_proof", "plain", b);
    fx_cosign(&note, "w.example", k->witness, FX_NOW_S - 30);
    fx_proof(b, t, 6, 11, br_buf_bytes(&note));
    put("verify", "witnessed", br_buf_bytes(b));
    put_buf("tlog_proof", "witnessed", b);
    fx_proof(b, t, 5, 11, br_buf_bytes(&note));
    put_buf("verify", "other-document-bad", b);
    br_buf_fini(&note);
}

static void
make_requests(const struct fx_tree *t, const struct keys *k, struct br_buf *b)
{
    static const struct {
        size_t m, n;
        const char *name;
    } steps[] = {
        {0, 7, "first"}, {7, 11, "next"}, {7, 7, "same"}, {9, 7, "back-bad"}};
    for (size_t i = 0; i < 4; i++) {
        struct br_witness_request r = {.old_size = steps[i].m};
        struct br_buf note;
        br_buf_init(&note, BR_NOTE_BYTES_MAX);
        fx_checkpoint(&note, t, steps[i].n, k->log);
        r.checkpoint = br_buf_bytes(&note);
        if (steps[i].m <= steps[i].n) {
            fx_consistency(t, steps[i].m, steps[i].n, &r.proof);
        }
        br_witness_request_put(b, &r);
        put_buf("witness", steps[i].name, b);
        br_buf_fini(&note);
    }
    put_text("witness", "size", "12345\n");
}

static void
make_policies(const struct keys *k, struct br_buf *b)
{
    br_buf_puts(b, "# who is trusted\nlog ");
    fx_vkey(b, FX_ORIGIN, BR_NOTE_ED25519, k->log);
    br_buf_puts(b, " https://ledger.example.org/\nwitness w1 ");
    fx_vkey(b, "w.example", BR_NOTE_COSIGNATURE, k->witness);
    br_buf_puts(b, "\nwitness w2 ");
    fx_vkey(b, "v.example", BR_NOTE_COSIGNATURE, k->log);
    br_buf_puts(b, "\ngroup g 1 w1 w2\ngroup h all g\nquorum h\n");
    put_buf("policy", "groups", b);
    put_text("policy", "cycle-bad", "group g any g\nquorum g\n");
    put_text("policy", "none", "quorum none\n");
}

static void
make_cose(const struct fx_tree *t, const struct keys *k, struct br_buf *b)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_cose_receipt r = {.tree_size = 11, .index = 6};
    struct br_hash h;
    fx_root(t, 0, 11, &h);
    fx_inclusion(t, 6, 11, &r.proof);
    r.leaf = br_bytes(leaf, fx_leaf(6, leaf));
    r.claims.issuer = br_str(FX_ORIGIN);
    assert_ok(br_cose_receipt_put(b, &r, &h, k->receipt, NULL));
    put("verify", "cose", br_buf_bytes(b));
    put_buf("cose_receipt", "ours", b);
    br_cose_key_set_put(b, br_signer_public(k->receipt), 1);
    put_buf("cose_receipt", "key-set", b);
}

static void
make_statement(const struct keys *k, struct br_buf *b)
{
    struct br_cose_claims claims = {br_str("vendor.example"), br_str("lot 1")};
    struct br_cose_statement s;
    struct br_buf p;
    uint8_t sig[BR_SIGNATURE_BYTES];
    br_buf_init(&p, 1024);
    br_cbor_put_map(&p, 3);
    br_cbor_put_uint(&p, BR_COSE_ALG);
    br_cbor_put_int(&p, br_signer_public(k->log)->alg);
    br_cbor_put_uint(&p, BR_COSE_KID);
    br_cbor_put_bytes(&p, br_str("key 1"));
    br_cbor_put_uint(&p, BR_COSE_CWT_CLAIMS);
    br_cose_claims_put(&p, &claims);
    assert_ok(br_cose_sign(br_buf_bytes(&p), br_str("{}"), k->log, sig, NULL));
    br_cbor_put_tag(b, BR_COSE_SIGN1_TAG);
    br_cbor_put_array(b, 4);
    br_cbor_put_bytes(b, br_buf_bytes(&p));
    br_cbor_put_map(b, 0);
    br_cbor_put_bytes(b, br_str("{}"));
    br_cbor_put_bytes(b, br_bytes(sig, sizeof(sig)));
    put("cose_statement", "bare", br_buf_bytes(b));
    br_buf_clear(&p);
    assert_ok(br_cose_statement_parse(br_buf_bytes(b), &s, NULL));
    assert_ok(br_cose_statement_put_transparent(&p, &s, br_str("r"), NULL));
    put_buf("cose_statement", "transparent", &p);
    br_buf_clear(b);
    br_buf_fini(&p);
}

/* ---- crypto and service ------------------------------------------------- */

static void
make_keys(const struct keys *k, struct br_buf *b)
{
    struct br_x509_dev_ca in = {
        .ca = {"Seed development CA", NULL, 1, 1767000000, 1999999999},
        .tsa = {"Seed TSA", "Seed", 2, 1767000000, 1999999999},
        .ca_key = k->receipt,
        .tsa_public = br_signer_public(k->receipt),
    };
    struct br_buf ca;
    br_buf_init(&ca, BR_X509_PEM_BYTES_MAX);
    assert_ok(br_x509_create_dev_ca(&in, &ca, b, NULL));
    put("pem", "one", br_buf_bytes(b));
    br_buf_put(b, ca.p, ca.n);
    put_buf("pem", "chain", b);
    br_buf_fini(&ca);
    put_text(
        "pem", "key-bad",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    struct br_key_text text = {
        *br_signer_public(k->log), 1, 8, {0}, {0}, {0}, {NULL, 0}};
    struct br_secret *pass;
    uint8_t secret[32];
    memset(secret, 1, sizeof(secret));
    assert_ok(br_secret_new(br_str("passphrase"), &pass, NULL));
    assert_ok(br_key_text_seal(&text, pass, secret, b, NULL));
    put_buf("key_format", "ed25519", b);
    br_secret_free(pass);
}

static void
make_service(struct br_buf *b)
{
    put_text(
        "json", "stamp",
        "{\"digest\":\"00ff\",\"note\":\"perch\\u00e9\",\"again\":true,"
        "\"count\":7}");
    put_text("json", "nul-bad", "{\"digest\":\"a\\u0000b\"}");
    put_text("json", "duplicate-bad", "{\"digest\":\"a\",\"digest\":\"b\"}");
    put_text("json", "deep-bad", "{\"digest\":[[[[[[[[[[[[]]]]]]]]]]]]}");
    put_text("json", "negative-bad", "{\"digest\":\"a\",\"count\":-1}");
    put_text("json", "newline-bad", "{\"digest\":\"a\nb\"}");
    br_node_config_put_template(b, "chain", "log.example.org", "comune");
    put_buf("config", "template", b);
    put_text("config", "unknown-bad", "chain_id: a\nnonsense: 1\n");
    put_text("config", "anchor-bad", "a: &a [*a]\n");
    put_text("config", "not-yaml-bad", "{{{{\n");
    put_text(
        "pkcs11_uri", "all",
        "pkcs11:token=broletto;object=tsa;id=%01%02;type=private"
        "?module-path=/usr/lib/softhsm2.so&pin-source=file:/run/pin");
    put_text("pkcs11_uri", "nul-bad", "pkcs11:token=a%00b;object=c");
    put_text("pkcs11_uri", "pin-value-bad", "pkcs11:token=a?pin-value=1");
}

static void
make_bodies(void)
{
#define DIGEST    \
    "\"digest\":" \
    "\"000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\""
    put_text("body", "stamp", "s{\"alg\":\"sha-256\"," DIGEST "}");
    put_text(
        "body", "again", "s{\"alg\":\"sha3-256\"," DIGEST ",\"again\":true}");
    put_text("body", "digest", "d{\"alg\":\"sha-256\"," DIGEST "}");
    put_text("body", "sha-1-bad", "d{\"alg\":\"sha-1\"," DIGEST "}");
    put_text(
        "body", "owner",
        "o{\"owner\":\"acme\",\"not_before_us\":1,\"not_after_us\":9}");
    put_text(
        "body", "window-bad",
        "o{\"owner\":\"acme\",\"not_before_us\":9,\"not_after_us\":9}");
    put_text("body", "lines", "l{" DIGEST "}\n\n{" DIGEST "}");
    put_text("body", "line-bad", "l{" DIGEST "}\n{" DIGEST ",\"more\":1}\n");
#undef DIGEST
}

static void
make_tsqs(void)
{
    static const char imprint[] =
        "0201013031300d060960864801650304020105000420"
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    char text[256];
    (void)snprintf(text, sizeof(text), "3036%s", imprint);
    put_hex("tsq", "plain", text);
    (void)snprintf(
        text, sizeof(text),
        "303d%s02020102"
        "0101ff",
        imprint);
    put_hex("tsq", "nonce-certificates", text);
    (void)snprintf(text, sizeof(text), "3080%s0000", imprint);
    put_hex("tsq", "indefinite-bad", text);
    put_hex("tsq", "version-bad", "3003020102");
}

/* ---- time-stamps -------------------------------------------------------- */

/** Three stamps, each over what is before it, with all that may be there. */
static void
make_tsd_chain(const struct fx_tsa *tsa, struct br_buf *b)
{
    static const uint8_t crl[] = {0x30, 0x00};
    struct br_buf token[3];
    struct br_buf stamped;
    struct fx_tsd t = {
        .uri = "https://example.org/minutes.txt",
        .metadata = true,
        .hash_protected = true,
        .name = br_str("minutes.txt"),
        .type = "text/plain",
        .document = br_str("document 6"),
        .crl = {br_bytes(crl, sizeof(crl))},
    };
    br_buf_init(&stamped, 1u << 16);
    fx_tsd_metadata(&t, &stamped);
    br_buf_put(&stamped, t.document.p, t.document.n);
    for (size_t i = 0; i < 3; i++) {
        br_buf_init(&token[i], BR_TST_BYTES_MAX);
        fx_tst(
            tsa, i == 1 ? BR_HASH_SHA512 : BR_HASH_SHA256,
            br_buf_bytes(&stamped), FX_NOW_S * 1000000 - 3 + i, &token[i]);
        t.token[i] = br_buf_bytes(&token[i]);
        br_buf_clear(&stamped);
        fx_tsd_element(&t, i, &stamped);
    }
    fx_tsd(&t, b);
    put_buf("tsd", "chain", b);
    t.no_content = true;
    fx_tsd(&t, b);
    put_buf("tsd", "address", b);
    t.evidence = 0xa1;
    fx_tsd(&t, b);
    put_buf("tsd", "evidence-record-bad", b);
    for (size_t i = 0; i < 3; i++) {
        br_buf_fini(&token[i]);
    }
    br_buf_fini(&stamped);
}

static void
make_tsds(struct br_buf *b)
{
    struct fx_tsa tsa;
    struct fx_tsd t = {.document = br_str("document 6")};
    struct br_buf token;
    fx_tsa_init(&tsa, 4, 3);
    br_buf_init(&token, BR_TST_BYTES_MAX);
    fx_tst(&tsa, BR_HASH_SHA256, t.document, FX_NOW_S * 1000000 - 1, &token);
    t.token[0] = br_buf_bytes(&token);
    put("tsd", "token", t.token[0]);
    fx_tsd(&t, b);
    put_buf("tsd", "plain", b);
    t.metadata = true;
    t.name = br_str("minutes.txt");
    fx_tsd(&t, b);
    put_buf("tsd", "named", b);
    t.document = br_str("document 7");
    fx_tsd(&t, b);
    put_buf("tsd", "other-document-bad", b);
    fx_tsr(&tsa, BR_HASH_SHA3_512, br_str("document 6"), 1, b);
    put_buf("tsd", "response", b);
    br_tsr_put_rejection(b, BR_TSA_BAD_ALG, "sha-1 is refused");
    put_buf("tsd", "refusal-bad", b);
    put_hex("tsd", "indefinite-bad", "3080060b2a864886f70d010910011f");
    make_tsd_chain(&tsa, b);
    br_buf_fini(&token);
    fx_tsa_fini(&tsa);
}

int
main(int argc, char **argv)
{
    struct br_buf b;
    struct fx_tree tree;
    BR_ASSERT(argc == 2);
    root = argv[1];
    enum br_rc rc = br_crypto_init(NULL);
    BR_ASSERT(rc == BR_OK);
    struct keys k = {
        fx_signer(BR_SIGN_ED25519, 1),
        fx_signer(BR_SIGN_ED25519, 2),
        fx_signer(BR_SIGN_ES256, 3),
    };
    br_buf_init(&b, 1u << 20);
    fx_log(&tree, 11);
    make_codec(&b);
    make_json();
    make_txs();
    make_documents();
    make_tables();
    make_state(&b);
    make_leaves();
    make_notes(&tree, &k, &b);
    make_proofs(&tree, &k, &b);
    make_requests(&tree, &k, &b);
    make_policies(&k, &b);
    make_cose(&tree, &k, &b);
    make_statement(&k, &b);
    make_keys(&k, &b);
    make_service(&b);
    make_bodies();
    make_tsqs();
    make_tsds(&b);
    make_credential_seeds(&k, &b);
    make_wallet_seeds(&b);
    make_passkey_seeds(&b);
    br_buf_fini(&b);
    br_signer_free(k.log);
    br_signer_free(k.witness);
    br_signer_free(k.receipt);
    return 0;
}
