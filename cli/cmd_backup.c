/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"
#include "cli/files.h"
#include "common/crypto/files.h"
#include "common/crypto/keyfile.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/tlog_proof.h"
#include "common/service/json.h"
#include "node/chain/replay.h"
#include "node/setup/backup.h"
#include "node/setup/config.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { CHECKPOINT_BYTES_MAX = 256 * 1024 };

static bool
lacks_data(const struct br_args *a)
{
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
    }
    return a->data == NULL;
}

static void
print_missing(void *ctx, const char *what, const char *why)
{
    bool *any = (bool *)ctx;
    if (!*any) {
        (void)puts("Not in it, and needed to start:");
    }
    *any = true;
    (void)printf("  %s: %s\n", what, why);
}

/** Tell what the node in this folder still needs; true when something. */
static bool
tell_missing(const char *folder)
{
    bool any = false;
    struct br_err err;
    if (br_node_tell_missing(folder, print_missing, &any, &err) != BR_OK) {
        (void)br_cli_fail(&err);
        any = true;
    }
    return any;
}

/* ---- backup ------------------------------------------------------------- */

int
br_cmd_node_backup(const struct br_args *a)
{
    struct br_err err;
    struct br_backup_options o = {
        .data_dir = a->data,
        .folder = a->words[0],
        .ledger_only = a->ledger_only,
        .with_passphrase = a->with_passphrase,
    };
    if (lacks_data(a)) {
        return BR_EXIT_USAGE;
    }
    bool was_there = access(o.folder, F_OK) == 0;
    if (br_node_backup(&o, &err) != BR_OK) {
        if (!was_there) {
            br_remove_tree(o.folder);
        }
        return br_cli_fail(&err);
    }
    if (a->quiet) {
        return BR_EXIT_OK;
    }
    (void)printf(
        "%s holds %s.\n", o.folder,
        o.ledger_only ? "the ledger and its genesis"
                      : "the ledger, tokens, configuration, certificates and "
                        "keys (encrypted)");
    if (!o.ledger_only) {
        (void)tell_missing(o.folder);
    }
    (void)printf("Restore it: broletto node restore %s --data DIR\n", o.folder);
    return BR_EXIT_OK;
}

/* ---- restore: is it older than what was published? ---------------------- */

struct comparison {
    const struct br_args *a;
    struct br_node_config config;
    struct br_snapshot s;
    struct br_buf text; /**< of the published checkpoint */
    struct br_checkpoint published;
};

/** A checkpoint, or the one in a receipt. */
static enum br_rc
parse_note(struct comparison *c, struct br_note *ret, struct br_err *reterr)
{
    struct br_bytes note = br_buf_bytes(&c->text);
    struct br_tlog_proof proof;
    struct br_buf extra;
    br_buf_init(&extra, CHECKPOINT_BYTES_MAX);
    enum br_rc rc = BR_OK;
    if (br_tlog_proof_is(note)) {
        rc = br_tlog_proof_parse(note, &extra, &proof, reterr);
        note = proof.checkpoint;
    }
    br_buf_fini(&extra);
    BR_TRY(rc);
    return br_checkpoint_open(note, ret, &c->published, reterr);
}

/** Is it of this log? The key file says the log's public key; a key in a token
 *  is not asked, and the checkpoint is then told unverified. */
static enum br_rc
check_note(struct comparison *c, const struct br_note *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_public_key k;
    struct br_note_key key;
    const char *name = c->config.log_key;
    if (!br_bytes_eq(c->published.origin, br_str(c->config.origin))) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_LOG, "the checkpoint is not of %.200s",
            c->config.origin);
    }
    (void)snprintf(
        path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : c->a->data,
        name[0] == '/' ? "" : "/", name);
    if (br_keyfile_public(path, &k, NULL) != BR_OK) {
        (void)fputs(
            "The log's key is not in a file here: the checkpoint's signature "
            "is not verified.\n",
            stderr);
        return BR_OK;
    }
    BR_TRY(br_note_key_init(
        &key, c->published.origin, BR_NOTE_ED25519, &k, reterr));
    return br_note_verify(n, &key, NULL, reterr);
}

static enum br_rc
read_published(struct comparison *c, struct br_err *reterr)
{
    struct br_node_client client;
    struct br_note note;
    if (c->a->checkpoint != NULL) {
        BR_TRY(br_file_read(c->a->checkpoint, &c->text, reterr));
    } else {
        BR_TRY(br_node_client_open(c->a, &client, reterr));
        enum br_rc rc = br_node_get(&client, "/checkpoint", &c->text, reterr);
        br_node_client_close(&client);
        BR_TRY(rc);
    }
    BR_TRY(parse_note(c, &note, reterr));
    return check_note(c, &note, reterr);
}

static void
warn_older(uint64_t has, uint64_t published)
{
    (void)fprintf(
        stderr,
        "WARNING: the backup is older than the log. It has %llu entries, a "
        "published checkpoint has %llu.\n"
        "A node that starts from it makes a second history, which "
        "contradicts what was published: receipts of the entries in between "
        "will not be consistent with it. Start it only when the original is "
        "lost, and tell the witnesses and whoever stamped since.\n",
        (unsigned long long)has, (unsigned long long)published);
}

/** The restored tree must be the one that was published, as far as both go. */
static enum br_rc
compare(struct comparison *c, struct br_err *reterr)
{
    uint64_t has = c->s.head.frontier.size;
    uint64_t published = c->published.size;
    struct br_hash root;
    if (published > has) {
        warn_older(has, published);
        return BR_OK;
    }
    struct br_merkle_source src = br_snapshot_source(&c->s);
    BR_TRY(br_merkle_root_at(&src, published, &root, reterr));
    if (!br_hash_eq(&root, &c->published.root)) {
        return br_fail(
            reterr, BR_ERR_INCONSISTENT,
            "the checkpoint of %llu entries has another root than the backup",
            (unsigned long long)published);
    }
    (void)printf(
        "It contains the published checkpoint of %llu entries.\n",
        (unsigned long long)published);
    return BR_OK;
}

static void
tell_age(const struct br_snapshot *s)
{
    char time[28];
    br_time_text(s->head.time, time);
    (void)fprintf(
        stderr,
        "The last of its %llu entries is of %.19sZ. If the node went on after "
        "that, what it acknowledged then is not here: compare it with a "
        "checkpoint or receipt of the log (--checkpoint FILE, --node URL) "
        "before you start.\n",
        (unsigned long long)s->head.frontier.size, time);
}

static enum br_rc
compare_with_published(struct comparison *c, struct br_err *reterr)
{
    BR_TRY(br_node_config_load(c->a->data, &c->config, reterr));
    br_buf_init(&c->text, CHECKPOINT_BYTES_MAX);
    enum br_rc rc = read_published(c, reterr);
    if (rc == BR_OK) {
        rc = compare(c, reterr);
    }
    br_buf_fini(&c->text);
    br_node_config_fini(&c->config);
    return rc;
}

static enum br_rc
look_at_age(const struct br_args *a, struct br_err *reterr)
{
    struct br_chain *chain = NULL;
    struct comparison c = {.a = a};
    struct br_chain_options o = {.folder = a->data, .read_only = true};
    BR_TRY(br_chain_open(&o, &chain, reterr));
    enum br_rc rc = br_snapshot_open(chain, &c.s, reterr);
    if (rc == BR_OK) {
        if (a->checkpoint != NULL || a->node != NULL) {
            rc = compare_with_published(&c, reterr);
        } else {
            tell_age(&c.s);
        }
        br_snapshot_close(&c.s);
    }
    br_chain_close(chain);
    return rc;
}

/* ---- restore ------------------------------------------------------------ */

static enum br_rc
restore(const struct br_args *a, struct br_err *reterr)
{
    struct br_replay_report report;
    BR_TRY(br_node_put_back(a->words[0], a->data, reterr));
    BR_TRY(br_cli_replay(a, &report, reterr));
    (void)printf(
        "%s: %llu blocks and %llu entries, every signature and hash "
        "recomputed.\n",
        a->data, (unsigned long long)report.blocks,
        (unsigned long long)report.leaves);
    return look_at_age(a, reterr);
}

int
br_cmd_node_restore(const struct br_args *a)
{
    struct br_err err;
    if (lacks_data(a)) {
        return BR_EXIT_USAGE;
    }
    enum br_rc rc = restore(a, &err);
    if (rc == BR_ERR_CORRUPT || rc == BR_ERR_INCONSISTENT) {
        (void)fprintf(
            stderr, "REFUSED: %s\nDo not start %s.\n", err.text, a->data);
        return BR_EXIT_REFUSED;
    }
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    if (!tell_missing(a->data)) {
        (void)printf("Start it: broletto-node --data %s\n", a->data);
    }
    return BR_EXIT_OK;
}
