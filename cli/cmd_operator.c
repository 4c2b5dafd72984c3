/* SPDX-License-Identifier: EUPL-1.2 */
/* Who works at a body's desk: made, listed and removed beside its daemon. */
#include "cli/keys.h"
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "common/service/qr.h"
#include "orchestrator/core/oidc.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/store/desk.h"

#include <stdio.h>
#include <unistd.h>

struct desk {
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static void
shut(struct desk *d)
{
    br_kv_end(d->txn);
    br_kv_close(d->kv);
}

static enum br_rc
open_desk(
    const char *data_dir, bool write, struct desk *d, struct br_err *reterr)
{
    *d = (struct desk){.kv = NULL};
    if (data_dir == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    BR_TRY(br_crypto_init(reterr));
    BR_TRY(br_orch_store_open(data_dir, &d->kv, reterr));
    return write ? br_kv_begin_write(d->kv, &d->txn, reterr)
                 : br_kv_begin_read(d->kv, &d->txn, reterr);
}

static enum br_rc
commit(struct desk *d, struct br_err *reterr)
{
    struct br_kv_txn *txn = d->txn;
    d->txn = NULL;
    return br_kv_commit(txn, reterr);
}

static int
close_desk(struct desk *d, enum br_rc rc, const struct br_err *err)
{
    shut(d);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(err);
}

/** In the audit log, as what is done at the desk itself. */
static enum br_rc
note(struct desk *d, const char *what, const char *name, struct br_err *reterr)
{
    struct br_audit a = {.time_us = br_cli_now().v, .who = "command-line"};
    (void)snprintf(a.what, sizeof(a.what), "%s", what);
    (void)snprintf(a.about, sizeof(a.about), "%s", name);
    return br_audit_add(d->txn, &a, reterr);
}

/** Who it is at the provider, in the form that is compared. */
static enum br_rc
make_federated(
    const struct br_args *a,
    const char *data_dir,
    const char *name,
    enum br_desk_role role,
    struct br_operator *ret,
    struct br_err *reterr)
{
    struct br_orch_config c;
    enum br_oidc_kind kind;
    char identity[BR_OIDC_IDENTITY_BYTES + 1];
    BR_TRY(br_orch_config_load(data_dir, &c, reterr));
    enum br_rc rc = c.oidc_issuer[0] != '\0'
                        ? br_oidc_kind_by_name(c.oidc_identity, &kind, reterr)
                        : br_fail(
                              reterr, BR_ERR_CONFIG,
                              "--identity: orchestrator.yaml names no provider "
                              "(oidc_issuer)");
    if (rc == BR_OK) {
        rc = br_oidc_normalize(kind, br_str(a->identity), identity, reterr);
    }
    if (rc == BR_OK) {
        rc = br_operator_make_federated(
            name, role, c.oidc_issuer, identity, ret, reterr);
    }
    br_wipe(identity, sizeof(identity));
    br_orch_config_fini(&c);
    return rc;
}

/** With a passphrase from a file, from the terminal ("-"), or a new one. */
static enum br_rc
make_local(
    const struct br_args *a,
    const char *name,
    enum br_desk_role role,
    struct br_operator *ret,
    struct br_operator_secrets *ret_secrets,
    struct br_err *reterr)
{
    struct br_secret *chosen = NULL;
    struct br_args ask = *a;
    if (a->passphrase_file != NULL) {
        if (strcmp(a->passphrase_file, "-") == 0) {
            ask.passphrase_file = NULL;
        }
        BR_TRY(br_cli_passphrase(&ask, true, &chosen, reterr));
    }
    enum br_rc rc =
        br_operator_make(name, role, chosen, ret, ret_secrets, reterr);
    br_secret_free(chosen);
    return rc;
}

static enum br_rc
add(const struct br_args *a,
    const char *data_dir,
    const char *name,
    struct br_operator_secrets *ret,
    struct br_err *reterr)
{
    struct desk d;
    struct br_operator o;
    enum br_desk_role role = BR_DESK_OPERATOR;
    if (a->role != NULL) {
        BR_TRY(br_desk_role_by_name(a->role, &role, reterr));
    }
    BR_TRY(br_operator_check_name(name, reterr));
    BR_TRY(br_crypto_init(reterr));
    BR_TRY(
        a->identity != NULL
            ? make_federated(a, data_dir, name, role, &o, reterr)
            : make_local(a, name, role, &o, ret, reterr));
    o.created_s = br_cli_now().v / 1000000;
    BR_TRY(open_desk(data_dir, true, &d, reterr));
    struct br_operator there;
    enum br_rc rc = br_operator_get(d.txn, br_str(name), &there, NULL) == BR_OK
                        ? br_fail(
                              reterr, BR_ERR_CONFLICT,
                              "there is an operator %s already", name)
                        : br_operator_put(d.txn, &o, reterr);
    if (rc == BR_OK) {
        rc = note(&d, "operator-added", name, reterr);
    }
    if (rc == BR_OK) {
        rc = commit(&d, reterr);
    }
    shut(&d);
    return rc;
}

static void
print_json(
    const char *name, const struct br_operator_secrets *s, struct br_bytes totp)
{
    (void)printf("{\"name\":\"%s\"", name);
    if (s->passphrase[0] != '\0') {
        (void)printf(",\"passphrase\":\"%s\"", s->passphrase);
    }
    (void)printf(",\"totp\":\"%.*s\"}\n", (int)totp.n, (const char *)totp.p);
}

/** A QR code where somebody looks at it. */
static void
print_qr(const struct br_buf *url)
{
    struct br_buf b;
    struct br_err ignored;
    br_buf_init(&b, 64u * 1024);
    if (isatty(STDOUT_FILENO) != 0 &&
        br_qr_put_text(&b, br_buf_bytes(url), &ignored) == BR_OK) {
        (void)printf("\n%.*s\n", (int)b.n, (const char *)b.p);
    }
    br_buf_wipe(&b);
}

static void
print_enrolment(
    const struct br_args *a,
    const char *name,
    const struct br_operator_secrets *s)
{
    struct br_buf totp;
    struct br_buf url;
    br_buf_init(&totp, 256);
    br_buf_init(&url, 512);
    br_base32_put(&totp, br_bytes(s->totp, sizeof(s->totp)));
    br_buf_printf(
        &url, "otpauth://totp/Broletto:%s?secret=%.*s&issuer=Broletto", name,
        (int)totp.n, (const char *)totp.p);
    if (a->json) {
        print_json(name, s, br_buf_bytes(&totp));
    } else {
        if (s->passphrase[0] != '\0') {
            (void)printf("passphrase     %s\n", s->passphrase);
        }
        (void)printf(
            "second factor  %.*s\n               %.*s\n", (int)totp.n,
            (const char *)totp.p, (int)url.n, (const char *)url.p);
        print_qr(&url);
        (void)printf(
            "This is shown once. Put the second factor into an authenticator "
            "app.\n");
    }
    br_buf_wipe(&totp);
    br_buf_wipe(&url);
}

int
br_cli_operator_add(
    const struct br_args *a, const char *data_dir, const char *name)
{
    struct br_err err;
    struct br_operator_secrets secrets;
    if (add(a, data_dir, name, &secrets, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    if (a->identity == NULL) {
        print_enrolment(a, name, &secrets);
        br_wipe(&secrets, sizeof(secrets));
    } else if (a->json) {
        (void)printf("{\"name\":\"%s\"}\n", name);
    } else {
        (void)printf("%s may log in at the provider\n", name);
    }
    return BR_EXIT_OK;
}

int
br_cmd_operator_add(const struct br_args *a)
{
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    return br_cli_operator_add(a, a->data, a->words[0]);
}

int
br_cmd_operator_remove(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    const char *name = a->words[0];
    enum br_rc rc = open_desk(a->data, true, &d, &err);
    if (rc == BR_OK) {
        rc = br_operator_remove(d.txn, name, &err);
    }
    if (rc == BR_OK) {
        rc = note(&d, "operator-removed", name, &err);
    }
    if (rc == BR_OK) {
        rc = commit(&d, &err);
    }
    if (rc == BR_OK) {
        (void)printf("%s works here no longer; sessions are ended\n", name);
    }
    return close_desk(&d, rc, &err);
}

static void
print_operator(void *ctx, const struct br_operator *o)
{
    (void)ctx;
    (void)printf(
        "%-20s %-11s %s\n", o->name, br_desk_role_name(o->role),
        o->federated ? "provider" : "passphrase");
}

int
br_cmd_operator_list(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    enum br_rc rc = open_desk(a->data, false, &d, &err);
    if (rc == BR_OK) {
        rc = br_operator_list(d.txn, print_operator, NULL, &err);
    }
    return close_desk(&d, rc, &err);
}
