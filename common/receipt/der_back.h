/*
 * DER, written backwards: what is inside is written before what is around it,
 * so that every length is known when it is needed. Into an array of the
 * caller's; too little room is remembered and told at the end.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_DER_BACK_H
#define BR_RECEIPT_DER_BACK_H

#include "common/base/bytes.h"

struct br_derb {
    uint8_t *p;
    size_t at; /**< what is written lies at p[at..size) */
    size_t size;
    bool failed;
};

void br_derb_init(struct br_derb *d, uint8_t *p, size_t size);
struct br_bytes br_derb_bytes(const struct br_derb *d);

void br_derb_put(struct br_derb *d, struct br_bytes v);
/** Tag and length before everything written since `end` was d->at. */
void br_derb_wrap(struct br_derb *d, uint8_t tag, size_t end);
/** A whole element. */
void br_derb_put_element(struct br_derb *d, uint8_t tag, struct br_bytes v);
void br_derb_put_uint(struct br_derb *d, uint64_t v);

#endif
