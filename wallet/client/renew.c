/* New copies of a credential by its refresh token.
 *
 * A token that is exchanged for a new one is worth nothing afterwards, and a
 * server that sees it again takes back all that came of it. So:
 *
 * - Who renews says so in the grant's row first, in a transaction: two
 *   processes do not send one token, and a crash leaves a trace.
 * - The new token is stored as soon as it is there, and once more with the
 *   copies; the old one is gone when the new one lies on the disk, not before.
 * - What fails is kept with the credential, and becomes its notice; and when it
 *   fails after a trace of a crash, that is said too.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/rule.h"
#include "wallet/client/obtain.h"

#include <string.h>

enum {
    FORM_BYTES_MAX = 16 * 1024,
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
    /* Longer than all calls of a renewal together may take. */
    TRYING_S = 180,
    /* As the time of trying: long ago, and without an end. */
    INTERRUPTED = 1,
};

struct renewing {
    const struct br_wallet_client *client;
    struct br_vault_person *person;
    struct br_arena arena;
    struct br_wallet_credential credential;
    struct br_wallet_grant grant;
    bool interrupted; /**< a token went out once, and nothing came of it */
    enum br_oauth_error refused;
    uint64_t now_s;
    struct br_err told; /**< a failure, as it is kept */
};

/** Commits what fn did, or drops it. */
typedef enum br_rc step_fn(
    struct renewing *r,
    struct br_vault_txn *t,
    void *ctx,
    struct br_err *reterr);

static enum br_rc
in_one_step(struct renewing *r, step_fn *fn, void *ctx, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(r->person, true, &t, reterr));
    enum br_rc rc = fn(r, t, ctx, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

/* ---- beginning ---------------------------------------------------------- */

static enum br_rc
claim_in(
    struct renewing *r,
    struct br_vault_txn *t,
    void *ctx,
    struct br_err *reterr)
{
    const struct br_bytes *id = (const struct br_bytes *)ctx;
    BR_TRY(br_holding_get(t, *id, &r->arena, &r->credential, reterr));
    enum br_rc rc =
        r->credential.grant.n == 0
            ? BR_ERR_NOT_FOUND
            : br_holding_get_grant(
                  t, r->credential.grant, &r->arena, &r->grant, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the issuer gave nothing to renew it with: ask for a new offer");
    }
    BR_TRY(rc);
    if (r->grant.trying_s + TRYING_S > r->now_s) {
        return br_fail(
            reterr, BR_ERR_BUSY,
            "it is being renewed already: look again in a "
            "few minutes");
    }
    r->interrupted = r->grant.trying_s > 0;
    r->grant.trying_s = r->now_s;
    return br_holding_put_grant(t, &r->grant, reterr);
}

/* ---- the token ---------------------------------------------------------- */

static enum br_rc
keep_token_in(
    struct renewing *r,
    struct br_vault_txn *t,
    void *ctx,
    struct br_err *reterr)
{
    (void)ctx;
    return br_holding_put_grant(t, &r->grant, reterr);
}

static enum br_rc
send_token(struct renewing *r, struct br_obtaining *o, struct br_err *reterr)
{
    struct br_buf form;
    br_buf_init(&form, FORM_BYTES_MAX);
    br_form_put(&form, "grant_type", br_str("refresh_token"));
    br_form_put(&form, "refresh_token", r->grant.token);
    enum br_rc rc = br_obtain_token(o, &form, reterr);
    br_buf_wipe(&form);
    return rc;
}

/** RFC 6749 section 6: "the authorization server MAY issue a new refresh token,
 *  in which case the client MUST discard the old refresh token and replace it
 *  with the new". */
static enum br_rc
take_token(struct renewing *r, struct br_obtaining *o, struct br_err *reterr)
{
    o->client = r->grant.client;
    if (r->grant.dpop.n > 0) {
        BR_TRY(br_row_read_key(r->grant.dpop, &o->session.dpop, reterr));
    }
    enum br_rc rc = send_token(r, o, reterr);
    if (rc == BR_ERR_NETWORK) {
        /* Who can say whether it arrived, when nothing came back? Issuers that
         * take the same token for a moment more do so now. */
        rc = send_token(r, o, reterr);
    }
    if (rc != BR_OK) {
        r->interrupted = r->interrupted || rc == BR_ERR_NETWORK;
        return rc;
    }
    r->interrupted = false;
    if (o->granted.refresh_token.n == 0) {
        return BR_OK;
    }
    const char *copy = br_arena_copy(&r->arena, o->granted.refresh_token);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a token");
    }
    r->grant.token = br_bytes(copy, o->granted.refresh_token.n);
    r->grant.given_s = r->now_s;
    return in_one_step(r, keep_token_in, NULL, reterr);
}

/* ---- the copies --------------------------------------------------------- */

/** The copies, or what to wait for, and the grant, together. */
static enum br_rc
keep_in(
    struct renewing *r,
    struct br_vault_txn *t,
    void *ctx,
    struct br_err *reterr)
{
    struct br_obtaining *o = (struct br_obtaining *)ctx;
    struct br_received *got = &o->received[0];
    struct br_accepted done = {.deferred = got->response.transaction_id.n > 0};
    got->grant = r->grant.id;
    r->grant.trying_s = 0;
    BR_TRY(br_holding_put_grant(t, &r->grant, reterr));
    if (!done.deferred) {
        return br_received_keep(t, &o->session, got, done.id, reterr);
    }
    /* Not asked for again while it is awaited. */
    BR_TRY(
        br_holding_get(t, r->credential.id, &r->arena, &r->credential, reterr));
    r->credential.renewal = (struct br_wallet_renewal){
        .next_s = r->now_s + got->response.interval_s + 86400u};
    BR_TRY(br_holding_put(t, &r->credential, reterr));
    return br_deferred_keep(t, &o->session, got, done.id, reterr);
}

static enum br_rc
obtain(
    struct renewing *r,
    struct br_obtaining *o,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct br_received *got = &o->received[0];
    BR_TRY(br_obtain_check(o->look, reterr));
    BR_TRY(br_obtain_prepare(o, reterr));
    got->renews = r->credential.id;
    got->identifier = r->credential.identifier;
    if (!br_bytes_eq(got->vct, r->credential.vct)) {
        return br_refuse(
            reterr, BR_RULE_VCI_TYPE, "the issuer now has another type there");
    }
    BR_TRY(take_token(r, o, reterr));
    BR_TRY(br_obtain_credential(o, 0, reterr));
    BR_TRY(in_one_step(r, keep_in, o, reterr));
    ret->deferred = got->response.transaction_id.n > 0;
    ret->interval_s = got->response.interval_s;
    memcpy(ret->id, r->credential.id.p, BR_WALLET_ID_BYTES);
    ret->id[BR_WALLET_ID_BYTES] = '\0';
    return BR_OK;
}

static enum br_rc
renew(struct renewing *r, struct br_accepted *ret, struct br_err *reterr)
{
    struct br_obtaining *o = NULL;
    struct br_look *l = (struct br_look *)br_arena_take(&r->arena, sizeof(*l));
    if (l == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory to renew");
    }
    BR_TRY(
        br_look_renewed(r->client, &r->credential, r->grant.server, l, reterr));
    enum br_rc rc = br_obtain_begin(r->client, l, &o, reterr);
    if (rc == BR_OK) {
        rc = obtain(r, o, ret, reterr);
        r->refused = o->refused;
        br_obtain_end(o, rc);
    }
    br_look_fini(l);
    return rc;
}

/* ---- failures ----------------------------------------------------------- */

/** Errors after which the token, or the credential, is not given any more. */
static bool
is_final(enum br_oauth_error e)
{
    return e == BR_OAUTH_INVALID_GRANT || e == BR_OAUTH_INVALID_CLIENT ||
           e == BR_OAUTH_UNAUTHORIZED_CLIENT ||
           e == BR_OAUTH_UNSUPPORTED_GRANT_TYPE ||
           e == BR_OAUTH_CREDENTIAL_REQUEST_DENIED;
}

static void
tell(const struct renewing *r, const struct br_err *why, struct br_err *ret)
{
    const struct br_rule_info *rule = br_rule_of(why);
    bool lost = r->interrupted && r->refused == BR_OAUTH_INVALID_GRANT;
    (void)br_fail(
        ret, why->rc, "%s%s",
        lost ? "an earlier renewal was interrupted, and what came of it is "
               "lost: "
             : "",
        rule != NULL ? rule->slug : why->text);
}

static enum br_rc
keep_failure_in(
    struct renewing *r,
    struct br_vault_txn *t,
    void *ctx,
    struct br_err *reterr)
{
    const struct br_err *why = (const struct br_err *)ctx;
    struct br_wallet_credential *c = &r->credential;
    tell(r, why, &r->told);
    r->grant.trying_s = r->interrupted ? INTERRUPTED : 0;
    BR_TRY(br_holding_put_grant(t, &r->grant, reterr));
    BR_TRY(br_holding_get(t, c->id, &r->arena, c, reterr));
    bool first = c->renewal.failures == 0;
    c->renewal.failed_s = r->now_s;
    c->renewal.failures++;
    c->renewal.over = is_final(r->refused);
    c->renewal.next_s = r->now_s + br_words_renewal_wait_s(c->renewal.failures);
    c->renewal.reason = br_str(r->told.text);
    BR_TRY(br_holding_put(t, c, reterr));
    if (!first && !c->renewal.over) {
        return BR_OK; /* the history has the first of a row */
    }
    const struct br_wallet_entry e = {
        .event = BR_WALLET_FAILED,
        .time_s = r->now_s,
        .party = c->issuer,
        .credential = c->id,
        .vct = c->vct,
        .reason = br_str(r->told.text),
    };
    return br_holding_put_entry(t, &e, reterr);
}

enum br_rc
br_renew(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    struct br_bytes id,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct renewing r = {
        .client = client, .person = person, .now_s = br_client_now_s()};
    struct br_err why = {.rc = BR_OK};
    br_arena_init(&r.arena, ARENA_BYTES_MAX);
    enum br_rc rc = in_one_step(&r, claim_in, &id, &why);
    bool begun = rc == BR_OK;
    if (begun) {
        rc = renew(&r, ret, &why);
    }
    if (begun && rc != BR_OK) {
        struct br_err ignored; /* the first failure is the one to tell */
        (void)(in_one_step(&r, keep_failure_in, &why, &ignored) == BR_OK);
    }
    br_arena_fini(&r.arena);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}

/* ---- those that are due ------------------------------------------------- */

static enum br_rc
list_due(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    struct br_arena *arena,
    struct br_wallet_credential **ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    size_t all = 0;
    size_t due = 0;
    BR_TRY(br_vault_begin(person, false, &t, reterr));
    enum br_rc rc = br_holding_list(t, arena, ret, &all, reterr);
    br_vault_end(t);
    for (size_t i = 0; rc == BR_OK && i < all; i++) {
        if (br_words_renewal_due(
                &(*ret)[i], &client->renewal, br_client_now_s())) {
            (*ret)[due++] = (*ret)[i];
        }
    }
    *ret_count = due;
    return rc;
}

enum br_rc
br_renew_due(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_renewed,
    size_t *ret_failed,
    struct br_err *reterr)
{
    struct br_wallet_credential *list = NULL;
    struct br_arena arena;
    size_t count = 0;
    *ret_renewed = 0;
    *ret_failed = 0;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = list_due(client, person, &arena, &list, &count, reterr);
    for (size_t i = 0; rc == BR_OK && i < count; i++) {
        struct br_accepted done = {.deferred = false};
        struct br_err ignored;
        enum br_rc one = br_renew(client, person, list[i].id, &done, &ignored);
        *ret_renewed += one == BR_OK && !done.deferred;
        *ret_failed += one != BR_OK && one != BR_ERR_BUSY;
    }
    br_arena_fini(&arena);
    return rc;
}
