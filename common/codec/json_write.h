/*
 * Writing JSON straight into a struct br_buf, without white space.
 *
 * - What comes out is well formed: a value where a name is due, two values
 *   without a container, bad UTF-8 or an open object at the end are our own
 *   mistakes, and asserted. Names are not compared with each other: that they
 *   differ is the caller's care.
 * - Strings have the escapes that RFC 8259 section 7 demands and no others,
 *   the short forms where there are any.
 *
 *   br_json_writer_init(&w, &buf);
 *   br_json_write_object(&w);
 *   br_json_write_name(&w, "iat");
 *   br_json_write_uint(&w, 1700000000);
 *   br_json_write_end(&w);
 *   BR_TRY(br_json_writer_done(&w, reterr));
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_JSON_WRITE_H
#define BR_CODEC_JSON_WRITE_H

#include "common/base/buf.h"
#include "common/codec/json.h"

struct br_json_writer {
    struct br_buf *b;
    uint64_t objects; /**< a bit for each open container, the innermost last */
    uint32_t depth;   /**< open containers; BR_JSON_DEPTH_MAX at most */
    uint8_t state;
};

void br_json_writer_init(struct br_json_writer *w, struct br_buf *b);
/** The document is whole (asserted); TOO_LARGE when the buffer was too small
 *  or memory was refused. */
enum br_rc br_json_writer_done(
    const struct br_json_writer *w, struct br_err *reterr) BR_MUST_USE;

void br_json_write_object(struct br_json_writer *w);
void br_json_write_array(struct br_json_writer *w);
/** Close the innermost array or object. */
void br_json_write_end(struct br_json_writer *w);

/** A member's name; its value follows. */
void br_json_write_name(struct br_json_writer *w, const char *name);
void br_json_write_name_bytes(struct br_json_writer *w, struct br_bytes name);

void br_json_write_null(struct br_json_writer *w);
void br_json_write_boolean(struct br_json_writer *w, bool v);
void br_json_write_uint(struct br_json_writer *w, uint64_t v);
void br_json_write_int(struct br_json_writer *w, int64_t v);
void br_json_write_string(struct br_json_writer *w, struct br_bytes v);
/** A string: base64url of the bytes, without padding. */
void br_json_write_base64url(struct br_json_writer *w, struct br_bytes v);

/** A value and what is in it, in its order; numbers as they were written. */
void br_json_write_value(struct br_json_writer *w, const struct br_json *v);
/** The bytes that it came from (asserted that it has them). */
void br_json_write_raw(struct br_json_writer *w, const struct br_json *v);

/** The same as a whole document. */
enum br_rc
br_json_encode(const struct br_json *v, struct br_buf *b, struct br_err *reterr)
    BR_MUST_USE;

#endif
