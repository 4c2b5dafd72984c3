/*
 * Making a wallet's folder, and opening it with all that its configuration
 * names.
 *
 *   DIR/wallet.yaml           configuration
 *   DIR/trust/issuers.pem     whom issuers' certificates must lead to
 *   DIR/keys/, locks/, vault/ the vault (vault.h)
 *   attesters, where named    whose word about verifiers is believed:
 *                             [{"issuer":"https://...","jwks":{"keys":[...]}}]
 *   DIR/passphrase            of the person that init made, for trials (0600)
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_OPEN_H
#define BR_WALLET_OPEN_H

#include "wallet/client/client.h"
#include "wallet/setup/config.h"

/* Of whoever uses the command line alone. */
#define BR_WALLET_OWNER "owner"

struct br_wallet_init {
    const char *folder;
    const char *person;           /**< NULL: BR_WALLET_OWNER */
    const char *trust;            /**< a PEM to trust; NULL: nobody yet */
    const char *vault_key;        /**< a pkcs11: URI; NULL: none */
    bool allow_loopback;          /**< for development */
    bool no_person;               /**< a server: people register themselves */
    const char *registries;       /**< for the configuration; NULL: none */
    struct br_secret *passphrase; /**< NULL: DIR/passphrase is made */
};
/** CONFLICT: the folder has a wallet. *ret_generated: DIR/passphrase was made.
 */
enum br_rc br_wallet_make(
    const struct br_wallet_init *init,
    bool *ret_generated,
    struct br_err *reterr) BR_MUST_USE;

/* Who attests verifiers in one country; each may have a few keys. */
#define BR_WALLET_ATTESTERS_MAX 64

struct br_wallet {
    struct br_wallet_config config;
    struct br_seal_key *server; /**< of vault_key; NULL: none */
    struct br_vault *vault;
    struct br_x509_trust *trust;
    struct br_x509_trust *registrars; /**< NULL: none is known */
    struct br_arena arena;            /**< of the names of: */
    struct br_vp_attester attesters[BR_WALLET_ATTESTERS_MAX];
    size_t attester_count;
    char ca_file[512]; /**< empty: the system's */
};
/** extra_trust: a PEM file to trust as well; or NULL. */
enum br_rc br_wallet_open(
    const char *folder,
    const char *extra_trust,
    struct br_wallet *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_wallet_close(struct br_wallet *w);
/** A client for one thread, under the configuration. */
enum br_rc br_wallet_client_open(
    const struct br_wallet *w,
    struct br_wallet_client *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_wallet_client_close(struct br_wallet_client *c);

#endif
