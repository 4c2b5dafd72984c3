/*
 * A wallet's things as JSON, for the command line and for the page: the same.
 * Times are seconds since 1970, as in the credentials.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_SHOW_H
#define BR_WALLET_SHOW_H

#include "wallet/core/words.h"

struct br_show {
    const char *lang; /**< "it" or "en" */
    uint64_t now_s;
};

/** {"id","name","issuer","issuer_name","vct","accepted","expires","status",
 *  "notice","copies","copies_left","uses","once_only","renewable"
 *  [,"renewal_failed","renewal_reason"][,"claims":[...]]}; words NULL: without
 *  claims. */
void br_show_credential(
    struct br_json_writer *w,
    const struct br_show *how,
    const struct br_wallet_credential *c,
    const struct br_words *words);
/** {"id","event","time","party",...}; what is empty is left out. */
void br_show_entry(struct br_json_writer *w, const struct br_wallet_entry *e);

#endif
