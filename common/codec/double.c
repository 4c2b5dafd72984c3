/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/double.h"

#include "common/base/assert.h"
#include "common/codec/json_internal.h"

#include <float.h>

_Static_assert(
    DBL_MANT_DIG == 53 && FLT_EVAL_METHOD == 0,
    "the fast ways count on IEEE 754 doubles, rounded at each step");

enum {
    FRACTION_BITS = 52,
    EXPONENT_MASK = 0x7ff,
    ULP_MIN = -1074, /* binary exponent of the last bit, at the least */
    EXACT_DIGITS =
        15,           /* decimals of so many digits are all different doubles */
    EXACT_POWER = 22, /* 10^22 is the last power of ten that is a double */
};
static const uint64_t hidden_bit = UINT64_C(1) << FRACTION_BITS;

static const double powers_of_ten[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- whole numbers of any length ---------------------------------------- */

/* The longest: 10^1095, which 769 digits at the smallest exponent are divided
 * by, shifted by 54 bits: 3,692 bits. */
enum { LIMBS = 128 };

struct natural {
    size_t n; /* limbs in use; the last is not 0 */
    uint32_t limb[LIMBS];
};

static void
natural_set(struct natural *a, uint64_t v)
{
    a->limb[0] = (uint32_t)v;
    a->limb[1] = (uint32_t)(v >> 32);
    a->n = a->limb[1] != 0 ? 2 : a->limb[0] != 0 ? 1 : 0;
}

/** a * by + more */
static void
natural_multiply(struct natural *a, uint32_t by, uint32_t more)
{
    uint64_t carry = more;
    for (size_t i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] * by;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        BR_ASSERT(a->n < LIMBS);
        a->limb[a->n++] = (uint32_t)carry;
    }
}

static void
natural_multiply_power_of_ten(struct natural *a, unsigned power)
{
    for (; power >= 9; power -= 9) {
        natural_multiply(a, 1000000000, 0);
    }
    for (; power > 0; power--) {
        natural_multiply(a, 10, 0);
    }
}

static void
natural_shift_left(struct natural *a, unsigned bits)
{
    size_t limbs = bits / 32;
    unsigned rest = bits % 32;
    if (a->n == 0) {
        return;
    }
    BR_ASSERT(a->n + limbs < LIMBS);
    memmove(a->limb + limbs, a->limb, a->n * sizeof(a->limb[0]));
    memset(a->limb, 0, limbs * sizeof(a->limb[0]));
    a->n += limbs;
    if (rest > 0) {
        natural_multiply(a, (uint32_t)1 << rest, 0);
    }
}

static int
natural_compare(const struct natural *a, const struct natural *b)
{
    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    for (size_t i = a->n; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

/** a - b, which is not below 0 */
static void
natural_subtract(struct natural *a, const struct natural *b)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < a->n; i++) {
        uint64_t minus = (i < b->n ? b->limb[i] : 0) + borrow;
        uint64_t from = a->limb[i];
        borrow = from < minus ? 1 : 0;
        a->limb[i] = (uint32_t)(from - minus);
    }
    while (a->n > 0 && a->limb[a->n - 1] == 0) {
        a->n--;
    }
}

static void
natural_add(struct natural *a, const struct natural *b)
{
    uint64_t carry = 0;
    size_t n = a->n > b->n ? a->n : b->n;
    for (size_t i = 0; i < n; i++) {
        carry += i < a->n ? a->limb[i] : 0;
        carry += i < b->n ? b->limb[i] : 0;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->n = n;
    if (carry != 0) {
        BR_ASSERT(a->n < LIMBS);
        a->limb[a->n++] = (uint32_t)carry;
    }
}

static int
natural_bits(const struct natural *a)
{
    return a->n == 0 ? 0 : (int)(32 * a->n) - __builtin_clz(a->limb[a->n - 1]);
}

/* ---- reading ------------------------------------------------------------ */

/* So many digits settle every double: the longest number half way between two
 * has 767. What is beyond only tells whether there is something beyond. */
enum { DIGITS_MAX = 768, DECIMAL_EXPONENT_FAR = 100000000 };

/** digits x 10^exponent */
struct decimal {
    uint8_t digits[DIGITS_MAX + 1];
    size_t n;
    int64_t exponent;
    bool negative;
};

static void
add_digit(struct decimal *d, uint8_t digit, bool *beyond)
{
    if (d->n == 0 && digit == 0) {
        return;
    }
    if (d->n < DIGITS_MAX) {
        d->digits[d->n++] = digit;
        return;
    }
    *beyond = *beyond || digit != 0;
    d->exponent++;
}

static int64_t
read_exponent(const uint8_t *p, const uint8_t *end)
{
    int64_t v = 0;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    for (; p < end; p++) {
        if (v < DECIMAL_EXPONENT_FAR) {
            v = 10 * v + (*p - '0');
        }
    }
    return negative ? -v : v;
}

static void
read_decimal(struct br_bytes text, struct decimal *d)
{
    const uint8_t *p = text.p;
    const uint8_t *end = text.p + text.n;
    bool beyond = false;
    bool fraction = false;
    d->n = 0;
    d->exponent = 0;
    d->negative = p < end && *p == '-';
    if (d->negative) {
        p++;
    }
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        d->exponent -= fraction ? 1 : 0;
        add_digit(d, (uint8_t)(*p - '0'), &beyond);
    }
    if (p < end) {
        d->exponent += read_exponent(p + 1, end);
    }
    if (beyond) {
        d->digits[d->n++] = 1;
        d->exponent--;
    }
    while (d->n > 0 && d->digits[d->n - 1] == 0) {
        d->n--;
        d->exponent++;
    }
}

/** One rounding of exact doubles gives the nearest (Clinger). */
static bool
read_fast(const struct decimal *d, double *ret)
{
    uint64_t whole = 0;
    if (d->n > EXACT_DIGITS || d->exponent < -EXACT_POWER ||
        d->exponent > EXACT_POWER) {
        return false;
    }
    for (size_t i = 0; i < d->n; i++) {
        whole = 10 * whole + d->digits[i];
    }
    *ret = d->exponent < 0 ? (double)whole / powers_of_ten[-d->exponent]
                           : (double)whole * powers_of_ten[d->exponent];
    return true;
}

/** up / down, rounded to 53 bits and times 2^ulp; ulp is not below ULP_MIN. */
static uint64_t
divide(struct natural *up, struct natural *down, int *ret_ulp)
{
    int ulp = natural_bits(up) - natural_bits(down) - (FRACTION_BITS + 1);
    uint64_t q = 0;
    if (ulp < ULP_MIN) {
        ulp = ULP_MIN;
    }
    natural_shift_left(ulp < 0 ? up : down, (unsigned)(ulp < 0 ? -ulp : ulp));
    /* now 0 <= up / down < 2^54: and below 2^53 as long division needs it */
    natural_shift_left(down, FRACTION_BITS + 1);
    if (natural_compare(up, down) >= 0) {
        ulp++;
    } else {
        natural_shift_left(up, 1);
    }
    for (int i = 0; i <= FRACTION_BITS; i++) {
        q <<= 1;
        if (natural_compare(up, down) >= 0) {
            natural_subtract(up, down);
            q |= 1;
        }
        natural_shift_left(up, 1);
    }
    int half = natural_compare(up, down);
    q += half > 0 || (half == 0 && (q & 1) != 0) ? 1 : 0;
    *ret_ulp = ulp;
    return q;
}

static double
from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

/** q x 2^ulp, where q has 54 bits at most and the last of 54 is 0. */
static bool
compose(uint64_t q, int ulp, double *ret)
{
    if (q == 2 * hidden_bit) {
        q = hidden_bit;
        ulp++;
    }
    uint64_t biased = q < hidden_bit ? 0 : (uint64_t)(ulp - ULP_MIN + 1);
    if (biased >= EXPONENT_MASK) {
        return false;
    }
    *ret = from_bits(biased << FRACTION_BITS | (q & (hidden_bit - 1)));
    return true;
}

static bool
read_exact(const struct decimal *d, double *ret)
{
    struct natural up;
    struct natural down;
    int ulp;
    natural_set(&up, 0);
    natural_set(&down, 1);
    for (size_t i = 0; i < d->n; i++) {
        natural_multiply(&up, 10, d->digits[i]);
    }
    if (d->exponent >= 0) {
        natural_multiply_power_of_ten(&up, (unsigned)d->exponent);
    } else {
        natural_multiply_power_of_ten(&down, (unsigned)-d->exponent);
    }
    uint64_t q = divide(&up, &down, &ulp);
    return compose(q, ulp, ret);
}

bool
br_double_parse(struct br_bytes text, double *ret)
{
    struct decimal d;
    double v = 0;
    read_decimal(text, &d);
    /* 0.digits x 10^scale */
    int64_t scale = d.exponent + (int64_t)d.n;
    if (d.n > 0 && scale > DBL_MAX_10_EXP + 1) {
        return false;
    }
    bool small = d.n == 0 || scale < -324;
    if (!small && !read_fast(&d, &v) && !read_exact(&d, &v)) {
        return false;
    }
    *ret = d.negative ? -v : v;
    return true;
}

/* ---- writing ------------------------------------------------------------ */

/** 0.digits x 10^scale; the longest that a double needs has 17. */
struct shortest {
    uint8_t digits[20];
    size_t n;
    int scale;
};

/** With 15 digits or fewer that read back as v it is decided: no two decimals
 *  so short are the same double, so none shorter or nearer exists. */
static bool
shortest_fast(double v, struct shortest *ret)
{
    for (int power = 1; power <= EXACT_POWER; power++) {
        double scaled = v * powers_of_ten[power];
        if (scaled >= powers_of_ten[EXACT_DIGITS] - 1) {
            return false;
        }
        uint64_t whole = (uint64_t)(scaled + 0.5);
        double back = (double)whole / powers_of_ten[power];
        if (whole > 0 && !(back < v) && !(back > v)) {
            while (whole % 10 == 0) {
                whole /= 10;
                power--;
            }
            ret->n = br_json_decimal(whole, ret->digits);
            ret->scale = (int)ret->n - power;
            return true;
        }
    }
    return false;
}

/** What the digits are made from: v = r / s, and the doubles beside it are
 *  2 x below / s under it and 2 x above / s over it. */
struct gap {
    struct natural r;
    struct natural s;
    struct natural below;
    struct natural above;
    bool inclusive; /* what lies half way is read as v, which is even */
};

/** floor(x * log10(2)), exact for |x| below 1651 */
static int
floor_log10_of_power(int x)
{
    int product = x * 78913;
    return product >= 0 ? product >> 18 : -((-product + (1 << 18) - 1) >> 18);
}

static void
gap_init(struct gap *g, uint64_t fraction, int ulp)
{
    /* Below a power of two the doubles are twice as dense. */
    bool uneven = fraction == hidden_bit && ulp > ULP_MIN;
    unsigned more = uneven ? 2 : 1;
    unsigned up = ulp > 0 ? (unsigned)ulp : 0;
    unsigned down = ulp < 0 ? (unsigned)-ulp : 0;
    natural_set(&g->r, fraction);
    natural_shift_left(&g->r, up + more);
    natural_set(&g->s, 1);
    natural_shift_left(&g->s, down + more);
    natural_set(&g->below, 1);
    natural_shift_left(&g->below, up);
    natural_set(&g->above, 1);
    natural_shift_left(&g->above, up + more - 1);
    g->inclusive = (fraction & 1) == 0;
}

/** Does r plus what is above reach s? */
static bool
reaches(const struct gap *g)
{
    struct natural sum = g->r;
    natural_add(&sum, &g->above);
    int order = natural_compare(&sum, &g->s);
    return order > 0 || (order == 0 && g->inclusive);
}

/** Scale so that r / s is 0.digits; returns the power of ten. */
static int
gap_scale(struct gap *g, uint64_t fraction, int ulp)
{
    int top_bit = 63 - __builtin_clzll(fraction) + ulp;
    int scale = floor_log10_of_power(top_bit) + 1;
    if (scale >= 0) {
        natural_multiply_power_of_ten(&g->s, (unsigned)scale);
    } else {
        natural_multiply_power_of_ten(&g->r, (unsigned)-scale);
        natural_multiply_power_of_ten(&g->below, (unsigned)-scale);
        natural_multiply_power_of_ten(&g->above, (unsigned)-scale);
    }
    if (reaches(g)) {
        natural_multiply(&g->s, 10, 0);
        scale++;
    }
    return scale;
}

/** The next digit, which leaves r / s as the rest. */
static uint8_t
gap_digit(struct gap *g)
{
    uint8_t digit = 0;
    natural_multiply(&g->r, 10, 0);
    natural_multiply(&g->below, 10, 0);
    natural_multiply(&g->above, 10, 0);
    while (natural_compare(&g->r, &g->s) >= 0) {
        natural_subtract(&g->r, &g->s);
        digit++;
    }
    return digit;
}

/** Steele and White's digits, with the ends of Burger and Dybvig: stop as soon
 *  as what is written so far, or one more in its last digit, reads as v. */
static void
shortest_exact(uint64_t fraction, int ulp, struct shortest *ret)
{
    struct gap g;
    gap_init(&g, fraction, ulp);
    ret->scale = gap_scale(&g, fraction, ulp);
    ret->n = 0;
    for (;;) {
        uint8_t digit = gap_digit(&g);
        int order = natural_compare(&g.r, &g.below);
        bool low = order < 0 || (order == 0 && g.inclusive);
        bool high = reaches(&g);
        if (low && high) {
            natural_shift_left(&g.r, 1);
            int half = natural_compare(&g.r, &g.s);
            high = half > 0 || (half == 0 && (digit & 1) != 0);
        }
        digit = (uint8_t)('0' + digit + (high ? 1 : 0));
        ret->digits[ret->n++] = digit;
        if (low || high) {
            return;
        }
    }
}

static void
put_zeros(struct br_buf *b, int n)
{
    for (; n > 0; n--) {
        br_buf_put(b, "0", 1);
    }
}

/** ECMA-262 section 6.1.6.1.20, Number::toString: n there is scale here. */
static void
put_shortest(struct br_buf *b, const struct shortest *d)
{
    int n = (int)d->n;
    if (n <= d->scale && d->scale <= 21) {
        br_buf_put(b, d->digits, d->n);
        put_zeros(b, d->scale - n);
    } else if (0 < d->scale && d->scale <= 21) {
        br_buf_put(b, d->digits, (size_t)d->scale);
        br_buf_put(b, ".", 1);
        br_buf_put(b, d->digits + d->scale, (size_t)(n - d->scale));
    } else if (-6 < d->scale && d->scale <= 0) {
        br_buf_put(b, "0.", 2);
        put_zeros(b, -d->scale);
        br_buf_put(b, d->digits, d->n);
    } else {
        int exponent = d->scale - 1;
        br_buf_put(b, d->digits, 1);
        if (n > 1) {
            br_buf_put(b, ".", 1);
            br_buf_put(b, d->digits + 1, d->n - 1);
        }
        br_buf_put(b, exponent < 0 ? "e-" : "e+", 2);
        br_json_put_integer(
            b, false, (uint64_t)(exponent < 0 ? -exponent : exponent));
    }
}

void
br_double_put(struct br_buf *b, double v)
{
    struct shortest d;
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    int biased = (int)(bits >> FRACTION_BITS & EXPONENT_MASK);
    uint64_t fraction = bits & (hidden_bit - 1);
    bool negative = bits >> 63 != 0;
    BR_ASSERT(biased != EXPONENT_MASK);
    if (biased == 0 && fraction == 0) {
        br_buf_put(b, "0", 1);
        return;
    }
    double size = negative ? -v : v;
    uint64_t whole = size < (double)(2 * hidden_bit) ? (uint64_t)size : 0;
    if (whole > 0 && !((double)whole < size)) {
        br_json_put_integer(b, negative, whole);
        return;
    }
    if (negative) {
        br_buf_put(b, "-", 1);
    }
    if (biased == 0) {
        biased = 1;
    } else {
        fraction |= hidden_bit;
    }
    if (biased < 2 || !shortest_fast(size, &d)) {
        shortest_exact(fraction, biased - 1 + ULP_MIN, &d);
    }
    put_shortest(b, &d);
}
