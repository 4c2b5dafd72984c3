/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/type.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 4096, TEXTS_MAX = 64 };

/** The value at a path, or NULL. */
static struct br_json *
at(const struct br_json *v, const struct br_claim_path *path)
{
    struct br_json *found = br_json_member(v, path->steps[0]);
    for (size_t i = 1; i < path->count; i++) {
        found = br_json_member(found, path->steps[i]);
    }
    return found;
}

bool
br_is_date(struct br_bytes t)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    unsigned n[3] = {0, 0, 0};
    unsigned part = 0;
    if (t.n != 10 || t.p[4] != '-' || t.p[7] != '-') {
        return false;
    }
    for (size_t i = 0; i < t.n; i++) {
        if (i == 4 || i == 7) {
            part++;
            continue;
        }
        if (t.p[i] < '0' || t.p[i] > '9') {
            return false;
        }
        n[part] = n[part] * 10 + (unsigned)(t.p[i] - '0');
    }
    return n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= days[n[1] - 1] &&
           (n[1] != 2 || n[2] < 29 ||
            (n[0] % 4 == 0 && (n[0] % 100 != 0 || n[0] % 400 == 0)));
}

static enum br_rc
check_texts(const struct br_json *v, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_ARRAY, reterr));
    if (br_json_count(v) > TEXTS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %d texts", TEXTS_MAX);
    }
    for (struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        BR_TRY(br_json_as(i, BR_JSON_STRING, reterr));
    }
    return BR_OK;
}

static enum br_rc
check_text(
    const struct br_json *v, enum br_claim_kind kind, struct br_err *reterr)
{
    struct br_bytes text;
    char path[BR_JSON_PATH_BYTES];
    BR_TRY(br_json_as_string(v, &text, reterr));
    br_json_path(v, path);
    if (text.n == 0 || text.n > TEXT_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "%s: 1 to %d bytes", path,
            TEXT_BYTES_MAX);
    }
    if (kind == BR_CLAIM_DATE && !br_is_date(text)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "%s: a date is as 2026-11-26", path);
    }
    return BR_OK;
}

static enum br_rc
check_value(
    const struct br_claim_type *c,
    const struct br_json *v,
    struct br_err *reterr)
{
    uint64_t cents;
    int64_t whole;
    switch (c->kind) {
    case BR_CLAIM_TEXT:
    case BR_CLAIM_DATE:
        return check_text(v, c->kind, reterr);
    case BR_CLAIM_WHOLE:
        return br_json_as_int(v, &whole, reterr);
    case BR_CLAIM_AMOUNT:
        return br_amount_cents(v, &cents, reterr);
    case BR_CLAIM_BOOLEAN:
        return br_json_as(v, BR_JSON_BOOLEAN, reterr);
    case BR_CLAIM_TEXTS:
        return check_texts(v, reterr);
    case BR_CLAIM_LADDER:
        break;
    }
    return br_fail(
        reterr, BR_ERR_UNKNOWN_FIELD, "%.60s is computed, not given",
        c->path.steps[0]);
}

/** Is there a claim whose path is this one (n steps), or goes through it? */
static bool
leads_on(
    const struct br_type *t, const struct br_claim_path *path, bool *ret_whole)
{
    bool found = false;
    *ret_whole = false;
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_path *p = &t->claims[i].path;
        bool same = p->count >= path->count;
        for (size_t k = 0; same && k < path->count; k++) {
            same = path->steps[k] != NULL &&
                   strcmp(p->steps[k], path->steps[k]) == 0;
        }
        found = found || same;
        *ret_whole = *ret_whole || (same && p->count == path->count);
    }
    return found;
}

/** Every member, down to the types' paths, is one that the type has. */
static enum br_rc
check_known(
    const struct br_type *t,
    const struct br_json *claims,
    struct br_arena *arena,
    struct br_err *reterr)
{
    const struct br_json *v = br_json_first(claims);
    struct br_claim_path path = {.count = 0};
    while (v != NULL) {
        char text[BR_JSON_PATH_BYTES];
        bool whole;
        path.steps[path.count] = br_arena_copy(arena, v->name);
        if (path.steps[path.count] == NULL) {
            return br_fail(reterr, BR_ERR_TOO_LARGE, "claims");
        }
        path.count++;
        br_json_path(v, text);
        /* A name with U+0000 in it would be taken for a shorter one. */
        bool told_whole = strlen(path.steps[path.count - 1]) == v->name.n;
        if (!told_whole || !leads_on(t, &path, &whole)) {
            return br_fail(
                reterr, BR_ERR_UNKNOWN_FIELD, "%s: %s has no such claim", text,
                t->id);
        }
        if (!whole) {
            BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
        }
        if (!whole && br_json_first(v) != NULL) {
            v = br_json_first(v);
            continue;
        }
        path.count--;
        while (v->next == NULL && v->parent != claims) {
            v = v->parent;
            path.count--;
        }
        v = v->next;
    }
    return BR_OK;
}

enum br_rc
br_type_check(
    const struct br_type *t,
    const struct br_json *claims,
    struct br_err *reterr)
{
    struct br_arena arena;
    BR_TRY(br_json_as(claims, BR_JSON_OBJECT, reterr));
    br_arena_init(&arena, 256u * 1024);
    enum br_rc rc = check_known(t, claims, &arena, reterr);
    br_arena_fini(&arena);
    BR_TRY(rc);
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        const struct br_json *v = at(claims, &c->path);
        if (v != NULL) {
            BR_TRY(check_value(c, v, reterr));
        } else if (c->required && c->kind != BR_CLAIM_LADDER) {
            return br_fail(
                reterr, BR_ERR_MISSING_FIELD, "%s: %.60s%s%.60s is missing",
                t->id, c->path.steps[0], c->path.count > 1 ? "." : "",
                c->path.count > 1 ? c->path.steps[1] : "");
        }
    }
    return BR_OK;
}

/* ---- completing --------------------------------------------------------- */

static const char *
step_name(struct br_arena *arena, uint64_t step)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)step);
    return br_arena_copy(arena, br_str(text));
}

/** The object that a path's last member belongs in; made where it lacks. */
static struct br_json *
home_of(
    struct br_json_maker *m,
    struct br_json *claims,
    const struct br_claim_path *path)
{
    struct br_json *v = claims;
    for (size_t i = 0; v != NULL && i + 1 < path->count; i++) {
        struct br_json *next = br_json_member(v, path->steps[i]);
        v = next != NULL
                ? next
                : br_json_set(m, v, path->steps[i], br_json_new_object(m));
    }
    return v;
}

struct br_json *
br_claims_set(
    struct br_json_maker *m,
    struct br_json *claims,
    const struct br_claim_path *path,
    struct br_json *v)
{
    struct br_json *home = home_of(m, claims, path);
    return br_json_set(m, home, path->steps[path->count - 1], v);
}

void
br_claim_name(const struct br_claim_path *path, char *ret, size_t n)
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < path->count && at < n; i++) {
        int put = snprintf(
            ret + at, n - at, "%s%s", i == 0 ? "" : ".", path->steps[i]);
        at += put < 0 ? 0 : (size_t)put;
    }
}

static enum br_rc
add_ladder(
    const struct br_claim_type *c,
    struct br_json *claims,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_json_maker m;
    uint64_t cents;
    const struct br_json *amount = at(claims, &c->of);
    if (amount == NULL) {
        return BR_OK;
    }
    BR_TRY(br_amount_cents(amount, &cents, reterr));
    br_json_maker_init(&m, arena);
    struct br_json *rungs = br_json_new_object(&m);
    for (size_t i = 0; i < c->step_count; i++) {
        const char *name = step_name(arena, c->steps[i]);
        (void)br_json_set(
            &m, rungs, name == NULL ? "" : name,
            br_json_new_boolean(&m, cents <= c->steps[i] * 100));
    }
    (void)br_claims_set(&m, claims, &c->path, rungs);
    return br_json_maker_status(&m, reterr);
}

static bool
add_path(
    struct br_type_paths *paths,
    const struct br_claim_path *path,
    const char *last,
    struct br_arena *arena)
{
    size_t n = path->count + (last != NULL);
    const char **steps =
        (const char **)br_arena_take(arena, n * sizeof(*steps));
    if (steps == NULL) {
        return false;
    }
    memcpy(
        (void *)steps, (const void *)path->steps, path->count * sizeof(*steps));
    if (last != NULL) {
        steps[path->count] = last;
    }
    paths->paths[paths->count++] = (struct br_sd_path){steps, n};
    return true;
}

static bool
add_paths(
    const struct br_claim_type *c,
    struct br_arena *arena,
    struct br_type_paths *paths)
{
    bool ok = true;
    if (!c->disclosable) {
        return true;
    }
    if (c->kind != BR_CLAIM_LADDER) {
        return add_path(paths, &c->path, NULL, arena);
    }
    for (size_t i = 0; ok && i < c->step_count; i++) {
        const char *name = step_name(arena, c->steps[i]);
        ok = name != NULL && add_path(paths, &c->path, name, arena);
    }
    return ok;
}

enum br_rc
br_type_complete(
    const struct br_type *t,
    struct br_json *claims,
    struct br_arena *arena,
    struct br_type_paths *ret_paths,
    struct br_err *reterr)
{
    size_t most = 0;
    bool ok = true;
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        most += c->kind == BR_CLAIM_LADDER ? c->step_count : 1;
    }
    ret_paths->count = 0;
    ret_paths->paths = (struct br_sd_path *)br_arena_take(
        arena, most * sizeof(*ret_paths->paths));
    ok = ret_paths->paths != NULL;
    for (size_t i = 0; ok && i < t->claim_count; i++) {
        if (t->claims[i].kind == BR_CLAIM_LADDER) {
            BR_TRY(add_ladder(&t->claims[i], claims, arena, reterr));
        }
        ok = add_paths(&t->claims[i], arena, ret_paths);
    }
    return ok ? BR_OK : br_fail(reterr, BR_ERR_TOO_LARGE, "claims");
}
