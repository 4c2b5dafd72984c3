/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/type_metadata.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

/* ---- reading ------------------------------------------------------------ */

/** A call that reads, under the rule of the form. */
#define READ(expr)                                                  \
    do {                                                            \
        struct br_err why_;                                         \
        if ((expr) != BR_OK) {                                      \
            return br_refuse_for(reterr, BR_RULE_TYPE_FORM, &why_); \
        }                                                           \
    } while (0)

/** An array of objects that each say locale and `what`; NULL: absent. */
static enum br_rc
take_display(
    const struct br_json *v,
    const char *what,
    const struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *list = NULL;
    READ(br_json_may(v, "display", BR_JSON_ARRAY, &list, &why_));
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_bytes text;
        READ(br_json_need_string(i, "locale", &text, &why_));
        READ(br_json_need_string(i, what, &text, &why_));
        READ(br_json_may_string(i, "description", &text, &why_));
    }
    *ret = list;
    return BR_OK;
}

static enum br_rc
take_path(
    const struct br_json *v, const struct br_json **ret, struct br_err *reterr)
{
    const struct br_json *path = br_json_member(v, "path");
    bool good =
        path != NULL && path->kind == BR_JSON_ARRAY && br_json_count(path) > 0;
    for (struct br_json *i = br_json_first(path); good && i != NULL;
         i = i->next) {
        good = i->kind == BR_JSON_STRING || i->kind == BR_JSON_NULL ||
               (i->kind == BR_JSON_NUMBER && i->integer && !i->negative);
    }
    if (!good) {
        return br_refuse(
            reterr, BR_RULE_TYPE_PATH,
            "a claim's path is no list of names, nulls and positions");
    }
    *ret = path;
    return BR_OK;
}

static enum br_rc
take_sd(const struct br_json *v, struct br_vct_claim *c, struct br_err *reterr)
{
    static const char *const names[] = {"allowed", "always", "never"};
    struct br_bytes text = {0};
    READ(br_json_may_string(v, "sd", &text, &why_));
    if (br_json_member(v, "sd") == NULL) {
        return BR_OK;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (br_bytes_eq(text, br_str(names[i]))) {
            c->sd = (enum br_vct_sd)i;
            c->says_sd = true;
            return BR_OK;
        }
    }
    return br_refuse(
        reterr, BR_RULE_TYPE_FORM, "sd is neither always, allowed nor never");
}

static enum br_rc
take_claim(struct br_vct *t, const struct br_json *v, struct br_err *reterr)
{
    struct br_vct_claim c = {0};
    READ(br_json_as(v, BR_JSON_OBJECT, &why_));
    BR_TRY(take_path(v, &c.path, reterr));
    BR_TRY(take_display(v, "label", &c.display, reterr));
    BR_TRY(take_sd(v, &c, reterr));
    READ(br_json_may_boolean(v, "mandatory", &c.mandatory, &why_));
    c.says_mandatory = br_json_member(v, "mandatory") != NULL;
    t->claims[t->claim_count++] = c;
    return BR_OK;
}

static enum br_rc
make_room(
    struct br_vct *t, size_t n, struct br_arena *arena, struct br_err *reterr)
{
    if (n > BR_VCT_CLAIMS_MAX) {
        return br_refuse(reterr, BR_RULE_TYPE_SIZE, "%zu claims", n);
    }
    t->claims = (struct br_vct_claim *)br_arena_take(
        arena, (n + 1) * sizeof(*t->claims));
    return t->claims == NULL
               ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a type")
               : BR_OK;
}

static enum br_rc
take_members(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_vct *t,
    struct br_err *reterr)
{
    struct br_json *claims = NULL;
    READ(br_json_may_string(v, "name", &t->name, &why_));
    READ(br_json_may_string(v, "description", &t->description, &why_));
    READ(br_json_may_string(v, "extends", &t->extends, &why_));
    READ(br_json_may_string(
        v, "extends#integrity", &t->extends_integrity, &why_));
    READ(br_json_may(v, "claims", BR_JSON_ARRAY, &claims, &why_));
    BR_TRY(take_display(v, "name", &t->display, reterr));
    BR_TRY(make_room(t, br_json_count(claims), arena, reterr));
    for (struct br_json *i = br_json_first(claims); i != NULL; i = i->next) {
        BR_TRY(take_claim(t, i, reterr));
    }
    return BR_OK;
}

enum br_rc
br_vct_parse(
    struct br_bytes document,
    struct br_bytes vct,
    struct br_arena *arena,
    struct br_vct *ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_vct t = {0};
    struct br_json *v = NULL;
    if (document.n > BR_VCT_METADATA_BYTES_MAX) {
        return br_refuse(reterr, BR_RULE_TYPE_SIZE, "%zu bytes", document.n);
    }
    READ(br_json_parse(document, arena, &v, &why_));
    READ(br_json_as(v, BR_JSON_OBJECT, &why_));
    READ(br_json_need_string(v, "vct", &t.vct, &why_));
    if (!br_bytes_eq(t.vct, vct)) {
        return br_refuse(
            reterr, BR_RULE_TYPE_VCT, "they are of \"%s\"",
            br_rule_quote(t.vct, quote));
    }
    BR_TRY(take_members(v, arena, &t, reterr));
    *ret = t;
    return BR_OK;
}

/* ---- integrity (section 6) ---------------------------------------------- */

static const struct {
    const char *prefix;
    enum br_hash_alg alg;
} kinds[] = {
    {"sha256-", BR_HASH_SHA256},
    {"sha384-", BR_HASH_SHA384},
    {"sha512-", BR_HASH_SHA512},
};

/** The next word; options after '?' are dropped. false: no more. */
static bool
next_word(struct br_bytes *rest, struct br_bytes *ret)
{
    size_t i = 0;
    while (i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\t' ||
                           rest->p[i] == '\n' || rest->p[i] == '\r')) {
        i++;
    }
    size_t from = i;
    while (i < rest->n && rest->p[i] > ' ') {
        i++;
    }
    struct br_bytes word = br_bytes(rest->p + from, i - from);
    const uint8_t *option = word.n == 0 ? NULL : memchr(word.p, '?', word.n);
    *ret = option == NULL ? word : br_bytes(word.p, (size_t)(option - word.p));
    *rest = br_bytes(rest->p + i, rest->n - i);
    return word.n > 0;
}

/** Which of the kinds, counted from 1; 0: none that we know. */
static unsigned
kind_of(struct br_bytes word)
{
    for (unsigned i = 0; i < 3; i++) {
        size_t n = strlen(kinds[i].prefix);
        if (word.n > n && memcmp(word.p, kinds[i].prefix, n) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool
word_fits(struct br_bytes word, const struct br_digest *d, size_t n)
{
    size_t skip = strlen(kinds[0].prefix);
    uint8_t said[64];
    size_t said_n = 0;
    return br_base64_parse(
               br_bytes(word.p + skip, word.n - skip), said, sizeof(said),
               &said_n, NULL) == BR_OK &&
           br_bytes_eq(br_bytes(said, said_n), br_bytes(d->b, n));
}

enum br_rc
br_integrity_check(
    struct br_bytes document, struct br_bytes integrity, struct br_err *reterr)
{
    struct br_bytes rest = integrity;
    struct br_bytes word = {0};
    struct br_digest d;
    unsigned strongest = 0;
    bool fits = false;
    while (next_word(&rest, &word)) {
        unsigned kind = kind_of(word);
        strongest = kind > strongest ? kind : strongest;
    }
    if (strongest == 0) {
        return br_refuse(
            reterr, BR_RULE_TYPE_INTEGRITY,
            "no digest of a kind that is known is said");
    }
    enum br_hash_alg alg = kinds[strongest - 1].alg;
    BR_TRY(br_digest_bytes(alg, document, &d, reterr));
    rest = integrity;
    while (!fits && next_word(&rest, &word)) {
        fits = kind_of(word) == strongest &&
               word_fits(word, &d, br_hash_info(alg)->digest_bytes);
    }
    return fits ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_TYPE_INTEGRITY,
                      "the document is another one");
}

enum br_rc
br_integrity_put(
    struct br_buf *b, struct br_bytes document, struct br_err *reterr)
{
    struct br_digest d;
    BR_TRY(br_digest_bytes(BR_HASH_SHA256, document, &d, reterr));
    br_buf_puts(b, kinds[0].prefix);
    br_base64_put(b, br_bytes(d.b, BR_HASH_BYTES));
    return br_buf_status(b, reterr);
}

/* ---- types that extend others ------------------------------------------- */

void
br_vct_chain_init(
    struct br_vct_chain *c, struct br_bytes vct, struct br_bytes integrity)
{
    *c = (struct br_vct_chain){.vct = vct, .integrity = integrity};
}

bool
br_vct_chain_wants(const struct br_vct_chain *c, struct br_bytes *ret)
{
    *ret = c->count == 0 ? c->vct : c->types[c->count - 1].extends;
    return ret->n > 0;
}

enum br_rc
br_vct_chain_add(
    struct br_vct_chain *c,
    struct br_bytes document,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_bytes vct;
    struct br_bytes integrity =
        c->count == 0 ? c->integrity : c->types[c->count - 1].extends_integrity;
    bool wanted = br_vct_chain_wants(c, &vct);
    BR_ASSERT(wanted);
    if (c->count == BR_VCT_CHAIN_MAX) {
        return br_refuse(
            reterr, BR_RULE_TYPE_EXTENDS, "more than %d types in a row",
            BR_VCT_CHAIN_MAX);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (br_bytes_eq(c->types[i].vct, vct)) {
            return br_refuse(
                reterr, BR_RULE_TYPE_EXTENDS, "a type extends itself");
        }
    }
    if (integrity.n > 0) {
        BR_TRY(br_integrity_check(document, integrity, reterr));
    }
    BR_TRY(br_vct_parse(document, vct, arena, &c->types[c->count], reterr));
    c->count++;
    return BR_OK;
}

static struct br_vct_claim *
find_claim(struct br_vct *t, const struct br_json *path)
{
    struct br_vct_claim *found = NULL;
    for (size_t i = 0; found == NULL && i < t->claim_count; i++) {
        found = br_json_equal(t->claims[i].path, path) ? &t->claims[i] : NULL;
    }
    return found;
}

/** What the extending type says of a claim goes before, within limits. */
static enum br_rc
inherit(
    struct br_vct_claim *child,
    const struct br_vct_claim *parent,
    struct br_err *reterr)
{
    if (parent->sd != BR_VCT_SD_ALLOWED && child->says_sd &&
        child->sd != parent->sd) {
        return br_refuse(reterr, BR_RULE_TYPE_OVERRIDE, "sd is changed");
    }
    if (parent->mandatory && child->says_mandatory && !child->mandatory) {
        return br_refuse(
            reterr, BR_RULE_TYPE_OVERRIDE,
            "what is mandatory is made optional");
    }
    if (!child->says_sd) {
        child->sd = parent->sd;
        child->says_sd = parent->says_sd;
    }
    if (!child->says_mandatory) {
        child->mandatory = parent->mandatory;
        child->says_mandatory = parent->says_mandatory;
    }
    child->display = child->display == NULL ? parent->display : child->display;
    return BR_OK;
}

enum br_rc
br_vct_chain_merge(
    const struct br_vct_chain *c,
    struct br_arena *arena,
    struct br_vct *ret,
    struct br_err *reterr)
{
    size_t all = 0;
    BR_ASSERT(c->count > 0);
    struct br_vct t = c->types[0];
    for (size_t i = 0; i < c->count; i++) {
        all += c->types[i].claim_count;
    }
    BR_TRY(make_room(&t, all, arena, reterr));
    t.claim_count = 0;
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < c->types[i].claim_count; k++) {
            const struct br_vct_claim *p = &c->types[i].claims[k];
            struct br_vct_claim *known = find_claim(&t, p->path);
            if (known == NULL) {
                t.claims[t.claim_count++] = *p;
            } else {
                BR_TRY(inherit(known, p, reterr));
            }
        }
        t.display = t.display == NULL ? c->types[i].display : t.display;
    }
    *ret = t;
    return BR_OK;
}

/* ---- words -------------------------------------------------------------- */

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/** How much two tags share, in whole subtags: more for a tag that says no more
 *  than what is shared. 0: nothing. */
static size_t
likeness(struct br_bytes tag, const char *lang)
{
    size_t shared = 0;
    bool alike = true;
    for (size_t n = 0; alike; n++) {
        bool tag_ends = n == tag.n || tag.p[n] == '-';
        bool lang_ends = lang[n] == '\0' || lang[n] == '-';
        shared = tag_ends && lang_ends ? n : shared;
        alike = n < tag.n && lang[n] != '\0' &&
                lower(tag.p[n]) == lower((uint8_t)lang[n]);
    }
    return shared == 0 ? 0 : 2 * shared + (shared == tag.n);
}

const struct br_json *
br_vct_display(const struct br_json *display, const char *lang)
{
    const struct br_json *best = br_json_first(display);
    size_t most = 0;
    for (struct br_json *i = br_json_first(display); i != NULL; i = i->next) {
        const struct br_json *locale = br_json_member(i, "locale");
        size_t like = likeness(locale->string, lang);
        best = like > most ? i : best;
        most = like > most ? like : most;
    }
    return best;
}

/** Does a step of a path fit where v stands in what it is in? */
static bool
step_fits(const struct br_json *step, const struct br_json *v)
{
    bool item = v->parent != NULL && v->parent->kind == BR_JSON_ARRAY;
    switch (step->kind) {
    case BR_JSON_STRING:
        return !item && br_bytes_eq(step->string, v->name);
    case BR_JSON_NULL:
        return item;
    default:
        return item && br_json_at(v->parent, (size_t)step->magnitude) == v;
    }
}

static bool
path_fits(const struct br_json *path, const struct br_json *v)
{
    const struct br_json *step = path->items.last;
    while (step != NULL && v->parent != NULL && step_fits(step, v)) {
        step = step->previous;
        v = v->parent;
    }
    return step == NULL && v->parent == NULL;
}

struct br_bytes
br_vct_label(
    const struct br_vct *t, const struct br_json *value, const char *lang)
{
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_vct_claim *c = &t->claims[i];
        const struct br_json *d = br_vct_display(c->display, lang);
        if (d != NULL && path_fits(c->path, value)) {
            return br_json_member(d, "label")->string;
        }
    }
    return br_bytes(NULL, 0);
}
