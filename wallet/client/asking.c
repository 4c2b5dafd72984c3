/* Who asks: what they are registered for, how they can be reached, and what to
 * point out before a person agrees. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "common/credential/status_list.h"
#include "common/crypto/x509_path.h"
#include "wallet/client/received.h"
#include "wallet/client/showing.h"
#include "wallet/core/contact.h"

enum { REFERENCE_BYTES_MAX = 256, HISTORY_LOOKED_AT = 10000 };

/* ---- registration ------------------------------------------------------- */

/** "A status that we cannot read is refused": then the registration is not
 *  believed. One without a status is as good as its exp. */
static enum br_rc
check_status(
    const struct br_wallet_client *client,
    const struct br_vp_registration *reg,
    struct br_err *reterr)
{
    struct br_wallet_client as = *client;
    struct br_status_reference ref;
    unsigned value = 0;
    as.trust = client->registrars;
    enum br_rc rc = br_status_reference_parse(reg->claims, &ref, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    BR_TRY(rc);
    BR_TRY(br_client_status(&as, ref.uri, ref.index, &value, reterr));
    return value == BR_STATUS_VALID
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_REGISTRATION, "it has been revoked");
}

static enum br_remarks_registration
read_registration(
    const struct br_wallet_client *client, struct br_present_look *l)
{
    struct br_vp_registration reg = {0};
    struct br_err *why = &l->registration_why;
    if (client->registrars == NULL) {
        return BR_REGISTRATION_UNKNOWN;
    }
    enum br_rc rc = br_vp_registration_read(
        &l->request, client->registrars, br_client_now_s(), &l->arena, &reg,
        why);
    if (rc == BR_OK) {
        rc = check_status(client, &reg, why);
    } else if (!br_vp_registration_comes(&l->request)) {
        return BR_REGISTRATION_NONE;
    }
    if (rc != BR_OK) {
        return BR_REGISTRATION_BAD;
    }
    l->registered = reg;
    return BR_REGISTRATION_GOOD;
}

/* ---- contacts ----------------------------------------------------------- */

static enum br_rc
take_contacts(struct br_present_look *l, struct br_err *reterr)
{
    char email[BR_X509_CONTACT_BYTES] = "";
    char uri[BR_X509_CONTACT_BYTES] = "";
    struct br_json_maker m;
    const struct br_vp_request *r = &l->request;
    bool certified = r->client.prefix == BR_VP_X509_HASH ||
                     r->client.prefix == BR_VP_X509_SAN_DNS;
    if (certified) {
        br_x509_contact(r->jws.x5c.der[0], email, uri);
    }
    const struct br_contact_sources from = {
        .registration = l->registered.claims == NULL ? NULL : &l->registered,
        .certificate_email = email,
        .certificate_uri = uri,
        .did_document = l->document,
        .metadata = br_json_member(r->claims, "client_metadata"),
        .response_uri = r->response_uri,
    };
    br_json_maker_init(&m, &l->arena);
    l->contacts = br_contacts_gather(&from, &m);
    return br_json_maker_status(&m, reterr);
}

/** Its address, which it knows; of a request that is whole in its link, the
 *  nonce. */
struct br_bytes
br_present_reference(const struct br_present_look *l)
{
    bool by_address = l->link.request_uri.n > 0 &&
                      l->link.request_uri.n <= REFERENCE_BYTES_MAX;
    struct br_bytes text = by_address ? l->link.request_uri : l->request.nonce;
    return text.n <= REFERENCE_BYTES_MAX ? text : br_bytes(NULL, 0);
}

/* ---- remarks ------------------------------------------------------------ */

/** Has anything been shown to the same verifier? */
static enum br_rc
has_met(
    const struct br_present_look *l,
    struct br_vault_person *person,
    bool *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_arena arena;
    struct br_wallet_entry *all = NULL;
    size_t count = 0;
    *ret = false;
    BR_TRY(br_vault_begin(person, false, &t, reterr));
    br_arena_init(&arena, BR_LOOK_ARENA_BYTES_MAX);
    enum br_rc rc =
        br_holding_history(t, HISTORY_LOOKED_AT, &arena, &all, &count, reterr);
    for (size_t i = 0; rc == BR_OK && !*ret && i < count; i++) {
        *ret = all[i].event == BR_WALLET_PRESENTED &&
               br_bytes_eq(all[i].party, l->request.client.full);
    }
    br_arena_fini(&arena);
    br_vault_end(t);
    return rc;
}

static void
take_remarks(
    struct br_present_look *l, enum br_remarks_registration state, bool met)
{
    struct br_remarks_item items[BR_DCQL_CREDENTIALS_MAX];
    for (size_t i = 0; i < l->count; i++) {
        const struct br_present_item *it = &l->items[i];
        items[i] = (struct br_remarks_item){.query = it->query};
        if (it->available) {
            items[i].vct = it->credential.vct;
            items[i].claims = it->vc.claims;
            items[i].selected = it->match.selected;
            items[i].count = it->match.count;
            items[i].shown = it->chosen;
        }
    }
    const struct br_remarks_in in = {
        .items = items,
        .count = l->count,
        .state = state,
        .registration = &l->registered,
        .met = met,
    };
    l->remark_count = br_remarks(&in, l->remarks);
}

enum br_rc
br_showing_asker(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_err *reterr)
{
    bool met = false;
    enum br_remarks_registration state = read_registration(client, l);
    BR_TRY(take_contacts(l, reterr));
    BR_TRY(has_met(l, person, &met, reterr));
    take_remarks(l, state, met);
    return BR_OK;
}
