/* SPDX-License-Identifier: EUPL-1.2 */
/* What a browser sends of a passkey, and a lock that somebody else may have
 * written: client data, authenticator data, keys, ways in. */
#include "common/credential/webauthn.h"
#include "tests/fuzz/fuzz.h"
#include "wallet/vault/lock.h"

enum { ARENA_BYTES = 1 << 20 };

static void
judge(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, err);
    }
}

static void
client_data(
    struct br_bytes v,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site)
{
    struct br_arena arena;
    struct br_bytes challenge;
    struct br_err err;
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc =
        br_webauthn_client_data(v, type, site, &arena, &challenge, &err);
    judge(rc, &err);
    BR_ASSERT(rc != BR_OK || challenge.n < v.n);
    br_arena_fini(&arena);
}

static void
key(struct br_bytes v)
{
    struct br_webauthn_key k;
    struct br_err err;
    enum br_rc rc = br_webauthn_key(v, &k, &err);
    judge(rc, &err);
    if (rc != BR_OK) {
        return;
    }
    BR_ASSERT((k.alg & BR_WEBAUTHN_ALGS) == (unsigned)k.alg);
    BR_ASSERT(k.key.kind == br_key_alg_kind(k.alg));
    rc = br_webauthn_verify(&k, v, v, v, &err);
    BR_ASSERT(rc != BR_OK);
    judge(rc, &err);
}

static void
authenticator_data(
    struct br_bytes v,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site)
{
    struct br_webauthn_data d;
    struct br_err err;
    enum br_rc rc = br_webauthn_data(v, type, site, &d, &err);
    judge(rc, &err);
    if (rc != BR_OK) {
        return;
    }
    BR_ASSERT(fuzz_inside(d.id, v) && fuzz_inside(d.key, v));
    BR_ASSERT((d.id.n > 0) == (type == BR_WEBAUTHN_CREATE));
    BR_ASSERT(!d.backed_up || d.backup_eligible);
    if (type == BR_WEBAUTHN_CREATE) {
        key(d.key);
    }
}

/** What is taken is written again, but for the order: a passphrase is first. */
static void
lock(struct br_bytes v)
{
    static struct br_lock l;
    static struct br_lock again;
    struct br_err err;
    struct br_buf b;
    struct br_buf c;
    enum br_rc rc = br_lock_parse(v, &l, &err);
    judge(rc, &err);
    if (rc != BR_OK) {
        return;
    }
    BR_ASSERT(l.has_passphrase || l.passkey_count > 0);
    br_buf_init(&b, BR_LOCK_BYTES_MAX);
    br_lock_encode(&l, &b);
    BR_ASSERT(!b.failed && b.n == v.n);
    rc = br_lock_parse(br_buf_bytes(&b), &again, &err);
    BR_ASSERT(rc == BR_OK);
    br_buf_init(&c, BR_LOCK_BYTES_MAX);
    br_lock_encode(&again, &c);
    BR_ASSERT(br_bytes_eq(br_buf_bytes(&b), br_buf_bytes(&c)));
    br_buf_fini(&b);
    br_buf_fini(&c);
}

/** An address in a configuration, as a C string. */
static void
address(struct br_bytes v)
{
    char text[512] = "";
    struct br_webauthn_site s;
    if (v.n > 0 && v.n < sizeof(text)) {
        memcpy(text, v.p, v.n);
    }
    br_webauthn_site_of_url(text, &s);
    BR_ASSERT((s.why_not == NULL) == (s.rp_id[0] != '\0'));
    BR_ASSERT((s.why_not == NULL) == (s.origin[0] != '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct br_bytes v = br_bytes(data, n);
    struct br_webauthn_site site;
    fuzz_init();
    br_webauthn_site_of_url("http://localhost:8460", &site);
    client_data(v, BR_WEBAUTHN_GET, &site);
    client_data(v, BR_WEBAUTHN_CREATE, &site);
    authenticator_data(v, BR_WEBAUTHN_GET, &site);
    authenticator_data(v, BR_WEBAUTHN_CREATE, &site);
    key(v);
    lock(v);
    address(v);
    return 0;
}
