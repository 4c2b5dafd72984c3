/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed notes and verifier keys: what is accepted is what is written. */
#include "common/receipt/note.h"
#include "tests/fuzz/fuzz.h"

static void
check_key(struct br_bytes in)
{
    struct br_note_key k;
    struct br_err err;
    struct br_buf b;
    enum br_rc rc = br_note_key_parse(in, &k, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(fuzz_inside(k.name, in) && br_note_name_ok(k.name));
    if (k.known) {
        br_buf_init(&b, in.n);
        br_note_key_put(&b, &k);
        BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
        br_buf_fini(&b);
    }
}

/** A note of nobody's key: it verifies under none of ours by accident. */
static void
check_verify(const struct br_note *note)
{
    static struct br_note_key key[2];
    if (key[0].id == 0) {
        struct br_signer *s = fuzz_signer(BR_SIGN_ED25519, 1);
        enum br_rc a = br_note_key_init(
            &key[0], br_str("ledger.example.org/test"), BR_NOTE_ED25519,
            br_signer_public(s), NULL);
        enum br_rc b = br_note_key_init(
            &key[1], br_str("w.example"), BR_NOTE_COSIGNATURE,
            br_signer_public(s), NULL);
        BR_ASSERT(a == BR_OK && b == BR_OK);
        br_signer_free(s);
    }
    for (size_t i = 0; i < 2; i++) {
        struct br_err err;
        uint64_t time_s;
        enum br_rc rc = br_note_verify(note, &key[i], &time_s, &err);
        BR_ASSERT(
            rc == BR_OK || rc == BR_ERR_NO_TRUSTED_SIGNATURE ||
            rc == BR_ERR_BAD_SIGNATURE);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_note note;
    struct br_err err;
    struct br_buf b;
    fuzz_init();
    check_key(in);
    enum br_rc rc = br_note_parse(in, &note, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(note.count >= 1 && note.count <= BR_NOTE_SIGNATURES_MAX);
    br_buf_init(&b, n);
    br_note_put_text(&b, note.text);
    for (size_t i = 0; i < note.count; i++) {
        BR_ASSERT(br_note_name_ok(note.signature[i].name));
        br_buf_put(&b, note.signature[i].line.p, note.signature[i].line.n);
    }
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
    br_buf_fini(&b);
    check_verify(&note);
    return 0;
}
