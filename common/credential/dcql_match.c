/* Which credentials answer a query, and with what. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/dcql.h"

static enum br_rc
no(struct br_err *reterr, const char *text)
{
    return br_fail(reterr, BR_ERR_NOT_FOUND, "%s", text);
}

/* ---- paths (section 7.1.1) ---------------------------------------------- */

/** The values that were selected so far, and those of the next step. */
struct selection {
    const struct br_json **ret;
    size_t max;
    size_t n;
};

static enum br_rc
add(struct selection *s, const struct br_json *v, struct br_err *reterr)
{
    if (v == NULL) {
        return BR_OK;
    }
    if (s->n == s->max) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "a path selects more than %zu values",
            s->max);
    }
    s->ret[s->n++] = v;
    return BR_OK;
}

static enum br_rc
add_items(struct selection *s, const struct br_json *v, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        BR_TRY(add(s, i, reterr));
    }
    return BR_OK;
}

/** One step from one value; wrong kinds end the whole path. */
static enum br_rc
step_from(
    const struct br_json *v,
    const struct br_json *step,
    struct selection *out,
    struct br_err *reterr)
{
    bool by_name = step->kind == BR_JSON_STRING;
    if (v->kind != (by_name ? BR_JSON_OBJECT : BR_JSON_ARRAY)) {
        return no(reterr, "a path's step does not fit the value it meets");
    }
    if (by_name) {
        return add(out, br_json_member_bytes(v, step->string), reterr);
    }
    return step->kind == BR_JSON_NULL
               ? add_items(out, v, reterr)
               : add(out, br_json_at(v, (size_t)step->magnitude), reterr);
}

enum br_rc
br_dcql_select(
    const struct br_json *claims,
    const struct br_json *path,
    const struct br_json **ret,
    size_t max,
    size_t *ret_n,
    struct br_err *reterr)
{
    const struct br_json *before[BR_DCQL_SELECTED_MAX];
    struct selection out = {ret, max, 0};
    BR_TRY(add(&out, claims, reterr));
    for (struct br_json *i = br_json_first(path); i != NULL; i = i->next) {
        size_t n = out.n;
        BR_ASSERT(n <= BR_DCQL_SELECTED_MAX);
        memcpy(before, ret, n * sizeof(before[0]));
        out.n = 0;
        for (size_t k = 0; k < n; k++) {
            BR_TRY(step_from(before[k], i, &out, reterr));
        }
    }
    *ret_n = out.n;
    return out.n > 0 ? BR_OK : no(reterr, "there is no such claim");
}

/* ---- one claim ---------------------------------------------------------- */

static bool
is_among(const struct br_json *v, const struct br_json *values)
{
    bool found = values == NULL;
    for (struct br_json *i = br_json_first(values); !found && i != NULL;
         i = i->next) {
        found = i->kind == v->kind && br_json_equal(i, v);
    }
    return found;
}

/** Append the claim's values that are among those asked for. */
static enum br_rc
match_claim(
    const struct br_dcql_claim *claim,
    const struct br_json *claims,
    struct selection *out,
    struct br_err *reterr)
{
    size_t n = 0;
    size_t kept = 0;
    const struct br_json **at = out->ret + out->n;
    BR_TRY(
        br_dcql_select(claims, claim->path, at, out->max - out->n, &n, reterr));
    for (size_t i = 0; i < n; i++) {
        if (is_among(at[i], claim->values)) {
            at[kept++] = at[i];
        }
    }
    out->n += kept;
    return kept > 0 ? BR_OK : no(reterr, "the claim has another value");
}

/* ---- claims together ---------------------------------------------------- */

static enum br_rc
match_all(
    const struct br_dcql_query *q,
    const struct br_dcql_candidate *c,
    struct selection *out,
    struct br_err *reterr)
{
    for (size_t i = 0; i < q->claim_count; i++) {
        BR_TRY(match_claim(&q->claims[i], c->claims, out, reterr));
    }
    return BR_OK;
}

static enum br_rc
match_set(
    const struct br_dcql_query *q,
    const struct br_json *set,
    const struct br_dcql_candidate *c,
    struct selection *out,
    struct br_err *reterr)
{
    out->n = 0;
    for (struct br_json *i = br_json_first(set); i != NULL; i = i->next) {
        size_t k = 0;
        while (k < q->claim_count && !br_bytes_eq(q->claims[k].id, i->string)) {
            k++;
        }
        BR_ASSERT(k < q->claim_count); /* br_dcql_parse has looked */
        BR_TRY(match_claim(&q->claims[k], c->claims, out, reterr));
    }
    return BR_OK;
}

/** "the Wallet SHOULD return the first option that it can satisfy" */
static enum br_rc
match_claims(
    const struct br_dcql_query *q,
    const struct br_dcql_candidate *c,
    struct selection *out,
    int *ret_set,
    struct br_err *reterr)
{
    enum br_rc rc = BR_ERR_NOT_FOUND;
    int set = 0;
    *ret_set = -1;
    if (q->claim_sets == NULL) {
        return match_all(q, c, out, reterr);
    }
    for (struct br_json *s = br_json_first(q->claim_sets);
         s != NULL && rc == BR_ERR_NOT_FOUND; s = s->next) {
        rc = match_set(q, s, c, out, reterr);
        *ret_set = set++;
    }
    return rc;
}

/* ---- the credential ----------------------------------------------------- */

static bool
is_type(const struct br_dcql_candidate *c, const struct br_json *vct)
{
    const struct br_json *more = br_json_member(c->claims, "aka_vcts");
    bool found = br_bytes_eq(c->vct, vct->string);
    for (struct br_json *i = br_json_first(more); !found && i != NULL;
         i = i->next) {
        found =
            i->kind == BR_JSON_STRING && br_bytes_eq(i->string, vct->string);
    }
    return found;
}

static bool
type_ok(const struct br_dcql_query *q, const struct br_dcql_candidate *c)
{
    const struct br_json *types = br_json_member(q->meta, "vct_values");
    bool found = types == NULL;
    for (struct br_json *i = br_json_first(types); !found && i != NULL;
         i = i->next) {
        found = is_type(c, i);
    }
    return found;
}

static bool
is_authority(const struct br_dcql_candidate *c, const struct br_json *value)
{
    uint8_t id[64];
    size_t n;
    bool found = false;
    if (value->kind != BR_JSON_STRING ||
        br_base64url_parse(value->string, id, sizeof(id), &n, NULL) != BR_OK) {
        return false;
    }
    for (size_t i = 0; !found && i < c->authority_count; i++) {
        found = br_bytes_eq(c->authorities[i], br_bytes(id, n));
    }
    return found;
}

/** Key identifiers (aki) are what we know of a chain; lists and federations
 *  are not looked into, so that they match nothing. */
static bool
authority_ok(const struct br_dcql_query *q, const struct br_dcql_candidate *c)
{
    bool found = q->trusted_authorities == NULL;
    for (struct br_json *i = br_json_first(q->trusted_authorities);
         !found && i != NULL; i = i->next) {
        const struct br_json *values = br_json_member(i, "values");
        bool aki = br_json_is(br_json_member(i, "type"), "aki");
        for (struct br_json *v = br_json_first(values); aki && !found && v;
             v = v->next) {
            found = is_authority(c, v);
        }
    }
    return found;
}

static enum br_rc
match_frame(
    const struct br_dcql_query *q,
    const struct br_dcql_candidate *c,
    struct br_err *reterr)
{
    if (!br_bytes_eq(q->format, br_str(c->format))) {
        return no(reterr, "it has another format");
    }
    if (!type_ok(q, c)) {
        return no(reterr, "it is of another type");
    }
    if (q->binding && !c->has_holder) {
        return no(reterr, "it cannot be bound to its holder");
    }
    return authority_ok(q, c)
               ? BR_OK
               : no(reterr, "its issuer is not of the authorities asked for");
}

enum br_rc
br_dcql_match(
    const struct br_dcql_query *q,
    const struct br_dcql_candidate *c,
    struct br_arena *arena,
    struct br_dcql_match *ret,
    struct br_err *reterr)
{
    const struct br_json *room[BR_DCQL_SELECTED_MAX];
    struct selection out = {room, BR_DCQL_SELECTED_MAX, 0};
    int set = -1;
    BR_TRY(match_frame(q, c, reterr));
    BR_TRY(match_claims(q, c, &out, &set, reterr));
    if (ret == NULL) {
        return BR_OK;
    }
    size_t n = out.n * sizeof(room[0]);
    const struct br_json **selected =
        (const struct br_json **)br_arena_take(arena, n + sizeof(room[0]));
    if (selected == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a match");
    }
    memcpy(selected, room, n);
    *ret = (struct br_dcql_match){selected, out.n, set};
    return BR_OK;
}

/* ---- credentials together (section 6.4.2) ------------------------------- */

static bool
option_ok(
    const struct br_dcql *q,
    const struct br_json *option,
    const bool *answerable)
{
    bool good = true;
    for (struct br_json *i = br_json_first(option); good && i != NULL;
         i = i->next) {
        good = answerable[br_dcql_find(q, i->string) - q->queries];
    }
    return good;
}

static bool
choose_of_set(
    const struct br_dcql *q,
    const struct br_dcql_set *set,
    const bool *answerable,
    bool *chosen)
{
    struct br_json *o = br_json_first(set->options);
    while (o != NULL && !option_ok(q, o, answerable)) {
        o = o->next;
    }
    for (struct br_json *i = br_json_first(o); i != NULL; i = i->next) {
        chosen[br_dcql_find(q, i->string) - q->queries] = true;
    }
    return o != NULL;
}

static enum br_rc
choose_all(
    const struct br_dcql *q,
    const bool *answerable,
    bool *chosen,
    struct br_err *reterr)
{
    for (size_t i = 0; i < q->query_count; i++) {
        chosen[i] = true;
        if (!answerable[i]) {
            return br_fail(
                reterr, BR_ERR_NOT_FOUND, "nothing answers \"%.*s\"",
                (int)(q->queries[i].id.n < 64 ? q->queries[i].id.n : 64),
                (const char *)q->queries[i].id.p);
        }
    }
    return BR_OK;
}

enum br_rc
br_dcql_choose(
    const struct br_dcql *q,
    const bool *answerable,
    bool optional,
    bool *ret_chosen,
    struct br_err *reterr)
{
    bool chosen[BR_DCQL_CREDENTIALS_MAX] = {false};
    if (q->set_count == 0) {
        BR_TRY(choose_all(q, answerable, chosen, reterr));
    }
    for (size_t i = 0; i < q->set_count; i++) {
        bool wanted = q->sets[i].required || optional;
        if (wanted && !choose_of_set(q, &q->sets[i], answerable, chosen) &&
            q->sets[i].required) {
            return br_fail(
                reterr, BR_ERR_NOT_FOUND,
                "no option of set %zu can be answered", i + 1);
        }
    }
    memcpy(ret_chosen, chosen, q->query_count * sizeof(bool));
    return BR_OK;
}
