/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/remarks.h"

#include "wallet/core/words.h"

/* ---- words -------------------------------------------------------------- */

static const struct {
    const char *name;
    enum br_remark_level level;
    const char *text[2]; /**< English, Italian */
    const char *advice[2];
} kinds[BR_REMARK_KINDS] = {
    [BR_REMARK_UNREGISTERED_TYPE] =
        {"unregistered-type",
         BR_REMARK_GRAVE,
         {"who asks is not registered to ask for this credential",
          "chi chiede non è registrato per chiedere questa attestazione"},
         {"refuse, and ask why they want it",
          "rifiuta, e chiedi perché la vogliono"}},
    [BR_REMARK_UNREGISTERED] =
        {"unregistered",
         BR_REMARK_GRAVE,
         {"who asks is not registered to ask for this",
          "chi chiede non è registrato per chiedere questo dato"},
         {"refuse, and ask them for a request without it",
          "rifiuta, e chiedi una richiesta che non lo contenga"}},
    [BR_REMARK_REGISTRATION_BAD] =
        {"registration-bad",
         BR_REMARK_GRAVE,
         {"the registration that it brings cannot be believed",
          "la registrazione che porta con sé non è credibile"},
         {"refuse, unless you know who asks by another way",
          "rifiuta, se non conosci chi chiede per altra via"}},
    [BR_REMARK_THRESHOLD] =
        {"threshold",
         BR_REMARK_WARN,
         {"the exact value is asked for, though a yes or no would do",
          "è chiesto il valore esatto, ma basterebbe un sì o un no"},
         {"ask them whether it is enough to know that you are above or below "
          "a threshold",
          "chiedi se basta sapere che sei sopra o sotto una soglia"}},
    [BR_REMARK_STEPS] =
        {"steps",
         BR_REMARK_WARN,
         {"several thresholds are asked for: together they nearly tell the "
          "value",
          "sono chieste più soglie: insieme dicono quasi il valore"},
         {"ask them which one threshold decides",
          "chiedi quale soglia decide"}},
    [BR_REMARK_MANY] =
        {"many",
         BR_REMARK_WARN,
         {"many things are asked for at once",
          "sono chieste molte cose insieme"},
         {"ask yourself what each is needed for",
          "domandati a che cosa serve ciascuna"}},
    [BR_REMARK_IDENTIFIER] =
        {"identifier",
         BR_REMARK_INFO,
         {"by this number others recognise you too",
          "con questo numero ti riconoscono anche altri"},
         {"show it only to those who must know who you are",
          "mostralo solo a chi deve sapere chi sei"}},
    [BR_REMARK_NOT_REGISTERED] =
        {"not-registered",
         BR_REMARK_INFO,
         {"it brings no registration: nobody has said what it may ask",
          "non porta una registrazione: nessuno ha detto che cosa può "
          "chiedere"},
         {"look twice at what is asked",
          "guarda due volte che cosa è chiesto"}},
    [BR_REMARK_NEW_PARTY] =
        {"new-party",
         BR_REMARK_INFO,
         {"you have never shown anything to who asks",
          "non hai mai mostrato nulla a chi chiede"},
         {"make sure that it is who you think", "accertati che sia chi pensi"}},
};

const char *
br_remark_name(enum br_remark_kind kind)
{
    return kinds[kind].name;
}

enum br_remark_level
br_remark_level(enum br_remark_kind kind)
{
    return kinds[kind].level;
}

const char *
br_remark_level_name(enum br_remark_level level)
{
    static const char *const names[] = {"grave", "warn", "info"};
    return names[level];
}

const char *
br_remark_text(enum br_remark_kind kind, const char *lang)
{
    return kinds[kind].text[strcmp(lang, "it") == 0];
}

const char *
br_remark_advice(enum br_remark_kind kind, const char *lang)
{
    return kinds[kind].advice[strcmp(lang, "it") == 0];
}

/* ---- gathering ---------------------------------------------------------- */

struct gathering {
    struct br_remark *out;
    size_t n;
    struct br_remark spare; /**< what there is no room for */
};

static struct br_remark *
add(struct gathering *g, enum br_remark_kind kind)
{
    struct br_remark *r = g->n < BR_REMARKS_MAX ? &g->out[g->n] : &g->spare;
    g->n += g->n < BR_REMARKS_MAX ? 1 : 0;
    *r = (struct br_remark){.kind = kind};
    return r;
}

/* ---- ladders ------------------------------------------------------------ */

static bool
is_number(struct br_bytes name)
{
    bool good = name.n > 0;
    for (size_t i = 0; good && i < name.n; i++) {
        good = name.p[i] >= '0' && name.p[i] <= '9';
    }
    return good;
}

/** Two steps at least: one bit alone may be anything. */
static bool
is_ladder(const struct br_json *v)
{
    bool good = v->kind == BR_JSON_OBJECT && br_json_count(v) > 1;
    for (const struct br_json *i = good ? br_json_first(v) : NULL;
         good && i != NULL; i = i->next) {
        good = i->kind == BR_JSON_BOOLEAN && is_number(i->name);
    }
    return good;
}

static size_t
first_word(struct br_bytes name)
{
    size_t n = 0;
    while (n < name.n && name.p[n] != '_') {
        n++;
    }
    return n;
}

static bool
is_any(struct br_bytes name, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; !found && i < count; i++) {
        found = br_bytes_eq(name, br_str(names[i]));
    }
    return found;
}

static bool
is_birth(struct br_bytes name)
{
    static const char *const names[] = {
        "birthdate", "birth_date", "date_of_birth"};
    return is_any(name, names, 3);
}

/** A number, or a text that is one with a fraction or without. */
static bool
is_amount(const struct br_json *v)
{
    bool digits = false;
    if (v->kind == BR_JSON_NUMBER) {
        return true;
    }
    if (v->kind != BR_JSON_STRING) {
        return false;
    }
    for (size_t i = 0; i < v->string.n; i++) {
        uint8_t c = v->string.p[i];
        if ((c < '0' || c > '9') && c != '.' && c != ',') {
            return false;
        }
        digits = digits || (c >= '0' && c <= '9');
    }
    return digits;
}

static bool
stands_for(const struct br_json *ladder, const struct br_json *v)
{
    size_t n = first_word(v->name);
    if (is_birth(v->name)) {
        return ladder->name.n >= 3 && memcmp(ladder->name.p, "age", 3) == 0;
    }
    return is_amount(v) && first_word(ladder->name) == n &&
           memcmp(ladder->name.p, v->name.p, n) == 0;
}

static void
look_at_value(
    struct gathering *g,
    const struct br_remarks_item *item,
    const struct br_json *v)
{
    bool at_top = v->parent != NULL && v->parent->parent == NULL;
    for (const struct br_json *i = at_top ? br_json_first(item->claims) : NULL;
         i != NULL; i = i->next) {
        if (i != v && is_ladder(i) && stands_for(i, v)) {
            struct br_remark *r = add(g, BR_REMARK_THRESHOLD);
            r->query = item->query->id;
            r->value = v;
            r->instead = i->name;
            return;
        }
    }
}

static bool
is_within(const struct br_json *v, const struct br_json *whole)
{
    while (v != NULL && v != whole) {
        v = v->parent;
    }
    return v != NULL;
}

/** How many of its bits would be shown; the whole shows them all. */
static size_t
steps_of(const struct br_remarks_item *item, const struct br_json *ladder)
{
    size_t n = 0;
    for (size_t i = 0; i < item->count; i++) {
        const struct br_json *v = item->selected[i];
        if (is_within(ladder, v)) {
            return br_json_count(ladder);
        }
        n += is_within(v, ladder) ? 1 : 0;
    }
    return n;
}

static void
look_at_ladders(struct gathering *g, const struct br_remarks_item *item)
{
    for (const struct br_json *i = br_json_first(item->claims); i != NULL;
         i = i->next) {
        size_t n = is_ladder(i) ? steps_of(item, i) : 0;
        if (n > 1) {
            struct br_remark *r = add(g, BR_REMARK_STEPS);
            r->query = item->query->id;
            r->value = i;
            r->count = n;
        }
    }
}

/* ---- what is shown ------------------------------------------------------ */

static bool
is_identifier(const struct br_json *v)
{
    static const char *const names[] = {
        "tax_id_code",         "tax_id",
        "fiscal_code",         "codice_fiscale",
        "document_number",     "personal_administrative_number",
        "personal_identifier", "unique_id",
        "health_insurance_id"};
    return is_any(v->name, names, sizeof(names) / sizeof(names[0]));
}

static void
look_at_identifiers(struct gathering *g, const struct br_remarks_item *item)
{
    for (size_t i = 0; i < item->count; i++) {
        if (is_identifier(item->selected[i])) {
            struct br_remark *r = add(g, BR_REMARK_IDENTIFIER);
            r->query = item->query->id;
            r->value = item->selected[i];
        }
    }
}

/* ---- what it is registered for ------------------------------------------ */

static void
look_at_claims(
    struct gathering *g,
    const struct br_vp_registration *reg,
    const struct br_dcql_query *q,
    struct br_bytes vct)
{
    for (size_t i = 0; i < q->claim_count; i++) {
        if (!br_vp_registration_has_claim(
                reg, q->format, vct, q->claims[i].path)) {
            struct br_remark *r = add(g, BR_REMARK_UNREGISTERED);
            r->query = q->id;
            r->path = q->claims[i].path;
        }
    }
}

/** By the type that answers; else by those that are asked for. */
static void
look_at_registration(
    struct gathering *g,
    const struct br_vp_registration *reg,
    const struct br_remarks_item *item)
{
    const struct br_dcql_query *q = item->query;
    struct br_bytes vct = item->vct;
    const struct br_json *asked =
        br_json_first(br_json_member(q->meta, "vct_values"));
    bool good = vct.n > 0 ? br_vp_registration_has_type(reg, q->format, vct)
                          : asked != NULL;
    for (const struct br_json *i = vct.n > 0 ? NULL : asked; good && i != NULL;
         i = i->next) {
        good = i->kind == BR_JSON_STRING &&
               br_vp_registration_has_type(reg, q->format, i->string);
        vct = good ? i->string : vct;
    }
    if (!good) {
        add(g, BR_REMARK_UNREGISTERED_TYPE)->query = q->id;
        return;
    }
    look_at_claims(g, reg, q, vct);
}

/* ---- all ---------------------------------------------------------------- */

static void
look_at_items(struct gathering *g, const struct br_remarks_in *in)
{
    size_t all = 0;
    for (size_t i = 0; i < in->count; i++) {
        const struct br_remarks_item *item = &in->items[i];
        for (size_t k = 0; item->claims != NULL && k < item->count; k++) {
            look_at_value(g, item, item->selected[k]);
        }
        look_at_ladders(g, item);
        all += item->shown ? item->count : 0;
    }
    if (all > BR_REMARKS_CLAIMS_MANY) {
        add(g, BR_REMARK_MANY)->count = all;
    }
    for (size_t i = 0; i < in->count; i++) {
        look_at_identifiers(g, &in->items[i]);
    }
}

size_t
br_remarks(const struct br_remarks_in *in, struct br_remark out[BR_REMARKS_MAX])
{
    struct gathering g = {.out = out};
    for (size_t i = 0; in->state == BR_REGISTRATION_GOOD && i < in->count;
         i++) {
        look_at_registration(&g, in->registration, &in->items[i]);
    }
    if (in->state == BR_REGISTRATION_BAD) {
        (void)add(&g, BR_REMARK_REGISTRATION_BAD);
    }
    look_at_items(&g, in);
    if (in->state == BR_REGISTRATION_NONE) {
        (void)add(&g, BR_REMARK_NOT_REGISTERED);
    }
    if (!in->met) {
        (void)add(&g, BR_REMARK_NEW_PARTY);
    }
    return g.n;
}

/* ---- writing ------------------------------------------------------------ */

static void
put_text(struct br_json_writer *w, const char *name, const char *text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(text));
}

static void
write_one(struct br_json_writer *w, const char *lang, const struct br_remark *r)
{
    br_json_write_object(w);
    put_text(w, "kind", br_remark_name(r->kind));
    put_text(w, "level", br_remark_level_name(br_remark_level(r->kind)));
    if (r->query.n > 0) {
        br_json_write_name(w, "query");
        br_json_write_string(w, r->query);
    }
    if (r->path != NULL || r->value != NULL) {
        br_json_write_name(w, "path");
        if (r->path != NULL) {
            br_json_write_value(w, r->path);
        } else {
            br_words_write_path(w, r->value);
        }
    }
    if (r->instead.n > 0) {
        br_json_write_name(w, "instead");
        br_json_write_string(w, r->instead);
    }
    if (r->count > 0) {
        br_json_write_name(w, "count");
        br_json_write_uint(w, r->count);
    }
    put_text(w, "text", br_remark_text(r->kind, lang));
    put_text(w, "advice", br_remark_advice(r->kind, lang));
    br_json_write_end(w);
}

void
br_remarks_write(
    struct br_json_writer *w,
    const char *lang,
    const struct br_remark *list,
    size_t count)
{
    br_json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        write_one(w, lang, &list[i]);
    }
    br_json_write_end(w);
}
