/* Its status: today's, or as the issuer had published it by a day, with the
 * ledger's word for that. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/credential.h"
#include "cli/verify_receipt.h"
#include "common/credential/rule.h"
#include "common/crypto/files.h"
#include "common/net/fetch.h"
#include "common/service/json.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TOKEN_BYTES_MAX = 16 * 1024 * 1024,
    PEM_BYTES_MAX = 1024 * 1024,
    /* Later than this, a stamp says nothing about the day itself. */
    STAMP_LATE_S = 86400,
};

struct look {
    struct br_cred_report *r;
    struct br_status_reference ref;
    struct br_buf answer;
    struct br_bytes token;
    struct br_bytes proof; /**< of the ledger; empty: none */
    struct br_x509_trust *trust;
    struct br_status_token claims;
    struct br_status_list list;
    bool past;
};

/* ---- fetching ----------------------------------------------------------- */

/** *ret_status: 200 or 404; other answers are refused. */
static enum br_rc
get(struct look *l,
    const char *url,
    const char *accept,
    int *ret_status,
    struct br_err *reterr)
{
    const struct br_fetch_policy policy = {
        .allow_loopback = l->r->a->allow_loopback};
    const struct br_fetch f = {
        .url = br_str(url),
        .accept = accept,
        .answer_bytes_max = TOKEN_BYTES_MAX,
    };
    struct br_http_client *http = NULL;
    struct br_err why = {0};
    br_buf_clear(&l->answer);
    BR_TRY(br_http_client_new(&http, reterr));
    enum br_rc rc =
        br_fetch_call(http, &policy, &f, ret_status, &l->answer, &why);
    br_http_client_free(http);
    if (rc != BR_OK) {
        return br_refuse(reterr, BR_RULE_STATUS_FETCH, "%s", why.text);
    }
    return *ret_status == 200 || *ret_status == 404
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_STATUS_FETCH, "%.120s answers %d", url,
                     *ret_status);
}

static enum br_rc
get_token(struct look *l, const char *url, struct br_err *reterr)
{
    int status = 0;
    BR_TRY(get(l, url, "application/statuslist+jwt", &status, reterr));
    if (status != 200) {
        return br_refuse(
            reterr, BR_RULE_STATUS_FETCH, "there is none at %.150s", url);
    }
    l->token = br_buf_bytes(&l->answer);
    return BR_OK;
}

/** {"issued", "token", "tlog_proof" or null, "node"} */
static enum br_rc
read_published(struct look *l, struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_arena *arena = &l->r->arena;
    BR_TRY(br_json_parse(br_buf_bytes(&l->answer), arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "token", &l->token, reterr));
    const struct br_json *proof = br_json_member(v, "tlog_proof");
    if (proof != NULL && proof->kind != BR_JSON_NULL) {
        BR_TRY(br_json_need_string(v, "tlog_proof", &l->proof, reterr));
    }
    return BR_OK;
}

/** What our bodies keep, with its receipt; where there is none, what the
 *  specification has (section 8.4): the word of today about that day. */
static enum br_rc
get_past(struct look *l, struct br_err *reterr)
{
    char url[BR_FETCH_URL_BYTES_MAX];
    int status = 0;
    unsigned long long at_s = l->r->now_s;
    int n = (int)l->ref.uri.n;
    const char *uri = (const char *)l->ref.uri.p;
    (void)snprintf(url, sizeof(url), "%.*s/published?time=%llu", n, uri, at_s);
    BR_TRY(get(l, url, "application/json", &status, reterr));
    if (status == 200) {
        return read_published(l, reterr);
    }
    (void)snprintf(url, sizeof(url), "%.*s?time=%llu", n, uri, at_s);
    return get_token(l, url, reterr);
}

static enum br_rc
fetch(struct look *l, struct br_err *reterr)
{
    char url[BR_FETCH_URL_BYTES_MAX];
    if (l->ref.uri.n + 64 > sizeof(url)) {
        return br_refuse(
            reterr, BR_RULE_STATUS_FETCH, "the list's address is too long");
    }
    if (l->past) {
        return get_past(l, reterr);
    }
    (void)snprintf(
        url, sizeof(url), "%.*s", (int)l->ref.uri.n,
        (const char *)l->ref.uri.p);
    return get_token(l, url, reterr);
}

/* ---- the list ----------------------------------------------------------- */

static enum br_rc
load_trust(struct look *l, struct br_err *reterr)
{
    struct br_buf pem;
    if (l->r->a->trust == NULL) {
        return br_refuse(
            reterr, BR_RULE_X5C_NOT_TRUSTED,
            "name the authorities that you trust with --trust CA.pem");
    }
    br_buf_init(&pem, PEM_BYTES_MAX);
    enum br_rc rc = br_file_read(l->r->a->trust, &pem, reterr);
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&pem), &l->trust, reterr);
    }
    br_buf_fini(&pem);
    return rc;
}

/** Signed under a trusted chain, about this list. What was published is judged
 *  at the moment of which it is: it may have expired since. */
static enum br_rc
open_list(struct look *l, struct br_err *reterr)
{
    static const char *const types[] = {BR_STATUS_LIST_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = TOKEN_BYTES_MAX,
    };
    struct br_jws jws = {0};
    struct br_bytes payload = {0};
    struct br_json *v = NULL;
    struct br_arena *arena = &l->r->arena;
    uint64_t at_s = l->r->now_s;
    BR_TRY(br_jws_parse(l->token, &policy, arena, &jws, reterr));
    BR_TRY(br_json_parse(jws.unverified_payload, arena, &v, reterr));
    if (l->proof.n > 0) {
        BR_TRY(br_json_need_uint(v, "iat", &at_s, reterr));
        if (at_s > l->r->now_s) {
            return br_refuse(
                reterr, BR_RULE_STATUS_IAT, "it was issued after that day");
        }
    }
    const struct br_x5c_policy x5c = {
        .trust = l->trust, .unix_seconds = (int64_t)at_s};
    BR_TRY(br_jws_verify_x5c(&jws, &x5c, &payload, reterr));
    BR_TRY(br_json_parse(payload, arena, &v, reterr));
    return br_status_token_parse(
        v, l->ref.uri, at_s, &l->claims, &l->list, reterr);
}

/* ---- the stamp ---------------------------------------------------------- */

static void
step_time(char out[28], uint64_t seconds)
{
    br_time_text((struct br_time_us){seconds * 1000000u}, out);
    out[19] = 'Z'; /* whole seconds */
    out[20] = '\0';
}

static enum br_rc
check_stamp(struct look *l, struct br_cli_verifying *v, struct br_err *reterr)
{
    char time[28];
    struct br_cred_report *r = l->r;
    br_buf_put(&v->receipt, l->proof.p, l->proof.n);
    BR_TRY(br_buf_status(&v->receipt, reterr));
    BR_TRY(br_cli_verify_receipt(v, reterr));
    uint64_t stamped_s = v->result.leaf.time.v / 1000000u;
    step_time(time, stamped_s);
    if (stamped_s > r->now_s + STAMP_LATE_S) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID,
            "it came into the ledger at %s, long after that day", time);
    }
    br_cred_step(
        r, "stamp", BR_CRED_OK, "entry %llu of %.*s, at %s",
        (unsigned long long)v->result.index, (int)v->result.origin.n,
        (const char *)v->result.origin.p, time);
    return BR_OK;
}

static enum br_rc
verify_stamp(struct look *l, struct br_err *reterr)
{
    struct br_cred_report *r = l->r;
    if (l->proof.n == 0) {
        br_cred_step(
            r, "stamp", BR_CRED_SKIPPED, "%s",
            l->past ? "none: it is the issuer's word of today" : "");
        return BR_OK;
    }
    struct br_cli_verifying *v =
        (struct br_cli_verifying *)calloc(1, sizeof(*v));
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "memory for a receipt");
    }
    v->a = r->a;
    v->document = l->token;
    br_cli_verifying_init(v);
    enum br_rc rc = check_stamp(l, v, reterr);
    br_cli_verifying_fini(v);
    free(v);
    if (rc != BR_OK) {
        br_cred_step(r, "stamp", BR_CRED_FAILED, "%s", reterr->text);
    }
    return rc;
}

/* ---- the verdict -------------------------------------------------------- */

static enum br_rc
judge(struct look *l, struct br_err *reterr)
{
    unsigned status = 0;
    char time[28];
    struct br_cred_report *r = l->r;
    BR_TRY(br_status_list_get(&l->list, l->ref.index, &status, reterr));
    step_time(time, l->claims.issued_s);
    bool valid = status == BR_STATUS_VALID;
    br_cred_step(
        r, "status", valid ? BR_CRED_OK : BR_CRED_FAILED,
        "%s, by the list of %s", br_status_name(status), time);
    if (valid) {
        return BR_OK;
    }
    return br_refuse(
        reterr,
        status == BR_STATUS_INVALID     ? BR_RULE_STATUS_INVALID
        : status == BR_STATUS_SUSPENDED ? BR_RULE_STATUS_SUSPENDED
                                        : BR_RULE_STATUS_OTHER,
        "%s, by the list of %s", br_status_name(status), time);
}

static enum br_rc
examine(struct look *l, struct br_err *reterr)
{
    struct br_cred_report *r = l->r;
    enum br_rc rc = load_trust(l, reterr);
    if (rc == BR_OK) {
        rc = fetch(l, reterr);
    }
    if (rc == BR_OK) {
        rc = open_list(l, reterr);
    }
    br_cred_step(
        r, "list", rc == BR_OK ? BR_CRED_OK : BR_CRED_FAILED, "%.150s",
        rc == BR_OK ? "signed under a trusted chain, about the address that "
                      "the credential names"
                    : reterr->text);
    BR_TRY(rc);
    BR_TRY(verify_stamp(l, reterr));
    return judge(l, reterr);
}

void
br_cred_examine_status(struct br_cred_report *r)
{
    struct look l = {.r = r, .past = r->a->at != NULL};
    if (r->rc != BR_OK) {
        return;
    }
    if (!r->read || !r->vc.has_status) {
        r->rc = br_fail(
            &r->err, BR_ERR_NOT_FOUND, "%s",
            r->read ? "it names no status list" : "this is no credential");
        return;
    }
    l.ref = r->vc.status;
    br_buf_init(&l.answer, TOKEN_BYTES_MAX);
    r->rc = examine(&l, &r->err);
    br_status_list_fini(&l.list);
    br_x509_trust_free(l.trust);
    br_buf_fini(&l.answer);
}
