/*
 * An HTTP client (libcurl inside): one blocking call, with every bound set.
 *
 * - Only http and https; no redirects; TLS 1.2 at least; time and size bounded.
 * - An HTTP error is an answer: reading its problem document is the caller's
 *   matter.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_HTTP_CLIENT_H
#define BR_NET_HTTP_CLIENT_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/net/reach.h"

struct br_http_client;

/** A header of a request, beside those that have a member of their own. */
struct br_http_field {
    const char *name;
    const char *value;
};

struct br_http_call {
    const char *method; /**< "GET", "POST" */
    const char *url;    /**< http or https; no redirects are followed */
    const char *content_type;
    const char *accept;
    /** May the answer come as gzip? Sizes are of what it unpacks to. One that
     *  was cut passes for a shorter one: only for what is signed. */
    bool packed;
    const char *bearer;                  /**< token, or NULL */
    const char *idempotency_key;         /**< or NULL */
    const struct br_http_field *headers; /**< further ones */
    size_t header_count;
    struct br_bytes body;
    size_t answer_bytes_max;
    unsigned timeout_ms; /**< of the whole call; 0: none */
    const char *ca_file; /**< PEM to trust instead of the system's; or NULL */
    const char *certificate_file; /**< ours, PEM, with key_file; or NULL */
    const char *key_file;
    /** Addresses that strangers gave: FORBIDDEN when it leads elsewhere than
     *  to where it may. Such a call uses a connection of its own. */
    enum br_reach reach;
    /** Told as bytes go out, for progress; may be NULL. */
    void (*progress)(void *ctx, uint64_t sent, uint64_t total);
    void *progress_ctx;
    /** If set, the answer's body is handed over in pieces instead of being
     *  kept in *ret_body (for 2xx answers only). */
    enum br_rc (*sink)(void *ctx, struct br_bytes piece);
    void *sink_ctx;
};

/** One per thread; keeps connections alive between calls. */
enum br_rc br_http_client_new(
    struct br_http_client **ret, struct br_err *reterr) BR_MUST_USE;
void br_http_client_free(struct br_http_client *c);

/** BR_OK for any HTTP answer, whatever its status. The caller has initialised
 *  *ret_body; the answer is appended, up to the least of its maximum and
 *  answer_bytes_max (TOO_LARGE past it). MALFORMED: not an http or https
 *  address. NETWORK: no answer, or not in time. */
enum br_rc br_http_call(
    struct br_http_client *c,
    const struct br_http_call *call,
    int *ret_status,
    struct br_buf *ret_body,
    struct br_err *reterr) BR_MUST_USE;

/** A header of the last answer ("Content-Type", "Retry-After"), or NULL.
 *  Borrowed until the next call. */
const char *br_http_client_header(struct br_http_client *c, const char *name);

#endif
