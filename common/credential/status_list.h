/*
 * Token Status List (draft-ietf-oauth-status-list-20): one list says of many
 * credentials whether each is valid, in a few bits, packed.
 *
 * - A list has 1, 2, 4 or 8 bits a credential; the first is in the lowest bits
 *   of the first byte (section 4.1).
 * - What a credential says of itself is a reference: {"status":{"status_list":
 *   {"idx":N,"uri":"https://..."}}} (section 6.2).
 * - The token that carries a list is a JWT of typ statuslist+jwt (section 5.1);
 *   here are its claims, common/credential/jws.h signs and verifies it. Verify
 *   the token first, look at the status then (section 8.3).
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_STATUS_LIST_H
#define BR_CREDENTIAL_STATUS_LIST_H

#include "common/base/buf.h"
#include "common/codec/json.h"

/* As many as a hundred million: with one bit 12.5 MB unpacked. */
#define BR_STATUS_LIST_COUNT_MAX 100000000u
#define BR_STATUS_LIST_BYTES_MAX (100u * 1024 * 1024)
#define BR_STATUS_LIST_TYP       "statuslist+jwt"

/** Section 7.1; other values are the application's own. */
enum br_status {
    BR_STATUS_VALID = 0,
    BR_STATUS_INVALID = 1,
    BR_STATUS_SUSPENDED = 2,
};
/** "valid", "invalid", "suspended", or "application-specific". */
const char *br_status_name(unsigned status);

struct br_status_list {
    unsigned bits;
    uint64_t count; /**< a multiple of 8 / bits, as the bytes are whole */
    struct br_buf bytes;
};

/** All valid; count is rounded up to whole bytes. status-bits; status-size:
 *  more than BR_STATUS_LIST_COUNT_MAX; NO_MEMORY. */
enum br_rc br_status_list_init(
    struct br_status_list *l,
    unsigned bits,
    uint64_t count,
    struct br_err *reterr) BR_MUST_USE;
void br_status_list_fini(struct br_status_list *l);

/** status-index; for put, status-value too. */
enum br_rc br_status_list_get(
    const struct br_status_list *l,
    uint64_t index,
    unsigned *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_status_list_put(
    struct br_status_list *l,
    uint64_t index,
    unsigned status,
    struct br_err *reterr) BR_MUST_USE;

/** {"bits":1,"lst":"..."[,"aggregation_uri":"..."]} (section 4.2); NULL: no
 *  aggregation_uri. */
enum br_rc br_status_list_encode(
    const struct br_status_list *l,
    const char *aggregation_uri,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** The object of section 4.2. max_bytes bounds what is unpacked. status-form,
 *  status-bits, status-lst, status-size. */
enum br_rc br_status_list_parse(
    const struct br_json *v,
    size_t max_bytes,
    struct br_status_list *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The claims of a token, apart from the list. Times in seconds. */
struct br_status_token {
    struct br_bytes subject; /**< the list's URI */
    struct br_bytes issuer;  /**< optional: empty */
    uint64_t issued_s;
    uint64_t expires_s; /**< 0: none */
    uint64_t ttl_s;     /**< how long a copy may be kept; 0: not said */
    struct br_bytes aggregation_uri;
};
/** The JWT's payload. */
enum br_rc br_status_token_encode(
    const struct br_status_token *t,
    const struct br_status_list *l,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** Claims and list of a verified token's payload (section 8.3 steps 3 and 4):
 *  subject is the URI that the credential names, byte for byte; it was issued
 *  by now and has not expired. What it borrows is the payload's. The rules
 *  status-*. */
enum br_rc br_status_token_parse(
    const struct br_json *payload,
    struct br_bytes uri,
    uint64_t now_s,
    struct br_status_token *ret,
    struct br_status_list *ret_list,
    struct br_err *reterr) BR_MUST_USE;

struct br_status_reference {
    uint64_t index;
    struct br_bytes uri;
};
/** Of a credential's claims (section 6.2). NOT_FOUND: it has no status;
 *  vc-status: it has one that cannot be read. */
enum br_rc br_status_reference_parse(
    const struct br_json *claims,
    struct br_status_reference *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
