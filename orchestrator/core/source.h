/*
 * Where a type's claims come from, as its configuration says:
 *
 *   "source": {"kind": "http", "url": "https://registry.example/{reference}",
 *              "method": "GET", "token_file": "keys/registry-token",
 *              "certificate": "", "key": "", "ca": "", "timeout_ms": 5000,
 *              "answer_bytes_max": 65536, "tries": 3, "renew": true}
 *
 * Without "source" it is the desk: claims are given with the offer. Each claim
 * may say where it lies in the source's answer: "from": "/person/name", a JSON
 * pointer (RFC 6901); without it, at its own path.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_CORE_SOURCE_H
#define BR_ORCHESTRATOR_CORE_SOURCE_H

#include "common/base/arena.h"
#include "common/codec/json.h"

enum {
    BR_SOURCE_URL_BYTES_MAX = 1024,
    BR_SOURCE_TIMEOUT_MS_MAX = 20000,
    BR_SOURCE_ANSWER_BYTES_MAX = 1024 * 1024,
    BR_SOURCE_TRIES_MAX = 5,
};
/** In an address, what stands for the subject's reference. */
#define BR_SOURCE_REFERENCE "{reference}"

enum br_source_kind {
    BR_SOURCE_DESK, /**< given with the offer, or in a file of many */
    BR_SOURCE_HTTP, /**< asked for, by the subject's reference */
    BR_SOURCE_KINDS,
};
const char *br_source_kind_name(enum br_source_kind k);

struct br_type_source {
    enum br_source_kind kind;
    bool post;       /**< else GET, with the reference in the address */
    bool renew;      /**< ask again when a wallet renews */
    const char *url; /**< of http, as the files; "" where there is none */
    const char *token_file;
    const char *certificate;
    const char *key;
    const char *ca;
    uint64_t timeout_ms; /**< of one try */
    uint64_t answer_bytes_max;
    uint64_t tries;
};

struct br_type;
/** v NULL: the desk. Whether the address may be asked is not looked at here. */
enum br_rc br_source_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_type_source *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The claims in a source's answer, as a new document in the arena: what no
 *  claim points to is left, null is absent. They are checked against the type;
 *  errors name the claim and no value. */
enum br_rc br_source_map(
    const struct br_type *t,
    const struct br_json *answer,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- JSON pointers (RFC 6901) -------------------------------------------- */

/** Well formed? MALFORMED. */
enum br_rc
br_pointer_check(struct br_bytes pointer, struct br_err *reterr) BR_MUST_USE;
/** What a well-formed pointer leads to, or NULL. */
struct br_json *
br_pointer_find(const struct br_json *v, struct br_bytes pointer);

#endif
