/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/net/fetch.h"

#include <stdio.h>
#include <strings.h>

/** The host and port of an address, without its brackets. */
static struct br_bytes
host_of(struct br_bytes rest)
{
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' &&
           rest.p[end] != '#') {
        end++;
    }
    return br_bytes(rest.p, end);
}

static bool
is_this_machine(struct br_bytes host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i]);
        if (host.n >= n &&
            strncasecmp((const char *)host.p, names[i], n) == 0 &&
            (host.n == n || host.p[n] == ':')) {
            return true;
        }
    }
    return false;
}

static enum br_rc
check_characters(struct br_bytes url, struct br_err *reterr)
{
    if (url.n == 0 || url.n > BR_FETCH_URL_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "an address has 1 to %d bytes",
            BR_FETCH_URL_BYTES_MAX);
    }
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= 0x20 || url.p[i] >= 0x7f || url.p[i] == '\\') {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i,
                "an address has no spaces, and only ASCII");
        }
    }
    return BR_OK;
}

enum br_rc
br_fetch_check(
    const struct br_fetch_policy *policy,
    struct br_bytes url,
    struct br_err *reterr)
{
    BR_TRY(check_characters(url, reterr));
    bool https = url.n > 8 && memcmp(url.p, "https://", 8) == 0;
    bool http = url.n > 7 && memcmp(url.p, "http://", 7) == 0;
    if (!https && !http) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "%.*s: only https:// is fetched",
            (int)(url.n > 60 ? 60 : url.n), (const char *)url.p);
    }
    size_t scheme = https ? 8 : 7;
    struct br_bytes host = host_of(br_bytes(url.p + scheme, url.n - scheme));
    if (host.n == 0 || memchr(host.p, '@', host.n) != NULL) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN,
            "%.*s: an address names a host, and nobody's name or password",
            (int)(url.n > 60 ? 60 : url.n), (const char *)url.p);
    }
    bool here = is_this_machine(host);
    if (here && !policy->allow_loopback) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN,
            "%.*s: this machine is asked only with allow_loopback, which a "
            "command may have as --allow-loopback",
            (int)(url.n > 60 ? 60 : url.n), (const char *)url.p);
    }
    if (http && !here) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "%.*s: only https:// is fetched",
            (int)(url.n > 60 ? 60 : url.n), (const char *)url.p);
    }
    return BR_OK;
}

enum br_rc
br_fetch_call(
    struct br_http_client *c,
    const struct br_fetch_policy *policy,
    const struct br_fetch *f,
    int *ret_status,
    struct br_buf *ret_body,
    struct br_err *reterr)
{
    char url[BR_FETCH_URL_BYTES_MAX + 1];
    int status = 0;
    BR_TRY(br_fetch_check(policy, f->url, reterr));
    (void)snprintf(
        url, sizeof(url), "%.*s", (int)f->url.n, (const char *)f->url.p);
    const struct br_http_call call = {
        .method = f->method == NULL ? "GET" : f->method,
        .url = url,
        .content_type = f->content_type,
        .accept = f->accept,
        .packed = f->packed,
        .body = f->body,
        .headers = f->headers,
        .header_count = f->header_count,
        .answer_bytes_max = f->answer_bytes_max == 0 ? BR_FETCH_ANSWER_BYTES_MAX
                                                     : f->answer_bytes_max,
        .timeout_ms = f->timeout_ms == 0 ? BR_FETCH_TIMEOUT_MS : f->timeout_ms,
        .ca_file = policy->ca_file,
        .reach = policy->allow_private    ? BR_REACH_ANY
                 : policy->allow_loopback ? BR_REACH_PUBLIC_OR_LOOPBACK
                                          : BR_REACH_PUBLIC,
    };
    BR_TRY(br_http_call(c, &call, &status, ret_body, reterr));
    if (status >= 300 && status <= 399) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN,
            "%.100s sends us elsewhere (%d): redirects are not followed", url,
            status);
    }
    *ret_status = status;
    return BR_OK;
}
