/* What an issuer has not ready. A row of the table of offers:
 * {"issuer","configuration","vct","transaction","deferred","notification",
 *  "token","dpop","keys":[...],"due","grant","identifier","renews","sealed",
 *  "display"}
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "wallet/client/received.h"

#include <string.h>

enum {
    ROW_BYTES_MAX = 4 * 1024 * 1024,
    ARENA_BYTES_MAX = 128 * 1024 * 1024,
    ANSWER_BYTES_MAX = 16 * 1024 * 1024,
    WAITING_MAX = 64,
    /* An issuer that says 0, or a year, is asked at these times. */
    INTERVAL_MIN_S = 1,
    INTERVAL_MAX_S = 86400,
};

/* ---- writing ------------------------------------------------------------ */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    if (v.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, v);
    }
}

static uint64_t
due(uint64_t now_s, uint64_t interval_s)
{
    uint64_t wait = interval_s < INTERVAL_MIN_S ? INTERVAL_MIN_S : interval_s;
    return now_s + (wait > INTERVAL_MAX_S ? INTERVAL_MAX_S : wait);
}

static enum br_rc
write_row(
    const struct br_session *s,
    const struct br_received *r,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "issuer", r->issuer);
    put_text(&w, "configuration", r->configuration);
    put_text(&w, "vct", r->vct);
    put_text(&w, "transaction", r->response.transaction_id);
    put_text(&w, "deferred", r->deferred_endpoint);
    put_text(&w, "notification", r->notification_endpoint);
    put_text(&w, "grant", r->grant);
    put_text(&w, "identifier", r->identifier);
    put_text(&w, "renews", r->renews);
    br_json_write_name(&w, "sealed");
    br_json_write_boolean(&w, r->sealed);
    put_text(&w, "token", br_str(s->token));
    if (s->dpop != NULL) {
        br_json_write_name(&w, "dpop");
        BR_TRY(br_row_put_key(&w, s->dpop, reterr));
    }
    br_json_write_name(&w, "keys");
    br_json_write_array(&w);
    for (size_t i = 0; i < r->key_count; i++) {
        BR_TRY(br_row_put_key(&w, r->keys[i], reterr));
    }
    br_json_write_end(&w);
    br_json_write_name(&w, "due");
    br_json_write_uint(&w, due(s->now_s, r->response.interval_s));
    if (r->display != NULL) {
        br_json_write_name(&w, "display");
        br_json_write_value(&w, r->display);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
put_row(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    struct br_bytes id,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = write_row(s, r, &b, reterr);
    if (rc == BR_OK) {
        rc = br_vault_put(t, BR_VAULT_OFFERS, id, br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

enum br_rc
br_deferred_keep(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr)
{
    if (r->deferred_endpoint.n == 0) {
        return br_fail(
            reterr, BR_ERR_ISSUER_REFUSED,
            "the issuer asks to wait, and has no deferred_credential_endpoint");
    }
    br_holding_new_id(ret_id);
    return put_row(t, s, r, br_str(ret_id), reterr);
}

/* ---- reading ------------------------------------------------------------ */

/** One that waits. */
struct waiting {
    char id[BR_WALLET_ID_BYTES + 1];
    struct br_bytes row; /**< in the arena */
};
struct queue {
    struct br_arena arena;
    struct waiting list[WAITING_MAX];
    size_t count;
};

static enum br_rc
collect(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct queue *q = (struct queue *)ctx;
    if (key.n != BR_WALLET_ID_BYTES) {
        return BR_OK; /* a browser is awaited: authorize.c */
    }
    const char *copy = br_arena_copy(&q->arena, text);
    if (copy == NULL || q->count == WAITING_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %d credentials are awaited",
            WAITING_MAX);
    }
    memcpy(q->list[q->count].id, key.p, key.n);
    q->list[q->count].row = br_bytes(copy, text.n);
    q->count++;
    return BR_OK;
}

static enum br_rc
read_key(
    const struct br_json *v, struct br_private_key **ret, struct br_err *reterr)
{
    struct br_bytes text;
    BR_TRY(br_json_as_string(v, &text, reterr));
    return br_row_read_key(text, ret, reterr);
}

/** One conversation taken up again. */
struct resuming {
    struct br_session session;
    struct br_received received;
    struct br_arena arena;
    uint64_t due_s;
};

static enum br_rc
read_row(struct resuming *u, struct br_bytes row, struct br_err *reterr)
{
    struct br_received *r = &u->received;
    struct br_json *v = NULL;
    struct br_json *keys = NULL;
    struct br_json *display = NULL;
    struct br_bytes token;
    BR_TRY(br_json_parse(row, &u->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "issuer", &r->issuer, reterr));
    BR_TRY(br_json_need_string(v, "configuration", &r->configuration, reterr));
    BR_TRY(br_json_need_string(v, "vct", &r->vct, reterr));
    BR_TRY(br_json_need_string(
        v, "transaction", &r->response.transaction_id, reterr));
    BR_TRY(br_json_need_string(v, "deferred", &r->deferred_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "notification", &r->notification_endpoint, reterr));
    BR_TRY(br_json_may_string(v, "grant", &r->grant, reterr));
    BR_TRY(br_json_may_string(v, "identifier", &r->identifier, reterr));
    BR_TRY(br_json_may_string(v, "renews", &r->renews, reterr));
    BR_TRY(br_json_may_boolean(v, "sealed", &r->sealed, reterr));
    BR_TRY(br_json_need_string(v, "token", &token, reterr));
    BR_TRY(br_json_need_uint(v, "due", &u->due_s, reterr));
    BR_TRY(br_json_need(v, "keys", BR_JSON_ARRAY, &keys, reterr));
    BR_TRY(br_json_may(v, "display", BR_JSON_OBJECT, &display, reterr));
    r->display = display;
    for (struct br_json *i = br_json_first(keys);
         i != NULL && r->key_count < BR_VCI_PROOFS_MAX; i = i->next) {
        BR_TRY(read_key(i, &r->keys[r->key_count], reterr));
        r->key_count++;
    }
    if (br_json_member(v, "dpop") != NULL) {
        BR_TRY(read_key(br_json_member(v, "dpop"), &u->session.dpop, reterr));
    }
    u->session.token = br_arena_copy(&u->arena, token);
    return u->session.token != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a token");
}

/* ---- asking again ------------------------------------------------------- */

/** With the issuer's key of today, and one of ours for this answer: "The
 *  credential_response_encryption object may be different from the one included
 *  in the initial Credential Request" (section 9.2). */
static enum br_rc
choose_envelope(
    struct resuming *u, struct br_envelope *ret, struct br_err *reterr)
{
    struct br_vci_issuer issuer = {.batch_size = 1};
    if (u->received.sealed) {
        BR_TRY(br_look_issuer(
            u->session.client, u->received.issuer, &u->arena, &issuer, reterr));
    }
    return br_envelope_choose(&issuer, ret, reterr);
}

static enum br_rc
post(
    struct resuming *u,
    const struct br_envelope *envelope,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_vci_deferred d = {
        .transaction_id = u->received.response.transaction_id,
        .encryption = br_envelope_wish(envelope),
    };
    struct br_json_writer w;
    struct br_buf b;
    br_buf_init(&b, ROW_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_vci_deferred_write(&w, &d);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    const struct br_session_call call = {
        .url = u->received.deferred_endpoint,
        .content_type = "application/json",
        .body = br_buf_bytes(&b),
        .authorized = true,
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .envelope = envelope,
    };
    if (rc == BR_OK) {
        rc = br_session_post(&u->session, &call, ret_status, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
ask(struct resuming *u, struct br_err *reterr)
{
    struct br_envelope envelope;
    struct br_vci_response response;
    struct br_json *v = NULL;
    int status = 0;
    BR_TRY(choose_envelope(u, &envelope, reterr));
    enum br_rc rc = post(u, &envelope, &status, &v, reterr);
    br_envelope_fini(&envelope);
    BR_TRY(rc);
    if ((status != 200 && status != 202) || v == NULL) {
        return br_session_refused("no credential", status, v, reterr);
    }
    BR_TRY(br_vci_response_parse(v, &response, reterr));
    u->received.response = response;
    return response.transaction_id.n > 0
               ? BR_OK
               : br_received_check(
                     u->session.client, &u->received, u->session.now_s,
                     &u->arena, reterr);
}

/** It came, it waits on, or it is given up. */
static enum br_rc
settle(
    struct resuming *u,
    struct br_vault_txn *t,
    struct br_bytes id,
    bool *ret_came,
    struct br_err *reterr)
{
    char new_id[BR_WALLET_ID_BYTES + 1];
    if (u->received.response.transaction_id.n > 0) {
        return put_row(t, &u->session, &u->received, id, reterr);
    }
    BR_TRY(br_received_keep(t, &u->session, &u->received, new_id, reterr));
    *ret_came = true;
    return br_vault_delete(t, BR_VAULT_OFFERS, id, reterr);
}

static enum br_rc
give_up_one(
    struct resuming *u,
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_err *reterr)
{
    BR_TRY(br_vault_delete(t, BR_VAULT_OFFERS, id, reterr));
    return u->received.grant.n > 0
               ? br_holding_drop_grant(t, u->received.grant, reterr)
               : BR_OK;
}

static enum br_rc
in_one_step(
    struct resuming *u,
    struct br_vault_person *person,
    struct br_bytes id,
    bool give_up,
    bool *ret_came,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    enum br_rc rc = give_up ? give_up_one(u, t, id, reterr)
                            : settle(u, t, id, ret_came, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

/** A network that is down is no reason to give up. */
static bool
is_final(enum br_rc rc)
{
    return rc != BR_ERR_NETWORK && rc != BR_ERR_NO_MEMORY && rc != BR_ERR_IO;
}

static enum br_rc
resume_one(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    const struct waiting *w,
    bool *ret_came,
    struct br_err *reterr)
{
    struct br_err why = {.rc = BR_OK};
    struct resuming u = {.session = {.client = client}};
    u.session.now_s = br_client_now_s();
    u.session.arena = &u.arena;
    br_arena_init(&u.arena, ARENA_BYTES_MAX);
    enum br_rc asked = read_row(&u, w->row, &why);
    bool early = asked == BR_OK && u.due_s > u.session.now_s;
    if (asked == BR_OK && !early) {
        asked = ask(&u, &why);
    }
    enum br_rc rc = BR_OK;
    if (!early && (asked == BR_OK || is_final(asked))) {
        rc = in_one_step(
            &u, person, br_str(w->id), asked != BR_OK, ret_came, reterr);
    }
    if (rc == BR_ERR_NOT_FOUND) { /* what it renews was removed meanwhile */
        rc = in_one_step(&u, person, br_str(w->id), true, ret_came, reterr);
    }
    if (asked != BR_OK && is_final(asked)) {
        br_received_notify(&u.session, &u.received, BR_VCI_FAILURE);
        br_received_remember_failure(
            person, &u.received, u.session.now_s, &why);
    } else if (*ret_came) {
        br_received_notify(&u.session, &u.received, BR_VCI_ACCEPTED);
    }
    br_received_fini(&u.received);
    br_private_key_free(u.session.dpop);
    br_arena_fini(&u.arena);
    return rc;
}

static enum br_rc
read_queue(
    struct br_vault_person *person, struct queue *q, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(person, false, &t, reterr));
    q->count = 0;
    enum br_rc rc = br_vault_each(t, BR_VAULT_OFFERS, collect, q, reterr);
    br_vault_end(t);
    return rc;
}

enum br_rc
br_resume(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_came,
    size_t *ret_waiting,
    struct br_err *reterr)
{
    struct queue q = {.count = 0};
    size_t came = 0;
    br_arena_init(&q.arena, ARENA_BYTES_MAX);
    enum br_rc rc = read_queue(person, &q, reterr);
    size_t all = q.count;
    for (size_t i = 0; rc == BR_OK && i < all; i++) {
        bool here = false;
        rc = resume_one(client, person, &q.list[i], &here, reterr);
        came += here;
    }
    if (rc == BR_OK) {
        rc = read_queue(person, &q, reterr);
    }
    *ret_came = came;
    *ret_waiting = q.count;
    br_arena_fini(&q.arena);
    return rc;
}
