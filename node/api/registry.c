/* SPDX-License-Identifier: EUPL-1.2 */
/* The registry in our own shapes: DIDs, issuers, accreditations. */
#include "common/codec/text.h"
#include "node/api/trust.h"
#include "node/ledger/member.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 500, SHOWN_MAX = 100 };

/* ---- one DID ------------------------------------------------------------ */

static void
put_methods(struct br_trust_reading *r, const struct br_op *op)
{
    struct br_did_window w[BR_DID_METHODS_MAX];
    size_t n = br_op_windows(op, w);
    br_json_write_name(&r->w, "windows");
    br_json_write_array(&r->w);
    for (size_t i = 0; i < n; i++) {
        br_json_write_object(&r->w);
        br_trust_put_string(&r->w, "method", w[i].method);
        br_trust_put_time(&r->w, "not_before", w[i].not_before);
        br_trust_put_time(&r->w, "not_after", w[i].not_after);
        br_json_write_end(&r->w);
    }
    br_json_write_end(&r->w);
}

void
br_trust_put_member(struct br_trust_reading *r, const char *id)
{
    uint8_t key[BR_STATE_KEY_BYTES_MAX];
    struct br_bytes value;
    struct br_member m;
    size_t n = br_member_state_key(key, 'M', br_str(id));
    br_trust_put_string(&r->w, "member", br_str(id));
    if (r->view.get(r->view.ctx, br_bytes(key, n), &value, NULL) == BR_OK &&
        br_member_parse(value, &m, NULL) == BR_OK) {
        br_trust_put_string(&r->w, "name", m.name);
    }
}

void
br_trust_put_did_head(
    struct br_trust_reading *r,
    struct br_bytes did,
    const struct br_did_head *head)
{
    bool off = br_trust_did_deactivated_at(head, r->at);
    br_trust_put_string(&r->w, "did", did);
    br_trust_put_member(r, head->member);
    br_trust_put_uint(&r->w, "versions", head->versions);
    br_trust_put_uint(&r->w, "accreditations", head->accreditations);
    br_json_write_name(&r->w, "active");
    br_json_write_boolean(&r->w, !off);
    br_trust_put_time(&r->w, "deactivated", head->deactivated);
    if (head->deactivated.v != 0) {
        br_trust_put_uint(&r->w, "deactivated_leaf", head->deactivated_leaf);
    }
}

static enum br_rc
read_did(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_did_reading d;
    struct br_bytes did = br_str(br_http_param(r->req, 0));
    BR_TRY(br_trust_read_did(r, did, &d, reterr));
    br_json_write_object(&r->w);
    br_trust_put_did_head(r, did, &d.head);
    br_trust_put_time(&r->w, "valid_at", r->at);
    br_trust_put_uint(&r->w, "version", d.version);
    br_trust_put_time(&r->w, "time", d.row.time);
    br_trust_put_uint(&r->w, "leaf", d.row.leaf);
    put_methods(r, &d.row.op);
    br_json_write_name(&r->w, "document");
    br_json_write_value(&r->w, d.document);
    br_trust_put_operation(&r->w, &d.row.op);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_did(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_did);
}

/* ---- all DIDs ----------------------------------------------------------- */

struct page {
    struct br_bytes after;
    uint64_t limit;
    uint64_t count;
    struct br_bytes last;
    bool more;
};

static enum br_rc
visit_did(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct page *p = (struct page *)ctx;
    struct br_did_head head;
    size_t n = key.n < p->after.n ? key.n : p->after.n;
    int order = n == 0 ? 0 : memcmp(key.p, p->after.p, n);
    if (order < 0 || (order == 0 && key.n <= p->after.n)) {
        return BR_OK;
    }
    if (p->count == p->limit) {
        p->more = true;
        return BR_OK;
    }
    BR_TRY(br_trust_did_parse(value, &head, reterr));
    p->count++;
    p->last = key;
    br_json_write_object(&r->w);
    br_trust_put_did_head(r, key, &head);
    br_json_write_end(&r->w);
    return BR_OK;
}

static enum br_rc
read_dids(struct br_trust_reading *r, struct br_err *reterr)
{
    const char *after = br_http_query(r->req, "after");
    const char *limit = br_http_query(r->req, "limit");
    struct page p = {.limit = PAGE_DEFAULT};
    p.after = br_str(after == NULL ? "" : after);
    if (limit != NULL) {
        BR_TRY(br_decimal_parse(br_str(limit), &p.limit, reterr));
        p.limit = p.limit > PAGE_MAX ? PAGE_MAX : p.limit;
    }
    br_json_write_object(&r->w);
    br_json_write_name(&r->w, "items");
    br_json_write_array(&r->w);
    BR_TRY(br_trust_walk(r, br_str("D"), visit_did, &p, reterr));
    br_json_write_end(&r->w);
    br_json_write_name(&r->w, "next");
    if (p.more) {
        br_json_write_string(&r->w, p.last);
    } else {
        br_json_write_null(&r->w);
    }
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_dids(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_dids);
}

/* ---- accreditations ----------------------------------------------------- */

static void
put_types(struct br_trust_reading *r, const struct br_op *op)
{
    struct br_bytes types[BR_ACCREDITED_TYPES_MAX];
    size_t n = br_op_types(op, types);
    br_json_write_name(&r->w, "types");
    br_json_write_array(&r->w);
    for (size_t i = 0; i < n; i++) {
        br_json_write_string(&r->w, types[i]);
    }
    br_json_write_end(&r->w);
}

static void
put_revocation(struct br_trust_reading *r, const struct br_accreditation *a)
{
    br_json_write_name(&r->w, "revoked");
    if (a->ended.v == 0) {
        br_json_write_null(&r->w);
        return;
    }
    br_json_write_object(&r->w);
    br_trust_put_time(&r->w, "time", a->ended);
    br_trust_put_uint(&r->w, "leaf", a->ended_leaf);
    br_trust_put_string(&r->w, "author", a->ended_by);
    br_json_write_end(&r->w);
}

/** The members of one accreditation, in an object that is open. */
static enum br_rc
put_accreditation(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    struct br_err *reterr)
{
    static const char *const levels[] = {"", "root", "authority", "issuer"};
    struct br_did_head head;
    BR_TRY(br_trust_did_get(&r->view, a->op.did, &head, reterr));
    br_trust_put_hex(&r->w, "id", br_hash_bytes(&a->op.accreditation));
    br_trust_put_string(&r->w, "did", a->op.did);
    br_trust_put_member(r, head.member);
    br_trust_put_string(&r->w, "level", br_str(levels[a->op.level]));
    put_types(r, &a->op);
    if (a->op.by.n > 0) {
        br_trust_put_hex(&r->w, "by", a->op.by);
    } else {
        br_json_write_name(&r->w, "by");
        br_json_write_null(&r->w);
    }
    br_trust_put_string(&r->w, "author", a->author);
    br_trust_put_time(&r->w, "begin", br_accreditation_begin(a));
    br_trust_put_time(&r->w, "end", br_accreditation_end(a));
    br_trust_put_time(&r->w, "time", a->time);
    br_trust_put_uint(&r->w, "leaf", a->leaf);
    put_revocation(r, a);
    return BR_OK;
}

/** in_force, and why not. */
static enum br_rc
put_verdict(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    bool *ret,
    struct br_err *reterr)
{
    struct br_err why;
    enum br_rc rc =
        br_accreditation_check(&r->view, &a->op.accreditation, r->at, &why);
    if (rc != BR_OK && rc != BR_ERR_NOT_ACCREDITED) {
        *reterr = why;
        return rc;
    }
    *ret = rc == BR_OK;
    br_json_write_name(&r->w, "in_force");
    br_json_write_boolean(&r->w, rc == BR_OK);
    if (rc != BR_OK) {
        br_trust_put_string(&r->w, "reason", br_str(why.text));
    }
    return BR_OK;
}

/** What stands above it, up to the root. */
static enum br_rc
put_chain(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    struct br_err *reterr)
{
    struct br_accreditation step = *a;
    br_json_write_name(&r->w, "chain");
    br_json_write_array(&r->w);
    for (unsigned i = 0; i < BR_ACCREDITATION_DEPTH_MAX && step.op.by.n > 0;
         i++) {
        struct br_hash id;
        memcpy(id.b, step.op.by.p, BR_HASH_BYTES);
        BR_TRY(br_accreditation_get(&r->view, &id, &step, reterr));
        br_json_write_object(&r->w);
        BR_TRY(put_accreditation(r, &step, reterr));
        br_json_write_end(&r->w);
    }
    br_json_write_end(&r->w);
    return BR_OK;
}

enum br_rc
br_trust_put_accreditation(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    bool *ret_in_force,
    struct br_err *reterr)
{
    BR_TRY(put_accreditation(r, a, reterr));
    BR_TRY(put_verdict(r, a, ret_in_force, reterr));
    return put_chain(r, a, reterr);
}

static enum br_rc
read_accreditation(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_hash id;
    struct br_accreditation a;
    bool in_force;
    BR_TRY(br_trust_accreditation_parse(br_http_param(r->req, 0), &id, reterr));
    BR_TRY(br_accreditation_get(&r->view, &id, &a, reterr));
    br_json_write_object(&r->w);
    br_trust_put_time(&r->w, "at", r->at);
    BR_TRY(br_trust_put_accreditation(r, &a, &in_force, reterr));
    br_json_write_name(&r->w, "document");
    if (a.op.document.n > 0) {
        br_json_write_string(&r->w, a.op.document);
    } else {
        br_json_write_null(&r->w);
    }
    br_trust_put_operation(&r->w, &a.op);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_accreditation(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_accreditation);
}

/* ---- issuers ------------------------------------------------------------ */

/** Newest first; those of the type that is asked for. All are judged, and the
 *  first are told. */
static enum br_rc
put_accreditations(
    struct br_trust_reading *r,
    struct br_bytes did,
    const struct br_did_head *head,
    bool *ret_accredited,
    struct br_err *reterr)
{
    const char *vct = br_http_query(r->req, "vct");
    unsigned shown = 0;
    *ret_accredited = false;
    br_json_write_name(&r->w, "items");
    br_json_write_array(&r->w);
    for (uint64_t n = head->accreditations; n > 0; n--) {
        struct br_hash id;
        struct br_accreditation a;
        bool in_force;
        BR_TRY(br_accreditation_of(&r->view, did, n, &id, reterr));
        BR_TRY(br_accreditation_get(&r->view, &id, &a, reterr));
        if (vct != NULL && !br_accreditation_covers(&a, br_str(vct))) {
            continue;
        }
        if (shown++ < SHOWN_MAX) {
            br_json_write_object(&r->w);
            BR_TRY(br_trust_put_accreditation(r, &a, &in_force, reterr));
            br_json_write_end(&r->w);
        } else {
            in_force =
                br_accreditation_check(&r->view, &id, r->at, NULL) == BR_OK;
        }
        *ret_accredited |= in_force && a.op.level == BR_LEVEL_ISSUER;
    }
    br_json_write_end(&r->w);
    return BR_OK;
}

static enum br_rc
read_issuer(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_bytes did = br_str(br_http_param(r->req, 0));
    struct br_did_head head;
    bool accredited;
    BR_TRY(br_trust_did_get(&r->view, did, &head, reterr));
    br_json_write_object(&r->w);
    br_trust_put_did_head(r, did, &head);
    br_trust_put_time(&r->w, "at", r->at);
    BR_TRY(put_accreditations(r, did, &head, &accredited, reterr));
    br_json_write_name(&r->w, "accredited");
    br_json_write_boolean(&r->w, accredited);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_issuer(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_issuer);
}
