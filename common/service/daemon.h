/*
 * What all our daemons do alike: options, a log, signals, systemd's questions,
 * a tick each minute, or more often. A program tells what it is, and its main
 * is one call.
 *
 *   configure -> start -> url, tell -> tick ... -> stop -> fini
 *
 * stop and fini are called whatever failed before them, once each.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_DAEMON_H
#define BR_SERVICE_DAEMON_H

#include "common/service/log.h"

/* Exit codes beside EXIT_SUCCESS and EXIT_FAILURE, which is "not started". */
enum {
    BR_DAEMON_USAGE = 2,
    BR_DAEMON_FATAL = 3,
};

/* What tell may fill: the log adds the address and the version. */
enum { BR_DAEMON_FIELDS_MAX = BR_LOG_FIELDS_MAX - 2 };

struct br_daemon {
    const char *program; /**< "broletto-node" */
    const char *purpose; /**< what it serves, and what has made that */
    const char *events;  /**< the first half of their names: "node" */

    /** Read the configuration, of which the log's two words are. */
    enum br_rc (*configure)(
        void *ctx,
        const char *data_dir,
        const char **ret_log_format,
        const char **ret_log_level,
        struct br_err *reterr);
    /** Open everything. listen: NULL, or instead of the configured address.
     *  log: until stop. */
    enum br_rc (*start)(
        void *ctx,
        const char *data_dir,
        const char *listen,
        struct br_log *log,
        struct br_err *reterr);
    /** "http://127.0.0.1:8440" */
    const char *(*url)(const void *ctx);
    /** Fields of the event that it serves; NULL: none. */
    void (*tell)(
        const void *ctx, struct br_log_field ret[BR_DAEMON_FIELDS_MAX]);
    /** On the main thread, once in tick_ms; NULL: never. */
    void (*tick)(void *ctx);
    unsigned tick_ms; /**< 0: a minute */
    void (*stop)(void *ctx);
    void (*fini)(void *ctx);
};

/** Until a signal, or a failure. Returns the exit code of the program. */
int br_daemon_main(const struct br_daemon *d, void *ctx, int argc, char **argv);

/** A fault after which nothing may be acknowledged: tell it, and end at once.
 *  Any thread; the main one may be waiting for it. */
_Noreturn void
br_daemon_die(struct br_log *log, const char *events, const struct br_err *why);

#endif
