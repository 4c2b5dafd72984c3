/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/tx.h"

#include "common/base/limits.h"

enum {
    COSE_SIGN1_TAG = 18,
    HEADER_ALG = 1,
    HEADER_KID = 4,
    PAYLOAD_VERSION = 1,
};

static void
read_protected(struct br_cbor *r, struct br_tx *tx)
{
    tx->protected_hdr = br_cbor_bytes(r);
    struct br_cbor h;
    br_cbor_init(&h, tx->protected_hdr);
    if (br_cbor_map(&h, 2) != 2 || br_cbor_uint(&h) != HEADER_ALG) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "protected header: {1: alg, 4: kid}");
        return;
    }
    tx->alg = br_cbor_int(&h);
    if (br_cbor_uint(&h) != HEADER_KID) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "protected header: kid is missing");
        return;
    }
    br_cbor_bytes_exact(&h, tx->kid.b, BR_HASH_BYTES);
    if (br_cbor_done(&h, NULL) != BR_OK) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "protected header");
    }
}

static void
check_op_count(struct br_cbor *r, const struct br_tx *tx)
{
    if (tx->op_count == 0) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "no operations");
    }
}

static enum br_rc
parse_payload(struct br_tx *tx, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, tx->payload);
    br_cbor_array_exact(&r, 7);
    if (br_cbor_uint(&r) != PAYLOAD_VERSION) {
        br_cbor_fail(&r, BR_ERR_UNSUPPORTED, "payload version is not 1");
    }
    tx->chain = br_cbor_text(&r);
    tx->author = br_cbor_text(&r);
    tx->seq = br_cbor_uint_max(&r, BR_EXACT_MAX);
    tx->expiry.v = br_cbor_uint_max(&r, BR_EXACT_MAX);
    uint64_t module = br_cbor_uint(&r);
    if (module < 1 || module > BR_MODULE_COUNT) {
        br_cbor_fail(&r, BR_ERR_UNSUPPORTED, "no such module");
    }
    tx->module = (enum br_module)module;
    tx->op_count = br_cbor_array(&r, BR_TX_OPS_MAX);
    check_op_count(&r, tx);
    size_t start = r.at;
    struct br_op op;
    for (uint64_t i = 0; i < tx->op_count && r.err.rc == BR_OK; i++) {
        br_op_read(&r, tx->module, &op);
    }
    tx->ops = br_bytes(tx->payload.p + start, r.at - start);
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_tx_parse(struct br_bytes bytes, struct br_tx *ret, struct br_err *reterr)
{
    if (bytes.n > BR_TX_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "transaction of %zu bytes, at most %u",
            bytes.n, BR_TX_BYTES_MAX);
    }
    struct br_tx tx = {0};
    struct br_cbor r;
    br_cbor_init(&r, bytes);
    if (br_cbor_tag(&r) != COSE_SIGN1_TAG) {
        br_cbor_fail(&r, BR_ERR_MALFORMED, "not a COSE_Sign1 (tag 18)");
    }
    br_cbor_array_exact(&r, 4);
    read_protected(&r, &tx);
    if (br_cbor_map(&r, 0) != 0) {
        br_cbor_fail(&r, BR_ERR_UNKNOWN_FIELD, "unprotected header");
    }
    tx.payload = br_cbor_bytes(&r);
    struct br_bytes signature = br_cbor_bytes(&r);
    if (signature.n != BR_SIGNATURE_BYTES) {
        br_cbor_fail(&r, BR_ERR_MALFORMED, "signature is not of 64 bytes");
    }
    tx.signature = signature.p;
    BR_TRY(br_cbor_done(&r, reterr));
    BR_TRY(parse_payload(&tx, reterr));
    *ret = tx;
    return BR_OK;
}

/** RFC 9052 section 4.4: Sig_structure. */
static void
put_sig_structure(
    struct br_buf *b, struct br_bytes protected_hdr, struct br_bytes payload)
{
    br_cbor_put_array(b, 4);
    br_cbor_put_text(b, br_str("Signature1"));
    br_cbor_put_bytes(b, protected_hdr);
    br_cbor_put_bytes(b, br_bytes(NULL, 0));
    br_cbor_put_bytes(b, payload);
}

enum br_rc
br_tx_check_signature(
    const struct br_tx *tx,
    const struct br_public_key *key,
    struct br_err *reterr)
{
    if (tx->alg != (int64_t)key->alg) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE,
            "the header's algorithm is not the key's");
    }
    struct br_buf b;
    br_buf_init(&b, BR_TX_BYTES_MAX + 256);
    put_sig_structure(&b, tx->protected_hdr, tx->payload);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_verify(key, br_buf_bytes(&b), tx->signature, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static void
put_protected(struct br_buf *b, const struct br_public_key *key)
{
    struct br_hash kid;
    br_public_key_thumbprint(key, &kid);
    br_cbor_put_map(b, 2);
    br_cbor_put_uint(b, HEADER_ALG);
    br_cbor_put_int(b, key->alg);
    br_cbor_put_uint(b, HEADER_KID);
    br_cbor_put_bytes(b, br_hash_bytes(&kid));
}

static void
put_payload(struct br_buf *b, const struct br_tx_draft *d)
{
    br_cbor_put_array(b, 7);
    br_cbor_put_uint(b, PAYLOAD_VERSION);
    br_cbor_put_text(b, d->chain);
    br_cbor_put_text(b, d->author);
    br_cbor_put_uint(b, d->seq);
    br_cbor_put_uint(b, d->expiry.v);
    br_cbor_put_uint(b, d->module);
    br_cbor_put_array(b, d->op_count);
    br_buf_put(b, d->ops.p, d->ops.n);
}

struct parts {
    struct br_buf protected_hdr;
    struct br_buf payload;
    struct br_buf to_sign;
};

static enum br_rc
sign_parts(
    struct parts *p,
    const struct br_tx_draft *draft,
    struct br_signer *signer,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t sig[BR_SIGNATURE_BYTES];
    put_protected(&p->protected_hdr, br_signer_public(signer));
    put_payload(&p->payload, draft);
    BR_TRY(br_buf_status(&p->protected_hdr, reterr));
    BR_TRY(br_buf_status(&p->payload, reterr));
    put_sig_structure(
        &p->to_sign, br_buf_bytes(&p->protected_hdr),
        br_buf_bytes(&p->payload));
    BR_TRY(br_buf_status(&p->to_sign, reterr));
    BR_TRY(br_sign(signer, br_buf_bytes(&p->to_sign), sig, reterr));
    br_cbor_put_tag(ret, COSE_SIGN1_TAG);
    br_cbor_put_array(ret, 4);
    br_cbor_put_bytes(ret, br_buf_bytes(&p->protected_hdr));
    br_cbor_put_map(ret, 0);
    br_cbor_put_bytes(ret, br_buf_bytes(&p->payload));
    br_cbor_put_bytes(ret, br_bytes(sig, sizeof(sig)));
    return br_buf_status(ret, reterr);
}

enum br_rc
br_tx_sign(
    const struct br_tx_draft *draft,
    struct br_signer *signer,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct parts p;
    br_buf_init(&p.protected_hdr, 256);
    br_buf_init(&p.payload, BR_TX_BYTES_MAX);
    br_buf_init(&p.to_sign, BR_TX_BYTES_MAX + 256);
    enum br_rc rc = sign_parts(&p, draft, signer, ret, reterr);
    br_buf_fini(&p.protected_hdr);
    br_buf_fini(&p.payload);
    br_buf_fini(&p.to_sign);
    return rc;
}
