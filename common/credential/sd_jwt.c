/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/credential/sd_internal.h"

#include <stdlib.h>

enum { TEXT_OF_DIGEST = 86 }; /* base64url of 64 bytes */

struct br_json *
br_sd_step(const struct br_json *root, struct br_json *v)
{
    if (br_json_first(v) != NULL) {
        return br_json_first(v);
    }
    while (v != root && v->next == NULL) {
        v = v->parent;
    }
    return v == root ? NULL : v->next;
}

bool
br_sd_is_reserved(struct br_bytes name)
{
    return br_bytes_eq(name, br_str("_sd")) ||
           br_bytes_eq(name, br_str("...")) ||
           br_bytes_eq(name, br_str("_sd_alg"));
}

enum br_rc
br_sd_alg(
    const struct br_json *payload,
    const struct br_hash_info **ret,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    const struct br_json *alg = br_json_member(payload, "_sd_alg");
    struct br_bytes name = br_str("sha-256");
    if (alg != NULL && alg->kind != BR_JSON_STRING) {
        return br_refuse(reterr, BR_RULE_SD_ALG, "_sd_alg is no string");
    }
    name = alg == NULL ? name : alg->string;
    *ret = br_hash_by_name(name);
    if (*ret == NULL) {
        return br_refuse(
            reterr, BR_RULE_SD_ALG, "_sd_alg is \"%s\"",
            br_rule_quote(name, quote));
    }
    return BR_OK;
}

enum br_rc
br_sd_digest(
    const struct br_hash_info *alg,
    struct br_bytes text,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_digest d;
    struct br_buf b;
    BR_ASSERT(alg != NULL);
    BR_TRY(br_digest_bytes(alg->alg, text, &d, reterr));
    br_buf_init(&b, TEXT_OF_DIGEST);
    br_base64url_put(&b, br_bytes(d.b, alg->digest_bytes));
    char *copy = b.failed ? NULL : br_arena_copy(arena, br_buf_bytes(&b));
    size_t n = b.n;
    br_buf_fini(&b);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a digest");
    }
    *ret = br_bytes(copy, n);
    return BR_OK;
}

/* ---- reading the parts -------------------------------------------------- */

static size_t
count_tildes(struct br_bytes text)
{
    size_t n = 0;
    const uint8_t *at = text.p;
    const uint8_t *end = text.p + text.n;
    while (at < end && (at = memchr(at, '~', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    return n;
}

/** Up to the next tilde, which is passed over. */
static struct br_bytes
next_part(struct br_bytes *rest)
{
    const uint8_t *tilde = memchr(rest->p, '~', rest->n);
    size_t n = tilde == NULL ? rest->n : (size_t)(tilde - rest->p);
    struct br_bytes part = br_bytes(rest->p, n);
    size_t step = tilde == NULL ? n : n + 1;
    *rest = br_bytes(rest->p + step, rest->n - step);
    return part;
}

static enum br_rc
decode(
    struct br_bytes encoded,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    size_t n = encoded.n / 4 * 3 + 3;
    uint8_t *p = (uint8_t *)br_arena_take(arena, n);
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a disclosure");
    }
    if (br_base64url_parse(encoded, p, n, &n, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_SD_DISCLOSURE, &why);
    }
    *ret = br_bytes(p, n);
    return BR_OK;
}

/** [salt, name, value] or [salt, value] (sections 4.2.1 and 4.2.2). */
static enum br_rc
take_values(
    struct br_sd_disclosure *d,
    const struct br_json *list,
    struct br_err *reterr)
{
    size_t n = list->kind == BR_JSON_ARRAY ? br_json_count(list) : 0;
    struct br_json *salt = n == 0 ? NULL : br_json_first(list);
    bool named = n == 3 && salt->next->kind == BR_JSON_STRING;
    if ((n != 2 && !named) || salt->kind != BR_JSON_STRING) {
        return br_refuse(
            reterr, BR_RULE_SD_DISCLOSURE,
            "a disclosure is neither [salt, name, value] nor [salt, value]");
    }
    d->salt = salt->string;
    d->element = !named;
    d->name = named ? salt->next->string : br_bytes(NULL, 0);
    d->value = named ? salt->next->next : salt->next;
    if (named && br_sd_is_reserved(d->name)) {
        return br_refuse(
            reterr, BR_RULE_SD_RESERVED, "a disclosure has the name \"%.*s\"",
            (int)d->name.n, (const char *)d->name.p);
    }
    br_json_detach(d->value);
    return BR_OK;
}

static enum br_rc
parse_disclosure(
    struct br_sd_disclosure *d,
    struct br_bytes encoded,
    struct br_arena *arena,
    struct br_err *reterr)
{
    struct br_bytes text = {0};
    struct br_json *list = NULL;
    struct br_err why;
    d->encoded = encoded;
    BR_TRY(decode(encoded, arena, &text, reterr));
    if (br_json_parse(text, arena, &list, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_SD_DISCLOSURE, &why);
    }
    return take_values(d, list, reterr);
}

static enum br_rc
check_size(struct br_bytes text, size_t tildes, struct br_err *reterr)
{
    if (text.n > BR_SD_BYTES_MAX || tildes > BR_SD_DISCLOSURES_MAX + 1) {
        return br_refuse(
            reterr, BR_RULE_SD_SIZE, "%zu bytes and %zu parts", text.n, tildes);
    }
    if (tildes == 0) {
        return br_refuse(
            reterr, BR_RULE_SD_PARTS, "no tilde: this is no SD-JWT");
    }
    return BR_OK;
}

enum br_rc
br_sd_parse(
    struct br_bytes text,
    const struct br_jws_policy *policy,
    struct br_arena *arena,
    struct br_sd_jwt *ret,
    struct br_err *reterr)
{
    struct br_sd_jwt sd = {0};
    size_t tildes = count_tildes(text);
    BR_TRY(check_size(text, tildes, reterr));
    struct br_bytes rest = text;
    sd.issuer_jwt = next_part(&rest);
    BR_TRY(br_jws_parse(sd.issuer_jwt, policy, arena, &sd.jws, reterr));
    sd.count = tildes - 1;
    sd.disclosures = (struct br_sd_disclosure *)br_arena_take(
        arena, (sd.count + 1) * sizeof(*sd.disclosures));
    if (sd.disclosures == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for disclosures");
    }
    for (size_t i = 0; i < sd.count; i++) {
        struct br_bytes part = next_part(&rest);
        BR_TRY(parse_disclosure(&sd.disclosures[i], part, arena, reterr));
    }
    sd.key_binding = rest;
    sd.bound = br_bytes(text.p, text.n - rest.n);
    *ret = sd;
    return BR_OK;
}

/* ---- putting claims back (section 7.1 step 3) --------------------------- */

struct process {
    struct br_sd_jwt *sd;
    struct br_json_maker maker;
    struct br_sd_disclosure **by_digest; /**< sorted */
    struct br_bytes *seen;               /**< every digest that was met */
    size_t seen_count;
    size_t seen_room;
    size_t gap_room;
    struct br_json *root;
};

static int
compare_bytes(struct br_bytes a, struct br_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int
compare_disclosures(const void *a, const void *b)
{
    const struct br_sd_disclosure *x = *(struct br_sd_disclosure *const *)a;
    const struct br_sd_disclosure *y = *(struct br_sd_disclosure *const *)b;
    return compare_bytes(x->digest, y->digest);
}

static int
compare_texts(const void *a, const void *b)
{
    return compare_bytes(
        *(const struct br_bytes *)a, *(const struct br_bytes *)b);
}

static struct br_sd_disclosure *
find(const struct process *p, struct br_bytes digest)
{
    size_t low = 0;
    size_t high = p->sd->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = compare_bytes(p->by_digest[mid]->digest, digest);
        if (c == 0) {
            return p->by_digest[mid];
        }
        low = c < 0 ? mid + 1 : low;
        high = c < 0 ? high : mid;
    }
    return NULL;
}

static enum br_rc
sort_disclosures(
    struct process *p, const struct br_hash_info *alg, struct br_err *reterr)
{
    struct br_sd_jwt *sd = p->sd;
    p->by_digest = (struct br_sd_disclosure **)br_arena_take(
        p->maker.arena, (sd->count + 1) * sizeof(struct br_sd_disclosure *));
    if (p->by_digest == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for disclosures");
    }
    for (size_t i = 0; i < sd->count; i++) {
        struct br_sd_disclosure *d = &sd->disclosures[i];
        BR_TRY(
            br_sd_digest(alg, d->encoded, p->maker.arena, &d->digest, reterr));
        p->by_digest[i] = d;
    }
    if (sd->count > 1) {
        qsort(
            p->by_digest, sd->count, sizeof(struct br_sd_disclosure *),
            compare_disclosures);
    }
    return BR_OK;
}

/** Room for one entry more of a list in the arena; NULL: no memory. */
static void *
grow(
    struct process *p,
    void *list,
    size_t count,
    size_t *room,
    size_t item_bytes)
{
    if (count < *room) {
        return list;
    }
    size_t more = *room == 0 ? 32 : *room * 2;
    void *wider = br_arena_take(p->maker.arena, more * item_bytes);
    if (wider != NULL && count > 0) {
        memcpy(wider, list, count * item_bytes);
    }
    *room = wider == NULL ? *room : more;
    return wider;
}

/** No digest may come twice: they are compared when all have been met. */
static enum br_rc
remember(struct process *p, struct br_bytes digest, struct br_err *reterr)
{
    if (p->seen_count == BR_SD_DIGESTS_MAX) {
        return br_refuse(
            reterr, BR_RULE_SD_SIZE, "more than %d digests", BR_SD_DIGESTS_MAX);
    }
    p->seen = (struct br_bytes *)grow(
        p, p->seen, p->seen_count, &p->seen_room, sizeof(struct br_bytes));
    if (p->seen == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for digests");
    }
    p->seen[p->seen_count++] = digest;
    return BR_OK;
}

/** A digest in its place. *ret: what it stands for, or NULL for a decoy or what
 *  stays hidden. */
static enum br_rc
meet(
    struct process *p,
    const struct br_json *digest,
    bool element,
    struct br_sd_disclosure **ret,
    struct br_err *reterr)
{
    if (digest->kind != BR_JSON_STRING) {
        return br_refuse(
            reterr, BR_RULE_SD_DIGEST, "a digest is %s",
            br_json_kind_text((enum br_json_kind)digest->kind));
    }
    BR_TRY(remember(p, digest->string, reterr));
    struct br_sd_disclosure *d = find(p, digest->string);
    if (d != NULL && d->placed) {
        return br_refuse(
            reterr, BR_RULE_SD_DIGEST_TWICE, "one disclosure has two places");
    }
    if (d != NULL && d->element != element) {
        return br_refuse(
            reterr, BR_RULE_SD_DISCLOSURE,
            element ? "a member's disclosure stands for an array's element"
                    : "an array element's disclosure stands for a member");
    }
    if (d != NULL) {
        d->placed = true;
    }
    *ret = d;
    return BR_OK;
}

static enum br_rc
place_members(struct process *p, struct br_json *object, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_json *list = br_json_remove(object, "_sd");
    if (list != NULL && list->kind != BR_JSON_ARRAY) {
        return br_refuse(reterr, BR_RULE_SD_DIGEST, "_sd is no array");
    }
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_sd_disclosure *d = NULL;
        BR_TRY(meet(p, i, false, &d, reterr));
        if (d == NULL) {
            continue;
        }
        if (br_json_member_bytes(object, d->name) != NULL) {
            return br_refuse(
                reterr, BR_RULE_SD_NAME_TWICE, "\"%s\" is there already",
                br_rule_quote(d->name, quote));
        }
        (void)br_json_set_bytes(&p->maker, object, d->name, d->value);
    }
    return br_json_maker_status(&p->maker, reterr);
}

/** An element stays hidden: it goes, and its place is kept in mind. */
static enum br_rc
leave_out(
    struct process *p,
    struct br_json *element,
    size_t at,
    struct br_err *reterr)
{
    struct br_sd_jwt *sd = p->sd;
    sd->gaps = (struct br_sd_gap *)grow(
        p, sd->gaps, sd->gap_count, &p->gap_room, sizeof(struct br_sd_gap));
    if (sd->gaps == NULL) {
        sd->gap_count = 0;
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for elements");
    }
    sd->gaps[sd->gap_count++] = (struct br_sd_gap){element->parent, at};
    br_json_detach(element);
    return BR_OK;
}

static enum br_rc
place_elements(struct process *p, struct br_json *array, struct br_err *reterr)
{
    struct br_json *next;
    size_t at = 0;
    for (struct br_json *i = br_json_first(array); i != NULL; i = next, at++) {
        struct br_json *digest = br_json_member(i, "...");
        struct br_sd_disclosure *d = NULL;
        next = i->next;
        if (digest == NULL) {
            continue;
        }
        if (br_json_count(i) != 1) {
            return br_refuse(
                reterr, BR_RULE_SD_RESERVED, "\"...\" with other members");
        }
        BR_TRY(meet(p, digest, true, &d, reterr));
        if (d == NULL) {
            BR_TRY(leave_out(p, i, at, reterr));
        } else {
            (void)br_json_replace(&p->maker, i, d->value);
        }
    }
    return br_json_maker_status(&p->maker, reterr);
}

static enum br_rc
place_in(struct process *p, struct br_json *v, struct br_err *reterr)
{
    if (v->kind == BR_JSON_ARRAY) {
        return place_elements(p, v, reterr);
    }
    if (v->kind != BR_JSON_OBJECT) {
        return BR_OK;
    }
    if (br_json_member(v, "...") != NULL) {
        return br_refuse(
            reterr, BR_RULE_SD_RESERVED, "\"...\" outside an array's element");
    }
    if (v != p->root && br_json_member(v, "_sd_alg") != NULL) {
        return br_refuse(reterr, BR_RULE_SD_ALG, "_sd_alg below the top level");
    }
    return place_members(p, v, reterr);
}

static enum br_rc
check_all_met(struct process *p, struct br_err *reterr)
{
    if (p->seen_count > 1) {
        qsort(p->seen, p->seen_count, sizeof(struct br_bytes), compare_texts);
    }
    for (size_t i = 1; i < p->seen_count; i++) {
        if (br_bytes_eq(p->seen[i - 1], p->seen[i])) {
            return br_refuse(
                reterr, BR_RULE_SD_DIGEST_TWICE, "a digest stands twice");
        }
    }
    for (size_t i = 0; i < p->sd->count; i++) {
        if (!p->sd->disclosures[i].placed) {
            return br_refuse(
                reterr, BR_RULE_SD_UNREFERENCED,
                "disclosure %zu has no digest in the credential", i + 1);
        }
    }
    return BR_OK;
}

static enum br_rc
read_payload(struct process *p, struct br_bytes payload, struct br_err *reterr)
{
    struct br_err why;
    if (br_json_parse(payload, p->maker.arena, &p->root, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_SD_PAYLOAD, &why);
    }
    if (p->root->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_SD_PAYLOAD, "it is no object");
    }
    return BR_OK;
}

enum br_rc
br_sd_process(
    struct br_sd_jwt *sd,
    struct br_bytes payload,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct process p = {.sd = sd};
    const struct br_hash_info *alg = NULL;
    br_json_maker_init(&p.maker, arena);
    BR_TRY(read_payload(&p, payload, reterr));
    BR_TRY(br_sd_alg(p.root, &alg, reterr));
    BR_TRY(sort_disclosures(&p, alg, reterr));
    for (struct br_json *v = p.root; v != NULL; v = br_sd_step(p.root, v)) {
        BR_TRY(place_in(&p, v, reterr));
    }
    BR_TRY(check_all_met(&p, reterr));
    (void)br_json_remove(p.root, "_sd_alg");
    sd->digest_count = p.seen_count;
    *ret = p.root;
    return BR_OK;
}
