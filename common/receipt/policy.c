/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/policy.h"

#include "common/codec/text.h"
#include "common/receipt/lines.h"

/* A group of all witnesses and all groups, and its own three words. */
#define FIELDS_MAX (BR_POLICY_WITNESSES_MAX + BR_POLICY_GROUPS_MAX + 3)

struct fields {
    size_t count;
    struct br_bytes f[FIELDS_MAX];
};

/** A parser in the middle of a file. */
struct parser {
    struct br_policy *p;
    bool has_quorum;
};

/* ---- names -------------------------------------------------------------- */

/** What a name in the policy stands for. */
struct member {
    int *group; /**< NULL: the name is not defined */
    enum br_policy_quorum_kind kind;
    int index;
};

static struct member
find(struct br_policy *p, struct br_bytes name)
{
    for (size_t i = 0; i < p->witness_count; i++) {
        if (br_bytes_eq(p->witness[i].name, name)) {
            return (struct member){
                &p->witness[i].group, BR_QUORUM_WITNESS, (int)i};
        }
    }
    for (size_t i = 0; i < p->group_count; i++) {
        if (br_bytes_eq(p->group[i].name, name)) {
            return (struct member){&p->group[i].group, BR_QUORUM_GROUP, (int)i};
        }
    }
    return (struct member){NULL, BR_QUORUM_NONE, 0};
}

static enum br_rc
check_new_name(struct br_policy *p, struct br_bytes name, struct br_err *reterr)
{
    if (br_bytes_eq(name, br_str("none"))) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "the name \"none\" is reserved");
    }
    if (find(p, name).group != NULL) {
        return br_fail(
            reterr, BR_ERR_DUPLICATE_FIELD, "the name is defined twice");
    }
    return BR_OK;
}

/* ---- the lines ---------------------------------------------------------- */

static enum br_rc
add_log(struct parser *s, const struct fields *f, struct br_err *reterr)
{
    struct br_policy *p = s->p;
    if (f->count < 2 || f->count > 3) {
        return br_fail(reterr, BR_ERR_MALFORMED, "log <vkey> [<url>]");
    }
    if (p->log_count == BR_POLICY_LOGS_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "too many logs");
    }
    struct br_policy_log *log = &p->log[p->log_count];
    BR_TRY(br_note_key_parse(f->f[1], &log->key, reterr));
    for (size_t i = 0; i < p->log_count; i++) {
        if (br_hash_eq(&p->log[i].key.fingerprint, &log->key.fingerprint)) {
            return br_fail(
                reterr, BR_ERR_DUPLICATE_FIELD,
                "another log has the same public key");
        }
    }
    log->url = f->count == 3 ? f->f[2] : br_bytes(NULL, 0);
    p->log_count++;
    return BR_OK;
}

/** Types that cosign: timestamped Ed25519, and those we do not know. */
static bool
may_cosign(uint8_t type)
{
    return type != BR_NOTE_ED25519 && type != 0x02 && type != 0x05;
}

static enum br_rc
add_witness(struct parser *s, const struct fields *f, struct br_err *reterr)
{
    struct br_policy *p = s->p;
    if (f->count < 3 || f->count > 4) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "witness <name> <vkey> [<url>]");
    }
    if (p->witness_count == BR_POLICY_WITNESSES_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "too many witnesses");
    }
    struct br_policy_witness *w = &p->witness[p->witness_count];
    BR_TRY(check_new_name(p, f->f[1], reterr));
    BR_TRY(br_note_key_parse(f->f[2], &w->key, reterr));
    if (!may_cosign(w->key.type)) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "a key of type 0x%02x does not cosign; a witness's is 0x04",
            w->key.type);
    }
    for (size_t i = 0; i < p->witness_count; i++) {
        if (br_hash_eq(&p->witness[i].key.fingerprint, &w->key.fingerprint)) {
            return br_fail(
                reterr, BR_ERR_DUPLICATE_FIELD,
                "another witness has the same public key");
        }
    }
    w->name = f->f[1];
    w->url = f->count == 4 ? f->f[3] : br_bytes(NULL, 0);
    w->group = BR_POLICY_NONE;
    p->witness_count++;
    return BR_OK;
}

static enum br_rc
parse_threshold(
    struct br_bytes word, uint32_t n, uint32_t *ret, struct br_err *reterr)
{
    uint64_t k = 0;
    if (br_bytes_eq(word, br_str("all"))) {
        k = n;
    } else if (br_bytes_eq(word, br_str("any"))) {
        k = 1;
    } else if (br_decimal_parse(word, &k, NULL) != BR_OK) {
        k = 0;
    }
    if (k < 1 || k > n) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "the threshold is \"all\", \"any\" or 1 to %u", (unsigned)n);
    }
    *ret = (uint32_t)k;
    return BR_OK;
}

static enum br_rc
add_member(struct br_policy *p, struct br_bytes name, struct br_err *reterr)
{
    struct member m = find(p, name);
    if (m.group == NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "a member is not defined on a line above");
    }
    if (*m.group != BR_POLICY_NONE) {
        return br_fail(
            reterr, BR_ERR_DUPLICATE_FIELD,
            "a member is listed already, here or in another group");
    }
    *m.group = (int)p->group_count;
    return BR_OK;
}

static enum br_rc
add_group(struct parser *s, const struct fields *f, struct br_err *reterr)
{
    struct br_policy *p = s->p;
    if (f->count < 4) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "group <name> all|any|<k> <name>...");
    }
    if (p->group_count == BR_POLICY_GROUPS_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "too many groups");
    }
    struct br_policy_group *g = &p->group[p->group_count];
    BR_TRY(check_new_name(p, f->f[1], reterr));
    g->name = f->f[1];
    g->n = (uint32_t)f->count - 3;
    g->group = BR_POLICY_NONE;
    BR_TRY(parse_threshold(f->f[2], g->n, &g->k, reterr));
    for (size_t i = 3; i < f->count; i++) {
        BR_TRY(add_member(p, f->f[i], reterr));
    }
    p->group_count++;
    return BR_OK;
}

static enum br_rc
set_quorum(struct parser *s, const struct fields *f, struct br_err *reterr)
{
    if (f->count != 2) {
        return br_fail(reterr, BR_ERR_MALFORMED, "quorum <name>");
    }
    if (s->has_quorum) {
        return br_fail(reterr, BR_ERR_DUPLICATE_FIELD, "a second quorum line");
    }
    s->has_quorum = true;
    if (br_bytes_eq(f->f[1], br_str("none"))) {
        return BR_OK;
    }
    struct member m = find(s->p, f->f[1]);
    if (m.group == NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "the quorum is not defined on a line above");
    }
    s->p->quorum_kind = m.kind;
    s->p->quorum = m.index;
    return BR_OK;
}

/* ---- the file ----------------------------------------------------------- */

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static enum br_rc
cut_fields(struct br_bytes line, struct fields *f, struct br_err *reterr)
{
    size_t i = 0;
    f->count = 0;
    for (;;) {
        while (i < line.n && is_blank(line.p[i])) {
            i++;
        }
        if (i == line.n || (f->count == 0 && line.p[i] == '#')) {
            return BR_OK;
        }
        if (f->count == FIELDS_MAX) {
            return br_fail(reterr, BR_ERR_TOO_LARGE, "too many words");
        }
        size_t start = i;
        while (i < line.n && !is_blank(line.p[i])) {
            i++;
        }
        f->f[f->count++] = br_bytes(line.p + start, i - start);
    }
}

static enum br_rc
check_line_characters(struct br_bytes line, struct br_err *reterr)
{
    for (size_t i = 0; i < line.n; i++) {
        uint8_t c = line.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "byte 0x%02x is not allowed", c);
        }
    }
    return BR_OK;
}

static enum br_rc
parse_line(struct parser *s, struct br_bytes line, struct br_err *reterr)
{
    static const struct {
        const char *word;
        enum br_rc (*add)(
            struct parser *s, const struct fields *f, struct br_err *reterr);
    } kinds[] = {
        {"log", add_log},
        {"witness", add_witness},
        {"group", add_group},
        {"quorum", set_quorum},
    };
    struct fields f;
    BR_TRY(check_line_characters(line, reterr));
    BR_TRY(cut_fields(line, &f, reterr));
    if (f.count == 0) {
        return BR_OK;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (br_bytes_eq(f.f[0], br_str(kinds[i].word))) {
            return kinds[i].add(s, &f, reterr);
        }
    }
    return br_fail(
        reterr, BR_ERR_UNKNOWN_FIELD,
        "a line begins with log, witness, group, quorum or #");
}

/** Take the next line; the last one may lack its newline. */
static struct br_bytes
next_line(struct br_bytes *rest)
{
    struct br_bytes line;
    if (!br_line_next(rest, &line)) {
        line = *rest;
        *rest = br_bytes(NULL, 0);
    }
    return line;
}

static enum br_rc
parse_lines(struct parser *s, struct br_bytes text, struct br_err *reterr)
{
    struct br_bytes rest = text;
    for (unsigned number = 1; rest.n > 0; number++) {
        struct br_bytes line = next_line(&rest);
        struct br_err e;
        enum br_rc rc = parse_line(s, line, &e);
        if (rc != BR_OK) {
            return br_fail_at(
                reterr, rc, (size_t)(line.p - text.p),
                "policy, line %u: %.180s", number, e.text);
        }
    }
    return BR_OK;
}

enum br_rc
br_policy_parse(
    struct br_bytes text, struct br_policy *ret, struct br_err *reterr)
{
    struct parser s = {.p = ret};
    if (text.n > BR_POLICY_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "policy: more than %u bytes",
            BR_POLICY_BYTES_MAX);
    }
    ret->log_count = 0;
    ret->witness_count = 0;
    ret->group_count = 0;
    ret->quorum_kind = BR_QUORUM_NONE;
    ret->quorum = 0;
    BR_TRY(parse_lines(&s, text, reterr));
    if (!s.has_quorum) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "policy: no quorum line; without witnesses write: quorum none");
    }
    return BR_OK;
}

void
br_policy_put_default(
    struct br_buf *b, const struct br_note_key *log, struct br_bytes url)
{
    br_buf_puts(
        b, "# Trust policy (C2SP tlog-policy): this log, no "
           "witnesses.\nlog ");
    br_note_key_put(b, log);
    if (url.n > 0) {
        br_buf_puts(b, " ");
        br_buf_put(b, url.p, url.n);
    }
    br_buf_puts(b, "\nquorum none\n");
}

/* ---- judging ------------------------------------------------------------ */

enum br_rc
br_policy_check_log(
    const struct br_policy *p,
    const struct br_note *note,
    struct br_bytes origin,
    size_t *ret_log,
    struct br_err *reterr)
{
    size_t known = 0;
    size_t signer = SIZE_MAX;
    for (size_t i = 0; i < p->log_count; i++) {
        if (!br_bytes_eq(p->log[i].key.name, origin)) {
            continue;
        }
        known++;
        struct br_err e;
        enum br_rc rc = br_note_verify(note, &p->log[i].key, NULL, &e);
        if (rc != BR_OK && rc != BR_ERR_NO_TRUSTED_SIGNATURE) {
            return br_fail(
                reterr, BR_ERR_NO_TRUSTED_SIGNATURE, "%.200s", e.text);
        }
        signer = rc == BR_OK && signer == SIZE_MAX ? i : signer;
    }
    int n = (int)(origin.n < 100 ? origin.n : 100);
    if (known == 0) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_LOG, "the policy has no log \"%.*s\"", n,
            (const char *)origin.p);
    }
    if (signer == SIZE_MAX) {
        return br_fail(
            reterr, BR_ERR_NO_TRUSTED_SIGNATURE,
            "no key that the policy has for \"%.*s\" signed", n,
            (const char *)origin.p);
    }
    if (ret_log != NULL) {
        *ret_log = signer;
    }
    return BR_OK;
}

static enum br_rc
collect(
    const struct br_policy *p,
    const struct br_note *note,
    struct br_policy_votes *v,
    struct br_err *reterr)
{
    *v = (struct br_policy_votes){0};
    for (size_t i = 0; i < p->witness_count; i++) {
        struct br_err e;
        enum br_rc rc =
            br_note_verify(note, &p->witness[i].key, &v->time_s[i], &e);
        if (rc == BR_OK) {
            v->voted[i] = true;
            v->count++;
        } else if (rc != BR_ERR_NO_TRUSTED_SIGNATURE) {
            return br_fail(
                reterr, BR_ERR_NO_TRUSTED_SIGNATURE, "%.200s", e.text);
        }
    }
    return BR_OK;
}

/** Each satisfied member adds one to its group; groups stand in order, so that
 *  one pass upward is enough. */
static bool
is_quorum(const struct br_policy *p, const struct br_policy_votes *v)
{
    uint32_t have[BR_POLICY_GROUPS_MAX] = {0};
    if (p->quorum_kind == BR_QUORUM_NONE) {
        return true;
    }
    if (p->quorum_kind == BR_QUORUM_WITNESS) {
        return v->voted[p->quorum];
    }
    for (size_t i = 0; i < p->witness_count; i++) {
        if (v->voted[i] && p->witness[i].group != BR_POLICY_NONE) {
            have[p->witness[i].group]++;
        }
    }
    for (size_t i = 0; i < p->group_count; i++) {
        const struct br_policy_group *g = &p->group[i];
        if (have[i] >= g->k && g->group != BR_POLICY_NONE) {
            have[g->group]++;
        }
    }
    return have[p->quorum] >= p->group[p->quorum].k;
}

enum br_rc
br_policy_check_quorum(
    const struct br_policy *p,
    const struct br_note *note,
    struct br_policy_votes *ret,
    struct br_err *reterr)
{
    BR_TRY(collect(p, note, ret, reterr));
    if (!is_quorum(p, ret)) {
        return br_fail(
            reterr, BR_ERR_QUORUM_MISSING,
            "%zu of the policy's %zu witnesses cosigned: no quorum", ret->count,
            p->witness_count);
    }
    return BR_OK;
}
