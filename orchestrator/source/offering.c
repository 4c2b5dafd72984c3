/* SPDX-License-Identifier: EUPL-1.2 */
/* A table that was checked, as offers. */
#include "common/crypto/keyfile.h"
#include "orchestrator/source/import.h"
#include "orchestrator/store/desk.h"

#include <stdio.h>

/** A cell that needs quotation marks gets them. */
static void
put_cell(struct br_buf *b, const char *text, char separator)
{
    if (strchr(text, separator) == NULL && strchr(text, '"') == NULL) {
        br_buf_puts(b, text);
        return;
    }
    br_buf_puts(b, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            br_buf_puts(b, "\"");
        }
        br_buf_put(b, text, 1);
    }
    br_buf_puts(b, "\"");
}

static enum br_rc
offer(
    struct br_kv_txn *txn,
    const struct br_import *i,
    const struct br_import_row *row,
    const struct br_import_how *how,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const char between[] = {i->separator, '\0'};
    char tx[BR_ORCH_TX_DIGITS + 1];
    char id[BR_HASH_BYTES + 1];
    struct br_orch_secret secret;
    const struct br_offer_new n = {
        .type = i->type->id,
        .reference = row->reference,
        .tx_code = how->tx_code ? tx : NULL,
        .deferred = how->deferred,
        .claims = row->claims,
        .now_s = how->now_us / 1000000,
        .expires_s = how->expires_s,
    };
    struct br_audit a = {.time_us = how->now_us, .what = "offer"};
    br_orch_tx_code_make(tx);
    BR_TRY(br_offer_create(txn, &n, &secret, reterr));
    put_cell(ret, row->reference, i->separator);
    br_buf_puts(ret, between);
    br_orch_offer_link(how->issuer, &secret, ret);
    if (how->tx_code) {
        br_buf_printf(ret, "%s%s", between, tx);
    }
    br_buf_puts(ret, "\r\n");
    br_orch_identifier(&secret.offer, id);
    br_wipe(&secret, sizeof(secret));
    br_wipe(tx, sizeof(tx));
    (void)snprintf(a.who, sizeof(a.who), "%s", how->who);
    (void)snprintf(a.about, sizeof(a.about), "%s", id);
    (void)snprintf(a.detail, sizeof(a.detail), "%s", i->type->id);
    return br_audit_add(txn, &a, reterr);
}

enum br_rc
br_import_offer(
    struct br_kv_txn *txn,
    const struct br_import *i,
    const struct br_import_how *how,
    struct br_buf *ret,
    struct br_err *reterr)
{
    if (i->fault_count > 0 || i->count == 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%zu mistakes in the table: no offer was made", i->fault_count);
    }
    br_buf_printf(
        ret, "reference%coffer%s\r\n", i->separator,
        !how->tx_code         ? ""
        : i->separator == ';' ? ";tx_code"
                              : ",tx_code");
    for (size_t k = 0; k < i->count; k++) {
        BR_TRY(offer(txn, i, &i->rows[k], how, ret, reterr));
        if (how->progress != NULL) {
            how->progress(how->ctx);
        }
    }
    return br_buf_status(ret, reterr);
}
