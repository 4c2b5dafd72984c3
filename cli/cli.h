/*
 * The command line: one command, a file per noun.
 *
 * Exit codes: 0 done, 1 refused (a receipt that does not verify), 2 usage,
 * 3 this machine, 4 network or node.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_CLI_H
#define BR_CLI_CLI_H

#include "common/base/bytes.h"
#include "common/base/error.h"

enum br_exit {
    BR_EXIT_OK = 0,
    BR_EXIT_REFUSED = 1,
    BR_EXIT_USAGE = 2,
    BR_EXIT_MACHINE = 3,
    BR_EXIT_NETWORK = 4,
};

/** What the options said; NULL or false when they did not. */
struct br_args {
    const char *data;
    const char *node;
    const char *token;
    const char *scope;
    const char *member;
    const char *note;
    const char *rate;
    const char *days;
    const char *alg;
    const char *policy;
    const char *ca;
    const char *chain_id;
    const char *origin;
    const char *name;
    const char *out;
    const char *lang;
    const char *form;
    const char *keys;
    const char *key;
    const char *public_key;
    const char *role;
    const char *overlap;
    const char *passphrase_file;
    const char *checkpoint;
    const char *public_url;
    const char *type;
    const char *claims;
    const char *reason;
    const char *reference;
    const char *trust;
    const char *nonce;
    const char *audience;
    const char *at;
    const char *by;
    const char *document;
    const char *ends;
    const char *id;
    const char *level;
    const char *schema;
    const char *until;
    const char *registry;
    const char *assertion;
    const char *authentication;
    const char *did;
    const char *vault;
    const char *vault_key;
    const char *person;
    const char *tx_code_value; /**< for the wallet: the code */
    const char *backup_passphrase_file;
    const char *dcql;
    const char *transaction_data;
    const char *purpose;
    const char *redirect_uri;
    const char *redirected;
    const char *response_code;
    const char *client;
    const char *operator_name;
    const char *identity; /**< of an operator, at the provider */
    const char *from;
    const char *subject;
    const char *output;
    bool again;
    bool json;
    bool quiet;
    bool explain;
    bool ledger_only;
    bool with_passphrase;
    bool tx_code;
    bool deferred;
    bool by_value;
    bool by_code;
    bool yes;
    bool allow_loopback;
    bool server;
    bool plain;
    bool refuse;
    bool dry_run; /**< check, change nothing */
    bool open;
    char **words; /**< what is not an option */
    int word_count;
};

struct br_command {
    const char *noun;
    const char *verb; /**< NULL: the noun alone */
    const char *words;
    const char *options;
    const char *help;
    int words_min;
    int words_max; /**< -1: any number */
    int (*run)(const struct br_args *a);
};

/** All commands, ending with one whose noun is NULL. */
extern const struct br_command br_commands[];

/** Tell an error with its remedy on standard error; returns the exit code. */
int br_cli_fail(const struct br_err *err);
struct br_time_us br_cli_now(void);

int br_cmd_node_init(const struct br_args *a);
int br_cmd_node_status(const struct br_args *a);
int br_cmd_node_backup(const struct br_args *a);
int br_cmd_node_restore(const struct br_args *a);
int br_cmd_config_check(const struct br_args *a);
int br_cmd_config_doc(const struct br_args *a);
int br_cmd_token_create(const struct br_args *a);
int br_cmd_token_list(const struct br_args *a);
int br_cmd_token_revoke(const struct br_args *a);
int br_cmd_notary_stamp(const struct br_args *a);
int br_cmd_notary_verify(const struct br_args *a);
int br_cmd_notary_report(const struct br_args *a);
int br_cmd_notary_receipt(const struct br_args *a);
int br_cmd_notary_extract(const struct br_args *a);
int br_cmd_notary_find(const struct br_args *a);
int br_cmd_notary_watch(const struct br_args *a);
int br_cmd_record_create(const struct br_args *a);
int br_cmd_record_version(const struct br_args *a);
int br_cmd_record_show(const struct br_args *a);
int br_cmd_registry_did_put(const struct br_args *a);
int br_cmd_registry_did_draft(const struct br_args *a);
int br_cmd_registry_did_show(const struct br_args *a);
int br_cmd_registry_did_deactivate(const struct br_args *a);
int br_cmd_registry_accredit(const struct br_args *a);
int br_cmd_registry_revoke(const struct br_args *a);
int br_cmd_registry_issuer(const struct br_args *a);
int br_cmd_registry_type_put(const struct br_args *a);
int br_cmd_registry_type_show(const struct br_args *a);
int br_cmd_member_list(const struct br_args *a);
int br_cmd_member_add(const struct br_args *a);
int br_cmd_member_rotate(const struct br_args *a);
int br_cmd_member_revoke(const struct br_args *a);
int br_cmd_key_new(const struct br_args *a);
int br_cmd_key_public(const struct br_args *a);
int br_cmd_credential_verify(const struct br_args *a);
int br_cmd_credential_explain(const struct br_args *a);
int br_cmd_credential_status(const struct br_args *a);
int br_cmd_credential_lint(const struct br_args *a);
int br_cmd_log_export(const struct br_args *a);
int br_cmd_log_import(const struct br_args *a);
int br_cmd_log_verify(const struct br_args *a);
int br_cmd_log_head(const struct br_args *a);
int br_cmd_orchestrator_init(const struct br_args *a);
int br_cmd_orchestrator_config_check(const struct br_args *a);
int br_cmd_orchestrator_config_doc(const struct br_args *a);
int br_cmd_operator_add(const struct br_args *a);
int br_cmd_operator_remove(const struct br_args *a);
int br_cmd_operator_list(const struct br_args *a);
int br_cmd_audit_verify(const struct br_args *a);
int br_cmd_audit_export(const struct br_args *a);
int br_cmd_issuer_offer(const struct br_args *a);
int br_cmd_issuer_withdraw(const struct br_args *a);
int br_cmd_issuer_approve(const struct br_args *a);
int br_cmd_issuer_refuse(const struct br_args *a);
int br_cmd_issuer_revoke(const struct br_args *a);
int br_cmd_issuer_suspend(const struct br_args *a);
int br_cmd_issuer_reinstate(const struct br_args *a);
int br_cmd_issuer_import(const struct br_args *a);
int br_cmd_issuer_list(const struct br_args *a);
int br_cmd_verifier_request(const struct br_args *a);
int br_cmd_verifier_result(const struct br_args *a);
int br_cmd_verifier_receipt(const struct br_args *a);
int br_cmd_wallet_present(const struct br_args *a);
int br_cmd_wallet_init(const struct br_args *a);
int br_cmd_wallet_accept(const struct br_args *a);
int br_cmd_wallet_renew(const struct br_args *a);
int br_cmd_wallet_refresh(const struct br_args *a);
int br_cmd_wallet_list(const struct br_args *a);
int br_cmd_wallet_show(const struct br_args *a);
int br_cmd_wallet_history(const struct br_args *a);
int br_cmd_wallet_ask_deletion(const struct br_args *a);
int br_cmd_wallet_ask_access(const struct br_args *a);
int br_cmd_wallet_undo_letter(const struct br_args *a);
int br_cmd_wallet_remove(const struct br_args *a);
int br_cmd_wallet_erase(const struct br_args *a);
int br_cmd_wallet_backup(const struct br_args *a);
int br_cmd_wallet_restore(const struct br_args *a);
int br_cmd_wallet_config_check(const struct br_args *a);
int br_cmd_wallet_config_doc(const struct br_args *a);

struct br_replay_report;
/** Recompute the ledger in --data, with a bar: `log verify`. */
enum br_rc br_cli_replay(
    const struct br_args *a,
    struct br_replay_report *report,
    struct br_err *reterr) BR_MUST_USE;
/** Let somebody work at the desk of a body, and print the enrolment; returns
 *  the exit code. */
int br_cli_operator_add(
    const struct br_args *a, const char *data_dir, const char *name);
/** Stamp these files or folders as `notary stamp` does. */
int br_cli_stamp(const struct br_args *a, char **paths, int count);

#endif
