/* SPDX-License-Identifier: EUPL-1.2 */
/* A source that is asked over HTTP. */
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/crypto/seal.h"
#include "common/net/http_client.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/source/source.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TOKEN_BYTES_MAX = 4000, /**< a header's line */
    PAUSE_MS = 200,         /**< before the second try; doubles */
    URL_BYTES_MAX = 2048,
};

/** One question, with all that its tries share. */
struct question {
    const struct br_type *t;
    const struct br_type_source *s;
    struct br_buf url;
    struct br_buf body;
    struct br_buf token;
    char certificate[PATH_MAX];
    char key[PATH_MAX];
    char ca[PATH_MAX];
    struct br_http_client *http;
};

/* ---- configuration ------------------------------------------------------- */

static void
in_data(const struct br_source_home *home, const char *name, char out[PATH_MAX])
{
    bool absolute = name[0] == '/';
    (void)snprintf(
        out, PATH_MAX, "%s%s%s", absolute ? "" : home->data_dir,
        absolute ? "" : "/", name);
}

/** A file that only its owner may read. */
static enum br_rc
check_private(const char *path, struct br_err *reterr)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.160s: others may read it: chmod 600",
            path);
    }
    return BR_OK;
}

static enum br_rc
read_token(
    const struct br_source_home *home,
    struct question *q,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    if (q->s->token_file[0] == '\0') {
        return BR_OK;
    }
    in_data(home, q->s->token_file, path);
    BR_TRY(check_private(path, reterr));
    if (br_file_read(path, &q->token, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "%.160s: the token of the source of %s",
            path, q->t->id);
    }
    while (q->token.n > 0 && q->token.p[q->token.n - 1] <= ' ') {
        q->token.n--;
    }
    for (size_t i = 0; i < q->token.n; i++) {
        if (q->token.p[i] <= ' ' || q->token.p[i] >= 0x7f) {
            return br_fail(
                reterr, BR_ERR_CONFIG, "%.160s: a token is one word", path);
        }
    }
    br_buf_put(&q->token, "", 1);
    return br_buf_status(&q->token, reterr);
}

static enum br_rc
read_file_name(
    const struct br_source_home *home,
    const char *name,
    char out[PATH_MAX],
    struct br_err *reterr)
{
    out[0] = '\0';
    if (name[0] == '\0') {
        return BR_OK;
    }
    in_data(home, name, out);
    return access(out, R_OK) == 0
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CONFIG, "%.160s: it cannot be read", out);
}

static enum br_rc
check_url(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr)
{
    const char *url = t->source.url;
    size_t host = strncmp(url, "https://", 8) == 0 ? 8 : 7;
    bool good = strncmp(url, "https://", 8) == 0 ||
                (home->insecure_loopback && br_orch_is_loopback(url));
    /* The reference may not choose the host. */
    const char *at = strstr(url, BR_SOURCE_REFERENCE);
    good =
        good && strpbrk(url, " \t\r\n\"\\#@") == NULL &&
        strcspn(url + host, "/?") > 0 &&
        (at == NULL || (size_t)(at - url) > host + strcspn(url + host, "/?"));
    return good ? BR_OK
                : br_fail(
                      reterr, BR_ERR_CONFIG,
                      "%s: source.url: an https address without name, "
                      "password or fragment (http on this machine with "
                      "insecure_loopback)",
                      t->id);
}

static enum br_rc
read_files(
    const struct br_source_home *home,
    struct question *q,
    struct br_err *reterr)
{
    const struct br_type_source *s = q->s;
    BR_TRY(read_token(home, q, reterr));
    BR_TRY(read_file_name(home, s->certificate, q->certificate, reterr));
    BR_TRY(read_file_name(home, s->key, q->key, reterr));
    if (q->key[0] != '\0') {
        BR_TRY(check_private(q->key, reterr));
    }
    return read_file_name(home, s->ca, q->ca, reterr);
}

static void
begin(struct question *q, const struct br_type *t)
{
    *q = (struct question){.t = t, .s = &t->source};
    br_buf_init(&q->url, URL_BYTES_MAX);
    br_buf_init(&q->body, URL_BYTES_MAX);
    br_buf_init(&q->token, TOKEN_BYTES_MAX);
}

static void
end(struct question *q)
{
    br_http_client_free(q->http);
    br_buf_wipe(&q->url);
    br_buf_wipe(&q->body);
    br_buf_wipe(&q->token);
}

enum br_rc
br_source_http_check(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr)
{
    struct question q;
    BR_TRY(check_url(home, t, reterr));
    begin(&q, t);
    enum br_rc rc = read_files(home, &q, reterr);
    end(&q);
    return rc;
}

/* ---- the question -------------------------------------------------------- */

/** All but the unreserved characters (RFC 3986 section 2.3). */
static void
put_escaped(struct br_buf *b, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                "qrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            br_buf_put(b, text, 1);
        } else {
            br_buf_printf(b, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

static void
put_question(struct question *q, const char *reference)
{
    struct br_json_writer w;
    const char *url = q->s->url;
    const char *at = strstr(url, BR_SOURCE_REFERENCE);
    if (!q->s->post && at != NULL) {
        br_buf_put(&q->url, url, (size_t)(at - url));
        put_escaped(&q->url, reference);
        br_buf_puts(&q->url, at + sizeof(BR_SOURCE_REFERENCE) - 1);
    } else {
        br_buf_puts(&q->url, url);
        br_json_writer_init(&w, &q->body);
        br_json_write_object(&w);
        br_json_write_name(&w, "type");
        br_json_write_string(&w, br_str(q->t->id));
        br_json_write_name(&w, "reference");
        br_json_write_string(&w, br_str(reference));
        br_json_write_end(&w);
    }
    br_buf_put(&q->url, "", 1);
}

static enum br_rc
make_question(
    const struct br_source_home *home,
    const char *reference,
    struct question *q,
    struct br_err *reterr)
{
    BR_TRY(check_url(home, q->t, reterr));
    BR_TRY(read_files(home, q, reterr));
    if (br_utf8_check(br_str(reference)) != strlen(reference)) {
        return br_fail(reterr, BR_ERR_BAD_UTF8, "the reference");
    }
    /* A step of a path that leads elsewhere: it cannot be escaped. */
    if (strspn(reference, ".") == strlen(reference)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "a reference is not of dots alone");
    }
    put_question(q, reference);
    BR_TRY(br_buf_status(&q->url, reterr));
    BR_TRY(br_buf_status(&q->body, reterr));
    return br_http_client_new(&q->http, reterr);
}

/* ---- the answer ---------------------------------------------------------- */

/** A status of now, that may be another one soon. */
static bool
may_pass(int status)
{
    return status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

static void
pause_before(unsigned try_number)
{
    long ms = (long)PAUSE_MS << try_number;
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

/** Without the address, which has the reference in it. */
static const char *
without_url(const char *text, const struct question *q)
{
    size_t n = strlen((const char *)q->url.p);
    const char *at = strstr(text, (const char *)q->url.p);
    return at == NULL ? "no answer" : at[n] == ':' ? at + n + 2 : at + n;
}

/** One try. *ret_again: another one may do better. */
static enum br_rc
try_once(
    struct question *q,
    struct br_buf *body,
    int *ret_status,
    bool *ret_again,
    struct br_err *reterr)
{
    const struct br_type_source *s = q->s;
    struct br_err why;
    const struct br_http_call call = {
        .method = s->post ? "POST" : "GET",
        .url = (const char *)q->url.p,
        .content_type = s->post ? "application/json" : NULL,
        .accept = "application/json",
        .bearer = q->token.n == 0 ? NULL : (const char *)q->token.p,
        .body = br_buf_bytes(&q->body),
        .answer_bytes_max = (size_t)s->answer_bytes_max,
        .timeout_ms = (unsigned)s->timeout_ms,
        .ca_file = q->ca[0] == '\0' ? NULL : q->ca,
        .certificate_file = q->certificate[0] == '\0' ? NULL : q->certificate,
        .key_file = q->key[0] == '\0' ? NULL : q->key,
    };
    br_buf_clear(body);
    enum br_rc rc = br_http_call(q->http, &call, ret_status, body, &why);
    *ret_again = rc == BR_ERR_NETWORK || (rc == BR_OK && may_pass(*ret_status));
    if (rc == BR_ERR_TOO_LARGE) {
        return br_fail(
            reterr, BR_ERR_SOURCE_REFUSED,
            "the source of %s answers with more than %llu bytes", q->t->id,
            (unsigned long long)s->answer_bytes_max);
    }
    if (rc != BR_OK) {
        return br_fail(
            reterr, rc == BR_ERR_NO_MEMORY ? rc : BR_ERR_NETWORK,
            "the source of %s: %.150s", q->t->id, without_url(why.text, q));
    }
    return BR_OK;
}

static enum br_rc
judge(struct question *q, int status, struct br_err *reterr)
{
    const char *type = br_http_client_header(q->http, "Content-Type");
    if (status == 404) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "the source of %s knows nobody with this reference", q->t->id);
    }
    if (status != 200) {
        return br_fail(
            reterr, BR_ERR_SOURCE_REFUSED, "the source of %s answers %d%s",
            q->t->id, status,
            status == 401 || status == 403 ? ": its token or certificate is "
                                             "not accepted"
                                           : "");
    }
    if (type == NULL || strncmp(type, "application/json", 16) != 0 ||
        (type[16] != '\0' && type[16] != ';' && type[16] != ' ')) {
        return br_fail(
            reterr, BR_ERR_SOURCE_REFUSED,
            "the source of %s does not answer with application/json", q->t->id);
    }
    return BR_OK;
}

static bool
is_stopping(const struct br_source_home *home)
{
    return home->stopping != NULL && atomic_load(home->stopping);
}

static enum br_rc
ask(const struct br_source_home *home,
    struct question *q,
    struct br_buf *body,
    struct br_err *reterr)
{
    bool again = true;
    int status = 0;
    enum br_rc rc = BR_OK;
    for (unsigned i = 0; again && i < q->s->tries; i++) {
        if (i > 0 && is_stopping(home)) {
            return br_fail(reterr, BR_ERR_STOPPING, "asking a source");
        }
        if (i > 0) {
            pause_before(i - 1);
        }
        rc = try_once(q, body, &status, &again, reterr);
    }
    return rc == BR_OK ? judge(q, status, reterr) : rc;
}

static enum br_rc
read_answer(
    const struct question *q,
    const struct br_buf *body,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_err why;
    const char *text = br_arena_copy(arena, br_buf_bytes(body));
    if (text == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "a source's answer");
    }
    /* What is wrong is told by its code: the text may quote a name. */
    if (br_json_parse(br_bytes(text, body->n), arena, ret, &why) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_SOURCE_REFUSED,
            "the source of %s does not answer with well-formed JSON (%s)",
            q->t->id, br_err_info(why.rc)->slug);
    }
    return BR_OK;
}

enum br_rc
br_source_http_ask(
    const struct br_source_home *home,
    const struct br_type *t,
    const char *reference,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct question q;
    struct br_buf body;
    begin(&q, t);
    br_buf_init(&body, (size_t)t->source.answer_bytes_max);
    enum br_rc rc = make_question(home, reference, &q, reterr);
    if (rc == BR_OK) {
        rc = ask(home, &q, &body, reterr);
    }
    if (rc == BR_OK) {
        rc = read_answer(&q, &body, arena, ret, reterr);
    }
    br_buf_wipe(&body);
    end(&q);
    return rc;
}
