/*
 * What the files of the verifier share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_INTERNAL_H
#define BR_VERIFIER_INTERNAL_H

#include "orchestrator/core/decision.h"
#include "orchestrator/verifier/status.h"
#include "orchestrator/verifier/verifier.h"

#include <pthread.h>

enum { BR_VERIFIER_QUEUE_MAX = 256 };

struct br_verifier_work {
    br_verifier_job *job;
    struct br_http_request *req;
};

struct br_verifier {
    struct br_verifier_options o;
    struct br_x509_trust *trust;
    struct br_kv *kv;
    struct br_status_reader *status;
    struct br_registry_client *registry; /**< NULL: nobody is asked */
    struct br_http_client *node;
    struct br_judgement *judgement; /**< large, one at a time, as the next */
    struct br_decision_standing *standings; /**< one a presentation */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /**< of what follows */
    pthread_cond_t wake;
    struct br_verifier_work queue[BR_VERIFIER_QUEUE_MAX];
    size_t first;
    size_t count;
    bool stopping;
    bool tick;
};

uint64_t br_verifier_now_s(void);
uint64_t br_verifier_now_us(void);
/** Our header for a request that we sign: x5c, kid or jwt, as the prefix wants
 *  it. */
enum br_rc br_verifier_header(
    const struct br_verifier *v,
    enum br_vp_prefix prefix,
    struct br_arena *arena,
    struct br_jws_header *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Ask the registry about the issuers of all presentations that got so far, and
 *  tell the judgement. Fills v->standings. */
void br_verifier_ask_registry(struct br_verifier *v, uint64_t now_s);
/** Stamp receipts that are not, a few. Failures are told as warnings. */
void br_verifier_stamp(struct br_verifier *v);

#endif
