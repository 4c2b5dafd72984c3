/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tst.h"

#include "common/receipt/oid.h"
#include "common/receipt/tst_internal.h"

/* The chain and what is made of it. */
enum { ARENA_BYTES = 256 * 1024, PIECE_BYTES = 4096 };

/** Of the signer's certificate (RFC 5280 section 4.1). */
struct certificate {
    struct br_bytes serial;  /**< INTEGER */
    struct br_bytes issuer;  /**< Name */
    struct br_bytes subject; /**< Name */
    struct br_bytes point;   /**< subjectPublicKey, a BIT STRING */
    int64_t not_before;
    int64_t not_after;
};

static void
read_tbs(struct br_der *r, struct certificate *ret)
{
    if (br_der_peek(r) == BR_DER_CONSTRUCTED(0)) {
        (void)br_der_value(r, BR_DER_CONSTRUCTED(0)); /* version */
    }
    ret->serial = br_der_element(r, BR_DER_INTEGER);
    (void)br_der_value(r, BR_DER_SEQUENCE); /* signature */
    ret->issuer = br_der_element(r, BR_DER_SEQUENCE);
    br_der_enter(r, BR_DER_SEQUENCE);
    ret->not_before = br_der_seconds(r);
    ret->not_after = br_der_seconds(r);
    br_der_leave(r);
    ret->subject = br_der_element(r, BR_DER_SEQUENCE);
    br_der_enter(r, BR_DER_SEQUENCE);
    (void)br_der_value(r, BR_DER_SEQUENCE); /* its algorithm */
    ret->point = br_der_value(r, BR_DER_BIT_STRING);
    br_der_leave(r);
    while (br_der_peek(r) != BR_DER_END) { /* extensions and the like */
        (void)br_der_value(r, br_der_peek(r));
    }
}

static enum br_rc
read_certificate(
    struct br_bytes der, struct certificate *ret, struct br_err *reterr)
{
    struct br_der r;
    br_der_init(&r, der);
    br_der_enter(&r, BR_DER_SEQUENCE);
    br_der_enter(&r, BR_DER_SEQUENCE);
    read_tbs(&r, ret);
    br_der_leave(&r);
    (void)br_der_value(&r, BR_DER_SEQUENCE);
    (void)br_der_value(&r, BR_DER_BIT_STRING);
    br_der_leave(&r);
    return br_der_done(&r, reterr);
}

/* ---- pieces ------------------------------------------------------------- */

/** A piece under way; the first failure of any stays. */
struct piece {
    struct br_tsa *t;
    struct br_der_out o;
    bool failed;
    uint8_t bytes[PIECE_BYTES];
};

static struct br_der_out *
begin(struct piece *p)
{
    br_der_out_init(&p->o, p->bytes, sizeof(p->bytes));
    return &p->o;
}

static struct br_bytes
keep(struct piece *p, struct br_bytes b)
{
    char *copy = br_arena_copy(&p->t->arena, b);
    p->failed |= b.n == 0 || copy == NULL;
    return copy == NULL ? br_bytes(NULL, 0) : br_bytes(copy, b.n);
}

static struct br_bytes
end(struct piece *p)
{
    return keep(p, br_der_out_bytes(&p->o));
}

static struct br_bytes
oid_piece(struct piece *p, const char *dotted)
{
    br_der_put_oid(begin(p), dotted);
    return end(p);
}

/** An AlgorithmIdentifier without parameters: RFC 5754 and RFC 5758 want it
 *  so for SHA-256 and for ECDSA. */
static void
put_algorithm(struct br_der_out *o, const char *dotted)
{
    uint64_t mark = o->written;
    br_der_put_oid(o, dotted);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
}

/** Seconds, then [0] millis and [1] micros from 1 to 999 (RFC 3161 section
 *  2.4.2). Their INTEGERs are of an IMPLICIT module: only the tag differs. */
static void
put_accuracy(struct br_der_out *o, uint32_t us)
{
    static const uint32_t unit_us[3] = {1000000, 1000, 1};
    for (size_t i = 3; i-- > 0;) {
        uint32_t v = i == 0 ? us / unit_us[0] : us / unit_us[i] % 1000;
        if (v > 0) {
            br_der_put_uint(o, v);
            if (!o->failed && i > 0) {
                o->p[o->at] = (uint8_t)BR_DER_PRIMITIVE(i - 1);
            }
        }
    }
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
}

/** GeneralName: [4] directoryName, explicit for Name is a CHOICE. */
static void
put_directory_name(struct br_der_out *o, struct br_bytes name)
{
    uint64_t mark = o->written;
    br_der_put(o, name);
    br_der_wrap(o, BR_DER_CONSTRUCTED(4), mark);
}

/** ESSCertIDv2 (RFC 5035 section 4): hashAlgorithm is SHA-256 by default, and
 *  a default is left out. */
static void
put_cert_id(
    struct br_der_out *o,
    struct br_bytes der,
    const struct certificate *c,
    bool with_issuer_serial)
{
    struct br_hash hash;
    uint64_t mark = o->written;
    br_sha256(der, &hash);
    if (with_issuer_serial) {
        br_der_put(o, c->serial);
        uint64_t names = o->written;
        put_directory_name(o, c->issuer);
        br_der_wrap(o, BR_DER_SEQUENCE, names);
        br_der_wrap(o, BR_DER_SEQUENCE, mark);
    }
    br_der_put_value(o, BR_DER_OCTET_STRING, br_hash_bytes(&hash));
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
}

/** Attribute ::= SEQUENCE { type, SET OF value }; the value is written. */
static void
put_attribute(struct br_der_out *o, const char *type)
{
    br_der_wrap(o, BR_DER_SET, 0);
    br_der_put_oid(o, type);
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
}

static struct br_bytes
signing_cert_piece(
    struct piece *p,
    struct br_bytes der,
    const struct certificate *c,
    bool with_issuer_serial)
{
    struct br_der_out *o = begin(p);
    put_cert_id(o, der, c, with_issuer_serial);
    br_der_wrap(o, BR_DER_SEQUENCE, 0); /* certs: SEQUENCE OF */
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
    put_attribute(o, BR_OID_SIGNING_CERTIFICATE);
    return end(p);
}

static struct br_bytes
content_type_piece(struct piece *p)
{
    struct br_der_out *o = begin(p);
    br_der_put_oid(o, BR_OID_TST_INFO);
    put_attribute(o, BR_OID_CONTENT_TYPE);
    return end(p);
}

/** version 1, sid IssuerAndSerialNumber, digestAlgorithm. */
static struct br_bytes
signer_head_piece(struct piece *p, const struct certificate *c)
{
    struct br_der_out *o = begin(p);
    put_algorithm(o, BR_OID_SHA256);
    uint64_t mark = o->written;
    br_der_put(o, c->serial);
    br_der_put(o, c->issuer);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
    br_der_put_uint(o, 1);
    return end(p);
}

/** version 3, "if encapContentInfo eContentType is other than id-data" (RFC
 *  5652 section 5.1), and digestAlgorithms. */
static struct br_bytes
data_head_piece(struct piece *p)
{
    struct br_der_out *o = begin(p);
    put_algorithm(o, BR_OID_SHA256);
    br_der_wrap(o, BR_DER_SET, 0);
    br_der_put_uint(o, 3);
    return end(p);
}

/* ---- certificates ------------------------------------------------------- */

/** X.690 section 11.6: by their octets, the shorter first. */
static bool
comes_after(struct br_bytes a, struct br_bytes b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c > 0 || (c == 0 && a.n > b.n);
}

/** Certificates to send: all but a self-signed end. */
static enum br_rc
count_sent(
    const struct br_x509_chain *chain, size_t *ret, struct br_err *reterr)
{
    struct certificate last;
    BR_TRY(read_certificate(chain->der[chain->count - 1], &last, reterr));
    bool root = br_bytes_eq(last.subject, last.issuer);
    *ret = chain->count > 1 && root ? chain->count - 1 : chain->count;
    return BR_OK;
}

static void
sort(struct br_bytes *v, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && comes_after(v[j - 1], v[j]); j--) {
            struct br_bytes swap = v[j];
            v[j] = v[j - 1];
            v[j - 1] = swap;
        }
    }
}

/** CertificateSet, [0] IMPLICIT SET OF. */
static enum br_rc
keep_certificates(
    struct piece *p, const struct br_x509_chain *chain, struct br_err *reterr)
{
    struct br_bytes sorted[BR_X509_CHAIN_MAX];
    size_t count;
    size_t n = 16;
    BR_TRY(count_sent(chain, &count, reterr));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = chain->der[i];
        n += sorted[i].n;
    }
    sort(sorted, count);
    uint8_t *room = (uint8_t *)br_arena_take(&p->t->arena, n);
    if (room == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificates");
    }
    struct br_der_out o;
    br_der_out_init(&o, room, n);
    for (size_t i = count; i-- > 0;) {
        br_der_put(&o, sorted[i]);
    }
    br_der_wrap(&o, BR_DER_CONSTRUCTED(0), 0);
    p->failed |= o.failed;
    p->t->certificates = br_der_out_bytes(&o);
    return BR_OK;
}

/* ---- the whole ---------------------------------------------------------- */

/** Is the point of the certificate, in full or compressed, that of the key? */
static bool
same_point(struct br_bytes bits, const struct br_public_key *k)
{
    if (bits.n == 1 + 33 && bits.p[0] == 0) {
        return memcmp(bits.p + 1, k->b, 33) == 0;
    }
    return bits.n == 1 + 65 && bits.p[0] == 0 && bits.p[1] == 4 &&
           k->b[0] == 2 + (bits.p[65] & 1) &&
           memcmp(bits.p + 2, k->b + 1, 32) == 0;
}

static enum br_rc
check_config(
    const struct br_tsa_config *c,
    struct certificate *ret,
    struct br_err *reterr)
{
    const struct br_public_key *k = br_signer_public(c->signer);
    if (k->alg != BR_SIGN_ES256) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "time-stamps are signed with ES256");
    }
    if (c->chain->count == 0 || c->chain->count > BR_X509_CHAIN_MAX) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "no certificate");
    }
    BR_TRY(read_certificate(c->chain->der[0], ret, reterr));
    if (!same_point(ret->point, k)) {
        return br_fail(
            reterr, BR_ERR_CERTIFICATE_INVALID,
            "the certificate is for another key");
    }
    if (ret->subject.n > BR_TST_NAME_BYTES_MAX ||
        ret->issuer.n > BR_TST_NAME_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE,
            "the certificate's names are longer than %d bytes",
            BR_TST_NAME_BYTES_MAX);
    }
    return BR_OK;
}

static enum br_rc
keep_policy(struct piece *p, const char *dotted, struct br_err *reterr)
{
    uint8_t oid[BR_DER_OID_BYTES_MAX];
    size_t n;
    BR_TRY(br_oid_parse(dotted, oid, sizeof(oid), &n, reterr));
    p->t->policy = keep(p, br_bytes(oid, n));
    br_der_put_value(begin(p), BR_DER_OID, br_bytes(oid, n));
    br_der_put_uint(&p->o, 1);
    p->t->info_head = end(p);
    return BR_OK;
}

static void
keep_pieces(
    struct piece *p,
    const struct br_tsa_config *c,
    const struct certificate *leaf)
{
    struct br_tsa *t = p->t;
    put_accuracy(begin(p), c->accuracy_us == 0 ? 1000000 : c->accuracy_us);
    t->accuracy = end(p);
    if (c->with_tsa) {
        put_directory_name(begin(p), leaf->subject);
        br_der_wrap(&p->o, BR_DER_CONSTRUCTED(0), 0);
        t->tsa = end(p);
    }
    if (c->with_signing_time) {
        t->signing_time = oid_piece(p, BR_OID_SIGNING_TIME);
    }
    t->content_type = content_type_piece(p);
    t->message_digest = oid_piece(p, BR_OID_MESSAGE_DIGEST);
    t->signing_cert =
        signing_cert_piece(p, c->chain->der[0], leaf, c->with_issuer_serial);
    t->signer_head = signer_head_piece(p, leaf);
    put_algorithm(begin(p), BR_OID_ECDSA_WITH_SHA256);
    t->signature_alg = end(p);
    t->data_head = data_head_piece(p);
    t->tst_info_type = oid_piece(p, BR_OID_TST_INFO);
    t->signed_data_type = oid_piece(p, BR_OID_SIGNED_DATA);
}

static enum br_rc
prepare(
    struct br_tsa *t,
    const struct br_tsa_config *c,
    const struct certificate *leaf,
    struct br_err *reterr)
{
    struct piece p = {.t = t};
    BR_TRY(keep_policy(&p, c->policy, reterr));
    BR_TRY(keep_certificates(&p, c->chain, reterr));
    keep_pieces(&p, c, leaf);
    return p.failed ? br_fail(reterr, BR_ERR_NO_MEMORY, "time-stamp authority")
                    : BR_OK;
}

enum br_rc
br_tsa_init(
    struct br_tsa *t, const struct br_tsa_config *c, struct br_err *reterr)
{
    struct certificate leaf;
    *t = (struct br_tsa){0};
    BR_TRY(check_config(c, &leaf, reterr));
    br_arena_init(&t->arena, ARENA_BYTES);
    t->signer = c->signer;
    t->not_before = leaf.not_before;
    t->not_after = leaf.not_after;
    enum br_rc rc = prepare(t, c, &leaf, reterr);
    if (rc != BR_OK) {
        br_tsa_fini(t);
    }
    return rc;
}

void
br_tsa_fini(struct br_tsa *t)
{
    br_arena_fini(&t->arena);
    *t = (struct br_tsa){0};
}

enum br_rc
br_tsa_check_request(
    const struct br_tsa *t,
    const struct br_tst_request *q,
    enum br_tst_failure *ret_failure,
    struct br_err *reterr)
{
    if (q->policy.n > 0 && !br_bytes_eq(q->policy, t->policy)) {
        *ret_failure = BR_TST_UNACCEPTED_POLICY;
        return br_fail(
            reterr, BR_ERR_FORBIDDEN,
            "this authority does not stamp under the policy asked for");
    }
    return BR_OK;
}
