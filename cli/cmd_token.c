/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"
#include "common/codec/text.h"
#include "common/service/json.h"
#include "node/gateway/tokens.h"
#include "node/setup/config.h"

#include <stdio.h>

static enum br_rc
open_tokens(
    const struct br_args *a, struct br_tokens **ret, struct br_err *reterr)
{
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    return br_tokens_open(a->data, ret, reterr);
}

static enum br_rc
number(
    const char *text,
    const char *what,
    uint64_t max,
    uint64_t *ret,
    struct br_err *reterr)
{
    if (text == NULL) {
        return BR_OK;
    }
    if (br_decimal_parse(br_str(text), ret, NULL) != BR_OK || *ret > max) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "%s: a number up to %llu", what,
            (unsigned long long)max);
    }
    return BR_OK;
}

/** The member is the node's own unless another is named. */
static enum br_rc
fill_member(const struct br_args *a, struct br_token *t, struct br_err *reterr)
{
    struct br_node_config config;
    BR_TRY(br_node_config_load(a->data, &config, reterr));
    const char *member = a->member != NULL ? a->member : config.member;
    bool ok = br_identifier_ok(br_str(member), BR_MEMBER_ID_BYTES_MAX);
    if (ok) {
        (void)snprintf(t->member, sizeof(t->member), "%s", member);
    }
    br_node_config_fini(&config);
    return ok ? BR_OK
              : br_fail(
                    reterr, BR_ERR_MALFORMED, "--member: 1..64 of a-z 0-9 . -");
}

static enum br_rc
fill(const struct br_args *a, struct br_token *t, struct br_err *reterr)
{
    uint64_t rate = 0;
    uint64_t days = 0;
    if (a->scope == NULL || a->data == NULL) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "--data and --scope are needed");
    }
    BR_TRY(br_scopes_parse(a->scope, &t->scopes, reterr));
    BR_TRY(number(a->rate, "--rate", 10000000, &rate, reterr));
    BR_TRY(number(a->days, "--days", 36500, &days, reterr));
    BR_TRY(fill_member(a, t, reterr));
    t->rate_per_s = (uint32_t)rate;
    t->burst = (uint32_t)(rate < 1000 ? 1000 : rate);
    t->created = br_cli_now();
    if (days > 0) {
        t->expires.v = t->created.v + days * 86400000000ull;
    }
    if (a->note != NULL) {
        (void)snprintf(t->note, sizeof(t->note), "%s", a->note);
    }
    return BR_OK;
}

int
br_cmd_token_create(const struct br_args *a)
{
    struct br_err err;
    struct br_tokens *tokens = NULL;
    struct br_token t = {0};
    char text[BR_TOKEN_TEXT_BYTES];
    enum br_rc rc = fill(a, &t, &err);
    if (rc == BR_OK) {
        rc = open_tokens(a, &tokens, &err);
    }
    if (rc == BR_OK) {
        rc = br_tokens_create(tokens, &t, text, &err);
    }
    br_tokens_close(tokens);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    (void)puts(text);
    return BR_EXIT_OK;
}

static void
print_token(void *ctx, const struct br_token *t)
{
    struct br_buf b;
    char created[28];
    char expires[28] = "never";
    (void)ctx;
    br_buf_init(&b, 1024);
    br_hex_put(&b, br_bytes(t->id.b, 8));
    br_buf_puts(&b, "  ");
    br_scopes_put(&b, t->scopes);
    br_time_text(t->created, created);
    if (t->expires.v != 0) {
        br_time_text(t->expires, expires);
    }
    (void)printf(
        "%.*s  member %s  created %.19sZ  expires %.19s  %s%s\n", (int)b.n,
        (const char *)b.p, t->member, created, expires,
        t->revoked ? "REVOKED  " : "", t->note);
    br_buf_fini(&b);
}

int
br_cmd_token_list(const struct br_args *a)
{
    struct br_err err;
    struct br_tokens *tokens = NULL;
    enum br_rc rc = open_tokens(a, &tokens, &err);
    if (rc == BR_OK) {
        rc = br_tokens_list(tokens, print_token, NULL, &err);
    }
    br_tokens_close(tokens);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

int
br_cmd_token_revoke(const struct br_args *a)
{
    struct br_err err;
    struct br_tokens *tokens = NULL;
    enum br_rc rc = open_tokens(a, &tokens, &err);
    if (rc == BR_OK) {
        rc = br_tokens_revoke(tokens, a->words[0], &err);
    }
    br_tokens_close(tokens);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
