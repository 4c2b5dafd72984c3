/* A DID document made of keys, so that nobody writes one by hand. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/keys.h"
#include "cli/registry.h"
#include "common/codec/json_write.h"
#include "common/credential/did.h"
#include "common/crypto/x509_path.h"
#include "common/service/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_MAX = 16, DOCUMENT_BYTES_MAX = 64 * 1024 };

/** A key, and what it is for. */
struct use {
    struct br_key key;
    char name[BR_THUMBPRINT_TEXT_BYTES + 1];
    bool asserts;
    bool authenticates;
};

struct draft {
    struct use keys[KEYS_MAX];
    size_t count;
};

/* ---- keys from files ---------------------------------------------------- */

static enum br_rc
read_jwk(struct br_bytes text, struct br_key *ret, struct br_err *reterr)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_jwk jwk;
    br_arena_init(&arena, 4u * DOCUMENT_BYTES_MAX);
    enum br_rc rc = br_json_parse(text, &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_jwk_parse(v, &jwk, reterr);
    }
    if (rc == BR_OK) {
        *ret = jwk.key;
    }
    br_arena_fini(&arena);
    return rc;
}

/** "es256:...", as `broletto key public` prints it, for keys in a token too. */
static enum br_rc
read_ours(struct br_bytes text, struct br_key *ret, struct br_err *reterr)
{
    char line[256];
    struct br_public_key k;
    size_t n = text.n;
    while (n > 0 && strchr(" \t\r\n", text.p[n - 1]) != NULL) {
        n--;
    }
    (void)snprintf(line, sizeof(line), "%.*s", (int)n, (const char *)text.p);
    BR_TRY(br_cli_public_parse(line, &k, reterr));
    br_key_of_public(&k, ret);
    return BR_OK;
}

static enum br_rc
read_any(struct br_bytes text, struct br_key *ret, struct br_err *reterr)
{
    size_t at = 0;
    while (at < text.n && strchr(" \t\r\n", text.p[at]) != NULL) {
        at++;
    }
    struct br_bytes rest = br_bytes(text.p + at, text.n - at);
    if (rest.n > 0 && rest.p[0] == '{') {
        return read_jwk(text, ret, reterr);
    }
    bool ours = (rest.n > 8 && memcmp(rest.p, "ed25519:", 8) == 0) ||
                (rest.n > 5 && memcmp(rest.p, "es256", 5) == 0);
    return ours ? read_ours(rest, ret, reterr) : br_pem_key(text, ret, reterr);
}

static enum br_rc
read_key(const char *path, struct br_key *ret, struct br_err *reterr)
{
    struct br_buf b;
    struct br_err why = {0};
    br_buf_init(&b, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_cli_registry_file(path, &b, &why);
    bool read = rc == BR_OK;
    if (read) {
        rc = read_any(br_buf_bytes(&b), ret, &why);
    }
    br_buf_fini(&b);
    if (rc == BR_OK) {
        return BR_OK;
    }
    return br_fail(
        reterr, rc, "%.80s%s%s", read ? path : "", read ? ": " : "", why.text);
}

static struct use *
find(struct draft *d, const struct br_key *key)
{
    for (size_t i = 0; i < d->count; i++) {
        if (br_key_eq(&d->keys[i].key, key)) {
            return &d->keys[i];
        }
    }
    return d->count < KEYS_MAX ? &d->keys[d->count++] : NULL;
}

static enum br_rc
add_key(struct draft *d, const char *path, bool asserts, struct br_err *reterr)
{
    struct br_key key;
    BR_TRY(read_key(path, &key, reterr));
    struct use *u = find(d, &key);
    if (u == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "%d keys at most", KEYS_MAX);
    }
    u->key = key;
    u->asserts = u->asserts || asserts;
    u->authenticates = u->authenticates || !asserts;
    return br_jwk_thumbprint_text(&key, u->name, reterr);
}

static enum br_rc
add_keys(struct draft *d, const char *list, bool asserts, struct br_err *reterr)
{
    char path[4096];
    for (const char *p = list == NULL ? "" : list; *p != '\0';) {
        size_t n = strcspn(p, ",");
        (void)snprintf(path, sizeof(path), "%.*s", (int)n, p);
        if (n > 0) {
            BR_TRY(add_key(d, path, asserts, reterr));
        }
        p += n + (p[n] == ',');
    }
    return BR_OK;
}

/* ---- the document ------------------------------------------------------- */

static void
put_method(struct br_buf *b, struct br_bytes did, const struct use *u)
{
    const struct br_jwk jwk = {.key = u->key};
    struct br_json_writer w;
    br_buf_printf(
        b,
        "    {\"id\": \"%.*s#%s\",\n     \"type\": \"JsonWebKey2020\",\n"
        "     \"controller\": \"%.*s\",\n     \"publicKeyJwk\": ",
        (int)did.n, (const char *)did.p, u->name, (int)did.n,
        (const char *)did.p);
    br_json_writer_init(&w, b);
    br_jwk_write(&w, &jwk);
    br_buf_puts(b, "}");
}

static void
put_relationship(
    struct br_buf *b,
    struct br_bytes did,
    const struct draft *d,
    const char *name,
    bool asserts)
{
    const char *mark = "";
    br_buf_printf(b, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < d->count; i++) {
        const struct use *u = &d->keys[i];
        if (asserts ? u->asserts : u->authenticates) {
            br_buf_printf(
                b, "%s\n    \"%.*s#%s\"", mark, (int)did.n, (const char *)did.p,
                u->name);
            mark = ",";
        }
    }
    br_buf_puts(b, "]");
}

enum br_rc
br_cli_registry_draft(
    const struct br_cli_draft *draft, struct br_buf *ret, struct br_err *reterr)
{
    static struct draft d; /* large, and made once */
    struct br_did did;
    d.count = 0;
    BR_TRY(br_did_parse(draft->did, &did, reterr));
    BR_TRY(add_keys(&d, draft->assertion, true, reterr));
    BR_TRY(add_keys(&d, draft->authentication, false, reterr));
    if (d.count == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "--assertion FILE or --authentication FILE: certificates or public "
            "keys");
    }
    br_buf_printf(
        ret,
        "{\n  \"@context\": [\"https://www.w3.org/ns/did/v1\"],\n"
        "  \"id\": \"%.*s\",\n  \"verificationMethod\": [\n",
        (int)did.did.n, (const char *)did.did.p);
    for (size_t i = 0; i < d.count; i++) {
        br_buf_puts(ret, i == 0 ? "" : ",\n");
        put_method(ret, did.did, &d.keys[i]);
    }
    br_buf_puts(ret, "]");
    put_relationship(ret, did.did, &d, "assertionMethod", true);
    put_relationship(ret, did.did, &d, "authentication", false);
    br_buf_puts(ret, "\n}\n");
    return br_buf_status(ret, reterr);
}

/* ---- did draft ---------------------------------------------------------- */

/** did:broletto of --member, on the node's ledger. */
static enum br_rc
name_member(const struct br_args *a, struct br_buf *ret, struct br_err *reterr)
{
    struct br_node_client c = {0};
    struct br_buf log;
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_bytes chain = {0};
    br_buf_init(&log, DOCUMENT_BYTES_MAX);
    br_arena_init(&arena, 4u * DOCUMENT_BYTES_MAX);
    enum br_rc rc = br_node_client_open(a, &c, reterr);
    if (rc == BR_OK) {
        rc = br_node_get(&c, "/v1/log", &log, reterr);
    }
    if (rc == BR_OK) {
        rc = br_json_parse(br_buf_bytes(&log), &arena, &v, reterr);
    }
    if (rc == BR_OK) {
        rc = br_json_need_string(v, "chain_id", &chain, reterr);
    }
    br_buf_printf(
        ret, "did:broletto:%.*s:%s", (int)chain.n, (const char *)chain.p,
        a->member);
    br_node_client_close(&c);
    br_arena_fini(&arena);
    br_buf_fini(&log);
    return rc == BR_OK ? br_buf_status(ret, reterr) : rc;
}

static enum br_rc
draft(const struct br_args *a, struct br_buf *ret, struct br_err *reterr)
{
    struct br_buf did;
    br_buf_init(&did, 1024);
    enum br_rc rc = BR_OK;
    if (a->did != NULL) {
        br_buf_puts(&did, a->did);
    } else if (a->member != NULL) {
        rc = name_member(a, &did, reterr);
    } else {
        rc = br_fail(
            reterr, BR_ERR_MISSING_FIELD, "--did DID or --member ID: whose?");
    }
    const struct br_cli_draft d = {
        br_buf_bytes(&did), a->assertion, a->authentication};
    if (rc == BR_OK) {
        rc = br_cli_registry_draft(&d, ret, reterr);
    }
    br_buf_fini(&did);
    return rc;
}

int
br_cmd_registry_did_draft(const struct br_args *a)
{
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, DOCUMENT_BYTES_MAX);
    enum br_rc rc = draft(a, &b, &err);
    if (rc == BR_OK) {
        (void)fwrite(b.p, 1, b.n, stdout);
    }
    br_buf_fini(&b);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
