/*
 * Selective disclosure for JWTs (RFC 9901): an issuer hides claims behind
 * digests, a holder shows some of them, a verifier puts them back.
 *
 *   <issuer's JWT>~<disclosure 1>~...~<disclosure n>~[<key binding JWT>]
 *
 * - Issuing: br_sd_hide puts digests where claims were; br_sd_issue signs.
 * - Holding: br_sd_select says which disclosures show what; br_sd_present joins
 *   them, and binds them to the holder's key.
 * - Verifying: br_sd_parse reads the parts; the caller decides whom to trust
 *   and verifies the issuer's JWT (sd_jwt.jws); br_sd_process gives the claims.
 *   Whether a key binding is needed is the verifier's decision (section 9.5),
 *   never that of who sends.
 * - A disclosure is hashed as it came: nothing is written again.
 *
 * Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_SD_JWT_H
#define BR_CREDENTIAL_SD_JWT_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/jws.h"

/* A credential with a ladder of thresholds has two hundred; a hostile one
 * should not make us sort more than this. */
#define BR_SD_DISCLOSURES_MAX 4096
/* Digests in a payload and in disclosures, decoys counted. */
#define BR_SD_DIGESTS_MAX 16384
#define BR_SD_BYTES_MAX   (2u * 1024 * 1024)
/* Section 9.3: 128 bits of salt. */
#define BR_SD_SALT_BYTES 16

/** One disclosure; everything is borrowed from the text or lies in the arena.
 */
struct br_sd_disclosure {
    struct br_bytes encoded; /**< as it stands between the tildes */
    struct br_bytes digest;  /**< base64url, as it stands in _sd */
    struct br_bytes salt;
    struct br_bytes name;  /**< of a member; empty for an array's element */
    bool element;          /**< it is an array's element */
    struct br_json *value; /**< where br_sd_process has put it; read only */
    bool placed;           /**< its digest was found */
};

/** An array's element that stays hidden: where it was as issued. */
struct br_sd_gap {
    const struct br_json *array; /**< as br_sd_process leaves it */
    size_t at;                   /**< hidden ones before it are counted too */
};

struct br_sd_jwt {
    struct br_jws jws; /**< the issuer's: verify it before believing claims */
    /** The issuer's JWT and the disclosures with their tildes: what sd_hash is
     *  made over (section 4.3.1). */
    struct br_bytes bound;
    struct br_bytes issuer_jwt;
    struct br_bytes key_binding; /**< empty: there is none */
    struct br_sd_disclosure *disclosures;
    size_t count;
    struct br_sd_gap *gaps; /**< by array, in order; of br_sd_process */
    size_t gap_count;
    size_t digest_count; /**< those met: what is above count stays hidden, or
                          *   is a decoy; nobody but the issuer can tell */
};

/** The parts of a compact SD-JWT. Rules sd-*, jws-*. */
enum br_rc br_sd_parse(
    struct br_bytes text,
    const struct br_jws_policy *policy,
    struct br_arena *arena,
    struct br_sd_jwt *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Section 7.1 step 3: the payload with each disclosed claim in its place, and
 *  without _sd, _sd_alg and the elements that stay hidden. payload is what was
 *  verified, or what the holder itself keeps; its JSON lies in the arena and
 *  borrows it. Once for each br_sd_parse. */
enum br_rc br_sd_process(
    struct br_sd_jwt *sd,
    struct br_bytes payload,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- issuing ------------------------------------------------------------ */

/** A claim that can be hidden: "address", "street_address"; NULL steps into
 *  every element of an array. */
struct br_sd_path {
    const char *const *steps;
    size_t count;
};

/** What is hidden, and the randomness for it. */
struct br_sd_plan {
    const struct br_sd_path *paths;
    size_t count;
    unsigned decoys;        /**< false digests at the top level (4.2.5) */
    struct br_bytes random; /**< br_sd_random_bytes of it, fresh */
};

struct br_sd_hidden {
    struct br_json *payload;      /**< with _sd and _sd_alg; claims changed */
    struct br_bytes *disclosures; /**< encoded, in the arena */
    size_t count;
};

/** Hide claims of an object, which is changed. A path that leads nowhere hides
 *  nothing. What lies in others is hidden first, so that a disclosure may
 *  itself hold digests (section 6.3). sd-reserved: the claims themselves have a
 *  name that is reserved. */
enum br_rc br_sd_hide(
    struct br_json *claims,
    const struct br_sd_plan *plan,
    struct br_arena *arena,
    struct br_sd_hidden *ret,
    struct br_err *reterr) BR_MUST_USE;
/** How much randomness br_sd_hide takes at the most. */
size_t br_sd_random_bytes(const struct br_json *claims, unsigned decoys);

/** Append the SD-JWT: the payload signed, the disclosures, a last tilde. */
enum br_rc br_sd_issue(
    const struct br_sd_hidden *hidden,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- holding ------------------------------------------------------------ */

/** Mark the disclosures that show this value of the processed claims: its own,
 *  those that it lies in, and those that lie in it. chosen has sd->count
 *  entries. */
void br_sd_select(
    const struct br_sd_jwt *sd, const struct br_json *value, bool *chosen);

/** What a key binding says (section 4.3). */
struct br_sd_binding {
    struct br_bytes audience;
    struct br_bytes nonce;
    uint64_t issued_s;
    const struct br_json *more; /**< further claims; NULL: none */
};

/** Append a presentation of the chosen disclosures; with a binding and a key,
 *  its JWT too, otherwise both NULL. */
enum br_rc br_sd_present(
    const struct br_sd_jwt *sd,
    const bool *chosen,
    const struct br_sd_binding *binding,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Section 7.3: the binding, under the key that cnf names, for this audience
 *  and nonce, made within window_s before now (and a minute of skew after).
 *  *ret_claims: what it says, for extensions. Rules kb-*. */
struct br_sd_binding_policy {
    unsigned algs;
    struct br_bytes audience;
    struct br_bytes nonce;
    uint64_t now_s;
    uint64_t window_s;
};
enum br_rc br_sd_check_binding(
    const struct br_sd_jwt *sd,
    const struct br_json *payload,
    const struct br_sd_binding_policy *policy,
    struct br_arena *arena,
    struct br_json **ret_claims,
    struct br_err *reterr) BR_MUST_USE;

#endif
