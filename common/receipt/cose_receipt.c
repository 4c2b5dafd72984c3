/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/cose_receipt.h"

#include "common/crypto/hash.h"

enum { VDS_RFC9162_SHA256 = 1, VDP_INCLUSION = -1 };

static const char size_label[] = "size";

/* ---- writing ------------------------------------------------------------ */

static void
put_protected(
    struct br_buf *b,
    const struct br_cose_receipt *r,
    const struct br_public_key *key)
{
    struct br_hash kid;
    const struct br_cose_claims *claims = &r->claims;
    bool has_claims = claims->issuer.n > 0 || claims->subject.n > 0;
    br_public_key_thumbprint(key, &kid);
    br_cbor_put_map(b, has_claims ? 5 : 4);
    br_cbor_put_uint(b, BR_COSE_ALG);
    br_cbor_put_int(b, key->alg);
    br_cbor_put_uint(b, BR_COSE_KID);
    br_cbor_put_bytes(b, br_hash_bytes(&kid));
    if (has_claims) {
        br_cbor_put_uint(b, BR_COSE_CWT_CLAIMS);
        br_cose_claims_put(b, claims);
    }
    br_cbor_put_uint(b, BR_COSE_VDS);
    br_cbor_put_uint(b, VDS_RFC9162_SHA256);
    br_cbor_put_text(b, br_str(size_label));
    br_cbor_put_uint(b, r->tree_size);
}

static void
put_inclusion(struct br_buf *b, const struct br_cose_receipt *r)
{
    br_cbor_put_array(b, 3);
    br_cbor_put_uint(b, r->tree_size);
    br_cbor_put_uint(b, r->index);
    br_cbor_put_array(b, r->proof.count);
    for (size_t i = 0; i < r->proof.count; i++) {
        br_cbor_put_bytes(b, br_hash_bytes(&r->proof.hash[i]));
    }
}

static void
put_unprotected(struct br_buf *b, const struct br_cose_receipt *r)
{
    /* 3 + 9 + 9 + 2 bytes of heads, 34 each hash: always enough. */
    uint8_t room[32 + BR_PROOF_HASHES_MAX * (BR_HASH_BYTES + 2)];
    struct br_buf inclusion = {
        .p = room, .capacity = sizeof(room), .max = sizeof(room)};
    put_inclusion(&inclusion, r);
    br_cbor_put_map(b, r->leaf.n > 0 ? 2 : 1);
    br_cbor_put_uint(b, BR_COSE_VDP);
    br_cbor_put_map(b, 1);
    br_cbor_put_int(b, VDP_INCLUSION);
    br_cbor_put_array(b, 1);
    br_cbor_put_bytes(b, br_buf_bytes(&inclusion));
    if (r->leaf.n > 0) {
        br_cbor_put_text(b, br_str("leaf"));
        br_cbor_put_bytes(b, r->leaf);
    }
}

enum br_rc
br_cose_receipt_put(
    struct br_buf *b,
    const struct br_cose_receipt *r,
    const struct br_hash *root,
    struct br_signer *s,
    struct br_err *reterr)
{
    struct br_buf header;
    uint8_t sig[BR_SIGNATURE_BYTES];
    br_buf_init(&header, BR_COSE_RECEIPT_BYTES_MAX);
    put_protected(&header, r, br_signer_public(s));
    enum br_rc rc = br_buf_status(&header, reterr);
    if (rc == BR_OK) {
        rc = br_cose_sign(
            br_buf_bytes(&header), br_hash_bytes(root), s, sig, reterr);
    }
    if (rc == BR_OK) {
        br_cbor_put_tag(b, BR_COSE_SIGN1_TAG);
        br_cbor_put_array(b, 4);
        br_cbor_put_bytes(b, br_buf_bytes(&header));
        put_unprotected(b, r);
        br_cbor_put_null(b);
        br_cbor_put_bytes(b, br_bytes(sig, sizeof(sig)));
        rc = br_buf_status(b, reterr);
    }
    br_buf_fini(&header);
    return rc;
}

/* ---- parsing ------------------------------------------------------------ */

static enum br_rc
require_int(
    const struct br_cose_headers *h,
    int64_t label,
    int64_t *ret,
    struct br_err *reterr)
{
    const struct br_cose_header *found = br_cose_find(h, label);
    if (found == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "receipt: no protected header %d",
            (int)label);
    }
    return br_cose_int(found, ret, reterr);
}

/** Kept in tree_size until the proof says its own. */
static enum br_rc
read_size(
    const struct br_cose_headers *h,
    struct br_cose_receipt *r,
    struct br_err *reterr)
{
    struct br_cbor c;
    const struct br_cose_header *size = br_cose_find_text(h, size_label);
    r->size_is_signed = size != NULL;
    if (size == NULL) {
        return BR_OK;
    }
    br_cbor_init(&c, size->value);
    r->tree_size = br_cbor_uint(&c);
    return br_cbor_done(&c, reterr);
}

static enum br_rc
read_protected(struct br_cose_receipt *r, struct br_err *reterr)
{
    struct br_cose_headers h;
    int64_t vds;
    BR_TRY(br_cose_headers_parse(r->envelope.protected_header, &h, reterr));
    if (br_cose_find(&h, BR_COSE_CRIT) != NULL) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "receipt: critical headers");
    }
    BR_TRY(require_int(&h, BR_COSE_ALG, &r->alg, reterr));
    BR_TRY(require_int(&h, BR_COSE_VDS, &vds, reterr));
    if (br_sign_alg_name(r->alg) == NULL || vds != VDS_RFC9162_SHA256) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "receipt: algorithm %d with data structure %d", (int)r->alg,
            (int)vds);
    }
    const struct br_cose_header *kid = br_cose_find(&h, BR_COSE_KID);
    r->kid = br_bytes(NULL, 0);
    if (kid != NULL) {
        BR_TRY(br_cose_bytes(kid, &r->kid, reterr));
    }
    BR_TRY(read_size(&h, r, reterr));
    return br_cose_claims_parse(&h, &r->claims, reterr);
}

static enum br_rc
read_inclusion(
    struct br_bytes encoded, struct br_cose_receipt *r, struct br_err *reterr)
{
    struct br_cbor c;
    br_cbor_init(&c, encoded);
    br_cbor_array_exact(&c, 3);
    uint64_t size = br_cbor_uint(&c);
    if (r->size_is_signed && size != r->tree_size) {
        br_cbor_fail(&c, BR_ERR_PROOF_INVALID, "size is not the signed one");
    }
    r->tree_size = size;
    r->index = br_cbor_uint(&c);
    r->proof.count = (size_t)br_cbor_array(&c, BR_PROOF_HASHES_MAX);
    for (size_t i = 0; i < r->proof.count; i++) {
        br_cbor_bytes_exact(&c, r->proof.hash[i].b, BR_HASH_BYTES);
    }
    return br_cbor_done(&c, reterr);
}

static enum br_rc
read_proofs(
    const struct br_cose_header *vdp,
    struct br_cose_receipt *r,
    struct br_err *reterr)
{
    struct br_cose_headers kinds;
    struct br_cbor c;
    BR_TRY(br_cose_headers_parse(vdp->value, &kinds, reterr));
    const struct br_cose_header *h = br_cose_find(&kinds, VDP_INCLUSION);
    if (h == NULL || kinds.count != 1) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "receipt: not one of inclusion (RFC 9942 section 5.2)");
    }
    br_cbor_init(&c, h->value);
    br_cbor_array_exact(&c, 1);
    struct br_bytes encoded = br_cbor_bytes(&c);
    BR_TRY(br_cbor_done(&c, reterr));
    return read_inclusion(encoded, r, reterr);
}

static enum br_rc
read_unprotected(struct br_cose_receipt *r, struct br_err *reterr)
{
    struct br_cose_headers h;
    BR_TRY(br_cose_headers_parse(r->envelope.unprotected, &h, reterr));
    const struct br_cose_header *vdp = br_cose_find(&h, BR_COSE_VDP);
    const struct br_cose_header *leaf = br_cose_find_text(&h, "leaf");
    if (vdp == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "receipt: no proof (header 396)");
    }
    BR_TRY(read_proofs(vdp, r, reterr));
    r->leaf = br_bytes(NULL, 0);
    return leaf == NULL ? BR_OK : br_cose_bytes(leaf, &r->leaf, reterr);
}

enum br_rc
br_cose_receipt_parse(
    struct br_bytes bytes, struct br_cose_receipt *ret, struct br_err *reterr)
{
    if (bytes.n > BR_COSE_RECEIPT_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "receipt: more than %u bytes",
            BR_COSE_RECEIPT_BYTES_MAX);
    }
    BR_TRY(br_cose_sign1_parse(bytes, &ret->envelope, reterr));
    BR_TRY(read_protected(ret, reterr));
    BR_TRY(read_unprotected(ret, reterr));
    if (ret->envelope.has_payload && ret->envelope.payload.n != BR_HASH_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "receipt: its payload is not a root");
    }
    return BR_OK;
}

/* ---- verifying ---------------------------------------------------------- */

enum br_rc
br_cose_receipt_root(
    const struct br_cose_receipt *r,
    struct br_bytes leaf,
    struct br_hash *ret,
    struct br_err *reterr)
{
    struct br_hash leaf_hash;
    br_sha256_leaf(leaf, &leaf_hash);
    BR_TRY(br_merkle_root_from_inclusion(
        r->index, r->tree_size, &leaf_hash, &r->proof, ret, reterr));
    if (r->envelope.has_payload &&
        !br_bytes_eq(r->envelope.payload, br_hash_bytes(ret))) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID,
            "receipt: the proof does not lead to the root it carries");
    }
    return BR_OK;
}

enum br_rc
br_cose_receipt_verify(
    const struct br_cose_receipt *r,
    const struct br_hash *root,
    const struct br_public_key *key,
    struct br_err *reterr)
{
    struct br_hash kid;
    br_public_key_thumbprint(key, &kid);
    if (r->alg != (int64_t)key->alg ||
        (r->kid.n > 0 && !br_bytes_eq(r->kid, br_hash_bytes(&kid)))) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_KEY, "receipt: signed by another key");
    }
    return br_cose_verify(&r->envelope, br_hash_bytes(root), key, reterr);
}

bool
br_cose_receipt_is(struct br_bytes bytes)
{
    struct br_cose_sign1 c;
    struct br_cose_headers h;
    return br_cose_sign1_parse(bytes, &c, NULL) == BR_OK &&
           br_cose_headers_parse(c.protected_header, &h, NULL) == BR_OK &&
           br_cose_find(&h, BR_COSE_VDS) != NULL;
}
