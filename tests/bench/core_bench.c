/*
 * Benchmarks of the pieces below HTTP: JSON, the ledger on disk, proofs,
 * offline verification, the start of a large log. One thread, unless the name
 * ends in the number of threads.
 *
 *   core_bench FOLDER [ENTRIES]     FOLDER is made; 1,000,000 by default
 *
 * A line for each figure: its name, the value, the unit. run-bench reads them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/jcs.h"
#include "common/codec/json_write.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/tlog_proof.h"
#include "common/receipt/verify.h"
#include "common/store/digest_index.h"
#include "node/chain/snapshot.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { BATCH = 16384 };
static const char origin[] = "example.org/bench";

struct bench {
    const char *folder;
    uint64_t entries;
    struct br_signer *member;
    struct br_signer *log;
    struct br_chain *chain;
    uint64_t seq;
};

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(enum br_rc rc, const struct br_err *err)
{
    if (rc != BR_OK) {
        (void)fprintf(stderr, "core_bench: %s\n", err->text);
        exit(1);
    }
}

static void
tell(const char *name, double value, const char *unit)
{
    (void)printf("%-24s %14.3f %s\n", name, value, unit);
}

static struct br_chain_options
chain_options(const struct bench *b)
{
    return (struct br_chain_options){
        .folder = b->folder, .chain = br_str("bench")};
}

static void
create(struct bench *b)
{
    struct br_err err;
    struct br_genesis_member m = {
        .id = br_str("bench"),
        .member = {br_str("Bench"), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
    };
    must(br_signer_generate(BR_SIGN_ED25519, &b->member, &err), &err);
    must(br_signer_generate(BR_SIGN_ED25519, &b->log, &err), &err);
    m.key = *br_signer_public(b->member);
    struct br_genesis g = {br_str("bench"), {1}, &m, 1};
    struct br_chain_options o = chain_options(b);
    (void)mkdir(b->folder, 0700);
    must(br_chain_create(&o, &g, &err), &err);
    must(br_chain_open(&o, &b->chain, &err), &err);
}

static void
digest_of(uint64_t i, uint8_t out[32])
{
    struct br_hash h;
    br_sha256(br_bytes(&i, sizeof(i)), &h);
    memcpy(out, h.b, sizeof(h.b));
}

/** One block of a batch: signed, verified, applied, durable. */
static void
add_batch(struct bench *b, uint64_t from, uint64_t n)
{
    struct br_err err;
    struct br_buf ops;
    struct br_buf tx;
    struct br_head head;
    uint64_t first;
    uint64_t leaves;
    br_buf_init(&ops, BR_TX_BYTES_MAX);
    br_buf_init(&tx, BR_TX_BYTES_MAX);
    for (uint64_t i = from; i < from + n; i++) {
        uint8_t digest[32];
        digest_of(i, digest);
        br_op_put_stamp(&ops, BR_HASH_SHA256, br_bytes(digest, 32));
    }
    struct br_tx_draft d = {
        .chain = br_str("bench"),
        .author = br_str("bench"),
        .seq = ++b->seq,
        .expiry = {1ull << 52},
        .module = BR_MODULE_NOTARY,
        .op_count = n,
        .ops = br_buf_bytes(&ops),
    };
    must(br_tx_sign(&d, b->member, &tx, &err), &err);
    struct br_time_us time = {br_chain_head(b->chain)->time.v + 1000};
    must(br_chain_begin(b->chain, time, &err), &err);
    must(
        br_chain_run(b->chain, br_buf_bytes(&tx), &first, &leaves, &err), &err);
    must(br_chain_seal(b->chain, &head, &err), &err);
    must(br_chain_commit(b->chain, &err), &err);
    br_buf_fini(&ops);
    br_buf_fini(&tx);
}

/** Durable, batches of BATCH, a signature each, the digests' index included:
 *  the rate of filling the log from `from` to `to`. */
static double
fill(struct bench *b, uint64_t from, uint64_t to)
{
    double begin = now();
    for (uint64_t i = from; i < to; i += BATCH) {
        add_batch(b, i, to - i < BATCH ? to - i : BATCH);
    }
    return (double)(to - from) / (now() - begin);
}

static void
bench_fill(struct bench *b)
{
    enum { WINDOW = 10 * BATCH };
    double early = fill(b, 0, WINDOW);
    if (b->entries > 2 * WINDOW) {
        (void)fill(b, WINDOW, b->entries - WINDOW);
    }
    double late = fill(b, b->entries - WINDOW, b->entries);
    tell("append-first", early, "entries/s");
    tell("append-last", late, "entries/s");
}

static struct br_bytes
make_note(struct bench *b, struct br_snapshot *s, struct br_buf *note)
{
    struct br_err err;
    struct br_checkpoint c = {
        .origin = br_str(origin), .size = s->head.frontier.size};
    br_snapshot_root(s, &c.root);
    must(br_checkpoint_put_signed(note, &c, b->log, &err), &err);
    return br_buf_bytes(note);
}

static void
make_proof(
    struct br_snapshot *s,
    struct br_bytes note,
    uint64_t index,
    struct br_buf *out)
{
    struct br_err err;
    struct br_tlog_proof p = {.index = index, .checkpoint = note};
    struct br_merkle_source src = br_snapshot_source(s);
    must(br_snapshot_leaf(s, index, &p.extra, &err), &err);
    must(
        br_merkle_inclusion(&src, index, s->head.frontier.size, &p.proof, &err),
        &err);
    br_buf_clear(out);
    br_tlog_proof_put(out, &p);
}

/** SHA-256 of two hashes: what the inner nodes of a tree are made of. */
static double
hash_rate(void)
{
    const int count = 1000000;
    struct br_hash h[2] = {{{1}}, {{2}}};
    double begin = now();
    for (int i = 0; i < count; i++) {
        br_sha256_node(&h[0], &h[1], &h[i & 1]);
    }
    return count / (now() - begin);
}

/** Proofs of one thread, which has a snapshot of its own. */
struct prover {
    struct bench *b;
    struct br_bytes note;
    uint64_t random; /**< 0: neighbours, from the last leaf down */
};

enum { PROOFS = 200000 };

static uint64_t
next_index(struct prover *p, uint64_t i, uint64_t size)
{
    if (p->random == 0) {
        return size - 1 - i % size;
    }
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return p->random % size;
}

static void *
prove(void *ctx)
{
    struct prover *p = (struct prover *)ctx;
    struct br_err err;
    struct br_snapshot s;
    struct br_buf out;
    br_buf_init(&out, 64u * 1024);
    must(br_snapshot_open(p->b->chain, &s, &err), &err);
    for (uint64_t i = 0; i < PROOFS; i++) {
        make_proof(&s, p->note, next_index(p, i, s.head.frontier.size), &out);
    }
    br_snapshot_close(&s);
    br_buf_fini(&out);
    return NULL;
}

/** Proofs a second of so many threads together. */
static double
proof_rate(
    struct bench *b, struct br_bytes note, uint64_t random, unsigned threads)
{
    struct prover p[2];
    pthread_t thread[2];
    double begin = now();
    for (unsigned i = 0; i < threads; i++) {
        p[i] = (struct prover){b, note, random << i};
        if (pthread_create(&thread[i], NULL, prove, &p[i]) != 0) {
            exit(1);
        }
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(thread[i], NULL);
    }
    return threads * PROOFS / (now() - begin);
}

/** The whole text of each .tlog-proof, in order and anywhere in the tree. */
static void
bench_proofs(struct bench *b, struct br_bytes note)
{
    static const uint64_t seed = 88172645463325252ull;
    tell("proofs-neighbours", proof_rate(b, note, 0, 1), "proofs/s");
    tell("proofs-anywhere", proof_rate(b, note, seed, 1), "proofs/s");
    tell("proofs-anywhere-2", proof_rate(b, note, seed, 2), "proofs/s");
    tell("baseline-node-hashes", hash_rate(), "hashes/s");
}

/** Every step of the verifier on a .tlog-proof, the policy read before. */
static void
bench_verify(struct bench *b, struct br_snapshot *s, struct br_bytes note)
{
    const int count = 20000;
    struct br_err err;
    struct br_buf policy_text;
    struct br_buf proof;
    struct br_note_key key;
    uint8_t message[1000] = {0};
    uint8_t sig[BR_SIGNATURE_BYTES];
    static struct br_policy policy;
    static struct br_verify_result result;
    br_buf_init(&policy_text, 4096);
    br_buf_init(&proof, 64u * 1024);
    must(
        br_note_key_init(
            &key, br_str(origin), BR_NOTE_ED25519, br_signer_public(b->log),
            &err),
        &err);
    br_policy_put_default(&policy_text, &key, br_bytes(NULL, 0));
    must(br_policy_parse(br_buf_bytes(&policy_text), &policy, &err), &err);
    make_proof(s, note, 4711, &proof);
    struct br_digest digest = {.alg = BR_HASH_SHA256};
    digest_of(4711, digest.b);
    struct br_verify_input in = {
        .receipt = br_buf_bytes(&proof),
        .policy = &policy,
        .now = {1ull << 52},
        .digest = br_verify_given_digest,
        .digest_ctx = &digest,
    };
    double begin = now();
    for (int i = 0; i < count; i++) {
        must(br_receipt_verify(&in, &result, &err), &err);
    }
    double rate = count / (now() - begin);
    must(br_sign(b->log, br_bytes(message, 300), sig, &err), &err);
    begin = now();
    for (int i = 0; i < count; i++) {
        must(
            br_verify(
                br_signer_public(b->log), br_bytes(message, 300), sig, &err),
            &err);
    }
    double bare = count / (now() - begin);
    tell("verify", rate, "receipts/s");
    tell("baseline-ed25519-verify", bare, "signatures/s");
    br_buf_fini(&policy_text);
    br_buf_fini(&proof);
}

/** What an SD-JWT's payload looks like: 14 digests, a key, a status. */
static void
make_payload(struct br_buf *b)
{
    uint8_t digest[32];
    struct br_err err;
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    br_json_write_name(&w, "iss");
    br_json_write_string(&w, br_str("https://issuer.example.org/credentials"));
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, 1700000000);
    br_json_write_name(&w, "exp");
    br_json_write_uint(&w, 1731536000);
    br_json_write_name(&w, "vct");
    br_json_write_string(&w, br_str("urn:eudi:pid:it:1"));
    br_json_write_name(&w, "_sd");
    br_json_write_array(&w);
    for (uint64_t i = 0; i < 14; i++) {
        digest_of(i, digest);
        br_json_write_base64url(&w, br_bytes(digest, sizeof(digest)));
    }
    br_json_write_end(&w);
    br_json_write_name(&w, "cnf");
    br_json_write_object(&w);
    br_json_write_name(&w, "jwk");
    br_json_write_object(&w);
    br_json_write_name(&w, "kty");
    br_json_write_string(&w, br_str("EC"));
    br_json_write_name(&w, "x");
    br_json_write_base64url(&w, br_bytes(digest, sizeof(digest)));
    br_json_write_name(&w, "y");
    br_json_write_base64url(&w, br_bytes(digest, sizeof(digest)));
    br_json_write_end(&w);
    br_json_write_end(&w);
    br_json_write_name(&w, "status");
    br_json_write_object(&w);
    br_json_write_name(&w, "idx");
    br_json_write_uint(&w, 4711);
    br_json_write_name(&w, "uri");
    br_json_write_string(&w, br_str("https://issuer.example.org/status/1"));
    br_json_write_end(&w);
    br_json_write_end(&w);
    must(br_json_writer_done(&w, &err), &err);
}

/** MB/s of reading a payload, of writing its values, of RFC 8785; each reading
 *  and each canonical form with an arena of its own, as a request has it. */
static void
bench_json(void)
{
    enum { COUNT = 100000 };
    struct br_err err;
    struct br_buf payload;
    struct br_buf out;
    struct br_arena arena;
    struct br_json *v;
    br_buf_init(&payload, 1u << 16);
    br_buf_init(&out, 1u << 16);
    make_payload(&payload);
    double megabytes = (double)payload.n * COUNT / 1e6;
    double begin = now();
    for (int i = 0; i < COUNT; i++) {
        br_arena_init(&arena, 1u << 20);
        must(br_json_parse(br_buf_bytes(&payload), &arena, &v, &err), &err);
        br_arena_fini(&arena);
    }
    double reading = megabytes / (now() - begin);
    struct br_arena kept;
    br_arena_init(&kept, 1u << 20);
    must(br_json_parse(br_buf_bytes(&payload), &kept, &v, &err), &err);
    begin = now();
    for (int i = 0; i < COUNT; i++) {
        br_buf_clear(&out);
        must(br_json_encode(v, &out, &err), &err);
    }
    double writing = megabytes / (now() - begin);
    begin = now();
    for (int i = 0; i < COUNT; i++) {
        br_arena_init(&arena, 1u << 20);
        br_buf_clear(&out);
        must(br_jcs_encode(v, &arena, &out, &err), &err);
        br_arena_fini(&arena);
    }
    double canonical = megabytes / (now() - begin);
    tell("json-parse", reading, "MB/s");
    tell("json-write", writing, "MB/s");
    tell("json-canonical", canonical, "MB/s");
    br_arena_fini(&kept);
    br_buf_fini(&out);
    br_buf_fini(&payload);
}

static void
bench_open(struct bench *b)
{
    struct br_err err;
    struct br_chain_options o = chain_options(b);
    br_chain_close(b->chain);
    double begin = now();
    must(br_chain_open(&o, &b->chain, &err), &err);
    double seconds = now() - begin;
    struct mallinfo2 m = mallinfo2();
    tell("open", seconds, "s");
    tell("open-heap", (double)(m.uordblks + m.hblkhd) / 1e6, "MB");
}

int
main(int argc, char **argv)
{
    struct br_err err;
    struct br_snapshot s;
    struct br_buf note;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: core_bench FOLDER [ENTRIES]\n");
        return 2;
    }
    struct bench b = {.folder = argv[1], .entries = 1000000};
    if (argc > 2) {
        b.entries = strtoull(argv[2], NULL, 10);
    }
    must(br_crypto_init(&err), &err);
    bench_json();
    create(&b);
    bench_fill(&b);
    br_buf_init(&note, 64u * 1024);
    must(br_snapshot_open(b.chain, &s, &err), &err);
    struct br_bytes text = make_note(&b, &s, &note);
    bench_proofs(&b, text);
    bench_verify(&b, &s, text);
    br_snapshot_close(&s);
    bench_open(&b);
    br_buf_fini(&note);
    br_chain_close(b.chain);
    br_signer_free(b.member);
    br_signer_free(b.log);
    return 0;
}
