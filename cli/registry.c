/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/registry.h"

#include "common/codec/json.h"
#include "common/codec/text.h"

#include <errno.h>
#include <stdio.h>

enum {
    ANSWER_BYTES_MAX = 8 * 1024 * 1024,
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
};

/* ---- files -------------------------------------------------------------- */

enum br_rc
br_cli_registry_file(
    const char *path, struct br_buf *ret, struct br_err *reterr)
{
    char piece[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return br_fail(reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0 && !ret->failed) {
        br_buf_put(ret, piece, n);
    }
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad) {
        return br_fail(reterr, BR_ERR_IO, "%s: it cannot be read", path);
    }
    if (ret->failed) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%s: more than %zu bytes", path,
            ret->max);
    }
    return BR_OK;
}

void
br_cli_registry_trim(struct br_buf *b)
{
    while (b->n > 0 && strchr(" \t\r\n", b->p[b->n - 1]) != NULL) {
        b->n--;
    }
}

enum br_rc
br_cli_registry_text(
    struct br_bytes document,
    const char *name,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json *json;
    BR_TRY(br_json_parse(document, arena, &json, reterr));
    return br_json_need_string(json, name, ret, reterr);
}

/* ---- addresses ---------------------------------------------------------- */

/** RFC 3986 section 2.1: all but the unreserved, and a DID's colons. */
static void
put_encoded(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-._~:", c) != NULL);
        if (plain) {
            br_buf_put(b, &c, 1);
        } else {
            br_buf_printf(b, "%%%02X", c);
        }
    }
}

/** GET path with these names put into it, and a query. */
struct address {
    const char *path; /* ends with a slash when a name follows */
    struct br_bytes name;
    const char *vct;
    const char *at;
};

static enum br_rc
ask(struct br_node_client *c,
    const struct address *a,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf path;
    const char *mark = "?";
    br_buf_init(&path, 900);
    br_buf_puts(&path, a->path);
    put_encoded(&path, a->name);
    if (a->vct != NULL) {
        br_buf_printf(&path, "%svct=", mark);
        put_encoded(&path, br_str(a->vct));
        mark = "&";
    }
    if (a->at != NULL) {
        br_buf_printf(&path, "%sat=", mark);
        put_encoded(&path, br_str(a->at));
    }
    br_buf_put(&path, "", 1);
    enum br_rc rc = br_buf_status(&path, reterr);
    if (rc == BR_OK) {
        rc = br_node_get(c, (const char *)path.p, ret, reterr);
    }
    br_buf_fini(&path);
    return rc;
}

/** The same, read. */
static enum br_rc
ask_json(
    struct br_node_client *c,
    const struct address *a,
    struct br_buf *text,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    br_buf_clear(text);
    BR_TRY(ask(c, a, text, reterr));
    return br_json_parse(br_buf_bytes(text), arena, ret, reterr);
}

/* ---- the author's own accreditation ------------------------------------- */

static bool
is_true(const struct br_json *v, const char *name)
{
    const struct br_json *m = br_json_member(v, name);
    return m != NULL && m->kind == BR_JSON_BOOLEAN && m->boolean;
}

/** In force, and more than an issuer's. */
static bool
take_own(const struct br_json *issuer, struct br_hash *ret)
{
    const struct br_json *items = br_json_member(issuer, "items");
    for (const struct br_json *i = br_json_first(items); i != NULL;
         i = i->next) {
        struct br_bytes id;
        if (is_true(i, "in_force") &&
            !br_json_is(br_json_member(i, "level"), "issuer") &&
            br_json_need_string(i, "id", &id, NULL) == BR_OK &&
            id.n == 2 * BR_HASH_BYTES &&
            br_hex_parse(id, ret->b, NULL) == BR_OK) {
            return true;
        }
    }
    return false;
}

static enum br_rc
find_own(
    struct br_node_client *c,
    const struct br_json *dids,
    const char *member,
    const char *vct,
    struct br_hash *ret,
    struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    bool found = false;
    const struct br_json *items = br_json_member(dids, "items");
    for (const struct br_json *i = br_json_first(items);
         i != NULL && rc == BR_OK && !found; i = i->next) {
        struct address a = {.path = "/v1/registry/issuers/", .vct = vct};
        struct br_json *issuer = NULL;
        struct br_arena arena;
        struct br_buf text;
        if (!br_json_is(br_json_member(i, "member"), member)) {
            continue;
        }
        br_buf_init(&text, ANSWER_BYTES_MAX);
        br_arena_init(&arena, ARENA_BYTES_MAX);
        rc = br_json_need_string(i, "did", &a.name, reterr);
        if (rc == BR_OK) {
            rc = ask_json(c, &a, &text, &arena, &issuer, reterr);
        }
        found = rc == BR_OK && take_own(issuer, ret);
        br_arena_fini(&arena);
        br_buf_fini(&text);
    }
    BR_TRY(rc);
    return found ? BR_OK
                 : br_fail(
                       reterr, BR_ERR_NOT_ACCREDITED,
                       "%s has no accreditation in force that covers %s",
                       member, vct);
}

enum br_rc
br_cli_registry_own(
    struct br_node_client *c,
    const char *member,
    const char *vct,
    struct br_hash *ret,
    struct br_err *reterr)
{
    struct address a = {.path = "/v1/registry/dids?limit=500"};
    struct br_buf text;
    struct br_arena arena;
    struct br_json *dids;
    br_buf_init(&text, ANSWER_BYTES_MAX);
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = ask_json(c, &a, &text, &arena, &dids, reterr);
    if (rc == BR_OK) {
        rc = find_own(c, dids, member, vct, ret, reterr);
    }
    br_arena_fini(&arena);
    br_buf_fini(&text);
    return rc;
}

/* ---- showing ------------------------------------------------------------ */

static void
print_string(const struct br_json *v, const char *name)
{
    const struct br_json *m = br_json_member(v, name);
    if (m != NULL && m->kind == BR_JSON_STRING) {
        (void)printf("%.*s", (int)m->string.n, (const char *)m->string.p);
    }
}

static void
print_number(const struct br_json *v, const char *name)
{
    uint64_t n = 0;
    if (br_json_need_uint(v, name, &n, NULL) == BR_OK) {
        (void)printf("%llu", (unsigned long long)n);
    }
}

static void
print_did(const struct br_json *v)
{
    print_string(v, "did");
    (void)printf(
        "  %s  member ", is_true(v, "active") ? "active" : "DEACTIVATED");
    print_string(v, "member");
    (void)printf("  version ");
    print_number(v, "version");
    (void)printf(" of ");
    print_number(v, "versions");
    (void)printf("  entry ");
    print_number(v, "leaf");
    (void)printf("\n");
    const struct br_json *document = br_json_member(v, "document");
    const struct br_json *methods =
        br_json_member(document, "verificationMethod");
    for (const struct br_json *i = br_json_first(methods); i != NULL;
         i = i->next) {
        (void)printf("    key ");
        print_string(i, "id");
        (void)printf("\n");
    }
}

/** "issuer  Comune (did:...)  for a b  until ...  entry 7" */
static void
print_accreditation(const struct br_json *v, const char *margin)
{
    (void)printf("%s", margin);
    print_string(v, "level");
    (void)printf("  ");
    print_string(v, "name");
    (void)printf(" (");
    print_string(v, "did");
    (void)printf(")");
    (void)printf("  for");
    const struct br_json *types = br_json_member(v, "types");
    for (const struct br_json *i = br_json_first(types); i != NULL;
         i = i->next) {
        (void)printf(" %.*s", (int)i->string.n, (const char *)i->string.p);
    }
    if (br_json_member(v, "end") != NULL &&
        br_json_member(v, "end")->kind == BR_JSON_STRING) {
        (void)printf("  until ");
        print_string(v, "end");
    }
    (void)printf("  entry ");
    print_number(v, "leaf");
    (void)printf("\n%*s    id ", (int)strlen(margin), "");
    print_string(v, "id");
    (void)printf("\n");
}

static void
print_issuer(const struct br_json *v)
{
    print_string(v, "did");
    (void)printf(
        "  %s\n", is_true(v, "accredited") ? "ACCREDITED" : "not accredited");
    const struct br_json *items = br_json_member(v, "items");
    for (const struct br_json *i = br_json_first(items); i != NULL;
         i = i->next) {
        (void)printf(
            "  %s", is_true(i, "in_force") ? "in force" : "not in force");
        if (!is_true(i, "in_force")) {
            (void)printf(": ");
            print_string(i, "reason");
        }
        (void)printf("\n");
        print_accreditation(i, "    ");
        const struct br_json *chain = br_json_member(i, "chain");
        for (const struct br_json *k = br_json_first(chain); k != NULL;
             k = k->next) {
            print_accreditation(k, "      by ");
        }
    }
}

static void
print_type(const struct br_json *v)
{
    print_string(v, "vct");
    (void)printf("  ");
    print_string(v, "id");
    (void)printf("  member ");
    print_string(v, "member");
    (void)printf("  version ");
    print_number(v, "version");
    (void)printf("  entry ");
    print_number(v, "leaf");
    (void)printf("\n    metadata ");
    print_string(v, "metadata_integrity");
    (void)printf("\n    schema ");
    print_string(v, "schema_integrity");
    (void)printf("\n");
}

/** Ask, and print; *ret, when it is not NULL: is this member true? */
static enum br_rc
show(
    const struct br_args *a,
    const struct address *address,
    void (*print)(const struct br_json *v),
    bool *ret,
    struct br_err *reterr)
{
    struct br_node_client c = {0};
    struct br_buf text;
    struct br_arena arena;
    struct br_json *json;
    br_buf_init(&text, ANSWER_BYTES_MAX);
    br_arena_init(&arena, ARENA_BYTES_MAX);
    enum br_rc rc = br_node_client_open(a, &c, reterr);
    if (rc == BR_OK) {
        rc = ask_json(&c, address, &text, &arena, &json, reterr);
    }
    if (rc == BR_OK && a->json) {
        (void)printf("%.*s\n", (int)text.n, (const char *)text.p);
    } else if (rc == BR_OK) {
        print(json);
    }
    if (rc == BR_OK && ret != NULL) {
        *ret = is_true(json, "accredited");
    }
    br_node_client_close(&c);
    br_arena_fini(&arena);
    br_buf_fini(&text);
    return rc;
}

int
br_cmd_registry_did_show(const struct br_args *a)
{
    struct address address = {
        .path = "/v1/registry/dids/", .name = br_str(a->words[0]), .at = a->at};
    struct br_err err;
    enum br_rc rc = show(a, &address, print_did, NULL, &err);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

int
br_cmd_registry_issuer(const struct br_args *a)
{
    struct address address = {
        .path = "/v1/registry/issuers/",
        .name = br_str(a->words[0]),
        .vct = a->type,
        .at = a->at};
    struct br_err err;
    bool accredited = false;
    enum br_rc rc = show(a, &address, print_issuer, &accredited, &err);
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    return accredited ? BR_EXIT_OK : BR_EXIT_REFUSED;
}

int
br_cmd_registry_type_show(const struct br_args *a)
{
    struct address address = {
        .path = "/v1/registry/types/", .name = br_str(a->words[0])};
    struct br_err err;
    enum br_rc rc = show(a, &address, print_type, NULL, &err);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
