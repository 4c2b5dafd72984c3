/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/setup/config.h"

#include <stdio.h>
#include <string.h>

static const struct br_config_row rows[] = {
#define TEXT(...)   BR_CONFIG_ROW_TEXT(struct br_orch_config, __VA_ARGS__)
#define FLAG(...)   BR_CONFIG_ROW_FLAG(struct br_orch_config, __VA_ARGS__)
#define NUMBER(...) BR_CONFIG_ROW_NUMBER(struct br_orch_config, __VA_ARGS__)
#include "orchestrator/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

const struct br_config_schema br_orch_config_schema = {
    .file = "orchestrator.yaml",
    .prefix = "BROLETTO_ORCHESTRATOR_",
    .title = "Configuration of the issuing body",
    .what = "issuing body",
    .make = "broletto orchestrator init",
    .check = "broletto orchestrator config check --data DIR",
    .source = "orchestrator/setup/config.def",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .size = sizeof(struct br_orch_config),
};

static bool
begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool
br_orch_is_loopback(const char *url)
{
    static const char *const hosts[] = {
        "http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        size_t n = strlen(hosts[i]);
        if (begins(url, hosts[i]) &&
            (url[n] == ':' || url[n] == '/' || url[n] == '\0')) {
            return true;
        }
    }
    return false;
}

void
br_orch_host(const char *url, char out[254])
{
    const char *at = strstr(url, "://");
    at = at == NULL ? url : at + 3;
    size_t n = strcspn(at, ":/");
    bool numbers = at[0] == '[' || strspn(at, "0123456789.") >= n;
    (void)snprintf(
        out, 254, "%.*s",
        numbers   ? 9
        : n > 253 ? 253
                  : (int)n,
        numbers ? "localhost" : at);
}

enum br_rc
br_orch_check_url(
    const char *url, bool insecure_loopback, struct br_err *reterr)
{
    size_t n = strlen(url);
    bool good = begins(url, "https://") ||
                (insecure_loopback && br_orch_is_loopback(url));
    if (!good || n > 512 || url[n - 1] == '/' ||
        strpbrk(url, "?#\"\\ \t\n@") != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFIG,
            "public_url: %.100s: an https address without a slash at its end, "
            "query or fragment (http on this machine with insecure_loopback)",
            url);
    }
    return BR_OK;
}

/** Somebody must be able to come in, and a provider be asked over https. */
static enum br_rc
check_logins(const struct br_orch_config *c, struct br_err *reterr)
{
    if (c->oidc_issuer[0] == '\0') {
        return c->desk_local
                   ? BR_OK
                   : br_fail(
                         reterr, BR_ERR_CONFIG,
                         "desk_local is false and there is no oidc_issuer: "
                         "nobody could log in at the desk");
    }
    bool good = begins(c->oidc_issuer, "https://") ||
                (c->insecure_loopback && br_orch_is_loopback(c->oidc_issuer));
    if (!good || strpbrk(c->oidc_issuer, "?#\"\\ \t\n@") != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFIG,
            "oidc_issuer: %.100s: an https address without query or fragment "
            "(http on this machine with insecure_loopback)",
            c->oidc_issuer);
    }
    if (c->oidc_client_id[0] == '\0') {
        return br_fail(reterr, BR_ERR_CONFIG, "oidc_client_id is missing");
    }
    if (strcmp(c->oidc_client_auth, "client_secret_basic") == 0 &&
        c->oidc_client_secret_file[0] == '\0') {
        return br_fail(
            reterr, BR_ERR_CONFIG, "oidc_client_secret_file is missing");
    }
    return BR_OK;
}

enum br_rc
br_orch_config_load(
    const char *data_dir, struct br_orch_config *ret, struct br_err *reterr)
{
    struct br_orch_config c = {0};
    BR_TRY(br_config_load(&br_orch_config_schema, data_dir, &c, reterr));
    enum br_rc rc =
        br_orch_check_url(c.public_url, c.insecure_loopback, reterr);
    if (rc == BR_OK) {
        rc = check_logins(&c, reterr);
    }
    if (rc != BR_OK) {
        br_orch_config_fini(&c);
        return rc;
    }
    *ret = c;
    return BR_OK;
}

void
br_orch_config_fini(struct br_orch_config *c)
{
    br_config_fini(&br_orch_config_schema, c);
}
