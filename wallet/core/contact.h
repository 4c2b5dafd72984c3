/*
 * How a verifier can be reached: gathered from a request, kept with what was
 * shown, so that deletion can be asked for years later.
 *
 * Sources, the most trustworthy first, as EUDI TS7 section 3.3 has them:
 *
 * | from         | what                                                    |
 * |--------------|---------------------------------------------------------|
 * | registration | support_uri, privacy_policy, supervisory_authority      |
 * | certificate  | the addresses in its subjectAltName (ETSI TS 119 411-8) |
 * | did          | serviceEndpoint of the DID document                     |
 * | request      | contacts, client_uri, policy_uri, tos_uri (RFC 7591) of |
 * |              | its client_metadata: our profile, said by whom it is of |
 * | address      | the origin that the answer went to                      |
 *
 * - An address is https, mailto: or tel:, and is written as such, whatever form
 *   it came in; anything else is passed over: a person will click on it.
 * - Kept as [{"kind","uri","from"}], kind being web, email, phone, policy,
 *   terms or authority; in TS7's order, each address once.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_CONTACT_H
#define BR_WALLET_CONTACT_H

#include "common/codec/json.h"
#include "common/credential/vp_registration.h"

#define BR_CONTACTS_MAX          12
#define BR_CONTACT_URI_BYTES_MAX 512

struct br_contact_sources {
    const struct br_vp_registration *registration; /**< believed; or NULL */
    const char *certificate_email;                 /**< "": none */
    const char *certificate_uri;
    const struct br_json *did_document; /**< or NULL */
    const struct br_json *metadata;     /**< client_metadata, or NULL */
    struct br_bytes response_uri;       /**< checked: an absolute address */
};

/** An array, in the maker's arena; NULL when there is nothing. */
struct br_json *br_contacts_gather(
    const struct br_contact_sources *from, struct br_json_maker *m);

/** Is this text an address that a person may be led to? Takes "https://…",
 *  "mailto:…", "tel:…", "name@host" and "+39 …"; the URI goes to out with a
 * NUL, and *ret_kind says "web", "email" or "phone". */
bool br_contact_uri(
    struct br_bytes text,
    char out[BR_CONTACT_URI_BYTES_MAX],
    const char **ret_kind);

#endif
