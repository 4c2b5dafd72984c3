/*
 * Decentralized identifiers (W3C DID Core 1.0) of the methods that credentials
 * use, and the keys that they stand for.
 *
 * | method  | its key is                                   | source        |
 * |---------|----------------------------------------------|---------------|
 * | did:key | in it: Ed25519, P-256, secp256k1, or a JWK   | did:key 0.9,  |
 * |         | (jwk_jcs-pub, in its canonical form)         | EBSI          |
 * | did:jwk | in it: a JWK in base64url                    | did:jwk       |
 * | did:web | in a document at an https address made of it | did:web       |
 * | others  | in a document of some registry               | DID Core 5    |
 *
 * Fetching a document is its caller's; reading one is here. Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_DID_H
#define BR_CREDENTIAL_DID_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/jwk.h"

/* A did:jwk of an RSA-4096 key. */
#define BR_DID_BYTES_MAX 2048

enum br_did_method {
    BR_DID_KEY,
    BR_DID_JWK,
    BR_DID_WEB,
    BR_DID_OTHER,
};

/** Borrows the text. */
struct br_did {
    enum br_did_method method;
    struct br_bytes did;      /**< without path, query and fragment */
    struct br_bytes id;       /**< what follows "did:method:" */
    struct br_bytes fragment; /**< without '#'; empty: none */
};

/** A DID, or the URL of one of its keys (DID Core section 3). did-form. */
enum br_rc
br_did_parse(struct br_bytes text, struct br_did *ret, struct br_err *reterr)
    BR_MUST_USE;

/** did:key and did:jwk. Rules did-key, did-jwk, jwk-*, and did-method for a
 *  fragment that names no key; the JWK borrows from the arena. UNSUPPORTED:
 *  another method. */
enum br_rc br_did_own_key(
    const struct br_did *did,
    struct br_arena *arena,
    struct br_jwk *ret,
    struct br_err *reterr) BR_MUST_USE;

/** did:web: the address of its document. did-web. */
enum br_rc br_did_web_url(
    const struct br_did *did,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** Section 5.3: "assertionMethod" for what issuers sign, "authentication" for
 *  holders, "keyAgreement" to encrypt for. kid: a method's whole URL or its
 *  fragment; empty: the relationship's only key. did-document, did-method. */
enum br_rc br_did_document_key(
    const struct br_json *document,
    const struct br_did *did,
    struct br_bytes kid,
    const char *relationship,
    struct br_jwk *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Append the did:key of a key: its own multicodec for Ed25519, P-256 and
 *  secp256k1, jwk_jcs-pub for the rest, or for all where `as_jwk`, as EBSI has
 *  it for natural persons. */
enum br_rc br_did_key_put(
    struct br_buf *b,
    const struct br_key *key,
    bool as_jwk,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_did_jwk_put(
    struct br_buf *b,
    const struct br_key *key,
    struct br_err *reterr) BR_MUST_USE;

#endif
