/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/credential.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/files.h"
#include "common/service/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FILE_BYTES_MAX = BR_JSON_BYTES_MAX,
    ARENA_BYTES = 256 * 1024 * 1024,
    JSON_OUT_BYTES = 64 * 1024 * 1024,
};

static const char *const kind_names[] = {
    [BR_CRED_UNKNOWN] = "unknown",
    [BR_CRED_VC] = "credential",
    [BR_CRED_PRESENTATION] = "presentation",
    [BR_CRED_REQUEST] = "request",
    [BR_CRED_ISSUER] = "issuer metadata",
    [BR_CRED_VC_ISSUER] = "JWT VC issuer metadata",
    [BR_CRED_TYPE] = "type metadata",
    [BR_CRED_STATUS] = "status list",
    [BR_CRED_QUERY] = "query",
};

/* ---- the report --------------------------------------------------------- */

void
br_cred_step(
    struct br_cred_report *r,
    const char *name,
    enum br_cred_outcome outcome,
    const char *fmt,
    ...)
{
    va_list args;
    if (r->step_count == BR_CRED_STEPS) {
        return;
    }
    struct br_cred_step *s = &r->step[r->step_count++];
    s->name = name;
    s->outcome = outcome;
    va_start(args, fmt);
    (void)vsnprintf(s->text, sizeof(s->text), fmt, args);
    va_end(args);
}

void
br_cred_warn(struct br_cred_report *r, const char *slug, const char *fmt, ...)
{
    va_list args;
    if (r->finding_count == BR_CRED_FINDINGS) {
        return;
    }
    struct br_cred_finding *f = &r->finding[r->finding_count++];
    f->error = false;
    f->slug = slug;
    va_start(args, fmt);
    (void)vsnprintf(f->text, sizeof(f->text), fmt, args);
    va_end(args);
}

void
br_cred_error(struct br_cred_report *r, const struct br_err *err)
{
    const struct br_rule_info *rule = br_rule_of(err);
    br_cred_warn(r, rule == NULL ? "refused" : rule->slug, "%s", err->text);
    r->finding[r->finding_count - 1].error = true;
}

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
read_input(const char *path, struct br_buf *b, struct br_err *reterr)
{
    if (strcmp(path, "-") != 0) {
        return br_file_read(path, b, reterr);
    }
    size_t n = 1;
    while (n > 0 && !b->failed) {
        uint8_t piece[4096];
        n = fread(piece, 1, sizeof(piece), stdin);
        br_buf_put(b, piece, n);
    }
    return ferror(stdin) != 0
               ? br_fail(reterr, BR_ERR_IO, "standard input cannot be read")
               : br_buf_status(b, reterr);
}

static struct br_bytes
trimmed(struct br_bytes v)
{
    while (v.n > 0 && v.p[v.n - 1] <= ' ') {
        v.n--;
    }
    while (v.n > 0 && v.p[0] <= ' ') {
        v = br_bytes(v.p + 1, v.n - 1);
    }
    return v;
}

static enum br_cred_kind
kind_of_json(const struct br_json *v)
{
    static const struct {
        const char *member;
        enum br_cred_kind kind;
    } signs[] = {
        {"credential_issuer", BR_CRED_ISSUER},
        {"status_list", BR_CRED_STATUS},
        {"client_id", BR_CRED_REQUEST},
        {"response_type", BR_CRED_REQUEST},
        {"dcql_query", BR_CRED_REQUEST},
        {"credentials", BR_CRED_QUERY},
        {"jwks", BR_CRED_VC_ISSUER},
        {"jwks_uri", BR_CRED_VC_ISSUER},
        {"vct", BR_CRED_TYPE},
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (br_json_member(v, signs[i].member) != NULL) {
            return signs[i].kind;
        }
    }
    return BR_CRED_UNKNOWN;
}

/** A JWS that is no SD-JWT: a request or a status list. Its form is held
 *  against the rules; whose key it is, is asked by those who use it. */
static enum br_rc
read_token(struct br_cred_report *r, struct br_err *reterr)
{
    static const char *const types[] = {
        "oauth-authz-req+jwt", BR_STATUS_LIST_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA |
                BR_ALG_PS256,
        .sources =
            BR_KEY_BY_X5C | BR_KEY_BY_KID | BR_KEY_BY_CALLER | BR_KEY_BY_JWK,
        .types = types,
        .bytes_max = FILE_BYTES_MAX,
    };
    struct br_jws jws;
    struct br_json *v = NULL;
    BR_TRY(br_jws_parse(r->text, &policy, &r->arena, &jws, reterr));
    BR_TRY(br_json_parse(jws.unverified_payload, &r->arena, &v, reterr));
    r->document = v;
    r->kind = kind_of_json(v);
    br_cred_step(
        r, "form", BR_CRED_OK, "signed with %s; the signature is not looked at",
        br_key_alg_name(jws.alg));
    return BR_OK;
}

/** Parts in base64url, between dots and tildes. */
static bool
is_compact(struct br_bytes v)
{
    bool good = v.n > 0 && memchr(v.p, '.', v.n) != NULL;
    for (size_t i = 0; good && i < v.n; i++) {
        uint8_t c = v.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
               c == '~' || c == '=' || c == '+' || c == '/';
    }
    return good;
}

static enum br_rc
classify(struct br_cred_report *r, struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_bytes t = r->text;
    if (is_compact(t) && memchr(t.p, '~', t.n) != NULL) {
        r->kind = t.p[t.n - 1] == '~' ? BR_CRED_VC : BR_CRED_PRESENTATION;
        return BR_OK;
    }
    if (is_compact(t)) {
        BR_TRY(read_token(r, reterr));
    } else if (t.n > 0 && (t.p[0] == '{' || t.p[0] == '[')) {
        BR_TRY(br_json_parse(t, &r->arena, &v, reterr));
        r->document = v;
        r->kind = kind_of_json(v);
    }
    return r->kind != BR_CRED_UNKNOWN
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_UNSUPPORTED,
                     "this is no credential, request, query, status list or "
                     "metadata that we know; receipts are for: broletto notary "
                     "verify");
}

static void
examine(struct br_cred_report *r)
{
    struct br_time_us now = br_cli_now();
    r->rc = r->a->at == NULL ? BR_OK : br_time_parse(r->a->at, &now, &r->err);
    r->now_s = now.v / 1000000u;
    if (r->rc == BR_OK) {
        r->rc = read_input(r->a->words[0], &r->file, &r->err);
    }
    r->unreadable = r->rc != BR_OK && r->rc != BR_ERR_TOO_LARGE;
    if (r->rc == BR_OK) {
        r->text = trimmed(br_buf_bytes(&r->file));
        r->rc = classify(r, &r->err);
    }
    if (r->rc != BR_OK) {
        br_cred_step(r, "form", BR_CRED_FAILED, "%s", r->err.text);
        br_cred_error(r, &r->err);
        return;
    }
    if (r->kind == BR_CRED_VC || r->kind == BR_CRED_PRESENTATION) {
        br_cred_examine_vc(r);
        br_cred_lint_vc(r);
    } else {
        br_cred_examine_document(r);
    }
}

/* ---- telling ------------------------------------------------------------ */

/** What comes from a stranger goes to a terminal without its controls. */
static void
print_safely(struct br_bytes v)
{
    for (size_t i = 0; i < v.n; i++) {
        bool plain = v.p[i] >= 0x20 && v.p[i] != 0x7f &&
                     !(v.p[i] == 0xc2 && i + 1 < v.n && v.p[i + 1] < 0xa0);
        (void)putchar(plain ? v.p[i] : '?');
    }
}

static void
print_steps(const struct br_cred_report *r)
{
    static const char *const marks[] = {"ok     ", "FAILED ", "skipped"};
    for (size_t i = 0; i < r->step_count; i++) {
        (void)printf(
            "  %s  %-12s ", marks[r->step[i].outcome], r->step[i].name);
        print_safely(br_str(r->step[i].text));
        (void)putchar('\n');
    }
}

static void
print_claims(const struct br_cred_report *r)
{
    struct br_buf b;
    if (r->claim_count > 0) {
        (void)printf(
            "claims%s:\n", r->rc == BR_OK ? "" : ", which nothing vouches for");
    }
    br_buf_init(&b, FILE_BYTES_MAX);
    for (size_t i = 0; i < r->claim_count; i++) {
        const struct br_cred_claim *c = &r->claim[i];
        br_buf_clear(&b);
        if (br_json_encode(c->value, &b, NULL) != BR_OK) {
            continue;
        }
        (void)printf(
            "  %-9s  %s = ",
            c->disclosed ? "disclosed"
            : c->within  ? "within"
                         : "open",
            c->path);
        print_safely(br_buf_bytes(&b));
        (void)putchar('\n');
    }
    if (r->hidden > 0) {
        (void)printf(
            "  hidden     %zu digests: claims that are not shown, or decoys; "
            "only the issuer can tell\n",
            r->hidden);
    }
    br_buf_fini(&b);
}

static void
print_findings(const struct br_cred_report *r)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct br_cred_finding *f = &r->finding[i];
        (void)printf("%s  ", f->error ? "error  " : "warning");
        if (!f->error) {
            (void)printf("%s: ", f->slug);
        }
        print_safely(br_str(f->text));
        (void)putchar('\n');
    }
    if (r->finding_count == 0) {
        (void)printf("%s: nothing to remark\n", r->a->words[0]);
    }
}

static void
print_verdict(const struct br_cred_report *r)
{
    const char *file = r->a->words[0];
    if (r->rc == BR_OK) {
        bool vc = r->kind == BR_CRED_VC || r->kind == BR_CRED_PRESENTATION;
        (void)printf(
            "%s: %s, %s\n", file, kind_names[r->kind],
            vc ? "verified" : "well formed");
        return;
    }
    (void)fflush(stdout);
    (void)fprintf(
        stderr, "%s: REFUSED: %s\n%s.\n", file, r->err.text,
        br_err_info(r->rc)->remedy);
}

/* ---- in JSON ------------------------------------------------------------ */

static void
write_text(struct br_json_writer *w, const char *name, const char *text)
{
    struct br_bytes v = br_str(text);
    v.n = br_utf8_check(v); /* a text that was cut in the midst of a letter */
    br_json_write_name(w, name);
    br_json_write_string(w, v);
}

static void
write_refusal(struct br_json_writer *w, const struct br_cred_report *r)
{
    const struct br_rule_info *rule = br_rule_of(&r->err);
    write_text(w, "error", br_err_info(r->rc)->slug);
    write_text(w, "detail", r->err.text);
    if (rule != NULL) {
        br_json_write_name(w, "rule");
        br_json_write_object(w);
        write_text(w, "slug", rule->slug);
        write_text(w, "document", rule->document);
        write_text(w, "section", rule->section);
        write_text(w, "text", rule->text);
        br_json_write_end(w);
    }
}

static void
write_explanation(struct br_json_writer *w, const struct br_cred_report *r)
{
    static const char *const outcomes[] = {"ok", "failed", "skipped"};
    br_json_write_name(w, "steps");
    br_json_write_array(w);
    for (size_t i = 0; i < r->step_count; i++) {
        br_json_write_object(w);
        write_text(w, "name", r->step[i].name);
        write_text(w, "outcome", outcomes[r->step[i].outcome]);
        write_text(w, "text", r->step[i].text);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_name(w, "claims");
    br_json_write_array(w);
    for (size_t i = 0; i < r->claim_count; i++) {
        br_json_write_object(w);
        write_text(w, "path", r->claim[i].path);
        write_text(
            w, "shown",
            r->claim[i].disclosed ? "disclosed"
            : r->claim[i].within  ? "within"
                                  : "open");
        br_json_write_name(w, "value");
        br_json_write_value(w, r->claim[i].value);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_name(w, "hidden");
    br_json_write_uint(w, r->hidden);
}

static void
write_findings(struct br_json_writer *w, const struct br_cred_report *r)
{
    br_json_write_name(w, "findings");
    br_json_write_array(w);
    for (size_t i = 0; i < r->finding_count; i++) {
        br_json_write_object(w);
        write_text(w, "level", r->finding[i].error ? "error" : "warning");
        write_text(w, "slug", r->finding[i].slug);
        write_text(w, "text", r->finding[i].text);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static int
print_json(
    const struct br_cred_report *r,
    void (*more)(struct br_json_writer *w, const struct br_cred_report *r))
{
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, JSON_OUT_BYTES);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "file", r->a->words[0]);
    write_text(&w, "kind", kind_names[r->kind]);
    br_json_write_name(&w, "valid");
    br_json_write_boolean(&w, r->rc == BR_OK);
    if (r->rc != BR_OK) {
        write_refusal(&w, r);
    }
    if (more != NULL) {
        more(&w, r);
    }
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, &err);
    if (rc == BR_OK) {
        br_buf_puts(&b, "\n");
        (void)fwrite(b.p, 1, b.n, stdout);
    }
    br_buf_fini(&b);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

/* ---- the commands ------------------------------------------------------- */

static struct br_cred_report *
report_of(const struct br_args *a)
{
    if ((a->nonce == NULL) != (a->audience == NULL)) {
        (void)fprintf(stderr, "broletto: --nonce and --audience go together\n");
        return NULL;
    }
    struct br_cred_report *r = (struct br_cred_report *)calloc(1, sizeof(*r));
    if (r == NULL) {
        return NULL;
    }
    r->a = a;
    br_arena_init(&r->arena, ARENA_BYTES);
    br_buf_init(&r->file, FILE_BYTES_MAX);
    examine(r);
    return r;
}

static int
finish(struct br_cred_report *r, int told)
{
    bool machine = r->unreadable || r->rc == BR_ERR_NO_MEMORY;
    int code = r->rc == BR_OK ? BR_EXIT_OK
               : machine      ? BR_EXIT_MACHINE
                              : BR_EXIT_REFUSED;
    br_buf_fini(&r->file);
    br_arena_fini(&r->arena);
    free(r);
    return told != BR_EXIT_OK ? told : code;
}

int
br_cmd_credential_verify(const struct br_args *a)
{
    int told = BR_EXIT_OK;
    struct br_cred_report *r = report_of(a);
    if (r == NULL) {
        return BR_EXIT_USAGE;
    }
    if (a->json) {
        told = print_json(r, NULL);
    } else {
        print_verdict(r);
    }
    return finish(r, told);
}

int
br_cmd_credential_explain(const struct br_args *a)
{
    int told = BR_EXIT_OK;
    struct br_cred_report *r = report_of(a);
    if (r == NULL) {
        return BR_EXIT_USAGE;
    }
    if (a->json) {
        told = print_json(r, write_explanation);
    } else {
        print_steps(r);
        print_claims(r);
        print_verdict(r);
    }
    return finish(r, told);
}

int
br_cmd_credential_status(const struct br_args *a)
{
    int told = BR_EXIT_OK;
    struct br_cred_report *r = report_of(a);
    if (r == NULL) {
        return BR_EXIT_USAGE;
    }
    br_cred_examine_status(r);
    if (a->json) {
        told = print_json(r, write_explanation);
    } else {
        print_steps(r);
        print_verdict(r);
    }
    return finish(r, told);
}

int
br_cmd_credential_lint(const struct br_args *a)
{
    int told = BR_EXIT_OK;
    struct br_cred_report *r = report_of(a);
    if (r == NULL) {
        return BR_EXIT_USAGE;
    }
    if (a->json) {
        told = print_json(r, write_findings);
    } else {
        print_findings(r);
    }
    bool found = r->finding_count > 0;
    int code = finish(r, told);
    return code == BR_EXIT_MACHINE || code == BR_EXIT_USAGE
               ? code
               : (found ? BR_EXIT_REFUSED : BR_EXIT_OK);
}
