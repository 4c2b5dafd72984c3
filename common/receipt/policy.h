/*
 * C2SP tlog-policy: whom a verifier trusts. Logs, witnesses, groups of them,
 * and the quorum of witnesses that a checkpoint needs.
 *
 * - A parsed policy borrows names, URLs and keys' names from its text.
 * - Every name is a member of one group at most, and groups name only what
 *   stands above them: members are kept as "my group is number g", and a
 *   quorum is counted in one pass.
 * - A known key whose signature does not verify condemns the checkpoint.
 * - A large value (about 15 kB): one per verification, not one per receipt.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_POLICY_H
#define BR_RECEIPT_POLICY_H

#include "common/receipt/checkpoint.h"
#include "common/receipt/note.h"

/* "at least up to 32 logs, 32 witnesses, and 32 groups" */
#define BR_POLICY_LOGS_MAX      32
#define BR_POLICY_WITNESSES_MAX 32
#define BR_POLICY_GROUPS_MAX    32
#define BR_POLICY_BYTES_MAX     (64u * 1024)

/** "No group": of a member, or of the quorum. */
#define BR_POLICY_NONE (-1)

struct br_policy_log {
    struct br_note_key key; /**< key.name is the log's origin */
    struct br_bytes url;    /**< empty: not given */
};
struct br_policy_witness {
    struct br_bytes name;
    struct br_note_key key;
    struct br_bytes url;
    int group; /**< whose member it is, or BR_POLICY_NONE */
};
struct br_policy_group {
    struct br_bytes name;
    uint32_t k;
    uint32_t n;
    int group;
};

enum br_policy_quorum_kind {
    BR_QUORUM_NONE,
    BR_QUORUM_WITNESS,
    BR_QUORUM_GROUP,
};

struct br_policy {
    size_t log_count;
    size_t witness_count;
    size_t group_count;
    struct br_policy_log log[BR_POLICY_LOGS_MAX];
    struct br_policy_witness witness[BR_POLICY_WITNESSES_MAX];
    struct br_policy_group group[BR_POLICY_GROUPS_MAX];
    enum br_policy_quorum_kind quorum_kind;
    int quorum; /**< index of the witness or group */
};

/** Errors name the line: "policy, line 7: ..."; their offset is its start. */
enum br_rc br_policy_parse(
    struct br_bytes text,
    struct br_policy *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The usual policy of one log without witnesses. url may be empty. */
void br_policy_put_default(
    struct br_buf *b, const struct br_note_key *log, struct br_bytes url);

/** Is the note signed by a log of the policy, under this origin? UNKNOWN_LOG:
 *  no log has that origin. NO_TRUSTED_SIGNATURE: none of its keys signed, or
 *  one of their signatures does not verify. *ret_log (may be NULL): which. */
enum br_rc br_policy_check_log(
    const struct br_policy *p,
    const struct br_note *note,
    struct br_bytes origin,
    size_t *ret_log,
    struct br_err *reterr) BR_MUST_USE;

/** What the witnesses said: filled as far as it went even on failure. */
struct br_policy_votes {
    size_t count;                             /**< cosignatures that verify */
    bool voted[BR_POLICY_WITNESSES_MAX];      /**< by the policy's witness */
    uint64_t time_s[BR_POLICY_WITNESSES_MAX]; /**< when it cosigned */
};

/** QUORUM_MISSING: too few. NO_TRUSTED_SIGNATURE: a known witness's
 *  cosignature does not verify, so the note was altered. */
enum br_rc br_policy_check_quorum(
    const struct br_policy *p,
    const struct br_note *note,
    struct br_policy_votes *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
