/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The registry in the shapes that EBSI's have for reading, so that its
 * resolvers and verifiers work here: DID Registry v5, Trusted Issuers Registry
 * v5, Trusted Schemas Registry v3. Pages are numbered from 1.
 */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "node/api/trust.h"

#define DIDS    "/did-registry/v5/identifiers"
#define ISSUERS "/trusted-issuers-registry/v5/issuers"
#define SCHEMAS "/trusted-schemas-registry/v3/schemas"

enum { SIZE_DEFAULT = 10, PAGE_SIZE_MAX = 50 };

/* ---- pages -------------------------------------------------------------- */

struct page {
    const char *path; /* of the collection, below the public address */
    uint64_t number;
    uint64_t size;
    uint64_t total;     /* items so far */
    const char *member; /* only DIDs that it controls, or NULL */
    bool none;          /* of nobody's */
};

static enum br_rc
read_number(
    struct br_trust_reading *r,
    const char *name,
    uint64_t max,
    uint64_t *ret,
    struct br_err *reterr)
{
    const char *text = br_http_query(r->req, name);
    if (text != NULL && (br_decimal_parse(br_str(text), ret, NULL) != BR_OK ||
                         *ret == 0 || *ret > max)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "%s: a number from 1 to %llu", name,
            (unsigned long long)max);
    }
    return BR_OK;
}

static enum br_rc
begin_page(
    struct br_trust_reading *r,
    const char *path,
    struct page *p,
    struct br_err *reterr)
{
    *p = (struct page){.path = path, .number = 1, .size = SIZE_DEFAULT};
    BR_TRY(read_number(r, "page[after]", UINT32_MAX, &p->number, reterr));
    BR_TRY(read_number(r, "page[size]", PAGE_SIZE_MAX, &p->size, reterr));
    br_json_write_object(&r->w);
    br_json_write_name(&r->w, "items");
    br_json_write_array(&r->w);
    return BR_OK;
}

/** Count an item; is it on this page? */
static bool
on_page(struct page *p)
{
    uint64_t n = p->total++;
    return n >= (p->number - 1) * p->size && n < p->number * p->size;
}

static void
put_link(
    struct br_trust_reading *r,
    const char *name,
    const struct page *p,
    uint64_t number)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_printf(
        &b, "%s%s?page[after]=%llu&page[size]=%llu", r->api->public_url,
        p->path, (unsigned long long)number, (unsigned long long)p->size);
    br_trust_put_string(&r->w, name, br_buf_bytes(&b));
    br_buf_fini(&b);
}

static enum br_rc
end_page(
    struct br_trust_reading *r, const struct page *p, struct br_err *reterr)
{
    uint64_t last = p->total == 0 ? 1 : (p->total + p->size - 1) / p->size;
    br_json_write_end(&r->w);
    put_link(r, "self", p, p->number);
    br_trust_put_uint(&r->w, "total", p->total);
    br_trust_put_uint(&r->w, "pageSize", p->size);
    br_json_write_name(&r->w, "links");
    br_json_write_object(&r->w);
    put_link(r, "first", p, 1);
    put_link(r, "prev", p, p->number > 1 ? p->number - 1 : 1);
    put_link(r, "next", p, p->number < last ? p->number + 1 : last);
    put_link(r, "last", p, last);
    br_json_write_end(&r->w);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

/** {name: id, "href": the collection's address, a slash, id} */
static void
put_item(
    struct br_trust_reading *r,
    const char *path,
    const char *name,
    struct br_bytes id)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_printf(&b, "%s%s/", r->api->public_url, path);
    br_buf_put(&b, id.p, id.n);
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, name, id);
    br_trust_put_string(&r->w, "href", br_buf_bytes(&b));
    br_json_write_end(&r->w);
    br_buf_fini(&b);
}

/* ---- DID Registry ------------------------------------------------------- */

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
    BR_TRY(br_trust_did_parse(value, &head, reterr));
    bool asked = !p->none && head.deactivated.v == 0 &&
                 (p->member == NULL || strcmp(p->member, head.member) == 0);
    if (asked && on_page(p)) {
        put_item(r, p->path, "did", key);
    }
    return BR_OK;
}

static enum br_rc
read_identifiers(struct br_trust_reading *r, struct br_err *reterr)
{
    const char *controller = br_http_query(r->req, "controller");
    struct br_did_head head;
    struct page p;
    BR_TRY(begin_page(r, DIDS, &p, reterr));
    if (controller != NULL) {
        enum br_rc rc =
            br_trust_did_get(&r->view, br_str(controller), &head, reterr);
        if (rc != BR_ERR_NOT_FOUND) {
            BR_TRY(rc);
        }
        p.none = rc == BR_ERR_NOT_FOUND;
        p.member = head.member;
    }
    BR_TRY(br_trust_walk(r, br_str("D"), visit_did, &p, reterr));
    return end_page(r, &p, reterr);
}

static enum br_rc
read_identifier(struct br_trust_reading *r, struct br_err *reterr)
{
    static const char json[] = "application/did+json";
    static const char json_ld[] = "application/did+ld+json";
    struct br_did_reading d;
    BR_TRY(br_trust_read_did(r, br_str(br_http_param(r->req, 0)), &d, reterr));
    if (br_trust_did_deactivated_at(&d.head, r->at)) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "the DID is deactivated");
    }
    bool plain =
        br_http_accepts(r->req, json) && !br_http_accepts(r->req, json_ld);
    r->content_type = plain ? json : json_ld;
    return br_json_encode(d.document, &r->b, reterr);
}

/* ---- Trusted Issuers Registry ------------------------------------------- */

static enum br_rc
visit_issuer(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct page *p = (struct page *)ctx;
    struct br_did_head head;
    BR_TRY(br_trust_did_parse(value, &head, reterr));
    if (head.accreditations > 0 && head.deactivated.v == 0 && on_page(p)) {
        put_item(r, p->path, "did", key);
    }
    return BR_OK;
}

static enum br_rc
read_issuers(struct br_trust_reading *r, struct br_err *reterr)
{
    struct page p;
    BR_TRY(begin_page(r, ISSUERS, &p, reterr));
    BR_TRY(br_trust_walk(r, br_str("D"), visit_issuer, &p, reterr));
    return end_page(r, &p, reterr);
}

/** The DID in the path, if it is one that was ever accredited. */
static enum br_rc
get_issuer(
    struct br_trust_reading *r,
    struct br_bytes *ret,
    struct br_did_head *head,
    struct br_err *reterr)
{
    *ret = br_str(br_http_param(r->req, 0));
    BR_TRY(br_trust_did_get(&r->view, *ret, head, reterr));
    if (head->accreditations == 0 || head->deactivated.v != 0) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "not an issuer");
    }
    return BR_OK;
}

static void
put_attributes_path(struct br_buf *b, struct br_bytes did)
{
    br_buf_puts(b, ISSUERS "/");
    br_buf_put(b, did.p, did.n);
    br_buf_puts(b, "/attributes");
}

static enum br_rc
read_issuer(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_bytes did;
    struct br_did_head head;
    struct br_buf b;
    BR_TRY(get_issuer(r, &did, &head, reterr));
    br_buf_init(&b, 4096);
    br_buf_puts(&b, r->api->public_url);
    put_attributes_path(&b, did);
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, "did", did);
    br_trust_put_string(&r->w, "attributes", br_buf_bytes(&b));
    br_json_write_name(&r->w, "hasAttributes");
    br_json_write_boolean(&r->w, true);
    br_json_write_end(&r->w);
    br_buf_fini(&b);
    return br_json_writer_done(&r->w, reterr);
}

static enum br_rc
put_attribute_items(
    struct br_trust_reading *r,
    struct br_bytes did,
    const struct br_did_head *head,
    struct page *p,
    struct br_err *reterr)
{
    for (uint64_t n = 1; n <= head->accreditations; n++) {
        struct br_hash id;
        struct br_buf hex;
        if (!on_page(p)) {
            continue;
        }
        BR_TRY(br_accreditation_of(&r->view, did, n, &id, reterr));
        br_buf_init(&hex, 128);
        br_hex_put(&hex, br_hash_bytes(&id));
        put_item(r, p->path, "id", br_buf_bytes(&hex));
        br_buf_fini(&hex);
    }
    return BR_OK;
}

static enum br_rc
read_attributes(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_bytes did;
    struct br_did_head head;
    struct page p;
    struct br_buf path;
    BR_TRY(get_issuer(r, &did, &head, reterr));
    br_buf_init(&path, 1024);
    put_attributes_path(&path, did);
    br_buf_put(&path, "", 1);
    enum br_rc rc = br_buf_status(&path, reterr);
    if (rc == BR_OK) {
        rc = begin_page(r, (const char *)path.p, &p, reterr);
    }
    if (rc == BR_OK) {
        rc = put_attribute_items(r, did, &head, &p, reterr);
    }
    if (rc == BR_OK) {
        rc = end_page(r, &p, reterr);
    }
    br_buf_fini(&path);
    return rc;
}

/** Whoever stands above: tao, the one at the top: rootTao. */
static enum br_rc
put_authorities(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    struct br_err *reterr)
{
    struct br_accreditation step = *a;
    for (unsigned i = 0; i < BR_ACCREDITATION_DEPTH_MAX; i++) {
        struct br_hash id;
        if (step.op.by.n > 0) {
            memcpy(id.b, step.op.by.p, BR_HASH_BYTES);
            BR_TRY(br_accreditation_get(&r->view, &id, &step, reterr));
        }
        if (i == 0) {
            br_trust_put_string(&r->w, "tao", step.op.did);
        }
    }
    br_trust_put_string(&r->w, "rootTao", step.op.did);
    return BR_OK;
}

static void
put_body(struct br_trust_reading *r, const struct br_op *op)
{
    struct br_hash hash = op->accreditation;
    if (op->document.n > 0) {
        br_sha256(op->document, &hash);
    }
    br_trust_put_hex(&r->w, "hash", br_hash_bytes(&hash));
    br_json_write_name(&r->w, "body");
    if (op->document.n > 0) {
        br_json_write_string(&r->w, op->document);
    } else {
        br_json_write_null(&r->w);
    }
}

static enum br_rc
read_attribute(struct br_trust_reading *r, struct br_err *reterr)
{
    static const char *const types[] = {"", "RootTAO", "TAO", "TI"};
    struct br_bytes did;
    struct br_did_head head;
    struct br_hash id;
    struct br_accreditation a;
    BR_TRY(get_issuer(r, &did, &head, reterr));
    BR_TRY(br_trust_accreditation_parse(br_http_param(r->req, 1), &id, reterr));
    BR_TRY(br_accreditation_get(&r->view, &id, &a, reterr));
    if (!br_bytes_eq(a.op.did, did)) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the attribute is of another issuer");
    }
    enum br_rc rc = br_accreditation_check(&r->view, &id, r->at, reterr);
    if (rc != BR_ERR_NOT_ACCREDITED) {
        BR_TRY(rc);
    }
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, "did", did);
    br_json_write_name(&r->w, "attribute");
    br_json_write_object(&r->w);
    put_body(r, &a.op);
    br_trust_put_string(
        &r->w, "issuerType",
        br_str(rc == BR_OK ? types[a.op.level] : "Revoked"));
    BR_TRY(put_authorities(r, &a, reterr));
    br_json_write_end(&r->w);
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

/* ---- Trusted Schemas Registry ------------------------------------------- */

static enum br_rc
get_schema(
    struct br_trust_reading *r,
    const struct br_hash *id,
    struct br_trust_version *ret,
    struct br_err *reterr)
{
    struct br_type_head head;
    BR_TRY(br_trust_type_get(&r->view, id, &head, reterr));
    return br_trust_type_version_get(&r->view, id, head.versions, ret, reterr);
}

static enum br_rc
visit_schema(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct page *p = (struct page *)ctx;
    struct br_trust_version row;
    struct br_hash id;
    struct br_buf text;
    (void)value;
    memcpy(id.b, key.p, BR_HASH_BYTES);
    BR_TRY(get_schema(r, &id, &row, reterr));
    if (row.op.schema.n > 0 && on_page(p)) {
        br_buf_init(&text, 128);
        br_trust_put_type_id(&text, &id);
        put_item(r, p->path, "schemaId", br_buf_bytes(&text));
        br_buf_fini(&text);
    }
    return BR_OK;
}

static enum br_rc
read_schemas(struct br_trust_reading *r, struct br_err *reterr)
{
    struct page p;
    BR_TRY(begin_page(r, SCHEMAS, &p, reterr));
    BR_TRY(br_trust_walk(r, br_str("T"), visit_schema, &p, reterr));
    return end_page(r, &p, reterr);
}

static enum br_rc
read_schema(struct br_trust_reading *r, struct br_err *reterr)
{
    struct br_trust_version row;
    struct br_hash id;
    br_trust_type_parse(br_http_param(r->req, 0), &id);
    BR_TRY(get_schema(r, &id, &row, reterr));
    if (row.op.schema.n == 0) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "the type has no schema");
    }
    br_buf_put(&r->b, row.op.schema.p, row.op.schema.n);
    return BR_OK;
}

/* ---- doors -------------------------------------------------------------- */

void
br_api_get_ebsi_dids(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_identifiers);
}

void
br_api_get_ebsi_did(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_identifier);
}

void
br_api_get_ebsi_issuers(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_issuers);
}

void
br_api_get_ebsi_issuer(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_issuer);
}

void
br_api_get_ebsi_attributes(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_attributes);
}

void
br_api_get_ebsi_attribute(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_attribute);
}

void
br_api_get_ebsi_schemas(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_schemas);
}

void
br_api_get_ebsi_schema(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_schema);
}
