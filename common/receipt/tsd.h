/*
 * A document and its time-stamps in one file: TimeStampedData (RFC 5544), the
 * .tsd of Italian practice.
 *
 *     head | document | tail
 *
 * - The document may be larger than memory. Only what stands before it and
 *   after it is written and read here; the document's bytes are the caller's.
 * - Strict DER, also where RFC 5544 allows BER: one file, one encoding. What
 *   is inside a token or a revocation list is not looked at.
 * - Several time-stamps make a chain: the first is over the document, each
 *   other over the whole element before it (section 2). What is written here
 *   has one.
 * - Nothing here is believed: verify_stamp.h is for that.
 *
 * docs/receipts.md has one byte by byte.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_TSD_H
#define BR_RECEIPT_TSD_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/* An address, a name, a media type; other attributes are rare and short. */
#define BR_TSD_HEAD_BYTES_MAX (64u * 1024)
/* Tokens have a few kilobytes, a revocation list up to megabytes. */
#define BR_TSD_TAIL_BYTES_MAX (16u * 1024 * 1024)
/* A new one each time that a certificate ends: a century of them. */
#define BR_TSD_STAMPS_MAX 32
/* What file systems allow is a quarter of it. */
#define BR_TSD_NAME_BYTES_MAX 1024

/** TimeStampAndCRL. */
struct br_tsd_stamp {
    struct br_bytes element; /**< whole: what the next one stamps */
    struct br_bytes token;   /**< TimeStampToken */
    struct br_bytes crl;     /**< CertificateList, or empty */
};

/** Borrows from head and tail. */
struct br_tsd {
    struct br_bytes data_uri; /**< or empty; characters of 7 bits */
    struct br_bytes metadata; /**< MetaData whole, or empty */
    bool hash_protected;      /**< the first token stamps metadata too */
    struct br_bytes name;     /**< of the document, UTF-8; or empty */
    struct br_bytes type;     /**< its media type; or empty */
    bool has_content;         /**< the document is inside */
    uint64_t content_at;      /**< its offset in the file */
    uint64_t content_bytes;
    struct br_tsd_stamp stamp[BR_TSD_STAMPS_MAX];
    size_t stamp_count;
};

/** Does a TimeStampedData begin so? 24 bytes are enough. */
bool br_tsd_is(struct br_bytes start);

/** All but the time-stamps. `start` is the file's, as much as there is up to
 *  BR_TSD_HEAD_BYTES_MAX; its size is `file_bytes`. The tail begins at
 *  content_at + content_bytes and ends with the file. Errors: MALFORMED,
 *  TRUNCATED, TRAILING, BAD_UTF8; MISSING_FIELD with neither document nor
 *  address. */
enum br_rc br_tsd_parse_head(
    struct br_bytes start,
    uint64_t file_bytes,
    struct br_tsd *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The time-stamps. UNSUPPORTED: evidence of another kind than RFC 3161's;
 *  MISSING_FIELD: none; TOO_LARGE: more than BR_TSD_STAMPS_MAX. */
enum br_rc br_tsd_parse_tail(
    struct br_bytes tail, struct br_tsd *t, struct br_err *reterr) BR_MUST_USE;

/** What comes before and after the document of this size. `name`, UTF-8 or
 *  empty, is told to readers and not protected: the ledger's token is over the
 *  document alone. Errors: TOO_LARGE, BAD_UTF8, NO_MEMORY. */
enum br_rc br_tsd_put(
    uint64_t content_bytes,
    struct br_bytes name,
    struct br_bytes token,
    struct br_buf *ret_head,
    struct br_buf *ret_tail,
    struct br_err *reterr) BR_MUST_USE;

#endif
