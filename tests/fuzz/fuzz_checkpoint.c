/* SPDX-License-Identifier: EUPL-1.2 */
/* Checkpoints, signed and bare. */
#include "common/receipt/checkpoint.h"
#include "tests/fuzz/fuzz.h"

static void
check_text(struct br_bytes text, const struct br_checkpoint *c)
{
    struct br_buf b;
    BR_ASSERT(fuzz_inside(c->origin, text));
    BR_ASSERT(fuzz_inside(c->extension, text));
    br_buf_init(&b, text.n + BR_NOTE_BYTES_MAX);
    br_checkpoint_put(&b, c);
    if (c->extension.n > 0 && b.n < text.n) {
        br_buf_put(&b, c->extension.p, c->extension.n);
    }
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), text));
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_checkpoint c;
    struct br_note note;
    struct br_err err;
    fuzz_init();
    enum br_rc rc = br_checkpoint_parse(in, &c, &err);
    if (rc == BR_OK) {
        check_text(in, &c);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    rc = br_checkpoint_open(in, &note, &c, &err);
    if (rc == BR_OK) {
        check_text(note.text, &c);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    return 0;
}
