/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"
#include "cli/files.h"
#include "cli/trust.h"
#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/tlog_proof.h"
#include "common/service/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ANSWER_BYTES_MAX = 256 * 1024,
    FILES_MAX = 1000000,
    PROOFS_AT_ONCE = 4096
};

/** Files to stamp, their digests and what the node said. */
struct item {
    char *path;
    struct br_digest digest;
    uint64_t index;
    bool existing;
};
struct stamping {
    const struct br_args *a;
    char **paths;
    int path_count;
    const struct br_hash_info *info;
    struct br_node_client client;
    struct br_buf items; /**< struct item each */
    uint64_t total_bytes;
    struct br_err err;
};

static struct item *
item_at(const struct stamping *s, size_t i)
{
    return (struct item *)(void *)s->items.p + i;
}

static size_t
item_count(const struct stamping *s)
{
    return s->items.n / sizeof(struct item);
}

static enum br_rc
add_file(void *ctx, const char *path)
{
    struct stamping *s = (struct stamping *)ctx;
    struct item it = {0};
    uint64_t size;
    BR_TRY(br_file_size(path, &size, &s->err));
    size_t n = strlen(path) + 1;
    it.path = (char *)malloc(n);
    if (it.path == NULL) {
        return br_fail(&s->err, BR_ERR_NO_MEMORY, "%s", path);
    }
    memcpy(it.path, path, n);
    s->total_bytes += size;
    br_buf_put(&s->items, &it, sizeof(it));
    return br_buf_status(&s->items, &s->err);
}

static enum br_rc
hash_all(struct stamping *s)
{
    struct br_progress p;
    enum br_rc rc = BR_OK;
    br_progress_begin(&p, "hashing", s->total_bytes, s->a->quiet);
    for (size_t i = 0; i < item_count(s) && rc == BR_OK; i++) {
        struct item *it = item_at(s, i);
        rc = br_file_digest(it->path, s->info->alg, &p, &it->digest, &s->err);
    }
    br_progress_end(&p);
    return rc;
}

/* ---- receipts ----------------------------------------------------------- */

static enum br_rc
write_receipt(struct stamping *s, const struct item *it, const char *proof)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s.tlog-proof", it->path);
    BR_TRY(br_file_replace(path, br_str(proof), 0644, &s->err));
    if (s->a->json) {
        (void)printf(
            "{\"file\":\"%s\",\"index\":%llu,\"existing\":%s,\"receipt\":\"%"
            "s\"}\n",
            it->path, (unsigned long long)it->index,
            it->existing ? "true" : "false", path);
    } else if (!s->a->quiet) {
        (void)printf(
            "%s: entry %llu%s, receipt %s\n", it->path,
            (unsigned long long)it->index,
            it->existing ? " (stamped before: its first receipt)" : "", path);
    }
    return BR_OK;
}

/** Fetch one thing to trust and remember it; what a node does not offer (404)
 *  is not needed. */
static enum br_rc
remember_one(
    struct stamping *s,
    struct br_bytes origin,
    enum br_trust what,
    const char *path,
    bool *ret_new)
{
    struct br_buf value;
    br_buf_init(&value, 64u * 1024);
    enum br_rc rc = br_node_get(&s->client, path, &value, &s->err);
    if (rc == BR_OK) {
        rc = br_trust_remember(
            origin, what, br_buf_bytes(&value), ret_new, &s->err);
    } else if (rc == BR_ERR_NOT_FOUND && what != BR_TRUST_POLICY) {
        rc = BR_OK;
    }
    br_buf_fini(&value);
    return rc;
}

static enum br_rc
remember_origin(struct stamping *s, struct br_bytes origin)
{
    bool is_new = false;
    bool unused = false;
    BR_TRY(remember_one(s, origin, BR_TRUST_POLICY, "/v1/log/policy", &is_new));
    BR_TRY(remember_one(
        s, origin, BR_TRUST_KEYS, "/.well-known/scitt-keys", &unused));
    BR_TRY(remember_one(s, origin, BR_TRUST_CA, "/v1/log/ca", &unused));
    if (is_new && !s->a->quiet) {
        (void)fprintf(
            stderr,
            "From now on this machine trusts the log %.*s with the keys that "
            "it has today.\n",
            (int)origin.n, (const char *)origin.p);
    }
    return BR_OK;
}

/** The log's keys are remembered at the first stamp. */
static enum br_rc
remember_log(struct stamping *s, const char *proof)
{
    struct br_tlog_proof p;
    struct br_note note;
    struct br_checkpoint c;
    struct br_buf extra;
    br_buf_init(&extra, BR_LEAF_BYTES_MAX);
    enum br_rc rc = br_tlog_proof_parse(br_str(proof), &extra, &p, &s->err);
    if (rc == BR_OK) {
        rc = br_checkpoint_open(p.checkpoint, &note, &c, &s->err);
    }
    if (rc == BR_OK) {
        rc = remember_origin(s, c.origin);
    }
    br_buf_fini(&extra);
    return rc;
}

/* ---- one ---------------------------------------------------------------- */

static enum br_rc
take_answer(struct stamping *s, struct item *it, struct br_bytes answer)
{
    struct br_arena arena;
    const char *proof = NULL;
    br_arena_init(&arena, ANSWER_BYTES_MAX);
    enum br_rc rc =
        br_json_get_text(answer, "tlog_proof", &arena, &proof, &s->err);
    if (rc == BR_OK) {
        rc = br_json_get_uint(answer, "index", &it->index, &s->err);
    }
    if (rc == BR_OK) {
        rc = br_json_get_bool(answer, "existing", &it->existing, &s->err);
    }
    if (rc == BR_OK) {
        rc = remember_log(s, proof);
    }
    if (rc == BR_OK) {
        rc = write_receipt(s, it, proof);
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
stamp_one(struct stamping *s)
{
    struct item *it = item_at(s, 0);
    struct br_buf body;
    struct br_buf answer;
    br_buf_init(&body, 4096);
    br_buf_init(&answer, ANSWER_BYTES_MAX);
    br_buf_printf(
        &body, "{\"alg\":\"%s\",\"again\":%s,\"digest\":\"", s->info->name,
        s->a->again ? "true" : "false");
    br_hex_put(&body, br_bytes(it->digest.b, s->info->digest_bytes));
    br_buf_puts(&body, "\"}");
    enum br_rc rc = br_node_post(
        &s->client, "/v1/notary/stamps", "application/json",
        br_buf_bytes(&body), &answer, &s->err);
    if (rc == BR_OK) {
        rc = take_answer(s, it, br_buf_bytes(&answer));
    }
    br_buf_fini(&body);
    br_buf_fini(&answer);
    return rc;
}

/* ---- many --------------------------------------------------------------- */

static uint64_t
be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static enum br_rc
send_batch(struct stamping *s)
{
    char path[128];
    struct br_buf body;
    struct br_buf answer;
    size_t n = item_count(s);
    br_buf_init(&body, n * BR_DIGEST_BYTES_MAX);
    br_buf_init(&answer, n * 8 + 64u * 1024);
    for (size_t i = 0; i < n; i++) {
        br_buf_put(&body, item_at(s, i)->digest.b, s->info->digest_bytes);
    }
    (void)snprintf(
        path, sizeof(path), "/v1/notary/batches?alg=%s%s", s->info->name,
        s->a->again ? "&again=true" : "");
    enum br_rc rc = br_node_post(
        &s->client, path, "application/octet-stream", br_buf_bytes(&body),
        &answer, &s->err);
    if (rc == BR_OK && answer.n != 8 * n) {
        rc = br_fail(&s->err, BR_ERR_NETWORK, "an answer of another length");
    }
    for (size_t i = 0; i < n && rc == BR_OK; i++) {
        uint64_t v = be64(answer.p + 8 * i);
        item_at(s, i)->existing = v >> 63 == 1;
        item_at(s, i)->index = v & ~(1ull << 63);
    }
    br_buf_fini(&body);
    br_buf_fini(&answer);
    return rc;
}

static enum br_rc
take_lines(struct stamping *s, size_t first, size_t n, struct br_bytes text)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *end = (const uint8_t *)memchr(text.p, '\n', text.n);
        struct br_arena arena;
        const char *proof = NULL;
        if (end == NULL) {
            return br_fail(&s->err, BR_ERR_NETWORK, "fewer proofs than asked");
        }
        struct br_bytes line = br_bytes(text.p, (size_t)(end - text.p));
        br_arena_init(&arena, ANSWER_BYTES_MAX);
        enum br_rc rc =
            br_json_get_text(line, "tlog_proof", &arena, &proof, &s->err);
        if (rc == BR_OK && first + i == 0) {
            rc = remember_log(s, proof);
        }
        if (rc == BR_OK) {
            rc = write_receipt(s, item_at(s, first + i), proof);
        }
        br_arena_fini(&arena);
        BR_TRY(rc);
        text = br_bytes(end + 1, text.n - line.n - 1);
    }
    return BR_OK;
}

static enum br_rc
fetch_proofs(struct stamping *s, size_t first, size_t n)
{
    struct br_buf body;
    struct br_buf answer;
    br_buf_init(&body, n * 8);
    br_buf_init(&answer, n * 8192);
    for (size_t i = first; i < first + n; i++) {
        uint8_t be[8];
        for (size_t k = 0; k < 8; k++) {
            be[k] = (uint8_t)(item_at(s, i)->index >> (56 - 8 * k));
        }
        br_buf_put(&body, be, sizeof(be));
    }
    enum br_rc rc = br_node_post(
        &s->client, "/v1/log/proofs", "application/octet-stream",
        br_buf_bytes(&body), &answer, &s->err);
    if (rc == BR_OK) {
        rc = take_lines(s, first, n, br_buf_bytes(&answer));
    }
    br_buf_fini(&body);
    br_buf_fini(&answer);
    return rc;
}

static enum br_rc
stamp_many(struct stamping *s)
{
    struct br_progress p;
    size_t count = item_count(s);
    enum br_rc rc = send_batch(s);
    br_progress_begin(&p, "receipts", count, s->a->quiet);
    for (size_t i = 0; i < count && rc == BR_OK; i += PROOFS_AT_ONCE) {
        size_t left = count - i;
        size_t n = left < PROOFS_AT_ONCE ? left : PROOFS_AT_ONCE;
        rc = fetch_proofs(s, i, n);
        br_progress_add(&p, n);
    }
    br_progress_end(&p);
    return rc;
}

/* ---- the command -------------------------------------------------------- */

static enum br_rc
stamp(struct stamping *s)
{
    const char *alg = s->a->alg != NULL ? s->a->alg : "sha-256";
    s->info = br_hash_by_name(br_str(alg));
    if (s->info == NULL) {
        return br_fail(
            &s->err, BR_ERR_UNSUPPORTED,
            "--alg %s: sha-256, sha-384, sha-512, sha3-256 or sha3-512", alg);
    }
    for (int i = 0; i < s->path_count; i++) {
        BR_TRY(br_files_walk(s->paths[i], add_file, s, &s->err));
    }
    if (item_count(s) == 0) {
        return br_fail(&s->err, BR_ERR_NOT_FOUND, "no files there");
    }
    BR_TRY(hash_all(s));
    return item_count(s) == 1 ? stamp_one(s) : stamp_many(s);
}

int
br_cmd_notary_stamp(const struct br_args *a)
{
    return br_cli_stamp(a, a->words, a->word_count);
}

int
br_cli_stamp(const struct br_args *a, char **paths, int count)
{
    struct stamping s = {.a = a, .paths = paths, .path_count = count};
    br_buf_init(&s.items, FILES_MAX * sizeof(struct item));
    enum br_rc rc = br_node_client_open(a, &s.client, &s.err);
    if (rc == BR_OK) {
        rc = stamp(&s);
        br_node_client_close(&s.client);
    }
    for (size_t i = 0; i < item_count(&s); i++) {
        free(item_at(&s, i)->path);
    }
    br_buf_fini(&s.items);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&s.err);
}
