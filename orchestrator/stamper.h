/*
 * Stamping on a node: the digest of each status list that was published
 * (archive.h), and of each closing of the desk's log (store/closing.h), which
 * is made here when it is due.
 *
 * A thread of its own: a node that is down delays nothing. What waits is
 * bounded; of one list and number the newest digest waits alone.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STAMPER_H
#define BR_ORCHESTRATOR_STAMPER_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_kv;
struct br_stamper;

struct br_stamper_options {
    const char *node_url;
    const char *token_file; /**< of scope notary:stamp, mode 0600 */
    struct br_kv *kv;
    uint64_t audit_rows; /**< when the desk's log is closed */
    uint64_t audit_s;
    void (*warning)(void *ctx, const char *text);
    void *ctx;
};

enum br_rc br_stamper_start(
    const struct br_stamper_options *options,
    struct br_stamper **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What waits is left. */
void br_stamper_stop(struct br_stamper *s);
/** Does not block. The node's answer is stored under list and number
 *  (store/published.h). */
void br_stamper_add(
    struct br_stamper *s,
    uint32_t list,
    uint64_t number,
    const struct br_hash *digest);

#endif
