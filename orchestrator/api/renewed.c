/*
 * What is issued again: more copies of a credential, and newer ones, for a
 * wallet that has refreshed its token.
 *
 * The person agreed once. What is issued under that is valid no longer than the
 * renewal lasts, or than what was issued first.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/api/issue.h"

#include "common/codec/json_write.h"
#include "common/crypto/seal.h"
#include "orchestrator/api/slow.h"
#include "orchestrator/source/source.h"
#include "orchestrator/store/renewals.h"

enum { HOUR_S = 3600 };

/** Until when it may be valid: a whole hour, as all times of copies. */
static enum br_rc
read_bounds(
    struct br_issuing *i, const struct br_offer *o, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_renewal r;
    struct br_issued whole = {.expires_s = 0};
    BR_TRY(br_kv_begin_read(i->api->kv, &txn, reterr));
    enum br_rc rc =
        br_renewal_check(txn, &i->bearer.offer, br_orch_now_s(), &r, reterr);
    if (rc == BR_OK) {
        rc = br_issued_get(
            txn, br_bytes(o->credential, sizeof(o->credential)), &whole,
            reterr);
    }
    br_kv_end(txn);
    BR_TRY(rc);
    uint64_t until_s = r.ends_s > whole.expires_s ? r.ends_s : whole.expires_s;
    i->until_s = until_s / HOUR_S * HOUR_S;
    return BR_OK;
}

bool
br_issuing_may_renew(struct br_issuing *i, const struct br_offer *o)
{
    struct br_err err;
    enum br_rc rc =
        i->type->renewal_s == 0
            ? br_fail(
                  &err, BR_ERR_CONFLICT, "this type is not renewed any more")
            : read_bounds(i, o, &err);
    if (rc == BR_ERR_CONFLICT) {
        br_orch_refuse(i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED, err.text);
    } else if (rc != BR_OK) {
        br_orch_fail(i->req, &err);
    }
    i->issue.renewed = rc == BR_OK;
    return rc == BR_OK;
}

static bool
asks_source(const struct br_issuing *i)
{
    return i->type->source.kind != BR_SOURCE_DESK && i->type->source.renew;
}

/** What goes wrong between us and a source is ours to know, not a wallet's. */
static enum br_rc
ask_source(struct br_issuing *i, struct br_json **ret, struct br_err *reterr)
{
    struct br_orch_api *api = i->api;
    struct br_err why;
    const struct br_source_home home = {
        api->data_dir, api->config->insecure_loopback, &api->stopping};
    enum br_rc rc = br_source_claims(
        &home, i->type, i->issue.issued.reference, &i->arena, ret, &why);
    if (rc == BR_OK) {
        return BR_OK;
    }
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "there are no claims any more to certify");
    }
    api->warning(api->warning_ctx, "source.failed", why.text);
    return br_fail(reterr, BR_ERR_BUSY, "the claims cannot be asked for now");
}

/** What the claims are today, in i's arena. kept: those of the offer. A type's
 *  source is asked again, when the type says so; else what was kept is what
 *  there is. */
static enum br_rc
claims_of_today(
    struct br_issuing *i,
    struct br_json *kept,
    struct br_json **ret,
    struct br_err *reterr)
{
    if (asks_source(i)) {
        return ask_source(i, ret, reterr);
    }
    *ret = kept;
    return br_type_check(i->type, *ret, reterr);
}

/** In place of what they may be borrowed from. */
static enum br_rc
put_claims(
    struct br_issuing *i, const struct br_json *claims, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 2u * BR_ORCH_CLAIMS_BYTES_MAX);
    enum br_rc rc = br_json_encode(claims, &b, reterr);
    if (rc != BR_OK) {
        br_buf_wipe(&b);
        return rc;
    }
    br_buf_wipe(&i->claims);
    i->claims = b;
    return BR_OK;
}

/** Refuses by itself: false. */
static bool
claims_again(struct br_issuing *i)
{
    struct br_json *kept;
    struct br_json *claims;
    struct br_err err;
    enum br_rc rc =
        br_json_parse(br_buf_bytes(&i->claims), &i->arena, &kept, &err);
    if (rc == BR_OK) {
        rc = claims_of_today(i, kept, &claims, &err);
        if (rc != BR_OK && rc != BR_ERR_BUSY) {
            br_orch_refuse(
                i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED, err.text);
            return false;
        }
    }
    if (rc == BR_OK) {
        rc = put_claims(i, claims, &err);
    }
    if (rc != BR_OK) {
        br_orch_fail(i->req, &err);
    }
    return rc == BR_OK;
}

static void
renew(void *ctx, bool stopping)
{
    struct br_issuing *i = (struct br_issuing *)ctx;
    struct br_err err;
    if (stopping) {
        (void)br_fail(&err, BR_ERR_STOPPING, "the issuer");
        br_orch_fail(i->req, &err);
        br_issuing_free(i);
    } else if (claims_again(i)) {
        br_issuing_go(i);
    } else {
        br_issuing_free(i);
    }
}

void
br_issuing_renew(struct br_issuing *i)
{
    struct br_err err;
    if (!asks_source(i)) {
        renew(i, false);
    } else if (br_slow_submit(i->api->slow, renew, i, &err) != BR_OK) {
        br_orch_fail(i->req, &err);
        br_issuing_free(i);
    }
}
