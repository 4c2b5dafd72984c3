/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of the state and of the blocks: what is read is what is written. The
 * first byte of the input chooses the parser. */
#include "node/ledger/ledger.h"
#include "node/ledger/record.h"
#include "node/ledger/trust.h"
#include "tests/fuzz/fuzz.h"

static enum br_rc
nothing(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    (void)ctx;
    (void)key;
    (void)ret;
    return br_fail(reterr, BR_ERR_NOT_FOUND, "nothing");
}

static const struct br_view empty = {NULL, nothing};

static void
check_written(const struct br_effects *e, struct br_bytes in)
{
    BR_ASSERT(br_effects_write_count(e) == 1);
    BR_ASSERT(br_bytes_eq(br_write_value(e, br_effects_write(e, 0)), in));
}

static enum br_rc
try_record(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    static struct br_record rec;
    static const struct br_hash id = {{1}};
    BR_TRY(br_record_parse(in, &rec, err));
    BR_ASSERT(rec.owner_count <= BR_RECORD_OWNERS_MAX);
    enum br_rc rc = br_record_put(e, &id, &rec, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_version(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_record_hash hash[BR_RECORD_HASHES_MAX];
    size_t count = 0;
    (void)e;
    BR_TRY(br_record_version_parse(in, hash, &count, err));
    BR_ASSERT(count <= BR_RECORD_HASHES_MAX);
    for (size_t i = 0; i < count; i++) {
        BR_ASSERT(fuzz_inside(hash[i].digest, in));
    }
    return BR_OK;
}

static enum br_rc
try_member(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_member m;
    BR_TRY(br_member_parse(in, &m, err));
    BR_ASSERT(fuzz_inside(m.name, in));
    enum br_rc rc = br_member_put(e, br_str("comune"), &m, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_member_key(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_member_key k;
    BR_TRY(br_member_key_parse(in, &k, err));
    BR_ASSERT(fuzz_inside(k.member, in));
    enum br_rc rc = br_member_key_put(e, &k, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_head(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    static struct br_head h;
    uint8_t out[BR_HEAD_BYTES_MAX];
    (void)e;
    BR_TRY(br_head_parse(in, &h, err));
    BR_ASSERT(br_bytes_eq(br_bytes(out, br_head_encode(&h, out)), in));
    return BR_OK;
}

static enum br_rc
try_frontier(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    static struct br_frontier f;
    struct br_hash root;
    uint8_t out[BR_FRONTIER_BYTES_MAX];
    (void)e;
    BR_TRY(br_frontier_parse(in, &f, err));
    BR_ASSERT(br_bytes_eq(br_bytes(out, br_frontier_encode(&f, out)), in));
    br_frontier_root(&f, &root);
    return BR_OK;
}

static enum br_rc
try_did(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_did_head h;
    BR_TRY(br_trust_did_parse(in, &h, err));
    BR_ASSERT(memchr(h.member, 0, sizeof(h.member)) != NULL);
    enum br_rc rc = br_trust_did_put(e, br_str("did:x:y"), &h, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_trust_version(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_trust_version row;
    struct br_hash id = {{0}};
    BR_TRY(br_trust_version_parse(in, &row, err));
    BR_ASSERT(fuzz_inside(row.op.encoded, in));
    enum br_rc rc = br_trust_type_version_put(e, &id, 1, &row, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_accreditation(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_accreditation a;
    BR_TRY(br_accreditation_parse(in, &a, err));
    BR_ASSERT(fuzz_inside(a.author, in) && fuzz_inside(a.op.encoded, in));
    (void)br_accreditation_covers(&a, br_str("urn:x"));
    enum br_rc rc = br_accreditation_put(e, &a, err);
    BR_ASSERT(rc == BR_OK);
    check_written(e, in);
    return BR_OK;
}

static enum br_rc
try_block(struct br_bytes in, struct br_effects *e, struct br_err *err)
{
    struct br_block block;
    struct br_buf b;
    (void)e;
    BR_TRY(br_block_parse(in, &block, err));
    br_buf_init(&b, in.n);
    br_block_put(&b, &block);
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
    br_buf_fini(&b);
    return BR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static enum br_rc (*const tries[])(
        struct br_bytes, struct br_effects *, struct br_err *) = {
        try_record,        try_version,       try_member, try_member_key,
        try_head,          try_frontier,      try_block,  try_did,
        try_trust_version, try_accreditation,
    };
    struct br_effects e;
    struct br_err err;
    fuzz_init();
    if (n == 0) {
        return 0;
    }
    br_effects_init(&e);
    br_effects_clear(&e, &empty, 0);
    size_t which = data[0] % (sizeof(tries) / sizeof(tries[0]));
    enum br_rc rc = tries[which](br_bytes(data + 1, n - 1), &e, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    br_effects_fini(&e);
    return 0;
}
