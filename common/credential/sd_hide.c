/* Issuing: claims become disclosures, digests stand where they were. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/credential/sd_internal.h"

#include <stdlib.h>

enum { DECOY_BYTES = 32 };

/** A digest, and the object in whose _sd it goes. */
struct placed {
    struct br_json *object;
    struct br_bytes digest;
};

struct hide {
    struct br_json_maker maker;
    struct br_bytes random; /**< what is left of it */
    struct br_sd_hidden out;
    struct placed *level; /**< of the depth at hand */
    size_t level_count;
    const struct br_hash_info *alg;
};

static size_t
count_values(const struct br_json *root)
{
    size_t n = 0;
    struct br_json *v = (struct br_json *)(uintptr_t)root; /* read only */
    for (; v != NULL; v = br_sd_step(root, v)) {
        n++;
    }
    return n;
}

size_t
br_sd_random_bytes(const struct br_json *claims, unsigned decoys)
{
    return count_values(claims) * BR_SD_SALT_BYTES +
           (size_t)decoys * DECOY_BYTES;
}

static struct br_bytes
take_random(struct hide *h, size_t n)
{
    BR_ASSERT(h->random.n >= n);
    struct br_bytes out = br_bytes(h->random.p, n);
    h->random = br_bytes(h->random.p + n, h->random.n - n);
    return out;
}

/* ---- one claim ---------------------------------------------------------- */

/** base64url of some text, in the arena. */
static enum br_rc
encode_text(
    struct hide *h,
    const struct br_buf *text,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_SD_BYTES_MAX);
    br_base64url_put(&b, br_buf_bytes(text));
    enum br_rc rc = br_buf_status(&b, reterr);
    char *copy =
        rc == BR_OK ? br_arena_copy(h->maker.arena, br_buf_bytes(&b)) : NULL;
    *ret = br_bytes(copy, b.n);
    br_buf_fini(&b);
    if (rc == BR_OK && copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a disclosure");
    }
    return rc;
}

/** [salt, name, value], or [salt, value] for an array's element. */
static enum br_rc
make_disclosure(
    struct hide *h,
    const struct br_json *value,
    bool element,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json_writer w;
    struct br_buf text;
    br_buf_init(&text, BR_SD_BYTES_MAX);
    br_json_writer_init(&w, &text);
    br_json_write_array(&w);
    br_json_write_base64url(&w, take_random(h, BR_SD_SALT_BYTES));
    if (!element) {
        br_json_write_string(&w, value->name);
    }
    br_json_write_value(&w, value);
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = encode_text(h, &text, ret, reterr);
    }
    br_buf_fini(&text);
    return rc;
}

static enum br_rc
hide_value(
    struct hide *h,
    struct br_json *value,
    bool element,
    struct br_bytes *ret_digest,
    struct br_err *reterr)
{
    struct br_bytes encoded = {0};
    if (h->out.count == BR_SD_DISCLOSURES_MAX) {
        return br_refuse(
            reterr, BR_RULE_SD_SIZE, "more than %d disclosures",
            BR_SD_DISCLOSURES_MAX);
    }
    BR_TRY(make_disclosure(h, value, element, &encoded, reterr));
    h->out.disclosures[h->out.count++] = encoded;
    return br_sd_digest(h->alg, encoded, h->maker.arena, ret_digest, reterr);
}

static enum br_rc
hide_member(struct hide *h, struct br_json *member, struct br_err *reterr)
{
    struct placed *p = &h->level[h->level_count];
    p->object = member->parent;
    BR_TRY(hide_value(h, member, false, &p->digest, reterr));
    h->level_count++;
    br_json_detach(member);
    return BR_OK;
}

static enum br_rc
hide_element(struct hide *h, struct br_json *element, struct br_err *reterr)
{
    struct br_bytes digest = {0};
    BR_TRY(hide_value(h, element, true, &digest, reterr));
    struct br_json *stand_in = br_json_new_object(&h->maker);
    (void)br_json_set(
        &h->maker, stand_in, "...", br_json_new_string(&h->maker, digest));
    (void)br_json_replace(&h->maker, element, stand_in);
    return br_json_maker_status(&h->maker, reterr);
}

/* ---- a path ------------------------------------------------------------- */

/** Does the path lead to v from the top level? */
static bool
leads_to(const struct br_sd_path *path, const struct br_json *v)
{
    size_t left = path->count;
    for (; left > 0; v = v->parent) {
        const char *name = path->steps[--left];
        const struct br_json *in = v->parent;
        if (in == NULL || (name == NULL) != (in->kind == BR_JSON_ARRAY) ||
            (name != NULL && !br_bytes_eq(v->name, br_str(name)))) {
            return false;
        }
    }
    return v->parent == NULL;
}

static bool
is_asked(const struct br_sd_plan *plan, size_t depth, const struct br_json *v)
{
    bool found = false;
    for (size_t i = 0; !found && i < plan->count; i++) {
        found = plan->paths[i].count == depth && leads_to(&plan->paths[i], v);
    }
    return found;
}

static int
compare_placed(const void *a, const void *b)
{
    const struct placed *x = (const struct placed *)a;
    const struct placed *y = (const struct placed *)b;
    if (x->object != y->object) {
        return (uintptr_t)x->object < (uintptr_t)y->object ? -1 : 1;
    }
    return memcmp(x->digest.p, y->digest.p, x->digest.n);
}

/** Digests go in sorted, so that their order tells nothing (section 4.2.4.1).
 */
static enum br_rc
place_level(struct hide *h, struct br_err *reterr)
{
    struct br_json *list = NULL;
    if (h->level_count > 1) {
        qsort(h->level, h->level_count, sizeof(*h->level), compare_placed);
    }
    for (size_t i = 0; i < h->level_count; i++) {
        if (i == 0 || h->level[i].object != h->level[i - 1].object) {
            list = br_json_set(
                &h->maker, h->level[i].object, "_sd",
                br_json_new_array(&h->maker));
        }
        (void)br_json_append(
            &h->maker, list, br_json_new_string(&h->maker, h->level[i].digest));
    }
    h->level_count = 0;
    return br_json_maker_status(&h->maker, reterr);
}

static enum br_rc
hide_depth(
    struct hide *h,
    struct br_json *claims,
    const struct br_sd_plan *plan,
    size_t depth,
    struct br_err *reterr)
{
    struct br_json *next;
    for (struct br_json *v = claims; v != NULL; v = next) {
        next = br_sd_step(claims, v);
        if (v == claims || !is_asked(plan, depth, v)) {
            continue;
        }
        /* What lies in it goes with it. */
        next = v->next;
        for (struct br_json *up = v; next == NULL && up->parent != claims;) {
            up = up->parent;
            next = up->next;
        }
        BR_TRY(
            v->parent->kind == BR_JSON_ARRAY ? hide_element(h, v, reterr)
                                             : hide_member(h, v, reterr));
    }
    return BR_OK;
}

static enum br_rc
add_decoys(
    struct hide *h,
    struct br_json *claims,
    unsigned decoys,
    struct br_err *reterr)
{
    for (unsigned i = 0; i < decoys; i++) {
        struct placed *p = &h->level[h->level_count++];
        p->object = claims;
        BR_TRY(br_sd_digest(
            h->alg, take_random(h, DECOY_BYTES), h->maker.arena, &p->digest,
            reterr));
    }
    return BR_OK;
}

static enum br_rc
check_names(struct br_json *claims, struct br_err *reterr)
{
    for (struct br_json *v = claims; v != NULL; v = br_sd_step(claims, v)) {
        bool member = v->parent != NULL && v->parent->kind == BR_JSON_OBJECT;
        if (member && br_sd_is_reserved(v->name)) {
            return br_refuse(
                reterr, BR_RULE_SD_RESERVED, "a claim has the name \"%.*s\"",
                (int)v->name.n, (const char *)v->name.p);
        }
    }
    return BR_OK;
}

static enum br_rc
prepare(
    struct hide *h,
    struct br_json *claims,
    unsigned decoys,
    struct br_err *reterr)
{
    size_t most = count_values(claims);
    BR_TRY(check_names(claims, reterr));
    h->alg = br_hash_info(BR_HASH_SHA256);
    h->level = (struct placed *)br_arena_take(
        h->maker.arena, (most + decoys) * sizeof(*h->level));
    h->out.disclosures = (struct br_bytes *)br_arena_take(
        h->maker.arena, most * sizeof(struct br_bytes));
    if (h->level == NULL || h->out.disclosures == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for disclosures");
    }
    return BR_OK;
}

enum br_rc
br_sd_hide(
    struct br_json *claims,
    const struct br_sd_plan *plan,
    struct br_arena *arena,
    struct br_sd_hidden *ret,
    struct br_err *reterr)
{
    struct hide h = {.random = plan->random};
    size_t deepest = plan->decoys > 0 ? 1 : 0;
    BR_ASSERT(claims->kind == BR_JSON_OBJECT && claims->parent == NULL);
    br_json_maker_init(&h.maker, arena);
    BR_TRY(prepare(&h, claims, plan->decoys, reterr));
    for (size_t i = 0; i < plan->count; i++) {
        size_t depth = plan->paths[i].count;
        deepest = depth > deepest ? depth : deepest;
    }
    for (size_t depth = deepest; depth > 0; depth--) {
        BR_TRY(hide_depth(&h, claims, plan, depth, reterr));
        if (depth == 1) {
            BR_TRY(add_decoys(&h, claims, plan->decoys, reterr));
        }
        BR_TRY(place_level(&h, reterr));
    }
    if (h.out.count > 0 || plan->decoys > 0) {
        (void)br_json_set(
            &h.maker, claims, "_sd_alg",
            br_json_new_string(&h.maker, br_str(h.alg->name)));
    }
    h.out.payload = claims;
    *ret = h.out;
    return br_json_maker_status(&h.maker, reterr);
}

/* ---- signing ------------------------------------------------------------ */

enum br_rc
br_sd_issue(
    const struct br_sd_hidden *hidden,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf payload;
    size_t before = ret->n;
    br_buf_init(&payload, BR_SD_BYTES_MAX);
    enum br_rc rc = br_json_encode(hidden->payload, &payload, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(header, br_buf_bytes(&payload), key, ret, reterr);
    }
    br_buf_fini(&payload);
    BR_TRY(rc);
    br_buf_puts(ret, "~");
    for (size_t i = 0; i < hidden->count; i++) {
        br_buf_put(ret, hidden->disclosures[i].p, hidden->disclosures[i].n);
        br_buf_puts(ret, "~");
    }
    rc = br_buf_status(ret, reterr);
    ret->n = rc == BR_OK ? ret->n : before;
    return rc;
}
