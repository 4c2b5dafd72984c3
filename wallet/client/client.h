/*
 * Receiving credentials: OpenID4VCI 1.0, the wallet's side.
 *
 *   br_look      the offer, whose it is, what it would give: to be shown
 *   br_accept    the person agreed: token, keys, credentials; each is checked,
 *                then all are stored in one transaction, or none
 *   br_authorize_begin, br_authorize_end
 *                the same for an offer that its issuer grants on a page of its
 *                own: the address to go to, and what comes back from there
 *   br_resume    what an issuer had not ready: asked for again
 *   br_renew, br_renew_due
 *                new copies by a refresh token, without the person
 *   br_refresh_status   what status lists say today
 *
 * - Every address is fetched under common/net/fetch.h; metadata must name the
 *   address that it was fetched for, byte for byte.
 * - A credential is stored when its issuer's chain of certificates leads to a
 *   trusted one, its type is the offered one, it has not expired, and its cnf
 *   is one of the keys that were made for it, each used once.
 * - What waits for a browser's return lies sealed in the vault of who sent it
 *   there, under a state that nobody else knows; it serves once, for half an
 *   hour. So it survives a closed page, and no one else's answer is taken.
 * - Requests and answers are encrypted beyond TLS where the issuer offers it.
 * - Where a ledger's registry is configured, it is asked before anything is
 *   accepted, about who signed the metadata, and again about who signed the
 *   credential. One that was shown as accredited is not stored when it is
 *   signed by somebody who is not.
 * - A failure after the person agreed is told to the issuer where it listens,
 *   and remembered in the history, without values.
 *
 * One client for one thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_CLIENT_H
#define BR_WALLET_CLIENT_H

#include "common/credential/vci.h"
#include "common/credential/vp.h"
#include "common/net/fetch.h"
#include "common/registry/client.h"
#include "wallet/core/words.h"
#include "wallet/vault/holding.h"

/* Offers come in QR codes, by reference in kilobytes. */
#define BR_LOOK_OFFER_BYTES_MAX (64u * 1024)
/* Metadata of an issuer with a hundred types, in all languages of the Union. */
#define BR_LOOK_METADATA_BYTES_MAX (2u * 1024 * 1024)
#define BR_LOOK_ARENA_BYTES_MAX    (64u * 1024 * 1024)
/* People read what the issuer's page says, and look for their papers. */
#define BR_AUTHORIZE_WAIT_S 1800u
/* Of one person's, begun and not come back from; the oldest goes first. */
#define BR_AUTHORIZE_WAITING_MAX 16u

struct br_wallet_client {
    struct br_http_client *http;
    struct br_fetch_policy policy;
    const struct br_x509_trust *trust; /**< whom issuers' chains lead to */
    /** Who says what verifiers may ask; NULL: nobody is believed about it. */
    const struct br_x509_trust *registrars;
    struct br_registry_client *registry; /**< NULL: no ledger is believed */
    bool accreditation_required; /**< otherwise people are warned, and decide */
    unsigned copies; /**< instances to ask for; the issuer may allow fewer */
    enum br_wallet_use use;
    struct br_renewal_policy renewal;
    const struct br_vp_attester *attesters; /**< of verifiers; or NULL */
    size_t attester_count;
};

/** An offer that has been looked at. */
struct br_look {
    struct br_arena arena;
    struct br_vci_offer offer;
    struct br_bytes text; /**< the offer, as JSON */
    bool taken;           /**< its code was: it serves once */
    bool by_code;         /**< granted on the issuer's page: server is of that
                           *   grant */
    struct br_vci_issuer issuer;
    struct br_oauth_server server;
    size_t count;
    struct br_vci_configuration configurations[BR_VCI_OFFERED_MAX];
    bool is_signed;       /**< the metadata, by somebody trusted: */
    struct br_key signer; /**< with this key */
    char unsigned_why[BR_ERR_TEXT_BYTES];
    /** May the signer issue each of them? */
    struct br_standing standings[BR_VCI_OFFERED_MAX];
};

/** Fetch what an offer is about. text: a link of any scheme, or an https
 *  address that carries an offer. br_look_fini after BR_OK. Rules vci-*,
 *  oauth-*; FORBIDDEN, NETWORK of fetch.h. */
enum br_rc br_look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_look *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_look_fini(struct br_look *l);
/** The same for an offer that was looked at before, by its JSON, to be granted
 *  on the issuer's page. */
enum br_rc br_look_again(
    const struct br_wallet_client *client,
    struct br_bytes offer,
    struct br_look *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What an issuer says today of a credential of its own, to renew it with the
 *  server that granted it; text and offer are empty. */
enum br_rc br_look_renewed(
    const struct br_wallet_client *client,
    const struct br_wallet_credential *c,
    struct br_bytes server,
    struct br_look *ret,
    struct br_err *reterr) BR_MUST_USE;
/** An issuer's metadata alone; in the arena. */
enum br_rc br_look_issuer(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    struct br_arena *arena,
    struct br_vci_issuer *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Can the person choose the issuer's page instead of the code in the offer? */
bool br_look_may_authorize(const struct br_look *l);
/** They have. UNSUPPORTED: the offer has no such grant. */
enum br_rc br_look_by_code(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_err *reterr) BR_MUST_USE;
/** What the issuer shows of itself, and of one credential: the object that is
 *  kept as `display` (record.h); in the look's arena. */
enum br_rc br_look_display(
    struct br_look *l, size_t i, struct br_json **ret, struct br_err *reterr)
    BR_MUST_USE;

/** What came of one offered credential. */
struct br_accepted {
    char id[BR_WALLET_ID_BYTES + 1]; /**< of the credential, or of the wait */
    bool deferred;                   /**< not ready: br_resume, later */
    uint64_t interval_s;
};

/** The person agreed. tx_code: NULL when the offer asks for none
 *  (MISSING_FIELD otherwise). ret has room for l->count. Once for a look. */
enum br_rc br_accept(
    const struct br_wallet_client *client,
    struct br_look *l,
    const char *tx_code,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The person agreed, and goes to the issuer's page: *ret_url, in the look's
 *  arena, is where, an address as br_fetch_check wants it. redirect: where they
 *  come back to. Once for a look. Rules oauth-*; UNSUPPORTED: the server speaks
 *  no PKCE, or does not say who it is when it answers (RFC 9207). */
enum br_rc br_authorize_begin(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_bytes redirect,
    struct br_vault_person *person,
    struct br_bytes *ret_url,
    struct br_err *reterr) BR_MUST_USE;
/** They came back, to this address. ret has room for BR_VCI_OFFERED_MAX. What
 *  waited is over, whatever comes of it. Rules oauth-redirect, oauth-state,
 *  oauth-iss, oauth-code; ISSUER_REFUSED: the issuer's page said no. */
enum br_rc br_authorize_end(
    const struct br_wallet_client *client,
    struct br_bytes url,
    struct br_vault_person *person,
    struct br_accepted *ret,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

/** New copies of one credential, now. UNSUPPORTED: nothing renews it; BUSY:
 *  another process does. A failure is kept with the credential. */
enum br_rc br_renew(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    struct br_bytes id,
    struct br_accepted *ret,
    struct br_err *reterr) BR_MUST_USE;
/** New copies of those that are due (words.h). One that fails is told in its
 *  notice, and tried again later. */
enum br_rc br_renew_due(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_renewed,
    size_t *ret_failed,
    struct br_err *reterr) BR_MUST_USE;

/** Ask again for everything that was deferred and is due; how many credentials
 *  came, and how many are still awaited. One that fails is dropped, and told in
 *  the history. */
enum br_rc br_resume(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_came,
    size_t *ret_waiting,
    struct br_err *reterr) BR_MUST_USE;

/** Fetch the status of each credential whose last answer is out of date. What
 *  cannot be fetched stays as it was. */
enum br_rc br_refresh_status(
    const struct br_wallet_client *client,
    struct br_vault_person *person,
    size_t *ret_asked,
    size_t *ret_failed,
    struct br_err *reterr) BR_MUST_USE;

#endif
