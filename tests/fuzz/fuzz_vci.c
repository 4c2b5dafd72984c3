/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages of OpenID4VCI: whatever is refused names its rule, and what is read
 * is written, and read again as the same. Forms and links come back too. */
#include "common/codec/json.h"
#include "common/credential/oauth_code.h"
#include "common/credential/rule.h"
#include "common/credential/vci.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 4 << 20 };

static void
judge(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, err);
        BR_ASSERT(br_rule_of(err) != NULL || rc == BR_ERR_TOO_LARGE);
    }
}

/** What has been written, as JSON again. */
static struct br_json *
again(struct br_json_writer *w, struct br_arena *arena)
{
    struct br_json *v = NULL;
    enum br_rc rc = br_json_writer_done(w, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_json_parse(br_buf_bytes(w->b), arena, &v, NULL);
    BR_ASSERT(rc == BR_OK);
    return v;
}

static void
offers(const struct br_json *v, struct br_arena *arena, struct br_buf *b)
{
    struct br_vci_offer o;
    struct br_vci_offer back;
    struct br_json_writer w;
    struct br_err err;
    enum br_rc rc = br_vci_offer_parse(v, &o, &err);
    judge(rc, &err);
    if (rc != BR_OK) {
        return;
    }
    br_buf_clear(b);
    br_json_writer_init(&w, b);
    br_vci_offer_write(&w, &o);
    rc = br_vci_offer_parse(again(&w, arena), &back, NULL);
    BR_ASSERT(rc == BR_OK && back.count == o.count);
    BR_ASSERT(br_bytes_eq(back.issuer, o.issuer));
    BR_ASSERT(br_bytes_eq(back.code, o.code));
    BR_ASSERT(back.tx_code == o.tx_code && back.tx_length == o.tx_length);
    BR_ASSERT(back.authorization_code == o.authorization_code);
}

static void
metadata(const struct br_json *v)
{
    struct br_vci_issuer i;
    struct br_oauth_server s;
    struct br_vci_configuration c;
    struct br_err err;
    struct br_bytes issuer = {NULL, 0};
    (void)!br_json_may_string(v, "credential_issuer", &issuer, NULL);
    enum br_rc rc = br_vci_issuer_parse(v, issuer, &i, &err);
    judge(rc, &err);
    if (rc == BR_OK) {
        for (struct br_json *k = br_json_first(i.configurations); k != NULL;
             k = k->next) {
            judge(br_vci_configuration_parse(&i, k->name, &c, &err), &err);
        }
    }
    judge(br_oauth_server_parse(v, issuer, &s, &err), &err);
}

static void
requests(const struct br_json *v, struct br_arena *arena, struct br_buf *b)
{
    static struct br_vci_request r;
    static struct br_vci_request back;
    struct br_vci_deferred d;
    struct br_vci_notification n;
    struct br_json_writer w;
    struct br_err err;
    enum br_oauth_error e = BR_OAUTH_OK;
    enum br_rc rc = br_vci_request_parse(v, &r, &e, &err);
    judge(rc, &err);
    BR_ASSERT((rc == BR_OK) == (e == BR_OAUTH_OK));
    if (rc == BR_OK) {
        br_buf_clear(b);
        br_json_writer_init(&w, b);
        br_vci_request_write(&w, &r);
        rc = br_vci_request_parse(again(&w, arena), &back, &e, NULL);
        BR_ASSERT(rc == BR_OK && back.count == r.count);
        BR_ASSERT(br_bytes_eq(back.identifier, r.identifier));
        BR_ASSERT(back.encryption.wanted == r.encryption.wanted);
    }
    judge(br_vci_deferred_parse(v, &d, &e, &err), &err);
    judge(br_vci_notification_parse(v, &n, &err), &err);
}

static void
responses(const struct br_json *v, struct br_arena *arena, struct br_buf *b)
{
    static struct br_vci_response r;
    static struct br_vci_response back;
    struct br_vci_token t;
    struct br_bytes nonce;
    uint64_t in = 0;
    struct br_json_writer w;
    struct br_err err;
    enum br_rc rc = br_vci_response_parse(v, &r, &err);
    judge(rc, &err);
    if (rc == BR_OK) {
        br_buf_clear(b);
        br_json_writer_init(&w, b);
        br_vci_response_write(&w, &r);
        rc = br_vci_response_parse(again(&w, arena), &back, NULL);
        BR_ASSERT(rc == BR_OK && back.count == r.count);
    }
    judge(br_vci_token_parse(v, &t, &err), &err);
    judge(br_vci_nonce_parse(v, &nonce, &err), &err);
    judge(br_vci_token_identifier(v, br_str("a"), &nonce, &err), &err);
    judge(br_code_pushed_parse(v, &nonce, &in, &err), &err);
}

static void
forms(struct br_bytes text, struct br_arena *arena, struct br_buf *b)
{
    static struct br_form f;
    static struct br_form back;
    struct br_vci_link link;
    struct br_err err;
    char line[BR_OAUTH_DESCRIPTION_BYTES];
    enum br_rc rc = br_form_parse(text, arena, &f, &err);
    judge(rc, &err);
    if (rc == BR_OK && f.count == 1 && f.fields[0].name.n == 1 &&
        f.fields[0].name.p[0] == 'a' && f.fields[0].value.n > 0) {
        br_buf_clear(b);
        br_form_put(b, "a", f.fields[0].value);
        rc = br_form_parse(br_buf_bytes(b), arena, &back, NULL);
        BR_ASSERT(rc == BR_OK);
        BR_ASSERT(br_bytes_eq(br_form_get(&back, "a"), f.fields[0].value));
    }
    judge(br_vci_link_parse(text, arena, &link, &err), &err);
    const struct br_code_expected expected = {
        br_str("a"), br_str("s"), br_str("i")};
    struct br_code_back came;
    struct br_bytes state;
    judge(br_code_state_parse(text, arena, &state, &err), &err);
    judge(br_code_back_parse(text, &expected, arena, &came, &err), &err);
    br_oauth_error_read(text, line);
    BR_ASSERT(strlen(line) < sizeof(line));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_buf b;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    br_buf_init(&b, ARENA_BYTES);
    if (br_json_parse(br_bytes(data, n), &arena, &v, NULL) == BR_OK) {
        offers(v, &arena, &b);
        metadata(v);
        requests(v, &arena, &b);
        responses(v, &arena, &b);
    }
    forms(br_bytes(data, n), &arena, &b);
    br_buf_fini(&b);
    br_arena_fini(&arena);
    return 0;
}
