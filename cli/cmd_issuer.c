/* SPDX-License-Identifier: EUPL-1.2 */
/* Offers: made one by one, withdrawn, looked at. */
#include "cli/desk.h"
#include "cli/wallet.h"
#include "common/codec/json_write.h"
#include "common/credential/vci.h"
#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"
#include "orchestrator/source/source.h"

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

/** A value as JSON, on standard error; control characters are shown as '?'. */
static void
show_value(const struct br_json *v)
{
    for (size_t i = 0; i < v->raw.n; i++) {
        uint8_t c = v->raw.p[i];
        bool c1 = c == 0xc2 && i + 1 < v->raw.n && v->raw.p[i + 1] < 0xa0;
        (void)fputc(c < 0x20 || c == 0x7f || c1 ? '?' : c, stderr);
    }
}

static void
show_claims(const struct br_type *t, const struct br_json *claims)
{
    for (size_t i = 0; i < t->claim_count; i++) {
        char name[128];
        const struct br_json *v = claims;
        const struct br_claim_path *path = &t->claims[i].path;
        for (size_t k = 0; k < path->count; k++) {
            v = br_json_member(v, path->steps[k]);
        }
        if (v != NULL) {
            br_claim_name(path, name, sizeof(name));
            (void)fprintf(stderr, "  %s: ", name);
            show_value(v);
            (void)fputc('\n', stderr);
        }
    }
}

/** Ask the type's source, show what it says, and let somebody agree. */
static enum br_rc
look_up(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_type *t,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_source_home home = {
        a->data, d->config.insecure_loopback, NULL};
    struct br_arena arena;
    struct br_json *claims;
    bool yes = false;
    br_arena_init(&arena, 8u * 1024 * 1024);
    enum br_rc rc =
        br_source_claims(&home, t, a->subject, &arena, &claims, reterr);
    if (rc == BR_OK) {
        br_buf_put(ret, claims->raw.p, claims->raw.n);
        rc = br_buf_status(ret, reterr);
    }
    if (rc == BR_OK) {
        show_claims(t, claims);
        rc = br_cli_agree(a, "Offer these claims?", &yes, reterr);
    }
    br_arena_fini(&arena);
    BR_TRY(rc);
    return yes ? BR_OK : br_fail(reterr, BR_ERR_CONFLICT, "no offer was made");
}

/** By which it is found again: of a source's, whom it was asked about. */
static enum br_rc
reference_of(
    const struct br_args *a,
    const struct br_type *t,
    const char **ret,
    struct br_err *reterr)
{
    const char *r = a->reference != NULL ? a->reference
                    : a->subject != NULL ? a->subject
                                         : "";
    if (strlen(r) > BR_ORCH_REFERENCE_BYTES) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "--reference: at most %d bytes",
            BR_ORCH_REFERENCE_BYTES);
    }
    if (t->source.renew && a->subject != NULL && strcmp(r, a->subject) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%s asks its source again when a wallet renews, by the reference: "
            "--reference cannot be another than --subject",
            t->id);
    }
    *ret = r;
    return BR_OK;
}

static enum br_rc
take_claims(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_type *t,
    struct br_buf *ret,
    struct br_err *reterr)
{
    if (a->subject != NULL) {
        return look_up(a, d, t, ret, reterr);
    }
    if (t->source.kind != BR_SOURCE_DESK) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%s takes its claims from its source: --subject REFERENCE", t->id);
    }
    return read_claims(a, t, ret, reterr);
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
    const char *reference;
    uint64_t now_s = br_cli_now().v / 1000000;
    BR_TRY(br_cli_desk_type(a, d, &t, reterr));
    BR_TRY(reference_of(a, t, &reference, reterr));
    br_buf_init(&claims, BR_ORCH_CLAIMS_BYTES_MAX);
    enum br_rc rc = take_claims(a, d, t, &claims, reterr);
    const struct br_offer_new n = {
        .type = t->id,
        .reference = reference,
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
    br_buf_wipe(&claims);
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
    if (a->type == NULL || (a->claims == NULL) == (a->subject == NULL)) {
        (void)fputs(
            "broletto: --type NAME and --claims FILE.json are needed, or "
            "--subject REFERENCE where the type has a source\n",
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
