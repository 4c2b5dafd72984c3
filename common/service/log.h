/*
 * A daemon's log: one event, one line, one write(2).
 *
 * - Libraries do not log: they tell their daemon through callbacks, and it
 *   decides what is worth a line.
 * - JSON for machines: {"time", "level", "event", "message", then the event's
 *   own fields}. The same on one line for people, where standard error is a
 *   terminal. Time is RFC 3339 in UTC, with milliseconds.
 * - An event's name never changes ("http.refused"): alarms hang on it. Its
 *   message is for reading.
 * - Any thread. Nothing is allocated after br_log_init. A reader that is stuck
 *   costs lines, never work: what cannot be written at once is dropped and
 *   counted in the next line ("dropped"). Only an error waits, for a second.
 * - Texts are untrusted: bad UTF-8 is replaced, what is too long is cut, no
 *   text can begin another line.
 * - No token, passphrase, key or query string is ever put in a field.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_LOG_H
#define BR_SERVICE_LOG_H

#include "common/base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum br_log_level {
    BR_LOG_DEBUG,
    BR_LOG_INFO,
    BR_LOG_WARNING,
    BR_LOG_ERROR,
};

enum {
    BR_LOG_FIELDS_MAX = 8,
    /** PIPE_BUF: lines of several threads or processes never mingle. */
    BR_LOG_LINE_BYTES_MAX = 4096,
    BR_LOG_TEXT_BYTES_MAX = 512,
};

struct br_log_field {
    const char *name; /**< a constant of letters and '_' */
    const char *text; /**< NULL: number counts */
    uint64_t number;
};

struct br_log_event {
    enum br_log_level level;
    const char *name; /**< a constant: "clock.behind" */
    const char *message;
    /** Up to the first without a name. */
    struct br_log_field field[BR_LOG_FIELDS_MAX];
};

struct br_log {
    int fd; /**< borrowed */
    bool json;
    enum br_log_level least;
    pthread_mutex_t lock; /**< guards the rest */
    struct br_buf line;
    uint64_t dropped;
};

/** So many lines a minute of one kind, whatever happens; the first line of a
 *  later minute tells how many were left out ("suppressed"). */
struct br_log_limit {
    unsigned per_minute;
    unsigned count; /**< the log's own, as the rest */
    uint64_t minute;
    uint64_t suppressed;
};

/** format: "auto", "json" or "human"; level: "debug", "info", "warning" or
 *  "error". Others are taken for "auto" and "info". */
void
br_log_init(struct br_log *l, int fd, const char *format, const char *level);
void br_log_fini(struct br_log *l);

/** Would an event of this level be written? */
static inline bool
br_log_wants(const struct br_log *l, enum br_log_level level)
{
    return level >= l->least;
}

void br_log_put(struct br_log *l, const struct br_log_event *e);
/** The same within a limit, which belongs to this log alone. */
void br_log_put_limited(
    struct br_log *l, struct br_log_limit *limit, const struct br_log_event *e);
/** A failure: its text as the message, its code, slug and remedy. */
void br_log_put_error(
    struct br_log *l,
    enum br_log_level level,
    const char *name,
    const struct br_err *err);

static inline struct br_log_field
br_log_text(const char *name, const char *text)
{
    return (struct br_log_field){name, text == NULL ? "" : text, 0};
}

static inline struct br_log_field
br_log_number(const char *name, uint64_t number)
{
    return (struct br_log_field){name, NULL, number};
}

#endif
