/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/events.h"

/* An attacker who is refused as fast as the node can writes some 20 MB of log
 * a day, not more. */
enum { LINES_A_MINUTE = 60 };

void
br_events_init(struct br_events *e, struct br_log *log, uint64_t slow_us)
{
    *e = (struct br_events){
        .log = log,
        .slow_us = slow_us,
        .refused = {.per_minute = LINES_A_MINUTE},
        .failed = {.per_minute = LINES_A_MINUTE},
        .slow = {.per_minute = LINES_A_MINUTE},
    };
}

void
br_events_member_key(
    struct br_events *e, const char *member, const char *why, const char *ends)
{
    const struct br_log_event event = {
        .level = BR_LOG_WARNING,
        .name = "member.key_ends",
        .message = why,
        .field =
            {
                br_log_text("member", member),
                br_log_text("ends", ends),
                br_log_text(
                    "remedy", "put the member's new key into member_key and "
                              "start again; broletto member rotate"),
            },
    };
    br_log_put(e->log, &event);
}

void
br_events_clock(struct br_events *e, uint64_t behind_us)
{
    struct br_log_event behind = {
        .level = BR_LOG_WARNING,
        .name = "clock.behind",
        .message = "the clock is behind the last block: nothing is stamped "
                   "until it is right",
        .field =
            {
                br_log_number("behind_ms", behind_us / 1000),
                br_log_text(
                    "remedy", br_err_info(BR_ERR_CLOCK_BACKWARDS)->remedy),
            },
    };
    const struct br_log_event right = {
        .level = BR_LOG_INFO,
        .name = "clock.right",
        .message = "the clock is right again",
    };
    br_log_put(e->log, behind_us > 0 ? &behind : &right);
}

void
br_events_quorum(struct br_events *e, bool reached, const char *why)
{
    struct br_log_event missed = {
        .level = BR_LOG_WARNING,
        .name = "quorum.missed",
        .message = "checkpoints are not published: too few witnesses cosign",
        .field =
            {
                br_log_text("why", why),
                br_log_text(
                    "remedy",
                    "see that the witnesses answer; docs/witnessing.md"),
            },
    };
    const struct br_log_event again = {
        .level = BR_LOG_INFO,
        .name = "quorum.reached",
        .message =
            "the witnesses' quorum is reached: checkpoints are published",
    };
    br_log_put(e->log, reached ? &again : &missed);
}

/* ---- requests ----------------------------------------------------------- */

/** Which kind of request deserves a line whatever the level. */
struct kind {
    enum br_log_level level;
    const char *name;
    const char *message;
    struct br_log_limit *limit; /**< NULL: none */
};

static bool
is_refusal(int status)
{
    return status == 401 || status == 403;
}

/** 503 is how a node says that it is busy, stopping or not ready: that is
 *  told elsewhere, and in the metrics. */
static bool
is_failure(int status)
{
    return status >= 500 && status != 503;
}

static struct kind
kind_of(struct br_events *e, const struct br_http_outcome *o)
{
    if (is_refusal(o->status)) {
        return (struct kind){
            BR_LOG_WARNING, "http.refused", "a request was not authorised",
            &e->refused};
    }
    if (is_failure(o->status)) {
        return (struct kind){
            BR_LOG_ERROR, "http.failed", "a request failed", &e->failed};
    }
    if (o->duration_us >= e->slow_us) {
        return (struct kind){
            BR_LOG_INFO, "http.slow", "a request took long", &e->slow};
    }
    return (struct kind){BR_LOG_DEBUG, "http.request", "a request", NULL};
}

void
br_events_request(
    struct br_events *e,
    const struct br_http_request *req,
    const struct br_http_outcome *o)
{
    struct kind kind = kind_of(e, o);
    if (!br_log_wants(e->log, kind.level)) {
        return;
    }
    struct br_log_event event = {
        .level = kind.level,
        .name = kind.name,
        .message = kind.message,
        .field =
            {
                br_log_text("method", o->method),
                br_log_text("route", o->route),
                br_log_number("status", (uint64_t)o->status),
                br_log_number("duration_us", o->duration_us),
                br_log_number("received_bytes", o->received_bytes),
                br_log_number("sent_bytes", o->sent_bytes),
                br_log_text("peer", br_http_peer(req)),
            },
    };
    if (o->rc != BR_OK) {
        event.field[7] = br_log_text("error", br_err_info(o->rc)->slug);
    }
    br_log_put_limited(e->log, kind.limit, &event);
}
