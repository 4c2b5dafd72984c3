/* Letters to verifiers about what was shown to them, and the notes that they
 * were sent.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/api.h"
#include "wallet/core/letter.h"

/** {"kind": "erasure" or "access"}; erasure when it is not said. */
static enum br_rc
read_kind(
    struct br_wallet_call *call,
    enum br_letter_kind *ret,
    struct br_err *reterr)
{
    static const char *const names[] = {"kind"};
    const struct br_json *v = NULL;
    struct br_bytes kind = br_str("erasure");
    BR_TRY(br_wallet_body(call->req, names, 1, &call->arena, &v, reterr));
    BR_TRY(br_json_may_string(v, "kind", &kind, reterr));
    return br_letter_kind_parse(kind, ret, reterr);
}

static enum br_rc
draft_in(
    struct br_wallet_call *call,
    struct br_vault_txn *t,
    enum br_letter_kind kind,
    struct br_err *reterr)
{
    struct br_wallet_entry e;
    BR_TRY(br_holding_entry(
        t, br_str(br_http_param(call->req, 0)), &call->arena, &e, reterr));
    if (e.event != BR_WALLET_PRESENTED) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "nothing was shown there: there is nothing to ask about");
    }
    return br_letter_write(&call->w, kind, call->show.lang, &e, reterr);
}

/** A draft changes nothing; it is a POST for its body. */
static enum br_rc
draft(struct br_wallet_call *call, struct br_err *reterr)
{
    enum br_letter_kind kind = BR_LETTER_ERASURE;
    struct br_vault_txn *t = NULL;
    BR_TRY(read_kind(call, &kind, reterr));
    BR_TRY(br_vault_begin(call->login->person, false, &t, reterr));
    enum br_rc rc = draft_in(call, t, kind, reterr);
    br_vault_end(t);
    return rc;
}

static enum br_rc
sent(struct br_wallet_call *call, struct br_err *reterr)
{
    enum br_letter_kind kind = BR_LETTER_ERASURE;
    struct br_vault_txn *t = NULL;
    char id[BR_WALLET_ID_BYTES + 1];
    BR_TRY(read_kind(call, &kind, reterr));
    BR_TRY(br_vault_begin(call->login->person, true, &t, reterr));
    enum br_rc rc = br_holding_note_letter(
        t, br_str(br_http_param(call->req, 0)), br_letter_event(kind),
        call->show.now_s, id, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    BR_TRY(br_vault_commit(t, reterr));
    br_json_write_object(&call->w);
    br_json_write_name(&call->w, "id");
    br_json_write_string(&call->w, br_str(id));
    br_json_write_end(&call->w);
    return BR_OK;
}

static enum br_rc
undo(struct br_wallet_call *call, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(call->login->person, true, &t, reterr));
    enum br_rc rc =
        br_holding_undo_letter(t, br_str(br_http_param(call->req, 0)), reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    BR_TRY(br_vault_commit(t, reterr));
    return br_wallet_nothing(call);
}

BR_WALLET_DOOR(br_wallet_door_letter, draft, true)
BR_WALLET_DOOR(br_wallet_door_letter_sent, sent, true)
BR_WALLET_DOOR(br_wallet_door_letter_undo, undo, true)
