/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/bundle.h"
#include "cli/cli.h"
#include "cli/verify_receipt.h"
#include "cli/verify_stamp.h"
#include "common/service/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
explain(const struct br_cli_verifying *v)
{
    static const char *const marks[] = {"ok     ", "FAILED ", "skipped"};
    for (size_t i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        const struct br_verify_step *s = &v->result.step[i];
        if (s->text[0] == '\0') {
            continue; /* it never came to this step */
        }
        (void)printf(
            "  %s  %-10s %s\n", marks[s->outcome], br_verify_step_name(s->id),
            s->text);
    }
}

static void
print_stamp_ok(const struct br_cli_verifying *v)
{
    char time[28];
    const char *inside =
        strcmp(v->file, v->receipt_path) == 0 ? "the document inside " : "";
    br_time_text(v->result.stamp.time, time);
    (void)printf(
        "%s: %sexisted no later than %s, unchanged since (time-stamp of %s)\n",
        v->file, inside, time, v->result.stamp.signer);
}

static void
print_ok(const struct br_cli_verifying *v)
{
    char time[28];
    if (v->result.kind == BR_RECEIPT_DER) {
        print_stamp_ok(v);
        return;
    }
    br_time_text(v->result.leaf.time, time);
    (void)printf(
        "%s: existed no later than %s, unchanged since (entry %llu of %.*s, "
        "stamped by %.*s)\n",
        v->file, time, (unsigned long long)v->result.index,
        (int)v->result.origin.n, (const char *)v->result.origin.p,
        (int)v->result.leaf.author.n, (const char *)v->result.leaf.author.p);
}

static void
print_json(
    const struct br_cli_verifying *v, enum br_rc rc, const struct br_err *err)
{
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    br_buf_puts(&b, "{\"file\":");
    br_json_put_text(&b, br_str(v->file));
    br_buf_printf(&b, ",\"valid\":%s", rc == BR_OK ? "true" : "false");
    if (rc == BR_OK && v->result.kind == BR_RECEIPT_DER) {
        br_buf_puts(&b, ",\"time\":");
        br_json_put_time(&b, v->result.stamp.time);
        br_buf_puts(&b, ",\"signer\":");
        br_json_put_text(&b, br_str(v->result.stamp.signer));
    } else if (rc == BR_OK) {
        br_buf_printf(
            &b,
            ",\"index\":%llu,\"time\":", (unsigned long long)v->result.index);
        br_json_put_time(&b, v->result.leaf.time);
        br_buf_puts(&b, ",\"author\":");
        br_json_put_text(&b, v->result.leaf.author);
        br_buf_puts(&b, ",\"origin\":");
        br_json_put_text(&b, v->result.origin);
    } else {
        br_buf_printf(
            &b, ",\"error\":\"%s\",\"detail\":", br_err_info(rc)->slug);
        br_json_put_text(&b, br_str(err->text));
    }
    br_buf_puts(&b, "}\n");
    (void)fwrite(b.p, 1, b.n, stdout);
    br_buf_fini(&b);
}

static int
verify_one(struct br_cli_verifying *v)
{
    struct br_err err = {0};
    br_cli_verifying_init(v);
    enum br_rc rc = br_cli_is_stamp(v->receipt_path)
                        ? br_cli_verify_stamp(
                              v->a, v->file, v->receipt_path, &v->result, &err)
                        : br_cli_verify_receipt(v, &err);
    if (v->a->json) {
        print_json(v, rc, &err);
    } else if (rc == BR_OK) {
        print_ok(v);
    } else {
        (void)fprintf(
            stderr, "%s: %s: %s\n%s.\n", v->file,
            rc == BR_ERR_NO_MEMORY ? "NOT VERIFIED" : "REFUSED", err.text,
            br_err_info(rc)->remedy);
    }
    if (v->a->explain && !v->a->json) {
        explain(v);
    }
    br_cli_verifying_fini(v);
    if (rc == BR_ERR_NO_MEMORY) {
        return BR_EXIT_MACHINE; /* it says nothing about the receipt */
    }
    return rc == BR_OK ? BR_EXIT_OK : BR_EXIT_REFUSED;
}

/** The receipt beside a file; a bundle that has none is its own. */
static void
name_receipt(const char *file, char out[PATH_MAX])
{
    size_t n = strlen(file);
    bool called_so = n > 4 && strcmp(file + n - 4, ".tsd") == 0;
    (void)snprintf(out, PATH_MAX, "%s.tlog-proof", file);
    if (access(out, F_OK) != 0 && (called_so || br_bundle_is(file))) {
        (void)snprintf(out, PATH_MAX, "%s", file);
    }
}

int
br_cmd_notary_verify(const struct br_args *a)
{
    char beside[PATH_MAX];
    int worst = BR_EXIT_OK;
    struct br_cli_verifying *v =
        (struct br_cli_verifying *)calloc(1, sizeof(*v));
    if (v == NULL) {
        struct br_err err;
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "memory for a receipt");
        return br_cli_fail(&err);
    }
    v->a = a;
    v->file = a->words[0];
    name_receipt(v->file, beside);
    int receipts = a->word_count > 1 ? a->word_count - 1 : 1;
    for (int i = 0; i < receipts; i++) {
        v->receipt_path = a->word_count > 1 ? a->words[i + 1] : beside;
        memset(&v->result, 0, sizeof(v->result));
        int code = verify_one(v);
        worst = code > worst ? code : worst;
    }
    free(v);
    return worst;
}
