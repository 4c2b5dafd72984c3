/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/keyfile.h"
#include "orchestrator/store/rows.h"

#include <stdio.h>

/** The rows of find_expired: two texts after the offer, then when it ends. */
enum br_rc
br_grant_put(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    const char *text,
    const struct br_grant *g,
    struct br_err *reterr)
{
    struct br_hash key = br_orch_hash("grant", br_str(text));
    struct br_hash wrap = br_orch_hash("wrap", br_str(text));
    struct br_buf b;
    struct br_buf more;
    br_buf_init(&b, BR_ORCH_ROW_BYTES_MAX);
    br_buf_init(&more, 1024);
    br_cbor_put_array(&b, 8);
    br_cbor_put_bytes(&b, br_hash_bytes(&g->offer));
    br_cbor_put_text(&b, br_str(g->client));
    br_cbor_put_text(&b, br_str(g->redirect));
    br_cbor_put_uint(&b, g->expires_s);
    br_cbor_put_text(&b, br_str(g->state));
    br_cbor_put_text(&b, br_str(g->challenge));
    br_cbor_put_text(&b, br_str(g->thumbprint));
    br_buf_put(&more, g->identifiers ? "1" : "0", 1);
    br_buf_puts(&more, g->code);
    struct br_buf sealed;
    br_buf_init(&sealed, 1024);
    enum br_rc rc = br_orch_seal(&wrap, br_buf_bytes(&more), &sealed, reterr);
    br_cbor_put_bytes(&b, br_buf_bytes(&sealed));
    br_buf_fini(&sealed);
    br_buf_fini(&more);
    br_wipe(&wrap, sizeof(wrap));
    if (rc != BR_OK) {
        br_buf_fini(&b);
        return rc;
    }
    return br_row_put(txn, table, br_hash_bytes(&key), &b, reterr);
}

static enum br_rc
unseal(
    struct br_bytes text,
    struct br_bytes sealed,
    struct br_grant *g,
    struct br_err *reterr)
{
    struct br_hash wrap = br_orch_hash("wrap", text);
    struct br_buf plain;
    br_buf_init(&plain, 1024);
    enum br_rc rc = br_orch_unseal(&wrap, sealed, &plain, reterr);
    if (rc == BR_OK && plain.n != sizeof(g->code)) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "a grant's row");
    }
    if (rc == BR_OK) {
        g->identifiers = plain.p[0] == '1';
        memcpy(g->code, plain.p + 1, sizeof(g->code) - 1);
        g->code[sizeof(g->code) - 1] = '\0';
        br_wipe(plain.p, plain.n);
    }
    br_buf_fini(&plain);
    br_wipe(&wrap, sizeof(wrap));
    return rc;
}

enum br_rc
br_grant_get(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes text,
    uint64_t now_s,
    struct br_grant *ret,
    struct br_err *reterr)
{
    struct br_hash key = br_orch_hash("grant", text);
    struct br_bytes row;
    struct br_cbor r;
    BR_TRY(br_kv_get(txn, table, br_hash_bytes(&key), &row, reterr));
    *ret = (struct br_grant){.expires_s = 0};
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 8);
    br_row_hash(&r, &ret->offer);
    br_row_text(&r, ret->client, BR_ORCH_CLIENT_BYTES);
    br_row_text(&r, ret->redirect, BR_ORCH_REDIRECT_BYTES);
    ret->expires_s = br_cbor_uint(&r);
    br_row_text(&r, ret->state, BR_ORCH_STATE_BYTES);
    br_row_text(&r, ret->challenge, sizeof(ret->challenge) - 1);
    br_row_text(&r, ret->thumbprint, sizeof(ret->thumbprint) - 1);
    struct br_bytes sealed = br_cbor_bytes(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    if (ret->expires_s <= now_s) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "it has expired");
    }
    return unseal(text, sealed, ret, reterr);
}

enum br_rc
br_grant_delete(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes text,
    struct br_err *reterr)
{
    struct br_hash key = br_orch_hash("grant", text);
    return br_kv_delete(txn, table, br_hash_bytes(&key), reterr);
}
