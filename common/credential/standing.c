/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/standing.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"

enum { US = 1000000, HOLDERS_MAX = 100, REASON_BYTES = 120 };

static const char issuer[] = "issuer";
static const char authority[] = "authority";
static const char root[] = "root";

const char *
br_standing_name(enum br_standing_kind k)
{
    static const char *const names[] = {
        [BR_STANDING_NOT_ASKED] = "not-asked",
        [BR_STANDING_ACCREDITED] = "accredited",
        [BR_STANDING_REGISTERED] = "registered",
        [BR_STANDING_NOT_ACCREDITED] = "not-accredited",
        [BR_STANDING_UNREGISTERED] = "unregistered",
        [BR_STANDING_UNKNOWN] = "unknown",
    };
    return names[k];
}

/* ---- the question ------------------------------------------------------- */

/** The last microsecond of a second: what has begun in it has begun. */
static uint64_t
end_of(uint64_t at_s)
{
    return at_s * US + (US - 1);
}

/** RFC 3986 section 2.3: what is unreserved stays. */
static void
put_encoded(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                     c == '_' || c == '~';
        if (plain) {
            br_buf_put(b, &c, 1);
        } else {
            br_buf_printf(b, "%%%02X", c);
        }
    }
}

enum br_rc
br_standing_path(
    const struct br_standing_question *q,
    struct br_buf *b,
    struct br_err *reterr)
{
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    const char *mark = "?";
    BR_TRY(br_jwk_thumbprint_text(q->key, thumbprint, reterr));
    br_buf_puts(b, "/v1/registry/keys/");
    br_buf_puts(b, thumbprint);
    if (q->vct.n > 0) {
        br_buf_puts(b, "?vct=");
        put_encoded(b, q->vct);
        mark = "&";
    }
    if (q->at_s > 0) {
        br_buf_printf(
            b, "%sat=%llu", mark, (unsigned long long)end_of(q->at_s));
    }
    return br_buf_status(b, reterr);
}

/* ---- pieces of an answer ------------------------------------------------ */

static enum br_rc
wrong(struct br_err *reterr, const char *what)
{
    return br_refuse(reterr, BR_RULE_REGISTRY_ANSWER, "%s", what);
}

/** A text of the ledger's, into its place: whole, and on one line. */
static enum br_rc
take_text(
    const struct br_json *v,
    const char *name,
    char *out,
    size_t room,
    struct br_err *reterr)
{
    struct br_bytes text = {0};
    if (br_json_need_string(v, name, &text, NULL) != BR_OK || text.n >= room ||
        br_utf8_printable(text, room).n != text.n) {
        return br_refuse(
            reterr, BR_RULE_REGISTRY_ANSWER,
            "%s is missing, too long, or no line of text", name);
    }
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return BR_OK;
}

static enum br_rc
take_time(
    const struct br_json *v,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr)
{
    return br_json_need_uint(v, name, ret, NULL) == BR_OK
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_REGISTRY_ANSWER, "%s is missing", name);
}

static bool
is_true(const struct br_json *v, const char *name)
{
    const struct br_json *m = br_json_member(v, name);
    return m != NULL && m->kind == BR_JSON_BOOLEAN && m->boolean;
}

static bool
is_text(const struct br_json *v, const char *name, struct br_bytes text)
{
    const struct br_json *m = br_json_member(v, name);
    return m != NULL && m->kind == BR_JSON_STRING &&
           br_bytes_eq(m->string, text);
}

/* ---- is it the answer to this question ---------------------------------- */

static enum br_rc
check_subject(
    const struct br_json *v,
    const struct br_standing_question *q,
    uint64_t now_s,
    uint64_t *ret_at,
    struct br_err *reterr)
{
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    const struct br_json *items = br_json_member(v, "items");
    uint64_t at = 0;
    BR_TRY(br_jwk_thumbprint_text(q->key, thumbprint, reterr));
    if (!is_text(v, "thumbprint", br_str(thumbprint)) ||
        (q->vct.n > 0 && !is_text(v, "vct", q->vct))) {
        return wrong(reterr, "it is about another key or type");
    }
    if (items == NULL || items->kind != BR_JSON_ARRAY ||
        br_json_count(items) > HOLDERS_MAX) {
        return wrong(reterr, "it has no list of holders");
    }
    BR_TRY(take_time(v, "at_us", &at, reterr));
    uint64_t now = now_s * US;
    uint64_t skew = (uint64_t)BR_STANDING_SKEW_S * US;
    bool same = q->at_s > 0 ? at == end_of(q->at_s)
                            : at + skew >= now && at <= now + skew;
    if (!same) {
        return wrong(
            reterr, q->at_s > 0 ? "it is about another time"
                                : "its clock is far from ours");
    }
    *ret_at = at;
    return BR_OK;
}

/* ---- one accreditation -------------------------------------------------- */

static bool
is_id(const char *text)
{
    return strlen(text) == BR_STANDING_ID_BYTES &&
           strspn(text, "0123456789abcdef") == BR_STANDING_ID_BYTES;
}

static const char *
level_of(const struct br_json *v)
{
    static const char *const all[] = {issuer, authority, root};
    const struct br_json *level = br_json_member(v, "level");
    const char *found = NULL;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        found = br_json_is(level, all[i]) ? all[i] : found;
    }
    return found;
}

/** An issuer's types are named; above it "*" stands for all. */
static bool
covers(const struct br_json *v, struct br_bytes vct, bool any)
{
    const struct br_json *types = br_json_member(v, "types");
    bool found = false;
    for (const struct br_json *i = br_json_first(types); !found && i != NULL;
         i = i->next) {
        found = i->kind == BR_JSON_STRING &&
                (br_bytes_eq(i->string, vct) ||
                 (any && br_bytes_eq(i->string, br_str("*"))));
    }
    return found;
}

static enum br_rc
take_step(
    const struct br_json *v,
    struct br_bytes vct,
    uint64_t at,
    struct br_standing_step *ret,
    struct br_err *reterr)
{
    uint64_t begin = 0;
    uint64_t end = 0;
    ret->level = level_of(v);
    BR_TRY(take_text(v, "did", ret->did, sizeof(ret->did), reterr));
    BR_TRY(take_text(v, "name", ret->name, sizeof(ret->name), reterr));
    BR_TRY(take_text(v, "id", ret->id, sizeof(ret->id), reterr));
    BR_TRY(take_time(v, "begin_us", &begin, reterr));
    BR_TRY(take_time(v, "end_us", &end, reterr));
    if (ret->level == NULL || !is_id(ret->id)) {
        return wrong(reterr, "an accreditation has no level, or no id");
    }
    if (!covers(v, vct, ret->level != issuer)) {
        return wrong(reterr, "an accreditation is for other types");
    }
    if (at < begin || (end != 0 && end <= at)) {
        return wrong(reterr, "an accreditation does not count at that time");
    }
    ret->begin_s = begin / US;
    ret->end_s = end / US;
    return BR_OK;
}

/** This step is the one that the step below names. */
static bool
follows(const struct br_json *below, const struct br_standing_step *step)
{
    return is_text(below, "by", br_str(step->id)) && step->level != issuer;
}

static enum br_rc
take_chain(
    const struct br_json *accreditation,
    struct br_bytes vct,
    uint64_t at,
    struct br_standing *ret,
    struct br_err *reterr)
{
    const struct br_json *below = accreditation;
    const struct br_json *chain = br_json_member(accreditation, "chain");
    BR_TRY(take_step(accreditation, vct, at, &ret->steps[0], reterr));
    ret->step_count = 1;
    for (const struct br_json *i = br_json_first(chain); i != NULL;
         i = i->next) {
        if (ret->step_count == BR_ACCREDITATION_DEPTH_MAX) {
            return wrong(reterr, "the chain has more than eight steps");
        }
        struct br_standing_step *step = &ret->steps[ret->step_count];
        BR_TRY(take_step(i, vct, at, step, reterr));
        if (!follows(below, step)) {
            return wrong(reterr, "the chain is broken");
        }
        ret->step_count++;
        below = i;
    }
    const struct br_json *by = br_json_member(below, "by");
    bool ends = ret->steps[ret->step_count - 1].level == root && by != NULL &&
                by->kind == BR_JSON_NULL;
    return ends ? BR_OK : wrong(reterr, "the chain ends without a root");
}

/** The registry says yes: does what it says hold together? */
static enum br_rc
take_accreditation(
    const struct br_json *holder,
    struct br_bytes vct,
    uint64_t at,
    struct br_standing *ret,
    struct br_err *reterr)
{
    const struct br_json *a = br_json_member(holder, "accreditation");
    if (!is_true(holder, "active") || !is_true(holder, "asserts") ||
        !is_true(a, "in_force") ||
        !br_json_is(br_json_member(a, "level"), issuer) ||
        !is_text(a, "did", br_str(ret->did))) {
        return wrong(reterr, "it says yes, and its parts do not");
    }
    return take_chain(a, vct, at, ret, reterr);
}

/* ---- one holder --------------------------------------------------------- */

static enum br_rc
take_holder(
    const struct br_json *holder,
    struct br_standing *ret,
    struct br_err *reterr)
{
    BR_TRY(take_text(holder, "did", ret->did, sizeof(ret->did), reterr));
    return take_text(holder, "name", ret->name, sizeof(ret->name), reterr);
}

static const char *
when(const struct br_standing_question *q)
{
    return q->when == NULL ? "" : q->when;
}

/** In the registry's words, if it has some. */
static enum br_rc
not_accredited(
    const struct br_json *holder,
    const struct br_standing_question *q,
    const struct br_standing *s,
    struct br_err *reterr)
{
    const struct br_json *a = br_json_member(holder, "accreditation");
    const struct br_json *why = br_json_member(a, "reason");
    struct br_bytes text = {0};
    if (!is_true(holder, "active")) {
        text = br_str("its DID is deactivated");
    } else if (!is_true(holder, "asserts")) {
        return br_refuse(
            reterr, BR_RULE_REGISTRY_KEY,
            "%sthe key of %.60s is not there for assertions", when(q), s->name);
    } else if (why != NULL && why->kind == BR_JSON_STRING) {
        text = br_utf8_printable(why->string, REASON_BYTES);
    }
    if (text.n == 0) {
        text = br_str("it was never accredited for this type");
    }
    return br_refuse(
        reterr, BR_RULE_REGISTRY_ACCREDITATION, "%s%.60s: %.*s", when(q),
        s->name, (int)text.n, (const char *)text.p);
}

/** The accredited one, where there is one; else the first. */
static const struct br_json *
choose(const struct br_json *items, bool typed)
{
    const struct br_json *found = NULL;
    for (const struct br_json *i = br_json_first(items); i != NULL;
         i = i->next) {
        bool better = typed ? is_true(i, "accredited") : is_true(i, "active");
        if (found == NULL ||
            (better && !is_true(found, typed ? "accredited" : "active"))) {
            found = i;
        }
    }
    return found;
}

static enum br_rc
read_answer(
    const struct br_json *v,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret,
    struct br_err *reterr)
{
    uint64_t at = 0;
    bool typed = q->vct.n > 0;
    BR_TRY(check_subject(v, q, now_s, &at, reterr));
    ret->at_s = at / US;
    const struct br_json *holder = choose(br_json_member(v, "items"), typed);
    if (holder == NULL) {
        ret->kind = BR_STANDING_UNREGISTERED;
        return br_refuse(
            reterr, BR_RULE_REGISTRY_KEY,
            "%snobody is registered with this key", when(q));
    }
    BR_TRY(take_holder(holder, ret, reterr));
    if (typed && is_true(holder, "accredited")) {
        BR_TRY(take_accreditation(holder, q->vct, at, ret, reterr));
        ret->kind = BR_STANDING_ACCREDITED;
        return BR_OK;
    }
    if (typed) {
        ret->kind = BR_STANDING_NOT_ACCREDITED;
        return not_accredited(holder, q, ret, reterr);
    }
    if (!is_true(holder, "active")) {
        ret->kind = BR_STANDING_UNREGISTERED;
        return br_refuse(
            reterr, BR_RULE_REGISTRY_KEY, "%.60s: its DID is deactivated",
            ret->name);
    }
    ret->kind = BR_STANDING_REGISTERED;
    return BR_OK;
}

enum br_rc
br_standing_parse(
    struct br_bytes answer,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_standing *ret,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_err why = {0};
    memset(ret, 0, sizeof(*ret));
    ret->kind = BR_STANDING_UNKNOWN;
    enum br_rc rc = br_json_parse(answer, arena, &v, &why);
    if (rc == BR_ERR_NO_MEMORY) {
        return br_fail(reterr, rc, "%s", why.text);
    }
    if (rc != BR_OK) {
        rc = br_refuse(&why, BR_RULE_REGISTRY_ANSWER, "it is no JSON");
    } else {
        rc = read_answer(v, q, now_s, ret, &why);
    }
    if (rc != BR_OK) {
        memcpy(ret->reason, why.text, sizeof(ret->reason));
        ret->step_count = 0;
        return br_fail(reterr, rc, "%s", why.text);
    }
    return BR_OK;
}

/* ---- telling ------------------------------------------------------------ */

const struct br_standing_step *
br_standing_by(const struct br_standing *s)
{
    return s->step_count > 1 ? &s->steps[1] : &s->steps[0];
}

uint64_t
br_standing_until_s(const struct br_standing *s)
{
    uint64_t until = 0;
    for (size_t i = 0; i < s->step_count; i++) {
        uint64_t end = s->steps[i].end_s;
        until = end != 0 && (until == 0 || end < until) ? end : until;
    }
    return until;
}

static void
put_text(struct br_json_writer *w, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        br_json_write_name(w, name);
        br_json_write_string(w, br_str(text));
    }
}

static void
put_time(struct br_json_writer *w, const char *name, uint64_t at_s)
{
    if (at_s != 0) {
        br_json_write_name(w, name);
        br_json_write_uint(w, at_s);
    }
}

static void
put_step(struct br_json_writer *w, const struct br_standing_step *step)
{
    br_json_write_object(w);
    put_text(w, "did", step->did);
    put_text(w, "name", step->name);
    put_text(w, "level", step->level);
    put_text(w, "accreditation", step->id);
    put_time(w, "since", step->begin_s);
    put_time(w, "until", step->end_s);
    br_json_write_end(w);
}

void
br_standing_write(struct br_json_writer *w, const struct br_standing *s)
{
    br_json_write_object(w);
    put_text(w, "outcome", br_standing_name(s->kind));
    put_text(w, "registry", s->registry);
    put_text(w, "did", s->did);
    put_text(w, "name", s->name);
    put_time(w, "at", s->at_s);
    if (s->step_count > 0) {
        put_text(w, "accreditation", s->steps[0].id);
        put_time(w, "since", s->steps[0].begin_s);
        put_time(w, "until", br_standing_until_s(s));
        br_json_write_name(w, "by");
        br_json_write_array(w);
        for (size_t i = 1; i < s->step_count; i++) {
            put_step(w, &s->steps[i]);
        }
        br_json_write_end(w);
    }
    put_text(w, "reason", s->reason);
    br_json_write_end(w);
}
