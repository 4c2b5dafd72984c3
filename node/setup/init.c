/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/init.h"

#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"
#include "node/chain/chain.h"
#include "node/setup/config.h"
#include "node/setup/development_ca.h"
#include "node/setup/genesis.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct init {
    struct br_init_options o;
    char chain_id[BR_CHAIN_ID_BYTES_MAX + 1];
    char origin[BR_ORIGIN_BYTES_MAX + 1];
    struct br_secret *passphrase;
    struct br_signer *member;
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

static enum br_rc
make_key(
    const struct init *n,
    const char *name,
    enum br_sign_alg alg,
    struct br_signer **ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    return br_keyfile_create(
        in_dir(n, path, name), alg, n->passphrase, ret, reterr);
}

static enum br_rc
make_other_keys(const struct init *n, struct br_err *reterr)
{
    static const struct {
        const char *name;
        enum br_sign_alg alg;
    } keys[] = {
        {"keys/log.key", BR_SIGN_ED25519},
        {"keys/receipt.key", BR_SIGN_ES256},
        {"keys/witness.key", BR_SIGN_ED25519},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct br_signer *s = NULL;
        BR_TRY(make_key(n, keys[i].name, keys[i].alg, &s, reterr));
        br_signer_free(s);
    }
    return BR_OK;
}

static enum br_rc
write_genesis(const struct init *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    struct br_genesis_member m = {
        .id = br_str(n->o.member),
        .member =
            {br_str(n->o.member_name), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
        .key = *br_signer_public(n->member),
    };
    struct br_genesis g = {br_str(n->chain_id), n->o.now, &m, 1};
    struct br_chain_options chain = {.folder = n->o.data_dir, .chain = g.chain};
    br_buf_init(&b, BR_GENESIS_BYTES_MAX);
    br_genesis_put(&b, &g);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(
            in_dir(n, path, "genesis.cbor"), br_buf_bytes(&b), 0644, reterr);
    }
    br_buf_fini(&b);
    BR_TRY(rc);
    return br_chain_create(&chain, &g, reterr);
}

static enum br_rc
write_config(const struct init *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    br_node_config_put_template(&b, n->chain_id, n->origin, n->o.member);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_file_create(
            in_dir(n, path, "node.yaml"), br_buf_bytes(&b), 0644, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
make_all(struct init *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    BR_TRY(make_folder(n, "", reterr));
    BR_TRY(make_folder(n, "/keys", reterr));
    BR_TRY(make_folder(n, "/ca", reterr));
    BR_TRY(br_secret_generate_file(
        in_dir(n, path, "keys/passphrase"), &n->passphrase, reterr));
    BR_TRY(make_key(n, "keys/member.key", BR_SIGN_ED25519, &n->member, reterr));
    BR_TRY(make_other_keys(n, reterr));
    BR_TRY(br_development_ca(n->o.data_dir, n->o.now, n->passphrase, reterr));
    BR_TRY(write_genesis(n, reterr));
    return write_config(n, reterr);
}

static enum br_rc
check_names(const struct init *n, struct br_err *reterr)
{
    if (!br_identifier_ok(br_str(n->chain_id), BR_CHAIN_ID_BYTES_MAX) ||
        !br_identifier_ok(br_str(n->o.member), BR_MEMBER_ID_BYTES_MAX)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "chain id and member id: 1 to 64 of a-z 0-9 . -");
    }
    if (n->origin[0] == '\0' || strpbrk(n->origin, " +\n\t\"\\") != NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "origin: no spaces, quotes or plus");
    }
    return BR_OK;
}

static void
fill_defaults(struct init *n)
{
    if (n->o.member == NULL) {
        n->o.member = "operator";
    }
    if (n->o.member_name == NULL) {
        n->o.member_name = "Operator (development)";
    }
    if (n->o.chain_id != NULL) {
        (void)snprintf(n->chain_id, sizeof(n->chain_id), "%s", n->o.chain_id);
    } else {
        uint32_t r;
        br_random(&r, sizeof(r));
        (void)snprintf(n->chain_id, sizeof(n->chain_id), "broletto-%08x", r);
    }
    if (n->o.origin != NULL) {
        (void)snprintf(n->origin, sizeof(n->origin), "%s", n->o.origin);
    } else {
        (void)snprintf(
            n->origin, sizeof(n->origin), "localhost/%s", n->chain_id);
    }
}

enum br_rc
br_node_init(const struct br_init_options *options, struct br_err *reterr)
{
    struct init n = {.o = *options};
    char path[PATH_MAX];
    struct stat st;
    fill_defaults(&n);
    BR_TRY(check_names(&n, reterr));
    if (stat(in_dir(&n, path, "keys"), &st) == 0 ||
        stat(in_dir(&n, path, "node.yaml"), &st) == 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s has a node already",
            options->data_dir);
    }
    enum br_rc rc = make_all(&n, reterr);
    br_signer_free(n.member);
    br_secret_free(n.passphrase);
    return rc;
}
