/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/change.h"

#include "common/service/json.h"

#include <stdio.h>

enum {
    TX_BYTES_MAX = 4 * 1024 * 1024,
    EXPIRY_US = 10 * 60 * 1000000,
    /* Room for what the key's owner signs meanwhile, when it is also the
     * gateway's: a sequence number may leave numbers out. */
    SEQ_STEP = 1024 * 1024,
};

static enum br_rc
read_log(struct br_cli_change *c, struct br_err *reterr)
{
    BR_TRY(br_node_get(&c->client, "/v1/log", &c->log, reterr));
    struct br_bytes text = br_buf_bytes(&c->log);
    BR_TRY(br_json_get_text(
        text, "chain_id", &c->members.arena, &c->chain_id, reterr));
    return br_json_get_uint(text, "time_us", &c->time.v, reterr);
}

static enum br_rc
find_author(struct br_cli_change *c, struct br_err *reterr)
{
    const struct br_cli_key *key =
        br_cli_key_of(&c->members, br_signer_public(c->signer));
    if (key == NULL) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_KEY,
            "the key that signs this is of no member of %s", c->chain_id);
    }
    c->author = c->members.member[key->member].id;
    return BR_OK;
}

static enum br_rc
open_change(
    const struct br_args *a, struct br_cli_change *c, struct br_err *reterr)
{
    *c = (struct br_cli_change){0};
    br_buf_init(&c->log, 64u * 1024);
    br_buf_init(&c->ops, TX_BYTES_MAX);
    BR_TRY(br_node_client_open(a, &c->client, reterr));
    BR_TRY(br_cli_members_get(&c->client, &c->members, reterr));
    BR_TRY(read_log(c, reterr));
    BR_TRY(br_cli_signer(a, &c->signer, reterr));
    return find_author(c, reterr);
}

static void
close_change(struct br_cli_change *c)
{
    br_signer_free(c->signer);
    br_cli_members_fini(&c->members);
    br_node_client_close(&c->client);
    br_buf_fini(&c->log);
    br_buf_fini(&c->ops);
}

void
br_cli_put_op(
    struct br_cli_change *c, enum br_module module, const struct br_op *op)
{
    c->module = module;
    br_op_put(&c->ops, module, op);
    c->op_count++;
}

static enum br_rc
sign(struct br_cli_change *c, struct br_buf *ret, struct br_err *reterr)
{
    const struct br_cli_key *key =
        br_cli_key_of(&c->members, br_signer_public(c->signer));
    struct br_time_us now = br_cli_now();
    struct br_tx_draft draft = {
        .chain = br_str(c->chain_id),
        .author = br_str(c->author),
        .seq = key->seq + SEQ_STEP,
        .expiry = {(now.v > c->time.v ? now.v : c->time.v) + EXPIRY_US},
        .module = c->module,
        .op_count = c->op_count,
        .ops = br_buf_bytes(&c->ops),
    };
    BR_TRY(br_buf_status(&c->ops, reterr));
    return br_tx_sign(&draft, c->signer, ret, reterr);
}

/** Sign the operations, send them, and wait until they are durable. */
static enum br_rc
submit(struct br_cli_change *c, struct br_err *reterr)
{
    struct br_buf tx;
    struct br_buf answer;
    br_buf_init(&tx, TX_BYTES_MAX);
    br_buf_init(&answer, 64u * 1024);
    enum br_rc rc = sign(c, &tx, reterr);
    if (rc == BR_OK) {
        rc = br_node_post(
            &c->client, "/v1/transactions", "application/cose",
            br_buf_bytes(&tx), &answer, reterr);
    }
    br_buf_fini(&tx);
    br_buf_fini(&answer);
    return rc;
}

int
br_cli_change(const struct br_args *a, br_cli_change_fn *fn)
{
    struct br_cli_change c;
    struct br_err err;
    enum br_rc rc = open_change(a, &c, &err);
    if (rc == BR_OK) {
        rc = fn(&c, a, &err);
    }
    if (rc == BR_OK) {
        rc = submit(&c, &err);
    }
    if (rc == BR_OK && c.done[0] != '\0') {
        (void)printf("%s\n", c.done);
    }
    close_change(&c);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

enum br_rc
br_cli_need(const char *value, const char *option, struct br_err *reterr)
{
    return value != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_MISSING_FIELD, "%s is missing", option);
}
