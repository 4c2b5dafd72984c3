/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/type.h"

#include "common/codec/text.h"
#include "common/credential/sd_jwt_vc.h"

#include <string.h>

enum { DAY_S = 24 * 3600, DAYS_MAX = 3650 };

static const struct {
    const char *name;
    enum br_claim_kind kind;
} kinds[] = {
    {"string", BR_CLAIM_TEXT},     {"date", BR_CLAIM_DATE},
    {"integer", BR_CLAIM_WHOLE},   {"amount", BR_CLAIM_AMOUNT},
    {"boolean", BR_CLAIM_BOOLEAN}, {"strings", BR_CLAIM_TEXTS},
    {"ladder", BR_CLAIM_LADDER},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/** A text of ours, without NUL bytes in it. */
static enum br_rc
copy_text(
    struct br_bytes text,
    struct br_arena *arena,
    const char **ret,
    struct br_err *reterr)
{
    char *copy = br_arena_copy(arena, text);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "type");
    }
    if (strlen(copy) != text.n) {
        return br_fail(reterr, BR_ERR_MALFORMED, "a name holds U+0000");
    }
    *ret = copy;
    return BR_OK;
}

static enum br_rc
read_path(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_claim_path *ret,
    struct br_err *reterr)
{
    struct br_claim_path p = {.count = 0};
    for (struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        struct br_bytes step;
        if (p.count == BR_TYPE_DEPTH_MAX) {
            return br_fail(reterr, BR_ERR_TOO_DEEP, "path: too many steps");
        }
        BR_TRY(br_json_as_string(i, &step, reterr));
        BR_TRY(copy_text(step, arena, &p.steps[p.count], reterr));
        p.count++;
    }
    if (p.count == 0) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "path is empty");
    }
    *ret = p;
    return BR_OK;
}

static enum br_rc
read_ladder(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_claim_type *c,
    struct br_err *reterr)
{
    struct br_json *of;
    struct br_json *steps;
    BR_TRY(br_json_need(v, "of", BR_JSON_ARRAY, &of, reterr));
    BR_TRY(read_path(of, arena, &c->of, reterr));
    BR_TRY(br_json_need(v, "steps", BR_JSON_ARRAY, &steps, reterr));
    for (struct br_json *i = br_json_first(steps); i != NULL; i = i->next) {
        uint64_t step;
        BR_TRY(br_json_as_uint(i, &step, reterr));
        bool grows = c->step_count == 0 || step > c->steps[c->step_count - 1];
        if (c->step_count == BR_TYPE_STEPS_MAX || !grows ||
            step > 1000000000000u) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE,
                "steps: 1 to %d whole numbers, each larger than the last",
                BR_TYPE_STEPS_MAX);
        }
        c->steps[c->step_count++] = step;
    }
    return c->step_count > 0
               ? BR_OK
               : br_fail(reterr, BR_ERR_MISSING_FIELD, "steps is empty");
}

/** Names that the issuer writes itself, or that must not be hidden. */
static bool
is_ours(const char *name)
{
    static const char *const own[] = {"iat",     "sub", "_sd",
                                      "_sd_alg", "...", "vct#integrity"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(name, own[i]) == 0) {
            return true;
        }
    }
    return br_vc_is_fixed(br_str(name));
}

static enum br_rc
read_claim(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_claim_type *c,
    struct br_err *reterr)
{
    struct br_json *path;
    struct br_json *display = NULL;
    struct br_bytes kind;
    struct br_bytes from = {NULL, 0};
    size_t i = 0;
    c->disclosable = true;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_need(v, "path", BR_JSON_ARRAY, &path, reterr));
    BR_TRY(read_path(path, arena, &c->path, reterr));
    BR_TRY(br_json_need_string(v, "type", &kind, reterr));
    BR_TRY(br_json_may_boolean(v, "required", &c->required, reterr));
    BR_TRY(br_json_may_boolean(v, "disclosable", &c->disclosable, reterr));
    BR_TRY(br_json_may(v, "display", BR_JSON_ARRAY, &display, reterr));
    c->display = display;
    BR_TRY(br_json_may_string(v, "from", &from, reterr));
    if (from.p != NULL) {
        BR_TRY(br_pointer_check(from, reterr));
        BR_TRY(copy_text(from, arena, &c->from, reterr));
    }
    while (i < KINDS && !br_bytes_eq(kind, br_str(kinds[i].name))) {
        i++;
    }
    if (i == KINDS) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "type: string, date, integer, amount, boolean, strings or ladder");
    }
    c->kind = kinds[i].kind;
    if (is_ours(c->path.steps[0])) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%.40s is a claim that the issuer writes",
            c->path.steps[0]);
    }
    return c->kind == BR_CLAIM_LADDER ? read_ladder(v, arena, c, reterr)
                                      : BR_OK;
}

static bool
same_path(const struct br_claim_path *a, const struct br_claim_path *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = strcmp(a->steps[i], b->steps[i]) == 0;
    }
    return same;
}

/** Does one of them lead through the other? No claim is an object that has
 *  others in it. */
static bool
leads_through(const struct br_claim_path *a, const struct br_claim_path *b)
{
    const size_t n = a->count < b->count ? a->count : b->count;
    bool same = true;
    for (size_t i = 0; same && i < n; i++) {
        same = strcmp(a->steps[i], b->steps[i]) == 0;
    }
    return same;
}

/** A new path beside those that are there. */
static enum br_rc
check_path(
    const struct br_type *t,
    const struct br_claim_path *path,
    struct br_err *reterr)
{
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_path *p = &t->claims[i].path;
        if (same_path(p, path)) {
            return br_fail(
                reterr, BR_ERR_DUPLICATE_FIELD, "two claims with one path");
        }
        if (leads_through(p, path)) {
            return br_fail(
                reterr, BR_ERR_CONFLICT,
                "the paths of claims %zu and %zu lead through each other",
                i + 1, t->claim_count + 1);
        }
    }
    return BR_OK;
}

static const struct br_claim_type *
find(const struct br_type *t, const struct br_claim_path *path)
{
    for (size_t i = 0; i < t->claim_count; i++) {
        if (same_path(&t->claims[i].path, path)) {
            return &t->claims[i];
        }
    }
    return NULL;
}

static enum br_rc
read_claims(
    const struct br_json *list,
    struct br_arena *arena,
    struct br_type *t,
    struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_claim_type *c = &t->claims[t->claim_count];
        if (t->claim_count == BR_TYPE_CLAIMS_MAX) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE, "more than %d claims",
                BR_TYPE_CLAIMS_MAX);
        }
        BR_TRY(read_claim(i, arena, c, reterr));
        BR_TRY(check_path(t, &c->path, reterr));
        t->claim_count++;
    }
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        if (c->kind != BR_CLAIM_LADDER) {
            continue;
        }
        const struct br_claim_type *of = find(t, &c->of);
        if (of == NULL || of->kind != BR_CLAIM_AMOUNT) {
            return br_fail(
                reterr, BR_ERR_NOT_FOUND, "a ladder is of a claim of amounts");
        }
    }
    return t->claim_count > 0
               ? BR_OK
               : br_fail(reterr, BR_ERR_MISSING_FIELD, "claims is empty");
}

static enum br_rc
read_vct(
    const struct br_json *v,
    const char *base,
    struct br_arena *arena,
    struct br_type *t,
    struct br_err *reterr)
{
    struct br_bytes vct = {NULL, 0};
    struct br_buf b;
    BR_TRY(br_json_may_string(v, "vct", &vct, reterr));
    if (vct.n > 0) {
        return copy_text(vct, arena, &t->vct, reterr);
    }
    br_buf_init(&b, 1024);
    br_buf_printf(&b, "%s/vct/%s", base, t->id);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = copy_text(br_buf_bytes(&b), arena, &t->vct, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
read_type(
    const struct br_json *v,
    const char *base,
    struct br_arena *arena,
    struct br_type *t,
    struct br_err *reterr)
{
    static const char *const names[] = {
        "id",         "vct",     "validity_days", "renewal",
        "batch_size", "display", "claims",        "source"};
    struct br_bytes id;
    struct br_json *display;
    struct br_json *claims;
    struct br_json *source = NULL;
    uint64_t days = 365;
    uint64_t renewal;
    t->batch_size = 1;
    BR_TRY(br_json_only(v, names, sizeof(names) / sizeof(names[0]), reterr));
    BR_TRY(br_json_need_string(v, "id", &id, reterr));
    if (!br_identifier_ok(id, BR_TYPE_ID_BYTES_MAX)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "id: 1 to 64 of a-z 0-9 . -");
    }
    BR_TRY(copy_text(id, arena, &t->id, reterr));
    BR_TRY(read_vct(v, base, arena, t, reterr));
    BR_TRY(br_json_may_uint(v, "validity_days", &days, reterr));
    renewal = days;
    BR_TRY(br_json_may_uint(v, "renewal", &renewal, reterr));
    BR_TRY(br_json_may_uint(v, "batch_size", &t->batch_size, reterr));
    if (days < 1 || days > DAYS_MAX || renewal > DAYS_MAX ||
        t->batch_size < 1 || t->batch_size > BR_TYPE_BATCH_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "validity_days: 1 to %d; renewal: 0 to %d; batch_size: 1 to %d",
            DAYS_MAX, DAYS_MAX, BR_TYPE_BATCH_MAX);
    }
    t->validity_s = days * DAY_S;
    t->renewal_s = renewal * DAY_S;
    BR_TRY(br_json_need(v, "display", BR_JSON_ARRAY, &display, reterr));
    t->display = display;
    BR_TRY(br_json_may(v, "source", BR_JSON_OBJECT, &source, reterr));
    BR_TRY(br_source_parse(source, arena, &t->source, reterr));
    BR_TRY(br_json_need(v, "claims", BR_JSON_ARRAY, &claims, reterr));
    return read_claims(claims, arena, t, reterr);
}

enum br_rc
br_type_parse(
    const struct br_json *v,
    const char *base,
    struct br_arena *arena,
    struct br_type **ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_type *t = (struct br_type *)br_arena_take(arena, sizeof(*t));
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "type");
    }
    if (read_type(v, base, arena, t, &why) != BR_OK) {
        return br_fail(reterr, BR_ERR_CONFIG, "%s", why.text);
    }
    *ret = t;
    return BR_OK;
}
