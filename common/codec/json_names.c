/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_internal.h"

enum { INSERTION_MAX = 16 };

int
br_json_name_order(struct br_bytes a, struct br_bytes b)
{
    if (a.n != b.n) {
        return a.n < b.n ? -1 : 1;
    }
    return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

/* ---- sorting ------------------------------------------------------------ */
/* By comparison and not by hash: a hash without a secret, which a pure core
 * cannot have, is one that hostile names collide in. */

static void
sort_few(
    struct br_json **v,
    size_t n,
    int (*order)(struct br_bytes a, struct br_bytes b))
{
    for (size_t i = 1; i < n; i++) {
        struct br_json *one = v[i];
        size_t at = i;
        while (at > 0 && order(v[at - 1]->name, one->name) > 0) {
            v[at] = v[at - 1];
            at--;
        }
        v[at] = one;
    }
}

/** The sorted v[0..middle) and v[middle..n) into out. */
static void
merge(
    struct br_json **v,
    size_t middle,
    size_t n,
    struct br_json **out,
    int (*order)(struct br_bytes a, struct br_bytes b))
{
    size_t left = 0;
    size_t right = middle;
    for (size_t i = 0; i < n; i++) {
        bool from_left =
            right == n ||
            (left < middle && order(v[left]->name, v[right]->name) <= 0);
        out[i] = from_left ? v[left++] : v[right++];
    }
}

static inline size_t
at_most(size_t v, size_t max)
{
    return v < max ? v : max;
}

bool
br_json_sort(
    struct br_arena *arena,
    struct br_json **v,
    size_t n,
    int (*order)(struct br_bytes a, struct br_bytes b))
{
    if (n <= INSERTION_MAX) {
        sort_few(v, n, order);
        return true;
    }
    struct br_json **from = v;
    struct br_json **to =
        (struct br_json **)br_arena_take(arena, n * sizeof(struct br_json *));
    if (to == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i += INSERTION_MAX) {
        sort_few(v + i, at_most(INSERTION_MAX, n - i), order);
    }
    for (size_t width = INSERTION_MAX; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            size_t both = at_most(2 * width, n - i);
            merge(from + i, at_most(width, both), both, to + i, order);
        }
        struct br_json **sorted = to;
        to = from;
        from = sorted;
    }
    if (from != v) {
        memcpy(v, from, n * sizeof(struct br_json *));
    }
    return true;
}

/* ---- the index of an object's members ----------------------------------- */

static struct br_json_index *
new_index(struct br_arena *arena, uint32_t capacity)
{
    struct br_json_index *index = (struct br_json_index *)br_arena_take(
        arena, sizeof(*index) + capacity * sizeof(struct br_json *));
    if (index != NULL) {
        index->capacity = capacity;
    }
    return index;
}

bool
br_json_index_make(struct br_arena *arena, struct br_json *object)
{
    uint32_t n = 0;
    struct br_json_index *index = new_index(arena, object->items.count);
    if (index == NULL) {
        return false;
    }
    for (struct br_json *v = object->items.first; v != NULL; v = v->next) {
        index->sorted[n++] = v;
    }
    if (!br_json_sort(arena, index->sorted, n, br_json_name_order)) {
        return false;
    }
    object->items.index = index;
    return true;
}

/** The first of n members that is not before the name. */
static uint32_t
lower_bound(struct br_json *const *sorted, uint32_t n, struct br_bytes name)
{
    uint32_t low = 0;
    uint32_t high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (br_json_name_order(sorted[middle]->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t
br_json_index_find(const struct br_json *object, struct br_bytes name)
{
    return lower_bound(object->items.index->sorted, object->items.count, name);
}

bool
br_json_index_add(
    struct br_arena *arena, struct br_json *object, struct br_json *member)
{
    struct br_json_index *index = object->items.index;
    uint32_t n = object->items.count - 1; /* without the new one */
    if (index == NULL) {
        return n < BR_JSON_INDEX_FROM || br_json_index_make(arena, object);
    }
    if (index->capacity == n) {
        struct br_json_index *larger = new_index(arena, 2 * n);
        object->items.index = larger;
        if (larger == NULL) {
            return false;
        }
        memcpy(larger->sorted, index->sorted, n * sizeof(struct br_json *));
        index = larger;
    }
    uint32_t at = lower_bound(index->sorted, n, member->name);
    memmove(
        index->sorted + at + 1, index->sorted + at,
        (n - at) * sizeof(struct br_json *));
    index->sorted[at] = member;
    return true;
}

void
br_json_index_change(
    struct br_json *object, const struct br_json *member, struct br_json *by)
{
    struct br_json_index *index = object->items.index;
    if (index == NULL) {
        return;
    }
    uint32_t at = br_json_index_find(object, member->name);
    if (by != NULL) {
        index->sorted[at] = by;
        return;
    }
    memmove(
        index->sorted + at, index->sorted + at + 1,
        (object->items.count - at - 1) * sizeof(struct br_json *));
}
