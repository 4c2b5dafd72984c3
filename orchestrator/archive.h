/*
 * What becomes of a status list that was published: it is kept where it says
 * something new, and stamped on the ledger, so that "was it valid on that day?"
 * has a proof (store/published.h).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ARCHIVE_H
#define BR_ORCHESTRATOR_ARCHIVE_H

#include "orchestrator/stamper.h"
#include "orchestrator/store/published.h"
#include "orchestrator/store/writer.h"

/** Borrowed; the stamper may be NULL: then lists are kept, and not stamped. */
struct br_archive {
    struct br_kv *kv;
    struct br_writer *writer;
    struct br_stamper *stamper;
};

/** Does not block, copies the token. What the writer does not take is kept the
 *  next time. */
void br_archive_add(struct br_archive *a, const struct br_published *p);
/** Once a minute: lists that are kept, and not stamped yet, wait for it again,
 *  as after a start while the node was down. */
void br_archive_tick(struct br_archive *a);

#endif
