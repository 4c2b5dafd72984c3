/*
 * Every maximum in one place, each with its reason. docs/limits.md tells them
 * to users.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_LIMITS_H
#define BR_BASE_LIMITS_H

/* Longest supported digest: SHA-512 and SHA3-512. */
#define BR_DIGEST_BYTES_MAX 64
/* C2SP tlog-tiles carries an entry's length in 16 bits. */
#define BR_LEAF_BYTES_MAX 65535
/* Our own leaves are small: a digest, its author, its time. */
#define BR_OWN_LEAF_BYTES_MAX 1024
/* A raw leaf through POST /add should be a commitment, not a document. */
#define BR_RAW_LEAF_BYTES_MAX 1024
/* A member's identifier: lower-case letters, digits, '-' and '.'. */
#define BR_MEMBER_ID_BYTES_MAX   64
#define BR_MEMBER_NAME_BYTES_MAX 256
/* Chain id and log origin travel in every transaction and checkpoint. */
#define BR_CHAIN_ID_BYTES_MAX 64
#define BR_ORIGIN_BYTES_MAX   255
/* Times in microseconds and sequence numbers: what JSON and JavaScript keep
 * exact, 2^53 - 1. One that is larger would stop readers of the lists it stands
 * in. */
#define BR_EXACT_MAX 9007199254740991u
/* One signature covers this many operations at most: 65,536 stamps of 70
 * bytes make a transaction of 4.5 MB. */
#define BR_TX_OPS_MAX   65536
#define BR_TX_BYTES_MAX (8u * 1024 * 1024)
/* A block is one LMDB write transaction; this bounds its dirty pages. */
#define BR_BLOCK_TXS_MAX    4096
#define BR_BLOCK_LEAVES_MAX 131072
/* Proofs: a tree of 2^62 leaves is out of reach. */
#define BR_PROOF_HASHES_MAX 63
/* Notes: the signed-note specification asks for at least 16 signatures. */
#define BR_NOTE_SIGNATURES_MAX 64
#define BR_NOTE_BYTES_MAX      (64u * 1024)
/* CBOR nesting: our own documents need five. */
#define BR_CBOR_DEPTH_MAX 16
/* JSON nesting: credentials need ten; what we build is held to it too. */
#define BR_JSON_DEPTH_MAX 64
/* A JSON document: a status list of 100 million is the largest, with 2 MB. */
#define BR_JSON_BYTES_MAX (16u * 1024 * 1024)
/* A compact JWS: a credential with a photograph. */
#define BR_JWS_BYTES_MAX (1024u * 1024)
/* A compact JWE: a presentation of several credentials, or a batch of them. */
#define BR_JWE_BYTES_MAX (4u * 1024 * 1024)
/* A JWK: an RSA-4096 private key with a long kid takes four thousand. */
#define BR_JWK_BYTES_MAX 8192
/* A certificate in x5c: two kilobytes is a large one. */
#define BR_X5C_CERTIFICATE_BYTES_MAX 8192
/* One batch request: a million digests of at most 64 bytes. */
#define BR_BATCH_DIGESTS_MAX 1000000
/* Versions and owners of one record. */
#define BR_RECORD_OWNERS_MAX   64
#define BR_RECORD_VERSIONS_MAX 65536
/* DIDs of the ledger's registry: did:broletto, a chain's id, a member's, a
 * name. */
#define BR_REGISTERED_DID_BYTES_MAX 256
/* A DID document with a few keys needs 2 KB; all of them stay for ever. */
#define BR_DID_DOCUMENT_BYTES_MAX (16u * 1024)
#define BR_DID_METHODS_MAX        64
#define BR_DID_VERSIONS_MAX       65536
/* Accreditations: each is checked up to its root, whenever it is used. */
#define BR_ACCREDITATION_DEPTH_MAX 8
#define BR_ACCREDITATION_BYTES_MAX (16u * 1024)
#define BR_ACCREDITED_TYPES_MAX    64
#define BR_ACCREDITATIONS_MAX      1024 /* of one DID */
/* Credential types: a name, a JSON Schema, metadata with its texts. */
#define BR_VCT_BYTES_MAX           256
#define BR_TYPE_DOCUMENT_BYTES_MAX (64u * 1024)
#define BR_TYPE_VERSIONS_MAX       65536
/* Batches of one credential after the first, for its refresh token: three a day
 * for a year. Revoking it changes all their places in one transaction. */
#define BR_RENEWAL_BATCHES_MAX 1024
/* A registry's answer about a key: four holders, each with eight steps of 64
 * types. */
#define BR_STANDING_ANSWER_BYTES_MAX (1024u * 1024)
/* Registries that one program asks, and answers that it keeps: a verifier knows
 * some ten issuers. */
#define BR_REGISTRIES_MAX    4
#define BR_REGISTRY_KEPT_MAX 64

#endif
