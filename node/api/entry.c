/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "common/service/json.h"
#include "common/store/digest_index.h"
#include "node/api/api.h"

#include <stdlib.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 500, LIST_BYTES_MAX = 1024 * 1024 };

static const char *const kinds[] = {
    "raw", "stamp", "record", "member", "registry"};
static const char *const steps[] = {"",     "created",     "version",
                                    "hash", "owner-added", "owner-revoked"};

static const char *const changes[] = {"",
                                      "did-put",
                                      "did-deactivated",
                                      "accredited",
                                      "accreditation-ended",
                                      "type-put"};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

static void
put_text_field(struct br_buf *b, const char *name, struct br_bytes text)
{
    br_buf_printf(b, ",\"%s\":", name);
    br_json_put_text(b, text);
}

static void
put_hex_field(struct br_buf *b, const char *name, struct br_bytes v)
{
    br_buf_printf(b, ",\"%s\":\"", name);
    br_hex_put(b, v);
    br_buf_puts(b, "\"");
}

static void
put_record_fields(struct br_buf *b, const struct br_leaf *leaf)
{
    put_hex_field(b, "record", leaf->record);
    br_buf_printf(
        b, ",\"step\":\"%s\",\"version\":%llu", steps[leaf->step],
        (unsigned long long)leaf->version);
}

void
br_api_put_leaf_fields(
    struct br_buf *b,
    uint64_t index,
    struct br_bytes entry,
    struct br_time_us raw_time,
    struct br_bytes raw_author)
{
    struct br_leaf leaf;
    if (br_leaf_parse(entry, &leaf, NULL) != BR_OK ||
        leaf.kind == BR_LEAF_RAW) {
        leaf = (struct br_leaf){
            .kind = BR_LEAF_RAW, .time = raw_time, .author = raw_author};
    }
    br_buf_printf(
        b,
        "\"index\":%llu,\"kind\":\"%s\",\"time\":", (unsigned long long)index,
        kinds[leaf.kind]);
    br_json_put_time(b, leaf.time);
    br_buf_printf(b, ",\"time_us\":%llu", (unsigned long long)leaf.time.v);
    put_text_field(b, "author", leaf.author);
    if (leaf.kind != BR_LEAF_RAW) {
        const struct br_hash_info *info = br_hash_info(leaf.alg);
        put_text_field(b, "alg", br_str(info == NULL ? "" : info->name));
        put_hex_field(b, "digest", leaf.digest);
    }
    if (leaf.kind == BR_LEAF_RECORD) {
        put_record_fields(b, &leaf);
    }
    if (leaf.kind == BR_LEAF_REGISTRY && leaf.change < CHANGES) {
        put_text_field(b, "change", br_str(changes[leaf.change]));
    }
    br_buf_puts(b, ",\"leaf\":\"");
    br_base64_put(b, entry);
    br_buf_puts(b, "\"");
}

enum br_rc
br_api_put_entry(
    struct br_buf *b,
    struct br_snapshot *s,
    uint64_t index,
    struct br_err *reterr)
{
    struct br_bytes entry;
    struct br_block block = {0};
    struct br_bytes author = {0};
    BR_TRY(br_snapshot_leaf(s, index, &entry, reterr));
    if (!br_leaf_is_reserved(entry)) {
        BR_TRY(br_snapshot_block_of(s, index, &block, reterr));
        BR_TRY(br_snapshot_author_of(s, index, &author, reterr));
    }
    br_buf_puts(b, "{");
    br_api_put_leaf_fields(b, index, entry, block.time, author);
    br_buf_puts(b, "}");
    return br_buf_status(b, reterr);
}

void
br_api_get_entry(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_err err;
    struct br_buf b;
    uint64_t index;
    if (!br_api_may_read(api, req) ||
        !br_api_number(req, br_http_param(req, 0), &index) ||
        !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, LIST_BYTES_MAX);
    enum br_rc rc = br_api_put_entry(&b, &s, index, &err);
    br_snapshot_close(&s);
    if (rc == BR_OK) {
        br_api_reply_json(req, 200, &b);
    } else {
        br_buf_fini(&b);
        br_http_reply_problem(req, &err);
    }
}

/* ---- lists -------------------------------------------------------------- */

/** What a list is asked for. */
struct list {
    uint64_t before;
    uint64_t limit;
    uint64_t from_us;
    uint64_t to_us; /**< 0: no end */
    const char *member;
};

static bool
optional_number(struct br_http_request *req, const char *name, uint64_t *ret)
{
    const char *text = br_http_query(req, name);
    return text == NULL || br_api_number(req, text, ret);
}

static bool
read_list(struct br_http_request *req, struct list *l)
{
    *l = (struct list){
        .before = UINT64_MAX,
        .limit = PAGE_DEFAULT,
        .member = br_http_query(req, "member"),
    };
    if (!optional_number(req, "before", &l->before) ||
        !optional_number(req, "limit", &l->limit) ||
        !optional_number(req, "from_us", &l->from_us) ||
        !optional_number(req, "to_us", &l->to_us)) {
        return false;
    }
    l->limit = l->limit > PAGE_MAX ? PAGE_MAX : l->limit;
    return true;
}

/** Indexes of the page, newest first. */
static enum br_rc
collect(
    struct br_snapshot *s,
    const struct list *l,
    uint64_t *ret,
    size_t *ret_n,
    struct br_err *reterr)
{
    uint64_t low = 0;
    uint64_t high = s->head.frontier.size;
    *ret_n = 0;
    if (l->from_us != 0) {
        struct br_time_us from = {l->from_us};
        BR_TRY(br_snapshot_leaf_at(s, from, &low, reterr));
    }
    if (l->to_us != 0) {
        struct br_time_us to = {l->to_us};
        BR_TRY(br_snapshot_leaf_at(s, to, &high, reterr));
    }
    high = l->before < high ? l->before : high;
    if (l->member != NULL) {
        BR_TRY(br_snapshot_by_member(
            s, br_str(l->member), high, ret, (size_t)l->limit, ret_n));
        while (*ret_n > 0 && ret[*ret_n - 1] < low) {
            (*ret_n)--;
        }
        return BR_OK;
    }
    while (*ret_n < l->limit && high > low) {
        ret[(*ret_n)++] = --high;
    }
    return BR_OK;
}

static enum br_rc
put_list(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct list *l,
    struct br_err *reterr)
{
    uint64_t page[PAGE_MAX];
    size_t n;
    BR_TRY(collect(s, l, page, &n, reterr));
    br_buf_puts(b, "{\"items\":[");
    for (size_t i = 0; i < n; i++) {
        br_buf_puts(b, i == 0 ? "" : ",");
        BR_TRY(br_api_put_entry(b, s, page[i], reterr));
    }
    if (n == l->limit && n > 0 && page[n - 1] > 0) {
        br_buf_printf(b, "],\"next\":%llu", (unsigned long long)page[n - 1]);
    } else {
        br_buf_puts(b, "],\"next\":null");
    }
    br_buf_printf(
        b, ",\"size\":%llu}", (unsigned long long)s->head.frontier.size);
    return br_buf_status(b, reterr);
}

void
br_api_get_entries(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_err err;
    struct br_buf b;
    struct list l;
    if (!br_api_may_read(api, req) || !read_list(req, &l) ||
        !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, LIST_BYTES_MAX);
    enum br_rc rc = put_list(&b, &s, &l, &err);
    br_snapshot_close(&s);
    if (rc == BR_OK) {
        br_api_reply_json(req, 200, &b);
    } else {
        br_buf_fini(&b);
        br_http_reply_problem(req, &err);
    }
}

/* ---- by digest ---------------------------------------------------------- */

struct search {
    uint8_t digest[BR_DIGEST_BYTES_MAX];
    size_t digest_bytes;
    uint64_t alg; /**< 0: any */
    const char *member;
    uint64_t after;
    uint64_t limit;
};

static enum br_rc
read_search(
    struct br_http_request *req, struct search *q, struct br_err *reterr)
{
    const char *digest = br_http_query(req, "digest");
    const char *alg = br_http_query(req, "alg");
    if (digest == NULL) {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "digest is missing");
    }
    size_t n = strlen(digest);
    if (n / 2 > sizeof(q->digest)) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "digest: too long");
    }
    BR_TRY(br_hex_parse(br_str(digest), q->digest, reterr));
    q->digest_bytes = n / 2;
    if (alg != NULL) {
        const struct br_hash_info *info = br_hash_by_name(br_str(alg));
        if (info == NULL) {
            return br_fail(reterr, BR_ERR_UNSUPPORTED, "alg %.20s", alg);
        }
        q->alg = info->alg;
    }
    q->member = br_http_query(req, "member");
    return BR_OK;
}

static bool
matches(struct br_bytes entry, const struct search *q)
{
    struct br_leaf leaf;
    return br_leaf_parse(entry, &leaf, NULL) == BR_OK &&
           br_bytes_eq(leaf.digest, br_bytes(q->digest, q->digest_bytes)) &&
           (q->alg == 0 || q->alg == leaf.alg) &&
           (q->member == NULL || br_bytes_eq(br_str(q->member), leaf.author));
}

/** Found entries, ascending; stops at the limit. */
static enum br_rc
put_found(
    struct br_api *api,
    struct br_buf *b,
    struct br_snapshot *s,
    const struct search *q,
    struct br_err *reterr)
{
    enum { CHUNK = 64 };
    struct br_leaf_index found[CHUNK];
    struct br_leaf_index from = {q->after};
    size_t n;
    size_t count = 0;
    br_buf_puts(b, "{\"items\":[");
    do {
        BR_TRY(br_digest_index_find(
            br_chain_index(api->chain), br_bytes(q->digest, q->digest_bytes),
            from, found, CHUNK, &n));
        for (size_t i = 0; i < n && count < q->limit; i++) {
            struct br_bytes entry;
            from.v = found[i].v + 1;
            if (br_snapshot_leaf(s, found[i].v, &entry, NULL) != BR_OK ||
                !matches(entry, q)) {
                continue;
            }
            br_buf_puts(b, count++ == 0 ? "" : ",");
            BR_TRY(br_api_put_entry(b, s, found[i].v, reterr));
        }
    } while (n == CHUNK && count < q->limit);
    if (count == q->limit) {
        br_buf_printf(b, "],\"next\":%llu}", (unsigned long long)from.v);
    } else {
        br_buf_puts(b, "],\"next\":null}");
    }
    return br_buf_status(b, reterr);
}

void
br_api_find_stamps(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_err err;
    struct br_buf b;
    struct search q = {.limit = PAGE_DEFAULT};
    if (!br_api_may_read(api, req) ||
        !optional_number(req, "after", &q.after) ||
        !optional_number(req, "limit", &q.limit)) {
        return;
    }
    q.limit = q.limit > PAGE_MAX ? PAGE_MAX : q.limit;
    if (read_search(req, &q, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    if (!br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, LIST_BYTES_MAX);
    enum br_rc rc = put_found(api, &b, &s, &q, &err);
    br_snapshot_close(&s);
    if (rc == BR_OK) {
        br_api_reply_json(req, 200, &b);
    } else {
        br_buf_fini(&b);
        br_http_reply_problem(req, &err);
    }
}
