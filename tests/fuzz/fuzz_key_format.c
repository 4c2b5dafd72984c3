/* SPDX-License-Identifier: EUPL-1.2 */
/* The text of key files: one text for each content. */
#include "common/codec/text.h"
#include "common/crypto/key_format.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_key_text k;
    struct br_err err;
    struct br_buf b;
    fuzz_init();
    enum br_rc rc = br_key_text_parse(in, &k, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(k.ops >= 1 && k.ops <= BR_KEY_OPS_MAX);
    BR_ASSERT(k.kib >= BR_KEY_KIB_MIN && k.kib <= BR_KEY_KIB_MAX);
    BR_ASSERT(k.header.p == data && fuzz_inside(k.header, in));
    br_buf_init(&b, BR_KEY_TEXT_BYTES_MAX);
    br_buf_put(&b, k.header.p, k.header.n);
    br_buf_puts(&b, "sealed ");
    br_base64url_put(&b, br_bytes(k.sealed, sizeof(k.sealed)));
    br_buf_puts(&b, "\n");
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
    br_buf_fini(&b);
    return 0;
}
