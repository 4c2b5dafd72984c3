/* A credential against the rules of its type (SD-JWT VC section 5.6). */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/credential/rule.h"
#include "common/credential/type_metadata.h"

struct checking {
    const struct br_sd_jwt *sd;
    const struct br_vct_claim *claim;
};

static bool
is_disclosure(const struct br_sd_jwt *sd, const struct br_json *v)
{
    bool found = false;
    for (size_t i = 0; !found && i < sd->count; i++) {
        found = sd->disclosures[i].value == v;
    }
    return found;
}

/** Elements of an array that stay hidden; before: only those ahead of this
 *  position, as issued. *ret_there: one is at it. */
static size_t
gaps_of(
    const struct br_sd_jwt *sd,
    const struct br_json *array,
    uint64_t before,
    bool *ret_there)
{
    size_t n = 0;
    *ret_there = false;
    for (size_t i = 0; i < sd->gap_count; i++) {
        bool here = sd->gaps[i].array == array;
        n += here && sd->gaps[i].at < before;
        *ret_there = *ret_there || (here && sd->gaps[i].at == before);
    }
    return n;
}

/** What the whole path leads to. hidden: an element that is not shown. */
static enum br_rc
check_selected(
    const struct checking *k,
    const struct br_json *v,
    bool hidden,
    struct br_err *reterr)
{
    bool disclosure = hidden || is_disclosure(k->sd, v);
    bool good = k->claim->sd == BR_VCT_SD_ALLOWED ||
                disclosure == (k->claim->sd == BR_VCT_SD_ALWAYS);
    char path[BR_JSON_PATH_BYTES];
    br_json_path(k->claim->path, path);
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_TYPE_SD, "the claim of %s is %s", path,
                      disclosure ? "a disclosure" : "always shown");
}

static enum br_rc
wrong_kind(const struct checking *k, struct br_err *reterr)
{
    char path[BR_JSON_PATH_BYTES];
    br_json_path(k->claim->path, path);
    return br_refuse(
        reterr, BR_RULE_TYPE_PATH, "%s does not fit the credential", path);
}

/** One step from one value. A null has every element selected in turn, so that
 *  it goes by `at`; *ret: the value, or NULL. */
static enum br_rc
step(
    const struct checking *k,
    const struct br_json *v,
    const struct br_json *by,
    bool last,
    const struct br_json **ret,
    struct br_err *reterr)
{
    bool hidden = false;
    bool by_name = by->kind == BR_JSON_STRING;
    if (v->kind != (by_name ? BR_JSON_OBJECT : BR_JSON_ARRAY)) {
        return wrong_kind(k, reterr);
    }
    if (by_name) {
        *ret = br_json_member_bytes(v, by->string);
        return BR_OK;
    }
    bool all = by->kind == BR_JSON_NULL;
    size_t gaps = gaps_of(k->sd, v, all ? UINT64_MAX : by->magnitude, &hidden);
    if (all) {
        hidden = gaps > 0;
        *ret = br_json_first(v);
    } else {
        *ret = hidden ? NULL : br_json_at(v, (size_t)by->magnitude - gaps);
    }
    return last && hidden ? check_selected(k, NULL, true, reterr) : BR_OK;
}

/** The places of a path's steps, the first at [0]; deeper ones are of no
 *  document that we read. */
struct walk {
    const struct br_json *step[BR_JSON_DEPTH_MAX + 1];
    const struct br_json *value[BR_JSON_DEPTH_MAX + 1];
    size_t depth;
};

/** The next value of the innermost null, from which the walk goes on. */
static bool
turn(struct walk *w)
{
    while (w->depth > 0) {
        w->depth--;
        BR_ASSERT(w->step[w->depth] != NULL);
        bool all = w->step[w->depth]->kind == BR_JSON_NULL;
        const struct br_json *next = all ? w->value[w->depth + 1]->next : NULL;
        if (next != NULL) {
            w->value[++w->depth] = next;
            return true;
        }
    }
    return false;
}

/** Every value that the path leads to; *ret_found: one at least, or perhaps
 *  one, in what is hidden. */
static enum br_rc
walk_claim(
    const struct checking *k,
    const struct br_json *claims,
    size_t steps,
    bool *ret_found,
    struct br_err *reterr)
{
    struct walk w = {.value = {claims}};
    bool more = true;
    size_t i = 0;
    for (struct br_json *s = br_json_first(k->claim->path); s != NULL;
         s = s->next) {
        w.step[i++] = s;
    }
    while (more) {
        const struct br_json *to = NULL;
        if (w.depth == steps) {
            *ret_found = true;
            BR_TRY(check_selected(k, w.value[w.depth], false, reterr));
            more = turn(&w);
            continue;
        }
        bool last = w.depth + 1 == steps;
        BR_ASSERT(w.step[w.depth] != NULL && w.value[w.depth] != NULL);
        BR_TRY(step(k, w.value[w.depth], w.step[w.depth], last, &to, reterr));
        w.value[w.depth + 1] = to;
        w.depth += to != NULL;
        more = to != NULL || turn(&w);
    }
    return BR_OK;
}

enum br_rc
br_vct_check(
    const struct br_vct *t,
    const struct br_sd_jwt *sd,
    const struct br_json *claims,
    bool complete,
    struct br_err *reterr)
{
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct checking k = {sd, &t->claims[i]};
        size_t steps = br_json_count(t->claims[i].path);
        bool found = false;
        if (steps > BR_JSON_DEPTH_MAX) {
            return wrong_kind(&k, reterr);
        }
        BR_TRY(walk_claim(&k, claims, steps, &found, reterr));
        if (complete && t->claims[i].mandatory && !found) {
            char path[BR_JSON_PATH_BYTES];
            br_json_path(t->claims[i].path, path);
            return br_refuse(
                reterr, BR_RULE_TYPE_MANDATORY, "%s leads to no claim", path);
        }
    }
    return BR_OK;
}
