/*
 * The members of a node's ledger, as GET /v1/members tells them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_MEMBERS_H
#define BR_CLI_MEMBERS_H

#include "cli/client.h"
#include "common/base/arena.h"
#include "common/crypto/sign.h"

enum { BR_CLI_MEMBERS_MAX = 4096, BR_CLI_KEYS_MAX = 16384 };

struct br_cli_member {
    const char *id;
    const char *name;
    uint64_t roles; /**< bits, as in node/ledger/member.h */
    bool active;
};

struct br_cli_key {
    size_t member; /**< which of the members */
    const char *kid;
    struct br_public_key key;
    struct br_time_us not_before;
    struct br_time_us not_after; /**< 0: no end */
    uint64_t seq;                /**< of its last transaction */
};

/** Everything lies in the arena. */
struct br_cli_members {
    struct br_arena arena;
    struct br_cli_member *member;
    size_t member_count;
    struct br_cli_key *key;
    size_t key_count;
};

/** Call br_cli_members_fini either way. */
enum br_rc br_cli_members_get(
    struct br_node_client *c,
    struct br_cli_members *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_cli_members_fini(struct br_cli_members *m);

/** NULL when there is none. */
const struct br_cli_member *
br_cli_member_find(const struct br_cli_members *m, const char *id);
/** By its kid, or by eight letters of it at least, if only one fits. */
const struct br_cli_key *
br_cli_key_find(const struct br_cli_members *m, const char *kid);
const struct br_cli_key *br_cli_key_of(
    const struct br_cli_members *m, const struct br_public_key *public_key);
bool br_cli_key_valid_at(const struct br_cli_key *k, struct br_time_us t);

/** "notary,auditor" -> bits, and back. */
enum br_rc br_cli_roles_parse(
    const char *text, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;
void br_cli_roles_put(struct br_buf *b, uint64_t roles);

#endif
