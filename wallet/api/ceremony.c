/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/api/ceremony.h"

#include "common/codec/text.h"
#include "common/credential/rule.h"

/* Of the PRF; part of the formats: another one would open nothing. */
static const char prf_input[] = "broletto-wallet-1";

/* ---- options ------------------------------------------------------------ */

enum br_rc
br_ceremony_offered(const struct br_wallet_api *api, struct br_err *reterr)
{
    return api->site.why_not == NULL
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_FORBIDDEN,
                     "no passkeys here: public_url is no https address with a "
                     "name, and not http://localhost");
}

static void
put_text(struct br_json_writer *w, const char *name, const char *text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(text));
}

static void
put_prf(struct br_json_writer *w)
{
    br_json_write_name(w, "extensions");
    br_json_write_object(w);
    br_json_write_name(w, "prf");
    br_json_write_object(w);
    br_json_write_name(w, "eval");
    br_json_write_object(w);
    br_json_write_name(w, "first");
    br_json_write_base64url(w, br_str(prf_input));
    br_json_write_end(w);
    br_json_write_end(w);
    br_json_write_end(w);
}

static void
put_descriptors(
    struct br_json_writer *w,
    const char *name,
    const struct br_passkey_list *list)
{
    br_json_write_name(w, name);
    br_json_write_array(w);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        br_json_write_object(w);
        put_text(w, "type", "public-key");
        br_json_write_name(w, "id");
        br_json_write_string(w, list->all[i].id);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

/** Opens publicKey: what both kinds of options have. */
static enum br_rc
begin_options(
    struct br_wallet_call *call,
    const struct br_challenge_for *what,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    uint8_t challenge[BR_CHALLENGE_BYTES];
    BR_TRY(br_challenge_make(
        call->api->challenges, what, call->show.now_s, challenge, reterr));
    br_json_write_object(w);
    br_json_write_name(w, "publicKey");
    br_json_write_object(w);
    br_json_write_name(w, "challenge");
    br_json_write_base64url(w, br_bytes(challenge, sizeof(challenge)));
    br_json_write_name(w, "timeout");
    br_json_write_uint(w, (uint64_t)BR_CHALLENGE_S * 1000);
    return BR_OK;
}

static void
end_options(struct br_json_writer *w)
{
    br_json_write_end(w);
    br_json_write_end(w);
}

enum br_rc
br_ceremony_write_request(
    struct br_wallet_call *call,
    const struct br_challenge_for *what,
    const struct br_passkey_list *list,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    BR_TRY(begin_options(call, what, reterr));
    put_text(w, "rpId", call->api->site.rp_id);
    put_text(w, "userVerification", "required");
    put_descriptors(w, "allowCredentials", list);
    if (list == NULL) {
        put_prf(w);
    }
    end_options(w);
    return BR_OK;
}

/** The allow-list, the preferred first; common/credential/webauthn.h. */
static void
put_algorithms(struct br_json_writer *w)
{
    static const int64_t algs[] = {-7, -8, -257};
    br_json_write_name(w, "pubKeyCredParams");
    br_json_write_array(w);
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        br_json_write_object(w);
        put_text(w, "type", "public-key");
        br_json_write_name(w, "alg");
        br_json_write_int(w, algs[i]);
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static void
put_selection(struct br_json_writer *w)
{
    br_json_write_name(w, "authenticatorSelection");
    br_json_write_object(w);
    put_text(w, "residentKey", "required");
    br_json_write_name(w, "requireResidentKey");
    br_json_write_boolean(w, true);
    put_text(w, "userVerification", "required");
    br_json_write_end(w);
}

enum br_rc
br_ceremony_write_creation(
    struct br_wallet_call *call,
    const struct br_challenge_for *what,
    const char *name,
    const struct br_passkey_list *list,
    struct br_err *reterr)
{
    struct br_json_writer *w = &call->w;
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES];
    BR_TRY(br_passkey_handle(call->api->wallet->vault, name, handle, reterr));
    BR_TRY(begin_options(call, what, reterr));
    br_json_write_name(w, "rp");
    br_json_write_object(w);
    put_text(w, "id", call->api->site.rp_id);
    put_text(w, "name", "Broletto");
    br_json_write_end(w);
    br_json_write_name(w, "user");
    br_json_write_object(w);
    br_json_write_name(w, "id");
    br_json_write_base64url(w, br_bytes(handle, sizeof(handle)));
    put_text(w, "name", name);
    put_text(w, "displayName", name);
    br_json_write_end(w);
    put_algorithms(w);
    put_selection(w);
    put_descriptors(w, "excludeCredentials", list);
    put_text(w, "attestation", "none");
    put_prf(w);
    end_options(w);
    return BR_OK;
}

/* ---- answers ------------------------------------------------------------ */

/** A member in base64url, into the arena; absent: empty, if it may. */
static enum br_rc
bytes_of(
    const struct br_json *v,
    const char *name,
    bool need,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_err why;
    const struct br_json *m = br_json_member(v, name);
    struct br_bytes text = {NULL, 0};
    size_t n = 0;
    if (!need && (m == NULL || m->kind == BR_JSON_NULL)) {
        *ret = br_bytes(NULL, 0);
        return BR_OK;
    }
    if (br_json_need_string(v, name, &text, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_WEBAUTHN_FORM, &why);
    }
    uint8_t *p = (uint8_t *)br_arena_take(arena, text.n + 1);
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an answer");
    }
    if (br_base64url_parse(text, p, text.n, &n, &why) != BR_OK) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_FORM, "%s is no base64url", name);
    }
    *ret = br_bytes(p, n);
    return BR_OK;
}

/** Members that are not needed here are passed over: the standard adds some. */
static enum br_rc
read_form(
    const struct br_json *v,
    bool used,
    struct br_arena *arena,
    struct br_ceremony_answer *c,
    struct br_err *reterr)
{
    const struct br_json *response = br_json_member(v, "response");
    const struct br_json *prf = br_json_member(
        br_json_member(br_json_member(v, "clientExtensionResults"), "prf"),
        "results");
    if (response == NULL || response->kind != BR_JSON_OBJECT) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_FORM, "there is no response in it");
    }
    BR_TRY(bytes_of(v, "id", true, arena, &c->id, reterr));
    BR_TRY(bytes_of(
        response, "clientDataJSON", true, arena, &c->client_data, reterr));
    BR_TRY(bytes_of(
        response, "authenticatorData", true, arena, &c->bytes, reterr));
    BR_TRY(bytes_of(response, "signature", used, arena, &c->signature, reterr));
    BR_TRY(bytes_of(response, "userHandle", false, arena, &c->handle, reterr));
    return bytes_of(prf, "first", false, arena, &c->secret, reterr);
}

static enum br_rc
judge(
    struct br_wallet_call *call,
    enum br_webauthn_type type,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *c,
    struct br_err *reterr)
{
    const struct br_webauthn_site *site = &call->api->site;
    BR_TRY(br_webauthn_client_data(
        c->client_data, type, site, &call->arena, &c->challenge, reterr));
    BR_TRY(br_challenge_check(
        call->api->challenges, what, c->challenge, call->show.now_s, reterr));
    return br_webauthn_data(c->bytes, type, site, &c->data, reterr);
}

enum br_rc
br_ceremony_created(
    struct br_wallet_call *call,
    const struct br_json *credential,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *ret,
    struct br_err *reterr)
{
    struct br_ceremony_answer c = {0};
    struct br_webauthn_key key;
    BR_TRY(read_form(credential, false, &call->arena, &c, reterr));
    BR_TRY(judge(call, BR_WEBAUTHN_CREATE, what, &c, reterr));
    if (!br_bytes_eq(c.id, c.data.id)) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_ID,
            "the browser tells another than the device");
    }
    BR_TRY(br_webauthn_key(c.data.key, &key, reterr));
    if (c.secret.n != BR_PASSKEY_SECRET_BYTES) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_PRF,
            "this one gives none, so it cannot open a wallet: use another "
            "device, or a passphrase");
    }
    BR_TRY(br_challenge_spend(
        call->api->challenges, c.challenge, call->show.now_s, reterr));
    *ret = c;
    return BR_OK;
}

enum br_rc
br_ceremony_read(
    struct br_wallet_call *call,
    const struct br_json *credential,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *ret,
    struct br_err *reterr)
{
    struct br_ceremony_answer c = {0};
    BR_TRY(read_form(credential, true, &call->arena, &c, reterr));
    BR_TRY(judge(call, BR_WEBAUTHN_GET, what, &c, reterr));
    *ret = c;
    return BR_OK;
}

static enum br_rc
read_key(
    const struct br_wallet_passkey *row,
    struct br_webauthn_key *ret,
    struct br_err *reterr)
{
    uint8_t cose[BR_WEBAUTHN_KEY_BYTES_MAX];
    size_t n = 0;
    BR_TRY(br_base64url_parse(row->key, cose, sizeof(cose), &n, reterr));
    return br_webauthn_key(br_bytes(cose, n), ret, reterr);
}

enum br_rc
br_ceremony_verify(
    struct br_wallet_call *call,
    struct br_vault_person *person,
    const struct br_ceremony_answer *answer,
    struct br_err *reterr)
{
    struct br_wallet_passkey row;
    struct br_webauthn_key key;
    enum br_rc rc =
        br_passkey_get(person, answer->id, &call->arena, &row, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_ID,
            "this passkey does not open this wallet");
    }
    BR_TRY(rc);
    BR_TRY(read_key(&row, &key, reterr));
    BR_TRY(br_webauthn_verify(
        &key, answer->bytes, answer->client_data, answer->signature, reterr));
    BR_TRY(br_challenge_spend(
        call->api->challenges, answer->challenge, call->show.now_s, reterr));
    return br_passkey_used(
        person, answer->id, &answer->data, call->show.now_s, reterr);
}

void
br_ceremony_wipe(struct br_ceremony_answer *c)
{
    if (c->secret.n > 0) {
        br_wipe((void *)(uintptr_t)c->secret.p, c->secret.n);
    }
}
