/* SPDX-License-Identifier: EUPL-1.2 */
/* What members register: DIDs, documents. A document that is taken names its
 * DID and no private key. The first byte chooses. */
#include "common/codec/json.h"
#include "node/ledger/trust.h"
#include "tests/fuzz/fuzz.h"

#define DID "did:broletto:lombardia-test:comune"
#define VCT "urn:a"

static const uint8_t no_windows[] = {0x80};

/** A top-level string of JSON that was taken already. */
static void
check_string(struct br_bytes text, const char *name, const char *wanted)
{
    struct br_arena arena;
    struct br_json *json;
    struct br_bytes value;
    br_arena_init(&arena, 64u << 20);
    enum br_rc rc = br_json_parse(text, &arena, &json, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_json_need_string(json, name, &value, NULL);
    BR_ASSERT(rc == BR_OK && br_bytes_eq(value, br_str(wanted)));
    br_arena_fini(&arena);
}

static enum br_rc
try_document(struct br_bytes in, struct br_err *err)
{
    struct br_op op = {
        .did = br_str(DID),
        .document = in,
        .list = br_bytes(no_windows, sizeof(no_windows))};
    BR_TRY(br_trust_did_document_check(&op, err));
    check_string(in, "id", DID);
    return BR_OK;
}

static enum br_rc
try_did(struct br_bytes in, struct br_err *err)
{
    BR_TRY(br_trust_did_check(
        in, br_str("lombardia-test"), br_str("comune"), err));
    BR_ASSERT(in.n > 8 && memcmp(in.p, "did:", 4) == 0);
    return BR_OK;
}

static enum br_rc
try_metadata(struct br_bytes in, struct br_err *err)
{
    struct br_op op = {.vct = br_str(VCT), .document = in};
    BR_TRY(br_trust_type_documents_check(&op, err));
    check_string(in, "vct", VCT);
    return BR_OK;
}

static enum br_rc
try_schema(struct br_bytes in, struct br_err *err)
{
    struct br_op op = {
        .vct = br_str(VCT),
        .document = br_str("{\"vct\":\"" VCT "\"}"),
        .schema = in};
    return br_trust_type_documents_check(&op, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static enum br_rc (*const tries[])(struct br_bytes, struct br_err *) = {
        try_document, try_did, try_metadata, try_schema};
    struct br_err err;
    fuzz_init();
    if (n == 0) {
        return 0;
    }
    size_t which = data[0] % (sizeof(tries) / sizeof(tries[0]));
    enum br_rc rc = tries[which](br_bytes(data + 1, n - 1), &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    return 0;
}
