/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "node/api/api.h"
#include "node/gateway/rate.h"

#include <time.h>

struct br_time_us
br_api_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (struct br_time_us){
        (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u};
}

/* ---- who may ------------------------------------------------------------ */

static enum br_rc
check_token(
    struct br_api *api,
    struct br_http_request *req,
    enum br_scope scope,
    uint32_t cost,
    struct br_token *ret,
    struct br_err *reterr)
{
    static const char bearer[] = "Bearer ";
    const char *h = br_http_header(req, "Authorization");
    if (h == NULL || strncasecmp(h, bearer, sizeof(bearer) - 1) != 0) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED,
            "this needs a token: Authorization: Bearer ...");
    }
    return br_tokens_check(
        api->tokens, br_str(h + sizeof(bearer) - 1), scope, br_api_now(), cost,
        ret, reterr);
}

bool
br_api_authorise(
    struct br_api *api,
    struct br_http_request *req,
    enum br_scope scope,
    uint32_t cost,
    unsigned *ret_member)
{
    struct br_token token;
    struct br_err err;
    enum br_rc rc = check_token(api, req, scope, cost, &token, &err);
    int member = -1;
    if (rc == BR_OK) {
        member = br_gateway_member(api->gateway, br_str(token.member));
        if (member < 0) {
            rc = br_fail(
                &err, BR_ERR_FORBIDDEN, "this node has no key of %s",
                token.member);
        }
    }
    if (rc != BR_OK) {
        br_http_reply_problem(req, &err);
        return false;
    }
    *ret_member = (unsigned)member;
    return true;
}

bool
br_api_authorise_open(
    struct br_api *api,
    struct br_http_request *req,
    enum br_scope scope,
    unsigned *ret_member)
{
    if (!api->open_stamping || br_http_header(req, "Authorization") != NULL) {
        return br_api_authorise(api, req, scope, 1, ret_member);
    }
    struct br_hash peer;
    br_sha256(br_str(br_http_peer(req)), &peer);
    if (!br_rates_admit(
            api->open_rates, &peer, api->open_rate_per_s, api->open_rate_per_s,
            1, br_api_now())) {
        struct br_err err;
        (void)br_fail(
            &err, BR_ERR_RATE_EXCEEDED, "%u requests a second without a token",
            api->open_rate_per_s);
        br_http_reply_problem(req, &err);
        return false;
    }
    *ret_member = 0;
    return true;
}

bool
br_api_may_read(struct br_api *api, struct br_http_request *req)
{
    struct br_token token;
    struct br_err err;
    if (!api->reading_needs_token ||
        check_token(api, req, BR_SCOPE_READ, 1, &token, &err) == BR_OK) {
        return true;
    }
    br_http_reply_problem(req, &err);
    return false;
}

/* ---- answers ------------------------------------------------------------ */

bool
br_api_snapshot(
    struct br_api *api, struct br_http_request *req, struct br_snapshot *ret)
{
    struct br_err err;
    if (br_snapshot_open(api->chain, ret, &err) == BR_OK) {
        return true;
    }
    br_http_reply_problem(req, &err);
    return false;
}

static void
reply(
    struct br_http_request *req,
    int status,
    const char *content_type,
    struct br_buf *b)
{
    struct br_err err;
    if (br_buf_status(b, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
    } else {
        struct br_http_answer a = {
            .status = status, .content_type = content_type, .take = b};
        br_http_reply(req, &a);
    }
    br_buf_fini(b);
}

void
br_api_reply_json(struct br_http_request *req, int status, struct br_buf *b)
{
    reply(req, status, "application/json", b);
}

void
br_api_reply_text(
    struct br_http_request *req, const char *content_type, struct br_buf *b)
{
    reply(req, 200, content_type, b);
}

bool
br_api_number(struct br_http_request *req, const char *text, uint64_t *ret)
{
    struct br_err err;
    if (br_decimal_parse(br_str(text), ret, &err) == BR_OK) {
        return true;
    }
    (void)br_fail(
        &err, BR_ERR_MALFORMED, "%.40s: a whole number is wanted", text);
    br_http_reply_problem(req, &err);
    return false;
}

enum br_rc
br_api_current(
    struct br_api *api,
    struct br_snapshot *s,
    struct br_publication *note,
    struct br_err *reterr)
{
    BR_TRY(br_publisher_published(api->publisher, note, reterr));
    enum br_rc rc = br_snapshot_open(api->chain, s, reterr);
    if (rc != BR_OK) {
        br_buf_fini(&note->note);
        return rc;
    }
    /* The snapshot may be larger by the blocks that came since: proofs are
     * made for the note's size. */
    return BR_OK;
}
