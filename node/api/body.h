/*
 * The bodies that callers send, read: bytes come in, values go out. What a
 * body is for, and whether its sender may, is for who calls.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_BODY_H
#define BR_API_BODY_H

#include "common/base/buf.h"
#include "common/crypto/hash.h"
#include "node/ledger/tx.h"

/** {"alg": "sha-256", "digest": "9f86…"} */
struct br_body_digest {
    enum br_hash_alg alg;
    uint8_t digest[BR_DIGEST_BYTES_MAX];
    size_t digest_bytes;
    bool again; /**< a stamp's: also when it was stamped before */
};
/** Errors: those of br_json_read; UNSUPPORTED, OUT_OF_RANGE, MALFORMED. */
enum br_rc br_body_digest(
    struct br_bytes body,
    struct br_body_digest *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The same with an optional "again": true or false. */
enum br_rc br_body_stamp(
    struct br_bytes body,
    struct br_body_digest *ret,
    struct br_err *reterr) BR_MUST_USE;

/** {"owner": "acme", "not_before_us": 0, "not_after_us": 0} */
struct br_body_owner {
    char id[BR_MEMBER_ID_BYTES_MAX + 1];
    struct br_time_us not_before;
    struct br_time_us not_after; /**< 0: no end */
};
enum br_rc br_body_owner(
    struct br_bytes body,
    struct br_body_owner *ret,
    struct br_err *reterr) BR_MUST_USE;

/** application/x-ndjson, as it arrives: {"digest": "…"} a line, of one
 *  algorithm; empty lines count as lines only. */
struct br_body_lines {
    const struct br_hash_info *info;
    struct br_buf *digests; /**< one after the other; the caller's */
    struct br_buf line;     /**< the part of a line that has arrived */
    uint64_t number;
};
void br_body_lines_init(
    struct br_body_lines *l,
    const struct br_hash_info *info,
    struct br_buf *digests);
void br_body_lines_fini(struct br_body_lines *l);
/** Errors begin with the number of the line. */
enum br_rc br_body_lines_put(
    struct br_body_lines *l,
    struct br_bytes piece,
    struct br_err *reterr) BR_MUST_USE;
/** The last line, if no newline ended it. */
enum br_rc
br_body_lines_end(struct br_body_lines *l, struct br_err *reterr) BR_MUST_USE;

#endif
