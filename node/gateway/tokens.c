/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/gateway/tokens.h"

#include "common/codec/cbor.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/store/kv.h"
#include "node/gateway/rate.h"

#include <stdio.h>
#include <stdlib.h>

enum { SECRET_BYTES = 32, ROW_BYTES_MAX = 512, TABLE = 0, MAP_BYTES = 1 << 28 };

struct br_tokens {
    struct br_kv *kv;
    struct br_rates *rates;
};

static const struct {
    const char *name;
    enum br_scope scope;
} scope_names[] = {
    {"notary:stamp", BR_SCOPE_STAMP},
    {"notary:record", BR_SCOPE_RECORD},
    {"log:add", BR_SCOPE_ADD},
    {"log:read", BR_SCOPE_READ},
};
enum { SCOPES = sizeof(scope_names) / sizeof(scope_names[0]) };

enum br_rc
br_scopes_parse(const char *text, uint32_t *ret, struct br_err *reterr)
{
    uint32_t scopes = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        size_t i = 0;
        while (i < SCOPES &&
               !br_bytes_eq(br_bytes(text, n), br_str(scope_names[i].name))) {
            i++;
        }
        if (i == SCOPES) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE,
                "no scope %.*s; there are notary:stamp, notary:record, "
                "log:add, log:read",
                (int)n, text);
        }
        scopes |= scope_names[i].scope;
        text += n + (text[n] == ',');
    }
    *ret = scopes;
    return BR_OK;
}

void
br_scopes_put(struct br_buf *b, uint32_t scopes)
{
    const char *comma = "";
    for (size_t i = 0; i < SCOPES; i++) {
        if ((scopes & scope_names[i].scope) != 0) {
            br_buf_printf(b, "%s%s", comma, scope_names[i].name);
            comma = ",";
        }
    }
}

static const char *const tables[] = {"tokens"};

enum br_rc
br_tokens_backup(
    const char *data_dir, const char *to_dir, struct br_err *reterr)
{
    char path[4096];
    struct br_kv *kv = NULL;
    const struct br_kv_options o = {
        .path = path,
        .tables = tables,
        .table_count = 1,
        .map_bytes = MAP_BYTES,
        .read_only = true,
    };
    (void)snprintf(path, sizeof(path), "%s/gateway", data_dir);
    BR_TRY(br_kv_open(&o, &kv, reterr));
    (void)snprintf(path, sizeof(path), "%s/gateway", to_dir);
    enum br_rc rc = br_kv_backup(kv, path, reterr);
    br_kv_close(kv);
    return rc;
}

enum br_rc
br_tokens_open(
    const char *data_dir, struct br_tokens **ret, struct br_err *reterr)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/gateway", data_dir);
    struct br_tokens *t = (struct br_tokens *)calloc(1, sizeof(*t));
    if (t == NULL || (t->rates = br_rates_new()) == NULL) {
        free(t);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "tokens");
    }
    struct br_kv_options o = {
        .path = path,
        .tables = tables,
        .table_count = 1,
        .map_bytes = MAP_BYTES,
    };
    enum br_rc rc = br_kv_open(&o, &t->kv, reterr);
    if (rc != BR_OK) {
        br_tokens_close(t);
        return rc;
    }
    *ret = t;
    return BR_OK;
}

void
br_tokens_close(struct br_tokens *t)
{
    if (t != NULL) {
        br_kv_close(t->kv);
        br_rates_free(t->rates);
        free(t);
    }
}

/* ---- rows --------------------------------------------------------------- */

static enum br_rc
put_row(struct br_kv_txn *txn, const struct br_token *k, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, ROW_BYTES_MAX);
    br_cbor_put_array(&b, 8);
    br_cbor_put_uint(&b, k->scopes);
    br_cbor_put_uint(&b, k->rate_per_s);
    br_cbor_put_uint(&b, k->burst);
    br_cbor_put_uint(&b, k->created.v);
    br_cbor_put_uint(&b, k->expires.v);
    br_cbor_put_bool(&b, k->revoked);
    br_cbor_put_text(&b, br_str(k->member));
    br_cbor_put_text(&b, br_str(k->note));
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, TABLE, br_hash_bytes(&k->id), br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static void
read_text(struct br_cbor *r, char *out, size_t max)
{
    struct br_bytes t = br_cbor_text(r);
    if (t.n > max) {
        br_cbor_fail(r, BR_ERR_CORRUPT, "token row");
        return;
    }
    memcpy(out, t.p == NULL ? (const uint8_t *)"" : t.p, t.n);
    out[t.n] = '\0';
}

static enum br_rc
parse_row(
    struct br_bytes key,
    struct br_bytes value,
    struct br_token *ret,
    struct br_err *reterr)
{
    struct br_cbor r;
    *ret = (struct br_token){0};
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 8);
    ret->scopes = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    ret->rate_per_s = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    ret->burst = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    ret->created.v = br_cbor_uint(&r);
    ret->expires.v = br_cbor_uint(&r);
    ret->revoked = br_cbor_bool(&r);
    read_text(&r, ret->member, BR_MEMBER_ID_BYTES_MAX);
    read_text(&r, ret->note, sizeof(ret->note) - 1);
    if (key.n != BR_HASH_BYTES) {
        br_cbor_fail(&r, BR_ERR_CORRUPT, "token key");
    } else {
        memcpy(ret->id.b, key.p, BR_HASH_BYTES);
    }
    return br_cbor_done(&r, reterr);
}

/* ---- making and ending -------------------------------------------------- */

/** Never a text that is empty for want of memory: anybody could present it. */
static enum br_rc
make_text(char out[BR_TOKEN_TEXT_BYTES], struct br_err *reterr)
{
    uint8_t secret[SECRET_BYTES];
    struct br_buf b;
    br_buf_init(&b, BR_TOKEN_TEXT_BYTES);
    br_random(secret, sizeof(secret));
    br_buf_puts(&b, "brt_");
    br_base64url_put(&b, br_bytes(secret, sizeof(secret)));
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        memcpy(out, b.p, b.n);
        out[b.n] = '\0';
        br_wipe(b.p, b.n);
    }
    br_wipe(secret, sizeof(secret));
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_tokens_create(
    struct br_tokens *t,
    struct br_token *token,
    char ret_text[BR_TOKEN_TEXT_BYTES],
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(make_text(ret_text, reterr));
    br_sha256(br_str(ret_text), &token->id);
    BR_TRY(br_kv_begin_write(t->kv, &txn, reterr));
    enum br_rc rc = put_row(txn, token, reterr);
    if (rc != BR_OK) {
        br_kv_end(txn);
        return rc;
    }
    return br_kv_commit(txn, reterr);
}

enum br_rc
br_tokens_list(
    struct br_tokens *t,
    void (*fn)(void *ctx, const struct br_token *token),
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    BR_TRY(br_kv_begin_read(t->kv, &txn, reterr));
    enum br_rc rc = br_kv_cursor_open(txn, TABLE, &c, reterr);
    if (rc == BR_OK) {
        rc = br_kv_seek(c, br_bytes("", 1), &key, &value);
        while (rc == BR_OK) {
            struct br_token token;
            rc = parse_row(key, value, &token, reterr);
            if (rc == BR_OK) {
                fn(ctx, &token);
                rc = br_kv_next(c, &key, &value);
            }
        }
        br_kv_cursor_close(c);
    }
    br_kv_end(txn);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

struct by_prefix {
    const char *prefix;
    size_t matches;
    struct br_token token;
};

static void
match_prefix(void *ctx, const struct br_token *token)
{
    struct by_prefix *f = (struct by_prefix *)ctx;
    char hex[2 * BR_HASH_BYTES + 1];
    for (size_t i = 0; i < BR_HASH_BYTES; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", token->id.b[i]);
    }
    if (strncmp(hex, f->prefix, strlen(f->prefix)) == 0) {
        f->matches++;
        f->token = *token;
    }
}

enum br_rc
br_tokens_revoke(
    struct br_tokens *t, const char *id_prefix, struct br_err *reterr)
{
    struct by_prefix f = {.prefix = id_prefix};
    struct br_kv_txn *txn;
    if (strlen(id_prefix) < 8) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "give 8 digits of the id at least");
    }
    BR_TRY(br_tokens_list(t, match_prefix, &f, reterr));
    if (f.matches != 1) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "%zu tokens begin with %s", f.matches,
            id_prefix);
    }
    f.token.revoked = true;
    BR_TRY(br_kv_begin_write(t->kv, &txn, reterr));
    enum br_rc rc = put_row(txn, &f.token, reterr);
    if (rc != BR_OK) {
        br_kv_end(txn);
        return rc;
    }
    return br_kv_commit(txn, reterr);
}

/* ---- checking ----------------------------------------------------------- */

static enum br_rc
find(
    struct br_tokens *t,
    struct br_bytes text,
    struct br_token *ret,
    struct br_err *reterr)
{
    struct br_hash id;
    struct br_kv_txn *txn;
    struct br_bytes value;
    br_sha256(text, &id);
    BR_TRY(br_kv_begin_read(t->kv, &txn, reterr));
    enum br_rc rc = br_kv_get(txn, TABLE, br_hash_bytes(&id), &value, reterr);
    if (rc == BR_OK) {
        rc = parse_row(br_hash_bytes(&id), value, ret, reterr);
    } else if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(reterr, BR_ERR_UNAUTHENTICATED, "no such token");
    }
    br_kv_end(txn);
    return rc;
}

enum br_rc
br_tokens_check(
    struct br_tokens *t,
    struct br_bytes text,
    enum br_scope scope,
    struct br_time_us now,
    uint32_t cost,
    struct br_token *ret,
    struct br_err *reterr)
{
    BR_TRY(find(t, text, ret, reterr));
    if (ret->revoked) {
        return br_fail(reterr, BR_ERR_UNAUTHENTICATED, "a revoked token");
    }
    if (ret->expires.v != 0 && ret->expires.v <= now.v) {
        return br_fail(reterr, BR_ERR_TOKEN_EXPIRED, "the token has expired");
    }
    if ((ret->scopes & (uint32_t)scope) == 0) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "the token has not this scope");
    }
    if (ret->rate_per_s != 0 &&
        !br_rates_admit(
            t->rates, &ret->id, ret->rate_per_s, ret->burst, cost, now)) {
        return br_fail(
            reterr, BR_ERR_RATE_EXCEEDED, "%u operations a second",
            ret->rate_per_s);
    }
    return BR_OK;
}
