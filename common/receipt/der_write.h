/*
 * DER, written backwards: what is inside is written before what is around it,
 * so that every length is known when it is needed. Into an array of the
 * caller's; too little room is remembered and told at the end.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_DER_WRITE_H
#define BR_RECEIPT_DER_WRITE_H

#include "common/base/bytes.h"

struct br_der {
    uint8_t *p;
    size_t at; /**< what is written lies at p[at..size) */
    size_t size;
    bool failed;
};

void br_der_init(struct br_der *d, uint8_t *p, size_t size);
struct br_bytes br_der_bytes(const struct br_der *d);

void br_der_put(struct br_der *d, struct br_bytes v);
/** Tag and length before everything written since `end` was d->at. */
void br_der_wrap(struct br_der *d, uint8_t tag, size_t end);
/** A whole element. */
void br_der_put_element(struct br_der *d, uint8_t tag, struct br_bytes v);
void br_der_put_uint(struct br_der *d, uint64_t v);

#endif
