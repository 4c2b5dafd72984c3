/*
 * A request that waits for its block.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_JOB_H
#define BR_API_JOB_H

#include "node/api/api.h"
#include "node/api/body.h"

struct br_api_job {
    struct br_gateway_request request;
    struct br_api *api;
    struct br_http_request *req;
    uint8_t digest[BR_DIGEST_BYTES_MAX];
    bool with_proof;
    char id[BR_MEMBER_ID_BYTES_MAX + 1];
    void *owned; /**< freed with the job */
    /** Fields that come before those of a stamp, each with its comma. */
    enum br_rc (*put_fields)(
        struct br_buf *b,
        const struct br_api_job *j,
        const struct br_settlement *s,
        struct br_err *reterr);
};

/** NULL when memory is refused: the request is answered then. */
struct br_api_job *br_api_job_new(
    struct br_api *api, struct br_http_request *req, unsigned member);
void br_api_job_free(struct br_api_job *j);
/** The operation's algorithm and digest. */
void
br_api_job_set_digest(struct br_api_job *j, const struct br_body_digest *d);
/** Takes the job: it is answered and freed, now or later. */
void br_api_job_submit(struct br_api_job *j);
/** The usual way to be answered: as a stamp. */
br_gateway_done br_api_job_reply_stamp;

#endif
