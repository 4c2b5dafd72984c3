/* SPDX-License-Identifier: EUPL-1.2 */
/* Credential types in our own shape, and their documents byte by byte. */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "node/api/trust.h"

struct type {
    struct br_hash id;
    struct br_type_head head;
    uint64_t version;
    struct br_trust_version row;
};

/** The version in the path, or the newest. */
static enum br_rc
get_type(
    struct br_trust_reading *r,
    bool has_version,
    struct type *ret,
    struct br_err *reterr)
{
    br_trust_type_parse(br_http_param(r->req, 0), &ret->id);
    BR_TRY(br_trust_type_get(&r->view, &ret->id, &ret->head, reterr));
    ret->version = ret->head.versions;
    if (has_version) {
        BR_TRY(br_decimal_parse(
            br_str(br_http_param(r->req, 1)), &ret->version, reterr));
    }
    if (ret->version == 0 || ret->version > ret->head.versions) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the type has %u versions",
            (unsigned)ret->head.versions);
    }
    return br_trust_type_version_get(
        &r->view, &ret->id, ret->version, &ret->row, reterr);
}

/** W3C SRI: "sha256-" and base64. */
static void
put_integrity(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    struct br_hash h;
    struct br_buf b;
    br_sha256(v, &h);
    br_buf_init(&b, 128);
    br_buf_puts(&b, "sha256-");
    br_base64_put(&b, br_hash_bytes(&h));
    br_trust_put_string(w, name, br_buf_bytes(&b));
    br_buf_fini(&b);
}

/** A document as it came, and its integrity; null when there is none. */
static enum br_rc
put_document(
    struct br_trust_reading *r,
    const char *name,
    const char *integrity,
    struct br_bytes text,
    struct br_err *reterr)
{
    struct br_json *document;
    br_json_write_name(&r->w, name);
    if (text.n == 0) {
        br_json_write_null(&r->w);
        return BR_OK;
    }
    BR_TRY(br_json_parse(text, &r->arena, &document, reterr));
    br_json_write_raw(&r->w, document);
    put_integrity(&r->w, integrity, text);
    return BR_OK;
}

static void
put_head(
    struct br_trust_reading *r,
    const struct br_hash *id,
    const struct br_type_head *head)
{
    struct br_buf b;
    br_buf_init(&b, 128);
    br_trust_put_type_id(&b, id);
    br_trust_put_string(&r->w, "id", br_buf_bytes(&b));
    br_buf_fini(&b);
    br_trust_put_string(&r->w, "member", br_str(head->member));
    br_trust_put_uint(&r->w, "versions", head->versions);
}

static enum br_rc
put_type(
    struct br_trust_reading *r, const struct type *t, struct br_err *reterr)
{
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, "vct", t->row.op.vct);
    put_head(r, &t->id, &t->head);
    br_trust_put_uint(&r->w, "version", t->version);
    br_trust_put_time(&r->w, "time", t->row.time);
    br_trust_put_uint(&r->w, "leaf", t->row.leaf);
    BR_TRY(put_document(
        r, "metadata", "metadata_integrity", t->row.op.document, reterr));
    BR_TRY(put_document(
        r, "schema", "schema_integrity", t->row.op.schema, reterr));
    br_trust_put_operation(&r->w, &t->row.op);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

static enum br_rc
read_newest(struct br_trust_reading *r, struct br_err *reterr)
{
    struct type t;
    BR_TRY(get_type(r, false, &t, reterr));
    return put_type(r, &t, reterr);
}

static enum br_rc
read_version(struct br_trust_reading *r, struct br_err *reterr)
{
    struct type t;
    BR_TRY(get_type(r, true, &t, reterr));
    return put_type(r, &t, reterr);
}

/** The exact bytes: what the integrity is of. */
static enum br_rc
read_bytes(struct br_trust_reading *r, struct br_err *reterr)
{
    struct type t;
    const char *which = br_http_param(r->req, 2);
    bool is_schema = strcmp(which, "schema") == 0;
    BR_TRY(get_type(r, true, &t, reterr));
    if (!is_schema && strcmp(which, "metadata") != 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "%.20s: metadata or schema", which);
    }
    struct br_bytes v = is_schema ? t.row.op.schema : t.row.op.document;
    if (v.n == 0) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "the type has no schema");
    }
    br_buf_put(&r->b, v.p, v.n);
    return BR_OK;
}

static enum br_rc
visit(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct type t;
    (void)ctx;
    (void)value;
    memcpy(t.id.b, key.p, BR_HASH_BYTES);
    BR_TRY(br_trust_type_get(&r->view, &t.id, &t.head, reterr));
    BR_TRY(br_trust_type_version_get(
        &r->view, &t.id, t.head.versions, &t.row, reterr));
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, "vct", t.row.op.vct);
    put_head(r, &t.id, &t.head);
    br_json_write_end(&r->w);
    return BR_OK;
}

static enum br_rc
read_types(struct br_trust_reading *r, struct br_err *reterr)
{
    br_json_write_object(&r->w);
    br_json_write_name(&r->w, "items");
    br_json_write_array(&r->w);
    BR_TRY(br_trust_walk(r, br_str("T"), visit, NULL, reterr));
    br_json_write_end(&r->w);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_types(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_types);
}

void
br_api_get_type(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_newest);
}

void
br_api_get_type_version(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_version);
}

void
br_api_get_type_document(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_bytes);
}
