/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "wallet/client/obtain.h"

enum { FORM_BYTES_MAX = 16 * 1024 };

static enum br_rc
check_grant(const struct br_look *l, const char *tx_code, struct br_err *reterr)
{
    if (l->by_code) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the offer is granted on the issuer's page: go there first");
    }
    if (l->offer.tx_code && tx_code == NULL) {
        char q[BR_RULE_QUOTE_BYTES];
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "the issuer asks for a transaction code%s%s",
            l->offer.tx_hint.n > 0 ? ": " : "",
            br_rule_quote(l->offer.tx_hint, q));
    }
    if (!l->offer.tx_code && tx_code != NULL) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_FIELD,
            "the offer asks for no transaction code");
    }
    return BR_OK;
}

static enum br_rc
ask_token(struct br_obtaining *o, const char *tx_code, struct br_err *reterr)
{
    struct br_buf form;
    br_buf_init(&form, FORM_BYTES_MAX);
    br_form_put(&form, "grant_type", br_str(BR_VCI_PRE_AUTHORIZED));
    br_form_put(&form, "pre-authorized_code", o->look->offer.code);
    if (tx_code != NULL) {
        br_form_put(&form, "tx_code", br_str(tx_code));
    }
    enum br_rc rc = br_obtain_token(o, &form, reterr);
    br_buf_wipe(&form);
    return rc;
}

static enum br_rc
accept(
    struct br_obtaining *o,
    const char *tx_code,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    o->client =
        o->look->server.anonymous ? br_bytes(NULL, 0) : br_obtain_client_id();
    BR_TRY(br_obtain_prepare(o, reterr));
    BR_TRY(br_obtain_make_key(o, reterr));
    BR_TRY(ask_token(o, tx_code, reterr));
    o->look->taken = true;
    for (size_t i = 0; i < o->look->count; i++) {
        BR_TRY(br_obtain_credential(o, i, reterr));
    }
    return br_obtain_keep_all(o, person, ret, reterr);
}

enum br_rc
br_accept(
    const struct br_wallet_client *client,
    struct br_look *l,
    const char *tx_code,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct br_obtaining *o = NULL;
    struct br_err why = {.rc = BR_OK};
    BR_TRY(check_grant(l, tx_code, reterr));
    BR_TRY(br_obtain_check(l, reterr));
    BR_TRY(br_obtain_begin(client, l, &o, reterr));
    enum br_rc rc = accept(o, tx_code, person, ret, &why);
    if (rc != BR_OK) {
        br_received_remember_failure(
            person, &o->received[0], o->session.now_s, &why);
    }
    br_obtain_end(o, rc);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}
