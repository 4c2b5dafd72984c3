/*
 * Calls to addresses that strangers chose: request_uri, offers, metadata,
 * status lists, did:web.
 *
 * - https, with a certificate that the system (or ca_file) trusts. Plain http
 *   only to this machine, and only where the configuration allows loopback: for
 *   development.
 * - The address that a name resolves to is looked at before the connection is
 *   made (reach.h), each time: a name that changes its mind gains nothing.
 * - No redirects, no proxies, no names and passwords in the address.
 * - Bounded in size and time.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_FETCH_H
#define BR_NET_FETCH_H

#include "common/net/http_client.h"

#define BR_FETCH_URL_BYTES_MAX    2048
#define BR_FETCH_ANSWER_BYTES_MAX (1024u * 1024)
#define BR_FETCH_TIMEOUT_MS       15000u

struct br_fetch_policy {
    bool allow_loopback;
    /** For an address of our own configuration alone, such as an identity
     *  provider of our network: it may resolve to a private address. */
    bool allow_private;
    const char *ca_file; /**< instead of the system's; or NULL */
};

struct br_fetch {
    const char *method; /**< NULL: "GET" */
    struct br_bytes url;
    const char *content_type;
    const char *accept;
    bool packed; /**< as in br_http_call */
    struct br_bytes body;
    const struct br_http_field *headers;
    size_t header_count;
    size_t answer_bytes_max; /**< 0: BR_FETCH_ANSWER_BYTES_MAX */
    unsigned timeout_ms;     /**< 0: BR_FETCH_TIMEOUT_MS */
};

/** Is this an address that br_fetch would try? FORBIDDEN, MALFORMED, with the
 *  reason. The network is not asked. */
enum br_rc br_fetch_check(
    const struct br_fetch_policy *policy,
    struct br_bytes url,
    struct br_err *reterr) BR_MUST_USE;

/** BR_OK for any answer but a redirect. FORBIDDEN: by the rules above, also
 *  for what a name resolves to, and for a redirect. Otherwise as br_http_call.
 */
enum br_rc br_fetch_call(
    struct br_http_client *c,
    const struct br_fetch_policy *policy,
    const struct br_fetch *f,
    int *ret_status,
    struct br_buf *ret_body,
    struct br_err *reterr) BR_MUST_USE;

#endif
