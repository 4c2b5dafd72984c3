/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/verify.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, FILE_BYTES_MAX = 256 * 1024 };

/** The rows of a verifier, beside its daemon. */
struct desk {
    struct br_arena arena;
    struct br_orch_config config;
    bool has_config;
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static enum br_rc
open_desk(const struct br_args *a, struct desk *d, struct br_err *reterr)
{
    memset(d, 0, sizeof(*d));
    br_arena_init(&d->arena, ARENA_BYTES);
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    BR_TRY(br_orch_config_load(a->data, &d->config, reterr));
    d->has_config = true;
    return br_verifier_rows_open(a->data, &d->kv, reterr);
}

static void
close_desk(struct desk *d)
{
    br_kv_end(d->txn);
    br_kv_close(d->kv);
    if (d->has_config) {
        br_orch_config_fini(&d->config);
    }
    br_arena_fini(&d->arena);
}

static enum br_rc
commit(struct desk *d, struct br_err *reterr)
{
    struct br_kv_txn *txn = d->txn;
    d->txn = NULL;
    return br_kv_commit(txn, reterr);
}

/** 1: a refusal by a rule; else as every command. */
static int
end(struct desk *d, enum br_rc rc, const struct br_err *err)
{
    close_desk(d);
    if (rc == BR_OK) {
        return BR_EXIT_OK;
    }
    int code = br_cli_fail(err);
    return br_rule_of(err) != NULL ? BR_EXIT_REFUSED : code;
}

static enum br_rc
read_file(
    const char *path,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    *ret = br_bytes(NULL, 0);
    if (path == NULL) {
        return BR_OK;
    }
    br_buf_init(&b, FILE_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    char *copy = rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&b)) : NULL;
    if (rc == BR_OK && copy == NULL) {
        rc = br_fail(reterr, BR_ERR_TOO_LARGE, "%s", path);
    }
    *ret = br_bytes(copy, copy == NULL ? 0 : b.n);
    br_buf_fini(&b);
    return rc;
}

/* ---- requests ----------------------------------------------------------- */

static void
print_request(
    const struct br_args *a,
    const struct desk *d,
    const struct br_verifier_request *r,
    struct br_bytes link)
{
    struct br_json_writer w;
    struct br_buf b;
    if (!a->json) {
        (void)printf("%.*s\n", (int)link.n, (const char *)link.p);
        (void)fprintf(
            stderr, "id %.*s\npage %s/vp/requests/%.*s/wait\n", (int)r->id.n,
            (const char *)r->id.p, d->config.public_url, (int)r->id.n,
            (const char *)r->id.p);
        return;
    }
    br_buf_init(&b, FILE_BYTES_MAX * 4u);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "id");
    br_json_write_string(&w, r->id);
    br_json_write_name(&w, "request");
    br_json_write_string(&w, link);
    br_json_write_name(&w, "client_id");
    br_json_write_string(&w, r->client_id);
    br_json_write_name(&w, "expires");
    br_json_write_uint(&w, r->expires_s);
    br_json_write_end(&w);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static enum br_rc
make_request(
    const struct br_args *a,
    struct desk *d,
    struct br_buf *link,
    struct br_err *reterr)
{
    struct br_verifier_identity who;
    struct br_verifier_request r = {0};
    struct br_verifier_new n = {
        .purpose = a->purpose,
        .redirect_uri = a->redirect_uri,
        .plain = a->plain,
        .plain_http = d->config.insecure_loopback,
        .now_s = br_cli_now().v / 1000000,
        .lifetime_s = d->config.request_s,
    };
    BR_TRY(br_verify_identity(a->data, &d->config, &d->arena, &who, reterr));
    if (a->client != NULL) {
        BR_TRY(br_verifier_prefix(a->client, &who.prefix, reterr));
    }
    BR_TRY(read_file(a->dcql, &d->arena, &n.query, reterr));
    BR_TRY(read_file(a->transaction_data, &d->arena, &n.transactions, reterr));
    BR_TRY(br_kv_begin_write(d->kv, &d->txn, reterr));
    BR_TRY(br_verifier_create(d->txn, &who, &n, &d->arena, &r, reterr));
    BR_TRY(br_verifier_put_link(&who, &r, link, reterr));
    BR_TRY(commit(d, reterr));
    print_request(a, d, &r, br_buf_bytes(link));
    return BR_OK;
}

int
br_cmd_verifier_request(const struct br_args *a)
{
    struct desk d;
    struct br_buf link;
    struct br_err err;
    if (a->dcql == NULL) {
        (void)fputs("broletto: --dcql FILE is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    br_buf_init(&link, BR_VP_REQUEST_BYTES_MAX * 2u);
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = make_request(a, &d, &link, &err);
    }
    br_buf_fini(&link);
    return end(&d, rc, &err);
}

/* ---- results ------------------------------------------------------------ */

/** Section 14.2: where the person was to come back to the page that asked, only
 *  what came back with them counts. */
static enum br_rc
check_code(
    const struct br_args *a,
    const struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_bytes code =
        br_str(a->response_code == NULL ? "" : a->response_code);
    bool good = r->response_code.n == 0 ||
                (code.n == r->response_code.n &&
                 br_secret_eq(code.p, r->response_code.p, code.n));
    return good ? BR_OK
                : br_fail(
                      reterr, BR_ERR_FORBIDDEN,
                      "this request sends the person to %.*s: its result needs "
                      "--response-code, from there",
                      (int)r->redirect_uri.n, (const char *)r->redirect_uri.p);
}

/** Told once: what stays is the outcome. */
static enum br_rc
take_result(
    struct desk *d,
    const struct br_verifier_request *r,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    uint64_t now_s = br_cli_now().v / 1000000;
    BR_TRY(
        br_verifier_get_result(d->txn, r->id, now_s, &d->arena, ret, reterr));
    return br_kv_delete(d->txn, BR_VERIFIER_RESULTS, r->id, reterr);
}

static void
print_phase(
    const struct br_args *a,
    const struct br_verifier_request *r,
    const char *phase)
{
    bool why = r->declined.n > 0;
    (void)printf(
        a->json ? "{\"id\":\"%.*s\",\"outcome\":\"%s\"%s%.*s%s}\n"
                : "%.*s: %s%s%.*s%s\n",
        (int)r->id.n, (const char *)r->id.p, phase,
        !why      ? ""
        : a->json ? ",\"error\":\""
                  : " (",
        (int)r->declined.n, why ? (const char *)r->declined.p : "",
        !why      ? ""
        : a->json ? "\""
                  : ")");
}

static void
print_steps(const struct br_json *steps, const char *indent)
{
    for (struct br_json *i = br_json_first(steps); i != NULL; i = i->next) {
        const struct br_json *step = br_json_member(i, "step");
        const struct br_json *outcome = br_json_member(i, "outcome");
        const struct br_json *reason = br_json_member(i, "reason");
        (void)printf(
            "%s%-13.*s %.*s%s%s%.*s\n", indent, (int)step->string.n,
            (const char *)step->string.p, (int)outcome->string.n,
            (const char *)outcome->string.p,
            br_json_member(i, "advice") == NULL ? "" : " (does not decide)",
            reason == NULL ? "" : ": ",
            reason == NULL ? 0 : (int)reason->string.n,
            reason == NULL ? "" : (const char *)reason->string.p);
    }
}

/** "Comune di Esempio, accredited by Istituto di Esempio"; nothing where it is
 *  not: then the step has the reason. */
static void
print_issuer(const struct br_json *accreditation)
{
    struct br_bytes name = {0};
    struct br_bytes by = {0};
    const struct br_json *first =
        br_json_at(br_json_member(accreditation, "by"), 0);
    if (br_json_need_string(accreditation, "name", &name, NULL) == BR_OK &&
        br_json_need_string(first, "name", &by, NULL) == BR_OK) {
        (void)printf(
            "    %.*s, accredited by %.*s\n", (int)name.n, (const char *)name.p,
            (int)by.n, (const char *)by.p);
    }
}

static void
print_claims(const struct br_json *claims)
{
    for (struct br_json *i = br_json_first(claims); i != NULL; i = i->next) {
        struct br_buf b;
        br_buf_init(&b, FILE_BYTES_MAX);
        br_buf_puts(&b, "    ");
        if (br_json_encode(br_json_member(i, "path"), &b, NULL) == BR_OK) {
            br_buf_puts(&b, " = ");
        }
        if (br_json_encode(br_json_member(i, "value"), &b, NULL) == BR_OK) {
            (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
        }
        br_buf_fini(&b);
    }
}

static enum br_rc
print_result(
    const struct br_args *a,
    struct desk *d,
    struct br_bytes text,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    BR_TRY(br_json_parse(text, &d->arena, &v, reterr));
    if (a->json) {
        (void)printf("%.*s\n", (int)text.n, (const char *)text.p);
        return BR_OK;
    }
    const struct br_json *outcome = br_json_member(v, "outcome");
    (void)printf(
        "%.*s\n", (int)outcome->string.n, (const char *)outcome->string.p);
    print_steps(br_json_member(v, "steps"), "  ");
    const struct br_json *list = br_json_member(v, "presentations");
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        const struct br_json *query = br_json_member(i, "query");
        (void)printf(
            "  %.*s\n", (int)query->string.n, (const char *)query->string.p);
        print_steps(br_json_member(i, "steps"), "    ");
        const struct br_json *then =
            br_json_member(i, "accreditation_when_issued");
        print_issuer(then != NULL ? then : br_json_member(i, "accreditation"));
        print_claims(br_json_member(i, "claims"));
    }
    return BR_OK;
}

static enum br_rc
show_result(const struct br_args *a, struct desk *d, struct br_err *reterr)
{
    struct br_verifier_request r = {0};
    struct br_bytes text = {0};
    uint64_t now_s = br_cli_now().v / 1000000;
    BR_TRY(br_kv_begin_write(d->kv, &d->txn, reterr));
    BR_TRY(br_verifier_get_request(
        d->txn, br_str(a->words[0]), &d->arena, &r, reterr));
    BR_TRY(check_code(a, &r, reterr));
    bool open = r.phase <= BR_PHASE_FETCHED;
    if (open || r.phase == BR_PHASE_DECLINED) {
        print_phase(
            a, &r,
            open && r.expires_s <= now_s ? "expired"
                                         : br_verifier_phase_name(r.phase));
        return BR_OK;
    }
    if (take_result(d, &r, &text, reterr) != BR_OK) {
        print_phase(a, &r, br_verifier_phase_name(r.phase));
        return BR_OK;
    }
    BR_TRY(commit(d, reterr));
    return print_result(a, d, text, reterr);
}

int
br_cmd_verifier_result(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = show_result(a, &d, &err);
    }
    return end(&d, rc, &err);
}

/* ---- receipts ----------------------------------------------------------- */

static void
print_receipt(const struct br_args *a, const struct br_verifier_receipt *r)
{
    struct br_hash h;
    struct br_buf b;
    if (!a->json) {
        (void)printf("%.*s\n", (int)r->jws.n, (const char *)r->jws.p);
        return;
    }
    br_sha256(r->jws, &h);
    br_buf_init(&b, FILE_BYTES_MAX);
    br_hex_put(&b, br_hash_bytes(&h));
    br_buf_puts(&b, "\",\"entry\":");
    if (r->stamped) {
        br_buf_printf(&b, "%llu", (unsigned long long)r->entry);
    } else {
        br_buf_puts(&b, "null");
    }
    (void)printf(
        "{\"receipt\":\"%.*s\",\"sha256\":\"%.*s}\n", (int)r->jws.n,
        (const char *)r->jws.p, (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

int
br_cmd_verifier_receipt(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    struct br_verifier_receipt r = {0};
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_read(d.kv, &d.txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_verifier_get_receipt(
            d.txn, br_str(a->words[0]), &d.arena, &r, &err);
    }
    if (rc == BR_OK) {
        print_receipt(a, &r);
    }
    return end(&d, rc, &err);
}
