/*
 * What the doors of the registry have in common: a moment of the ledger, a time
 * that is asked about, a document that is written.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_TRUST_H
#define BR_API_TRUST_H

#include "common/base/arena.h"
#include "common/codec/json_write.h"
#include "node/api/api.h"
#include "node/ledger/trust.h"

struct br_trust_reading {
    struct br_api *api;
    struct br_http_request *req;
    struct br_snapshot s;
    struct br_view view;
    struct br_time_us at; /**< ?valid-at= or ?at=, else now */
    struct br_buf b;      /**< the answer */
    struct br_json_writer w;
    struct br_arena arena;
    const char *content_type;
};

/** Fills r->b, with r->w or without. */
typedef enum br_rc
br_trust_reader(struct br_trust_reading *r, struct br_err *reterr);

/** Open, read, answer. */
void br_api_read_trust(
    struct br_http_request *req, void *ctx, br_trust_reader *reader);

/** A walk over the rows of the state that begin with `prefix`; a visitor gets
 *  their keys without the table's letter. */
typedef enum br_rc br_trust_visitor(
    struct br_trust_reading *r,
    void *ctx,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr);
enum br_rc br_trust_walk(
    struct br_trust_reading *r,
    struct br_bytes prefix,
    br_trust_visitor *visit,
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

/** Give back what r->arena holds: between one document and the next. */
void br_trust_forget(struct br_trust_reading *r);

/** A DID's document as it counts at a time. */
struct br_did_reading {
    struct br_did_head head;
    uint64_t version;
    struct br_trust_version row;
    struct br_json *document; /**< without the keys that do not count */
};
enum br_rc br_trust_read_did(
    struct br_trust_reading *r,
    struct br_bytes did,
    struct br_did_reading *ret,
    struct br_err *reterr) BR_MUST_USE;

/** "z..." or the type's name -> its id. */
void br_trust_type_parse(const char *text, struct br_hash *ret);
/** Append z and base58 of an id: how EBSI writes it. */
void br_trust_put_type_id(struct br_buf *b, const struct br_hash *id);
enum br_rc br_trust_accreditation_parse(
    const char *text, struct br_hash *ret, struct br_err *reterr) BR_MUST_USE;

/* Parts of answers, in an object that is open. */

/** "member" and its "name", as an operator has registered it. */
void br_trust_put_member(struct br_trust_reading *r, const char *id);
/** A DID and its owner. */
void br_trust_put_did_head(
    struct br_trust_reading *r,
    struct br_bytes did,
    const struct br_did_head *head);
/** One accreditation: is it in force, if not why, and what stands above it. */
enum br_rc br_trust_put_accreditation(
    struct br_trust_reading *r,
    const struct br_accreditation *a,
    bool *ret_in_force,
    struct br_err *reterr) BR_MUST_USE;

/* Members of an object, name and value. */
void br_trust_put_string(
    struct br_json_writer *w, const char *name, struct br_bytes v);
void br_trust_put_uint(struct br_json_writer *w, const char *name, uint64_t v);
/** "name" as text and "name_us" as a number; null and 0 when it is 0. */
void br_trust_put_time(
    struct br_json_writer *w, const char *name, struct br_time_us t);
void
br_trust_put_hex(struct br_json_writer *w, const char *name, struct br_bytes v);
void br_trust_put_operation(struct br_json_writer *w, const struct br_op *op);

#endif
