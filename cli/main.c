/*
 * broletto: the command line.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "cli/options.h"
#include "common/crypto/hash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct br_command br_commands[] = {
    {"node", "init", "DIR",
     "[--chain-id ID] [--origin NAME] [--member ID] [--name TEXT]",
     "make a node: keys, genesis, configuration, an empty ledger", 1, 1,
     br_cmd_node_init},
    {"node", "status", "", "[--node URL | --data DIR]",
     "is it ready, how large is its log", 0, 0, br_cmd_node_status},
    {"node", "backup", "DIR",
     "--data DIR [--ledger-only] [--with-passphrase] [--quiet]",
     "copy a node into a new folder, also while it runs", 1, 1,
     br_cmd_node_backup},
    {"node", "restore", "BACKUP",
     "--data DIR [--checkpoint FILE] [--node URL] [--quiet]",
     "put a backup into a new folder and verify it", 1, 1, br_cmd_node_restore},
    {"node", "config check", "", "--data DIR",
     "read the configuration as the node does", 0, 0, br_cmd_config_check},
    {"node", "config doc", "", "", "print docs/configuration.md", 0, 0,
     br_cmd_config_doc},
    {"node", "token create", "",
     "--data DIR --scope SCOPE[,SCOPE] [--member ID] [--rate N] [--days N] "
     "[--note TEXT]",
     "print a new token; it is shown this once", 0, 0, br_cmd_token_create},
    {"node", "token list", "", "--data DIR", "list tokens, without secrets", 0,
     0, br_cmd_token_list},
    {"node", "token revoke", "ID", "--data DIR", "end a token, at once", 1, 1,
     br_cmd_token_revoke},
    {"member", "list", "", "[--node URL] [--json]",
     "members of the ledger, their roles and keys", 0, 0, br_cmd_member_list},
    {"member", "add", "ID",
     "--name TEXT --role ROLE[,ROLE] --public KEY [--data DIR] [--key KEY] "
     "[--passphrase-file FILE] [--node URL]",
     "register a member, signed by an operator", 1, 1, br_cmd_member_add},
    {"member", "rotate", "ID",
     "--public KEY --overlap DAYS [--data DIR] [--key KEY] "
     "[--passphrase-file FILE] [--node URL]",
     "give a member a new key; the old ones end after the overlap", 1, 1,
     br_cmd_member_rotate},
    {"member", "revoke", "ID",
     "[--data DIR] [--key KEY] [--passphrase-file FILE] [--node URL]",
     "suspend a member, or end the key with this kid, at once", 1, 1,
     br_cmd_member_revoke},
    {"registry", "did draft", "",
     "[--assertion FILE[,FILE]] [--authentication FILE[,FILE]] "
     "[--did DID | --member ID [--node URL]]",
     "print a DID document for certificates or keys (PEM, JWK): assertion for "
     "what they issue, authentication for who asks",
     0, 0, br_cmd_registry_did_draft},
    {"registry", "did put", "[FILE]",
     "[--assertion FILE[,FILE]] [--authentication FILE[,FILE]] [--did DID] "
     "[--ends METHOD=DATE] [--data DIR] [--key KEY] [--passphrase-file FILE] "
     "[--node URL]",
     "register a DID document, or a new version of it; without FILE, one "
     "drafted for these keys",
     0, 1, br_cmd_registry_did_put},
    {"registry", "did show", "DID", "[--at DATE] [--json] [--node URL]",
     "a DID's document, as it counts now or counted then", 1, 1,
     br_cmd_registry_did_show},
    {"registry", "did deactivate", "DID",
     "[--data DIR] [--key KEY] [--passphrase-file FILE] [--node URL]",
     "end a DID, for ever", 1, 1, br_cmd_registry_did_deactivate},
    {"registry", "accredit", "DID",
     "--type VCT[,VCT] [--until DATE] [--level LEVEL] [--by ID] "
     "[--document FILE] [--id ID] [--data DIR] [--key KEY] "
     "[--passphrase-file FILE] [--node URL]",
     "let a DID issue these credentials; prints the accreditation's id", 1, 1,
     br_cmd_registry_accredit},
    {"registry", "revoke", "ID",
     "[--until DATE] [--data DIR] [--key KEY] [--passphrase-file FILE] "
     "[--node URL]",
     "end an accreditation, at once or then", 1, 1, br_cmd_registry_revoke},
    {"registry", "issuer", "DID",
     "[--type VCT] [--at DATE] [--json] [--node URL]",
     "may it issue, and who says so; exit code 1 when it may not", 1, 1,
     br_cmd_registry_issuer},
    {"registry", "type put", "FILE",
     "[--schema FILE] [--by ID] [--data DIR] [--key KEY] "
     "[--passphrase-file FILE] [--node URL]",
     "register a credential type by its metadata, or a new version", 1, 1,
     br_cmd_registry_type_put},
    {"registry", "type show", "VCT", "[--json] [--node URL]",
     "a credential type, its newest version", 1, 1, br_cmd_registry_type_show},
    {"key", "new", "FILE",
     "[--alg ed25519|es256|es256k] [--passphrase-file FILE]",
     "make a key, encrypted; prints its public half", 1, 1, br_cmd_key_new},
    {"key", "public", "FILE", "[--passphrase-file FILE]",
     "print the public half of a key file or of a pkcs11: URI", 1, 1,
     br_cmd_key_public},
    {"notary", "stamp", "FILE...",
     "--node URL [--token TOKEN] [--alg NAME] [--again] [--json] [--quiet]",
     "prove that files exist now; the receipt is FILE.tlog-proof", 1, -1,
     br_cmd_notary_stamp},
    {"notary", "verify", "FILE [RECEIPT...]",
     "[--policy FILE] [--keys FILE] [--ca FILE] [--checkpoint FILE] "
     "[--explain] [--json]",
     "check a file against its receipts, or a .tsd alone, without any network",
     1, -1, br_cmd_notary_verify},
    {"notary", "receipt", "FILE",
     "[--node URL] [--form tsr|tsd|cose|tlog-proof] [--out FILE]",
     "fetch another form of the receipt beside a file", 1, 1,
     br_cmd_notary_receipt},
    {"notary", "extract", "FILE.tsd", "[--out FILE]",
     "take the document out of a .tsd, without verifying it", 1, 1,
     br_cmd_notary_extract},
    {"notary", "report", "FILE", "[--node URL] [--lang it|en] [--out FILE]",
     "fetch the human report of a stamped file", 1, 1, br_cmd_notary_report},
    {"notary", "find", "FILE", "[--node URL] [--alg NAME]",
     "where the log holds this file's digest", 1, 1, br_cmd_notary_find},
    {"notary", "watch", "DIR", "[--node URL] [--token TOKEN] [--alg NAME]",
     "stamp each new or changed file of a folder, until stopped", 1, 1,
     br_cmd_notary_watch},
    {"notary", "record create", "FILE", "[--node URL] [--token TOKEN]",
     "begin a record of successive versions", 1, 1, br_cmd_record_create},
    {"notary", "record version", "RECORD FILE", "[--node URL] [--token TOKEN]",
     "append a version", 2, 2, br_cmd_record_version},
    {"notary", "record show", "RECORD", "[--node URL]",
     "its owners and versions", 1, 1, br_cmd_record_show},
    {"credential", "verify", "FILE",
     "[--trust CA.pem] [--keys FILE] [--nonce N --audience A] [--json]",
     "check a credential or presentation, without any network; - reads "
     "standard input",
     1, 1, br_cmd_credential_verify},
    {"credential", "explain", "FILE",
     "[--trust CA.pem] [--keys FILE] [--nonce N --audience A] [--json]",
     "tell every step of it, and every claim: shown, disclosed, hidden", 1, 1,
     br_cmd_credential_explain},
    {"credential", "status", "FILE",
     "--trust CA.pem [--keys FILE] [--at DATE] [--policy FILE] "
     "[--allow-loopback] [--json]",
     "ask its status list: today, or as it was published by a day, with the "
     "ledger's receipt",
     1, 1, br_cmd_credential_status},
    {"credential", "lint", "FILE", "[--json]",
     "what others might refuse, or regret, in a credential, a request or "
     "metadata",
     1, 1, br_cmd_credential_lint},
    {"log", "verify", "", "--data DIR",
     "recompute everything from the stored transactions", 0, 0,
     br_cmd_log_verify},
    {"log", "export", "FILE", "--data DIR",
     "write the whole ledger to one file, also while the node runs", 1, 1,
     br_cmd_log_export},
    {"log", "import", "FILE", "--data DIR",
     "replay an export into a new folder, verifying everything", 1, 1,
     br_cmd_log_import},
    {"log", "head", "", "[--node URL]", "print the checkpoint", 0, 0,
     br_cmd_log_head},
    {"orchestrator", "init", "DIR",
     "[--node URL] [--public-url URL] [--name TEXT] [--operator NAME] "
     "[--passphrase-file FILE] [--json]",
     "make an issuing body: keys, a development authority, credential types; "
     "and its first supervisor",
     1, 1, br_cmd_orchestrator_init},
    {"orchestrator", "config check", "", "--data DIR",
     "read the configuration as the issuing body does", 0, 0,
     br_cmd_orchestrator_config_check},
    {"orchestrator", "config doc", "", "",
     "print docs/orchestrator-configuration.md", 0, 0,
     br_cmd_orchestrator_config_doc},
    {"orchestrator", "operator add", "NAME",
     "--data DIR [--role operator|supervisor|auditor] [--passphrase-file FILE] "
     "[--identity VALUE] [--json]",
     "let somebody work at the desk; prints the passphrase and the second "
     "factor once, or lists who logs in at the provider",
     1, 1, br_cmd_operator_add},
    {"orchestrator", "operator remove", "NAME", "--data DIR",
     "end somebody's work at the desk, sessions too", 1, 1,
     br_cmd_operator_remove},
    {"orchestrator", "operator list", "", "--data DIR", "who works at the desk",
     0, 0, br_cmd_operator_list},
    {"orchestrator", "audit verify", "", "--data DIR [--policy FILE] [--json]",
     "recompute the desk's log, and check what the ledger says of it", 0, 0,
     br_cmd_audit_verify},
    {"orchestrator", "audit export", "FILE", "--data DIR",
     "write the desk's log with its closings and receipts, a JSON object a "
     "line",
     1, 1, br_cmd_audit_export},
    {"issuer", "offer", "",
     "--type NAME --claims FILE.json|--subject REFERENCE --data DIR "
     "[--tx-code] [--deferred] [--by-value] [--authorization-code] "
     "[--reference TEXT] [--yes] [--json]",
     "offer a credential; prints the link for the wallet", 0, 0,
     br_cmd_issuer_offer},
    {"issuer", "import", "FILE.csv",
     "--type NAME --data DIR [--dry-run] [--tx-code] [--deferred] "
     "[--output OFFERS.csv]",
     "offer a credential to each person in a table; all or none", 1, 1,
     br_cmd_issuer_import},
    {"issuer", "withdraw", "OFFER", "--data DIR",
     "take back an offer that was not taken", 1, 1, br_cmd_issuer_withdraw},
    {"issuer", "approve", "OFFER", "--data DIR",
     "let an offer that waits for the desk be issued", 1, 1,
     br_cmd_issuer_approve},
    {"issuer", "refuse", "OFFER", "--data DIR",
     "refuse an offer that waits for the desk", 1, 1, br_cmd_issuer_refuse},
    {"issuer", "revoke", "[ID]",
     "[--from FILE|-] [--type NAME] [--reference TEXT] --data DIR "
     "--reason TEXT [--yes] [--json]",
     "revoke credentials, for good: one, those that a file names, or all of a "
     "type or reference",
     0, 1, br_cmd_issuer_revoke},
    {"issuer", "suspend", "[ID]",
     "[--from FILE|-] [--type NAME] [--reference TEXT] --data DIR "
     "--reason TEXT [--yes] [--json]",
     "suspend credentials: one, those that a file names, or all of a type or "
     "reference",
     0, 1, br_cmd_issuer_suspend},
    {"issuer", "reinstate", "[ID]",
     "[--from FILE|-] [--type NAME] [--reference TEXT] --data DIR "
     "--reason TEXT [--yes] [--json]",
     "end suspensions: one, those that a file names, or all of a type or "
     "reference",
     0, 1, br_cmd_issuer_reinstate},
    {"issuer", "list", "", "--data DIR [--json]",
     "the credentials that were issued, without their claims", 0, 0,
     br_cmd_issuer_list},
    {"verifier", "request", "",
     "--data DIR --dcql FILE [--transaction-data FILE] [--purpose TEXT] "
     "[--redirect-uri URL] [--client PREFIX] [--plain] [--json]",
     "ask for credentials: print the link for a wallet, and an id", 0, 0,
     br_cmd_verifier_request},
    {"verifier", "result", "ID", "--data DIR [--response-code CODE] [--json]",
     "what came, and why it was accepted or not; claims are told once", 1, 1,
     br_cmd_verifier_result},
    {"verifier", "receipt", "ID", "--data DIR [--json]",
     "print the decision receipt: signed, without personal data", 1, 1,
     br_cmd_verifier_receipt},
    {"wallet", "init", "DIR",
     "[--person NAME] [--passphrase-file FILE] [--trust CA.pem] "
     "[--registry URL] [--vault-key URI] [--allow-loopback] [--server]",
     "make a wallet: an encrypted vault, a person, a configuration", 1, 1,
     br_cmd_wallet_init},
    {"wallet", "accept", "OFFER",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--tx-code CODE] "
     "[--authorization-code] [--open] [--redirect-uri URL] [--redirected URL] "
     "[--yes] [--trust CA.pem] [--lang it|en] [--json]",
     "receive what a body offers, by its link, or on the body's page; tells "
     "first whether it is accredited",
     0, 1, br_cmd_wallet_accept},
    {"wallet", "present", "REQUEST",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--yes | --refuse] "
     "[--trust FILE] [--json] [--lang it|en]",
     "show credentials to who asks, by the link of the request", 1, 1,
     br_cmd_wallet_present},
    {"wallet", "renew", "ID",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--lang it|en]",
     "fetch new copies of a credential, now", 1, 1, br_cmd_wallet_renew},
    {"wallet", "refresh", "",
     "--vault DIR [--passphrase-file FILE] [--person NAME]",
     "ask for what was not ready, renew what is due, look at the status of all",
     0, 0, br_cmd_wallet_refresh},
    {"wallet", "list", "",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--json] [--lang "
     "it|en]",
     "what the wallet holds", 0, 0, br_cmd_wallet_list},
    {"wallet", "show", "ID",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--json] [--lang "
     "it|en]",
     "what one credential says, in words", 1, 1, br_cmd_wallet_show},
    {"wallet", "history", "",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--json]",
     "every exchange, without the values of claims", 0, 0,
     br_cmd_wallet_history},
    {"wallet", "ask-deletion", "ENTRY",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--yes] [--json] "
     "[--lang it|en]",
     "a letter to who was shown something: erase it (GDPR article 17)", 1, 1,
     br_cmd_wallet_ask_deletion},
    {"wallet", "ask-access", "ENTRY",
     "--vault DIR [--passphrase-file FILE] [--person NAME] [--yes] [--json] "
     "[--lang it|en]",
     "the same: tell me what you have about me (GDPR article 15)", 1, 1,
     br_cmd_wallet_ask_access},
    {"wallet", "undo-letter", "ENTRY",
     "--vault DIR [--passphrase-file FILE] [--person NAME]",
     "take back the note that a letter was sent", 1, 1,
     br_cmd_wallet_undo_letter},
    {"wallet", "remove", "ID",
     "--vault DIR [--passphrase-file FILE] [--person NAME]",
     "delete one credential and its keys", 1, 1, br_cmd_wallet_remove},
    {"wallet", "erase", "NAME", "--vault DIR [--yes]",
     "destroy the key of a person: nobody opens the wallet again", 1, 1,
     br_cmd_wallet_erase},
    {"wallet", "backup", "FILE",
     "--vault DIR [--passphrase-file FILE] [--person NAME] "
     "--backup-passphrase-file FILE",
     "write the whole wallet to one encrypted file", 1, 1,
     br_cmd_wallet_backup},
    {"wallet", "restore", "FILE",
     "--vault DIR [--passphrase-file FILE] [--person NAME] "
     "--backup-passphrase-file FILE",
     "put a backup into a new wallet", 1, 1, br_cmd_wallet_restore},
    {"wallet", "config check", "", "--vault DIR",
     "read the configuration as the wallet does", 0, 0,
     br_cmd_wallet_config_check},
    {"wallet", "config doc", "", "", "print docs/wallet-configuration.md", 0, 0,
     br_cmd_wallet_config_doc},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};

static void
print_synopsis(FILE *f, const char *before, const struct br_command *c)
{
    const char *space = c->words[0] == '\0' || c->options[0] == '\0' ? "" : " ";
    (void)fprintf(
        f, "%sbroletto %s %s %s%s%s\n", before, c->noun, c->verb, c->words,
        space, c->options);
}

static void
print_command(FILE *f, const struct br_command *c)
{
    print_synopsis(f, "  ", c);
    (void)fprintf(f, "      %s\n", c->help);
}

/** noun: NULL for all of them. */
static void
print_usage(FILE *f, const char *noun)
{
    (void)fprintf(
        f, "usage: broletto %s VERB ...\n\n", noun == NULL ? "NOUN" : noun);
    for (const struct br_command *c = br_commands; c->noun != NULL; c++) {
        if (noun == NULL || strcmp(noun, c->noun) == 0) {
            print_command(f, c);
        }
    }
    (void)fputs(
        "\nThe token may stand in BROLETTO_TOKEN, the node's address in "
        "BROLETTO_NODE.\n"
        "Exit codes: 0 done, 1 refused, 2 usage, 3 this machine, 4 network.\n",
        f);
}

static bool
is_noun(const char *word)
{
    for (const struct br_command *c = br_commands; c->noun != NULL; c++) {
        if (strcmp(word, c->noun) == 0) {
            return true;
        }
    }
    return false;
}

/** The commands of a noun when there is such a noun, the nouns otherwise. */
static int
fail_usage(int count, char **words)
{
    const char *last = "";
    if (count > 0 && is_noun(words[0])) {
        print_usage(stderr, words[0]);
        return BR_EXIT_USAGE;
    }
    (void)fputs("usage: broletto NOUN VERB ...\nnouns:", stderr);
    for (const struct br_command *c = br_commands; c->noun != NULL; c++) {
        if (strcmp(last, c->noun) != 0) {
            (void)fprintf(stderr, " %s", c->noun);
        }
        last = c->noun;
    }
    (void)fputs(
        "\nall commands: broletto help; of one: broletto help NOUN\n", stderr);
    return BR_EXIT_USAGE;
}

static int
help(const char *noun)
{
    if (noun != NULL && !is_noun(noun)) {
        return fail_usage(0, NULL);
    }
    print_usage(stdout, noun);
    return BR_EXIT_OK;
}

/** "noun verb" or "noun verb verb": how many words name the command. */
static int
matches(const struct br_command *c, int count, char **words)
{
    int used = 1;
    if (count < 1 || strcmp(words[0], c->noun) != 0) {
        return 0;
    }
    for (const char *p = c->verb; *p != '\0'; used++) {
        size_t n = strcspn(p, " ");
        if (used >= count || strlen(words[used]) != n ||
            strncmp(words[used], p, n) != 0) {
            return 0;
        }
        p += n + (p[n] == ' ');
    }
    return used;
}

static int
run(const struct br_command *c, int argc, char **argv)
{
    struct br_args a = {0};
    switch (br_options_parse(c, argc, argv, &a)) {
    case BR_OPTIONS_HELP:
        print_command(stdout, c);
        return BR_EXIT_OK;
    case BR_OPTIONS_DONE:
        if (a.word_count >= c->words_min &&
            (c->words_max < 0 || a.word_count <= c->words_max)) {
            return c->run(&a);
        }
        break;
    case BR_OPTIONS_REFUSED:
        break;
    }
    print_synopsis(stderr, "usage: ", c);
    return BR_EXIT_USAGE;
}

static int
dispatch(int count, char **words)
{
    for (const struct br_command *c = br_commands; c->noun != NULL; c++) {
        int used = matches(c, count, words);
        if (used > 0) {
            return run(c, count - used + 1, words + used - 1);
        }
    }
    return fail_usage(count, words);
}

int
br_cli_fail(const struct br_err *err)
{
    (void)fprintf(
        stderr, "broletto: %s\n%s.\n", err->text, br_err_info(err->rc)->remedy);
    if (err->rc == BR_ERR_NETWORK) {
        return BR_EXIT_NETWORK;
    }
    return err->rc >= 300 && err->rc < 400 ? BR_EXIT_REFUSED : BR_EXIT_MACHINE;
}

struct br_time_us
br_cli_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (struct br_time_us){
        (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u};
}

int
main(int argc, char **argv)
{
    struct br_err err;
    const char *first = argc > 1 ? argv[1] : "";
    (void)signal(SIGPIPE, SIG_IGN);
    if (strcmp(first, "help") == 0 || strcmp(first, "--help") == 0) {
        return help(argc > 2 ? argv[2] : NULL);
    }
    if (strcmp(first, "--version") == 0) {
        (void)puts("broletto " BR_VERSION);
        return BR_EXIT_OK;
    }
    if (br_crypto_init(&err) != BR_OK) {
        return br_cli_fail(&err);
    }
    return dispatch(argc - 1, argv + 1);
}
