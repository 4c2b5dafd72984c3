/*
 * What the files of the HTTP server share; nobody else includes this.
 *
 * Who touches what:
 * - A worker is one thread that drives one libmicrohttpd daemon. Connections,
 *   the pool and everything of libmicrohttpd belong to that thread alone.
 * - A request moves through `phase`. While a handler has it, the handler's side
 *   owns everything but phase; one atomic exchange in br_http_reply gives it
 *   back. Whoever loses that exchange has nothing left to touch.
 * - Kept requests come back through the worker's list `answered`. Only the
 *   first on an empty list rings the worker's bell: one wake-up serves a whole
 *   batch of answers.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_HTTP_INTERNAL_H
#define BR_NET_HTTP_INTERNAL_H

#include "common/base/arena.h"
#include "common/net/http_server.h"
#include "common/net/router.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    /* Ours is 8 KiB of request line and headers; libmicrohttpd needs room for
     * that and for building an answer's head. It clears this memory for every
     * request, so more costs time as well. */
    BR_HTTP_CONNECTION_MEMORY = 16 * 1024,
    BR_HTTP_HEAD_BYTES_MAX = 8 * 1024,
    /* Bytes of a refused body that are read and thrown away, so that the
     * sender gets to read the answer instead of a reset. */
    BR_HTTP_DROP_BYTES_MAX = 1024 * 1024,
    /* Decoded parameters of a path or query longer than the inline room. */
    BR_HTTP_ARENA_BYTES_MAX = 64 * 1024,
    BR_HTTP_SCRATCH_BYTES = 512,
    BR_HTTP_ANSWER_HEAD_BYTES_MAX = 8 * 1024,
    /* Slower than this after the first idle_timeout_s is cut: a large body
     * has the time it needs, a trickle has not. */
    BR_HTTP_RECEIVE_BYTES_PER_S = 16 * 1024,
    BR_HTTP_SEND_BYTES_PER_S = 4 * 1024,
    BR_HTTP_STREAM_PIECE_BYTES = 32 * 1024,
    BR_HTTP_WORKERS_MAX = 64,
};

enum br_http_phase {
    BR_HTTP_RECEIVING, /**< worker: head or body is on its way */
    BR_HTTP_RUNNING,   /**< handler is running on the worker's thread */
    BR_HTTP_KEPT,      /**< the connection is suspended; somebody will answer */
    BR_HTTP_ANSWERED,  /**< worker again: the answer is in `answer` */
    BR_HTTP_GONE,      /**< the server stopped first: only to be freed */
};

/** The answer as it was given, until libmicrohttpd takes it. */
struct br_http_stored_answer {
    int status;
    enum br_rc rc;    /**< of a problem */
    bool close;       /**< end the connection afterwards */
    bool streamed;    /**< source, not body */
    const uint8_t *p; /**< into `own`, `taken`, or static */
    size_t n;
    struct br_buf own;   /**< copied body, or written by the handler's side;
                              its memory is kept for the next */
    struct br_buf heads; /**< name NUL value NUL ...; the same */
    struct br_buf taken; /**< body given with `take` */
    struct br_http_body_source source;
};

struct br_http_conn;
struct br_http_worker;

struct br_http_request {
    struct br_http_request *next; /**< in the pool, or on `answered` */
    struct br_http_worker *worker;
    struct br_http_conn *conn;
    struct MHD_Connection *mhd;
    const struct br_http_route *route; /**< NULL: none matched */
    _Atomic(int) phase;
    bool begun;      /**< the head was looked at */
    bool bad_escape; /**< its address has a '%' that encodes nothing */
    bool refused;    /**< `answer` is a problem; what comes is thrown away */
    bool counted;    /**< in worker->in_flight */
    bool suspended;  /**< and in worker->suspended */
    const char *method;
    uint64_t started_us;
    uint64_t progress_ms; /**< last byte of the body that came */
    uint64_t answered_ms;
    uint64_t received; /**< bytes of body */
    uint64_t sent;     /**< bytes of streamed answer */
    size_t param_count;
    const char *params[BR_ROUTE_PARAMS_MAX];
    struct br_buf body;
    void *stream_state;
    /** Set while there is a stream_state to end. */
    br_http_stream_end_fn *stream_end;
    void *stream_ctx;
    size_t scratch_used;
    char scratch[BR_HTTP_SCRATCH_BYTES];
    struct br_arena arena;
    char peer[64];
    struct br_http_stored_answer answer;
};

struct br_http_conn {
    struct br_http_conn *prev;
    struct br_http_conn *next;
    struct MHD_Connection *mhd;
    struct br_http_worker *worker;
    struct br_http_request *req; /**< NULL between requests */
    uint64_t idle_since_ms;
    int fd;
    bool over_limit; /**< one too many: gets 503 and is closed */
    bool cut;        /**< shut down; libmicrohttpd will notice */
};

struct br_http_worker {
    struct br_http_server *server;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool thread_runs;
    int listen_fd; /**< this worker's duplicate; -1 once closed */
    struct br_http_conn *conns;
    unsigned conn_count;
    struct br_http_request *pool;
    unsigned pool_count;
    unsigned suspended;
    uint64_t swept_ms;
    atomic_size_t in_flight; /**< written by the worker only */
    int epoll_fd;            /**< the daemon's */
    int bell_fd;             /**< eventfd: look at `answered` */
    pthread_mutex_t lock;    /**< guards the next two */
    struct br_http_request *answered;
    struct br_http_request *answered_last;
};

struct br_http_server {
    struct br_http_server_options options;
    struct br_router *router;
    struct br_http_worker workers[BR_HTTP_WORKERS_MAX];
    unsigned worker_count;
    unsigned conns_per_worker;
    uint64_t idle_timeout_ms;
    int listen_fd;
    char address[128];
    atomic_bool quiesced;
    atomic_bool stopping;
};

/* ---- http_server.c ------------------------------------------------------- */
uint64_t br_http_now_us(void);

/* ---- http_worker.c ------------------------------------------------------- */
enum br_rc br_http_worker_start(
    struct br_http_worker *w,
    struct br_http_server *s,
    struct br_err *reterr) BR_MUST_USE;
/** Asks; br_http_worker_join waits and frees. */
void br_http_worker_quiesce(struct br_http_worker *w);
void br_http_worker_join(struct br_http_worker *w);
/** A kept request has its answer: any thread. */
void br_http_worker_hand_back(struct br_http_request *req);

/* ---- http_exchange.c: one request from its first byte to its last -------- */
void *br_http_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result br_http_on_request(
    void *cls,
    struct MHD_Connection *mhd,
    const char *path,
    const char *method,
    const char *version,
    const char *data,
    size_t *data_n,
    void **request_cls);
void br_http_on_completed(
    void *cls,
    struct MHD_Connection *mhd,
    void **request_cls,
    enum MHD_RequestTerminationCode code);
/** The request is over, or never was: back to the pool. */
void br_http_exchange_end(struct br_http_conn *conn);
/** Take a kept request from its handler's side and put a refusal in its
 *  place; false when its answer is on its way. */
bool br_http_exchange_abandon(struct br_http_conn *conn);

/* ---- http_request.c ------------------------------------------------------ */
struct br_http_request *br_http_request_new(struct br_http_worker *w);
/** Ready for the next one, or freed when there are plenty. */
void br_http_request_release(struct br_http_request *req);
void br_http_request_free(struct br_http_request *req);
/** Tell the route's stream_end, once. */
void br_http_request_end_stream(struct br_http_request *req);
/** Each '%' stands before two hexadecimal digits, which are not 00. */
bool br_http_escapes_ok(const char *uri);
/** Percent-decoded, NUL-terminated; NULL when malformed or too long. */
const char *
br_http_request_decode(struct br_http_request *req, struct br_bytes text);

/* ---- http_answer.c ------------------------------------------------------- */
/** Store a problem as the request's answer. status 0: the registry's. */
void br_http_answer_problem(
    struct br_http_request *req,
    const struct br_err *err,
    int status,
    const char *allow);
/** Hand the stored answer to libmicrohttpd. */
enum MHD_Result br_http_answer_queue(struct br_http_request *req);

/* ---- problem.c ----------------------------------------------------------- */
/** The RFC 9457 document of an error; status 0: the registry's. */
void br_problem_put(struct br_buf *b, const struct br_err *err, int status);

#endif
