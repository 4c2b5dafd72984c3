/*
 * The development certificate authority: clearly named so, made by init, so
 * that RFC 3161 tokens can be tried before a real chain is configured.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_DEVELOPMENT_CA_H
#define BR_SETUP_DEVELOPMENT_CA_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/keyfile.h"

/** Writes DIR/ca/development-ca.pem, DIR/ca/tsa-chain.pem (the TSA's own
 *  certificate, then the authority's), DIR/keys/tsa.key. The authority's key
 *  is forgotten: it signs one certificate and no more. */
enum br_rc br_development_ca(
    const char *data_dir,
    struct br_time_us now,
    const struct br_secret *passphrase,
    struct br_err *reterr) BR_MUST_USE;

#endif
