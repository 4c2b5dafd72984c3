/*
 * Our SD-JWT VC for another program to talk to: one request in JSON a line on
 * stdin, one answer a line on stdout. For tests/interop/run-sdjwt alone.
 *
 *   {"op":"issue","jwk":{private},"claims":{...},"hide":[["a"],["l",null]],
 *    "decoys":2}                                       -> {"token":"..."}
 *   {"op":"verify","jwk":{public},"token":"...","now":N,
 *    "nonce":"...","audience":"..."}                   -> {"claims":{...}}
 *   {"op":"present","jwk":{public},"token":"...","now":N,"show":[["a"]],
 *    "holder":{private},"nonce":"...","audience":"..."} -> {"token":"..."}
 *   a refusal                                          -> {"error","rule"}
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/credential/dcql.h"
#include "common/credential/rule.h"
#include "common/credential/sd_jwt_vc.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_BYTES = 64 * 1024 * 1024,
    ANSWER_BYTES = 8 * 1024 * 1024,
    PATHS_MAX = 128,
    STEPS_MAX = 16,
};

struct call {
    struct br_json *in;
    struct br_arena arena;
    struct br_buf token;          /**< the answer, or: */
    const struct br_json *claims; /**< the other kind of answer */
};

static struct br_bytes
text(const struct call *c, const char *name)
{
    struct br_bytes v = {NULL, 0};
    (void)!br_json_may_string(c->in, name, &v, NULL);
    return v;
}

static uint64_t
number(const struct call *c, const char *name)
{
    uint64_t v = 0;
    (void)!br_json_may_uint(c->in, name, &v, NULL);
    return v;
}

/* ---- issuing ------------------------------------------------------------ */

struct paths {
    struct br_sd_path path[PATHS_MAX];
    const char *steps[PATHS_MAX][STEPS_MAX];
    size_t count;
};

static void
read_paths(struct call *c, struct paths *p)
{
    const struct br_json *list = br_json_member(c->in, "hide");
    for (struct br_json *i = br_json_first(list);
         i != NULL && p->count < PATHS_MAX; i = i->next) {
        size_t n = 0;
        for (struct br_json *s = br_json_first(i); s != NULL && n < STEPS_MAX;
             s = s->next) {
            p->steps[p->count][n++] = s->kind == BR_JSON_STRING
                                          ? br_arena_copy(&c->arena, s->string)
                                          : NULL;
        }
        p->path[p->count] = (struct br_sd_path){p->steps[p->count], n};
        p->count++;
    }
}

static enum br_rc
sign(struct call *c, const struct br_sd_hidden *hidden, struct br_err *reterr)
{
    struct br_private_key *key = NULL;
    struct br_jwk k;
    const struct br_jws_header h = {.alg = BR_ALG_ES256, .typ = BR_VC_FORMAT};
    BR_TRY(
        br_jwk_parse_private(br_json_member(c->in, "jwk"), &k, &key, reterr));
    enum br_rc rc = br_sd_issue(hidden, &h, key, &c->token, reterr);
    br_private_key_free(key);
    return rc;
}

static enum br_rc
issue(struct call *c, struct br_err *reterr)
{
    struct paths p = {.count = 0};
    struct br_sd_hidden hidden;
    struct br_json *claims = br_json_member(c->in, "claims");
    unsigned decoys = (unsigned)number(c, "decoys");
    size_t n = br_sd_random_bytes(claims, decoys);
    uint8_t *random = (uint8_t *)br_arena_take(&c->arena, n + 1);
    if (random == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory");
    }
    br_random(random, n);
    br_json_detach(claims);
    read_paths(c, &p);
    const struct br_sd_plan plan = {
        .paths = p.path,
        .count = p.count,
        .decoys = decoys,
        .random = br_bytes(random, n),
    };
    BR_TRY(br_sd_hide(claims, &plan, &c->arena, &hidden, reterr));
    return sign(c, &hidden, reterr);
}

/* ---- verifying and presenting ------------------------------------------- */

static enum br_rc
open_vc(struct call *c, bool bound, struct br_vc *ret, struct br_err *reterr)
{
    struct br_jwk k;
    const struct br_sd_binding_policy asked = {
        .algs = BR_ALG_ES256,
        .audience = text(c, "audience"),
        .nonce = text(c, "nonce"),
        .now_s = number(c, "now"),
        .window_s = 60,
    };
    BR_TRY(br_jwk_parse(br_json_member(c->in, "jwk"), &k, reterr));
    const struct br_vc_policy policy = {
        .now_s = asked.now_s,
        .key = &k.key,
        .binding = bound ? &asked : NULL,
    };
    BR_TRY(br_vc_open(text(c, "token"), &policy, &c->arena, ret, reterr));
    return br_vc_verify(ret, &policy, &c->arena, reterr);
}

static enum br_rc
verify(struct call *c, struct br_err *reterr)
{
    struct br_vc vc;
    BR_TRY(open_vc(c, text(c, "nonce").n > 0, &vc, reterr));
    c->claims = vc.claims;
    return BR_OK;
}

static enum br_rc
show(
    struct call *c, const struct br_vc *vc, bool *chosen, struct br_err *reterr)
{
    const struct br_json *list = br_json_member(c->in, "show");
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        const struct br_json *got[BR_DCQL_SELECTED_MAX];
        size_t n = 0;
        BR_TRY(br_dcql_select(
            vc->claims, i, got, BR_DCQL_SELECTED_MAX, &n, reterr));
        for (size_t k = 0; k < n; k++) {
            br_sd_select(&vc->sd, got[k], chosen);
        }
    }
    return BR_OK;
}

static enum br_rc
present(struct call *c, struct br_err *reterr)
{
    static bool chosen[BR_SD_DISCLOSURES_MAX];
    struct br_vc vc;
    struct br_jwk k;
    struct br_private_key *holder = NULL;
    const struct br_sd_binding binding = {
        .audience = text(c, "audience"),
        .nonce = text(c, "nonce"),
        .issued_s = number(c, "now"),
    };
    memset(chosen, 0, sizeof(chosen));
    BR_TRY(open_vc(c, false, &vc, reterr));
    BR_TRY(show(c, &vc, chosen, reterr));
    BR_TRY(br_jwk_parse_private(
        br_json_member(c->in, "holder"), &k, &holder, reterr));
    enum br_rc rc =
        br_sd_present(&vc.sd, chosen, &binding, holder, &c->token, reterr);
    br_private_key_free(holder);
    return rc;
}

/* ---- the conversation --------------------------------------------------- */

static enum br_rc
act(struct call *c, struct br_err *reterr)
{
    static const struct {
        const char *op;
        enum br_rc (*fn)(struct call *c, struct br_err *reterr);
    } acts[] = {{"issue", issue}, {"verify", verify}, {"present", present}};
    const struct br_json *op = br_json_member(c->in, "op");
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (br_json_is(op, acts[i].op)) {
            return acts[i].fn(c, reterr);
        }
    }
    return br_fail(reterr, BR_ERR_MALFORMED, "no such op");
}

static void
tell(const struct call *c, enum br_rc rc, const struct br_err *err)
{
    struct br_json_writer w;
    struct br_buf b;
    const struct br_rule_info *rule = br_rule_of(err);
    br_buf_init(&b, ANSWER_BYTES);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    if (rc != BR_OK) {
        br_json_write_name(&w, "error");
        br_json_write_string(&w, br_str(err->text));
        br_json_write_name(&w, "rule");
        br_json_write_string(&w, br_str(rule == NULL ? "" : rule->slug));
    } else if (c->claims != NULL) {
        br_json_write_name(&w, "claims");
        br_json_write_value(&w, c->claims);
    } else {
        br_json_write_name(&w, "token");
        br_json_write_string(&w, br_buf_bytes(&c->token));
    }
    br_json_write_end(&w);
    if (br_json_writer_done(&w, NULL) == BR_OK) {
        (void)fwrite(b.p, 1, b.n, stdout);
    }
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    br_buf_fini(&b);
}

static void
answer(struct br_bytes line)
{
    struct call c = {.claims = NULL};
    struct br_err err = {.text = ""};
    br_arena_init(&c.arena, ARENA_BYTES);
    br_buf_init(&c.token, ANSWER_BYTES);
    enum br_rc rc = br_json_parse(line, &c.arena, &c.in, &err);
    if (rc == BR_OK) {
        rc = act(&c, &err);
    }
    tell(&c, rc, &err);
    br_buf_fini(&c.token);
    br_arena_fini(&c.arena);
}

int
main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    if (br_crypto_init(NULL) != BR_OK) {
        return 1;
    }
    while ((n = getline(&line, &room, stdin)) > 0) {
        answer(br_bytes(line, (size_t)n));
    }
    free(line);
    return 0;
}
