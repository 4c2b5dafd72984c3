/*
 * Receiving credentials: OpenID4VCI 1.0, the wallet's side.
 *
 *   br_look      the offer, whose it is, what it would give: to be shown
 *   br_accept    the person agreed: token, keys, credentials; each is checked,
 *                then all are stored in one transaction, or none
 *   br_resume    what an issuer had not ready: asked for again
 *   br_refresh_status   what status lists say today
 *
 * - Every address is fetched under common/net/fetch.h; metadata must name the
 *   address that it was fetched for, byte for byte.
 * - A credential is stored when its issuer's chain of certificates leads to a
 *   trusted one, its type is the offered one, it has not expired, and its cnf
 *   is one of the keys that were made for it, each used once.
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
#include "common/net/fetch.h"
#include "wallet/vault/holding.h"

/* Offers come in QR codes, by reference in kilobytes. */
#define BR_LOOK_OFFER_BYTES_MAX (64u * 1024)
/* Metadata of an issuer with a hundred types, in all languages of the Union. */
#define BR_LOOK_METADATA_BYTES_MAX (2u * 1024 * 1024)
#define BR_LOOK_ARENA_BYTES_MAX    (64u * 1024 * 1024)

struct br_wallet_client {
    struct br_http_client *http;
    struct br_fetch_policy policy;
    const struct br_x509_trust *trust; /**< whom issuers' chains lead to */
    /** Who says what verifiers may ask; NULL: nobody is believed about it. */
    const struct br_x509_trust *registrars;
    unsigned copies; /**< instances to ask for; the issuer may allow fewer */
    enum br_wallet_use use;
};

/** An offer that has been looked at. */
struct br_look {
    struct br_arena arena;
    struct br_vci_offer offer;
    struct br_vci_issuer issuer;
    struct br_oauth_server server;
    size_t count;
    struct br_vci_configuration configurations[BR_VCI_OFFERED_MAX];
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
