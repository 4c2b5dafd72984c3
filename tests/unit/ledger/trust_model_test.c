/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The registry against a model of a few arrays: random operations by random
 * members, each with the verdict that the model gives, and after each block the
 * same answers about the past.
 */
#include "common/base/assert.h"
#include "node/ledger/trust.h"
#include "tests/unit/ledger/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    MEMBERS = 3, /* the first is the operator */
    DIDS = 6,    /* two of each member */
    ACCREDITATIONS = 60,
    TYPES = 4, /* the first is any */
    VERSIONS = 200,
    OPERATIONS = 1500,
    NONE = -1,
};

static const char *const members[MEMBERS] = {"regione", "comune", "revisore"};
static const char *const types[TYPES] = {"*", "isee", "nursery", "residence"};

/* ---- the model ---------------------------------------------------------- */

struct m_did {
    int versions;
    uint64_t time[VERSIONS];
    uint64_t deactivated;
};
struct m_accreditation {
    bool exists;
    int did;
    int by;
    int level;
    unsigned types;
    uint64_t begin;
    uint64_t end; /* by its own date; 0: none */
    uint64_t ended;
};
struct model {
    struct m_did did[DIDS];
    struct m_accreditation a[ACCREDITATIONS];
};

struct accredit {
    int id;
    int by;
    int did;
    int level;
    unsigned types;
    uint64_t from;
    uint64_t to;
};

static int
owner(int did)
{
    return did / 2;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

static bool
m_in_force(const struct model *m, int id, uint64_t t)
{
    for (; id != NONE; id = m->a[id].by) {
        const struct m_accreditation *a = &m->a[id];
        uint64_t end = earlier(a->end, a->ended);
        uint64_t off = m->did[a->did].deactivated;
        if (t < a->begin || (end != 0 && end <= t) || (off != 0 && off <= t)) {
            return false;
        }
    }
    return true;
}

static int
m_depth(const struct model *m, int id)
{
    int n = 0;
    for (; id != NONE; id = m->a[id].by) {
        n++;
    }
    return n;
}

static enum br_rc
m_give(
    const struct model *m, int author, uint64_t now, const struct accredit *x)
{
    const struct m_accreditation *own = x->by == NONE ? NULL : &m->a[x->by];
    if (x->level == 1) {
        return author != 0 || own != NULL   ? BR_ERR_FORBIDDEN
               : x->to != 0 && x->to <= now ? BR_ERR_OUT_OF_RANGE
                                            : BR_OK;
    }
    if (own == NULL) {
        return BR_ERR_NOT_ACCREDITED;
    }
    if (!own->exists) {
        return BR_ERR_NOT_FOUND;
    }
    if (owner(own->did) != author) {
        return BR_ERR_NOT_CONTROLLER;
    }
    if (own->level == 3 || !m_in_force(m, x->by, now)) {
        return BR_ERR_NOT_ACCREDITED;
    }
    if (m_depth(m, x->by) == 8) {
        return BR_ERR_BEYOND_ACCREDITATION;
    }
    if (x->level == 3 && (x->types & 1) != 0) {
        return BR_ERR_OUT_OF_RANGE;
    }
    if ((own->types & 1) == 0 && (x->types & ~own->types) != 0) {
        return BR_ERR_BEYOND_ACCREDITATION;
    }
    uint64_t limit = earlier(own->end, own->ended);
    if (x->to != 0 && x->to <= now) {
        return BR_ERR_OUT_OF_RANGE;
    }
    return limit != 0 && (x->to == 0 || x->to > limit)
               ? BR_ERR_BEYOND_ACCREDITATION
               : BR_OK;
}

static enum br_rc
m_accredit(struct model *m, int author, uint64_t now, const struct accredit *x)
{
    if (m->a[x->id].exists) {
        return BR_ERR_CONFLICT;
    }
    if (m->did[x->did].versions == 0) {
        return BR_ERR_NOT_FOUND;
    }
    if (m->did[x->did].deactivated != 0) {
        return BR_ERR_DEACTIVATED;
    }
    enum br_rc rc = m_give(m, author, now, x);
    if (rc == BR_OK) {
        m->a[x->id] = (struct m_accreditation){
            .exists = true,
            .did = x->did,
            .by = x->by,
            .level = x->level,
            .types = x->types,
            .begin = x->from > now ? x->from : now,
            .end = x->to,
        };
    }
    return rc;
}

static enum br_rc
m_revoke(struct model *m, int author, uint64_t now, int id, uint64_t end)
{
    struct m_accreditation *a = &m->a[id];
    bool may = author == 0;
    if (!a->exists) {
        return BR_ERR_NOT_FOUND;
    }
    for (int i = id; i != NONE; i = m->a[i].by) {
        may = may || owner(m->a[i].did) == author;
    }
    if (!may) {
        return BR_ERR_NOT_CONTROLLER;
    }
    uint64_t old = earlier(a->end, a->ended);
    end = end > now ? end : now;
    if (old != 0 && old <= now) {
        return BR_ERR_REVOKED;
    }
    if (old != 0 && old <= end) {
        return BR_ERR_CONFLICT;
    }
    a->ended = end;
    return BR_OK;
}

static enum br_rc
m_put_did(struct model *m, int author, uint64_t now, int did)
{
    struct m_did *d = &m->did[did];
    if (owner(did) != author) {
        return BR_ERR_NOT_CONTROLLER;
    }
    if (d->deactivated != 0) {
        return BR_ERR_DEACTIVATED;
    }
    BR_ASSERT(d->versions < VERSIONS);
    d->time[d->versions++] = now;
    return BR_OK;
}

static enum br_rc
m_deactivate(struct model *m, int author, uint64_t now, int did)
{
    struct m_did *d = &m->did[did];
    if (d->versions == 0) {
        return BR_ERR_NOT_FOUND;
    }
    if (d->deactivated != 0) {
        return BR_ERR_DEACTIVATED;
    }
    if (author != 0 && owner(did) != author) {
        return BR_ERR_NOT_CONTROLLER;
    }
    d->deactivated = now;
    return BR_OK;
}

/* ---- the real one ------------------------------------------------------- */

static uint64_t
random_below(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (*seed >> 33) % n;
}

static struct br_bytes
did_text(char out[64], int did)
{
    (void)snprintf(
        out, 64, "did:broletto:lombardia-test:%s%s", members[owner(did)],
        did % 2 == 0 ? "" : ":office");
    return br_str(out);
}

static struct br_hash
id_of(int n)
{
    struct br_hash h = {{0}};
    memset(h.b, n + 1, sizeof(h.b));
    return h;
}

static struct br_signer *
signer_of(const struct world *w, int member)
{
    return member == 0   ? w->operator_key
           : member == 1 ? w->notary_key
                         : w->auditor_key;
}

/** Run it; what fails leaves no trace. */
static enum br_rc
run(struct world *w, int author, const struct br_op *op)
{
    size_t leaves = br_effects_leaf_count(&w->e);
    size_t writes = br_effects_write_count(&w->e);
    world_op(w, op, BR_MODULE_TRUST);
    enum br_rc rc =
        world_run(w, members[author], signer_of(w, author), BR_MODULE_TRUST);
    size_t more = rc == BR_OK ? 1 : 0;
    assert_int_equal(br_effects_leaf_count(&w->e), leaves + more);
    assert_int_equal(br_effects_write_count(&w->e) != writes, rc == BR_OK);
    return rc;
}

static enum br_rc
run_accredit(struct world *w, int author, const struct accredit *x)
{
    char did[64];
    struct br_bytes list[TYPES];
    size_t n = 0;
    struct br_buf b;
    struct br_hash by = id_of(x->by);
    for (size_t i = 0; i < TYPES; i++) {
        if ((x->types >> i & 1) != 0) {
            list[n++] = br_str(types[i]);
        }
    }
    br_buf_init(&b, 1024);
    br_op_put_types(&b, list, n);
    struct br_op op = {
        .type = BR_OP_ACCREDIT,
        .accreditation = id_of(x->id),
        .did = did_text(did, x->did),
        .level = (uint64_t)x->level,
        .list = br_buf_bytes(&b),
        .not_before = {x->from},
        .not_after = {x->to},
    };
    if (x->by != NONE) {
        op.by = br_hash_bytes(&by);
    }
    enum br_rc rc = run(w, author, &op);
    br_buf_fini(&b);
    return rc;
}

/** Blind choices are refused nearly always: these often are not. */
static void
aim(const struct model *m, struct accredit *x, int *author, uint64_t *seed)
{
    int by = (int)random_below(seed, ACCREDITATIONS);
    for (int i = 0; i < ACCREDITATIONS && !m->a[by].exists; i++) {
        by = (by + 1) % ACCREDITATIONS;
    }
    if (!m->a[by].exists || random_below(seed, 10) == 0) {
        *author = 0;
        x->by = NONE;
        x->level = 1;
        return;
    }
    *author = owner(m->a[by].did);
    x->by = by;
    x->level = random_below(seed, 4) == 0 ? 3 : 2;
    x->types &= m->a[by].types | (x->types & 2);
    x->types |= x->types == 0 ? 2 : 0;
    x->to = earlier(m->a[by].end, m->a[by].ended);
    x->from = x->to != 0 && x->to <= x->from ? 0 : x->from;
}

static void
step_accredit(struct world *w, struct model *m, int author, uint64_t *seed)
{
    uint64_t now = w->time.v;
    struct accredit x = {
        .id = (int)random_below(seed, ACCREDITATIONS),
        .by = (int)random_below(seed, ACCREDITATIONS + 2) - 2,
        .did = (int)random_below(seed, DIDS),
        .level = 1 + (int)random_below(seed, 3),
        .types = 1 + (unsigned)random_below(seed, (1u << TYPES) - 1),
        .from = now - 5000 + random_below(seed, 10000),
    };
    x.by = x.by < 0 ? NONE : x.by;
    if (random_below(seed, 2) == 0) {
        x.to = x.from + 1 + random_below(seed, 200000);
    }
    if (random_below(seed, 3) != 0) {
        aim(m, &x, &author, seed);
    }
    assert_int_equal(
        run_accredit(w, author, &x), m_accredit(m, author, now, &x));
}

static void
step_revoke(struct world *w, struct model *m, int author, uint64_t *seed)
{
    int id = (int)random_below(seed, ACCREDITATIONS);
    uint64_t end = w->time.v - 50000 + random_below(seed, 100000);
    struct br_op op = {
        .type = BR_OP_ACCREDIT_END,
        .accreditation = id_of(id),
        .not_after = {end}};
    assert_int_equal(
        run(w, author, &op), m_revoke(m, author, w->time.v, id, end));
}

static void
step_did(struct world *w, struct model *m, int author, uint64_t *seed)
{
    char did[64];
    char document[256];
    static const uint8_t no_windows[] = {0x80};
    int which = (int)random_below(seed, DIDS);
    struct br_op op = {.did = did_text(did, which)};
    (void)snprintf(document, sizeof(document), "{\"id\":\"%s\"}", did);
    if (random_below(seed, 200) == 0) {
        op.type = BR_OP_DID_DEACTIVATE;
        assert_int_equal(
            run(w, author, &op), m_deactivate(m, author, w->time.v, which));
        return;
    }
    op.type = BR_OP_DID_PUT;
    op.document = br_str(document);
    op.list = br_bytes(no_windows, 1);
    assert_int_equal(
        run(w, author, &op), m_put_did(m, author, w->time.v, which));
}

/* ---- the same answers --------------------------------------------------- */

static void
compare_did(const struct world *w, const struct model *m, int did, uint64_t t)
{
    char text[64];
    const struct m_did *d = &m->did[did];
    struct br_did_head head;
    uint64_t version = 0;
    uint64_t wanted = 0;
    for (int i = 0; i < d->versions; i++) {
        wanted += d->time[i] <= t;
    }
    enum br_rc rc =
        br_trust_did_get(&w->view, did_text(text, did), &head, NULL);
    assert_int_equal(rc, d->versions == 0 ? BR_ERR_NOT_FOUND : BR_OK);
    if (rc != BR_OK) {
        return;
    }
    rc = br_trust_did_version_at(
        &w->view, br_str(text), &head, (struct br_time_us){t}, &version, NULL);
    assert_int_equal(rc, wanted == 0 ? BR_ERR_NOT_FOUND : BR_OK);
    assert_int_equal(version, wanted);
    assert_int_equal(head.versions, d->versions);
    assert_int_equal(head.deactivated.v, d->deactivated);
}

static void
compare(const struct world *w, const struct model *m, uint64_t *seed)
{
    for (int i = 0; i < ACCREDITATIONS; i++) {
        uint64_t t = 1000000 + random_below(seed, w->time.v - 900000);
        struct br_hash id = id_of(i);
        enum br_rc rc =
            br_accreditation_check(&w->view, &id, (struct br_time_us){t}, NULL);
        assert_int_equal(
            rc, !m->a[i].exists       ? BR_ERR_NOT_FOUND
                : m_in_force(m, i, t) ? BR_OK
                                      : BR_ERR_NOT_ACCREDITED);
    }
    for (int i = 0; i < DIDS; i++) {
        compare_did(w, m, i, 1000000 + random_below(seed, w->time.v - 900000));
    }
}

static unsigned
walk(uint64_t seed)
{
    struct world *w = (struct world *)malloc(sizeof(*w));
    static struct model model;
    struct model *m = &model;
    unsigned deep = 0;
    assert_non_null(w);
    memset(m, 0, sizeof(*m));
    world_init(w);
    world_begin(w);
    for (int i = 0; i < OPERATIONS; i++) {
        int author = (int)random_below(&seed, MEMBERS);
        uint64_t what = random_below(&seed, 10);
        if (what < 3) {
            step_did(w, m, author, &seed);
        } else if (what < 9) {
            step_accredit(w, m, author, &seed);
        } else {
            step_revoke(w, m, author, &seed);
        }
        if (random_below(&seed, 3) == 0) {
            world_seal(w);
            compare(w, m, &seed);
            world_begin(w);
        }
    }
    for (int i = 0; i < ACCREDITATIONS; i++) {
        deep += m->a[i].exists && m_depth(m, i) >= 3;
    }
    world_fini(w);
    free(w);
    return deep;
}

static void
random_operations_agree_with_the_model(void **state)
{
    (void)state;
    unsigned deep = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        deep += walk(seed);
    }
    print_message("%u accreditations of the third step or below\n", deep);
    assert_true(deep > 40); /* the walks went where it matters */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_the_model),
    };
    return cmocka_run_group_tests_name("trust_model", tests, NULL, NULL);
}
