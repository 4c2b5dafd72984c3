/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/session.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/net/router.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    AUTHORIZATION_BYTES = 4096,
    SHOWN_MAX = 120,
    REQUEST_BYTES_MAX = 4 * 1024 * 1024,
};

uint64_t
br_client_now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec;
}

/* ---- answers ------------------------------------------------------------ */

enum br_rc
br_session_refused(
    const char *what,
    int status,
    const struct br_json *answer,
    struct br_err *reterr)
{
    char text[BR_OAUTH_DESCRIPTION_BYTES] = "";
    if (answer != NULL && answer->raw.n > 0) {
        br_oauth_error_read(answer->raw, text);
    }
    return br_fail(
        reterr, BR_ERR_ISSUER_REFUSED, "%s: the issuer answered %d%s%s", what,
        status, text[0] == '\0' ? "" : ": ", text);
}

bool
br_session_is(const struct br_json *answer, enum br_oauth_error e)
{
    return br_json_is(br_json_member(answer, "error"), br_oauth_error_name(e));
}

/** The body as JSON in the arena; NULL when it is none. */
static enum br_rc
read_answer(
    struct br_http_client *http,
    const struct br_buf *body,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    const char *type = br_http_client_header(http, "Content-Type");
    *ret = NULL;
    if (body->n == 0 || type == NULL ||
        !br_media_type_is(type, "application/json")) {
        return BR_OK;
    }
    const char *copy = br_arena_copy(arena, br_buf_bytes(body));
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an answer");
    }
    return br_json_parse(br_bytes(copy, body->n), arena, ret, reterr);
}

/** "When encryption of a message was required but the received message is
 *  unencrypted, it SHOULD be rejected" (section 10). */
static enum br_rc
read_sealed(
    struct br_http_client *http,
    const struct br_envelope *e,
    const struct br_buf *body,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    const char *type = br_http_client_header(http, "Content-Type");
    struct br_bytes plain;
    if (type == NULL || !br_media_type_is(type, "application/jwt")) {
        return br_refuse(
            reterr, BR_RULE_VCI_PLAIN, "the answer is not application/jwt");
    }
    const char *copy = br_arena_copy(arena, br_buf_bytes(body));
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an answer");
    }
    BR_TRY(br_envelope_open(e, br_bytes(copy, body->n), arena, &plain, reterr));
    return br_json_parse(plain, arena, ret, reterr);
}

static int
shown(struct br_bytes url)
{
    return (int)(url.n > SHOWN_MAX ? SHOWN_MAX : url.n);
}

enum br_rc
br_session_get(
    const struct br_wallet_client *client,
    const struct br_session_place *place,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_fetch f = {
        .url = place->url,
        .accept = "application/json",
        .answer_bytes_max = place->bytes_max,
    };
    struct br_buf body;
    struct br_json *v = NULL;
    int status = 0;
    br_buf_init(&body, place->bytes_max);
    enum br_rc rc = br_fetch_call(
        client->http, &client->policy, &f, &status, &body, reterr);
    if (rc == BR_OK && place->gone != NULL &&
        (status == 404 || status == 410)) {
        rc = br_fail(reterr, BR_ERR_NOT_FOUND, "%s", place->gone);
    }
    if (rc == BR_OK && status != 200) {
        rc = br_fail(
            reterr, BR_ERR_ISSUER_REFUSED, "%.*s answered %d",
            shown(place->url), (const char *)place->url.p, status);
    }
    if (rc == BR_OK) {
        rc = read_answer(client->http, &body, arena, &v, reterr);
    }
    if (rc == BR_OK && v == NULL) {
        rc = br_fail(
            reterr, BR_ERR_MEDIA_TYPE,
            "%.*s answered something that is no JSON", shown(place->url),
            (const char *)place->url.p);
    }
    if (rc == BR_OK) {
        *ret = v;
    }
    br_buf_fini(&body);
    return rc;
}

/* ---- calls -------------------------------------------------------------- */

static struct br_bytes
without_query(struct br_bytes url)
{
    size_t n = 0;
    while (n < url.n && url.p[n] != '?' && url.p[n] != '#') {
        n++;
    }
    return br_bytes(url.p, n);
}

static enum br_rc
make_proof(
    const struct br_session *s,
    const struct br_session_call *call,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char id[BR_WALLET_ID_BYTES + 1];
    br_holding_new_id(id);
    const struct br_dpop d = {
        .method = br_str("POST"),
        .url = without_query(call->url),
        .id = br_str(id),
        .token = call->authorized ? br_str(s->token) : br_bytes(NULL, 0),
        .nonce = br_str(s->nonce),
        .issued_s = s->now_s,
    };
    BR_TRY(br_dpop_make(&d, BR_ALG_ES256, s->dpop, ret, reterr));
    br_buf_put(ret, "", 1);
    return br_buf_status(ret, reterr);
}

/** The headers DPoP and Authorization, as far as they are needed. */
struct headers {
    struct br_buf proof;
    char authorization[AUTHORIZATION_BYTES];
    struct br_http_field fields[2];
    size_t count;
};

static enum br_rc
make_headers(
    const struct br_session *s,
    const struct br_session_call *call,
    struct headers *h,
    struct br_err *reterr)
{
    if (s->dpop != NULL) {
        BR_TRY(make_proof(s, call, &h->proof, reterr));
        h->fields[h->count++] =
            (struct br_http_field){"DPoP", (const char *)h->proof.p};
    }
    if (call->authorized) {
        int n = snprintf(
            h->authorization, sizeof(h->authorization), "%s %s",
            s->dpop != NULL ? "DPoP" : "Bearer", s->token);
        if (n < 0 || (size_t)n >= sizeof(h->authorization)) {
            return br_fail(reterr, BR_ERR_TOO_LARGE, "the token is too long");
        }
        h->fields[h->count++] =
            (struct br_http_field){"Authorization", h->authorization};
    }
    return BR_OK;
}

static enum br_rc
post_once(
    struct br_session *s,
    const struct br_session_call *call,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct headers h = {.count = 0};
    struct br_buf body;
    br_buf_init(&h.proof, BR_DPOP_BYTES_MAX);
    br_buf_init(&body, call->answer_bytes_max);
    enum br_rc rc = make_headers(s, call, &h, reterr);
    const struct br_fetch f = {
        .method = "POST",
        .url = call->url,
        .content_type = call->content_type,
        .accept = "application/json",
        .body = call->body,
        .headers = h.fields,
        .header_count = h.count,
        .answer_bytes_max = call->answer_bytes_max,
    };
    if (rc == BR_OK) {
        rc = br_fetch_call(
            s->client->http, &s->client->policy, &f, ret_status, &body, reterr);
    }
    bool sealed = call->envelope != NULL && call->envelope->response &&
                  rc == BR_OK && *ret_status >= 200 && *ret_status < 300;
    if (rc == BR_OK) {
        rc = sealed
                 ? read_sealed(
                       s->client->http, call->envelope, &body, s->arena, ret,
                       reterr)
                 : read_answer(s->client->http, &body, s->arena, ret, reterr);
    }
    br_wipe(h.authorization, sizeof(h.authorization));
    br_buf_wipe(&h.proof);
    br_buf_wipe(&body);
    return rc;
}

/** RFC 9449 sections 8 and 9: in the body's error, or in WWW-Authenticate. A
 *  nonce that comes with any answer serves the next call. */
static bool
nonce_is_asked(struct br_session *s, int status, const struct br_json *answer)
{
    struct br_http_client *http = s->client->http;
    const char *nonce = br_http_client_header(http, "DPoP-Nonce");
    const char *challenge = br_http_client_header(http, "WWW-Authenticate");
    if (nonce == NULL || strlen(nonce) >= sizeof(s->nonce)) {
        return false;
    }
    bool known = strcmp(nonce, s->nonce) == 0;
    (void)snprintf(s->nonce, sizeof(s->nonce), "%s", nonce);
    bool asked =
        (status == 400 && br_session_is(answer, BR_OAUTH_USE_DPOP_NONCE)) ||
        (status == 401 && challenge != NULL &&
         strstr(challenge, "use_dpop_nonce") != NULL);
    return asked && !known;
}

static enum br_rc
post(
    struct br_session *s,
    const struct br_session_call *call,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    BR_TRY(post_once(s, call, ret_status, ret, reterr));
    if (s->dpop != NULL && nonce_is_asked(s, *ret_status, *ret)) {
        BR_TRY(post_once(s, call, ret_status, ret, reterr));
        (void)nonce_is_asked(s, *ret_status, *ret);
    }
    return BR_OK;
}

enum br_rc
br_session_post(
    struct br_session *s,
    const struct br_session_call *call,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_session_call sealed = *call;
    struct br_buf b;
    if (call->envelope == NULL || !call->envelope->request) {
        return post(s, call, ret_status, ret, reterr);
    }
    br_buf_init(&b, REQUEST_BYTES_MAX);
    enum br_rc rc = br_envelope_seal(call->envelope, call->body, &b, reterr);
    sealed.body = br_buf_bytes(&b);
    sealed.content_type = "application/jwt";
    if (rc == BR_OK) {
        rc = post(s, &sealed, ret_status, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- keys in rows ------------------------------------------------------- */

enum br_rc
br_row_put_key(
    struct br_json_writer *w,
    const struct br_private_key *k,
    struct br_err *reterr)
{
    uint8_t secret[BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    BR_TRY(br_private_key_export(k, secret, &n, reterr));
    br_json_write_base64url(w, br_bytes(secret, n));
    br_wipe(secret, sizeof(secret));
    return BR_OK;
}

enum br_rc
br_row_read_key(
    struct br_bytes text, struct br_private_key **ret, struct br_err *reterr)
{
    uint8_t secret[BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    enum br_rc rc =
        br_base64url_parse(text, secret, sizeof(secret), &n, reterr);
    if (rc == BR_OK) {
        rc = br_private_key_new(BR_KEY_P256, br_bytes(secret, n), ret, reterr);
    }
    br_wipe(secret, sizeof(secret));
    return rc;
}
