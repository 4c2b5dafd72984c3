/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/renewals.h"

#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"
#include "orchestrator/store/rows.h"

#include <stdio.h>

enum { STAYS_BYTES = 16, SECRET_BYTES = 32, WRAPPED_BYTES_MAX = 128 };

/* ---- tokens ------------------------------------------------------------- */

struct token {
    struct br_hash offer;
    uint8_t stays[STAYS_BYTES];
    uint8_t secret[SECRET_BYTES];
};

static void
token_text(const struct token *t, char ret[BR_RENEWAL_TEXT_BYTES])
{
    struct br_buf b;
    br_buf_init(&b, BR_RENEWAL_TEXT_BYTES);
    br_base64url_put(&b, br_bytes(t, sizeof(*t)));
    (void)snprintf(
        ret, BR_RENEWAL_TEXT_BYTES, "%.*s", b.failed ? 0 : (int)b.n,
        b.n == 0 ? "" : (const char *)b.p);
    br_buf_wipe(&b);
}

static bool
token_read(struct br_bytes text, struct token *ret)
{
    size_t n;
    _Static_assert(sizeof(struct token) == 80, "no padding");
    return text.n == BR_RENEWAL_TEXT_BYTES - 1 &&
           br_base64url_parse(text, (uint8_t *)ret, sizeof(*ret), &n, NULL) ==
               BR_OK &&
           n == sizeof(*ret);
}

static struct br_hash
family_of(const struct token *t)
{
    return br_orch_hash("family", br_bytes(t->stays, sizeof(t->stays)));
}

/* ---- rows --------------------------------------------------------------- */

static enum br_rc
put(struct br_kv_txn *txn, const struct br_renewal *r, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_ORCH_ROW_BYTES_MAX);
    br_cbor_put_array(&b, BR_RENEWAL_FIELDS);
    br_cbor_put_bytes(&b, br_hash_bytes(&r->family));
    br_cbor_put_text(&b, br_str(r->client));
    br_cbor_put_text(&b, br_str(r->thumbprint));
    br_cbor_put_uint(&b, r->ends_s);
    br_cbor_put_text(&b, br_str(r->instance));
    br_cbor_put_bool(&b, r->identifiers);
    br_cbor_put_bool(&b, r->open);
    br_cbor_put_uint(&b, r->batches);
    br_cbor_put_uint(&b, r->used_s);
    br_cbor_put_bytes(&b, br_hash_bytes(&r->current));
    br_cbor_put_bytes(&b, br_hash_bytes(&r->previous));
    br_cbor_put_bytes(&b, r->current_key);
    br_cbor_put_bytes(&b, r->previous_key);
    return br_row_put(
        txn, BR_ORCH_RENEWALS, br_hash_bytes(&r->offer), &b, reterr);
}

enum br_rc
br_renewal_get(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    struct br_renewal *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    struct br_cbor c;
    struct br_renewal r = {.offer = *offer};
    BR_TRY(
        br_kv_get(txn, BR_ORCH_RENEWALS, br_hash_bytes(offer), &row, reterr));
    br_cbor_init(&c, row);
    br_cbor_array_exact(&c, BR_RENEWAL_FIELDS);
    br_row_hash(&c, &r.family);
    br_row_text(&c, r.client, BR_ORCH_CLIENT_BYTES);
    br_row_text(&c, r.thumbprint, sizeof(r.thumbprint) - 1);
    r.ends_s = br_cbor_uint(&c);
    br_row_text(&c, r.instance, sizeof(r.instance) - 1);
    r.identifiers = br_cbor_bool(&c);
    r.open = br_cbor_bool(&c);
    r.batches = br_cbor_uint(&c);
    r.used_s = br_cbor_uint(&c);
    br_row_hash(&c, &r.current);
    br_row_hash(&c, &r.previous);
    r.current_key = br_cbor_bytes(&c);
    r.previous_key = br_cbor_bytes(&c);
    BR_TRY(br_cbor_done(&c, reterr));
    *ret = r;
    return BR_OK;
}

bool
br_renewal_is(struct br_kv_txn *txn, const struct br_hash *offer)
{
    struct br_bytes row;
    return br_kv_get(txn, BR_ORCH_RENEWALS, br_hash_bytes(offer), &row, NULL) ==
           BR_OK;
}

/** The claims' key, sealed under a token. */
static enum br_rc
wrap(
    struct br_bytes token,
    const struct br_hash *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_hash under = br_orch_hash("refresh", token);
    enum br_rc rc = br_orch_seal(&under, br_hash_bytes(key), ret, reterr);
    br_wipe(&under, sizeof(under));
    return rc;
}

static enum br_rc
unwrap(
    struct br_bytes token,
    struct br_bytes wrapped,
    struct br_hash *ret,
    struct br_err *reterr)
{
    struct br_hash under = br_orch_hash("refresh", token);
    struct br_buf plain;
    br_buf_init(&plain, WRAPPED_BYTES_MAX);
    enum br_rc rc = br_orch_unseal(&under, wrapped, &plain, reterr);
    if (rc == BR_OK && plain.n != sizeof(ret->b)) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "a renewal's row");
    }
    if (rc == BR_OK) {
        memcpy(ret->b, plain.p, sizeof(ret->b));
    }
    br_buf_wipe(&plain);
    br_wipe(&under, sizeof(under));
    return rc;
}

/* ---- the first ---------------------------------------------------------- */

enum br_rc
br_renewal_create(
    struct br_kv_txn *txn,
    const struct br_renewal_new *n,
    char ret_token[BR_RENEWAL_TEXT_BYTES],
    struct br_err *reterr)
{
    struct token t = {.offer = n->offer};
    struct br_renewal r = {
        .offer = n->offer,
        .ends_s = n->ends_s,
        .identifiers = n->identifiers,
        .used_s = n->now_s,
    };
    struct br_buf key;
    br_buf_init(&key, WRAPPED_BYTES_MAX);
    br_random(t.stays, sizeof(t.stays));
    br_random(t.secret, sizeof(t.secret));
    token_text(&t, ret_token);
    (void)snprintf(r.client, sizeof(r.client), "%s", n->holder.client);
    (void)snprintf(r.instance, sizeof(r.instance), "%s", n->holder.instance);
    (void)snprintf(
        r.thumbprint, sizeof(r.thumbprint), "%s", n->holder.thumbprint);
    r.family = family_of(&t);
    r.current = br_orch_hash("refresh-row", br_str(ret_token));
    enum br_rc rc = wrap(br_str(ret_token), n->claims_key, &key, reterr);
    r.current_key = br_buf_bytes(&key);
    if (rc == BR_OK) {
        rc = put(txn, &r, reterr);
    }
    br_buf_fini(&key);
    br_wipe(&t, sizeof(t));
    return rc;
}

/* ---- the next ----------------------------------------------------------- */

static bool
is_holder(const struct br_renewal *r, const struct br_renewal_holder *h)
{
    return strcmp(r->client, h->client) == 0 &&
           strcmp(r->instance, h->instance) == 0 &&
           strcmp(r->thumbprint, h->thumbprint) == 0;
}

static bool
is_bound(const struct br_renewal *r)
{
    return r->thumbprint[0] != '\0' || r->instance[0] != '\0';
}

/** Was the token the last but one a moment ago, and is it bound to a key? */
static bool
is_forgiven(
    const struct br_renewal *r,
    const struct br_refresh *in,
    const struct br_hash *hash)
{
    return is_bound(r) && br_hash_eq(hash, &r->previous) &&
           in->now_s <= r->used_s + BR_RENEWAL_GRACE_S;
}

/** What is wrong with what was brought, or BR_REDEEMED and under which of the
 *  row's two the claims' key lies. */
static enum br_redeem_result
judge(
    const struct br_refresh *in,
    const struct br_renewal *r,
    const struct token *t,
    struct br_bytes *ret_wrapped)
{
    struct br_hash family = family_of(t);
    struct br_hash hash = br_orch_hash("refresh-row", in->token);
    if (!br_hash_eq(&family, &r->family) || r->ends_s <= in->now_s) {
        return BR_REDEEM_NO_REFRESH;
    }
    if (!is_holder(r, &in->holder)) {
        return BR_REDEEM_BAD_REFRESH;
    }
    bool last = br_hash_eq(&hash, &r->current);
    if (!last && !is_forgiven(r, in, &hash)) {
        return BR_REDEEM_REUSED;
    }
    *ret_wrapped = last ? r->current_key : r->previous_key;
    return BR_REDEEMED;
}

/** A new secret for the token, a new key for the claims. */
static enum br_rc
rotate(
    struct br_kv_txn *txn,
    const struct br_refresh *in,
    struct br_renewal *r,
    const struct br_hash *key,
    const char *next,
    struct br_err *reterr)
{
    struct br_buf current;
    struct br_buf previous;
    struct br_hash brought = br_orch_hash("refresh-row", in->token);
    br_buf_init(&current, WRAPPED_BYTES_MAX);
    br_buf_init(&previous, WRAPPED_BYTES_MAX);
    enum br_rc rc = wrap(br_str(next), key, &current, reterr);
    if (rc == BR_OK) {
        rc = wrap(in->token, key, &previous, reterr);
    }
    if (br_hash_eq(&brought, &r->current)) {
        r->used_s = in->now_s;
    }
    r->previous = brought;
    r->current = br_orch_hash("refresh-row", br_str(next));
    r->current_key = br_buf_bytes(&current);
    r->previous_key = is_bound(r) ? br_buf_bytes(&previous) : br_bytes(NULL, 0);
    r->open = true;
    if (rc == BR_OK) {
        rc = put(txn, r, reterr);
    }
    r->current_key = br_bytes(NULL, 0);
    r->previous_key = br_bytes(NULL, 0);
    br_buf_fini(&current);
    br_buf_fini(&previous);
    return rc;
}

static enum br_rc
give_access(
    struct br_kv_txn *txn,
    const struct br_refresh *in,
    const struct br_renewal *r,
    const struct br_hash *key,
    struct br_refreshed *ret,
    struct br_err *reterr)
{
    const struct br_offer *o = &ret->offer;
    bool waits = o->deferred && o->state != BR_OFFER_ISSUED;
    ret->identifiers = r->identifiers;
    ret->expires_in = waits ? in->deferred_s : in->token_s;
    struct br_access a = {
        .offer = r->offer,
        .expires_s = in->now_s + ret->expires_in,
        .identifiers = r->identifiers,
        .renewed = true,
    };
    (void)snprintf(a.thumbprint, sizeof(a.thumbprint), "%s", r->thumbprint);
    (void)snprintf(a.client, sizeof(a.client), "%s", r->client);
    return br_access_give(txn, in->access, key, &a, reterr);
}

static enum br_rc
refresh(
    struct br_kv_txn *txn,
    const struct br_refresh *in,
    struct br_renewal *r,
    struct br_bytes wrapped,
    struct br_refreshed *ret,
    struct br_err *reterr)
{
    struct br_hash from;
    struct br_hash to;
    struct token t;
    BR_TRY(unwrap(in->token, wrapped, &from, reterr));
    br_random(to.b, sizeof(to.b));
    (void)token_read(in->token, &t);
    br_random(t.secret, sizeof(t.secret));
    token_text(&t, ret->token);
    /* The row is borrowed from until here: what follows writes. */
    enum br_rc rc = rotate(txn, in, r, &to, ret->token, reterr);
    if (rc == BR_OK) {
        rc = br_offer_reseal(txn, &r->offer, &from, &to, reterr);
    }
    if (rc == BR_OK) {
        rc = give_access(txn, in, r, &to, ret, reterr);
    }
    br_wipe(&from, sizeof(from));
    br_wipe(&to, sizeof(to));
    br_wipe(&t, sizeof(t));
    return rc;
}

enum br_rc
br_renewal_use(
    struct br_kv_txn *txn,
    const struct br_refresh *in,
    enum br_redeem_result *ret,
    struct br_refreshed *ret_refreshed,
    struct br_err *reterr)
{
    struct token t;
    struct br_renewal r;
    struct br_bytes wrapped = {NULL, 0};
    struct br_err why;
    *ret = BR_REDEEM_NO_REFRESH;
    if (!token_read(in->token, &t)) {
        return BR_OK;
    }
    enum br_rc rc = br_renewal_get(txn, &t.offer, &r, &why);
    if (rc != BR_OK) {
        return rc == BR_ERR_NOT_FOUND ? BR_OK
                                      : br_fail(reterr, rc, "%s", why.text);
    }
    enum br_redeem_result result = judge(in, &r, &t, &wrapped);
    br_wipe(&t, sizeof(t));
    if (result == BR_REDEEM_REUSED) {
        BR_TRY(br_renewal_end(txn, &r.offer, reterr));
    } else if (result == BR_REDEEMED) {
        struct br_offer *o = &ret_refreshed->offer;
        BR_TRY(br_offer_get(txn, &r.offer, o, reterr));
        o->sealed = br_bytes(NULL, 0);
        if (in->configuration.n > 0 &&
            !br_bytes_eq(in->configuration, br_str(o->type))) {
            *ret = BR_REDEEM_OTHER_TYPE;
            return BR_OK;
        }
        BR_TRY(refresh(txn, in, &r, wrapped, ret_refreshed, reterr));
    }
    *ret = result;
    return BR_OK;
}

/* ---- what it is used for ------------------------------------------------ */

/** A row that is changed: its keys outlive it. */
static enum br_rc
put_again(
    struct br_kv_txn *txn, const struct br_renewal *r, struct br_err *reterr)
{
    uint8_t keys[2][WRAPPED_BYTES_MAX];
    struct br_renewal copy = *r;
    struct br_bytes *borrowed[] = {&copy.current_key, &copy.previous_key};
    for (size_t i = 0; i < 2; i++) {
        if (borrowed[i]->n > sizeof(keys[i])) {
            return br_fail(reterr, BR_ERR_CORRUPT, "a renewal's row");
        }
        if (borrowed[i]->n > 0) {
            memcpy(keys[i], borrowed[i]->p, borrowed[i]->n);
        }
        *borrowed[i] = br_bytes(keys[i], borrowed[i]->n);
    }
    return put(txn, &copy, reterr);
}

enum br_rc
br_renewal_begin(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    uint64_t ends_s,
    struct br_err *reterr)
{
    struct br_renewal r;
    struct br_err why;
    enum br_rc rc = br_renewal_get(txn, offer, &r, &why);
    if (rc != BR_OK) {
        return rc == BR_ERR_NOT_FOUND ? BR_OK
                                      : br_fail(reterr, rc, "%s", why.text);
    }
    r.ends_s = ends_s;
    r.open = false;
    return put_again(txn, &r, reterr);
}

enum br_rc
br_renewal_check(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    uint64_t now_s,
    struct br_renewal *ret,
    struct br_err *reterr)
{
    struct br_renewal r;
    struct br_err why;
    enum br_rc rc = br_renewal_get(txn, offer, &r, &why);
    if (rc == BR_ERR_NOT_FOUND || (rc == BR_OK && r.ends_s <= now_s)) {
        return br_fail(reterr, BR_ERR_CONFLICT, "the renewal has ended");
    }
    if (rc != BR_OK) {
        return br_fail(reterr, rc, "%s", why.text);
    }
    if (!r.open) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "the refresh token has given its credentials: use it again");
    }
    if (r.batches >= BR_RENEWAL_BATCHES_MAX) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "the credential was renewed %d times: ask for a new offer",
            BR_RENEWAL_BATCHES_MAX);
    }
    *ret = r;
    return BR_OK;
}

enum br_rc
br_renewal_take(
    struct br_kv_txn *txn, struct br_renewal *r, struct br_err *reterr)
{
    r->open = false;
    r->batches++;
    return put_again(txn, r, reterr);
}

enum br_rc
br_renewal_end(
    struct br_kv_txn *txn, const struct br_hash *offer, struct br_err *reterr)
{
    struct br_offer o;
    struct br_err why;
    enum br_rc rc = br_offer_get(txn, offer, &o, &why);
    if (rc == BR_OK && o.state == BR_OFFER_ISSUED && o.sealed.n > 0) {
        o.sealed = br_bytes(NULL, 0);
        BR_TRY(br_offer_put(txn, &o, reterr));
    } else if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "%s", why.text);
    }
    return br_kv_delete(txn, BR_ORCH_RENEWALS, br_hash_bytes(offer), reterr);
}
