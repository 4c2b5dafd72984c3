/*
 * Status lists of others: fetched when they are needed, verified, and kept for
 * as long as they allow.
 *
 * - An address comes from a credential, so from whoever issued it: reach.h.
 * - A list counts when its token is signed under a chain that leads to somebody
 *   trusted, and is about that address (Token Status List section 8.3).
 * - Our own lists are not kept: what the desk revokes counts at once.
 * - One that cannot be fetched leaves the status unknown; an old copy whose
 *   time is over is not used instead.
 *
 * Used by one thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_STATUS_H
#define BR_VERIFIER_STATUS_H

#include "common/credential/status_list.h"
#include "common/crypto/x509_path.h"
#include "common/net/http_client.h"

struct br_status_reader;

/** trust and own_url are lent; own_url: where our own lists are, NULL: nowhere.
 */
enum br_rc br_status_reader_new(
    const struct br_x509_trust *trust,
    enum br_reach reach,
    const char *own_url,
    struct br_status_reader **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_status_reader_free(struct br_status_reader *r);

/** BR_OK: it is valid. status-invalid, status-suspended, status-other: it is
 *  not; status-fetch, status-token, jws-*, x5c-*: it is unknown. *ret_issued_s:
 *  of the list that told, 0 when none did. */
enum br_rc br_status_reader_check(
    struct br_status_reader *r,
    const struct br_status_reference *at,
    uint64_t now_s,
    uint64_t *ret_issued_s,
    struct br_err *reterr) BR_MUST_USE;
/** Does this failure say that the credential is not valid, or that nobody
 *  knows? */
bool br_status_is_verdict(const struct br_err *why);

#endif
