/* SPDX-License-Identifier: EUPL-1.2 */
/* The registry asked about a key: whose is it, and may they issue this? */
#include "common/codec/text.h"
#include "node/api/trust.h"

/* Who asks about a type wants one holder: four that are accredited, or four
 * that are not, tell all there is to know. */
enum { SHOWN_MAX = 100, SHOWN_OF_TYPE_MAX = 4, READ_MAX = 1000 };

struct search {
    struct br_hash thumbprint;
    const char *vct; /**< NULL: whose it is, and no more */
    bool counting;   /**< the first of two passes: is anybody accredited? */
    bool accredited; /**< somebody is: then others are not told */
    unsigned count;
    unsigned read; /**< documents, those without the key too */
};

/* ---- what a document does with it --------------------------------------- */

struct use {
    struct br_buf methods; /**< names that are the key: struct br_bytes */
    bool asserts;          /**< one of them is for assertions */
};

static bool
names(const struct br_json *list, struct br_bytes id)
{
    bool found = false;
    for (const struct br_json *i = br_json_first(list); !found && i != NULL;
         i = i->next) {
        found = i->kind == BR_JSON_STRING && br_bytes_eq(i->string, id);
    }
    return found;
}

static enum br_rc
find_use(
    const struct br_json *document,
    const struct br_hash *thumbprint,
    struct use *ret,
    struct br_err *reterr)
{
    const struct br_json *all = br_json_member(document, "verificationMethod");
    const struct br_json *to_assert =
        br_json_member(document, "assertionMethod");
    for (const struct br_json *i = br_json_first(all); i != NULL; i = i->next) {
        struct br_hash h;
        struct br_bytes id;
        bool is_key;
        BR_TRY(br_trust_thumbprint(
            br_json_member(i, "publicKeyJwk"), &h, &is_key, reterr));
        if (is_key && br_hash_eq(&h, thumbprint)) {
            BR_TRY(br_json_need_string(i, "id", &id, reterr));
            br_buf_put(&ret->methods, &id, sizeof(id));
            ret->asserts = ret->asserts || names(to_assert, id);
        }
    }
    return br_buf_status(&ret->methods, reterr);
}

/* ---- what its holder may issue ------------------------------------------ */

/** An accreditation to issue the type. */
struct leave {
    struct br_accreditation accreditation;
    bool found;
    bool in_force;
};

/** The newest that is in force, else the newest. */
static enum br_rc
find_leave(
    struct br_trust_reading *r,
    struct br_bytes did,
    const struct br_did_head *head,
    struct br_bytes vct,
    struct leave *ret,
    struct br_err *reterr)
{
    *ret = (struct leave){.found = false};
    for (uint64_t n = head->accreditations; n > 0 && !ret->in_force; n--) {
        struct br_hash id;
        struct br_accreditation a;
        BR_TRY(br_accreditation_of(&r->view, did, n, &id, reterr));
        BR_TRY(br_accreditation_get(&r->view, &id, &a, reterr));
        if (a.op.level != BR_LEVEL_ISSUER ||
            !br_accreditation_covers(&a, vct)) {
            continue;
        }
        bool counts =
            br_accreditation_check(&r->view, &id, r->at, NULL) == BR_OK;
        if (counts || !ret->found) {
            *ret = (struct leave){a, true, counts};
        }
    }
    return BR_OK;
}

static enum br_rc
put_leave(
    struct br_trust_reading *r, const struct leave *l, struct br_err *reterr)
{
    bool in_force;
    br_json_write_name(&r->w, "accreditation");
    if (!l->found) {
        br_json_write_null(&r->w);
        return BR_OK;
    }
    br_json_write_object(&r->w);
    BR_TRY(br_trust_put_accreditation(r, &l->accreditation, &in_force, reterr));
    br_json_write_end(&r->w);
    return BR_OK;
}

/* ---- one holder --------------------------------------------------------- */

/** A DID that has the key. */
struct holder {
    struct br_bytes did;
    struct br_did_reading reading;
    struct use use;
    struct leave leave;
    bool accredited;
};

static enum br_rc
put_holder(
    struct br_trust_reading *r,
    const struct search *q,
    const struct holder *h,
    struct br_err *reterr)
{
    const struct br_buf *methods = &h->use.methods;
    const struct br_bytes *id = (const struct br_bytes *)(void *)methods->p;
    br_json_write_object(&r->w);
    br_trust_put_did_head(r, h->did, &h->reading.head);
    br_json_write_name(&r->w, "methods");
    br_json_write_array(&r->w);
    for (size_t i = 0; i < methods->n / sizeof(*id); i++) {
        br_json_write_string(&r->w, id[i]);
    }
    br_json_write_end(&r->w);
    br_json_write_name(&r->w, "asserts");
    br_json_write_boolean(&r->w, h->use.asserts);
    if (q->vct != NULL) {
        br_json_write_name(&r->w, "accredited");
        br_json_write_boolean(&r->w, h->accredited);
        BR_TRY(put_leave(r, &h->leave, reterr));
    }
    br_json_write_end(&r->w);
    return BR_OK;
}

/** Judged; told in the second pass, if it is one of those that are. */
static enum br_rc
take_holder(
    struct br_trust_reading *r,
    struct search *q,
    struct holder *h,
    struct br_err *reterr)
{
    if (q->vct != NULL) {
        BR_TRY(find_leave(
            r, h->did, &h->reading.head, br_str(q->vct), &h->leave, reterr));
        h->accredited = h->leave.in_force && h->use.asserts &&
                        !br_trust_did_deactivated_at(&h->reading.head, r->at);
    }
    if (q->counting) {
        q->accredited = q->accredited || h->accredited;
        return BR_OK;
    }
    if (q->accredited && !h->accredited) {
        return BR_OK;
    }
    q->count++;
    return put_holder(r, q, h, reterr);
}

static enum br_rc
look_at(
    struct br_trust_reading *r,
    struct search *q,
    struct br_bytes did,
    struct br_err *reterr)
{
    struct holder h = {.did = did};
    enum br_rc rc = br_trust_read_did(r, did, &h.reading, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK; /* it was registered later */
    }
    BR_TRY(rc);
    br_buf_init(&h.use.methods, BR_DID_METHODS_MAX * sizeof(struct br_bytes));
    rc = find_use(h.reading.document, &q->thumbprint, &h.use, reterr);
    if (rc == BR_OK && h.use.methods.n > 0) {
        rc = take_holder(r, q, &h, reterr);
    }
    br_buf_fini(&h.use.methods);
    return rc;
}

/** A row of the index: does the DID have the key now, or had it then? */
static enum br_rc
visit_holder(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct search *q = (struct search *)ctx;
    unsigned most = q->vct == NULL ? SHOWN_MAX : SHOWN_OF_TYPE_MAX;
    (void)value;
    if (q->count == most || q->read == READ_MAX ||
        (q->counting && q->accredited)) {
        return BR_OK;
    }
    q->read++;
    struct br_bytes did =
        br_bytes(key.p + BR_HASH_BYTES, key.n - BR_HASH_BYTES);
    enum br_rc rc = look_at(r, q, did, reterr);
    br_trust_forget(r);
    return rc;
}

/* ---- the question ------------------------------------------------------- */

static enum br_rc
parse_thumbprint(const char *text, struct br_hash *ret, struct br_err *reterr)
{
    size_t n = 0;
    if (br_base64url_parse(br_str(text), ret->b, BR_HASH_BYTES, &n, NULL) !=
            BR_OK ||
        n != BR_HASH_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "a JWK thumbprint (RFC 7638) in base64url is wanted");
    }
    return BR_OK;
}

/** Two passes where a type is asked for: DIDs of others that name the key too
 *  do not crowd out the one that is accredited. */
static enum br_rc
put_holders(struct br_trust_reading *r, struct search *q, struct br_err *reterr)
{
    char prefix[1 + BR_HASH_BYTES] = {'I'};
    memcpy(prefix + 1, q->thumbprint.b, BR_HASH_BYTES);
    struct br_bytes rows = br_bytes(prefix, sizeof(prefix));
    if (q->vct != NULL) {
        q->counting = true;
        BR_TRY(br_trust_walk(r, rows, visit_holder, q, reterr));
        q->counting = false;
        q->read = 0;
    }
    br_json_write_name(&r->w, "items");
    br_json_write_array(&r->w);
    BR_TRY(br_trust_walk(r, rows, visit_holder, q, reterr));
    br_json_write_end(&r->w);
    return BR_OK;
}

static enum br_rc
read_key(struct br_trust_reading *r, struct br_err *reterr)
{
    const char *text = br_http_param(r->req, 0);
    struct search q = {.vct = br_http_query(r->req, "vct")};
    BR_TRY(parse_thumbprint(text, &q.thumbprint, reterr));
    if (q.vct != NULL && br_utf8_check(br_str(q.vct)) != strlen(q.vct)) {
        return br_fail(reterr, BR_ERR_BAD_UTF8, "vct");
    }
    br_json_write_object(&r->w);
    br_trust_put_string(&r->w, "thumbprint", br_str(text));
    if (q.vct != NULL) {
        br_trust_put_string(&r->w, "vct", br_str(q.vct));
    }
    br_trust_put_time(&r->w, "at", r->at);
    BR_TRY(put_holders(r, &q, reterr));
    if (q.vct != NULL) {
        br_json_write_name(&r->w, "accredited");
        br_json_write_boolean(&r->w, q.accredited);
    }
    br_json_write_end(&r->w);
    return br_json_writer_done(&r->w, reterr);
}

void
br_api_get_key(struct br_http_request *req, void *ctx)
{
    br_api_read_trust(req, ctx, read_key);
}
