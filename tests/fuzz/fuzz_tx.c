/* SPDX-License-Identifier: EUPL-1.2 */
/* Transactions: parsed twice alike; operations re-encode to themselves. */
#include "node/ledger/tx.h"
#include "tests/fuzz/fuzz.h"

static void
check_ops(const struct br_tx *tx)
{
    struct br_cbor r;
    struct br_buf b;
    struct br_op op;
    br_buf_init(&b, tx->ops.n + 1024);
    br_cbor_init(&r, tx->ops);
    for (uint64_t i = 0; i < tx->op_count; i++) {
        br_op_read(&r, tx->module, &op);
        if (r.err.rc != BR_OK) {
            BR_ASSERT(op.type == 0);
            break;
        }
        BR_ASSERT(op.type != 0 && fuzz_inside(op.encoded, tx->ops));
        br_buf_clear(&b);
        br_op_put(&b, tx->module, &op);
        BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), op.encoded));
    }
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_tx tx;
    struct br_err err;
    fuzz_init();
    enum br_rc rc = br_tx_parse(in, &tx, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(fuzz_inside(tx.chain, in) && fuzz_inside(tx.author, in));
    BR_ASSERT(fuzz_inside(tx.ops, in) && fuzz_inside(tx.protected_hdr, in));
    BR_ASSERT(fuzz_inside(tx.payload, in) && tx.op_count <= BR_TX_OPS_MAX);
    BR_ASSERT(fuzz_inside(br_bytes(tx.signature, BR_SIGNATURE_BYTES), in));
    BR_ASSERT(br_cbor_check(tx.payload, NULL) == BR_OK);
    check_ops(&tx);
    return 0;
}
