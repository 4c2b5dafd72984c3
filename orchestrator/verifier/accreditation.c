/* May whoever issued what is shown issue it? The ledger's registry is asked. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "orchestrator/verifier/internal.h"

/* ---- what the configuration wants --------------------------------------- */

enum br_rc
br_verifier_accreditation(
    const char *mode,
    const char *when,
    const char *registries,
    struct br_verifier_accreditation *ret,
    struct br_err *reterr)
{
    bool off = strcmp(mode, "off") == 0;
    ret->required = strcmp(mode, "required") == 0;
    ret->now = strcmp(when, "issued") != 0;
    ret->issued = strcmp(when, "now") != 0;
    ret->registry.urls = off ? "" : registries;
    if (ret->required && registries[strspn(registries, " ")] == '\0') {
        return br_fail(
            reterr, BR_ERR_CONFIG,
            "accreditation is required, and there is no registry to ask: give "
            "registries or node_url, or say accreditation: \"off\"");
    }
    return BR_OK;
}

/* ---- one issuer --------------------------------------------------------- */

/** By then it was issued; 0: iat does not say, or it is now. */
static uint64_t
issued_by(
    const struct br_verifier *v, const struct br_judged *p, uint64_t now_s)
{
    uint64_t by_s = p->vc.issued_s + v->o.accreditation.iat_rounding_s;
    return p->vc.issued_s == 0 || by_s >= now_s ? 0 : by_s;
}

static enum br_judge_outcome
outcome_of(const struct br_standing *s)
{
    switch (s->kind) {
    case BR_STANDING_NOT_ASKED:
        return BR_STEP_NOT_ASKED;
    case BR_STANDING_ACCREDITED:
        return BR_STEP_PASSED;
    case BR_STANDING_REGISTERED:
    case BR_STANDING_NOT_ACCREDITED:
    case BR_STANDING_UNREGISTERED:
        return BR_STEP_FAILED;
    case BR_STANDING_UNKNOWN:
        break;
    }
    return BR_STEP_UNKNOWN;
}

/** The one that decides: the first that is not a yes. */
static const struct br_standing *
ask(struct br_verifier *v,
    const struct br_judged *p,
    uint64_t now_s,
    struct br_decision_standing *ret)
{
    const struct br_verifier_accreditation *want = &v->o.accreditation;
    struct br_key key;
    struct br_err why = {0};
    uint64_t issued_s = issued_by(v, p, now_s);
    if (br_x5c_key(&p->vc.sd.jws.x5c, &key, &why) != BR_OK) {
        ret->now.kind = BR_STANDING_UNKNOWN;
        memcpy(ret->now.reason, why.text, sizeof(ret->now.reason));
        return &ret->now;
    }
    struct br_standing_question q = {.key = &key, .vct = p->vc.vct};
    if (want->now || issued_s == 0) {
        br_registry_ask(v->registry, &q, now_s, &ret->now);
        if (ret->now.kind != BR_STANDING_ACCREDITED) {
            return &ret->now;
        }
    }
    if (want->issued && issued_s != 0) {
        q.at_s = issued_s;
        q.when = "as of its issue: ";
        br_registry_ask(v->registry, &q, now_s, &ret->issued);
        return &ret->issued;
    }
    return &ret->now;
}

void
br_verifier_ask_registry(struct br_verifier *v, uint64_t now_s)
{
    struct br_judgement *j = v->judgement;
    memset(v->standings, 0, j->count * sizeof(*v->standings));
    for (size_t i = 0; i < j->count; i++) {
        struct br_judged *p = &j->presentations[i];
        struct br_err why = {0};
        if (!br_judge_asks(p)) {
            continue;
        }
        const struct br_standing *s = ask(v, p, now_s, &v->standings[i]);
        memcpy(why.text, s->reason, sizeof(why.text));
        br_judge_tell(p, BR_STEP_ACCREDITATION, outcome_of(s), &why);
        p->notes[BR_STEP_ACCREDITATION].advice =
            v->registry != NULL && !v->o.accreditation.required;
    }
}
