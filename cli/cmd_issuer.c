/* SPDX-License-Identifier: EUPL-1.2 */
/* Offers: made one by one, withdrawn, looked at. */
#include "cli/desk.h"
#include "common/codec/json_write.h"
#include "common/credential/vci.h"
#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"

#include <stdio.h>

/** Claims that fit the type, as they were written. */
static enum br_rc
read_claims(
    const struct br_args *a,
    const struct br_type *t,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *v;
    BR_TRY(br_file_read(a->claims, ret, reterr));
    br_arena_init(&arena, 4u * 1024 * 1024);
    enum br_rc rc = br_json_parse(br_buf_bytes(ret), &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_type_check(t, v, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
store_offer(
    const struct br_args *a,
    struct br_cli_desk *d,
    const char *tx_code,
    struct br_orch_secret *ret,
    struct br_err *reterr)
{
    struct br_buf claims;
    char id[BR_HASH_BYTES + 1];
    const struct br_type *t;
    uint64_t now_s = br_cli_now().v / 1000000;
    BR_TRY(br_cli_desk_type(a, d, &t, reterr));
    if (a->reference != NULL &&
        strlen(a->reference) > BR_ORCH_REFERENCE_BYTES) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "--reference: at most %d bytes",
            BR_ORCH_REFERENCE_BYTES);
    }
    br_buf_init(&claims, BR_ORCH_CLAIMS_BYTES_MAX);
    enum br_rc rc = read_claims(a, t, &claims, reterr);
    const struct br_offer_new n = {
        .type = t->id,
        .reference = a->reference == NULL ? "" : a->reference,
        .tx_code = tx_code,
        .deferred = a->deferred,
        .by_code = a->by_code,
        .claims = br_buf_bytes(&claims),
        .now_s = now_s,
        .expires_s = now_s + d->config.offer_s,
    };
    if (rc == BR_OK) {
        rc = br_cli_desk_begin(d, reterr);
    }
    if (rc == BR_OK) {
        rc = br_offer_create(d->txn, &n, ret, reterr);
    }
    br_buf_fini(&claims);
    if (rc == BR_OK) {
        br_orch_identifier(&ret->offer, id);
        rc = br_cli_desk_note(d, "offer", id, t->id, reterr);
    }
    return rc == BR_OK ? br_cli_desk_commit(d, reterr) : rc;
}

/** The offer itself in the link, for who cannot ask us for it. */
static void
put_whole(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_orch_secret *s,
    const char *tx_code,
    struct br_buf *b)
{
    struct br_buf value;
    struct br_json_writer w;
    const struct br_vci_offer o = {
        .issuer = br_str(d->config.public_url),
        .configurations = {br_str(a->type)},
        .count = 1,
        .code = br_str(a->by_code ? "" : s->code),
        .authorization_code = a->by_code,
        .issuer_state = br_str(a->by_code ? s->text : ""),
        .tx_code = tx_code != NULL,
        .tx_length = tx_code == NULL ? 0 : BR_ORCH_TX_DIGITS,
    };
    br_buf_init(&value, BR_ORCH_LINK_BYTES_MAX);
    br_json_writer_init(&w, &value);
    br_vci_offer_write(&w, &o);
    const struct br_vci_link link = {false, br_buf_bytes(&value)};
    br_vci_link_put(b, "openid-credential-offer", &link);
    br_buf_wipe(&value);
}

static void
print_offer(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_orch_secret *s,
    const char *tx_code)
{
    char id[BR_HASH_BYTES + 1];
    struct br_buf b;
    br_orch_identifier(&s->offer, id);
    br_buf_init(&b, 4 * (size_t)BR_ORCH_LINK_BYTES_MAX);
    if (a->by_value) {
        put_whole(a, d, s, tx_code, &b);
    } else {
        br_orch_offer_link(d->config.public_url, s, &b);
    }
    if (a->json) {
        (void)printf(
            "{\"id\":\"%s\",\"offer\":\"%.*s\"%s%s%s}\n", id, (int)b.n,
            (const char *)b.p, tx_code == NULL ? "" : ",\"tx_code\":\"",
            tx_code == NULL ? "" : tx_code, tx_code == NULL ? "" : "\"");
    } else {
        (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
        (void)fprintf(stderr, "offer %s", id);
        if (tx_code != NULL) {
            (void)fprintf(
                stderr, "; transaction code, to be told by another way: %s",
                tx_code);
        }
        (void)fprintf(stderr, "\n");
    }
    br_buf_fini(&b);
}

int
br_cmd_issuer_offer(const struct br_args *a)
{
    struct br_cli_desk d;
    struct br_orch_secret secret;
    struct br_err err;
    char tx_code[BR_ORCH_TX_DIGITS + 1];
    if (a->type == NULL || a->claims == NULL) {
        (void)fputs(
            "broletto: --type NAME and --claims FILE.json are needed\n",
            stderr);
        return BR_EXIT_USAGE;
    }
    br_orch_tx_code_make(tx_code);
    const char *tx = a->tx_code ? tx_code : NULL;
    enum br_rc rc = br_cli_desk_open(a, &d, &err);
    if (rc == BR_OK) {
        rc = store_offer(a, &d, tx, &secret, &err);
    }
    if (rc == BR_OK) {
        print_offer(a, &d, &secret, tx);
        br_wipe(&secret, sizeof(secret));
    }
    br_cli_desk_close(&d);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

static int
move_offer(const struct br_args *a, enum br_offer_state to)
{
    struct br_cli_desk d;
    struct br_offer o;
    struct br_err err;
    enum br_rc rc = br_cli_desk_open(a, &d, &err);
    if (rc == BR_OK) {
        rc = br_cli_desk_begin(&d, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_find(d.txn, a->words[0], &o, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_move(d.txn, &o, to, &err);
    }
    if (rc == BR_OK) {
        char id[BR_HASH_BYTES + 1];
        br_orch_identifier(&o.key, id);
        rc = br_cli_desk_note(&d, br_offer_state_name(to), id, o.type, &err);
    }
    if (rc == BR_OK) {
        rc = br_cli_desk_commit(&d, &err);
    }
    br_cli_desk_close(&d);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    (void)printf("offer %s is %s\n", a->words[0], br_offer_state_name(to));
    return BR_EXIT_OK;
}

int
br_cmd_issuer_withdraw(const struct br_args *a)
{
    return move_offer(a, BR_OFFER_WITHDRAWN);
}

int
br_cmd_issuer_approve(const struct br_args *a)
{
    return move_offer(a, BR_OFFER_APPROVED);
}

int
br_cmd_issuer_refuse(const struct br_args *a)
{
    return move_offer(a, BR_OFFER_REFUSED);
}
