/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/text.h"
#include "node/api/api.h"
#include "node/chain/tables.h"

/* C2SP tlog-tiles: paths are immutable, the checkpoint is not. */
static const struct br_http_header_pair immutable[] = {
    {"Cache-Control", "public, max-age=31536000, immutable"},
    {"Access-Control-Allow-Origin", "*"}};
static const struct br_http_header_pair fresh[] = {
    {"Cache-Control", "no-cache"}, {"Access-Control-Allow-Origin", "*"}};

enum { TILE = 256, TILE_LEVELS = 6, BUNDLE_BYTES_MAX = TILE * (2 + 65535) };

void
br_api_get_checkpoint(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_publication p;
    struct br_err err;
    if (!br_api_may_read(api, req)) {
        return;
    }
    if (br_publisher_published(api->publisher, &p, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    struct br_http_answer a = {
        .status = 200,
        .content_type = "text/plain; charset=utf-8",
        .take = &p.note,
        .headers = fresh,
        .header_count = 2,
    };
    br_http_reply(req, &a);
    br_buf_fini(&p.note);
}

/** Which tile a path means. */
struct tile {
    bool entries;
    uint64_t level;
    uint64_t n;
    uint64_t width;
};

static bool
three_digits(const char *p, uint64_t *n)
{
    for (size_t i = 0; i < 3; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
        *n = 10 * *n + (uint64_t)(p[i] - '0');
    }
    return true;
}

/** "x001/x234/067", then the end or ".p/WIDTH". */
static bool
parse_number(const char *p, struct tile *t)
{
    t->n = 0;
    size_t groups = 0;
    while (*p == 'x') {
        if (!three_digits(p + 1, &t->n) || p[4] != '/' || ++groups > 5) {
            return false;
        }
        p += 5;
    }
    if (!three_digits(p, &t->n)) {
        return false;
    }
    p += 3;
    t->width = TILE;
    if (*p == '\0') {
        return true;
    }
    return strncmp(p, ".p/", 3) == 0 &&
           br_decimal_parse(br_str(p + 3), &t->width, NULL) == BR_OK &&
           t->width > 0 && t->width < TILE;
}

static bool
parse_path(const char *path, struct tile *t)
{
    const char *slash = strchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    struct br_bytes head = br_bytes(path, (size_t)(slash - path));
    t->entries = br_bytes_eq(head, br_str("entries"));
    t->level = 0;
    if (!t->entries && (br_decimal_parse(head, &t->level, NULL) != BR_OK ||
                        t->level >= TILE_LEVELS)) {
        return false;
    }
    return parse_number(slash + 1, t);
}

static bool
is_there(const struct tile *t, uint64_t size)
{
    return t->n * TILE + t->width <= size >> (8 * t->level);
}

static enum br_rc
put_bundle(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct tile *t,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    uint8_t at[8];
    struct br_bytes key;
    struct br_bytes entry;
    BR_TRY(br_kv_cursor_open(s->txn, BR_T_LEAVES, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_key_u64(at, t->n * TILE), &key, &entry);
    for (uint64_t i = 0; i < t->width && rc == BR_OK; i++) {
        uint8_t n[2] = {(uint8_t)(entry.n >> 8), (uint8_t)entry.n};
        br_buf_put(b, n, sizeof(n));
        br_buf_put(b, entry.p, entry.n);
        rc = i + 1 < t->width ? br_kv_next(c, &key, &entry) : BR_OK;
    }
    br_kv_cursor_close(c);
    if (rc != BR_OK) {
        return br_fail(reterr, rc, "reading the entries");
    }
    return br_buf_status(b, reterr);
}

static enum br_rc
put_tile(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct tile *t,
    struct br_err *reterr)
{
    if (!is_there(t, s->head.frontier.size)) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the log of %llu has not this tile",
            (unsigned long long)s->head.frontier.size);
    }
    if (t->entries) {
        return put_bundle(b, s, t, reterr);
    }
    struct br_hash hash[TILE];
    struct br_merkle_source src = br_snapshot_source(s);
    BR_TRY(br_merkle_tile(
        &src, (uint8_t)t->level, t->n, (size_t)t->width, hash, reterr));
    br_buf_put(b, hash, (size_t)t->width * sizeof(hash[0]));
    return br_buf_status(b, reterr);
}

void
br_api_get_tile(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_buf b;
    struct br_err err;
    struct tile t;
    if (!br_api_may_read(api, req)) {
        return;
    }
    if (!parse_path(br_http_param(req, 0), &t)) {
        (void)br_fail(&err, BR_ERR_NOT_FOUND, "not the path of a tile");
        br_http_reply_problem(req, &err);
        return;
    }
    if (!br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, BUNDLE_BYTES_MAX);
    enum br_rc rc = put_tile(&b, &s, &t, &err);
    br_snapshot_close(&s);
    if (rc == BR_OK) {
        struct br_http_answer a = {
            .status = 200,
            .content_type = "application/octet-stream",
            .take = &b,
            .headers = immutable,
            .header_count = 2,
        };
        br_http_reply(req, &a);
    } else {
        br_http_reply_problem(req, &err);
    }
    br_buf_fini(&b);
}
