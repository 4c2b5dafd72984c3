/* Reading a query. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/dcql.h"

#include "common/credential/rule.h"

static bool
id_ok(struct br_bytes id)
{
    bool good = id.n > 0;
    for (size_t i = 0; good && i < id.n; i++) {
        uint8_t c = id.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    return good;
}

static enum br_rc
take_id(
    const struct br_json *v,
    bool required,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_json *id = br_json_member(v, "id");
    if (id == NULL && !required) {
        return BR_OK;
    }
    if (id == NULL || id->kind != BR_JSON_STRING || !id_ok(id->string)) {
        return br_refuse(
            reterr, BR_RULE_DCQL_ID,
            "an id is missing, or not of letters, digits, '_' and '-'");
    }
    *ret = id->string;
    return BR_OK;
}

/** A non-empty array, or NULL where it may be absent. */
static enum br_rc
take_array(
    const struct br_json *v,
    const char *name,
    bool required,
    const struct br_json **ret,
    struct br_err *reterr)
{
    const struct br_json *list = br_json_member(v, name);
    if (list == NULL && !required) {
        return BR_OK;
    }
    if (list == NULL || list->kind != BR_JSON_ARRAY ||
        br_json_count(list) == 0) {
        return br_refuse(
            reterr, BR_RULE_DCQL_FORM, "%s is no array with something in it",
            name);
    }
    *ret = list;
    return BR_OK;
}

static enum br_rc
take_flag(
    const struct br_json *v, const char *name, bool *ret, struct br_err *reterr)
{
    struct br_err why;
    return br_json_may_boolean(v, name, ret, &why) == BR_OK
               ? BR_OK
               : br_refuse_for(reterr, BR_RULE_DCQL_FORM, &why);
}

static enum br_rc
need_object(const struct br_json *v, const char *what, struct br_err *reterr)
{
    return v != NULL && v->kind == BR_JSON_OBJECT
               ? BR_OK
               : br_refuse(reterr, BR_RULE_DCQL_FORM, "%s is no object", what);
}

/* ---- claims ------------------------------------------------------------- */

static enum br_rc
check_path(const struct br_json *path, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(path); i != NULL; i = i->next) {
        bool good = i->kind == BR_JSON_STRING || i->kind == BR_JSON_NULL ||
                    (i->kind == BR_JSON_NUMBER && i->integer && !i->negative);
        if (!good) {
            return br_refuse(
                reterr, BR_RULE_DCQL_PATH,
                "a path has a step that is no name, null or position");
        }
    }
    return BR_OK;
}

static enum br_rc
check_values(const struct br_json *values, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(values); i != NULL; i = i->next) {
        bool good = i->kind == BR_JSON_STRING || i->kind == BR_JSON_BOOLEAN ||
                    (i->kind == BR_JSON_NUMBER && i->integer);
        if (!good) {
            return br_refuse(
                reterr, BR_RULE_DCQL_FORM,
                "values has one that is no string, integer or boolean");
        }
    }
    return BR_OK;
}

static const struct br_dcql_claim *
find_claim(const struct br_dcql_query *q, struct br_bytes id)
{
    const struct br_dcql_claim *found = NULL;
    for (size_t i = 0; found == NULL && i < q->claim_count; i++) {
        bool same = id.n > 0 && br_bytes_eq(q->claims[i].id, id);
        found = same ? &q->claims[i] : NULL;
    }
    return found;
}

static enum br_rc
take_claim(
    struct br_dcql_query *q, const struct br_json *v, struct br_err *reterr)
{
    struct br_dcql_claim c = {0};
    BR_TRY(need_object(v, "a claim's query", reterr));
    BR_TRY(take_id(v, q->claim_sets != NULL, &c.id, reterr));
    BR_TRY(take_array(v, "path", true, &c.path, reterr));
    BR_TRY(take_array(v, "values", false, &c.values, reterr));
    BR_TRY(check_path(c.path, reterr));
    BR_TRY(check_values(c.values, reterr));
    if (find_claim(q, c.id) != NULL) {
        return br_refuse(reterr, BR_RULE_DCQL_ID, "a claim's id stands twice");
    }
    /* "Wallets SHOULD ignore such duplicate claim queries": where sets name
     * them by their ids, each stands for what it says. */
    for (size_t i = 0; q->claim_sets == NULL && i < q->claim_count; i++) {
        if (br_json_equal(q->claims[i].path, c.path)) {
            return BR_OK;
        }
    }
    q->claims[q->claim_count++] = c;
    return BR_OK;
}

static enum br_rc
check_claim_sets(const struct br_dcql_query *q, struct br_err *reterr)
{
    for (struct br_json *s = br_json_first(q->claim_sets); s != NULL;
         s = s->next) {
        bool good = s->kind == BR_JSON_ARRAY && br_json_count(s) > 0;
        for (struct br_json *i = br_json_first(s); good && i != NULL;
             i = i->next) {
            good =
                i->kind == BR_JSON_STRING && find_claim(q, i->string) != NULL;
        }
        if (!good) {
            return br_refuse(
                reterr, BR_RULE_DCQL_CLAIM_SETS,
                "a set names what is not among the claims");
        }
    }
    return BR_OK;
}

static enum br_rc
take_claims(
    struct br_dcql_query *q,
    const struct br_json *v,
    struct br_arena *arena,
    struct br_err *reterr)
{
    const struct br_json *claims = NULL;
    BR_TRY(take_array(v, "claims", false, &claims, reterr));
    BR_TRY(take_array(v, "claim_sets", false, &q->claim_sets, reterr));
    size_t n = claims == NULL ? 0 : br_json_count(claims);
    if (claims == NULL && q->claim_sets != NULL) {
        return br_refuse(
            reterr, BR_RULE_DCQL_CLAIM_SETS, "claim_sets without claims");
    }
    if (n > BR_DCQL_CLAIMS_MAX) {
        return br_refuse(
            reterr, BR_RULE_DCQL_SIZE, "more than %d claims",
            BR_DCQL_CLAIMS_MAX);
    }
    q->claims = (struct br_dcql_claim *)br_arena_take(
        arena, (n + 1) * sizeof(*q->claims));
    if (q->claims == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a query");
    }
    for (struct br_json *i = br_json_first(claims); i != NULL; i = i->next) {
        BR_TRY(take_claim(q, i, reterr));
    }
    return check_claim_sets(q, reterr);
}

/* ---- credentials -------------------------------------------------------- */

static enum br_rc
check_authorities(const struct br_json *list, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_bytes type;
        struct br_err why;
        const struct br_json *values = NULL;
        BR_TRY(need_object(i, "a trusted authority", reterr));
        if (br_json_need_string(i, "type", &type, &why) != BR_OK) {
            return br_refuse_for(reterr, BR_RULE_DCQL_FORM, &why);
        }
        BR_TRY(take_array(i, "values", true, &values, reterr));
        for (struct br_json *v = br_json_first(values); v != NULL;
             v = v->next) {
            if (v->kind != BR_JSON_STRING) {
                return br_refuse(
                    reterr, BR_RULE_DCQL_FORM,
                    "a trusted authority's values has one that is no string");
            }
        }
    }
    return BR_OK;
}

/** Appendix B.3.5: vct_values is required for this format. */
static enum br_rc
check_meta(const struct br_dcql_query *q, struct br_err *reterr)
{
    const struct br_json *values = NULL;
    if (!br_bytes_eq(q->format, br_str("dc+sd-jwt"))) {
        return BR_OK;
    }
    BR_TRY(take_array(q->meta, "vct_values", true, &values, reterr));
    for (struct br_json *i = br_json_first(values); i != NULL; i = i->next) {
        if (i->kind != BR_JSON_STRING || i->string.n == 0) {
            return br_refuse(
                reterr, BR_RULE_DCQL_FORM,
                "vct_values has one that is no type");
        }
    }
    return BR_OK;
}

static enum br_rc
take_query(
    struct br_dcql *d,
    const struct br_json *v,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_dcql_query q = {.binding = true};
    struct br_err why;
    BR_TRY(need_object(v, "a credential's query", reterr));
    BR_TRY(take_id(v, true, &q.id, reterr));
    if (br_dcql_find(d, q.id) != NULL) {
        return br_refuse(
            reterr, BR_RULE_DCQL_ID, "a credential's id stands twice");
    }
    if (br_json_need_string(v, "format", &q.format, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_DCQL_FORM, &why);
    }
    q.meta = br_json_member(v, "meta");
    BR_TRY(need_object(q.meta, "meta", reterr));
    BR_TRY(check_meta(&q, reterr));
    BR_TRY(take_flag(v, "multiple", &q.multiple, reterr));
    BR_TRY(take_flag(
        v, "require_cryptographic_holder_binding", &q.binding, reterr));
    BR_TRY(take_array(
        v, "trusted_authorities", false, &q.trusted_authorities, reterr));
    BR_TRY(check_authorities(q.trusted_authorities, reterr));
    BR_TRY(take_claims(&q, v, arena, reterr));
    d->queries[d->query_count++] = q;
    return BR_OK;
}

/* ---- sets --------------------------------------------------------------- */

static enum br_rc
check_option(
    const struct br_dcql *d, const struct br_json *o, struct br_err *reterr)
{
    bool good = o->kind == BR_JSON_ARRAY && br_json_count(o) > 0;
    for (struct br_json *i = br_json_first(o); good && i != NULL; i = i->next) {
        good = i->kind == BR_JSON_STRING && br_dcql_find(d, i->string) != NULL;
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_DCQL_SETS,
                      "an option names what is not among the credentials");
}

static enum br_rc
take_set(struct br_dcql *d, const struct br_json *v, struct br_err *reterr)
{
    struct br_dcql_set s = {.required = true};
    BR_TRY(need_object(v, "a set", reterr));
    BR_TRY(take_array(v, "options", true, &s.options, reterr));
    BR_TRY(take_flag(v, "required", &s.required, reterr));
    for (struct br_json *i = br_json_first(s.options); i != NULL; i = i->next) {
        BR_TRY(check_option(d, i, reterr));
    }
    d->sets[d->set_count++] = s;
    return BR_OK;
}

const struct br_dcql_query *
br_dcql_find(const struct br_dcql *q, struct br_bytes id)
{
    const struct br_dcql_query *found = NULL;
    for (size_t i = 0; found == NULL && i < q->query_count; i++) {
        found = br_bytes_eq(q->queries[i].id, id) ? &q->queries[i] : NULL;
    }
    return found;
}

static enum br_rc
make_room(
    struct br_dcql *d,
    size_t queries,
    size_t sets,
    struct br_arena *arena,
    struct br_err *reterr)
{
    if (queries > BR_DCQL_CREDENTIALS_MAX || sets > BR_DCQL_SETS_MAX) {
        return br_refuse(
            reterr, BR_RULE_DCQL_SIZE, "%zu credentials and %zu sets", queries,
            sets);
    }
    d->queries = (struct br_dcql_query *)br_arena_take(
        arena, queries * sizeof(*d->queries));
    d->sets = (struct br_dcql_set *)br_arena_take(
        arena, (sets + 1) * sizeof(*d->sets));
    return d->queries == NULL || d->sets == NULL
               ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a query")
               : BR_OK;
}

enum br_rc
br_dcql_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_dcql *ret,
    struct br_err *reterr)
{
    struct br_dcql d = {0};
    const struct br_json *credentials = NULL;
    const struct br_json *sets = NULL;
    BR_TRY(need_object(v, "dcql_query", reterr));
    BR_TRY(take_array(v, "credentials", true, &credentials, reterr));
    BR_TRY(take_array(v, "credential_sets", false, &sets, reterr));
    BR_TRY(make_room(
        &d, br_json_count(credentials), sets == NULL ? 0 : br_json_count(sets),
        arena, reterr));
    for (struct br_json *i = br_json_first(credentials); i != NULL;
         i = i->next) {
        BR_TRY(take_query(&d, i, arena, reterr));
    }
    for (struct br_json *i = br_json_first(sets); i != NULL; i = i->next) {
        BR_TRY(take_set(&d, i, reterr));
    }
    *ret = d;
    return BR_OK;
}
