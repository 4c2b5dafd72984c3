/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"
#include "orchestrator/store/renewals.h"
#include "orchestrator/store/rows.h"

#include <stdio.h>

enum { OFFER_FIELDS = 13, ACCESS_FIELDS = 7 };

enum br_rc
br_offer_put(
    struct br_kv_txn *txn, const struct br_offer *o, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_ORCH_ROW_BYTES_MAX);
    br_cbor_put_array(&b, OFFER_FIELDS);
    br_cbor_put_uint(&b, (uint64_t)o->state);
    br_cbor_put_text(&b, br_str(o->type));
    br_cbor_put_text(&b, br_str(o->reference));
    br_cbor_put_bool(&b, o->needs_tx);
    br_cbor_put_bool(&b, o->deferred);
    br_cbor_put_bool(&b, o->by_code);
    br_cbor_put_bytes(&b, br_hash_bytes(&o->tx));
    br_cbor_put_uint(&b, o->tx_length);
    br_cbor_put_uint(&b, o->attempts);
    br_cbor_put_uint(&b, o->created_s);
    br_cbor_put_uint(&b, o->expires_s);
    br_cbor_put_bytes(&b, br_bytes(o->credential, sizeof(o->credential)));
    br_cbor_put_bytes(&b, o->sealed);
    return br_row_put(txn, BR_ORCH_OFFERS, br_hash_bytes(&o->key), &b, reterr);
}

static enum br_rc
parse_offer(struct br_bytes row, struct br_offer *o, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, OFFER_FIELDS);
    o->state = (enum br_offer_state)br_cbor_uint_max(&r, BR_OFFER_STATES - 1);
    br_row_text(&r, o->type, BR_ORCH_TYPE_BYTES);
    br_row_text(&r, o->reference, BR_ORCH_REFERENCE_BYTES);
    o->needs_tx = br_cbor_bool(&r);
    o->deferred = br_cbor_bool(&r);
    o->by_code = br_cbor_bool(&r);
    br_row_hash(&r, &o->tx);
    o->tx_length = br_cbor_uint(&r);
    o->attempts = br_cbor_uint(&r);
    o->created_s = br_cbor_uint(&r);
    o->expires_s = br_cbor_uint(&r);
    br_cbor_bytes_exact(&r, o->credential, sizeof(o->credential));
    o->sealed = br_cbor_bytes(&r);
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_offer_get(
    struct br_kv_txn *txn,
    const struct br_hash *key,
    struct br_offer *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    BR_TRY(br_kv_get(txn, BR_ORCH_OFFERS, br_hash_bytes(key), &row, reterr));
    *ret = (struct br_offer){.key = *key};
    return parse_offer(row, ret, reterr);
}

enum br_rc
br_offer_find(
    struct br_kv_txn *txn,
    const char *prefix,
    struct br_offer *ret,
    struct br_err *reterr)
{
    struct br_bytes key;
    struct br_hash hash;
    BR_TRY(br_row_find(txn, BR_ORCH_OFFERS, prefix, &key, reterr));
    memcpy(hash.b, key.p, sizeof(hash.b));
    return br_offer_get(txn, &hash, ret, reterr);
}

static struct br_hash
tx_hash(struct br_bytes code, struct br_bytes tx)
{
    struct br_hash in = br_orch_hash("tx", code);
    struct br_hash h;
    const struct br_bytes parts[] = {br_hash_bytes(&in), tx};
    br_sha256_parts(parts, 2, &h);
    return h;
}

enum br_rc
br_offer_create(
    struct br_kv_txn *txn,
    const struct br_offer_new *n,
    struct br_orch_secret *ret,
    struct br_err *reterr)
{
    struct br_buf sealed;
    struct br_offer o = {
        .needs_tx = n->tx_code != NULL,
        .deferred = n->deferred,
        .by_code = n->by_code,
        .created_s = n->now_s,
        .expires_s = n->expires_s,
    };
    br_orch_secret_new(ret);
    struct br_bytes code = br_str(ret->code);
    struct br_hash claims_key = br_orch_hash("claims", code);
    struct br_hash code_key = br_orch_hash("code-row", code);
    (void)snprintf(o.type, sizeof(o.type), "%s", n->type);
    (void)snprintf(o.reference, sizeof(o.reference), "%s", n->reference);
    o.key = ret->offer;
    if (n->tx_code != NULL) {
        o.tx = tx_hash(code, br_str(n->tx_code));
        o.tx_length = strlen(n->tx_code);
    }
    br_buf_init(&sealed, BR_ORCH_ROW_BYTES_MAX);
    enum br_rc rc = br_orch_seal(&claims_key, n->claims, &sealed, reterr);
    o.sealed = br_buf_bytes(&sealed);
    if (rc == BR_OK) {
        rc = br_offer_put(txn, &o, reterr);
    }
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, BR_ORCH_CODES, br_hash_bytes(&code_key), br_hash_bytes(&o.key),
            reterr);
    }
    br_wipe(&claims_key, sizeof(claims_key));
    br_buf_fini(&sealed);
    return rc;
}

/** Store an offer with other claims: what o->sealed is borrowed from is about
 * to be written. */
static enum br_rc
put_sealed(
    struct br_kv_txn *txn,
    struct br_offer *o,
    struct br_bytes sealed,
    struct br_err *reterr)
{
    struct br_buf kept;
    br_buf_init(&kept, BR_ORCH_ROW_BYTES_MAX);
    br_buf_put(&kept, sealed.p, sealed.n);
    o->sealed = br_buf_bytes(&kept);
    enum br_rc rc = br_offer_put(txn, o, reterr);
    o->sealed = br_bytes(NULL, 0);
    br_buf_fini(&kept);
    return rc;
}

enum br_rc
br_offer_reseal(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    const struct br_hash *from,
    const struct br_hash *to,
    struct br_err *reterr)
{
    struct br_offer o;
    struct br_buf plain;
    struct br_buf sealed;
    BR_TRY(br_offer_get(txn, offer, &o, reterr));
    br_buf_init(&plain, BR_ORCH_ROW_BYTES_MAX);
    br_buf_init(&sealed, BR_ORCH_ROW_BYTES_MAX);
    enum br_rc rc = br_orch_unseal(from, o.sealed, &plain, reterr);
    if (rc == BR_OK) {
        rc = br_orch_seal(to, br_buf_bytes(&plain), &sealed, reterr);
    }
    if (rc == BR_OK) {
        rc = put_sealed(txn, &o, br_buf_bytes(&sealed), reterr);
    }
    br_buf_wipe(&plain);
    br_buf_fini(&sealed);
    return rc;
}

enum br_rc
br_offer_move(
    struct br_kv_txn *txn,
    struct br_offer *o,
    enum br_offer_state to,
    struct br_err *reterr)
{
    BR_TRY(br_offer_check_move(o->state, to, reterr));
    bool never = to == BR_OFFER_LOCKED || to == BR_OFFER_WITHDRAWN ||
                 to == BR_OFFER_REFUSED;
    bool over =
        never || (to == BR_OFFER_ISSUED && !br_renewal_is(txn, &o->key));
    o->state = to;
    BR_TRY(put_sealed(txn, o, over ? br_bytes(NULL, 0) : o->sealed, reterr));
    return never ? br_kv_delete(
                       txn, BR_ORCH_RENEWALS, br_hash_bytes(&o->key), reterr)
                 : BR_OK;
}

/* ---- tokens ------------------------------------------------------------- */

static enum br_rc
put_access(
    struct br_kv_txn *txn, const struct br_access *a, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_cbor_put_array(&b, ACCESS_FIELDS);
    br_cbor_put_bytes(&b, br_hash_bytes(&a->offer));
    br_cbor_put_text(&b, br_str(a->thumbprint));
    br_cbor_put_text(&b, br_str(a->client));
    br_cbor_put_uint(&b, a->expires_s);
    br_cbor_put_bool(&b, a->identifiers);
    br_cbor_put_bool(&b, a->renewed);
    br_cbor_put_bytes(&b, a->sealed);
    return br_row_put(txn, BR_ORCH_TOKENS, br_hash_bytes(&a->key), &b, reterr);
}

enum br_rc
br_access_get(
    struct br_kv_txn *txn,
    struct br_bytes text,
    uint64_t now_s,
    struct br_access *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    struct br_cbor r;
    *ret = (struct br_access){.key = br_orch_hash("token", text)};
    if (br_kv_get(
            txn, BR_ORCH_TOKENS, br_hash_bytes(&ret->key), &row, reterr) !=
        BR_OK) {
        return br_fail(reterr, BR_ERR_UNAUTHENTICATED, "no such access token");
    }
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, ACCESS_FIELDS);
    br_row_hash(&r, &ret->offer);
    br_row_text(&r, ret->thumbprint, sizeof(ret->thumbprint) - 1);
    br_row_text(&r, ret->client, BR_ORCH_CLIENT_BYTES);
    ret->expires_s = br_cbor_uint(&r);
    ret->identifiers = br_cbor_bool(&r);
    ret->renewed = br_cbor_bool(&r);
    ret->sealed = br_cbor_bytes(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    if (ret->expires_s <= now_s) {
        return br_fail(
            reterr, BR_ERR_TOKEN_EXPIRED, "the access token has expired");
    }
    if (ret->renewed && !br_renewal_is(txn, &ret->offer)) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED,
            "the renewal that the access token was given for has ended");
    }
    return BR_OK;
}

enum br_rc
br_access_give(
    struct br_kv_txn *txn,
    const char *text,
    const struct br_hash *claims_key,
    struct br_access *a,
    struct br_err *reterr)
{
    struct br_hash wrap = br_orch_hash("wrap", br_str(text));
    struct br_buf sealed;
    br_buf_init(&sealed, 256);
    enum br_rc rc =
        br_orch_seal(&wrap, br_hash_bytes(claims_key), &sealed, reterr);
    a->key = br_orch_hash("token", br_str(text));
    a->sealed = br_buf_bytes(&sealed);
    if (rc == BR_OK) {
        rc = put_access(txn, a, reterr);
    }
    a->sealed = br_bytes(NULL, 0);
    br_wipe(&wrap, sizeof(wrap));
    br_buf_fini(&sealed);
    return rc;
}

/** The claims leave the code, which stood in a link, for a random key. */
static enum br_rc
give_token(
    struct br_kv_txn *txn,
    const struct br_redeem *in,
    const struct br_offer *o,
    struct br_hash *ret_claims_key,
    struct br_err *reterr)
{
    struct br_hash from = br_orch_hash("claims", in->code);
    struct br_access a = {
        .offer = o->key,
        .expires_s = in->now_s + (o->deferred ? in->deferred_s : in->token_s),
        .identifiers = in->identifiers,
    };
    (void)snprintf(a.thumbprint, sizeof(a.thumbprint), "%s", in->thumbprint);
    (void)snprintf(a.client, sizeof(a.client), "%s", in->client);
    br_random(ret_claims_key->b, sizeof(ret_claims_key->b));
    enum br_rc rc =
        br_offer_reseal(txn, &o->key, &from, ret_claims_key, reterr);
    br_wipe(&from, sizeof(from));
    return rc == BR_OK
               ? br_access_give(txn, in->token, ret_claims_key, &a, reterr)
               : rc;
}

/** A wrong transaction code is counted; too many end the offer. */
static enum br_rc
count_wrong(struct br_kv_txn *txn, struct br_offer *o, struct br_err *reterr)
{
    o->attempts++;
    return o->attempts >= BR_ORCH_ATTEMPTS_MAX
               ? br_offer_move(txn, o, BR_OFFER_LOCKED, reterr)
               : put_sealed(txn, o, o->sealed, reterr);
}

/** What is wrong with the code that was brought, or BR_REDEEMED. */
static enum br_redeem_result
judge(const struct br_redeem *in, const struct br_offer *o)
{
    struct br_hash tx;
    if (o->state != BR_OFFER_OFFERED || o->expires_s <= in->now_s ||
        o->by_code != in->by_code) {
        return BR_REDEEM_NO_CODE;
    }
    if (in->tx_was_told) {
        return BR_REDEEMED;
    }
    if (o->needs_tx != (in->tx_code.n > 0)) {
        return o->needs_tx ? BR_REDEEM_TX_MISSING : BR_REDEEM_TX_UNEXPECTED;
    }
    tx = tx_hash(in->code, in->tx_code);
    if (o->needs_tx && !br_secret_eq(tx.b, o->tx.b, sizeof(tx.b))) {
        return BR_REDEEM_TX_WRONG;
    }
    if (in->configuration.n > 0 &&
        !br_bytes_eq(in->configuration, br_str(o->type))) {
        return BR_REDEEM_OTHER_TYPE;
    }
    return BR_REDEEMED;
}

enum br_rc
br_redeem(
    struct br_kv_txn *txn,
    const struct br_redeem *in,
    enum br_redeem_result *ret,
    struct br_offer *ret_offer,
    struct br_hash *ret_claims_key,
    struct br_err *reterr)
{
    struct br_hash code_key = br_orch_hash("code-row", in->code);
    struct br_hash key;
    struct br_bytes row;
    enum br_rc rc =
        br_kv_get(txn, BR_ORCH_CODES, br_hash_bytes(&code_key), &row, reterr);
    *ret = BR_REDEEM_NO_CODE;
    if (rc != BR_OK || row.n != sizeof(key.b)) {
        return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
    }
    memcpy(key.b, row.p, sizeof(key.b));
    BR_TRY(br_offer_get(txn, &key, ret_offer, reterr));
    *ret = judge(in, ret_offer);
    if (*ret == BR_REDEEM_TX_WRONG) {
        return count_wrong(txn, ret_offer, reterr);
    }
    if (*ret != BR_REDEEMED || in->look_only) {
        return BR_OK;
    }
    BR_TRY(give_token(txn, in, ret_offer, ret_claims_key, reterr));
    BR_TRY(br_kv_delete(txn, BR_ORCH_CODES, br_hash_bytes(&code_key), reterr));
    /* give_token has written: what was borrowed before is read again. */
    BR_TRY(br_offer_get(txn, &key, ret_offer, reterr));
    return br_offer_move(txn, ret_offer, BR_OFFER_REDEEMED, reterr);
}

/* ---- purge -------------------------------------------------------------- */

struct victims {
    size_t count;
    struct br_hash key[256];
};

/** Rows that begin with bytes, two texts, and when they end. */
static uint64_t
fields_of(enum br_orch_table table)
{
    return table == BR_ORCH_TOKENS     ? ACCESS_FIELDS
           : table == BR_ORCH_RENEWALS ? BR_RENEWAL_FIELDS
                                       : 8;
}

static enum br_rc
find_expired(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    uint64_t now_s,
    struct victims *v,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, table, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &row);
    for (; rc == BR_OK && v->count < sizeof(v->key) / sizeof(v->key[0]);
         rc = br_kv_next(c, &key, &row)) {
        struct br_offer o = {0};
        struct br_cbor r;
        uint64_t expires_s;
        bool over;
        if (table == BR_ORCH_OFFERS) {
            over = parse_offer(row, &o, NULL) == BR_OK &&
                   o.expires_s <= now_s &&
                   (o.state == BR_OFFER_OFFERED || o.state == BR_OFFER_LOCKED ||
                    o.state == BR_OFFER_WITHDRAWN);
        } else {
            br_cbor_init(&r, row);
            br_cbor_array_exact(&r, fields_of(table));
            (void)br_cbor_bytes(&r);
            (void)br_cbor_text(&r);
            (void)br_cbor_text(&r);
            expires_s = br_cbor_uint(&r);
            over = r.err.rc == BR_OK && expires_s <= now_s;
        }
        if (over && key.n == BR_HASH_BYTES) {
            memcpy(v->key[v->count++].b, key.p, BR_HASH_BYTES);
        }
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_orch_purge(
    struct br_kv_txn *txn,
    uint64_t now_s,
    size_t most,
    size_t *ret,
    struct br_err *reterr)
{
    static const enum br_orch_table tables[] = {
        BR_ORCH_OFFERS, BR_ORCH_TOKENS, BR_ORCH_PUSHED, BR_ORCH_GRANTED,
        BR_ORCH_RENEWALS};
    *ret = 0;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        struct victims v = {.count = 0};
        BR_TRY(find_expired(txn, tables[t], now_s, &v, reterr));
        for (size_t i = 0; i < v.count && *ret < most; i++) {
            BR_TRY(
                tables[t] == BR_ORCH_RENEWALS
                    ? br_renewal_end(txn, &v.key[i], reterr)
                    : br_kv_delete(
                          txn, tables[t], br_hash_bytes(&v.key[i]), reterr));
            (*ret)++;
        }
    }
    return BR_OK;
}
