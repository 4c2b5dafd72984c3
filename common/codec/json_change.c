/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/json_internal.h"
#include "common/codec/text.h"

/* ---- making ------------------------------------------------------------- */

void
br_json_maker_init(struct br_json_maker *m, struct br_arena *arena)
{
    *m = (struct br_json_maker){.arena = arena, .rc = BR_OK};
}

enum br_rc
br_json_maker_status(const struct br_json_maker *m, struct br_err *reterr)
{
    switch ((int)m->rc) {
    case BR_OK:
        return BR_OK;
    case BR_ERR_TOO_DEEP:
        return br_fail(
            reterr, BR_ERR_TOO_DEEP,
            "JSON: more than %d arrays and objects in each other",
            BR_JSON_DEPTH_MAX);
    case BR_ERR_TOO_LARGE:
        return br_fail(
            reterr, BR_ERR_TOO_LARGE,
            "JSON: the values take more than %zu bytes", m->arena->max);
    default:
        return br_fail(
            reterr, BR_ERR_NO_MEMORY, "JSON: memory for values was refused");
    }
}

static void *
take(struct br_json_maker *m, size_t n)
{
    void *p = m->rc == BR_OK ? br_arena_take(m->arena, n) : NULL;
    if (p == NULL && m->rc == BR_OK) {
        m->rc = br_json_refused(m->arena, n);
    }
    return p;
}

static struct br_json *
new_value(struct br_json_maker *m, enum br_json_kind kind)
{
    struct br_json *v = (struct br_json *)take(m, sizeof(*v));
    if (v != NULL) {
        v->kind = (uint8_t)kind;
        v->height = br_json_is_container(v) ? 1 : 0;
    }
    return v;
}

struct br_json *
br_json_new_object(struct br_json_maker *m)
{
    return new_value(m, BR_JSON_OBJECT);
}

struct br_json *
br_json_new_array(struct br_json_maker *m)
{
    return new_value(m, BR_JSON_ARRAY);
}

struct br_json *
br_json_new_null(struct br_json_maker *m)
{
    return new_value(m, BR_JSON_NULL);
}

struct br_json *
br_json_new_boolean(struct br_json_maker *m, bool v)
{
    struct br_json *made = new_value(m, BR_JSON_BOOLEAN);
    if (made != NULL) {
        made->boolean = v;
    }
    return made;
}

static struct br_json *
new_integer(struct br_json_maker *m, bool negative, uint64_t magnitude)
{
    struct br_json *made = new_value(m, BR_JSON_NUMBER);
    if (made != NULL) {
        made->integer = true;
        made->negative = negative;
        made->magnitude = magnitude;
    }
    return made;
}

struct br_json *
br_json_new_uint(struct br_json_maker *m, uint64_t v)
{
    return new_integer(m, false, v);
}

struct br_json *
br_json_new_int(struct br_json_maker *m, int64_t v)
{
    /* 0 - v, so that the least number has a magnitude too */
    return v < 0 ? new_integer(m, true, 0 - (uint64_t)v)
                 : new_integer(m, false, (uint64_t)v);
}

/** Into the arena; {NULL, 0} on failure. */
static struct br_bytes
copy_text(struct br_json_maker *m, struct br_bytes v)
{
    uint8_t *p = (uint8_t *)take(m, v.n + 1);
    if (p == NULL) {
        return br_bytes(NULL, 0);
    }
    if (v.n > 0) {
        memcpy(p, v.p, v.n);
    }
    return br_bytes(p, v.n);
}

struct br_json *
br_json_new_string(struct br_json_maker *m, struct br_bytes v)
{
    BR_ASSERT(br_utf8_check(v) == v.n);
    struct br_bytes copy = copy_text(m, v);
    struct br_json *made = new_value(m, BR_JSON_STRING);
    if (made != NULL) {
        made->string = copy;
    }
    return made;
}

static struct br_json *
copy_one(struct br_json_maker *m, const struct br_json *v)
{
    struct br_json *copy = (struct br_json *)take(m, sizeof(*copy));
    if (copy == NULL) {
        return NULL;
    }
    *copy = *v;
    copy->parent = NULL;
    copy->next = NULL;
    copy->previous = NULL;
    if (br_json_is_container(v)) {
        memset(&copy->items, 0, sizeof(copy->items));
    }
    return copy;
}

/** All items of a container are linked: many names get their index. */
static void
end_copy(struct br_json_maker *m, struct br_json *container)
{
    if (container->kind == BR_JSON_OBJECT &&
        container->items.count > BR_JSON_INDEX_FROM &&
        !br_json_index_make(m->arena, container)) {
        m->rc = br_json_refused(
            m->arena, 2 * container->items.count * sizeof(struct br_json *));
    }
}

struct br_json *
br_json_new_copy(struct br_json_maker *m, const struct br_json *v)
{
    const struct br_json *from = v;
    struct br_json *top = copy_one(m, v);
    struct br_json *to = top;
    while (to != NULL) {
        struct br_json *into = to;
        const struct br_json *next = br_json_first(from);
        while (next == NULL && from != v) {
            next = from->next;
            from = from->parent;
            into = into->parent;
            BR_ASSERT(into != NULL);
            if (next == NULL) {
                end_copy(m, into);
            }
        }
        if (next == NULL) {
            top->name = br_bytes(NULL, 0);
            return m->rc == BR_OK ? top : NULL;
        }
        to = copy_one(m, next);
        if (to != NULL) {
            br_json_link_last(into, to);
        }
        from = next;
    }
    return NULL;
}

/* ---- changing ----------------------------------------------------------- */

/** Bytes that something changed in are no longer those that came. */
static void
forget_raw(struct br_json *v)
{
    for (; v != NULL; v = v->parent) {
        v->raw = br_bytes(NULL, 0);
    }
}

/** May v come into this container? Makes the heights right. */
static bool
fits(
    struct br_json_maker *m, struct br_json *container, const struct br_json *v)
{
    unsigned depth = 0;
    unsigned height = v->height;
    BR_ASSERT(v->parent == NULL);
    for (struct br_json *c = container; c != NULL; c = c->parent) {
        BR_ASSERT(c != v);
        depth++;
    }
    if (depth + height > BR_JSON_DEPTH_MAX) {
        m->rc = BR_ERR_TOO_DEEP;
        return false;
    }
    for (struct br_json *c = container; c != NULL; c = c->parent) {
        height++;
        if (c->height < height) {
            c->height = (uint8_t)height;
        }
    }
    return true;
}

struct br_json *
br_json_replace(struct br_json_maker *m, struct br_json *old, struct br_json *v)
{
    if (m->rc != BR_OK) {
        return NULL;
    }
    struct br_json *in = old->parent;
    BR_ASSERT(in != NULL);
    if (!fits(m, in, v)) {
        return NULL;
    }
    if (in->kind == BR_JSON_OBJECT) {
        br_json_index_change(in, old, v);
    }
    v->name = old->name;
    v->parent = in;
    v->previous = old->previous;
    v->next = old->next;
    *(old->previous == NULL ? &in->items.first : &old->previous->next) = v;
    *(old->next == NULL ? &in->items.last : &old->next->previous) = v;
    old->parent = NULL;
    old->previous = NULL;
    old->next = NULL;
    old->name = br_bytes(NULL, 0);
    forget_raw(in);
    return v;
}

struct br_json *
br_json_set_bytes(
    struct br_json_maker *m,
    struct br_json *object,
    struct br_bytes name,
    struct br_json *v)
{
    if (m->rc != BR_OK) {
        return NULL;
    }
    BR_ASSERT(object->kind == BR_JSON_OBJECT);
    BR_ASSERT(br_utf8_check(name) == name.n);
    struct br_json *old = br_json_member_bytes(object, name);
    if (old != NULL) {
        return br_json_replace(m, old, v);
    }
    struct br_bytes copy = copy_text(m, name);
    if (m->rc != BR_OK || !fits(m, object, v)) {
        return NULL;
    }
    v->name = copy;
    br_json_link_last(object, v);
    forget_raw(object);
    if (!br_json_index_add(m->arena, object, v)) {
        m->rc = br_json_refused(
            m->arena, 2 * object->items.count * sizeof(struct br_json *));
        return NULL;
    }
    return v;
}

struct br_json *
br_json_set(
    struct br_json_maker *m,
    struct br_json *object,
    const char *name,
    struct br_json *v)
{
    return br_json_set_bytes(m, object, br_str(name), v);
}

struct br_json *
br_json_append(
    struct br_json_maker *m, struct br_json *array, struct br_json *v)
{
    if (m->rc != BR_OK) {
        return NULL;
    }
    BR_ASSERT(array->kind == BR_JSON_ARRAY);
    if (!fits(m, array, v)) {
        return NULL;
    }
    br_json_link_last(array, v);
    forget_raw(array);
    return v;
}

void
br_json_detach(struct br_json *v)
{
    struct br_json *in = v->parent;
    if (in == NULL) {
        return;
    }
    if (in->kind == BR_JSON_OBJECT) {
        br_json_index_change(in, v, NULL);
    }
    *(v->previous == NULL ? &in->items.first : &v->previous->next) = v->next;
    *(v->next == NULL ? &in->items.last : &v->next->previous) = v->previous;
    in->items.count--;
    v->parent = NULL;
    v->previous = NULL;
    v->next = NULL;
    v->name = br_bytes(NULL, 0);
    forget_raw(in);
}

struct br_json *
br_json_remove(struct br_json *object, const char *name)
{
    struct br_json *v = br_json_member(object, name);
    if (v != NULL) {
        br_json_detach(v);
    }
    return v;
}
