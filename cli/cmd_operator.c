/* SPDX-License-Identifier: EUPL-1.2 */
/* Who works at a body's desk: made, listed and removed beside its daemon. */
#include "cli/cli.h"
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/store/desk.h"

#include <stdio.h>

struct desk {
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static enum br_rc
open_desk(
    const struct br_args *a, bool write, struct desk *d, struct br_err *reterr)
{
    *d = (struct desk){.kv = NULL};
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    BR_TRY(br_crypto_init(reterr));
    BR_TRY(br_orch_store_open(a->data, &d->kv, reterr));
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
    br_kv_end(d->txn);
    br_kv_close(d->kv);
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

static enum br_rc
add(const struct br_args *a,
    struct desk *d,
    struct br_operator_secrets *ret,
    struct br_err *reterr)
{
    struct br_operator o;
    const char *name = a->words[0];
    enum br_desk_role role = BR_DESK_OPERATOR;
    if (a->role != NULL) {
        BR_TRY(br_desk_role_by_name(a->role, &role, reterr));
    }
    BR_TRY(br_operator_check_name(name, reterr));
    if (br_operator_get(d->txn, br_str(name), &o, NULL) == BR_OK) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "there is an operator %s already", name);
    }
    BR_TRY(br_operator_make(name, role, br_bytes(NULL, 0), &o, ret, reterr));
    o.created_s = br_cli_now().v / 1000000;
    BR_TRY(br_operator_put(d->txn, &o, reterr));
    BR_TRY(note(d, "operator-added", name, reterr));
    return commit(d, reterr);
}

static void
print_secrets(const struct br_args *a, const struct br_operator_secrets *s)
{
    struct br_buf b;
    br_buf_init(&b, 256);
    br_base32_put(&b, br_bytes(s->totp, sizeof(s->totp)));
    const char *name = a->words[0];
    if (a->json) {
        (void)printf(
            "{\"name\":\"%s\",\"passphrase\":\"%s\",\"totp\":\"%.*s\"}\n", name,
            s->passphrase, (int)b.n, (const char *)b.p);
    } else {
        (void)printf(
            "passphrase     %s\nsecond factor  %.*s\n"
            "               otpauth://totp/Broletto:%s?secret=%.*s"
            "&issuer=Broletto\n"
            "Both are shown this once. Put the second factor into an "
            "authenticator app.\n",
            s->passphrase, (int)b.n, (const char *)b.p, name, (int)b.n,
            (const char *)b.p);
    }
    br_buf_wipe(&b);
}

int
br_cmd_operator_add(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    struct br_operator_secrets secrets;
    enum br_rc rc = open_desk(a, true, &d, &err);
    if (rc == BR_OK) {
        rc = add(a, &d, &secrets, &err);
    }
    if (rc == BR_OK) {
        print_secrets(a, &secrets);
    }
    br_wipe(&secrets, sizeof(secrets));
    return close_desk(&d, rc, &err);
}

int
br_cmd_operator_remove(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    const char *name = a->words[0];
    enum br_rc rc = open_desk(a, true, &d, &err);
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
    (void)printf("%-20s %s\n", o->name, br_desk_role_name(o->role));
}

int
br_cmd_operator_list(const struct br_args *a)
{
    struct desk d;
    struct br_err err;
    enum br_rc rc = open_desk(a, false, &d, &err);
    if (rc == BR_OK) {
        rc = br_operator_list(d.txn, print_operator, NULL, &err);
    }
    return close_desk(&d, rc, &err);
}
