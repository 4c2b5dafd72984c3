/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/judge.h"

#include "common/base/assert.h"
#include "common/credential/rule.h"
#include "common/credential/vp_transaction.h"
#include "common/crypto/x509_path.h"

#include <stdio.h>

static const unsigned algs =
    BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA;

const char *
br_judge_step_name(enum br_judge_step s)
{
    static const char *const names[BR_STEPS] = {
        [BR_STEP_ANSWER] = "answer",
        [BR_STEP_ISSUER] = "issuer",
        [BR_STEP_CREDENTIAL] = "credential",
        [BR_STEP_VALIDITY] = "validity",
        [BR_STEP_HOLDER] = "holder",
        [BR_STEP_CLAIMS] = "claims",
        [BR_STEP_APPROVAL] = "approval",
        [BR_STEP_STATUS] = "status",
        [BR_STEP_ACCREDITATION] = "accreditation",
        [BR_STEP_COMPLETE] = "complete",
    };
    BR_ASSERT(s < BR_STEPS);
    return names[s];
}

const char *
br_judge_outcome_name(enum br_judge_outcome o)
{
    static const char *const names[] = {
        "not taken", "passed", "failed", "unknown", "not asked"};
    return names[o];
}

static void
note(
    struct br_judge_note *n,
    enum br_judge_outcome outcome,
    const struct br_err *why)
{
    n->outcome = outcome;
    (void)snprintf(
        n->reason, sizeof(n->reason), "%s", why == NULL ? "" : why->text);
}

void
br_judge_tell(
    struct br_judged *p,
    enum br_judge_step step,
    enum br_judge_outcome outcome,
    const struct br_err *why)
{
    note(&p->notes[step], outcome, why);
}

/** Passed, or failed with a reason; memory is the caller's trouble. */
static bool
take_step(
    struct br_judged *p,
    enum br_judge_step step,
    enum br_rc rc,
    const struct br_err *why)
{
    note(
        &p->notes[step], rc == BR_OK ? BR_STEP_PASSED : BR_STEP_FAILED,
        rc == BR_OK ? NULL : why);
    return rc == BR_OK;
}

/* ---- one presentation --------------------------------------------------- */

/** Which step a refusal of br_vc_verify belongs to. The issuer's signature has
 *  been looked at before: what is about signatures is the holder's. */
static enum br_judge_step
step_of(const struct br_err *why)
{
    const struct br_rule_info *rule = br_rule_of(why);
    const char *slug = rule == NULL ? "" : rule->slug;
    enum br_judge_step step = BR_STEP_CREDENTIAL;
    if (strcmp(slug, "vc-exp") == 0 || strcmp(slug, "vc-nbf") == 0) {
        step = BR_STEP_VALIDITY;
    } else if (
        strncmp(slug, "kb-", 3) == 0 || strncmp(slug, "jws-", 4) == 0 ||
        strncmp(slug, "jwk-", 4) == 0) {
        step = BR_STEP_HOLDER;
    }
    return step;
}

static bool
verify(
    struct br_judged *p,
    const struct br_judge_policy *policy,
    struct br_arena *arena)
{
    const struct br_x5c_policy x5c = {
        .trust = policy->trust, .unix_seconds = (int64_t)policy->now_s};
    const struct br_sd_binding_policy binding = {
        .algs = algs,
        .audience = policy->client_id,
        .nonce = policy->nonce,
        .now_s = policy->now_s,
        .window_s = policy->window_s,
    };
    struct br_vc_policy vc = {
        .algs = algs, .older_typ = true, .now_s = policy->now_s, .x5c = &x5c};
    struct br_err why = {0};
    enum br_rc rc = br_vc_open(p->text, &vc, arena, &p->vc, &why);
    if (!take_step(p, BR_STEP_CREDENTIAL, rc, &why)) {
        return false;
    }
    rc = br_jws_verify_x5c(&p->vc.sd.jws, &x5c, NULL, &why);
    if (!take_step(p, BR_STEP_ISSUER, rc, &why)) {
        p->notes[BR_STEP_CREDENTIAL] = (struct br_judge_note){0};
        return false;
    }
    /* "a Verifier MUST NOT take into account whether a Key Binding JWT is
     * present to decide" (RFC 9901 section 9.5): the query decides; one that
     * is there without need is looked at all the same. */
    bool bound = p->query->binding || p->vc.sd.key_binding.n > 0;
    vc.binding = bound ? &binding : NULL;
    rc = br_vc_verify(&p->vc, &vc, arena, &why);
    enum br_judge_step last = rc == BR_OK ? BR_STEP_HOLDER : step_of(&why);
    for (int s = BR_STEP_CREDENTIAL; s <= (int)last; s++) {
        note(&p->notes[s], BR_STEP_PASSED, NULL);
    }
    if (rc != BR_OK) {
        note(&p->notes[last], BR_STEP_FAILED, &why);
    } else if (!bound) {
        note(&p->notes[BR_STEP_HOLDER], BR_STEP_NOT_ASKED, NULL);
    }
    return rc == BR_OK;
}

static size_t
authorities_of(
    const struct br_x5c *x,
    uint8_t room[BR_X509_CHAIN_MAX][BR_X509_KEY_ID_BYTES],
    struct br_bytes out[BR_X509_CHAIN_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < x->count; i++) {
        size_t bytes = br_x509_authority_key(x->der[i], room[n]);
        out[n] = br_bytes(room[n], bytes);
        n += bytes > 0 ? 1 : 0;
    }
    return n;
}

static enum br_rc
match(struct br_judged *p, struct br_arena *arena, struct br_err *reterr)
{
    uint8_t room[BR_X509_CHAIN_MAX][BR_X509_KEY_ID_BYTES];
    struct br_bytes authorities[BR_X509_CHAIN_MAX];
    const struct br_dcql_candidate c = {
        .format = BR_VC_FORMAT,
        .vct = p->vc.vct,
        .claims = p->vc.claims,
        .has_holder = p->vc.has_holder,
        .authorities = authorities,
        .authority_count = authorities_of(&p->vc.sd.jws.x5c, room, authorities),
    };
    struct br_err why = {0};
    enum br_rc rc = br_dcql_match(p->query, &c, arena, &p->match, &why);
    if (rc == BR_OK || rc == BR_ERR_NO_MEMORY) {
        return rc;
    }
    return br_refuse(
        reterr, BR_RULE_VP_UNANSWERED, "%.*s: %s", (int)p->query->id.n,
        (const char *)p->query->id.p, why.text);
}

static void
judge_one(
    struct br_judged *p,
    const struct br_judge_policy *policy,
    struct br_arena *arena)
{
    struct br_err why = {0};
    if (verify(p, policy, arena)) {
        (void)take_step(p, BR_STEP_CLAIMS, match(p, arena, &why), &why);
    }
}

/* ---- transactions ------------------------------------------------------- */

static enum br_rc
read_transactions(
    const struct br_judge_policy *policy,
    struct br_arena *arena,
    struct br_vp_transaction *list,
    size_t *ret_count,
    struct br_err *reterr)
{
    size_t n = 0;
    for (struct br_json *i = br_json_first(policy->transaction_data);
         i != NULL && n < BR_VP_TRANSACTIONS_MAX; i = i->next) {
        BR_TRY(
            br_vp_transaction_parse(i, policy->query, arena, &list[n], reterr));
        n++;
    }
    *ret_count = n;
    return BR_OK;
}

/** Each transaction by a credential that it names; no hash for anything else.
 */
static enum br_rc
check_approvals(
    const struct br_judgement *j,
    const struct br_vp_transaction *list,
    size_t n,
    struct br_err *reterr)
{
    bool approved[BR_VP_TRANSACTIONS_MAX] = {false};
    for (size_t i = 0; i < j->count; i++) {
        const struct br_judged *p = &j->presentations[i];
        bool by[BR_VP_TRANSACTIONS_MAX] = {false};
        if (p->vc.binding == NULL) {
            continue;
        }
        BR_TRY(br_vp_transaction_check(p->vc.binding, list, n, by, reterr));
        for (size_t k = 0; k < n; k++) {
            approved[k] =
                approved[k] ||
                (by[k] && br_vp_transaction_names(&list[k], p->query->id));
        }
    }
    for (size_t k = 0; k < n; k++) {
        if (!approved[k]) {
            return br_refuse(
                reterr, BR_RULE_VP_TRANSACTION_HASH,
                "transaction %zu is not approved", k + 1);
        }
    }
    return BR_OK;
}

static void
judge_approvals(
    struct br_judgement *j,
    const struct br_judge_policy *policy,
    struct br_arena *arena)
{
    struct br_vp_transaction list[BR_VP_TRANSACTIONS_MAX];
    struct br_judge_note *n = &j->notes[BR_STEP_APPROVAL];
    struct br_err why = {0};
    size_t count = 0;
    enum br_rc rc = read_transactions(policy, arena, list, &count, &why);
    if (rc == BR_OK) {
        rc = check_approvals(j, list, count, &why);
    }
    enum br_judge_outcome good =
        count == 0 ? BR_STEP_NOT_ASKED : BR_STEP_PASSED;
    note(n, rc == BR_OK ? good : BR_STEP_FAILED, rc == BR_OK ? NULL : &why);
}

/* ---- the answer --------------------------------------------------------- */

static enum br_rc
take_presentations(
    const struct br_vp_answer *answer,
    const struct br_judge_policy *policy,
    struct br_judgement *j,
    struct br_err *reterr)
{
    for (struct br_json *e = br_json_first(answer->token); e != NULL;
         e = e->next) {
        for (struct br_json *i = br_json_first(e); i != NULL; i = i->next) {
            if (j->count == BR_JUDGE_PRESENTATIONS_MAX) {
                return br_refuse(
                    reterr, BR_RULE_VP_TOKEN, "more than %d presentations",
                    BR_JUDGE_PRESENTATIONS_MAX);
            }
            struct br_judged *p = &j->presentations[j->count++];
            p->query = br_dcql_find(policy->query, e->name);
            p->text = i->string;
            BR_ASSERT(p->query != NULL);
        }
    }
    return BR_OK;
}

void
br_judge(
    const struct br_vp_answer *answer,
    const struct br_judge_policy *policy,
    struct br_arena *arena,
    struct br_judgement *ret)
{
    struct br_err why = {0};
    memset(ret, 0, sizeof(*ret));
    enum br_rc rc = take_presentations(answer, policy, ret, &why);
    note(
        &ret->notes[BR_STEP_ANSWER],
        rc == BR_OK ? BR_STEP_PASSED : BR_STEP_FAILED,
        rc == BR_OK ? NULL : &why);
    for (size_t i = 0; rc == BR_OK && i < ret->count; i++) {
        judge_one(&ret->presentations[i], policy, arena);
    }
    if (rc == BR_OK) {
        judge_approvals(ret, policy, arena);
    }
}

/* ---- the end ------------------------------------------------------------ */

bool
br_judge_asks(const struct br_judged *p)
{
    return p->notes[BR_STEP_CLAIMS].outcome == BR_STEP_PASSED;
}

static bool
fine(const struct br_judge_note *n)
{
    return n->advice || n->outcome == BR_STEP_PASSED ||
           n->outcome == BR_STEP_NOT_ASKED;
}

bool
br_judge_passed(const struct br_judged *p)
{
    bool good = true;
    for (int s = BR_STEP_ISSUER; s <= BR_STEP_ACCREDITATION; s++) {
        good = good && (s == BR_STEP_APPROVAL || fine(&p->notes[s]));
    }
    return good;
}

/** Section 8.6: "If any of the checks related to an individual Presentation
 *  fail, the effected Presentation MUST be discarded." */
static enum br_rc
check_complete(
    const struct br_judgement *j,
    const struct br_judge_policy *policy,
    struct br_err *reterr)
{
    bool answered[BR_DCQL_CREDENTIALS_MAX] = {false};
    bool chosen[BR_DCQL_CREDENTIALS_MAX];
    struct br_err why = {0};
    for (size_t q = 0; q < policy->query->query_count; q++) {
        bool all = true;
        for (size_t i = 0; i < j->count; i++) {
            const struct br_judged *p = &j->presentations[i];
            bool ours = p->query == &policy->query->queries[q];
            answered[q] = answered[q] || ours;
            all = all && (!ours || br_judge_passed(p));
        }
        answered[q] = answered[q] && all;
    }
    return br_dcql_choose(policy->query, answered, false, chosen, &why) == BR_OK
               ? BR_OK
               : br_refuse(reterr, BR_RULE_VP_UNANSWERED, "%s", why.text);
}

bool
br_judge_conclude(struct br_judgement *j, const struct br_judge_policy *policy)
{
    struct br_err why = {0};
    enum br_rc rc = check_complete(j, policy, &why);
    note(
        &j->notes[BR_STEP_COMPLETE],
        rc == BR_OK ? BR_STEP_PASSED : BR_STEP_FAILED,
        rc == BR_OK ? NULL : &why);
    bool accepted = rc == BR_OK && fine(&j->notes[BR_STEP_ANSWER]) &&
                    fine(&j->notes[BR_STEP_APPROVAL]);
    for (size_t i = 0; i < j->count; i++) {
        const struct br_judge_note *n =
            &j->presentations[i].notes[BR_STEP_HOLDER];
        accepted = accepted && n->outcome != BR_STEP_FAILED;
    }
    return accepted;
}

static const struct br_judge_note *
first_bad(
    const struct br_judge_note *notes, int from, enum br_judge_step *ret_step)
{
    for (int s = from; s < BR_STEPS; s++) {
        if (!notes[s].advice && (notes[s].outcome == BR_STEP_FAILED ||
                                 notes[s].outcome == BR_STEP_UNKNOWN)) {
            if (ret_step != NULL) {
                *ret_step = (enum br_judge_step)s;
            }
            return &notes[s];
        }
    }
    return NULL;
}

const struct br_judge_note *
br_judge_reason(const struct br_judgement *j, enum br_judge_step *ret_step)
{
    const struct br_judge_note *bad = NULL;
    if (j->notes[BR_STEP_ANSWER].outcome != BR_STEP_PASSED) {
        bad = first_bad(j->notes, BR_STEP_ANSWER, ret_step);
        return bad != NULL ? bad : &j->notes[BR_STEP_ANSWER];
    }
    for (size_t i = 0; bad == NULL && i < j->count; i++) {
        bad = first_bad(j->presentations[i].notes, BR_STEP_ISSUER, ret_step);
    }
    return bad != NULL ? bad : first_bad(j->notes, BR_STEP_ANSWER, ret_step);
}
