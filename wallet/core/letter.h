/*
 * A letter to a verifier: erase what I showed you (GDPR article 17), or tell me
 * what you have (article 15).
 *
 * It is made from a history entry, so it names claims and never says their
 * values; EUDI TS7 requirements DATA_DLT_08 (the subject says what it is about)
 * and DATA_DLT_09 (the body says which attributes).
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_LETTER_H
#define BR_WALLET_LETTER_H

#include "common/codec/json_write.h"
#include "wallet/core/record.h"

/* A thousand claims of long names fit. */
#define BR_LETTER_BYTES_MAX (256u * 1024)

enum br_letter_kind { BR_LETTER_ERASURE, BR_LETTER_ACCESS };

/** "erasure", "access"; OUT_OF_RANGE. */
enum br_rc br_letter_kind_parse(
    struct br_bytes name,
    enum br_letter_kind *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What is put into the history when it was sent. */
enum br_wallet_event br_letter_event(enum br_letter_kind kind);

const char *br_letter_subject(enum br_letter_kind kind, const char *lang);
/** Append the body, lines ending with LF. The entry tells of a presentation. */
void br_letter_body(
    struct br_buf *b,
    enum br_letter_kind kind,
    const char *lang,
    const struct br_wallet_entry *e);
/** Append a mailto: URI (RFC 6068) of such an address, with both. */
void br_letter_mailto(
    struct br_buf *b,
    struct br_bytes uri,
    const char *subject,
    struct br_bytes body);

/** {"kind","to","subject","body","contacts"} */
enum br_rc br_letter_write(
    struct br_json_writer *w,
    enum br_letter_kind kind,
    const char *lang,
    const struct br_wallet_entry *e,
    struct br_err *reterr) BR_MUST_USE;

#endif
