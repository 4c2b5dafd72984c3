/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/received.h"

#include "common/credential/rule.h"
#include "common/crypto/x509_path.h"
#include "wallet/core/words.h"

#include <stdio.h>
#include <string.h>

enum {
    NOTIFICATION_BYTES_MAX = 4096,
    RENEWED_REST_S = 86400,
    STANDING_BYTES_MAX = 64 * 1024,
};

void
br_received_fini(struct br_received *r)
{
    for (size_t i = 0; i < r->key_count; i++) {
        br_private_key_free(r->keys[i]);
    }
    r->key_count = 0;
}

/* ---- checking ----------------------------------------------------------- */

/** The key that cnf names; each serves one credential. */
static enum br_rc
find_key(
    const struct br_received *r,
    const struct br_vc *vc,
    const bool *taken,
    size_t *ret,
    struct br_err *reterr)
{
    if (!vc->has_holder) {
        return br_refuse(reterr, BR_RULE_VCI_HOLDER_KEY, "there is no cnf");
    }
    for (size_t i = 0; i < r->key_count; i++) {
        if (!taken[i] &&
            br_key_eq(&vc->holder.key, br_private_key_public(r->keys[i]))) {
            *ret = i;
            return BR_OK;
        }
    }
    return br_refuse(
        reterr, BR_RULE_VCI_HOLDER_KEY,
        "cnf is a key that is not ours, or two "
        "credentials have the same");
}

static enum br_rc
check_one(
    const struct br_vc_policy *policy,
    struct br_bytes vct,
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vc *ret,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    BR_TRY(br_vc_open(text, policy, arena, ret, reterr));
    if ((ret->sd.jws.sources & BR_KEY_BY_X5C) == 0) {
        return br_refuse(reterr, BR_RULE_VCI_SIGNER, "there is no x5c");
    }
    BR_TRY(br_vc_verify(ret, policy, arena, reterr));
    if (!br_vc_is(ret, vct)) {
        return br_refuse(
            reterr, BR_RULE_VCI_TYPE, "vct is %s", br_rule_quote(ret->vct, q));
    }
    return BR_OK;
}

/** Signed by somebody who may issue it, unless the person has agreed to less.
 */
static enum br_rc
check_standing(
    const struct br_wallet_client *client,
    struct br_received *r,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_key key;
    BR_TRY(br_x5c_key(&r->first.sd.jws.x5c, &key, reterr));
    const struct br_standing_question q = {.key = &key, .vct = r->vct};
    struct br_standing *s = &r->standing;
    br_registry_ask(client->registry, &q, now_s, s);
    bool needed = r->shown_did != NULL || client->accreditation_required;
    if (!needed) {
        return BR_OK;
    }
    if (s->kind == BR_STANDING_ACCREDITED) {
        return r->shown_did == NULL || strcmp(r->shown_did, s->did) == 0
                   ? BR_OK
                   : br_refuse(
                         reterr, BR_RULE_REGISTRY_KEY,
                         "it is signed by %.60s, who did not offer it",
                         s->name);
    }
    return s->reason[0] == '\0'
               ? br_refuse(
                     reterr, BR_RULE_REGISTRY_FETCH, "no registry is believed")
               : br_fail(reterr, BR_ERR_NOT_ACCREDITED, "%s", s->reason);
}

enum br_rc
br_received_check(
    const struct br_wallet_client *client,
    struct br_received *r,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_err *reterr)
{
    const struct br_x5c_policy x5c = {
        .trust = client->trust, .unix_seconds = (int64_t)now_s};
    const struct br_vc_policy policy = {.now_s = now_s, .x5c = &x5c};
    bool taken[BR_VCI_PROOFS_MAX] = {false};
    for (size_t i = 0; i < r->response.count; i++) {
        struct br_vc vc;
        BR_TRY(check_one(
            &policy, r->vct, r->response.credentials[i], arena, &vc, reterr));
        BR_TRY(find_key(r, &vc, taken, &r->of_key[i], reterr));
        taken[r->of_key[i]] = true;
        if (i == 0) {
            r->first = vc;
        }
    }
    return r->response.count == 0 ? BR_OK
                                  : check_standing(client, r, now_s, reterr);
}

/* ---- keeping ------------------------------------------------------------ */

/** The first that it gives itself: an entry has one, in one language. */
static struct br_bytes
issuer_name(const struct br_json *display)
{
    return br_words_pick(br_json_member(display, "issuer"), "");
}

static enum br_rc
remember(
    struct br_vault_txn *t,
    const struct br_received *r,
    struct br_bytes id,
    uint64_t now_s,
    struct br_err *reterr)
{
    const struct br_wallet_entry e = {
        .event = r->renews.n > 0 ? BR_WALLET_RENEWED : BR_WALLET_RECEIVED,
        .time_s = now_s,
        .party = r->issuer,
        .party_name = issuer_name(r->display),
        .credential = id,
        .vct = r->vct,
    };
    return br_holding_put_entry(t, &e, reterr);
}

/** As it is kept; NULL when nobody was asked. */
static enum br_rc
encode_standing(
    const struct br_received *r,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf b;
    struct br_json_writer w;
    *ret = NULL;
    if (r->standing.kind == BR_STANDING_NOT_ASKED) {
        return BR_OK;
    }
    br_buf_init(&b, STANDING_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_standing_write(&w, &r->standing);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    const char *copy =
        rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&b)) : NULL;
    if (rc == BR_OK) {
        rc = copy == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "an accreditation")
                 : br_json_parse(br_bytes(copy, b.n), arena, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/** What the credential is from now on. A renewed one keeps its use and its
 *  count; that its end may not have moved is not asked about for a day. */
static enum br_rc
describe(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    struct br_arena *arena,
    struct br_wallet_credential *ret,
    struct br_err *reterr)
{
    struct br_json *accreditation = NULL;
    struct br_wallet_credential c = {
        .id = r->renews,
        .accepted_s = s->now_s,
        .use = s->client->use,
    };
    if (r->renews.n > 0) {
        BR_TRY(br_holding_get(t, r->renews, arena, &c, reterr));
        BR_TRY(br_holding_clear(t, &c, reterr));
        c.renewal =
            (struct br_wallet_renewal){.next_s = s->now_s + RENEWED_REST_S};
    }
    c.issuer = r->issuer;
    c.configuration = r->configuration;
    c.format = br_str(BR_VC_FORMAT);
    c.vct = r->vct;
    c.issued_s = r->first.issued_s;
    c.expires_s = r->first.expires_s;
    c.instances = (unsigned)r->response.count;
    c.status = (struct br_wallet_status){.known = false};
    c.grant = r->grant;
    c.identifier = r->identifier;
    c.display = r->display;
    BR_TRY(encode_standing(r, arena, &accreditation, reterr));
    c.accreditation = accreditation;
    *ret = c;
    return BR_OK;
}

static enum br_rc
keep(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    struct br_wallet_credential *c,
    struct br_err *reterr)
{
    BR_TRY(br_holding_put(t, c, reterr));
    for (unsigned i = 0; i < c->instances; i++) {
        const struct br_wallet_instance one = {
            .credential = c->id,
            .number = i,
            .text = r->response.credentials[i],
        };
        BR_TRY(br_holding_put_instance(t, &one, r->keys[r->of_key[i]], reterr));
    }
    return remember(t, r, c->id, s->now_s, reterr);
}

enum br_rc
br_received_keep(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr)
{
    struct br_wallet_credential c;
    struct br_arena arena;
    br_arena_init(&arena, BR_VAULT_ROW_BYTES_MAX * 8u);
    enum br_rc rc = describe(t, s, r, &arena, &c, reterr);
    if (rc == BR_OK && r->renews.n == 0) {
        br_holding_new_id(ret_id);
        c.id = br_str(ret_id);
    } else if (rc == BR_OK) {
        (void)snprintf(
            ret_id, BR_WALLET_ID_BYTES + 1, "%.*s", (int)r->renews.n,
            (const char *)r->renews.p);
    }
    if (rc == BR_OK) {
        rc = keep(t, s, r, &c, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

/* ---- failures ----------------------------------------------------------- */

/** A message may quote what a credential says; a rule's name does not. */
static struct br_bytes
reason(const struct br_err *err)
{
    const struct br_rule_info *rule = br_rule_of(err);
    return br_str(rule != NULL ? rule->slug : err->text);
}

void
br_received_remember_failure(
    struct br_vault_person *person,
    const struct br_received *r,
    uint64_t now_s,
    const struct br_err *err)
{
    struct br_vault_txn *t = NULL;
    const struct br_wallet_entry e = {
        .event = BR_WALLET_FAILED,
        .time_s = now_s,
        .party = r->issuer,
        .party_name = issuer_name(r->display),
        .vct = r->vct,
        .reason = reason(err),
    };
    if (br_vault_begin(person, true, &t, NULL) != BR_OK) {
        return;
    }
    if (br_holding_put_entry(t, &e, NULL) != BR_OK) {
        br_vault_end(t);
    } else if (br_vault_commit(t, NULL) != BR_OK) {
        return; /* the first failure is the one to tell */
    }
}

void
br_received_notify(
    struct br_session *s, const struct br_received *r, enum br_vci_event event)
{
    const struct br_vci_notification n = {
        .id = r->response.notification_id, .event = event};
    struct br_json_writer w;
    struct br_json *answer = NULL;
    struct br_buf b;
    int status = 0;
    if (n.id.n == 0 || r->notification_endpoint.n == 0 || s->token == NULL) {
        return;
    }
    br_buf_init(&b, NOTIFICATION_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_vci_notification_write(&w, &n);
    const struct br_session_call call = {
        .url = r->notification_endpoint,
        .content_type = "application/json",
        .body = br_buf_bytes(&b),
        .authorized = true,
        .answer_bytes_max = NOTIFICATION_BYTES_MAX,
    };
    enum br_rc rc = br_json_writer_done(&w, NULL);
    if (rc == BR_OK) {
        rc = br_session_post(s, &call, &status, &answer, NULL);
    }
    (void)rc; /* "the Wallet MAY ignore" (section 11): the issuer's loss */
    br_buf_fini(&b);
}
