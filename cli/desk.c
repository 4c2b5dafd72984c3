/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/desk.h"

#include "orchestrator/store/store.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum br_rc
br_cli_desk_open(
    const struct br_args *a, struct br_cli_desk *ret, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_cli_desk *d = ret;
    *d = (struct br_cli_desk){.kv = NULL};
    if (a->data == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "--data DIR is missing");
    }
    (void)snprintf(
        d->who, sizeof(d->who), "command-line (account %u)",
        (unsigned)getuid());
    BR_TRY(br_orch_config_load(a->data, &d->config, reterr));
    bool absolute = d->config.types[0] == '/';
    (void)snprintf(
        path, sizeof(path), "%s%s%s", absolute ? "" : a->data,
        absolute ? "" : "/", d->config.types);
    BR_TRY(br_types_load(path, d->config.public_url, &d->types, reterr));
    return br_orch_store_open(a->data, &d->kv, reterr);
}

void
br_cli_desk_close(struct br_cli_desk *d)
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

enum br_rc
br_cli_desk_begin(struct br_cli_desk *d, struct br_err *reterr)
{
    return br_kv_begin_write(d->kv, &d->txn, reterr);
}

enum br_rc
br_cli_desk_commit(struct br_cli_desk *d, struct br_err *reterr)
{
    struct br_kv_txn *txn = d->txn;
    d->txn = NULL;
    return br_kv_commit(txn, reterr);
}

enum br_rc
br_cli_desk_note(
    struct br_cli_desk *d,
    const char *what,
    const char *about,
    const char *detail,
    struct br_err *reterr)
{
    struct br_audit a = {.time_us = br_cli_now().v};
    (void)snprintf(a.who, sizeof(a.who), "%s", d->who);
    (void)snprintf(a.what, sizeof(a.what), "%s", what);
    (void)snprintf(a.about, sizeof(a.about), "%s", about);
    (void)snprintf(a.detail, sizeof(a.detail), "%s", detail);
    return br_audit_add(d->txn, &a, reterr);
}

enum br_rc
br_cli_desk_type(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_type **ret,
    struct br_err *reterr)
{
    const struct br_type *t = br_types_find(&d->types, br_str(a->type));
    if (t == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there is no type %.60s in %.100s/%s",
            a->type, a->data, d->config.types);
    }
    *ret = t;
    return BR_OK;
}
