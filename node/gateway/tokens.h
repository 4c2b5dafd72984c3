/*
 * Gateway tokens: who may use the plain HTTP doors, under which member's name,
 * for what, how fast and until when.
 *
 * A token is "brt_" and 32 random bytes as base64url. Only its SHA-256 is
 * stored. The store is an LMDB environment of its own, so that the command
 * line can add and revoke tokens beside a running node; changes count from the
 * next request on.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_GATEWAY_TOKENS_H
#define BR_GATEWAY_TOKENS_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"

enum br_scope {
    BR_SCOPE_STAMP = 1,  /**< notary:stamp */
    BR_SCOPE_RECORD = 2, /**< notary:record */
    BR_SCOPE_ADD = 4,    /**< log:add */
    BR_SCOPE_READ = 8,   /**< log:read, where reading is not public */
};

struct br_token {
    struct br_hash id; /**< SHA-256 of the token's text */
    uint32_t scopes;
    uint32_t rate_per_s; /**< operations a second, 0: unlimited */
    uint32_t burst;      /**< operations at once */
    struct br_time_us created;
    struct br_time_us expires; /**< 0: never */
    bool revoked;
    char member[BR_MEMBER_ID_BYTES_MAX + 1];
    char note[65];
};

#define BR_TOKEN_TEXT_BYTES 48 /* "brt_" + 43 + NUL */

struct br_tokens;

enum br_rc br_tokens_open(
    const char *data_dir,
    struct br_tokens **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_tokens_close(struct br_tokens *t);

/** Copy the store of one node's folder into another's, also while the node
 *  runs. CONFLICT when there is one. */
enum br_rc br_tokens_backup(
    const char *data_dir,
    const char *to_dir,
    struct br_err *reterr) BR_MUST_USE;

/** "notary:stamp,notary:record" -> bits; names of bits -> text. */
enum br_rc br_scopes_parse(
    const char *text, uint32_t *ret, struct br_err *reterr) BR_MUST_USE;
void br_scopes_put(struct br_buf *b, uint32_t scopes);

/** Fills token->id; writes the text, which is shown once and never stored. */
enum br_rc br_tokens_create(
    struct br_tokens *t,
    struct br_token *token,
    char ret_text[BR_TOKEN_TEXT_BYTES],
    struct br_err *reterr) BR_MUST_USE;
/** id_prefix: at least 8 hexadecimal digits of the id. */
enum br_rc br_tokens_revoke(
    struct br_tokens *t,
    const char *id_prefix,
    struct br_err *reterr) BR_MUST_USE;
/** Calls fn for each token. */
enum br_rc br_tokens_list(
    struct br_tokens *t,
    void (*fn)(void *ctx, const struct br_token *token),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

/** May the bearer of this text do this now, `cost` operations of it?
 *  UNAUTHENTICATED, TOKEN_EXPIRED, FORBIDDEN, RATE_EXCEEDED. Any thread. */
enum br_rc br_tokens_check(
    struct br_tokens *t,
    struct br_bytes text,
    enum br_scope scope,
    struct br_time_us now,
    uint32_t cost,
    struct br_token *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
