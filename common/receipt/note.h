/*
 * C2SP signed-note v1.0.0: text with signatures under it; and the timestamped
 * Ed25519 cosignatures of C2SP tlog-cosignature v1.0.1.
 *
 * - A note is a text that ends with a newline, an empty line, and one or more
 *   lines "— <key name> <base64(key id || signature)>"; it is split at the
 *   last empty line.
 * - A parsed note and a parsed key borrow from the bytes they came from.
 * - Signatures of unknown keys are ignored, as the specification demands; a
 *   known key whose signature fails condemns the whole note.
 *
 * Pure: a cosignature's time is given by the caller.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_NOTE_H
#define BR_RECEIPT_NOTE_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"
#include "common/crypto/sign.h"

/** Signature types that we verify; keys of others are kept, and never match. */
enum br_note_key_type {
    BR_NOTE_ED25519 = 0x01,
    BR_NOTE_COSIGNATURE = 0x04,
};

/* A post-quantum signature is nearly 5 kB. */
#define BR_NOTE_SIGNATURE_BYTES_MAX 8192
/* A post-quantum public key is 1,312 bytes. */
#define BR_NOTE_KEY_BYTES_MAX 4096

/** A verifier key. */
struct br_note_key {
    struct br_bytes name; /**< borrowed */
    uint32_t id;
    uint8_t type;
    bool known;                 /**< one of enum br_note_key_type */
    struct br_public_key key;   /**< when known */
    struct br_hash fingerprint; /**< SHA-256 of the public key's bytes */
};

struct br_note_signature {
    struct br_bytes name;
    uint32_t key_id;
    struct br_bytes base64; /**< key id and signature, still encoded */
    struct br_bytes line;   /**< the whole line with its newline */
};

struct br_note {
    struct br_bytes text; /**< with its final newline */
    size_t count;
    struct br_note_signature signature[BR_NOTE_SIGNATURES_MAX];
};

/** Strict: UTF-8 without control characters, well-formed signature lines with
 *  canonical base64, 1 to BR_NOTE_SIGNATURES_MAX of them, nothing after. */
enum br_rc
br_note_parse(struct br_bytes bytes, struct br_note *ret, struct br_err *reterr)
    BR_MUST_USE;

/** Non-empty valid UTF-8, without spaces (Unicode's too), '+' and control
 *  characters; at most BR_ORIGIN_BYTES_MAX bytes. */
bool br_note_name_ok(struct br_bytes name);

/** An Ed25519 key under a name, for either type. */
enum br_rc br_note_key_init(
    struct br_note_key *k,
    struct br_bytes name,
    enum br_note_key_type type,
    const struct br_public_key *key,
    struct br_err *reterr) BR_MUST_USE;
/** "<name>+<8 hex digits>+<base64(type || public key)>". The id is checked for
 *  the types we know, and taken as written for others. */
enum br_rc br_note_key_parse(
    struct br_bytes vkey,
    struct br_note_key *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Write it as text; the key must be known. */
void br_note_key_put(struct br_buf *b, const struct br_note_key *k);

/** BR_OK: at least one signature of this key, and all of them verify.
 *  NO_TRUSTED_SIGNATURE: none. BAD_SIGNATURE: one that does not verify.
 *  *ret_time_s (may be NULL): of a cosignature its time, the earliest of
 *  several, in seconds since 1970; otherwise 0. */
enum br_rc br_note_verify(
    const struct br_note *n,
    const struct br_note_key *k,
    uint64_t *ret_time_s,
    struct br_err *reterr) BR_MUST_USE;

/** Begin a note: the text, which must end with a newline, and the empty line.
 *  Signature lines are then appended with the two functions below. */
void br_note_put_text(struct br_buf *b, struct br_bytes text);
/** Append the line of an Ed25519 signature (type 0x01). */
enum br_rc br_note_put_signature(
    struct br_buf *b,
    struct br_bytes text,
    struct br_bytes name,
    struct br_signer *s,
    struct br_err *reterr) BR_MUST_USE;

/** Who cosigns, and when (seconds since 1970). */
struct br_cosigner {
    struct br_bytes name;
    struct br_signer *signer;
    uint64_t time_s;
};
/** Append the line of a timestamped cosignature (type 0x04). */
enum br_rc br_note_put_cosignature(
    struct br_buf *b,
    struct br_bytes text,
    const struct br_cosigner *who,
    struct br_err *reterr) BR_MUST_USE;

#endif
