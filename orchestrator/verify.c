/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verify.h"

#include "common/crypto/files.h"
#include "common/crypto/x509.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOKEN_BYTES_MAX = 512, ARENA_BYTES = 256 * 1024 };

struct br_verify {
    struct br_arena arena; /**< chain and attestation */
    struct br_verifier_options o;
    struct br_signer *signer;
    struct br_private_key *key;
    struct br_buf trust;
    char token[TOKEN_BYTES_MAX];
    struct br_verifier *verifier;
};

static const char *
in_data(const char *data_dir, char path[PATH_MAX], const char *name)
{
    bool whole = name[0] == '/' || strncmp(name, "pkcs11:", 7) == 0;
    (void)snprintf(
        path, PATH_MAX, "%s%s%s", whole ? "" : data_dir, whole ? "" : "/",
        name);
    return path;
}

/** The first line of a file, in the arena. */
static enum br_rc
read_line(
    const char *path,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    enum br_rc rc = br_file_read(path, &b, reterr);
    while (b.n > 0 && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\r')) {
        b.n--;
    }
    char *copy = rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&b)) : NULL;
    *ret = br_bytes(copy, copy == NULL ? 0 : b.n);
    br_buf_fini(&b);
    return rc == BR_OK && copy == NULL
               ? br_fail(reterr, BR_ERR_NO_MEMORY, "%s", path)
               : rc;
}

enum br_rc
br_verify_identity(
    const char *data_dir,
    const struct br_orch_config *config,
    struct br_arena *arena,
    struct br_verifier_identity *ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    *ret = (struct br_verifier_identity){
        .public_url = config->public_url,
        .contacts = br_str(config->contacts),
        .policy_uri = br_str(config->privacy_policy),
    };
    BR_TRY(br_verifier_prefix(config->verifier_client, &ret->prefix, reterr));
    BR_TRY(br_verifier_read_chain(
        in_data(data_dir, path, config->verifier_chain), arena, ret, reterr));
    if (config->registration_certificate[0] != '\0') {
        BR_TRY(read_line(
            in_data(data_dir, path, config->registration_certificate), arena,
            &ret->registration, reterr));
    }
    return config->verifier_attestation[0] == '\0'
               ? BR_OK
               : read_line(
                     in_data(data_dir, path, config->verifier_attestation),
                     arena, &ret->attestation, reterr);
}

static enum br_rc
open_key(
    struct br_verify *v,
    const struct br_verify_options *options,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    const struct br_orch_config *c = options->config;
    BR_TRY(br_signer_open(
        in_data(options->data_dir, path, c->verifier_key), options->passphrase,
        &v->signer, reterr));
    BR_TRY(br_private_key_of_signer(v->signer, &v->key, reterr));
    return br_key_eq(br_private_key_public(v->key), &v->o.identity.key)
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CERTIFICATE_INVALID,
                     "%s certifies another key than %s", c->verifier_chain,
                     c->verifier_key);
}

static enum br_rc
open_token(
    struct br_verify *v,
    const struct br_verify_options *options,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_bytes line;
    const struct br_orch_config *c = options->config;
    if (c->node_url[0] == '\0' || c->node_token_file[0] == '\0') {
        return BR_OK;
    }
    BR_TRY(read_line(
        in_data(options->data_dir, path, c->node_token_file), &v->arena, &line,
        reterr));
    if (line.n == 0 || line.n >= sizeof(v->token)) {
        return br_fail(reterr, BR_ERR_CONFIG, "%s holds no token", path);
    }
    memcpy(v->token, line.p, line.n);
    return BR_OK;
}

/** The node that is stamped on is the one that is asked, where no other is
 *  named; it may want its token. */
static enum br_rc
open_accreditation(
    struct br_verify *v, const struct br_orch_config *c, struct br_err *reterr)
{
    struct br_verifier_accreditation *a = &v->o.accreditation;
    bool own = c->registries[strspn(c->registries, " ")] == '\0';
    BR_TRY(br_verifier_accreditation(
        c->accreditation, c->accreditation_when,
        own ? c->node_url : c->registries, a, reterr));
    a->iat_rounding_s = c->iat_rounding_s;
    a->registry.token = own && v->token[0] != '\0' ? v->token : NULL;
    a->registry.fresh_s = c->registry_fresh_s;
    a->registry.grace_s = c->registry_grace_s;
    return BR_OK;
}

static enum br_rc
open_all(
    struct br_verify *v,
    const struct br_verify_options *options,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    const struct br_orch_config *c = options->config;
    BR_TRY(br_verify_identity(
        options->data_dir, c, &v->arena, &v->o.identity, reterr));
    BR_TRY(open_key(v, options, reterr));
    BR_TRY(br_file_read(
        in_data(options->data_dir, path, c->trusted_issuers), &v->trust,
        reterr));
    BR_TRY(open_token(v, options, reterr));
    BR_TRY(open_accreditation(v, c, reterr));
    v->o.data_dir = options->data_dir;
    v->o.key = v->key;
    v->o.trust_pem = br_buf_bytes(&v->trust);
    v->o.plain_http = c->insecure_loopback;
    v->o.node_url = c->node_url;
    v->o.node_token = v->token;
    v->o.result_s = c->result_s;
    v->o.history_s = c->history_s;
    v->o.binding_s = c->binding_s;
    v->o.warning = options->warning;
    v->o.ctx = options->ctx;
    return br_verifier_start(&v->o, &v->verifier, reterr);
}

enum br_rc
br_verify_start(
    const struct br_verify_options *options,
    struct br_verify **ret,
    struct br_err *reterr)
{
    struct br_verify *v = (struct br_verify *)calloc(1, sizeof(*v));
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "verifier");
    }
    br_arena_init(&v->arena, ARENA_BYTES);
    br_buf_init(&v->trust, BR_X509_TRUST_PEM_BYTES_MAX);
    enum br_rc rc = open_all(v, options, reterr);
    if (rc != BR_OK) {
        br_verify_stop(v);
        return rc;
    }
    *ret = v;
    return BR_OK;
}

void
br_verify_stop(struct br_verify *v)
{
    if (v == NULL) {
        return;
    }
    br_verifier_stop(v->verifier);
    br_private_key_free(v->key);
    br_signer_free(v->signer);
    br_buf_fini(&v->trust);
    br_arena_fini(&v->arena);
    br_wipe(v->token, sizeof(v->token));
    free(v);
}

struct br_verifier *
br_verify_verifier(struct br_verify *v)
{
    return v->verifier;
}
