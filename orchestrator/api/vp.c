/* The verifier's doors: docs/verifying.md. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/credential/oauth.h"
#include "common/credential/rule.h"
#include "common/credential/vp_response.h"
#include "common/credential/vp_wallet.h"
#include "common/crypto/keyfile.h"
#include "common/service/qr.h"
#include "orchestrator/api/api.h"
#include "orchestrator/verifier/verifier.h"

enum {
    WALLET_NONCE_BYTES_MAX = 512,
};

static struct br_verifier *
verifier(void *ctx)
{
    return ((struct br_orch_api *)ctx)->verifier;
}

static struct br_bytes
id_of(const struct br_http_request *req)
{
    return br_str(br_http_param(req, 0));
}

/** RFC 6749 section 5.2's object, with the rule in its description. */
static void
refuse(struct br_http_request *req, const struct br_err *err)
{
    int status = br_err_info(err->rc)->http_status;
    struct br_buf b;
    if (br_rule_of(err) == NULL) {
        br_http_reply_problem(req, err);
        return;
    }
    br_buf_init(&b, 4096);
    br_oauth_error_put(&b, BR_OAUTH_INVALID_REQUEST, err->text);
    br_orch_reply(req, status == 409 ? 409 : 400, &b);
}

/* ---- requests ----------------------------------------------------------- */

/** What a wallet says of itself (section 10): can it read what we would send?
 */
static enum br_rc
check_wallet(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vp_wallet *ret,
    struct br_err *reterr)
{
    BR_TRY(br_vp_wallet_parse(text, arena, ret, reterr));
    return ret->knows && ret->signs
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_FORMATS,
                     "the wallet knows no dc+sd-jwt, or no ES256");
}

static enum br_rc
take_post(
    struct br_http_request *req,
    struct br_arena *arena,
    struct br_vp_wallet *ret_wallet,
    struct br_bytes *ret_nonce,
    struct br_err *reterr)
{
    struct br_form form = {0};
    BR_TRY(br_form_parse(br_http_body(req), arena, &form, reterr));
    BR_TRY(check_wallet(
        br_form_get(&form, "wallet_metadata"), arena, ret_wallet, reterr));
    *ret_nonce = br_form_get(&form, "wallet_nonce");
    return ret_nonce->n <= WALLET_NONCE_BYTES_MAX
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_REQUEST,
                     "wallet_nonce has more than %d bytes",
                     WALLET_NONCE_BYTES_MAX);
}

/** The object, for this wallet's eyes alone where it has named a key. */
static enum br_rc
seal_for(
    const struct br_vp_wallet *wallet,
    struct br_buf *object,
    struct br_err *reterr)
{
    struct br_jwe_fresh fresh;
    struct br_buf sealed;
    if (!wallet->wants_sealed) {
        return BR_OK;
    }
    br_random(&fresh, sizeof(fresh));
    br_buf_init(&sealed, BR_VP_SEALED_BYTES_MAX);
    enum br_rc rc = br_vp_object_seal(
        wallet, br_buf_bytes(object), &fresh, &sealed, reterr);
    br_wipe(&fresh, sizeof(fresh));
    if (rc == BR_OK) {
        br_buf_fini(object);
        *object = sealed;
    } else {
        br_buf_fini(&sealed);
    }
    return rc;
}

static void
serve_object(struct br_verifier *v, struct br_http_request *req)
{
    static const struct br_http_header_pair no_store = {
        "Cache-Control", "no-store"};
    struct br_http_answer a = {
        .status = 200,
        .content_type = BR_VP_REQUEST_TYPE,
        .headers = &no_store,
        .header_count = 1,
    };
    struct br_arena arena;
    struct br_vp_wallet wallet = {.wants_sealed = false};
    struct br_bytes nonce = {0};
    struct br_buf object;
    struct br_err err = {0};
    br_arena_init(&arena, BR_ORCH_ARENA_BYTES_MAX);
    br_buf_init(&object, BR_VP_REQUEST_BYTES_MAX * 2u);
    enum br_rc rc = strcmp(br_http_method(req), "POST") == 0
                        ? take_post(req, &arena, &wallet, &nonce, &err)
                        : BR_OK;
    if (rc == BR_OK) {
        rc = br_verifier_fetch(v, id_of(req), nonce, &object, &err);
    }
    if (rc == BR_OK) {
        rc = seal_for(&wallet, &object, &err);
    }
    if (rc == BR_OK) {
        a.take = &object;
        br_http_reply(req, &a);
    } else {
        refuse(req, &err);
    }
    br_buf_fini(&object);
    br_arena_fini(&arena);
}

void
br_orch_get_vp_request(struct br_http_request *req, void *ctx)
{
    br_verifier_submit(verifier(ctx), serve_object, req);
}

/* ---- answers ------------------------------------------------------------ */

static void
take_answer(struct br_verifier *v, struct br_http_request *req)
{
    struct br_arena arena;
    struct br_bytes redirect = {0};
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err = {0};
    br_arena_init(&arena, BR_VP_RESPONSE_BYTES_MAX * 8u);
    enum br_rc rc = br_verifier_answer(
        v, id_of(req), br_http_body(req), &arena, &redirect, &err);
    if (rc == BR_OK) {
        br_buf_init(&b, 4096);
        br_json_writer_init(&w, &b);
        br_json_write_object(&w);
        if (redirect.n > 0) {
            br_json_write_name(&w, "redirect_uri");
            br_json_write_string(&w, redirect);
        }
        br_json_write_end(&w);
        br_orch_reply(req, 200, &b);
    } else {
        refuse(req, &err);
    }
    br_arena_fini(&arena);
}

void
br_orch_post_vp_response(struct br_http_request *req, void *ctx)
{
    br_verifier_submit(verifier(ctx), take_answer, req);
}

/* ---- pages -------------------------------------------------------------- */

enum br_rc
br_orch_vp_look(
    struct br_http_request *req,
    void *ctx,
    struct br_arena *arena,
    struct br_verifier_request *ret)
{
    struct br_err err;
    enum br_rc rc =
        br_verifier_look(verifier(ctx), id_of(req), arena, ret, &err);
    if (rc != BR_OK) {
        br_http_reply_problem(req, &err);
    }
    return rc;
}

/** The phase and nothing else: whoever has the address may ask. */
void
br_orch_get_vp_status(struct br_http_request *req, void *ctx)
{
    struct br_arena arena;
    struct br_verifier_request r;
    struct br_buf b;
    br_arena_init(&arena, BR_ORCH_ARENA_BYTES_MAX);
    if (br_orch_vp_look(req, ctx, &arena, &r) == BR_OK) {
        bool over =
            r.phase <= BR_PHASE_FETCHED && r.expires_s <= br_orch_now_s();
        br_buf_init(&b, 256);
        br_buf_printf(
            &b, "{\"phase\":\"%s\",\"expires\":%llu}",
            over ? "expired" : br_verifier_phase_name(r.phase),
            (unsigned long long)r.expires_s);
        br_orch_reply(req, 200, &b);
    }
    br_arena_fini(&arena);
}

enum br_rc
br_orch_vp_link(
    const struct br_orch_api *api,
    const struct br_verifier_request *r,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_verifier_identity who = *br_verifier_identity(api->verifier);
    struct br_vp_client client;
    BR_TRY(br_vp_client_parse(r->client_id, &client, reterr));
    who.prefix = client.prefix;
    return br_verifier_put_link(&who, r, ret, reterr);
}

static enum br_rc
put_qr(
    const struct br_orch_api *api,
    const struct br_verifier_request *r,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_buf link;
    br_buf_init(&link, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_orch_vp_link(api, r, &link, reterr);
    if (rc == BR_OK) {
        rc = br_qr_put_svg_q(b, br_buf_bytes(&link), "QR", reterr);
    }
    br_buf_fini(&link);
    return rc;
}

void
br_orch_get_vp_qr(struct br_http_request *req, void *ctx)
{
    static const struct br_http_header_pair no_store = {
        "Cache-Control", "no-store"};
    struct br_arena arena;
    struct br_verifier_request r;
    struct br_buf b;
    struct br_err err;
    struct br_http_answer a = {
        .status = 200,
        .content_type = "image/svg+xml",
        .headers = &no_store,
        .header_count = 1,
    };
    br_arena_init(&arena, BR_ORCH_ARENA_BYTES_MAX);
    if (br_orch_vp_look(req, ctx, &arena, &r) == BR_OK) {
        br_buf_init(&b, 1024u * 1024);
        if (put_qr((const struct br_orch_api *)ctx, &r, &b, &err) == BR_OK) {
            a.take = &b;
            br_http_reply(req, &a);
        } else {
            br_http_reply_problem(req, &err);
        }
        br_buf_fini(&b);
    }
    br_arena_fini(&arena);
}
