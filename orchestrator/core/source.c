/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/source.h"

#include "common/base/buf.h"
#include "common/codec/json_write.h"
#include "orchestrator/core/type.h"

#include <string.h>

enum { CLAIMS_BYTES_MAX = 256 * 1024 };

static const char *const kinds[BR_SOURCE_KINDS] = {
    [BR_SOURCE_DESK] = "desk",
    [BR_SOURCE_HTTP] = "http",
};

const char *
br_source_kind_name(enum br_source_kind k)
{
    return kinds[k];
}

/* ---- configuration ------------------------------------------------------- */

/** A text of the configuration: "" when it is not there. */
static enum br_rc
read_text(
    const struct br_json *v,
    const char *name,
    struct br_arena *arena,
    const char **ret,
    struct br_err *reterr)
{
    struct br_bytes text = br_bytes("", 0);
    BR_TRY(br_json_may_string(v, name, &text, reterr));
    const char *copy = br_arena_copy(arena, text);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "source");
    }
    if (strlen(copy) != text.n || text.n > BR_SOURCE_URL_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "source.%s: at most %d bytes", name,
            BR_SOURCE_URL_BYTES_MAX);
    }
    *ret = copy;
    return BR_OK;
}

static enum br_rc
read_number(
    const struct br_json *v,
    const char *name,
    uint64_t max,
    uint64_t *ret,
    struct br_err *reterr)
{
    BR_TRY(br_json_may_uint(v, name, ret, reterr));
    return *ret >= 1 && *ret <= max
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_OUT_OF_RANGE, "source.%s: 1 to %llu", name,
                     (unsigned long long)max);
}

static enum br_rc
read_method(
    const struct br_json *v, struct br_type_source *s, struct br_err *reterr)
{
    struct br_bytes method = br_str("GET");
    BR_TRY(br_json_may_string(v, "method", &method, reterr));
    s->post = br_bytes_eq(method, br_str("POST"));
    if (!s->post && !br_bytes_eq(method, br_str("GET"))) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "source.method: GET or POST");
    }
    /* A GET that does not say whom it asks about gets somebody's claims. */
    if (s->post != (strstr(s->url, BR_SOURCE_REFERENCE) == NULL)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            s->post ? "source.url: the reference goes into the body of a POST, "
                      "not into its address"
                    : "source.url: " BR_SOURCE_REFERENCE
                      " stands where the reference goes");
    }
    return BR_OK;
}

static enum br_rc
read_http(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_type_source *s,
    struct br_err *reterr)
{
    static const char *const names[] = {
        "kind",  "url", "method",     "token_file",       "certificate",
        "key",   "ca",  "timeout_ms", "answer_bytes_max", "tries",
        "renew",
    };
    BR_TRY(br_json_only(v, names, sizeof(names) / sizeof(names[0]), reterr));
    BR_TRY(read_text(v, "url", arena, &s->url, reterr));
    BR_TRY(read_text(v, "token_file", arena, &s->token_file, reterr));
    BR_TRY(read_text(v, "certificate", arena, &s->certificate, reterr));
    BR_TRY(read_text(v, "key", arena, &s->key, reterr));
    BR_TRY(read_text(v, "ca", arena, &s->ca, reterr));
    BR_TRY(read_method(v, s, reterr));
    BR_TRY(read_number(
        v, "timeout_ms", BR_SOURCE_TIMEOUT_MS_MAX, &s->timeout_ms, reterr));
    BR_TRY(read_number(
        v, "answer_bytes_max", BR_SOURCE_ANSWER_BYTES_MAX, &s->answer_bytes_max,
        reterr));
    BR_TRY(read_number(v, "tries", BR_SOURCE_TRIES_MAX, &s->tries, reterr));
    BR_TRY(br_json_may_boolean(v, "renew", &s->renew, reterr));
    if ((s->certificate[0] == '\0') != (s->key[0] == '\0')) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "source: certificate and key come together");
    }
    return BR_OK;
}

enum br_rc
br_source_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_type_source *ret,
    struct br_err *reterr)
{
    static const char *const desk[] = {"kind"};
    struct br_bytes kind = {NULL, 0};
    struct br_type_source s = {
        .url = "",
        .token_file = "",
        .certificate = "",
        .key = "",
        .ca = "",
        .timeout_ms = 5000,
        .answer_bytes_max = 64u * 1024,
        .tries = 3,
    };
    if (v != NULL) {
        BR_TRY(br_json_need_string(v, "kind", &kind, reterr));
        if (br_bytes_eq(kind, br_str(kinds[BR_SOURCE_HTTP]))) {
            s.kind = BR_SOURCE_HTTP;
            BR_TRY(read_http(v, arena, &s, reterr));
        } else if (br_bytes_eq(kind, br_str(kinds[BR_SOURCE_DESK]))) {
            BR_TRY(br_json_only(v, desk, 1, reterr));
        } else {
            return br_fail(
                reterr, BR_ERR_UNSUPPORTED, "source.kind: desk or http");
        }
    }
    *ret = s;
    return BR_OK;
}

/* ---- the answer ---------------------------------------------------------- */

/** What the answer has for a claim: by its pointer, or at its own path. */
static const struct br_json *
answered(const struct br_claim_type *c, const struct br_json *answer)
{
    const struct br_json *v = answer;
    if (c->from != NULL) {
        v = br_pointer_find(answer, br_str(c->from));
    } else {
        for (size_t i = 0; i < c->path.count; i++) {
            v = br_json_member(v, c->path.steps[i]);
        }
    }
    return v == NULL || v->kind == BR_JSON_NULL ? NULL : v;
}

/** As a document of its own: its text is what is sealed. */
static enum br_rc
write_again(
    const struct br_json *claims,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, CLAIMS_BYTES_MAX);
    enum br_rc rc = br_json_encode(claims, &b, reterr);
    char *text = rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&b)) : NULL;
    if (rc == BR_OK && text == NULL) {
        rc = br_fail(reterr, BR_ERR_TOO_LARGE, "claims");
    }
    if (rc == BR_OK) {
        rc = br_json_parse(br_bytes(text, b.n), arena, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_source_map(
    const struct br_type *t,
    const struct br_json *answer,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json_maker m;
    struct br_json *claims;
    br_json_maker_init(&m, arena);
    claims = br_json_new_object(&m);
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        const struct br_json *v =
            c->kind == BR_CLAIM_LADDER ? NULL : answered(c, answer);
        if (v != NULL) {
            br_claims_set(&m, claims, &c->path, br_json_new_copy(&m, v));
        }
    }
    BR_TRY(br_json_maker_status(&m, reterr));
    BR_TRY(write_again(claims, arena, ret, reterr));
    return br_type_check(t, *ret, reterr);
}
