/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/decision.h"

#include "common/credential/rule.h"
#include "common/crypto/hash.h"

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

/* ---- steps -------------------------------------------------------------- */

/** With reasons for people, or with rules alone: a reason may quote. */
static void
put_note(
    struct br_json_writer *w,
    enum br_judge_step step,
    const struct br_judge_note *n,
    bool reasons)
{
    struct br_err why = {0};
    memcpy(why.text, n->reason, sizeof(why.text));
    const struct br_rule_info *rule = br_rule_of(&why);
    br_json_write_object(w);
    put_text(w, "step", br_str(br_judge_step_name(step)));
    put_text(w, "outcome", br_str(br_judge_outcome_name(n->outcome)));
    if (rule != NULL) {
        put_text(w, "rule", br_str(rule->slug));
    }
    if (n->advice) {
        br_json_write_name(w, "advice");
        br_json_write_boolean(w, true);
    }
    if (reasons && n->reason[0] != '\0') {
        put_text(w, "reason", br_str(n->reason));
    }
    br_json_write_end(w);
}

static void
put_notes(
    struct br_json_writer *w, const struct br_judge_note *notes, bool reasons)
{
    br_json_write_name(w, "steps");
    br_json_write_array(w);
    for (int s = 0; s < BR_STEPS; s++) {
        if (notes[s].outcome != BR_STEP_NOT_TAKEN) {
            put_note(w, (enum br_judge_step)s, &notes[s], reasons);
        }
    }
    br_json_write_end(w);
}

/* ---- the result --------------------------------------------------------- */

/** Its path to the top, as DCQL writes it. */
static void
put_path(struct br_json_writer *w, const struct br_json *v)
{
    const struct br_json *up[BR_JSON_DEPTH_MAX];
    size_t n = 0;
    for (; v->parent != NULL && n < BR_JSON_DEPTH_MAX; v = v->parent) {
        up[n++] = v;
    }
    br_json_write_array(w);
    while (n > 0) {
        const struct br_json *step = up[--n];
        if (step->parent->kind == BR_JSON_OBJECT) {
            br_json_write_string(w, step->name);
        } else {
            uint64_t at = 0;
            for (const struct br_json *i = step->previous; i != NULL;
                 i = i->previous) {
                at++;
            }
            br_json_write_uint(w, at);
        }
    }
    br_json_write_end(w);
}

static void
put_claims(struct br_json_writer *w, const struct br_judged *p)
{
    br_json_write_name(w, "claims");
    br_json_write_array(w);
    for (size_t i = 0; i < p->match.count; i++) {
        br_json_write_object(w);
        br_json_write_name(w, "path");
        put_path(w, p->match.selected[i]);
        br_json_write_name(w, "value");
        br_json_write_value(w, p->match.selected[i]);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static void
put_standing(
    struct br_json_writer *w, const char *name, const struct br_standing *s)
{
    if (s->kind != BR_STANDING_NOT_ASKED) {
        br_json_write_name(w, name);
        br_standing_write(w, s);
    }
}

static void
put_presentation(
    struct br_json_writer *w,
    const struct br_judged *p,
    const struct br_decision_standing *standing)
{
    char owner[BR_X509_OWNER_BYTES];
    bool known = p->notes[BR_STEP_ISSUER].outcome == BR_STEP_PASSED;
    br_json_write_object(w);
    put_text(w, "query", p->query->id);
    if (known) {
        br_x509_owner(p->vc.sd.jws.x5c.der[0], owner);
        put_text(w, "type", p->vc.vct);
        put_text(w, "issuer", br_str(owner));
        if (p->vc.issuer.n > 0) {
            put_text(w, "iss", p->vc.issuer);
        }
    }
    put_notes(w, p->notes, true);
    if (standing != NULL) {
        put_standing(w, "accreditation", &standing->now);
        put_standing(w, "accreditation_when_issued", &standing->issued);
    }
    if (br_judge_passed(p)) {
        put_claims(w, p);
    }
    br_json_write_end(w);
}

static const char *
outcome(const struct br_decision *d)
{
    return d->accepted ? "accepted" : "refused";
}

enum br_rc
br_decision_result(
    const struct br_decision *d, struct br_buf *b, struct br_err *reterr)
{
    const struct br_judgement *j = d->judgement;
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "id", d->id);
    put_text(&w, "outcome", br_str(outcome(d)));
    br_json_write_name(&w, "time");
    br_json_write_uint(&w, d->time_s);
    const struct br_judge_note *bad =
        d->accepted ? NULL : br_judge_reason(j, NULL);
    if (bad != NULL) {
        put_text(&w, "reason", br_str(bad->reason));
    }
    put_notes(&w, j->notes, true);
    br_json_write_name(&w, "presentations");
    br_json_write_array(&w);
    for (size_t i = 0; i < j->count; i++) {
        put_presentation(
            &w, &j->presentations[i],
            d->standings == NULL ? NULL : &d->standings[i]);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

/* ---- the receipt -------------------------------------------------------- */

static void
put_hash(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    struct br_hash h;
    br_sha256(text, &h);
    br_json_write_name(w, name);
    br_json_write_base64url(w, br_hash_bytes(&h));
}

static void
put_chain(struct br_json_writer *w, const struct br_x5c *x)
{
    struct br_hash h;
    br_sha256_parts(x->der, x->count, &h);
    br_json_write_name(w, "chain_sha256");
    br_json_write_base64url(w, br_hash_bytes(&h));
}

/** Bodies by their DIDs, accreditations by their ids: each can be looked up on
 *  the ledger, as it was at that time. */
static void
put_ground(
    struct br_json_writer *w, const char *name, const struct br_standing *s)
{
    if (s->kind == BR_STANDING_NOT_ASKED) {
        return;
    }
    br_json_write_name(w, name);
    br_json_write_object(w);
    put_text(w, "outcome", br_str(br_standing_name(s->kind)));
    if (s->registry != NULL) {
        put_text(w, "registry", br_str(s->registry));
    }
    br_json_write_name(w, "at");
    br_json_write_uint(w, s->at_s);
    if (s->did[0] != '\0') {
        put_text(w, "did", br_str(s->did));
    }
    br_json_write_name(w, "accreditations");
    br_json_write_array(w);
    for (size_t i = 0; i < s->step_count; i++) {
        br_json_write_string(w, br_str(s->steps[i].id));
    }
    br_json_write_end(w);
    br_json_write_end(w);
}

static void
put_evidence(
    struct br_json_writer *w,
    const struct br_judged *p,
    const struct br_decision_status *status,
    const struct br_decision_standing *standing)
{
    br_json_write_object(w);
    put_text(w, "query", p->query->id);
    put_hash(w, "presentation_sha256", p->text);
    if (p->notes[BR_STEP_ISSUER].outcome == BR_STEP_PASSED) {
        put_text(w, "type", p->vc.vct);
        put_chain(w, &p->vc.sd.jws.x5c);
    }
    if (status->uri.n > 0) {
        br_json_write_name(w, "status_list");
        br_json_write_object(w);
        put_text(w, "uri", status->uri);
        br_json_write_name(w, "iat");
        br_json_write_uint(w, status->issued_s);
        br_json_write_end(w);
    }
    if (standing != NULL) {
        put_ground(w, "accreditation", &standing->now);
        put_ground(w, "accreditation_when_issued", &standing->issued);
    }
    put_notes(w, p->notes, false);
    br_json_write_end(w);
}

static enum br_rc
encode_receipt(
    const struct br_decision *d, struct br_buf *b, struct br_err *reterr)
{
    const struct br_judgement *j = d->judgement;
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "iss", d->client_id);
    put_text(&w, "jti", d->id);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, d->time_s);
    put_text(&w, "policy", br_str(BR_DECISION_POLICY));
    put_text(&w, "outcome", br_str(outcome(d)));
    put_hash(&w, "request_sha256", d->request);
    put_notes(&w, j->notes, false);
    br_json_write_name(&w, "presentations");
    br_json_write_array(&w);
    for (size_t i = 0; i < j->count; i++) {
        put_evidence(
            &w, &j->presentations[i], &d->statuses[i],
            d->standings == NULL ? NULL : &d->standings[i]);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_decision_sign(
    const struct br_decision *d,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_jws_header typed = *header;
    struct br_buf claims;
    typed.typ = BR_DECISION_TYP;
    br_buf_init(&claims, BR_DECISION_BYTES_MAX);
    enum br_rc rc = encode_receipt(d, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(&typed, br_buf_bytes(&claims), key, b, reterr);
    }
    br_buf_fini(&claims);
    return rc;
}
