/* SPDX-License-Identifier: EUPL-1.2 */
/* Trust policies: everything refers to something above it. */
#include "common/receipt/policy.h"
#include "tests/fuzz/fuzz.h"

static bool
is_group(const struct br_policy *p, int group, size_t below)
{
    return group == BR_POLICY_NONE ||
           (group >= (int)below && (size_t)group < p->group_count);
}

static void
check_members(const struct br_policy *p, struct br_bytes in)
{
    for (size_t i = 0; i < p->log_count; i++) {
        BR_ASSERT(fuzz_inside(p->log[i].key.name, in));
        BR_ASSERT(fuzz_inside(p->log[i].url, in));
    }
    for (size_t i = 0; i < p->witness_count; i++) {
        BR_ASSERT(fuzz_inside(p->witness[i].name, in));
        BR_ASSERT(is_group(p, p->witness[i].group, 0));
    }
    for (size_t i = 0; i < p->group_count; i++) {
        const struct br_policy_group *g = &p->group[i];
        BR_ASSERT(fuzz_inside(g->name, in));
        BR_ASSERT(g->k >= 1 && g->k <= g->n);
        BR_ASSERT(is_group(p, g->group, i + 1));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_policy p;
    static const struct br_note nobody = {.count = 0};
    struct br_bytes in = br_bytes(data, n);
    struct br_policy_votes votes;
    struct br_err err;
    fuzz_init();
    enum br_rc rc = br_policy_parse(in, &p, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(p.log_count <= BR_POLICY_LOGS_MAX);
    BR_ASSERT(p.witness_count <= BR_POLICY_WITNESSES_MAX);
    BR_ASSERT(p.group_count <= BR_POLICY_GROUPS_MAX);
    check_members(&p, in);
    rc = br_policy_check_quorum(&p, &nobody, &votes, &err);
    BR_ASSERT((rc == BR_OK) == (p.quorum_kind == BR_QUORUM_NONE));
    BR_ASSERT(votes.count == 0);
    return 0;
}
