/*
 * Showing credentials: OpenID4VP 1.0, the wallet's side.
 *
 *   br_present_look    the request: fetched, checked, and what would be shown
 *   br_present_send    the person agreed: signed with the holder's keys, sent
 *   br_present_refuse  the person did not: told as access_denied
 *
 * - Nothing is sent before the request is known to come from who it says
 *   (vp.h); what breaks a rule is told to the verifier if it is, and where its
 *   answers go.
 * - What is shown is what the query names and nothing more: for each query one
 *   credential, the newest that answers it, in one of its instances. Revoked,
 *   suspended and expired ones are left out.
 * - An instance is taken, and the history written, in one transaction before
 *   anything goes out: a once-only instance is never shown twice.
 * - redirect_uri is handed over, never followed.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_PRESENT_H
#define BR_WALLET_PRESENT_H

#include "common/credential/sd_jwt_vc.h"
#include "common/credential/vp_response.h"
#include "common/credential/vp_transaction.h"
#include "wallet/client/client.h"
#include "wallet/core/remarks.h"

#define BR_PRESENT_OWNER_BYTES 257

/** What to point out before a person agrees. */
enum br_present_notice {
    BR_NOTICE_UNSIGNED = 0x01,   /**< nobody has signed the request */
    BR_NOTICE_UNVOUCHED = 0x02,  /**< a key, and nobody who says whose */
    BR_NOTICE_OTHER_HOST = 0x04, /**< answers go to a host that the verifier's
                                  *   certificate does not name */
    BR_NOTICE_PLAIN = 0x08,      /**< the answer is not encrypted */
    BR_NOTICE_NO_PURPOSE = 0x10,
    BR_NOTICE_WHOLE = 0x20,        /**< everything that some credential says */
    BR_NOTICE_UNREGISTERED = 0x40, /**< in no registry that is believed */
};
/** In a few words; bit is one of them. */
const char *br_present_notice_name(enum br_present_notice bit);

/** What would answer one query. */
struct br_present_item {
    const struct br_dcql_query *query;
    bool required;  /**< without it there is no answer */
    bool available; /**< the wallet has something; the rest is for these */
    bool chosen;    /**< it would be shown */
    struct br_wallet_credential credential;
    struct br_vc vc;
    struct br_dcql_match match;
    bool whole; /**< all that can be disclosed would be */
};

struct br_present_look {
    struct br_arena arena;
    struct br_vp_link link;
    struct br_vp_request request;
    const struct br_json *document;     /**< of a did:web that asks; or NULL */
    char owner[BR_PRESENT_OWNER_BYTES]; /**< whom its certificate is for */
    unsigned notices;                   /**< set of enum br_present_notice */
    struct br_standing asker; /**< what the registry knows of its key */
    size_t count;
    struct br_present_item items[BR_DCQL_CREDENTIALS_MAX];
    size_t transaction_count;
    struct br_vp_transaction transactions[BR_VP_TRANSACTIONS_MAX];
    /** Over-asking and the like; and what the verifier is registered for, when
     *  that is believed (registered.claims: NULL otherwise). */
    size_t remark_count;
    struct br_remark remarks[BR_REMARKS_MAX];
    struct br_vp_registration registered;
    struct br_err registration_why; /**< of one that is not believed */
    const struct br_json *contacts; /**< contact.h; NULL: none */
    bool answerable;
    struct br_err why; /**< of a request that the wallet cannot answer */
};

/** Fetch and check a request, and look for what answers it.
 * br_present_look_fini after BR_OK. A request that is refused by a rule was
 * answered with its error where that is allowed, and is in the history. Rules
 * vp-*, jws-*, x5c-*, ...; FORBIDDEN, NETWORK of fetch.h. */
enum br_rc br_present_look(
    const struct br_wallet_client *client,
    struct br_bytes text,
    struct br_vault_person *person,
    struct br_present_look *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_present_look_fini(struct br_present_look *l);
/** What a letter to the verifier calls its request; may be empty. */
struct br_bytes br_present_reference(const struct br_present_look *l);

/** The person agreed to what is chosen. *ret_redirect lies in the look's arena,
 *  or is empty. vp-unavailable; VERIFIER_REFUSED: it was sent, and the verifier
 *  did not accept it. */
enum br_rc br_present_send(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_bytes *ret_redirect,
    struct br_err *reterr) BR_MUST_USE;
/** The person did not, or the wallet has nothing: access_denied. */
enum br_rc br_present_refuse(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_bytes *ret_redirect,
    struct br_err *reterr) BR_MUST_USE;

#endif
