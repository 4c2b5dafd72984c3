/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/body.h"

#include "common/codec/text.h"
#include "common/service/json.h"

#include <stdio.h>

enum { ARENA_BYTES_MAX = 4096, LINE_BYTES_MAX = 256 };

static enum br_rc
set_digest(
    const char *alg,
    const char *digest,
    struct br_body_digest *ret,
    struct br_err *reterr)
{
    const struct br_hash_info *info = br_hash_by_name(br_str(alg));
    if (info == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "alg %.20s: sha-256, sha-384, sha-512, sha3-256 or sha3-512", alg);
    }
    if (strlen(digest) != 2 * info->digest_bytes) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "digest: %zu hexadecimal digits, %s has %zu", strlen(digest),
            info->name, 2 * info->digest_bytes);
    }
    BR_TRY(br_hex_parse(br_str(digest), ret->digest, reterr));
    ret->alg = info->alg;
    ret->digest_bytes = info->digest_bytes;
    return BR_OK;
}

static enum br_rc
read_digest(
    struct br_bytes body,
    bool may_again,
    struct br_body_digest *ret,
    struct br_err *reterr)
{
    const char *alg = NULL;
    const char *digest = NULL;
    struct br_body_digest d = {0};
    const struct br_json_field fields[] = {
        {"alg", BR_JSON_TEXT, true, &alg},
        {"digest", BR_JSON_TEXT, true, &digest},
        {"again", BR_JSON_BOOL, false, &d.again},
    };
    struct br_arena arena;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc =
        br_json_read(body, fields, may_again ? 3 : 2, &arena, reterr);
    if (rc == BR_OK) {
        rc = set_digest(alg, digest, &d, reterr);
    }
    br_arena_fini(&arena);
    if (rc == BR_OK) {
        *ret = d;
    }
    return rc;
}

enum br_rc
br_body_digest(
    struct br_bytes body, struct br_body_digest *ret, struct br_err *reterr)
{
    return read_digest(body, false, ret, reterr);
}

enum br_rc
br_body_stamp(
    struct br_bytes body, struct br_body_digest *ret, struct br_err *reterr)
{
    return read_digest(body, true, ret, reterr);
}

enum br_rc
br_body_owner(
    struct br_bytes body, struct br_body_owner *ret, struct br_err *reterr)
{
    const char *owner = NULL;
    struct br_body_owner o = {0};
    const struct br_json_field fields[] = {
        {"owner", BR_JSON_TEXT, true, &owner},
        {"not_before_us", BR_JSON_UINT, false, &o.not_before.v},
        {"not_after_us", BR_JSON_UINT, false, &o.not_after.v},
    };
    struct br_arena arena;
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_json_read(body, fields, 3, &arena, reterr);
    if (rc == BR_OK &&
        !br_identifier_ok(br_str(owner), BR_MEMBER_ID_BYTES_MAX)) {
        rc =
            br_fail(reterr, BR_ERR_MALFORMED, "owner: a member's id is wanted");
    }
    if (rc == BR_OK) {
        (void)snprintf(o.id, sizeof(o.id), "%s", owner);
    }
    br_arena_fini(&arena);
    BR_TRY(rc);
    if (o.not_after.v != 0 && o.not_after.v <= o.not_before.v) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "not_after_us before not_before_us");
    }
    *ret = o;
    return BR_OK;
}

/* ---- one digest a line -------------------------------------------------- */

void
br_body_lines_init(
    struct br_body_lines *l,
    const struct br_hash_info *info,
    struct br_buf *digests)
{
    *l = (struct br_body_lines){.info = info, .digests = digests};
    br_buf_init(&l->line, LINE_BYTES_MAX);
}

void
br_body_lines_fini(struct br_body_lines *l)
{
    br_buf_fini(&l->line);
}

static enum br_rc
read_line(struct br_body_lines *l, struct br_err *reterr)
{
    const char *digest = NULL;
    const struct br_json_field field = {"digest", BR_JSON_TEXT, true, &digest};
    struct br_arena arena;
    br_arena_init(&arena, 1024);
    enum br_rc rc = br_buf_status(&l->line, reterr);
    if (rc == BR_OK) {
        rc = br_json_read(br_buf_bytes(&l->line), &field, 1, &arena, reterr);
    }
    if (rc == BR_OK && strlen(digest) != 2 * l->info->digest_bytes) {
        rc = br_fail(reterr, BR_ERR_OUT_OF_RANGE, "digest of another length");
    }
    uint8_t bytes[BR_DIGEST_BYTES_MAX];
    if (rc == BR_OK) {
        rc = br_hex_parse(br_str(digest), bytes, reterr);
    }
    if (rc == BR_OK) {
        br_buf_put(l->digests, bytes, l->info->digest_bytes);
        rc = br_buf_status(l->digests, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
take_line(struct br_body_lines *l, struct br_err *reterr)
{
    struct br_err err;
    enum br_rc rc = BR_OK;
    l->number++;
    if (l->line.n > 0 || l->line.failed) {
        rc = read_line(l, &err);
        br_buf_clear(&l->line);
    }
    if (rc != BR_OK) {
        return br_fail(
            reterr, rc, "line %llu: %.180s", (unsigned long long)l->number,
            err.text);
    }
    return BR_OK;
}

enum br_rc
br_body_lines_put(
    struct br_body_lines *l, struct br_bytes piece, struct br_err *reterr)
{
    size_t start = 0;
    for (size_t i = 0; i < piece.n; i++) {
        if (piece.p[i] == '\n') {
            br_buf_put(&l->line, piece.p + start, i - start);
            start = i + 1;
            BR_TRY(take_line(l, reterr));
        }
    }
    if (start < piece.n) {
        br_buf_put(&l->line, piece.p + start, piece.n - start);
    }
    return BR_OK;
}

enum br_rc
br_body_lines_end(struct br_body_lines *l, struct br_err *reterr)
{
    return l->line.n > 0 || l->line.failed ? take_line(l, reterr) : BR_OK;
}
