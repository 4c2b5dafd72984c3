/*
 * The desk: what operators do in the browser, as JSON under /desk/v1;
 * docs/desk.md.
 *
 * - A session is a cookie that scripts cannot read and other sites cannot send
 *   (HttpOnly, SameSite=Strict). Whoever changes something sends the session's
 *   mark in the header X-Broletto-Desk too, which no form can.
 * - Requests run one after the other on a thread of their own, and logins on
 *   another: neither Argon2id nor somebody's provider holds up the others. The
 *   queues are short; what does not fit is told BUSY.
 * - Each request that changes something is one transaction, with its row in the
 *   audit log.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_DESK_H
#define BR_ORCHESTRATOR_DESK_H

#include "common/codec/json_write.h"
#include "orchestrator/api/api.h"
#include "orchestrator/store/desk.h"

enum {
    BR_DESK_QUEUE_MAX = 64,
    BR_DESK_ANSWER_BYTES_MAX = 2 * 1024 * 1024,
    BR_DESK_LIST_MAX = 100,
    BR_DESK_IMPORT_ROWS_MAX = 5000,
    BR_DESK_TABLE_BYTES_MAX = 1024 * 1024,
    BR_DESK_COOKIE_BYTES = 256,
    BR_DESK_LOCATION_BYTES = 640,
};

enum br_rc br_desk_start(
    struct br_orch_api *api,
    struct br_desk **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What waits is told STOPPING. NULL is allowed. */
void br_desk_stop(struct br_desk *d);

/* ---- for the files of the desk ------------------------------------------ */

/** One request, as it runs. */
struct br_desk_call {
    struct br_orch_api *api;
    struct br_http_request *req;
    struct br_arena arena;
    struct br_kv_txn *txn;  /**< writes; NULL for who has its own */
    struct br_json *body;   /**< of a POST */
    struct br_operator who; /**< unless it is open */
    struct br_desk_session session;
    char mark[BR_ORCH_SECRET_TEXT_BYTES]; /**< the session's */
    uint64_t now_us;
    struct br_buf out;
    struct br_json_writer w;               /**< the answer: into out */
    char cookie[BR_DESK_COOKIE_BYTES];     /**< to be set; "" */
    char location[BR_DESK_LOCATION_BYTES]; /**< go there instead; "" */
    const char *download; /**< out is a file of this name; NULL: it is not */
};
typedef enum br_rc br_desk_fn(struct br_desk_call *c, struct br_err *reterr);

/* Who may. */
enum {
    BR_DESK_MAY_OPERATOR = 1 << BR_DESK_OPERATOR,
    BR_DESK_MAY_SUPERVISOR = 1 << BR_DESK_SUPERVISOR,
    BR_DESK_MAY_AUDITOR = 1 << BR_DESK_AUDITOR,
    BR_DESK_MAY_WORK = BR_DESK_MAY_OPERATOR | BR_DESK_MAY_SUPERVISOR,
    BR_DESK_MAY_WATCH = BR_DESK_MAY_SUPERVISOR | BR_DESK_MAY_AUDITOR,
    BR_DESK_MAY_ALL = 7,
    BR_DESK_OPEN =
        8, /**< without a session, and with a transaction of its own */
    BR_DESK_LOGIN = 32,     /**< on the thread of logins */
    BR_DESK_LIMIT = 64,     /**< so many a minute, from one address */
    BR_DESK_DOWNLOAD = 128, /**< writes the answer itself, as a file */
    BR_DESK_SLOW = 16, /**< on a thread of slow work; br_desk_begin when it is
                            to write */
};
struct br_desk_action {
    br_desk_fn *run;
    unsigned may;
    bool post;
};
/** Queue it; refuses by itself. */
void br_desk_submit(
    struct br_http_request *req, void *ctx, const struct br_desk_action *a);

void
br_desk_mark_of(struct br_bytes session, char ret[BR_ORCH_SECRET_TEXT_BYTES]);
void br_desk_text(struct br_desk_call *c, const char *name, const char *value);
void br_desk_number(struct br_desk_call *c, const char *name, uint64_t value);
void br_desk_flag(struct br_desk_call *c, const char *name, bool value);
/** "name": {"side", "path"}, of error correction Q. */
enum br_rc br_desk_qr(
    struct br_desk_call *c,
    const char *name,
    struct br_bytes link,
    struct br_err *reterr) BR_MUST_USE;
/** The transaction of what is slow; it is committed with the answer. */
enum br_rc
br_desk_begin(struct br_desk_call *c, struct br_err *reterr) BR_MUST_USE;
/** A row of the audit log, by who asks. */
enum br_rc br_desk_audit(
    struct br_desk_call *c,
    const char *what,
    const char *about,
    const char *detail,
    struct br_err *reterr) BR_MUST_USE;
/** A string of the body, "" when it is not there; NUL-free UTF-8 of at most max
 *  bytes. */
enum br_rc br_desk_string(
    struct br_desk_call *c,
    const char *name,
    size_t max,
    const char **ret,
    struct br_err *reterr) BR_MUST_USE;

/** A new session of c->who, its text once in the cookie; and the audit row. */
enum br_rc br_desk_begin_session(struct br_desk_call *c, struct br_err *reterr)
    BR_MUST_USE;
/** The value of a cookie; empty: none. */
struct br_bytes
br_desk_cookie(const struct br_http_request *req, const char *name);

br_desk_fn br_desk_login, br_desk_logout, br_desk_session, br_desk_audit_log;
br_desk_fn br_desk_ways, br_desk_oidc_begin, br_desk_oidc_finish;
br_desk_fn br_desk_waiting, br_desk_decide;
br_desk_fn br_desk_decisions, br_desk_decision, br_desk_receipt;
br_desk_fn br_desk_types, br_desk_offer_new, br_desk_offer, br_desk_offers;
br_desk_fn br_desk_offer_state;
br_desk_fn br_desk_credentials, br_desk_status, br_desk_ask, br_desk_asked;
br_desk_fn br_desk_status_many, br_desk_lookup, br_desk_import;

/** What a type's source gave, as the page sends it back. */
struct br_desk_lookup {
    const char *type;
    const char *reference;
    struct br_bytes claims;
    uint64_t made_s;
};
/** CONFLICT: not what this operator was shown a short while ago. */
enum br_rc br_desk_lookup_check(
    struct br_desk_call *c,
    const struct br_desk_lookup *l,
    struct br_bytes given,
    struct br_err *reterr) BR_MUST_USE;

br_http_handler br_desk_get_page, br_desk_get_web;
br_http_handler br_desk_get_ways, br_desk_post_oidc, br_desk_get_oidc;
br_http_handler br_desk_get_waiting, br_desk_post_waiting;
br_http_handler br_desk_get_decisions, br_desk_get_decision;
br_http_handler br_desk_get_receipt;
br_http_handler br_desk_post_login, br_desk_post_logout, br_desk_get_session;
br_http_handler br_desk_get_types, br_desk_post_offer, br_desk_get_offers;
br_http_handler br_desk_get_offer, br_desk_post_offer_state;
br_http_handler br_desk_get_credentials, br_desk_post_status;
br_http_handler br_desk_post_status_many, br_desk_post_lookup;
br_http_handler br_desk_post_import;
br_http_handler br_desk_get_audit, br_desk_post_request, br_desk_get_request;

#endif
