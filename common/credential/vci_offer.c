/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/credential/rule.h"
#include "common/credential/vci.h"

enum { LINK_BYTES_MAX = 64 * 1024, TX_HINT_CHARACTERS_MAX = 300 };

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
take_configurations(
    const struct br_json *v, struct br_vci_offer *o, struct br_err *reterr)
{
    for (struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        struct br_bytes id;
        BR_TRY(br_json_as_string(i, &id, reterr));
        for (size_t k = 0; k < o->count; k++) {
            if (br_bytes_eq(id, o->configurations[k])) {
                return br_fail(
                    reterr, BR_ERR_DUPLICATE_FIELD,
                    "credential_configuration_ids names one twice");
            }
        }
        if (o->count == BR_VCI_OFFERED_MAX) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE, "more than %d credentials",
                BR_VCI_OFFERED_MAX);
        }
        o->configurations[o->count++] = id;
    }
    return o->count > 0 ? BR_OK
                        : br_fail(
                              reterr, BR_ERR_MISSING_FIELD,
                              "credential_configuration_ids is empty");
}

/** "The length of the string MUST NOT exceed 300 characters." */
static bool
hint_ok(struct br_bytes text)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.n; i++) {
        characters += (text.p[i] & 0xc0) != 0x80;
    }
    return characters <= TX_HINT_CHARACTERS_MAX;
}

static enum br_rc
take_tx_code(
    const struct br_json *v, struct br_vci_offer *o, struct br_err *reterr)
{
    struct br_bytes mode = {NULL, 0};
    if (v == NULL) {
        return BR_OK;
    }
    o->tx_code = true;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_may_string(v, "input_mode", &mode, reterr));
    BR_TRY(br_json_may_uint(v, "length", &o->tx_length, reterr));
    BR_TRY(br_json_may_string(v, "description", &o->tx_hint, reterr));
    o->tx_text = br_bytes_eq(mode, br_str("text"));
    if (mode.n > 0 && !o->tx_text && !br_bytes_eq(mode, br_str("numeric"))) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "input_mode: numeric or text");
    }
    if (!hint_ok(o->tx_hint)) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "description: over 300 characters");
    }
    return BR_OK;
}

static enum br_rc
take_grants(
    const struct br_json *grants, struct br_vci_offer *o, struct br_err *reterr)
{
    struct br_json *code = NULL;
    struct br_json *other = NULL;
    BR_TRY(br_json_may(
        grants, BR_VCI_PRE_AUTHORIZED, BR_JSON_OBJECT, &code, reterr));
    BR_TRY(br_json_may(
        grants, "authorization_code", BR_JSON_OBJECT, &other, reterr));
    if (code != NULL) {
        BR_TRY(
            br_json_need_string(code, "pre-authorized_code", &o->code, reterr));
        BR_TRY(br_json_may_string(
            code, "authorization_server", &o->code_server, reterr));
        BR_TRY(take_tx_code(br_json_member(code, "tx_code"), o, reterr));
        if (o->code.n == 0) {
            return br_fail(
                reterr, BR_ERR_MISSING_FIELD, "pre-authorized_code is empty");
        }
    }
    if (other != NULL) {
        o->authorization_code = true;
        BR_TRY(br_json_may_string(
            other, "issuer_state", &o->issuer_state, reterr));
        BR_TRY(br_json_may_string(
            other, "authorization_server", &o->authorization_server, reterr));
    }
    return BR_OK;
}

static enum br_rc
take_offer(
    const struct br_json *v, struct br_vci_offer *o, struct br_err *reterr)
{
    struct br_json *ids;
    struct br_json *grants = NULL;
    BR_TRY(br_json_need_string(v, "credential_issuer", &o->issuer, reterr));
    if (o->issuer.n == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "credential_issuer is empty");
    }
    BR_TRY(br_json_need(
        v, "credential_configuration_ids", BR_JSON_ARRAY, &ids, reterr));
    BR_TRY(take_configurations(ids, o, reterr));
    BR_TRY(br_json_may(v, "grants", BR_JSON_OBJECT, &grants, reterr));
    return grants == NULL ? BR_OK : take_grants(grants, o, reterr);
}

enum br_rc
br_vci_offer_parse(
    const struct br_json *v, struct br_vci_offer *ret, struct br_err *reterr)
{
    struct br_err why;
    struct br_vci_offer o = {0};
    if (take_offer(v, &o, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_OFFER, &why);
    }
    *ret = o;
    return BR_OK;
}

/* ---- writing ------------------------------------------------------------ */

static void
write_text(struct br_json_writer *w, const char *name, struct br_bytes value)
{
    if (value.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, value);
    }
}

static void
write_code(struct br_json_writer *w, const struct br_vci_offer *o)
{
    br_json_write_name(w, BR_VCI_PRE_AUTHORIZED);
    br_json_write_object(w);
    write_text(w, "pre-authorized_code", o->code);
    if (o->tx_code) {
        br_json_write_name(w, "tx_code");
        br_json_write_object(w);
        write_text(w, "input_mode", br_str(o->tx_text ? "text" : "numeric"));
        if (o->tx_length > 0) {
            br_json_write_name(w, "length");
            br_json_write_uint(w, o->tx_length);
        }
        write_text(w, "description", o->tx_hint);
        br_json_write_end(w);
    }
    write_text(w, "authorization_server", o->code_server);
    br_json_write_end(w);
}

void
br_vci_offer_write(struct br_json_writer *w, const struct br_vci_offer *o)
{
    br_json_write_object(w);
    write_text(w, "credential_issuer", o->issuer);
    br_json_write_name(w, "credential_configuration_ids");
    br_json_write_array(w);
    for (size_t i = 0; i < o->count; i++) {
        br_json_write_string(w, o->configurations[i]);
    }
    br_json_write_end(w);
    br_json_write_name(w, "grants");
    br_json_write_object(w);
    if (o->code.n > 0) {
        write_code(w, o);
    }
    if (o->authorization_code) {
        br_json_write_name(w, "authorization_code");
        br_json_write_object(w);
        write_text(w, "issuer_state", o->issuer_state);
        write_text(w, "authorization_server", o->authorization_server);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_end(w);
}

/* ---- links -------------------------------------------------------------- */

enum br_rc
br_vci_link_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vci_link *ret,
    struct br_err *reterr)
{
    struct br_form *f = (struct br_form *)br_arena_take(arena, sizeof(*f));
    struct br_err why;
    const uint8_t *query =
        text.n == 0 ? NULL : (const uint8_t *)memchr(text.p, '?', text.n);
    if (text.n > LINK_BYTES_MAX || f == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "link of an offer");
    }
    if (query == NULL) {
        return br_refuse(reterr, BR_RULE_VCI_LINK, "it has no parameters");
    }
    size_t before = (size_t)(query + 1 - text.p);
    if (br_form_parse(br_bytes(query + 1, text.n - before), arena, f, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_LINK, &why);
    }
    struct br_bytes offer = br_form_get(f, "credential_offer");
    struct br_bytes uri = br_form_get(f, "credential_offer_uri");
    if ((offer.n > 0) == (uri.n > 0)) {
        return br_refuse(
            reterr, BR_RULE_VCI_LINK,
            "either credential_offer or credential_offer_uri is needed");
    }
    ret->by_reference = uri.n > 0;
    ret->value = uri.n > 0 ? uri : offer;
    return BR_OK;
}

void
br_vci_link_put(
    struct br_buf *b, const char *scheme, const struct br_vci_link *link)
{
    br_buf_puts(b, scheme);
    br_buf_puts(b, "://?");
    br_buf_puts(
        b, link->by_reference ? "credential_offer_uri=" : "credential_offer=");
    br_percent_put(b, link->value);
}
