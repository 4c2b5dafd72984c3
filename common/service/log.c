/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/log.h"

#include "common/codec/text.h"
#include "common/service/json.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ERROR_PATIENCE_MS = 1000 };

static const char *const levels[] = {"debug", "info", "warning", "error"};

void
br_log_init(struct br_log *l, int fd, const char *format, const char *level)
{
    *l = (struct br_log){.fd = fd, .least = BR_LOG_INFO};
    l->json = strcmp(format, "json") == 0 ||
              (strcmp(format, "human") != 0 && isatty(fd) == 0);
    for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(level, levels[i]) == 0) {
            l->least = (enum br_log_level)i;
        }
    }
    (void)pthread_mutex_init(&l->lock, NULL);
    /* All the memory that lines will need: what is extended and cleared
     * stays. When even this is refused, each line is tried anew. */
    br_buf_init(&l->line, BR_LOG_LINE_BYTES_MAX);
    (void)br_buf_extend(&l->line, BR_LOG_LINE_BYTES_MAX);
    br_buf_clear(&l->line);
}

void
br_log_fini(struct br_log *l)
{
    br_buf_fini(&l->line);
    (void)pthread_mutex_destroy(&l->lock);
}

static uint64_t
now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* ---- texts -------------------------------------------------------------- */

/** At most so many bytes, not inside a character. */
static struct br_bytes
cut(struct br_bytes v)
{
    if (v.n > BR_LOG_TEXT_BYTES_MAX) {
        v.n = BR_LOG_TEXT_BYTES_MAX;
        while (v.n > 0 && (v.p[v.n] & 0xc0) == 0x80) {
            v.n--;
        }
    }
    return v;
}

/** What is no UTF-8 becomes U+FFFD, byte by byte. */
static struct br_bytes
mend(struct br_bytes v, uint8_t room[3 * BR_LOG_TEXT_BYTES_MAX])
{
    static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
    size_t n = 0;
    while (v.n > 0) {
        size_t good = br_utf8_check(v);
        memcpy(room + n, v.p, good);
        n += good;
        v = br_bytes(v.p + good, v.n - good);
        if (v.n > 0) {
            memcpy(room + n, replacement, sizeof(replacement));
            n += sizeof(replacement);
            v = br_bytes(v.p + 1, v.n - 1);
        }
    }
    return br_bytes(room, n);
}

/** Terminals obey control characters, those of C1 in UTF-8 too. */
static void
put_plain(struct br_buf *b, struct br_bytes v)
{
    for (size_t i = 0; i < v.n; i++) {
        bool c1 = v.p[i] == 0xc2 && i + 1 < v.n && v.p[i + 1] < 0xa0;
        bool control = v.p[i] < 0x20 || v.p[i] == 0x7f || c1;
        br_buf_put(b, control ? "?" : (const char *)v.p + i, 1);
        i += c1 ? 1 : 0;
    }
}

static void
put_text(const struct br_log *l, struct br_buf *b, const char *text)
{
    uint8_t room[3 * BR_LOG_TEXT_BYTES_MAX];
    struct br_bytes v = mend(cut(br_str(text)), room);
    if (l->json) {
        br_json_put_text(b, v);
    } else {
        put_plain(b, v);
    }
}

/* ---- lines -------------------------------------------------------------- */

static void
put_head(struct br_log *l, const struct br_log_event *e, uint64_t at_us)
{
    char time[28];
    struct br_buf *b = &l->line;
    br_time_text((struct br_time_us){at_us}, time);
    br_buf_clear(b);
    if (l->json) {
        br_buf_printf(
            b, "{\"time\":\"%.23sZ\",\"level\":\"%s\",\"event\":\"%s\"", time,
            levels[e->level], e->name);
        br_buf_puts(b, ",\"message\":");
    } else {
        br_buf_printf(b, "%.23sZ %-7s ", time, levels[e->level]);
    }
    put_text(l, b, e->message);
}

static void
put_field(struct br_log *l, const struct br_log_field *f)
{
    struct br_buf *b = &l->line;
    br_buf_printf(b, l->json ? ",\"%s\":" : "  %s=", f->name);
    if (f->text == NULL) {
        br_buf_printf(b, "%llu", (unsigned long long)f->number);
    } else {
        put_text(l, b, f->text);
    }
}

/** One number that the log adds by itself, when there is something to tell. */
static void
put_count(struct br_log *l, const char *name, uint64_t count)
{
    if (count > 0) {
        const struct br_log_field f = {name, NULL, count};
        put_field(l, &f);
    }
}

static void
put_line(
    struct br_log *l,
    const struct br_log_event *e,
    uint64_t at_us,
    uint64_t suppressed)
{
    put_head(l, e, at_us);
    for (size_t i = 0; i < BR_LOG_FIELDS_MAX && e->field[i].name != NULL; i++) {
        put_field(l, &e->field[i]);
    }
    put_count(l, "suppressed", suppressed);
    put_count(l, "dropped", l->dropped);
    br_buf_puts(&l->line, l->json ? "}\n" : "\n");
    if (l->line.failed) {
        /* Too long: what it is stays, its fields do not. */
        put_head(l, e, at_us);
        br_buf_puts(&l->line, l->json ? ",\"truncated\":true}\n" : " ...\n");
    }
}

static bool
may_write(const struct br_log *l, enum br_log_level level)
{
    struct pollfd p = {.fd = l->fd, .events = POLLOUT};
    return poll(&p, 1, level == BR_LOG_ERROR ? ERROR_PATIENCE_MS : 0) == 1 &&
           (p.revents & POLLOUT) != 0;
}

static void
write_line(struct br_log *l, enum br_log_level level)
{
    ssize_t n = -1;
    if (!l->line.failed && may_write(l, level)) {
        do {
            n = write(l->fd, l->line.p, l->line.n);
        } while (n < 0 && errno == EINTR);
    }
    l->dropped = n < 0 ? l->dropped + 1 : 0;
}

static bool
admit(struct br_log_limit *limit, uint64_t at_us, uint64_t *ret_suppressed)
{
    uint64_t minute = at_us / 60000000u;
    if (minute != limit->minute) {
        limit->minute = minute;
        limit->count = 0;
    }
    if (limit->count >= limit->per_minute) {
        limit->suppressed++;
        return false;
    }
    limit->count++;
    *ret_suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}

void
br_log_put_limited(
    struct br_log *l, struct br_log_limit *limit, const struct br_log_event *e)
{
    uint64_t suppressed = 0;
    if (!br_log_wants(l, e->level)) {
        return;
    }
    (void)pthread_mutex_lock(&l->lock);
    uint64_t at_us = now_us();
    if (limit == NULL || admit(limit, at_us, &suppressed)) {
        put_line(l, e, at_us, suppressed);
        write_line(l, e->level);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void
br_log_put(struct br_log *l, const struct br_log_event *e)
{
    br_log_put_limited(l, NULL, e);
}

void
br_log_put_error(
    struct br_log *l,
    enum br_log_level level,
    const char *name,
    const struct br_err *err)
{
    const struct br_err_info *info = br_err_info(err->rc);
    struct br_log_event e = {level, name, err->text, {{0}}};
    e.field[0] = br_log_text("error", info->slug);
    e.field[1] = br_log_number("code", (uint64_t)info->rc);
    e.field[2] = br_log_text("remedy", info->remedy);
    br_log_put(l, &e);
}
