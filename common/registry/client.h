/*
 * Asking a ledger's registry: whose is this key, and may they issue this?
 *
 * - Whom to ask comes from our own configuration: it may lie in a private
 *   network, or on this machine, there also by plain http. Elsewhere it is
 *   https, as fetch.h has it. No redirects; bounded in size and time.
 * - Several registries are asked in their order, until one says yes. Where none
 *   does and one could not be asked, nobody knows.
 * - Answers are kept for a while, BR_REGISTRY_KEPT_MAX of them. A registry that
 *   does not answer is left alone for BR_REGISTRY_REST_S, so that one that is
 *   down costs its time once, not for each credential.
 * - While it does not answer, a yes of before counts for `grace_s` more, if the
 *   configuration wants that; at_s tells how old it is.
 *
 * Used by one thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_REGISTRY_CLIENT_H
#define BR_REGISTRY_CLIENT_H

#include "common/credential/standing.h"
#include "common/net/fetch.h"

#define BR_REGISTRY_REST_S    10u
#define BR_REGISTRY_URL_BYTES 512

struct br_registry_options {
    const char *urls;    /**< nodes, with spaces between; copied */
    const char *ca_file; /**< instead of the system's; lent; or NULL */
    const char *token;   /**< for a node that asks for one; lent; or NULL */
    uint64_t fresh_s;    /**< how long an answer is kept; 0: not */
    uint64_t grace_s;
    unsigned timeout_ms; /**< 0: 5 seconds */
};

struct br_registry_client;

/** CONFIG: an address that is not to be asked, or too many. *ret is NULL when
 *  there is none: then nobody is asked. */
enum br_rc br_registry_client_new(
    const struct br_registry_options *options,
    struct br_registry_client **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_registry_client_free(struct br_registry_client *c);

/** Always gives an answer, perhaps that there is none. c may be NULL. Until c
 *  is freed, ret->registry may be read. */
void br_registry_ask(
    struct br_registry_client *c,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret);

#endif
