/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/der_back.h"

#include "common/base/assert.h"

void
br_derb_init(struct br_derb *d, uint8_t *p, size_t size)
{
    *d = (struct br_derb){.p = p, .at = size, .size = size};
}

struct br_bytes
br_derb_bytes(const struct br_derb *d)
{
    return br_bytes(d->p + d->at, d->size - d->at);
}

void
br_derb_put(struct br_derb *d, struct br_bytes v)
{
    if (d->failed || v.n > d->at) {
        d->failed = true;
        return;
    }
    d->at -= v.n;
    if (v.n > 0) {
        memcpy(d->p + d->at, v.p, v.n);
    }
}

static void
put_byte(struct br_derb *d, size_t v)
{
    uint8_t byte = (uint8_t)v;
    br_derb_put(d, br_bytes(&byte, 1));
}

void
br_derb_wrap(struct br_derb *d, uint8_t tag, size_t end)
{
    BR_ASSERT(end >= d->at);
    size_t n = end - d->at;
    if (n < 0x80) {
        put_byte(d, n);
    } else {
        size_t bytes = 0;
        for (size_t left = n; left > 0; left >>= 8) {
            put_byte(d, left);
            bytes++;
        }
        put_byte(d, 0x80 | bytes);
    }
    put_byte(d, tag);
}

void
br_derb_put_element(struct br_derb *d, uint8_t tag, struct br_bytes v)
{
    size_t end = d->at;
    br_derb_put(d, v);
    br_derb_wrap(d, tag, end);
}

void
br_derb_put_uint(struct br_derb *d, uint64_t v)
{
    size_t end = d->at;
    size_t top;
    do {
        top = v & 0xff;
        put_byte(d, top);
        v >>= 8;
    } while (v > 0);
    if (top >= 0x80) {
        put_byte(d, 0);
    }
    br_derb_wrap(d, 0x02, end);
}
