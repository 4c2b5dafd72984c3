/*
 * An issuer's metadata, signed by its issuer where it does that: then the
 * wallet knows before it accepts anything whose key will sign.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_METADATA_H
#define BR_WALLET_METADATA_H

#include "wallet/client/client.h"

/** A document at a well-known place of this address. */
enum br_rc br_metadata_get(
    const struct br_wallet_client *client,
    struct br_bytes issuer,
    const char *name,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** The metadata of l->offer's issuer, and l->signer. Signed metadata is asked
 *  for where a registry is; that which is signed by nobody trusted is not used
 *  ("the Wallet MUST reject the signed metadata", section 12.2.3): the plain
 *  one is, and l->unsigned_why tells why. */
enum br_rc br_metadata_get_issuer(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** l->standings: what the registry says of the signer, for each type. */
void br_metadata_ask_registry(
    const struct br_wallet_client *client, struct br_look *l);

#endif
