/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/setup/open.h"

#include "common/credential/jwk.h"
#include "common/crypto/files.h"
#include "common/crypto/x509_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { ATTESTERS_BYTES_MAX = 256 * 1024 };

/* ---- making ------------------------------------------------------------- */

static enum br_rc
in_folder(
    const char *folder,
    const char *name,
    char path[PATH_MAX],
    struct br_err *reterr)
{
    int n = name[0] == '/' ? snprintf(path, PATH_MAX, "%s", name)
                           : snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX
               ? BR_OK
               : br_fail(reterr, BR_ERR_OUT_OF_RANGE, "%s: too long", name);
}

static enum br_rc
make_folder(const char *path, struct br_err *reterr)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return BR_OK;
    }
    return br_fail(reterr, BR_ERR_IO, "making %s: %s", path, strerror(errno));
}

/** What the token gives; NULL where there is none. */
static enum br_rc
open_server_key(
    const char *uri, struct br_seal_key **ret, struct br_err *reterr)
{
    struct br_signer *s = NULL;
    *ret = NULL;
    if (uri == NULL || uri[0] == '\0') {
        return BR_OK;
    }
    if (strncmp(uri, "pkcs11:", 7) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG,
            "vault_key: a pkcs11: URI is wanted, as a file beside the vault "
            "would be copied with it");
    }
    BR_TRY(br_signer_open(uri, NULL, &s, reterr));
    enum br_rc rc =
        br_seal_key_of_signer(s, "broletto-vault-server-1", ret, reterr);
    br_signer_free(s);
    return rc;
}

static enum br_rc
write_config(const struct br_wallet_init *init, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    BR_TRY(in_folder(init->folder, "wallet.yaml", path, reterr));
    br_buf_init(&b, 64u * 1024);
    br_buf_puts(
        &b, "# The configuration of a Broletto wallet. Check it with:\n"
            "#   broletto wallet config check --vault DIR\n"
            "# docs/wallet.md tells more. Lines that begin with # show the\n"
            "# defaults.\n\n");
    if (init->allow_loopback) {
        br_buf_puts(
            &b, "# Development: strangers' links may lead to this machine.\n");
    }
    br_buf_printf(
        &b, "allow_loopback: %s\n", init->allow_loopback ? "true" : "false");
    if (init->registries != NULL) {
        br_buf_printf(&b, "registries: \"%s\"\n", init->registries);
    }
    if (init->vault_key != NULL) {
        br_buf_printf(&b, "vault_key: \"%s\"\n", init->vault_key);
    }
    br_config_put_defaults(&b, &br_wallet_config_schema);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(path, br_buf_bytes(&b), 0644, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/** A copy of the file, once it was read as certificates. */
static enum br_rc
write_trust(const struct br_wallet_init *init, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_x509_trust *trust = NULL;
    struct br_buf b;
    br_buf_init(&b, BR_X509_TRUST_PEM_BYTES_MAX);
    enum br_rc rc =
        init->trust == NULL ? BR_OK : br_file_read(init->trust, &b, reterr);
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&b), &trust, reterr);
    }
    br_x509_trust_free(trust);
    if (rc == BR_OK) {
        rc = in_folder(init->folder, "trust", path, reterr);
    }
    if (rc == BR_OK) {
        rc = make_folder(path, reterr);
    }
    if (rc == BR_OK) {
        rc = in_folder(init->folder, "trust/issuers.pem", path, reterr);
    }
    if (rc == BR_OK) {
        rc = br_file_create(path, br_buf_bytes(&b), 0644, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
make_person(
    const struct br_wallet_init *init,
    struct br_vault *v,
    bool *ret_generated,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_secret *made = NULL;
    struct br_vault_person *p = NULL;
    enum br_rc rc = BR_OK;
    if (init->no_person) {
        return BR_OK;
    }
    if (init->passphrase == NULL) {
        BR_TRY(in_folder(init->folder, "passphrase", path, reterr));
        BR_TRY(br_secret_generate_file(path, &made, reterr));
        *ret_generated = true;
    }
    rc = br_vault_add_person(
        v, init->person == NULL ? BR_WALLET_OWNER : init->person,
        made != NULL ? made : init->passphrase, &p, reterr);
    if (rc == BR_OK) {
        br_vault_lock(p);
    }
    br_secret_free(made);
    return rc;
}

/** They must be addresses that can be asked. */
static enum br_rc
check_registries(const struct br_wallet_init *init, struct br_err *reterr)
{
    struct br_registry_client *c = NULL;
    const struct br_registry_options o = {
        .urls = init->registries == NULL ? "" : init->registries};
    if (strpbrk(o.urls, "\"\\\n\r\t") != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "registries: no quotes, no backslashes");
    }
    BR_TRY(br_registry_client_new(&o, &c, reterr));
    br_registry_client_free(c);
    return BR_OK;
}

enum br_rc
br_wallet_make(
    const struct br_wallet_init *init,
    bool *ret_generated,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct stat st;
    struct br_vault *v = NULL;
    struct br_vault_options o = {.folder = init->folder, .create = true};
    struct br_seal_key *server = NULL;
    *ret_generated = false;
    BR_TRY(check_registries(init, reterr));
    BR_TRY(in_folder(init->folder, "wallet.yaml", path, reterr));
    if (stat(path, &st) == 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s has a wallet already", init->folder);
    }
    BR_TRY(open_server_key(init->vault_key, &server, reterr));
    o.server = server;
    enum br_rc rc = make_folder(init->folder, reterr);
    if (rc == BR_OK) {
        rc = write_trust(init, reterr);
    }
    if (rc == BR_OK) {
        rc = br_vault_open(&o, &v, reterr);
    }
    if (rc == BR_OK) {
        rc = make_person(init, v, ret_generated, reterr);
    }
    br_vault_close(v);
    br_seal_key_free(server);
    BR_TRY(rc);
    return write_config(init, reterr); /* last: then there is a wallet */
}

/* ---- opening ------------------------------------------------------------ */

/** A configured file that is not there is a mistake: who names registrars wants
 *  to be told of over-asking. */
static enum br_rc
read_registrars(const char *folder, struct br_wallet *w, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    if (w->config.registrars[0] == '\0') {
        return BR_OK;
    }
    BR_TRY(in_folder(folder, w->config.registrars, path, reterr));
    br_buf_init(&b, BR_X509_TRUST_PEM_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&b), &w->registrars, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

/** A configured file that is not there trusts nobody. */
static enum br_rc
read_trust(
    const char *folder,
    const char *extra,
    struct br_wallet *w,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    BR_TRY(in_folder(folder, w->config.trust, path, reterr));
    br_buf_init(&b, BR_X509_TRUST_PEM_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    rc = rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
    if (rc == BR_OK && extra != NULL) {
        br_buf_puts(&b, "\n");
        rc = br_file_read(extra, &b, reterr);
    }
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&b), &w->trust, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
take_attester(
    const struct br_json *v, struct br_wallet *w, struct br_err *reterr)
{
    struct br_bytes issuer = {NULL, 0};
    struct br_json *jwks = NULL;
    struct br_json *keys = NULL;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_need_string(v, "issuer", &issuer, reterr));
    BR_TRY(br_json_need(v, "jwks", BR_JSON_OBJECT, &jwks, reterr));
    BR_TRY(br_json_need(jwks, "keys", BR_JSON_ARRAY, &keys, reterr));
    for (struct br_json *i = br_json_first(keys); i != NULL; i = i->next) {
        struct br_jwk jwk;
        if (w->attester_count == BR_WALLET_ATTESTERS_MAX) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "more than %d keys of attesters",
                BR_WALLET_ATTESTERS_MAX);
        }
        BR_TRY(br_jwk_parse(i, &jwk, reterr));
        w->attesters[w->attester_count++] =
            (struct br_vp_attester){issuer, jwk.key};
    }
    return BR_OK;
}

/** A file that is named and not there, or wrong, stops the wallet: who trusts
 *  nobody says so with an empty name. */
static enum br_rc
read_attesters(const char *folder, struct br_wallet *w, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_json *v = NULL;
    struct br_buf b;
    if (w->config.attesters[0] == '\0') {
        return BR_OK;
    }
    BR_TRY(in_folder(folder, w->config.attesters, path, reterr));
    br_buf_init(&b, ATTESTERS_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    const char *copy =
        rc == BR_OK ? br_arena_copy(&w->arena, br_buf_bytes(&b)) : NULL;
    if (rc == BR_OK && copy == NULL) {
        rc = br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for attesters");
    }
    if (rc == BR_OK) {
        rc = br_json_parse(br_bytes(copy, b.n), &w->arena, &v, reterr);
    }
    if (rc == BR_OK) {
        rc = br_json_as(v, BR_JSON_ARRAY, reterr);
    }
    for (struct br_json *i = rc == BR_OK ? br_json_first(v) : NULL;
         rc == BR_OK && i != NULL; i = i->next) {
        rc = take_attester(i, w, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
open_all(
    const char *folder,
    const char *extra,
    struct br_wallet *w,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_vault_options o = {.folder = folder};
    BR_TRY(open_server_key(w->config.vault_key, &w->server, reterr));
    o.server = w->server;
    BR_TRY(read_trust(folder, extra, w, reterr));
    BR_TRY(read_registrars(folder, w, reterr));
    BR_TRY(read_attesters(folder, w, reterr));
    if (w->config.ca_file[0] != '\0') {
        BR_TRY(in_folder(folder, w->config.ca_file, path, reterr));
        int n = snprintf(w->ca_file, sizeof(w->ca_file), "%s", path);
        if (n < 0 || (size_t)n >= sizeof(w->ca_file)) {
            return br_fail(reterr, BR_ERR_CONFIG, "ca_file: too long");
        }
    }
    return br_vault_open(&o, &w->vault, reterr);
}

enum br_rc
br_wallet_open(
    const char *folder,
    const char *extra_trust,
    struct br_wallet *ret,
    struct br_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    br_arena_init(&ret->arena, ATTESTERS_BYTES_MAX * 16u);
    BR_TRY(br_wallet_config_load(folder, &ret->config, reterr));
    enum br_rc rc = open_all(folder, extra_trust, ret, reterr);
    if (rc != BR_OK) {
        br_wallet_close(ret);
    }
    return rc;
}

void
br_wallet_close(struct br_wallet *w)
{
    br_vault_close(w->vault);
    br_seal_key_free(w->server);
    br_x509_trust_free(w->trust);
    br_x509_trust_free(w->registrars);
    br_arena_fini(&w->arena);
    br_wallet_config_fini(&w->config);
    memset(w, 0, sizeof(*w));
}

enum br_rc
br_wallet_client_open(
    const struct br_wallet *w,
    struct br_wallet_client *ret,
    struct br_err *reterr)
{
    struct br_wallet_client c = {
        .policy =
            {
                .allow_loopback = w->config.allow_loopback,
                .ca_file = w->ca_file[0] == '\0' ? NULL : w->ca_file,
            },
        .trust = w->trust,
        .registrars = w->registrars,
        .accreditation_required = w->config.accreditation_required,
        .copies = (unsigned)w->config.copies,
        .use = w->config.once_only ? BR_WALLET_USE_ONCE : BR_WALLET_USE_ROTATE,
        .renewal =
            {
                .floor = (unsigned)w->config.copies_floor,
                .notice_s = w->config.renew_days * 86400u,
            },
        .attesters = w->attesters,
        .attester_count = w->attester_count,
    };
    const struct br_registry_options registry = {
        .urls = w->config.registries,
        .ca_file = c.policy.ca_file,
        .fresh_s = w->config.registry_fresh_s,
    };
    BR_TRY(br_registry_client_new(&registry, &c.registry, reterr));
    enum br_rc rc = br_http_client_new(&c.http, reterr);
    if (rc != BR_OK) {
        br_wallet_client_close(&c);
        return rc;
    }
    *ret = c;
    return BR_OK;
}

void
br_wallet_client_close(struct br_wallet_client *c)
{
    br_http_client_free(c->http);
    br_registry_client_free(c->registry);
    *c = (struct br_wallet_client){.http = NULL};
}
