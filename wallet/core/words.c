/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/words.h"

#include "common/credential/status_list.h"

enum { HOUR_S = 3600, DAY_S = 86400, SOON_S = 30 * DAY_S };

/* ---- names from metadata ------------------------------------------------ */

/** What each item calls a text, and its language. */
struct naming {
    const char *text;
    const char *other; /**< another name for it; or NULL */
    const char *lang;
};

static struct br_bytes
string_of(const struct br_json *item, const char *name)
{
    const struct br_json *v = name == NULL ? NULL : br_json_member(item, name);
    return v != NULL && v->kind == BR_JSON_STRING ? v->string
                                                  : br_bytes(NULL, 0);
}

static struct br_bytes
pick(const struct br_json *list, const struct naming *as, const char *lang)
{
    struct br_bytes best = {NULL, 0};
    int score = 0;
    size_t n = strlen(lang);
    for (const struct br_json *i = br_json_first(list); i != NULL;
         i = i->next) {
        struct br_bytes name = string_of(i, as->text);
        struct br_bytes locale = string_of(i, as->lang);
        name = name.n > 0 ? name : string_of(i, as->other);
        bool same = locale.p != NULL && locale.n >= n &&
                    memcmp(locale.p, lang, n) == 0 &&
                    (locale.n == n || locale.p[n] == '-');
        int here = name.n == 0 ? 0 : same ? 3 : locale.n == 0 ? 2 : 1;
        if (here > score) {
            score = here;
            best = name;
        }
    }
    return best;
}

struct br_bytes
br_words_pick(const struct br_json *list, const char *lang)
{
    static const struct naming as = {"name", NULL, "locale"};
    return pick(list, &as, lang);
}

struct br_bytes
br_words_pick_text(const struct br_json *list, const char *lang)
{
    static const struct naming as = {"value", "content", "lang"};
    return pick(list, &as, lang);
}

struct br_bytes
br_words_name(const struct br_wallet_credential *c, const char *lang)
{
    struct br_bytes name =
        br_words_pick(br_json_member(c->display, "display"), lang);
    return name.n > 0 ? name : c->vct;
}

struct br_bytes
br_words_issuer(const struct br_wallet_credential *c, const char *lang)
{
    struct br_bytes name =
        br_words_pick(br_json_member(c->display, "issuer"), lang);
    return name.n > 0 ? name : c->issuer;
}

/** Does a path of the metadata lead to this value? null is any element. */
static bool
leads_to(const struct br_json *path, const struct br_json *v)
{
    const struct br_json *step = NULL;
    for (const struct br_json *i = br_json_first(path); i != NULL;
         i = i->next) {
        step = i;
    }
    for (; step != NULL; step = step->previous) {
        const struct br_json *parent = v->parent;
        if (parent == NULL) {
            return false;
        }
        bool in_array = parent->kind == BR_JSON_ARRAY;
        bool by_name = step->kind == BR_JSON_STRING;
        bool other = by_name
                         ? !br_bytes_eq(step->string, v->name)
                         : step->kind == BR_JSON_NUMBER &&
                               br_json_at(parent, (size_t)step->magnitude) != v;
        if (by_name == in_array || other) {
            return false;
        }
        v = parent;
    }
    return v->parent == NULL;
}

/** "isee_not_over" as "Isee not over". */
static struct br_bytes
spell(struct br_bytes name, struct br_arena *arena)
{
    char *s = br_arena_copy(arena, name);
    if (s == NULL) {
        return name;
    }
    for (size_t i = 0; i < name.n; i++) {
        s[i] = s[i] == '_' ? ' ' : s[i];
    }
    if (name.n > 0 && s[0] >= 'a' && s[0] <= 'z') {
        s[0] = (char)(s[0] - 'a' + 'A');
    }
    return br_bytes(s, name.n);
}

/** The names on the way, joined: "Address: locality". */
static struct br_bytes
spell_path(const struct br_json *v, struct br_arena *arena)
{
    while (v->name.n == 0 && v->parent != NULL) {
        v = v->parent;
    }
    const struct br_json *parent = v->parent;
    struct br_bytes own = spell(v->name, arena);
    while (parent != NULL && parent->name.n == 0) { /* elements, the root */
        parent = parent->parent;
    }
    if (parent == NULL) {
        return own;
    }
    struct br_bytes above = spell(parent->name, arena);
    uint8_t *both = (uint8_t *)br_arena_take(arena, above.n + v->name.n + 2);
    if (both == NULL) {
        return own;
    }
    memcpy(both, above.p, above.n);
    both[above.n] = ':';
    both[above.n + 1] = ' ';
    memcpy(both + above.n + 2, v->name.p, v->name.n);
    return br_bytes(both, above.n + v->name.n + 2);
}

/** The label of a line's value, and its rank. */
static void
name_line(
    struct br_words_line *line,
    const struct br_json *display,
    const char *lang,
    struct br_arena *arena)
{
    const struct br_json *v = line->value;
    const struct br_json *claims = br_json_member(display, "claims");
    line->rank = 0;
    for (const struct br_json *i = br_json_first(claims); i != NULL;
         i = i->next, line->rank++) {
        const struct br_json *path = br_json_member(i, "path");
        if (path == NULL || path->kind != BR_JSON_ARRAY ||
            br_json_count(path) == 0 || !leads_to(path, v)) {
            continue;
        }
        struct br_bytes name =
            br_words_pick(br_json_member(i, "display"), lang);
        if (name.n > 0) {
            line->label = name;
            return;
        }
    }
    line->label = spell_path(v, arena);
}

/** Put a line where its rank belongs, after those of the same. */
static void
put_line(struct br_words *words, struct br_words_line line)
{
    size_t at = words->count++;
    for (; at > 0 && words->lines[at - 1].rank > line.rank; at--) {
        words->lines[at] = words->lines[at - 1];
    }
    words->lines[at] = line;
}

/* ---- values ------------------------------------------------------------- */

static struct br_bytes
text_of(const struct br_json *v, const char *lang)
{
    bool italian = strcmp(lang, "it") == 0;
    switch ((enum br_json_kind)v->kind) {
    case BR_JSON_STRING:
        return v->string;
    case BR_JSON_BOOLEAN:
        return br_str(v->boolean ? (italian ? "sì" : "yes") : "no");
    case BR_JSON_NUMBER:
        return v->raw;
    case BR_JSON_NULL:
    case BR_JSON_ARRAY:
    case BR_JSON_OBJECT:
        break;
    }
    return br_str(italian ? "niente" : "nothing");
}

/** What belongs to the format and not to the person. */
static bool
is_format(const struct br_json *v)
{
    static const char *const names[] = {
        "iss", "nbf",           "exp",      "iat",    "cnf",    "vct",
        "sub", "vct#integrity", "aka_vcts", "status", "_sd_alg"};
    if (v->parent == NULL || v->parent->parent != NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (br_bytes_eq(v->name, br_str(names[i]))) {
            return true;
        }
    }
    return false;
}

/** The next value in the order of the text, into v or past it. */
static const struct br_json *
step(const struct br_json *v, bool into)
{
    if (into && br_json_first(v) != NULL) {
        return br_json_first(v);
    }
    while (v != NULL && v->next == NULL) {
        v = v->parent;
    }
    return v == NULL ? NULL : v->next;
}

static size_t
count_leaves(const struct br_json *claims)
{
    size_t n = 0;
    const struct br_json *v = br_json_first(claims);
    while (v != NULL) {
        bool skip = is_format(v);
        n += !skip && br_json_first(v) == NULL;
        v = step(v, !skip);
    }
    return n;
}

enum br_rc
br_words_claims(
    const struct br_json *claims,
    const struct br_json *display,
    const char *lang,
    struct br_arena *arena,
    struct br_words *ret,
    struct br_err *reterr)
{
    size_t all = count_leaves(claims);
    if (all > BR_WORDS_LINES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "the credential has %zu claims, over %d",
            all, BR_WORDS_LINES_MAX);
    }
    *ret = (struct br_words){NULL, 0};
    ret->lines = (struct br_words_line *)br_arena_take(
        arena, (all + 1) * sizeof(*ret->lines));
    if (ret->lines == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for the claims");
    }
    const struct br_json *v = br_json_first(claims);
    while (v != NULL) {
        bool skip = is_format(v);
        if (!skip && br_json_first(v) == NULL) {
            struct br_words_line line = {.value = v, .text = text_of(v, lang)};
            name_line(&line, display, lang, arena);
            put_line(ret, line);
        }
        v = step(v, !skip);
    }
    return BR_OK;
}

/* ---- writing ------------------------------------------------------------ */

void
br_words_write_path(struct br_json_writer *w, const struct br_json *v)
{
    const struct br_json *steps[BR_JSON_DEPTH_MAX];
    size_t n = 0;
    for (; v->parent != NULL && n < BR_JSON_DEPTH_MAX; v = v->parent) {
        steps[n++] = v;
    }
    br_json_write_array(w);
    while (n > 0) {
        const struct br_json *at = steps[--n];
        if (at->parent->kind == BR_JSON_ARRAY) {
            uint64_t i = 0;
            for (const struct br_json *p = at->previous; p != NULL;
                 p = p->previous) {
                i++;
            }
            br_json_write_uint(w, i);
        } else {
            br_json_write_string(w, at->name);
        }
    }
    br_json_write_end(w);
}

void
br_words_write_lines(struct br_json_writer *w, const struct br_words *words)
{
    br_json_write_array(w);
    for (size_t i = 0; i < words->count; i++) {
        br_json_write_object(w);
        br_json_write_name(w, "path");
        br_words_write_path(w, words->lines[i].value);
        br_json_write_name(w, "label");
        br_json_write_string(w, words->lines[i].label);
        br_json_write_name(w, "text");
        br_json_write_string(w, words->lines[i].text);
        br_json_write_name(w, "value");
        br_json_write_value(w, words->lines[i].value);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

/* ---- notices ------------------------------------------------------------ */

static bool
ends_soon(const struct br_wallet_credential *c, uint64_t now_s)
{
    if (c->expires_s == 0) {
        return false;
    }
    uint64_t begun = c->issued_s > 0 ? c->issued_s : c->accepted_s;
    uint64_t life = c->expires_s > begun ? c->expires_s - begun : 0;
    uint64_t warn = life / 10 < SOON_S ? life / 10 : SOON_S;
    return c->expires_s - now_s <= warn;
}

static bool
few_copies(const struct br_wallet_credential *c)
{
    unsigned left = c->instances - c->spent;
    return c->use == BR_WALLET_USE_ONCE && left * 5 <= c->instances;
}

enum br_words_notice
br_words_notice(const struct br_wallet_credential *c, uint64_t now_s)
{
    if (c->status.known && c->status.value == BR_STATUS_INVALID) {
        return BR_NOTICE_REVOKED;
    }
    if (c->expires_s > 0 && c->expires_s <= now_s) {
        return BR_NOTICE_EXPIRED;
    }
    if (c->status.known && c->status.value == BR_STATUS_SUSPENDED) {
        return BR_NOTICE_SUSPENDED;
    }
    bool soon = ends_soon(c, now_s);
    if (c->renewal.failed_s > 0 && (soon || few_copies(c))) {
        return BR_NOTICE_NOT_RENEWED;
    }
    if (soon) {
        return BR_NOTICE_EXPIRES_SOON;
    }
    return few_copies(c) ? BR_NOTICE_FEW_COPIES : BR_NOTICE_NONE;
}

const char *
br_words_notice_name(enum br_words_notice n)
{
    static const char *const names[] = {
        "",          "revoked",     "expired",
        "suspended", "not-renewed", "expires-soon",
        "few-copies"};
    return names[n];
}

/* ---- renewal ------------------------------------------------------------ */

static bool
end_is_near(
    const struct br_wallet_credential *c, uint64_t notice_s, uint64_t now_s)
{
    if (c->expires_s == 0) {
        return false;
    }
    uint64_t begun = c->issued_s > 0 ? c->issued_s : c->accepted_s;
    uint64_t life = c->expires_s > begun ? c->expires_s - begun : 0;
    uint64_t near = life / 5 < notice_s ? life / 5 : notice_s;
    return c->expires_s <= now_s + near;
}

bool
br_words_renewal_due(
    const struct br_wallet_credential *c,
    const struct br_renewal_policy *policy,
    uint64_t now_s)
{
    unsigned left = c->instances - c->spent;
    bool few = c->use == BR_WALLET_USE_ONCE && left < policy->floor;
    if (c->grant.n == 0 || c->renewal.over ||
        (c->status.known && c->status.value != BR_STATUS_VALID)) {
        return false;
    }
    /* After a success the next end is waited for, copies are not. */
    if (few && c->renewal.failed_s == 0) {
        return true;
    }
    return c->renewal.next_s <= now_s &&
           (few || end_is_near(c, policy->notice_s, now_s));
}

uint64_t
br_words_renewal_wait_s(unsigned failures)
{
    uint64_t wait_s = HOUR_S;
    for (unsigned i = 1; i < failures && wait_s < DAY_S; i++) {
        wait_s *= 2;
    }
    return wait_s < DAY_S ? wait_s : DAY_S;
}
