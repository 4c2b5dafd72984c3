/*
 * What a credential says, in words: labels from the issuer's metadata, values
 * as people write them, and what its owner should know about it today.
 *
 * The issuer's display is an object kept with the credential (record.h). What
 * it does not name is told by the claim's own name. Nothing here is trusted for
 * more than showing: a label is the issuer's word.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_WORDS_H
#define BR_WALLET_WORDS_H

#include "common/base/arena.h"
#include "common/codec/json.h"
#include "common/codec/json_write.h"
#include "wallet/core/record.h"

/* More lines than anybody reads; a hostile credential could have thousands. */
#define BR_WORDS_LINES_MAX 1024

/** One claim: its place, its label, its value. */
struct br_words_line {
    const struct br_json *value; /**< a leaf: no object, no array with items */
    struct br_bytes label;
    struct br_bytes text;
    size_t rank; /**< of its name among the metadata's */
};

struct br_words {
    struct br_words_line *lines;
    size_t count;
};

/** The leaves of processed claims, without those that are the format's own
 *  (iss, exp, cnf, vct, status, ...), in the order in which the metadata names
 *  them: that of a credential's disclosures is random. lang: "it" or "en".
 * TOO_LARGE, NO_MEMORY. */
enum br_rc br_words_claims(
    const struct br_json *claims,
    const struct br_json *display,
    const char *lang,
    struct br_arena *arena,
    struct br_words *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Name of the credential; its type when the issuer has told none. */
struct br_bytes
br_words_name(const struct br_wallet_credential *c, const char *lang);
/** Name of the issuer; its identifier when it has told none. */
struct br_bytes
br_words_issuer(const struct br_wallet_credential *c, const char *lang);
/** The name for a language in a list of {"name","locale"}: this language's, or
 *  the one without a locale, or the first; empty when there is none. */
struct br_bytes br_words_pick(const struct br_json *list, const char *lang);

/** The same of a list of {"value","lang"}, or {"content","lang"}. */
struct br_bytes
br_words_pick_text(const struct br_json *list, const char *lang);

/** The path of a value, from the root, as DCQL has it: ["address",0]. */
void br_words_write_path(struct br_json_writer *w, const struct br_json *v);
/** [{"path":[...],"label":"...","text":"...","value":...}] */
void
br_words_write_lines(struct br_json_writer *w, const struct br_words *words);

/** What to tell about a credential now, the gravest first. */
enum br_words_notice {
    BR_NOTICE_NONE,
    BR_NOTICE_REVOKED,
    BR_NOTICE_EXPIRED,
    BR_NOTICE_SUSPENDED,
    BR_NOTICE_NOT_RENEWED,  /**< one of the next two, and renewing it failed */
    BR_NOTICE_EXPIRES_SOON, /**< the last tenth of its life, or 30 days */
    BR_NOTICE_FEW_COPIES,   /**< once-only use, and a fifth or less is left */
};
enum br_words_notice
br_words_notice(const struct br_wallet_credential *c, uint64_t now_s);
/** Are new copies due, by themselves? Few once-only copies are left, or the end
 *  is near: a fifth of its life at most, so that what lives a day is not
 *  renewed all day. Not what is revoked or suspended, and not sooner than the
 *  last failure allows. */
struct br_renewal_policy {
    unsigned floor;    /**< once-only copies, fewer than which are few */
    uint64_t notice_s; /**< before the end */
};
bool br_words_renewal_due(
    const struct br_wallet_credential *c,
    const struct br_renewal_policy *policy,
    uint64_t now_s);
/** When the next try is due after this many failures in a row: an hour, two,
 *  ... a day. */
uint64_t br_words_renewal_wait_s(unsigned failures);
/** "revoked", ...; "" for none. */
const char *br_words_notice_name(enum br_words_notice n);

#endif
