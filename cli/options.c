/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Every option of every command, with the field that it fills. An option that
 * is a flag for one noun and has a value for another stands here twice. */
#define TEXT(name, field)                            \
    {                                                \
        name, offsetof(struct br_args, field), false \
    }
#define FLAG(name, field)                           \
    {                                               \
        name, offsetof(struct br_args, field), true \
    }
static const struct {
    const char *name;
    size_t offset;
    bool is_flag;
} fields[] = {
    TEXT("data", data),
    TEXT("node", node),
    TEXT("token", token),
    TEXT("scope", scope),
    TEXT("member", member),
    TEXT("note", note),
    TEXT("rate", rate),
    TEXT("days", days),
    TEXT("alg", alg),
    TEXT("policy", policy),
    TEXT("ca", ca),
    TEXT("chain-id", chain_id),
    TEXT("origin", origin),
    TEXT("name", name),
    TEXT("out", out),
    TEXT("lang", lang),
    TEXT("form", form),
    TEXT("keys", keys),
    TEXT("key", key),
    TEXT("public", public_key),
    TEXT("role", role),
    TEXT("overlap", overlap),
    TEXT("passphrase-file", passphrase_file),
    TEXT("checkpoint", checkpoint),
    TEXT("public-url", public_url),
    TEXT("type", type),
    TEXT("claims", claims),
    TEXT("reason", reason),
    TEXT("reference", reference),
    TEXT("trust", trust),
    TEXT("nonce", nonce),
    TEXT("audience", audience),
    TEXT("at", at),
    TEXT("by", by),
    TEXT("document", document),
    TEXT("ends", ends),
    TEXT("id", id),
    TEXT("level", level),
    TEXT("schema", schema),
    TEXT("until", until),
    TEXT("registry", registry),
    TEXT("assertion", assertion),
    TEXT("authentication", authentication),
    TEXT("did", did),
    TEXT("vault", vault),
    TEXT("vault-key", vault_key),
    TEXT("person", person),
    TEXT("backup-passphrase-file", backup_passphrase_file),
    TEXT("dcql", dcql),
    TEXT("transaction-data", transaction_data),
    TEXT("purpose", purpose),
    TEXT("redirect-uri", redirect_uri),
    TEXT("redirected", redirected),
    TEXT("response-code", response_code),
    TEXT("client", client),
    TEXT("operator", operator_name),
    TEXT("identity", identity),
    TEXT("from", from),
    TEXT("subject", subject),
    TEXT("output", output),
    FLAG("again", again),
    FLAG("json", json),
    FLAG("quiet", quiet),
    FLAG("explain", explain),
    FLAG("ledger-only", ledger_only),
    FLAG("with-passphrase", with_passphrase),
    FLAG("tx-code", tx_code),
    TEXT("tx-code", tx_code_value),
    FLAG("deferred", deferred),
    FLAG("by-value", by_value),
    FLAG("authorization-code", by_code),
    FLAG("yes", yes),
    FLAG("allow-loopback", allow_loopback),
    FLAG("server", server),
    FLAG("plain", plain),
    FLAG("refuse", refuse),
    FLAG("dry-run", dry_run),
    FLAG("open", open),
};
#undef TEXT
#undef FLAG
enum {
    FIELDS = sizeof(fields) / sizeof(fields[0]),
    HELP = 256 + FIELDS, /* past '?' */
};

/* What each command takes, beside its own. */
#define COMMON "[--quiet]"

enum use { ABSENT, IS_FLAG, HAS_VALUE };

/** How a usage text has an option: a value is a word after one space. */
static enum use
use_of(const char *usage, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = usage; (p = strstr(p, "--")) != NULL; p += 2) {
        if (strncmp(p + 2, name, n) != 0) {
            continue;
        }
        const char *end = p + 2 + n;
        if (*end == ' ' && strchr("-[|", end[1]) == NULL) {
            return HAS_VALUE;
        }
        if (*end == '\0' || *end == ' ' || *end == ']') {
            return IS_FLAG;
        }
    }
    return ABSENT;
}

static bool
takes(const struct br_command *c, int i)
{
    enum use use = use_of(c->options, fields[i].name);
    if (use == ABSENT) {
        use = use_of(COMMON, fields[i].name);
    }
    return use == (fields[i].is_flag ? IS_FLAG : HAS_VALUE);
}

static bool
is_known(const char *word)
{
    size_t n = strcspn(word, "=");
    for (int i = 0; i < FIELDS; i++) {
        if (strlen(fields[i].name) == n &&
            strncmp(fields[i].name, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/** What getopt_long has refused, said so that one knows what to do. */
static void
tell_refused(const struct br_command *c, int why, const char *word)
{
    if (why == ':') {
        (void)fprintf(stderr, "broletto: %s: a value must follow\n", word);
    } else if (strncmp(word, "--", 2) != 0) {
        (void)fprintf(
            stderr, "broletto: %s: words that begin with '-' stand after --\n",
            word);
    } else if (is_known(word + 2)) {
        (void)fprintf(
            stderr, "broletto: %s does not go with %s %s\n", word, c->noun,
            c->verb);
    } else {
        (void)fprintf(stderr, "broletto: no such option: %s\n", word);
    }
}

enum br_options_end
br_options_parse(
    const struct br_command *c, int argc, char **argv, struct br_args *ret)
{
    struct option options[FIELDS + 2];
    int count = 0;
    int chosen;
    for (int i = 0; i < FIELDS; i++) {
        if (takes(c, i)) {
            options[count++] = (struct option){
                fields[i].name,
                fields[i].is_flag ? no_argument : required_argument, NULL,
                256 + i};
        }
    }
    options[count++] = (struct option){"help", no_argument, NULL, HELP};
    options[count] = (struct option){0};
    opterr = 0;
    while ((chosen = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (chosen == HELP) {
            return BR_OPTIONS_HELP;
        }
        if (chosen < 256) {
            tell_refused(c, chosen, argv[optind - 1]);
            return BR_OPTIONS_REFUSED;
        }
        void *field = (char *)ret + fields[chosen - 256].offset;
        if (fields[chosen - 256].is_flag) {
            *(bool *)field = true;
        } else {
            *(const char **)field = optarg;
        }
    }
    ret->words = argv + optind;
    ret->word_count = argc - optind;
    return BR_OPTIONS_DONE;
}
