/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON requests: what is read, written again, is read again. */
#include "common/codec/text.h"
#include "common/service/json.h"
#include "tests/fuzz/fuzz.h"

struct values {
    const char *digest;
    const char *note;
    bool again;
    uint64_t count;
};

static enum br_rc
read_values(
    struct br_bytes in,
    struct values *v,
    struct br_arena *arena,
    struct br_err *err)
{
    const struct br_json_field fields[] = {
        {"digest", BR_JSON_TEXT, true, &v->digest},
        {"note", BR_JSON_TEXT, false, &v->note},
        {"again", BR_JSON_BOOL, false, &v->again},
        {"count", BR_JSON_UINT, false, &v->count},
    };
    return br_json_read(in, fields, 4, arena, err);
}

static void
check_again(const struct values *v, struct br_arena *arena)
{
    struct values again = {.note = ""};
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    br_buf_puts(&b, "{\"digest\":");
    br_json_put_text(&b, br_str(v->digest));
    br_buf_puts(&b, ",\"note\":");
    br_json_put_text(&b, br_str(v->note));
    br_buf_printf(
        &b, ",\"again\":%s,\"count\":%llu}", v->again ? "true" : "false",
        (unsigned long long)v->count);
    enum br_rc rc = read_values(br_buf_bytes(&b), &again, arena, NULL);
    BR_ASSERT(rc == BR_OK || rc == BR_ERR_MALFORMED);
    if (rc == BR_OK) {
        BR_ASSERT(strcmp(v->digest, again.digest) == 0);
        BR_ASSERT(strcmp(v->note, again.note) == 0);
        BR_ASSERT(v->again == again.again && v->count == again.count);
    }
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct values v = {.note = ""};
    struct br_arena arena;
    struct br_err err;
    const char *text;
    uint64_t number;
    bool flag;
    br_arena_init(&arena, 1u << 20);
    enum br_rc rc = read_values(in, &v, &arena, &err);
    if (rc == BR_OK) {
        check_again(&v, &arena);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    if (br_json_get_text(in, "note", &arena, &text, &err) == BR_OK) {
        BR_ASSERT(br_utf8_check(br_str(text)) == strlen(text));
    }
    (void)!br_json_get_uint(in, "count", &number, &err);
    (void)!br_json_get_bool(in, "again", &flag, &err);
    br_arena_fini(&arena);
    return 0;
}
