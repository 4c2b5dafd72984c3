/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/oid.h"

__extension__ typedef unsigned __int128 arc;

static const struct {
    uint8_t last_arc;
    enum br_hash_alg alg;
} hashes[] = {
    {1, BR_HASH_SHA256},   {2, BR_HASH_SHA384},    {3, BR_HASH_SHA512},
    {8, BR_HASH_SHA3_256}, {10, BR_HASH_SHA3_512},
};

uint8_t
br_oid_of_hash(enum br_hash_alg alg)
{
    size_t i = 0;
    while (hashes[i].alg != alg) {
        i++;
    }
    return hashes[i].last_arc;
}

const struct br_hash_info *
br_hash_of_oid(uint8_t last_arc)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (hashes[i].last_arc == last_arc) {
            return br_hash_info(hashes[i].alg);
        }
    }
    return NULL;
}

static size_t
put_arc(arc v, uint8_t *out, size_t max)
{
    uint8_t digits[20];
    size_t n = 0;
    do {
        digits[n++] = (uint8_t)(v & 0x7f);
        v >>= 7;
    } while (v > 0);
    if (n > max) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(digits[n - 1 - i] | (i + 1 < n ? 0x80 : 0));
    }
    return n;
}

/** The next arc of the dotted form; false when there is none. */
static bool
take_arc(const char **p, arc *ret)
{
    const char *start = *p;
    *ret = 0;
    while (**p >= '0' && **p <= '9' && *p - start < 39) {
        *ret = *ret * 10u + (unsigned)(**p - '0');
        (*p)++;
    }
    bool ok = *p > start && (**p == '.' || **p == '\0');
    *p += **p == '.';
    return ok;
}

enum br_rc
br_oid_parse(
    const char *dotted,
    uint8_t *out,
    size_t max,
    size_t *ret_n,
    struct br_err *reterr)
{
    const char *p = dotted;
    arc first;
    arc v;
    size_t n = 0;
    bool ok = take_arc(&p, &first) && take_arc(&p, &v) && first <= 2 &&
              (first == 2 || v < 40);
    for (bool begun = false; ok; begun = true) {
        size_t used = put_arc(begun ? v : first * 40u + v, out + n, max - n);
        n += used;
        ok = used > 0;
        if (!ok || *p == '\0') {
            break;
        }
        ok = take_arc(&p, &v);
    }
    if (!ok) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.60s is no object identifier", dotted);
    }
    *ret_n = n;
    return BR_OK;
}
