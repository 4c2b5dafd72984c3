/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/change.h"
#include "cli/registry.h"
#include "common/codec/text.h"
#include "common/service/json.h"
#include "node/ledger/member.h"
#include "node/ledger/trust.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what an option says ------------------------------------------------ */

/** --until DATE; 0: no end. */
static enum br_rc
read_until(const struct br_args *a, struct br_time_us *ret, struct br_err *err)
{
    ret->v = 0;
    return a->until == NULL ? BR_OK : br_time_parse(a->until, ret, err);
}

/** "a,b" -> a list of an operation, sorted. */
static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum br_rc
read_types(char *text, struct br_buf *ret, struct br_err *reterr)
{
    const char *word[BR_ACCREDITED_TYPES_MAX];
    struct br_bytes types[BR_ACCREDITED_TYPES_MAX];
    size_t n = 0;
    char *rest = NULL;
    for (char *p = strtok_r(text, ",", &rest); p != NULL;
         p = strtok_r(NULL, ",", &rest)) {
        if (n == BR_ACCREDITED_TYPES_MAX) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "--type: %d at most",
                BR_ACCREDITED_TYPES_MAX);
        }
        word[n++] = p;
    }
    qsort(word, n, sizeof(word[0]), compare);
    for (size_t i = 0; i < n; i++) {
        types[i] = br_str(word[i]);
    }
    br_op_put_types(ret, types, n);
    return br_buf_status(ret, reterr);
}

static enum br_rc
read_level(const char *text, uint64_t *ret, struct br_err *reterr)
{
    static const char *const names[] = {"root", "authority", "issuer"};
    for (uint64_t i = 0; i < 3; i++) {
        if (text != NULL && strcmp(text, names[i]) == 0) {
            *ret = i + 1;
            return BR_OK;
        }
    }
    *ret = BR_LEVEL_ISSUER;
    return text == NULL ? BR_OK
                        : br_fail(
                              reterr, BR_ERR_OUT_OF_RANGE,
                              "--level %.40s: root, authority or issuer", text);
}

/** --by ID, or the author's own accreditation that covers the type. */
static enum br_rc
read_by(
    struct br_cli_change *c,
    const struct br_args *a,
    const char *vct,
    struct br_hash *ret,
    struct br_err *reterr)
{
    if (a->by == NULL) {
        return br_cli_registry_own(&c->client, c->author, vct, ret, reterr);
    }
    if (strlen(a->by) != 2 * BR_HASH_BYTES ||
        br_hex_parse(br_str(a->by), ret->b, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "--by: an accreditation's id of 64 hexadecimal digits");
    }
    return BR_OK;
}

static void
say_done(struct br_cli_change *c, struct br_bytes text)
{
    (void)snprintf(
        c->done, sizeof(c->done), "%.*s", (int)text.n, (const char *)text.p);
}

/* ---- did ---------------------------------------------------------------- */

/** "METHOD=DATE[,METHOD=DATE]" -> windows; a method may begin with #. */
static enum br_rc
add_window(
    char *word,
    struct br_bytes did,
    struct br_arena *arena,
    struct br_did_window *ret,
    struct br_err *reterr)
{
    char *equals = strrchr(word, '=');
    struct br_buf b;
    if (equals == NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "--ends %.80s: METHOD=DATE is wanted",
            word);
    }
    *equals = '\0';
    *ret = (struct br_did_window){.not_before = {0}};
    BR_TRY(br_time_parse(equals + 1, &ret->not_after, reterr));
    br_buf_init(&b, 4096);
    if (word[0] == '#') {
        br_buf_put(&b, did.p, did.n);
    }
    br_buf_puts(&b, word);
    char *copy = br_arena_copy(arena, br_buf_bytes(&b));
    ret->method = br_bytes(copy, copy == NULL ? 0 : b.n);
    br_buf_fini(&b);
    return copy != NULL ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "--ends");
}

static enum br_rc
read_windows(
    char *text,
    struct br_bytes did,
    struct br_arena *arena,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_did_window w[BR_DID_METHODS_MAX];
    size_t n = 0;
    char *rest = NULL;
    for (char *p = text == NULL ? NULL : strtok_r(text, ",", &rest); p != NULL;
         p = strtok_r(NULL, ",", &rest)) {
        if (n == BR_DID_METHODS_MAX) {
            return br_fail(reterr, BR_ERR_TOO_LARGE, "--ends: too many");
        }
        BR_TRY(add_window(p, did, arena, &w[n++], reterr));
    }
    br_op_put_windows(ret, w, n);
    return br_buf_status(ret, reterr);
}

/** The operation borrows from these until it is put. */
struct parts {
    struct br_arena arena;
    struct br_buf document;
    struct br_buf schema;
    struct br_buf list;
};

static void
parts_init(struct parts *p)
{
    br_arena_init(&p->arena, 16u * 1024 * 1024);
    br_buf_init(&p->document, BR_TYPE_DOCUMENT_BYTES_MAX);
    br_buf_init(&p->schema, BR_TYPE_DOCUMENT_BYTES_MAX);
    br_buf_init(&p->list, 64u * 1024);
}

static void
parts_fini(struct parts *p)
{
    br_buf_fini(&p->document);
    br_buf_fini(&p->schema);
    br_buf_fini(&p->list);
    br_arena_fini(&p->arena);
}

static char *
copy_option(struct parts *p, const char *text)
{
    return text == NULL ? NULL : br_arena_copy(&p->arena, br_str(text));
}

/** FILE, or a draft for the author's own DID. */
static enum br_rc
take_document(
    const struct br_cli_change *c,
    const struct br_args *a,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char own[BR_REGISTERED_DID_BYTES_MAX + 1];
    bool keys = a->assertion != NULL || a->authentication != NULL;
    if (keys == (a->word_count == 1)) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "a FILE, or --assertion and --authentication: one of the two");
    }
    if (!keys) {
        return br_cli_registry_file(a->words[0], ret, reterr);
    }
    (void)snprintf(
        own, sizeof(own), "did:broletto:%s:%s", c->chain_id, c->author);
    const struct br_cli_draft d = {
        br_str(a->did == NULL ? own : a->did), a->assertion, a->authentication};
    return br_cli_registry_draft(&d, ret, reterr);
}

static enum br_rc
put_did_parts(
    struct br_cli_change *c,
    const struct br_args *a,
    struct parts *p,
    struct br_err *reterr)
{
    struct br_op op = {.type = BR_OP_DID_PUT};
    BR_TRY(take_document(c, a, &p->document, reterr));
    BR_TRY(br_cli_registry_text(
        br_buf_bytes(&p->document), "id", &p->arena, &op.did, reterr));
    BR_TRY(read_windows(
        copy_option(p, a->ends), op.did, &p->arena, &p->list, reterr));
    op.document = br_buf_bytes(&p->document);
    op.list = br_buf_bytes(&p->list);
    br_cli_put_op(c, BR_MODULE_TRUST, &op);
    say_done(c, op.did);
    return BR_OK;
}

static enum br_rc
put_did(struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    struct parts p;
    parts_init(&p);
    enum br_rc rc = put_did_parts(c, a, &p, reterr);
    parts_fini(&p);
    return rc;
}

int
br_cmd_registry_did_put(const struct br_args *a)
{
    return br_cli_change(a, put_did);
}

static enum br_rc
put_deactivate(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    struct br_op op = {
        .type = BR_OP_DID_DEACTIVATE, .did = br_str(a->words[0])};
    br_cli_put_op(c, BR_MODULE_TRUST, &op);
    return br_buf_status(&c->ops, reterr);
}

int
br_cmd_registry_did_deactivate(const struct br_args *a)
{
    return br_cli_change(a, put_deactivate);
}

/* ---- accredit, revoke --------------------------------------------------- */

/** The first of a list "a,b". */
static const char *
first_type(struct parts *p, const char *text)
{
    char *copy = copy_option(p, text);
    if (copy != NULL) {
        copy[strcspn(copy, ",")] = '\0';
    }
    return copy == NULL ? "" : copy;
}

static enum br_rc
put_accredit_parts(
    struct br_cli_change *c,
    const struct br_args *a,
    struct parts *p,
    struct br_err *reterr)
{
    struct br_op op = {.type = BR_OP_ACCREDIT, .did = br_str(a->words[0])};
    struct br_hash by;
    BR_TRY(br_cli_need(a->type, "--type VCT", reterr));
    BR_TRY(read_level(a->level, &op.level, reterr));
    BR_TRY(read_until(a, &op.not_after, reterr));
    BR_TRY(read_types(copy_option(p, a->type), &p->list, reterr));
    if (op.level != BR_LEVEL_ROOT) {
        BR_TRY(read_by(c, a, first_type(p, a->type), &by, reterr));
        op.by = br_hash_bytes(&by);
    }
    if (a->document != NULL) {
        BR_TRY(br_cli_registry_file(a->document, &p->document, reterr));
        br_cli_registry_trim(&p->document);
    }
    op.list = br_buf_bytes(&p->list);
    op.document = br_buf_bytes(&p->document);
    if (a->id == NULL) {
        br_random(op.accreditation.b, BR_HASH_BYTES);
    } else if (
        strlen(a->id) != 2 * BR_HASH_BYTES ||
        br_hex_parse(br_str(a->id), op.accreditation.b, NULL) != BR_OK) {
        return br_fail(reterr, BR_ERR_MALFORMED, "--id: 64 hexadecimal digits");
    }
    br_cli_put_op(c, BR_MODULE_TRUST, &op);
    for (size_t i = 0; i < BR_HASH_BYTES; i++) {
        (void)snprintf(c->done + 2 * i, 3, "%02x", op.accreditation.b[i]);
    }
    return BR_OK;
}

static enum br_rc
put_accredit(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    struct parts p;
    parts_init(&p);
    enum br_rc rc = put_accredit_parts(c, a, &p, reterr);
    parts_fini(&p);
    return rc;
}

int
br_cmd_registry_accredit(const struct br_args *a)
{
    return br_cli_change(a, put_accredit);
}

static enum br_rc
put_revoke(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    struct br_op op = {.type = BR_OP_ACCREDIT_END};
    BR_TRY(read_until(a, &op.not_after, reterr));
    if (strlen(a->words[0]) != 2 * BR_HASH_BYTES ||
        br_hex_parse(br_str(a->words[0]), op.accreditation.b, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "an accreditation's id has 64 hexadecimal digits");
    }
    br_cli_put_op(c, BR_MODULE_TRUST, &op);
    return BR_OK;
}

int
br_cmd_registry_revoke(const struct br_args *a)
{
    return br_cli_change(a, put_revoke);
}

/* ---- types -------------------------------------------------------------- */

static bool
is_operator(const struct br_cli_change *c)
{
    const struct br_cli_member *m = br_cli_member_find(&c->members, c->author);
    return m != NULL && (m->roles & BR_ROLE_OPERATOR) != 0;
}

static enum br_rc
put_type_parts(
    struct br_cli_change *c,
    const struct br_args *a,
    struct parts *p,
    struct br_err *reterr)
{
    struct br_op op = {.type = BR_OP_TYPE_PUT};
    struct br_hash by;
    BR_TRY(br_cli_registry_file(a->words[0], &p->document, reterr));
    BR_TRY(br_cli_registry_text(
        br_buf_bytes(&p->document), "vct", &p->arena, &op.vct, reterr));
    if (a->schema != NULL) {
        BR_TRY(br_cli_registry_file(a->schema, &p->schema, reterr));
    }
    if (a->by != NULL || !is_operator(c)) {
        char *vct = br_arena_copy(&p->arena, op.vct);
        BR_TRY(read_by(c, a, vct == NULL ? "" : vct, &by, reterr));
        op.by = br_hash_bytes(&by);
    }
    op.document = br_buf_bytes(&p->document);
    op.schema = br_buf_bytes(&p->schema);
    br_cli_put_op(c, BR_MODULE_TRUST, &op);
    say_done(c, op.vct);
    return BR_OK;
}

static enum br_rc
put_type(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    struct parts p;
    parts_init(&p);
    enum br_rc rc = put_type_parts(c, a, &p, reterr);
    parts_fini(&p);
    return rc;
}

int
br_cmd_registry_type_put(const struct br_args *a)
{
    return br_cli_change(a, put_type);
}
