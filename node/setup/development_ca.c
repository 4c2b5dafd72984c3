/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/development_ca.h"

#include "common/crypto/files.h"
#include "common/crypto/x509.h"

#include <limits.h>
#include <stdio.h>

/* Long enough that nobody's demonstration breaks, short enough that nobody
 * keeps it in production unnoticed. */
#define VALID_S (5ll * 365 * 24 * 3600)
/* Clocks differ: valid since a day ago. */
#define GRACE_S (24ll * 3600)

static enum br_rc
write_pem(
    const char *data_dir,
    const char *name,
    struct br_bytes pem,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", data_dir, name);
    return br_file_create(path, pem, 0644, reterr);
}

static enum br_rc
write_both(
    const char *data_dir,
    const struct br_buf *ca,
    struct br_buf *tsa,
    struct br_err *reterr)
{
    BR_TRY(
        write_pem(data_dir, "ca/development-ca.pem", br_buf_bytes(ca), reterr));
    br_buf_put(tsa, ca->p, ca->n);
    BR_TRY(br_buf_status(tsa, reterr));
    return write_pem(data_dir, "ca/tsa-chain.pem", br_buf_bytes(tsa), reterr);
}

static enum br_rc
certify(
    const char *data_dir,
    struct br_time_us now,
    struct br_signer *ca_key,
    const struct br_public_key *tsa,
    struct br_err *reterr)
{
    int64_t from = (int64_t)(now.v / 1000000) - GRACE_S;
    struct br_x509_dev_ca in = {
        .ca =
            {"Broletto development CA", "Broletto (development)", 1, from,
             from + VALID_S},
        .tsa =
            {"Broletto development TSA", "Broletto (development)", 2, from,
             from + VALID_S},
        .ca_key = ca_key,
        .tsa_public = tsa,
    };
    struct br_buf ca_pem;
    struct br_buf tsa_pem;
    br_buf_init(&ca_pem, BR_X509_PEM_BYTES_MAX);
    br_buf_init(&tsa_pem, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_x509_create_dev_ca(&in, &ca_pem, &tsa_pem, reterr);
    if (rc == BR_OK) {
        rc = write_both(data_dir, &ca_pem, &tsa_pem, reterr);
    }
    br_buf_fini(&ca_pem);
    br_buf_fini(&tsa_pem);
    return rc;
}

enum br_rc
br_development_ca(
    const char *data_dir,
    struct br_time_us now,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_signer *ca_key = NULL;
    struct br_signer *tsa_key = NULL;
    (void)snprintf(path, sizeof(path), "%s/keys/tsa.key", data_dir);
    BR_TRY(br_signer_generate(BR_SIGN_ES256, &ca_key, reterr));
    enum br_rc rc =
        br_keyfile_create(path, BR_SIGN_ES256, passphrase, &tsa_key, reterr);
    if (rc == BR_OK) {
        rc = certify(data_dir, now, ca_key, br_signer_public(tsa_key), reterr);
    }
    br_signer_free(tsa_key);
    br_signer_free(ca_key);
    return rc;
}
