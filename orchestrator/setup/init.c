/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/setup/init.h"

#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/x509.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/setup/types.h"
#include "orchestrator/store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As for the development TSA: long enough for demonstrations, and clocks
 * differ. */
#define VALID_S (5ll * 365 * 24 * 3600)
#define GRACE_S (24ll * 3600)

struct init {
    struct br_orch_init o;
    bool loopback;
    char host[254];
    char organization[BR_X509_NAME_BYTES_MAX + 1];
    struct br_secret *passphrase;
    struct br_signer *ca_key;
};

static const char *
in_dir(const struct init *n, char path[PATH_MAX], const char *name)
{
    (void)snprintf(path, PATH_MAX, "%s/%s", n->o.data_dir, name);
    return path;
}

static enum br_rc
make_folder(const struct init *n, const char *name, struct br_err *reterr)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s%s", n->o.data_dir, name);
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return BR_OK;
    }
    return br_fail(reterr, BR_ERR_IO, "making %s: %s", path, strerror(errno));
}

static struct br_x509_subject
subject(
    const struct init *n,
    const char *name,
    const char *organization,
    uint64_t serial)
{
    int64_t from = (int64_t)(n->o.now.v / 1000000) - GRACE_S;
    return (struct br_x509_subject){
        name, organization, serial, from, from + VALID_S};
}

/** Wallets tell who asks by the certificate: the body's name, or its beginning,
 *  cut between characters. */
static void
name_organization(struct init *n)
{
    const char *name = n->o.name;
    size_t len = strlen(name);
    if (len > BR_X509_NAME_BYTES_MAX) {
        len = BR_X509_NAME_BYTES_MAX;
        while (len > 0 && ((unsigned char)name[len] & 0xc0u) == 0x80) {
            len--;
        }
    }
    memcpy(n->organization, name, len);
    n->organization[len] = '\0';
}

static const char ca_name[] = "Broletto development CA";
static const char ca_organization[] = "Broletto (development)";

static enum br_rc
make_root(const struct init *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf pem;
    const struct br_x509_subject ca = subject(n, ca_name, ca_organization, 1);
    br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_x509_create_dev_root(&ca, n->ca_key, &pem, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(
            in_dir(n, path, "ca/development-ca.pem"), br_buf_bytes(&pem), 0644,
            reterr);
    }
    br_buf_fini(&pem);
    return rc;
}

struct role {
    const char *common_name;
    const char *key;
    const char *chain;
    uint64_t serial;
};

static enum br_rc
certify(
    const struct init *n,
    const struct role *role,
    const struct br_signer *s,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf pem;
    const struct br_x509_dev_leaf leaf = {
        .ca = subject(n, ca_name, ca_organization, 1),
        .ca_key = n->ca_key,
        .leaf = subject(n, role->common_name, n->organization, role->serial),
        .leaf_public = br_signer_public(s),
        .dns = n->host,
    };
    br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_x509_create_dev_leaf(&leaf, &pem, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(
            in_dir(n, path, role->chain), br_buf_bytes(&pem), 0644, reterr);
    }
    br_buf_fini(&pem);
    return rc;
}

static enum br_rc
make_keys(struct init *n, struct br_err *reterr)
{
    static const struct role roles[] = {
        {"Broletto development issuer", "keys/issuer.key",
         "ca/issuer-chain.pem", 2},
        {"Broletto development verifier", "keys/verifier.key",
         "ca/verifier-chain.pem", 3},
    };
    char path[PATH_MAX];
    BR_TRY(br_secret_generate_file(
        in_dir(n, path, "keys/passphrase"), &n->passphrase, reterr));
    /* The authority's key signs two certificates and is forgotten. */
    BR_TRY(br_signer_generate(BR_SIGN_ES256, &n->ca_key, reterr));
    BR_TRY(make_root(n, reterr));
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        struct br_signer *s = NULL;
        BR_TRY(br_keyfile_create(
            in_dir(n, path, roles[i].key), BR_SIGN_ES256, n->passphrase, &s,
            reterr));
        enum br_rc rc = certify(n, &roles[i], s, reterr);
        br_signer_free(s);
        BR_TRY(rc);
    }
    /* For a provider at which operators log in, should there be one. */
    struct br_signer *client = NULL;
    BR_TRY(br_keyfile_create(
        in_dir(n, path, "keys/oidc.key"), BR_SIGN_ES256, n->passphrase, &client,
        reterr));
    br_signer_free(client);
    return BR_OK;
}

static enum br_rc
write_types(const struct init *n, struct br_err *reterr)
{
    for (const struct br_shipped_type *t = br_shipped_types; t->name != NULL;
         t++) {
        char path[PATH_MAX];
        (void)snprintf(
            path, sizeof(path), "%s/types/%s", n->o.data_dir, t->name);
        BR_TRY(br_file_create(path, br_bytes(t->text, t->n), 0644, reterr));
    }
    return BR_OK;
}

static enum br_rc
write_config(const struct init *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    br_buf_printf(
        &b,
        "# The configuration of a Broletto issuing body. Check it with:\n"
        "#   broletto orchestrator config check --data DIR\n"
        "# docs/orchestrator-configuration.md tells each key. Lines that begin "
        "with # show the\n"
        "# defaults.\n\n"
        "public_url: \"%s\"\nname: \"%s\"\n",
        n->o.public_url, n->o.name);
    if (n->loopback) {
        br_buf_puts(
            &b, "# Plain http, for trials on this machine alone.\n"
                "insecure_loopback: true\n");
    }
    if (n->o.node_url != NULL) {
        br_buf_printf(&b, "node_url: \"%s\"\n", n->o.node_url);
    } else {
        br_buf_puts(
            &b, "# Without a node there is no registry to ask.\n"
                "accreditation: \"off\"\n");
    }
    br_config_put_defaults(&b, &br_orch_config_schema);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(
            in_dir(n, path, "orchestrator.yaml"), br_buf_bytes(&b), 0644,
            reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
make_all(struct init *n, struct br_err *reterr)
{
    struct br_kv *kv = NULL;
    BR_TRY(make_folder(n, "", reterr));
    BR_TRY(make_folder(n, "/keys", reterr));
    BR_TRY(make_folder(n, "/ca", reterr));
    BR_TRY(make_folder(n, "/types", reterr));
    BR_TRY(make_keys(n, reterr));
    BR_TRY(write_types(n, reterr));
    BR_TRY(br_orch_store_open(n->o.data_dir, &kv, reterr));
    br_kv_close(kv);
    return write_config(n, reterr);
}

/** What goes between quotes in YAML. */
static enum br_rc
check_texts(const struct init *n, struct br_err *reterr)
{
    const char *const texts[] = {n->o.name, n->o.node_url};
    for (size_t i = 0; i < 2; i++) {
        if (texts[i] != NULL && (strpbrk(texts[i], "\"\\\n\r\t") != NULL ||
                                 strlen(texts[i]) > 256)) {
            return br_fail(
                reterr, BR_ERR_MALFORMED,
                "%.60s: at most 256 bytes, without quotes and backslashes",
                texts[i]);
        }
    }
    return br_orch_check_url(n->o.public_url, true, reterr);
}

enum br_rc
br_orch_init(const struct br_orch_init *options, struct br_err *reterr)
{
    struct init n = {.o = *options};
    char path[PATH_MAX];
    struct stat st;
    if (n.o.public_url == NULL) {
        n.o.public_url = "http://127.0.0.1:8450";
    }
    if (n.o.name == NULL || n.o.name[0] == '\0') {
        n.o.name = "Issuing body (development)";
    }
    BR_TRY(check_texts(&n, reterr));
    n.loopback = br_orch_is_loopback(n.o.public_url);
    name_organization(&n);
    br_orch_host(n.o.public_url, n.host);
    if (stat(in_dir(&n, path, "keys"), &st) == 0 ||
        stat(in_dir(&n, path, "orchestrator.yaml"), &st) == 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s has an issuing body already",
            options->data_dir);
    }
    enum br_rc rc = make_all(&n, reterr);
    br_signer_free(n.ca_key);
    br_secret_free(n.passphrase);
    return rc;
}
