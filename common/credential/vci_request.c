/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/credential/rule.h"
#include "common/credential/vci.h"

static void
write_text(struct br_json_writer *w, const char *name, struct br_bytes value)
{
    if (value.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, value);
    }
}

/* ---- token, nonce ------------------------------------------------------- */

static enum br_rc
take_details(
    const struct br_json *v, struct br_vci_token *t, struct br_err *reterr)
{
    struct br_json *details = NULL;
    struct br_json *ids;
    BR_TRY(br_json_may(
        v, "authorization_details", BR_JSON_ARRAY, &details, reterr));
    struct br_json *first = br_json_first(details);
    if (first == NULL) {
        return BR_OK;
    }
    BR_TRY(br_json_need_string(
        first, "credential_configuration_id", &t->configuration, reterr));
    BR_TRY(br_json_need(
        first, "credential_identifiers", BR_JSON_ARRAY, &ids, reterr));
    if (br_json_count(ids) == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "credential_identifiers is empty");
    }
    return br_json_as_string(br_json_first(ids), &t->identifier, reterr);
}

/** "The value is case insensitive" (RFC 6749 section 5.1). */
static bool
is_type(struct br_bytes type, const char *name)
{
    if (type.n != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < type.n; i++) {
        if ((type.p[i] | 0x20) != name[i]) {
            return false;
        }
    }
    return true;
}

static enum br_rc
take_token(
    const struct br_json *v, struct br_vci_token *t, struct br_err *reterr)
{
    struct br_bytes type;
    BR_TRY(br_json_need_string(v, "access_token", &t->access_token, reterr));
    BR_TRY(br_json_need_string(v, "token_type", &type, reterr));
    BR_TRY(br_json_may_uint(v, "expires_in", &t->expires_in, reterr));
    BR_TRY(br_json_may_string(v, "refresh_token", &t->refresh_token, reterr));
    t->dpop = is_type(type, "dpop");
    if (t->access_token.n == 0 || (!t->dpop && !is_type(type, "bearer"))) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "token_type is not DPoP or Bearer");
    }
    return take_details(v, t, reterr);
}

enum br_rc
br_vci_token_parse(
    const struct br_json *v, struct br_vci_token *ret, struct br_err *reterr)
{
    struct br_vci_token t = {0};
    struct br_err why;
    if (take_token(v, &t, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OAUTH_TOKEN, &why);
    }
    *ret = t;
    return BR_OK;
}

static enum br_rc
find_identifier(
    const struct br_json *v,
    struct br_bytes configuration,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json *details = NULL;
    BR_TRY(br_json_may(
        v, "authorization_details", BR_JSON_ARRAY, &details, reterr));
    for (struct br_json *i = br_json_first(details); i != NULL; i = i->next) {
        struct br_bytes id = {NULL, 0};
        struct br_json *ids = NULL;
        BR_TRY(
            br_json_may_string(i, "credential_configuration_id", &id, reterr));
        if (br_bytes_eq(id, configuration) && id.n > 0) {
            BR_TRY(br_json_need(
                i, "credential_identifiers", BR_JSON_ARRAY, &ids, reterr));
            return br_json_count(ids) == 0
                       ? BR_OK
                       : br_json_as_string(br_json_first(ids), ret, reterr);
        }
    }
    return BR_OK;
}

enum br_rc
br_vci_token_identifier(
    const struct br_json *v,
    struct br_bytes configuration,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_bytes found = {NULL, 0};
    struct br_err why;
    if (find_identifier(v, configuration, &found, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OAUTH_TOKEN, &why);
    }
    *ret = found;
    return BR_OK;
}

void
br_vci_token_write(struct br_json_writer *w, const struct br_vci_token *t)
{
    br_json_write_object(w);
    write_text(w, "access_token", t->access_token);
    write_text(w, "token_type", br_str(t->dpop ? "DPoP" : "Bearer"));
    br_json_write_name(w, "expires_in");
    br_json_write_uint(w, t->expires_in);
    write_text(w, "refresh_token", t->refresh_token);
    if (t->identifier.n > 0) {
        br_json_write_name(w, "authorization_details");
        br_json_write_array(w);
        br_json_write_object(w);
        write_text(w, "type", br_str("openid_credential"));
        write_text(w, "credential_configuration_id", t->configuration);
        br_json_write_name(w, "credential_identifiers");
        br_json_write_array(w);
        br_json_write_string(w, t->identifier);
        br_json_write_end(w);
        br_json_write_end(w);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

enum br_rc
br_vci_nonce_parse(
    const struct br_json *v, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_err why;
    struct br_bytes nonce;
    if (br_json_need_string(v, "c_nonce", &nonce, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_NONCE, &why);
    }
    if (nonce.n == 0) {
        return br_refuse(reterr, BR_RULE_VCI_NONCE, "c_nonce is empty");
    }
    *ret = nonce;
    return BR_OK;
}

/* ---- encryption --------------------------------------------------------- */

static enum br_rc
read_encryption(
    const struct br_json *v, struct br_vci_encryption *e, struct br_err *reterr)
{
    struct br_json *jwk;
    struct br_bytes name;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_need(v, "jwk", BR_JSON_OBJECT, &jwk, reterr));
    BR_TRY(br_json_need_string(v, "enc", &name, reterr));
    BR_TRY(br_jwk_parse(jwk, &e->key, reterr));
    const struct br_enc_info *enc = br_enc_by_name(name);
    e->alg = br_jwe_alg_by_name(e->key.alg);
    if (enc == NULL) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "enc is not known");
    }
    if (e->alg == 0 || !br_jwe_alg_fits(e->alg, e->key.key.kind)) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "jwk has no alg that fits it");
    }
    if (br_json_member(v, "zip") != NULL) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "zip is not offered");
    }
    e->enc = enc->enc;
    e->wanted = true;
    return BR_OK;
}

/** Its own error: invalid_encryption_parameters. */
static enum br_rc
take_encryption(
    const struct br_json *v,
    struct br_vci_encryption *e,
    enum br_oauth_error *ret_error,
    struct br_err *reterr)
{
    struct br_err why;
    const struct br_json *m =
        br_json_member(v, "credential_response_encryption");
    if (m == NULL || read_encryption(m, e, &why) == BR_OK) {
        return BR_OK;
    }
    *ret_error = BR_OAUTH_INVALID_ENCRYPTION_PARAMETERS;
    return br_refuse_for(reterr, BR_RULE_VCI_ENCRYPTION, &why);
}

static void
write_encryption(struct br_json_writer *w, const struct br_vci_encryption *e)
{
    if (!e->wanted) {
        return;
    }
    br_json_write_name(w, "credential_response_encryption");
    br_json_write_object(w);
    br_json_write_name(w, "jwk");
    br_jwk_write(w, &e->key);
    write_text(w, "enc", br_str(br_enc_info(e->enc)->name));
    br_json_write_end(w);
}

/* ---- credential request ------------------------------------------------- */

static enum br_rc
take_which(
    const struct br_json *v, struct br_vci_request *r, struct br_err *reterr)
{
    BR_TRY(br_json_may_string(
        v, "credential_configuration_id", &r->configuration, reterr));
    BR_TRY(
        br_json_may_string(v, "credential_identifier", &r->identifier, reterr));
    if ((r->configuration.n > 0) == (r->identifier.n > 0)) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "either credential_configuration_id or credential_identifier");
    }
    return BR_OK;
}

static enum br_rc
take_list(
    const struct br_json *list, struct br_vci_request *r, struct br_err *reterr)
{
    BR_TRY(br_json_as(list, BR_JSON_ARRAY, reterr));
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        if (r->count == BR_VCI_PROOFS_MAX) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE, "more than %d proofs",
                BR_VCI_PROOFS_MAX);
        }
        BR_TRY(br_json_as_string(i, &r->proofs[r->count], reterr));
        r->count++;
    }
    return r->count > 0
               ? BR_OK
               : br_fail(reterr, BR_ERR_MISSING_FIELD, "no proof in proofs");
}

/** "The proofs parameter contains exactly one parameter named as the proof
 *  type." */
static enum br_rc
take_proofs(
    const struct br_json *v, struct br_vci_request *r, struct br_err *reterr)
{
    struct br_json *proofs = br_json_member(v, "proofs");
    if (proofs == NULL) {
        return BR_OK;
    }
    BR_TRY(br_json_as(proofs, BR_JSON_OBJECT, reterr));
    if (br_json_count(proofs) != 1) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "proofs has not exactly one kind");
    }
    struct br_json *one = br_json_first(proofs);
    if (br_bytes_eq(one->name, br_str("jwt"))) {
        r->kind = BR_VCI_PROOF_JWT;
    } else if (br_bytes_eq(one->name, br_str("attestation"))) {
        r->kind = BR_VCI_PROOF_ATTESTATION;
    } else {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "proofs are of kind jwt or attestation");
    }
    BR_TRY(take_list(one, r, reterr));
    if (r->kind == BR_VCI_PROOF_ATTESTATION && r->count != 1) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "one attestation only");
    }
    return BR_OK;
}

enum br_rc
br_vci_request_parse(
    const struct br_json *v,
    struct br_vci_request *ret,
    enum br_oauth_error *ret_error,
    struct br_err *reterr)
{
    struct br_err why;
    memset(ret, 0, sizeof(*ret));
    if (br_json_as(v, BR_JSON_OBJECT, &why) != BR_OK ||
        take_which(v, ret, &why) != BR_OK) {
        *ret_error = BR_OAUTH_INVALID_CREDENTIAL_REQUEST;
        return br_refuse_for(reterr, BR_RULE_VCI_REQUEST, &why);
    }
    BR_TRY(take_encryption(v, &ret->encryption, ret_error, reterr));
    if (take_proofs(v, ret, &why) != BR_OK) {
        *ret_error = BR_OAUTH_INVALID_PROOF;
        return br_refuse_for(reterr, BR_RULE_VCI_REQUEST, &why);
    }
    return BR_OK;
}

void
br_vci_request_write(struct br_json_writer *w, const struct br_vci_request *r)
{
    br_json_write_object(w);
    write_text(w, "credential_configuration_id", r->configuration);
    write_text(w, "credential_identifier", r->identifier);
    if (r->count > 0) {
        br_json_write_name(w, "proofs");
        br_json_write_object(w);
        br_json_write_name(
            w, r->kind == BR_VCI_PROOF_JWT ? "jwt" : "attestation");
        br_json_write_array(w);
        for (size_t i = 0; i < r->count; i++) {
            br_json_write_string(w, r->proofs[i]);
        }
        br_json_write_end(w);
        br_json_write_end(w);
    }
    write_encryption(w, &r->encryption);
    br_json_write_end(w);
}

/* ---- credential response ------------------------------------------------ */

static enum br_rc
take_credentials(
    const struct br_json *list,
    struct br_vci_response *r,
    struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        if (r->count == BR_VCI_PROOFS_MAX) {
            return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "too many credentials");
        }
        BR_TRY(br_json_need_string(
            i, "credential", &r->credentials[r->count], reterr));
        if (r->credentials[r->count].n == 0) {
            return br_fail(
                reterr, BR_ERR_MISSING_FIELD, "a credential is empty");
        }
        r->count++;
    }
    return r->count > 0
               ? BR_OK
               : br_fail(reterr, BR_ERR_MISSING_FIELD, "credentials is empty");
}

static enum br_rc
take_response(
    const struct br_json *v, struct br_vci_response *r, struct br_err *reterr)
{
    struct br_json *list = NULL;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_may(v, "credentials", BR_JSON_ARRAY, &list, reterr));
    BR_TRY(br_json_may_string(v, "transaction_id", &r->transaction_id, reterr));
    BR_TRY(
        br_json_may_string(v, "notification_id", &r->notification_id, reterr));
    if ((list != NULL) == (r->transaction_id.n > 0)) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "either credentials or transaction_id");
    }
    if (list == NULL) {
        return br_json_need_uint(v, "interval", &r->interval_s, reterr);
    }
    return take_credentials(list, r, reterr);
}

enum br_rc
br_vci_response_parse(
    const struct br_json *v, struct br_vci_response *ret, struct br_err *reterr)
{
    struct br_err why;
    memset(ret, 0, sizeof(*ret));
    if (take_response(v, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_RESPONSE, &why);
    }
    return BR_OK;
}

void
br_vci_response_write(struct br_json_writer *w, const struct br_vci_response *r)
{
    br_json_write_object(w);
    if (r->transaction_id.n > 0) {
        write_text(w, "transaction_id", r->transaction_id);
        br_json_write_name(w, "interval");
        br_json_write_uint(w, r->interval_s);
        br_json_write_end(w);
        return;
    }
    br_json_write_name(w, "credentials");
    br_json_write_array(w);
    for (size_t i = 0; i < r->count; i++) {
        br_json_write_object(w);
        write_text(w, "credential", r->credentials[i]);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    write_text(w, "notification_id", r->notification_id);
    br_json_write_end(w);
}

/* ---- deferred, notification --------------------------------------------- */

enum br_rc
br_vci_deferred_parse(
    const struct br_json *v,
    struct br_vci_deferred *ret,
    enum br_oauth_error *ret_error,
    struct br_err *reterr)
{
    struct br_err why;
    memset(ret, 0, sizeof(*ret));
    if (br_json_need_string(v, "transaction_id", &ret->transaction_id, &why) !=
        BR_OK) {
        *ret_error = BR_OAUTH_INVALID_CREDENTIAL_REQUEST;
        return br_refuse_for(reterr, BR_RULE_VCI_DEFERRED, &why);
    }
    return take_encryption(v, &ret->encryption, ret_error, reterr);
}

void
br_vci_deferred_write(struct br_json_writer *w, const struct br_vci_deferred *d)
{
    br_json_write_object(w);
    write_text(w, "transaction_id", d->transaction_id);
    write_encryption(w, &d->encryption);
    br_json_write_end(w);
}

static const char *const events[] = {
    [BR_VCI_ACCEPTED] = "credential_accepted",
    [BR_VCI_FAILURE] = "credential_failure",
    [BR_VCI_DELETED] = "credential_deleted",
};
enum { EVENTS = sizeof(events) / sizeof(events[0]) };

const char *
br_vci_event_name(enum br_vci_event e)
{
    return events[e];
}

static enum br_rc
take_notification(
    const struct br_json *v,
    struct br_vci_notification *n,
    struct br_err *reterr)
{
    struct br_bytes event;
    size_t i = 0;
    BR_TRY(br_json_need_string(v, "notification_id", &n->id, reterr));
    BR_TRY(br_json_need_string(v, "event", &event, reterr));
    BR_TRY(br_json_may_string(v, "event_description", &n->description, reterr));
    while (i < EVENTS && !br_bytes_eq(event, br_str(events[i]))) {
        i++;
    }
    if (i == EVENTS) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "event is not known");
    }
    n->event = (enum br_vci_event)i;
    for (i = 0; i < n->description.n; i++) {
        uint8_t c = n->description.p[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return br_fail(
                reterr, BR_ERR_MALFORMED,
                "event_description has characters that are not allowed");
        }
    }
    return BR_OK;
}

enum br_rc
br_vci_notification_parse(
    const struct br_json *v,
    struct br_vci_notification *ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_vci_notification n = {0};
    if (take_notification(v, &n, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_NOTIFICATION, &why);
    }
    *ret = n;
    return BR_OK;
}

void
br_vci_notification_write(
    struct br_json_writer *w, const struct br_vci_notification *n)
{
    br_json_write_object(w);
    write_text(w, "notification_id", n->id);
    write_text(w, "event", br_str(events[n->event]));
    write_text(w, "event_description", n->description);
    br_json_write_end(w);
}
