/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/status_list.h"
#include "wallet/client/received.h"

#include <string.h>

enum {
    TOKEN_BYTES_MAX = 16 * 1024 * 1024,
    ARENA_BYTES_MAX = 96 * 1024 * 1024,
    /* When a list says neither ttl nor exp; and at the most. */
    KEEP_S = 12 * 3600,
    KEEP_MAX_S = 7 * 86400,
};

/** A list that was fetched: several credentials are often on one. */
struct fetched {
    struct br_buf token;
    struct br_arena arena;
    struct br_bytes uri;
    struct br_status_token claims;
    struct br_status_list list;
    bool good;
};

static void
forget(struct fetched *f)
{
    if (f->good) {
        br_status_list_fini(&f->list);
    }
    f->good = false;
    br_buf_fini(&f->token);
    br_arena_fini(&f->arena);
}

static enum br_rc
fetch(
    const struct br_wallet_client *client,
    struct br_bytes uri,
    struct br_buf *token,
    struct br_err *reterr)
{
    const struct br_fetch f = {
        .url = uri,
        .accept = "application/statuslist+jwt",
        .packed = true,
        .answer_bytes_max = TOKEN_BYTES_MAX,
    };
    int status = 0;
    BR_TRY(br_fetch_call(
        client->http, &client->policy, &f, &status, token, reterr));
    return status == 200 ? BR_OK
                         : br_fail(
                               reterr, BR_ERR_NETWORK,
                               "the status list answered %d", status);
}

/** Section 8.3: the token is verified before a bit of it is believed. */
static enum br_rc
verify(
    const struct br_wallet_client *client,
    struct br_bytes uri,
    uint64_t now_s,
    struct fetched *f,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_STATUS_LIST_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = TOKEN_BYTES_MAX,
    };
    const struct br_x5c_policy x5c = {
        .trust = client->trust, .unix_seconds = (int64_t)now_s};
    struct br_jws jws;
    struct br_bytes payload;
    struct br_json *v = NULL;
    BR_TRY(br_jws_parse(
        br_buf_bytes(&f->token), &policy, &f->arena, &jws, reterr));
    BR_TRY(br_jws_verify_x5c(&jws, &x5c, &payload, reterr));
    BR_TRY(br_json_parse(payload, &f->arena, &v, reterr));
    return br_status_token_parse(v, uri, now_s, &f->claims, &f->list, reterr);
}

static enum br_rc
have(
    const struct br_wallet_client *client,
    struct br_bytes uri,
    uint64_t now_s,
    struct fetched *f,
    struct br_err *reterr)
{
    if (f->good && br_bytes_eq(f->uri, uri)) {
        return BR_OK;
    }
    forget(f);
    br_buf_init(&f->token, TOKEN_BYTES_MAX);
    br_arena_init(&f->arena, ARENA_BYTES_MAX);
    BR_TRY(fetch(client, uri, &f->token, reterr));
    BR_TRY(verify(client, uri, now_s, f, reterr));
    f->good = true;
    f->uri = f->claims.subject;
    return BR_OK;
}

static uint64_t
until(const struct br_status_token *t, uint64_t now_s)
{
    uint64_t end = now_s + (t->ttl_s > 0 ? t->ttl_s : KEEP_S);
    if (t->ttl_s > KEEP_MAX_S) {
        end = now_s + KEEP_MAX_S;
    }
    return t->expires_s > 0 && t->expires_s < end ? t->expires_s : end;
}

enum br_rc
br_client_status(
    const struct br_wallet_client *client,
    struct br_bytes uri,
    uint64_t index,
    unsigned *ret,
    struct br_err *reterr)
{
    struct fetched f = {.good = false};
    enum br_rc rc = have(client, uri, br_client_now_s(), &f, reterr);
    if (rc == BR_OK) {
        rc = br_status_list_get(&f.list, index, ret, reterr);
    }
    forget(&f);
    return rc;
}

/* ---- one credential ----------------------------------------------------- */

/** The reference of the first instance that is left; the others were issued
 *  with it, and are revoked with it. */
static enum br_rc
reference_of(
    struct br_vault_person *person,
    const struct br_wallet_credential *c,
    struct br_arena *arena,
    struct br_status_reference *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_json *claims = NULL;
    BR_TRY(br_vault_begin(person, false, &t, reterr));
    enum br_rc rc = br_holding_claims(t, c, arena, &claims, reterr);
    br_vault_end(t);
    BR_TRY(rc);
    return br_status_reference_parse(claims, ret, reterr);
}

static enum br_rc
keep(
    struct br_vault_person *person,
    struct br_bytes id,
    const struct br_wallet_status *status,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_wallet_credential c;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    enum br_rc rc = br_holding_get(t, id, arena, &c, reterr);
    if (rc == BR_OK) {
        c.status = *status;
        rc = br_holding_put(t, &c, reterr);
    }
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

static enum br_rc
refresh_one(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    const struct br_wallet_credential *c,
    struct fetched *f,
    bool *ret_asked,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_status_reference ref;
    struct br_wallet_status s = {.known = true};
    uint64_t now_s = br_client_now_s();
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = reference_of(person, c, &arena, &ref, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        br_arena_fini(&arena);
        return BR_OK; /* it has no status, or no copy that could tell it */
    }
    *ret_asked = true;
    if (rc == BR_OK) {
        rc = have(client, ref.uri, now_s, f, reterr);
    }
    if (rc == BR_OK) {
        rc = br_status_list_get(&f->list, ref.index, &s.value, reterr);
    }
    if (rc == BR_OK) {
        s.checked_s = now_s;
        s.until_s = until(&f->claims, now_s);
        rc = keep(person, c->id, &s, &arena, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_refresh_status(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_asked,
    size_t *ret_failed,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_arena arena;
    struct br_wallet_credential *list = NULL;
    struct fetched f = {.good = false};
    size_t count = 0;
    *ret_asked = 0;
    *ret_failed = 0;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_vault_begin(person, false, &t, reterr);
    if (rc == BR_OK) {
        rc = br_holding_list(t, &arena, &list, &count, reterr);
        br_vault_end(t);
    }
    for (size_t i = 0; rc == BR_OK && i < count; i++) {
        bool asked = false;
        const struct br_wallet_status *s = &list[i].status;
        if (s->known && s->until_s > br_client_now_s()) {
            continue;
        }
        if (refresh_one(client, person, &list[i], &f, &asked, reterr) !=
            BR_OK) {
            (*ret_failed)++;
        }
        *ret_asked += asked;
    }
    forget(&f);
    br_arena_fini(&arena);
    return rc;
}
