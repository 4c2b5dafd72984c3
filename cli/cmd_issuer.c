/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "common/credential/vci.h"
#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/setup/types.h"
#include "orchestrator/store/store.h"

#include <limits.h>
#include <stdio.h>

/** The store of a body, beside its daemon. */
struct desk {
    struct br_orch_config config;
    struct br_types types;
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static enum br_rc
open_desk(const struct br_args *a, struct desk *d, struct br_err *reterr)
{
    char path[PATH_MAX];
    *d = (struct desk){.kv = NULL};
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    BR_TRY(br_orch_config_load(a->data, &d->config, reterr));
    bool absolute = d->config.types[0] == '/';
    (void)snprintf(
        path, sizeof(path), "%s%s%s", absolute ? "" : a->data,
        absolute ? "" : "/", d->config.types);
    enum br_rc rc =
        br_types_load(path, d->config.public_url, &d->types, reterr);
    if (rc == BR_OK) {
        rc = br_orch_store_open(a->data, &d->kv, reterr);
    }
    return rc;
}

static void
close_desk(struct desk *d)
{
    br_kv_end(d->txn);
    br_kv_close(d->kv);
    if (d->types.count > 0) {
        br_types_fini(&d->types);
    }
    if (d->config.public_url != NULL) {
        br_orch_config_fini(&d->config);
    }
}

static enum br_rc
commit(struct desk *d, struct br_err *reterr)
{
    struct br_kv_txn *txn = d->txn;
    d->txn = NULL;
    return br_kv_commit(txn, reterr);
}

/* ---- offers ------------------------------------------------------------- */

enum { TX_DIGITS = 6 };

static void
make_tx_code(char out[TX_DIGITS + 1])
{
    for (size_t i = 0; i < TX_DIGITS; i++) {
        uint8_t r;
        do {
            br_random(&r, 1);
        } while (r >= 250);
        out[i] = (char)('0' + r % 10);
    }
    out[TX_DIGITS] = '\0';
}

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
    struct desk *d,
    const char *tx_code,
    struct br_orch_secret *ret,
    struct br_err *reterr)
{
    struct br_buf claims;
    const struct br_type *t = br_types_find(&d->types, br_str(a->type));
    uint64_t now_s = br_cli_now().v / 1000000;
    if (t == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there is no type %.60s in %.100s/%s",
            a->type, a->data, d->config.types);
    }
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
        rc = br_kv_begin_write(d->kv, &d->txn, reterr);
    }
    if (rc == BR_OK) {
        rc = br_offer_create(d->txn, &n, ret, reterr);
    }
    br_buf_fini(&claims);
    return rc == BR_OK ? commit(d, reterr) : rc;
}

static void
put_link(
    const struct br_args *a,
    const struct desk *d,
    const struct br_orch_secret *s,
    const char *tx_code,
    struct br_buf *b)
{
    struct br_buf value;
    struct br_json_writer w;
    br_buf_init(&value, 16u * 1024);
    if (a->by_value) {
        const struct br_vci_offer o = {
            .issuer = br_str(d->config.public_url),
            .configurations = {br_str(a->type)},
            .count = 1,
            .code = br_str(a->by_code ? "" : s->code),
            .authorization_code = a->by_code,
            .issuer_state = br_str(a->by_code ? s->text : ""),
            .tx_code = tx_code != NULL,
            .tx_length = tx_code == NULL ? 0 : TX_DIGITS,
        };
        br_json_writer_init(&w, &value);
        br_vci_offer_write(&w, &o);
    } else {
        br_buf_printf(&value, "%s/offer/%s", d->config.public_url, s->text);
    }
    const struct br_vci_link link = {!a->by_value, br_buf_bytes(&value)};
    br_vci_link_put(b, "openid-credential-offer", &link);
    br_buf_fini(&value);
}

static void
print_offer(
    const struct br_args *a,
    const struct desk *d,
    const struct br_orch_secret *s,
    const char *tx_code)
{
    char id[33];
    struct br_buf b;
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(id + 2 * i, 3, "%02x", s->offer.b[i]);
    }
    br_buf_init(&b, 64u * 1024);
    put_link(a, d, s, tx_code, &b);
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
    struct desk d;
    struct br_orch_secret secret;
    struct br_err err;
    char tx_code[TX_DIGITS + 1];
    if (a->type == NULL || a->claims == NULL) {
        (void)fputs(
            "broletto: --type NAME and --claims FILE.json are needed\n",
            stderr);
        return BR_EXIT_USAGE;
    }
    make_tx_code(tx_code);
    const char *tx = a->tx_code ? tx_code : NULL;
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = store_offer(a, &d, tx, &secret, &err);
    }
    if (rc == BR_OK) {
        print_offer(a, &d, &secret, tx);
        br_wipe(&secret, sizeof(secret));
    }
    close_desk(&d);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

static int
move_offer(const struct br_args *a, enum br_offer_state to)
{
    struct desk d;
    struct br_offer o;
    struct br_err err;
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_write(d.kv, &d.txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_find(d.txn, a->words[0], &o, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_move(d.txn, &o, to, &err);
    }
    if (rc == BR_OK) {
        rc = commit(&d, &err);
    }
    close_desk(&d);
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

/* ---- status ------------------------------------------------------------- */

static int
change(const struct br_args *a, unsigned status)
{
    struct desk d;
    struct br_issued i;
    struct br_err err;
    char id[33];
    if (a->reason == NULL || strlen(a->reason) > BR_ORCH_REASON_BYTES) {
        (void)fprintf(
            stderr, "broletto: --reason TEXT is needed, at most %d bytes\n",
            BR_ORCH_REASON_BYTES);
        return BR_EXIT_USAGE;
    }
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK && br_utf8_check(br_str(a->reason)) != strlen(a->reason)) {
        rc = br_fail(&err, BR_ERR_BAD_UTF8, "--reason");
    }
    if (rc == BR_OK) {
        rc = br_kv_begin_write(d.kv, &d.txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_issued_find(d.txn, a->words[0], &i, &err);
    }
    if (rc == BR_OK) {
        rc = br_issued_change(
            d.txn, &i, status, a->reason, br_cli_now().v, &err);
    }
    if (rc == BR_OK) {
        rc = commit(&d, &err);
    }
    close_desk(&d);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    br_issued_id_text(&i, id);
    (void)printf("%s is %s\n", id, br_status_name(status));
    return BR_EXIT_OK;
}

int
br_cmd_issuer_revoke(const struct br_args *a)
{
    return change(a, BR_STATUS_INVALID);
}

int
br_cmd_issuer_suspend(const struct br_args *a)
{
    return change(a, BR_STATUS_SUSPENDED);
}

int
br_cmd_issuer_reinstate(const struct br_args *a)
{
    return change(a, BR_STATUS_VALID);
}

/* ---- listing ------------------------------------------------------------ */

static const char *
notice_name(unsigned notice)
{
    return notice == 0 ? ""
                       : br_vci_event_name((enum br_vci_event)(notice - 1));
}

static void
write_text(struct br_json_writer *w, const char *name, const char *value)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(value));
}

static void
write_number(struct br_json_writer *w, const char *name, uint64_t value)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, value);
}

static void
print_json(void *ctx, const struct br_issued *i)
{
    struct br_json_writer w;
    struct br_buf b;
    char id[33];
    (void)ctx;
    br_issued_id_text(i, id);
    br_buf_init(&b, 64u * 1024);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "id", id);
    write_text(&w, "type", i->type);
    write_text(&w, "reference", i->reference);
    write_text(&w, "status", br_status_name(i->status));
    write_text(&w, "reason", i->reason);
    write_text(&w, "notification", notice_name(i->notice));
    write_number(&w, "issued", i->issued_s);
    write_number(&w, "expires", i->expires_s);
    write_number(&w, "changed", i->changed_s);
    write_number(&w, "list", i->list);
    br_json_write_name(&w, "indexes");
    br_json_write_array(&w);
    for (size_t k = 0; k < i->count; k++) {
        br_json_write_uint(&w, i->index[k]);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static void
print_line(void *ctx, const struct br_issued *i)
{
    char id[33];
    (void)ctx;
    br_issued_id_text(i, id);
    (void)printf(
        "%s  %-18s %-9s %-20s %s\n", id, i->type, br_status_name(i->status),
        i->reference, i->reason);
}

int
br_cmd_issuer_list(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    enum br_rc rc = open_desk(a, &d, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_read(d.kv, &d.txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_issued_list(
            d.txn, a->json ? print_json : print_line, NULL, &err);
    }
    close_desk(&d);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
