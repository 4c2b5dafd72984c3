/* SPDX-License-Identifier: EUPL-1.2 */
/* What concerns a stamp that is made already: other receipts, bundles, its
 * report, where a digest was stamped; and records of successive versions. */
#include "cli/bundle.h"
#include "cli/client.h"
#include "cli/files.h"
#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/receipt/rfc3161.h"
#include "common/receipt/tlog_proof.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 4 * 1024 * 1024 };

/** The entry that the receipt beside a file is of. */
static enum br_rc
entry_of(const char *file, uint64_t *ret, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf text;
    struct br_buf extra;
    struct br_tlog_proof p;
    (void)snprintf(path, sizeof(path), "%s.tlog-proof", file);
    br_buf_init(&text, ANSWER_BYTES_MAX);
    br_buf_init(&extra, BR_LEAF_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &text, reterr);
    if (rc == BR_OK) {
        rc = br_tlog_proof_parse(br_buf_bytes(&text), &extra, &p, reterr);
        *ret = p.index;
    }
    br_buf_fini(&text);
    br_buf_fini(&extra);
    return rc;
}

/** Fetch one form of the receipt beside a file. */
static enum br_rc
fetch(
    const struct br_args *a,
    const char *form,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char path[256];
    struct br_node_client c;
    uint64_t index = 0;
    BR_TRY(entry_of(a->words[0], &index, reterr));
    BR_TRY(br_node_client_open(a, &c, reterr));
    (void)snprintf(
        path, sizeof(path), "/v1/log/entries/%llu/%s?lang=%s",
        (unsigned long long)index, form, a->lang == NULL ? "en" : a->lang);
    enum br_rc rc = br_node_get(&c, path, ret, reterr);
    br_node_client_close(&c);
    return rc;
}

/** An RFC 5544 bundle is made here: the document does not leave the machine. */
static enum br_rc
write_bundle(
    const struct br_args *a,
    const char *out,
    struct br_bytes response,
    struct br_err *reterr)
{
    struct br_progress p;
    struct br_bytes token;
    uint64_t size;
    BR_TRY(br_tsr_token(response, &token, reterr));
    BR_TRY(br_file_size(a->words[0], &size, reterr));
    br_progress_begin(&p, "bundling", size, a->quiet);
    enum br_rc rc = br_bundle_write(out, a->words[0], token, &p, reterr);
    br_progress_end(&p);
    return rc;
}

/** Fetch one form of the receipt and keep it beside the file. */
static int
fetch_form(const struct br_args *a, const char *form, const char *suffix)
{
    char out[PATH_MAX];
    struct br_err err;
    struct br_buf b;
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = fetch(a, form, &b, &err);
    if (a->out != NULL) {
        (void)snprintf(out, sizeof(out), "%s", a->out);
    } else {
        (void)snprintf(out, sizeof(out), "%s%s", a->words[0], suffix);
    }
    if (rc == BR_OK) {
        rc = strcmp(suffix, ".tsd") == 0
                 ? write_bundle(a, out, br_buf_bytes(&b), &err)
                 : br_file_replace(out, br_buf_bytes(&b), 0644, &err);
    }
    br_buf_fini(&b);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    if (!a->quiet) {
        (void)printf("%s\n", out);
    }
    return BR_EXIT_OK;
}

int
br_cmd_notary_report(const struct br_args *a)
{
    return fetch_form(a, "report", ".report.html");
}

int
br_cmd_notary_receipt(const struct br_args *a)
{
    static const struct {
        const char *name;
        const char *form;
        const char *suffix;
    } forms[] = {
        {"tsr", "receipt.tsr", ".tsr"},
        {"tsd", "receipt.tsr", ".tsd"},
        {"cose", "receipt.cose", ".cose"},
        {"tlog-proof", "receipt.tlog-proof", ".tlog-proof"},
    };
    const char *wanted = a->form == NULL ? "tsr" : a->form;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, wanted) == 0) {
            return fetch_form(a, forms[i].form, forms[i].suffix);
        }
    }
    (void)fputs("broletto: --form tsr, tsd, cose or tlog-proof\n", stderr);
    return BR_EXIT_USAGE;
}

/** Where the document goes: --out, or the bundle's own name without ".tsd".
 *  The name inside the bundle is a stranger's word. */
static bool
name_document(const struct br_args *a, char out[PATH_MAX])
{
    const char *bundle = a->words[0];
    size_t n = strlen(bundle);
    if (a->out != NULL) {
        (void)snprintf(out, PATH_MAX, "%s", a->out);
        return true;
    }
    if (n < 5 || strcmp(bundle + n - 4, ".tsd") != 0 || bundle[n - 5] == '/') {
        (void)fprintf(
            stderr, "broletto: %s does not end in .tsd: say --out FILE\n",
            bundle);
        return false;
    }
    (void)snprintf(out, PATH_MAX, "%.*s", (int)(n - 4), bundle);
    return true;
}

int
br_cmd_notary_extract(const struct br_args *a)
{
    char out[PATH_MAX];
    struct br_bundle b;
    struct br_err err;
    struct br_progress p;
    if (!name_document(a, out)) {
        return BR_EXIT_USAGE;
    }
    if (br_bundle_open(a->words[0], &b, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    br_progress_begin(&p, "extracting", b.tsd.content_bytes, a->quiet);
    enum br_rc rc = br_bundle_extract(&b, out, &p, &err);
    br_progress_end(&p);
    br_bundle_close(&b);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    if (!a->quiet) {
        (void)printf("%s\n", out);
    }
    return BR_EXIT_OK;
}

/* ---- asking and telling, as JSON ---------------------------------------- */

static int
print_answer(
    const struct br_args *a, const char *path, const struct br_buf *body)
{
    struct br_node_client c;
    struct br_err err;
    struct br_buf b;
    enum br_rc rc = br_node_client_open(a, &c, &err);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    rc = body == NULL
             ? br_node_get(&c, path, &b, &err)
             : br_node_post(
                   &c, path, "application/json", br_buf_bytes(body), &b, &err);
    if (rc == BR_OK) {
        (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    }
    br_buf_fini(&b);
    br_node_client_close(&c);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

static enum br_rc
digest_hex(
    const struct br_args *a,
    const char *file,
    const struct br_hash_info **info,
    struct br_buf *hex,
    struct br_err *reterr)
{
    struct br_digest d;
    const char *alg = a->alg == NULL ? "sha-256" : a->alg;
    *info = br_hash_by_name(br_str(alg));
    if (*info == NULL) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "--alg %s", alg);
    }
    BR_TRY(br_file_digest(file, (*info)->alg, NULL, &d, reterr));
    br_hex_put(hex, br_bytes(d.b, (*info)->digest_bytes));
    return br_buf_status(hex, reterr);
}

int
br_cmd_notary_find(const struct br_args *a)
{
    char path[512];
    struct br_err err;
    struct br_buf hex;
    const struct br_hash_info *info;
    br_buf_init(&hex, 256);
    if (digest_hex(a, a->words[0], &info, &hex, &err) != BR_OK) {
        br_buf_fini(&hex);
        return br_cli_fail(&err);
    }
    (void)snprintf(
        path, sizeof(path), "/v1/notary/stamps?alg=%s&digest=%.*s", info->name,
        (int)hex.n, (const char *)hex.p);
    br_buf_fini(&hex);
    return print_answer(a, path, NULL);
}

/** The file's digest posted to an address of records. */
static int
post_digest(const struct br_args *a, const char *file, const char *path)
{
    struct br_err err;
    struct br_buf hex;
    struct br_buf body;
    const struct br_hash_info *info;
    int code = BR_EXIT_OK;
    br_buf_init(&hex, 256);
    br_buf_init(&body, 1024);
    if (digest_hex(a, file, &info, &hex, &err) == BR_OK) {
        br_buf_printf(
            &body, "{\"alg\":\"%s\",\"digest\":\"%.*s\"}", info->name,
            (int)hex.n, (const char *)hex.p);
        code = print_answer(a, path, &body);
    } else {
        code = br_cli_fail(&err);
    }
    br_buf_fini(&hex);
    br_buf_fini(&body);
    return code;
}

int
br_cmd_record_create(const struct br_args *a)
{
    return post_digest(a, a->words[0], "/v1/notary/records");
}

int
br_cmd_record_version(const struct br_args *a)
{
    char path[256];
    (void)snprintf(
        path, sizeof(path), "/v1/notary/records/%.64s/versions", a->words[0]);
    return post_digest(a, a->words[1], path);
}

int
br_cmd_record_show(const struct br_args *a)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/v1/notary/records/%.64s", a->words[0]);
    return print_answer(a, path, NULL);
}
