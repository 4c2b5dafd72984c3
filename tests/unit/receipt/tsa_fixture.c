/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/receipt/tsa_fixture.h"

#include "common/base/assert.h"
#include "common/crypto/x509.h"
#include "common/receipt/der.h"

/* 2026-01-01T00:00:00Z: within the certificates' validity. */
#define NOW_US UINT64_C(1767225600000000)

static struct br_signer *
make_signer(uint8_t seed)
{
    uint8_t secret[32];
    struct br_signer *s = NULL;
    memset(secret, seed, sizeof(secret));
    enum br_rc rc = br_signer_from_secret(BR_SIGN_ES256, secret, &s, NULL);
    BR_ASSERT(rc == BR_OK);
    return s;
}

void
fx_tsa_init(struct fx_tsa *t, uint8_t ca_seed, uint8_t tsa_seed)
{
    struct br_buf chain;
    t->signer = make_signer(tsa_seed);
    struct br_x509_dev_ca in = {
        .ca = {"Test development CA", NULL, 1, 1767000000, 1999999999},
        .tsa = {"Test TSA", NULL, 2, 1767000000, 1999999999},
        .ca_key = make_signer(ca_seed),
        .tsa_public = br_signer_public(t->signer),
    };
    br_buf_init(&chain, BR_X509_PEM_BYTES_MAX);
    br_buf_init(&t->ca, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_x509_create_dev_ca(&in, &t->ca, &chain, NULL);
    BR_ASSERT(rc == BR_OK);
    br_buf_put(&chain, t->ca.p, t->ca.n);
    const struct br_tsa_options o = {
        .policy = "1.3.6.1.4.1.99999.1",
        .signer = t->signer,
        .now = {NOW_US},
        .chain_pem = br_buf_bytes(&chain),
    };
    rc = br_tsa_open(&o, &t->tsa, NULL);
    BR_ASSERT(rc == BR_OK);
    br_buf_fini(&chain);
    br_signer_free(in.ca_key);
}

void
fx_tsa_fini(struct fx_tsa *t)
{
    br_tsa_close(t->tsa);
    br_signer_free(t->signer);
    br_buf_fini(&t->ca);
}

void
fx_tsr(
    const struct fx_tsa *t,
    enum br_hash_alg alg,
    struct br_bytes stamped,
    uint64_t time_us,
    struct br_buf *ret)
{
    struct br_digest d;
    struct br_tsq q = {.alg = alg, .certificates = true};
    struct br_time_us time = {time_us};
    enum br_rc rc = br_digest_bytes(alg, stamped, &d, NULL);
    BR_ASSERT(rc == BR_OK);
    q.digest_bytes = br_hash_info(alg)->digest_bytes;
    memcpy(q.digest, d.b, q.digest_bytes);
    rc = br_tsr_put(ret, t->tsa, &q, 2, time, NULL);
    BR_ASSERT(rc == BR_OK);
}

void
fx_tst(
    const struct fx_tsa *t,
    enum br_hash_alg alg,
    struct br_bytes stamped,
    uint64_t time_us,
    struct br_buf *ret)
{
    struct br_buf response;
    struct br_bytes token;
    br_buf_init(&response, BR_TST_BYTES_MAX);
    fx_tsr(t, alg, stamped, time_us, &response);
    enum br_rc rc = br_tsr_token(br_buf_bytes(&response), &token, NULL);
    BR_ASSERT(rc == BR_OK);
    br_buf_put(ret, token.p, token.n);
    br_buf_fini(&response);
}

/* ---- bundles ------------------------------------------------------------ */

enum { BUNDLE_BYTES_MAX = 64 * 1024 };

static void
begin(struct br_der_out *o)
{
    static uint8_t room[BUNDLE_BYTES_MAX];
    br_der_out_init(o, room, sizeof(room));
}

static void
end(const struct br_der_out *o, struct br_buf *ret)
{
    struct br_bytes der = br_der_out_bytes(o);
    BR_ASSERT(!o->failed);
    br_buf_put(ret, der.p, der.n);
}

static void
put_metadata(struct br_der_out *o, const struct fx_tsd *t)
{
    uint64_t mark = o->written;
    br_der_put(o, t->attributes);
    if (t->type != NULL) {
        br_der_put_value(o, BR_DER_IA5_STRING, br_str(t->type));
    }
    if (t->name.n > 0) {
        br_der_put_value(o, BR_DER_UTF8_STRING, t->name);
    }
    br_der_put_bool(o, t->hash_protected);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
}

static void
put_element(struct br_der_out *o, const struct fx_tsd *t, size_t i)
{
    uint64_t mark = o->written;
    br_der_put(o, t->crl[i]);
    br_der_put(o, t->token[i]);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
}

void
fx_tsd_metadata(const struct fx_tsd *t, struct br_buf *ret)
{
    struct br_der_out o;
    begin(&o);
    put_metadata(&o, t);
    end(&o, ret);
}

void
fx_tsd_element(const struct fx_tsd *t, size_t i, struct br_buf *ret)
{
    struct br_der_out o;
    begin(&o);
    put_element(&o, t, i);
    end(&o, ret);
}

static void
put_content(struct br_der_out *o, const struct fx_tsd *t)
{
    if (!t->no_content) {
        br_der_put_value(o, BR_DER_OCTET_STRING, t->document);
    }
    if (t->metadata) {
        put_metadata(o, t);
    }
    if (t->uri != NULL) {
        br_der_put_value(o, BR_DER_IA5_STRING, br_str(t->uri));
    }
}

void
fx_tsd(const struct fx_tsd *t, struct br_buf *ret)
{
    static const uint8_t type[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                   0x01, 0x09, 0x10, 0x01, 0x1f};
    struct br_der_out o;
    begin(&o);
    for (size_t i = 3; i-- > 0;) {
        if (t->token[i].n > 0) {
            put_element(&o, t, i);
        }
    }
    br_der_wrap(&o, t->evidence == 0 ? 0xa0u : t->evidence, 0);
    put_content(&o, t);
    br_der_put_uint(&o, t->version == 0 ? 1 : t->version);
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    br_der_wrap(&o, BR_DER_CONSTRUCTED(0), 0);
    br_der_put_value(&o, BR_DER_OID, br_bytes(type, sizeof(type)));
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    end(&o, ret);
}
