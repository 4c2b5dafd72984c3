/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed Statements: bare is bare for good; one receipt more is one more. */
#include "common/receipt/cose_statement.h"
#include "tests/fuzz/fuzz.h"

static void
check_bare(const struct br_cose_statement *s)
{
    static struct br_cose_statement bare;
    struct br_buf once;
    struct br_buf twice;
    br_buf_init(&once, BR_COSE_STATEMENT_BYTES_MAX);
    br_buf_init(&twice, BR_COSE_STATEMENT_BYTES_MAX);
    br_cose_statement_put_bare(&once, s);
    enum br_rc rc = br_cose_statement_parse(br_buf_bytes(&once), &bare, NULL);
    BR_ASSERT(rc == BR_OK && bare.unprotected.count == 0);
    BR_ASSERT(br_bytes_eq(
        bare.envelope.protected_header, s->envelope.protected_header));
    BR_ASSERT(br_bytes_eq(bare.envelope.payload, s->envelope.payload));
    BR_ASSERT(bare.envelope.has_payload == s->envelope.has_payload);
    BR_ASSERT(br_bytes_eq(bare.envelope.signature, s->envelope.signature));
    br_cose_statement_put_bare(&twice, &bare);
    BR_ASSERT(br_bytes_eq(br_buf_bytes(&once), br_buf_bytes(&twice)));
    br_buf_fini(&once);
    br_buf_fini(&twice);
}

static void
check_transparent(const struct br_cose_statement *s)
{
    static struct br_cose_statement more;
    struct br_bytes receipts[BR_COSE_RECEIPTS_MAX];
    struct br_bytes after[BR_COSE_RECEIPTS_MAX];
    size_t count = 0;
    size_t count_after = 0;
    struct br_err err;
    struct br_buf b;
    if (br_cose_statement_receipts(s, receipts, &count, &err) != BR_OK) {
        return;
    }
    br_buf_init(&b, BR_COSE_STATEMENT_BYTES_MAX);
    enum br_rc rc =
        br_cose_statement_put_transparent(&b, s, br_str("receipt"), &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    } else {
        rc = br_cose_statement_parse(br_buf_bytes(&b), &more, NULL);
        BR_ASSERT(rc == BR_OK);
        rc = br_cose_statement_receipts(&more, after, &count_after, NULL);
        BR_ASSERT(rc == BR_OK && count_after == count + 1);
        BR_ASSERT(br_bytes_eq(after[count], br_str("receipt")));
    }
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_cose_statement s;
    struct br_bytes in = br_bytes(data, n);
    struct br_err err;
    fuzz_init();
    enum br_rc rc = br_cose_statement_parse(in, &s, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(s.claims.issuer.n > 0 && fuzz_inside(s.claims.issuer, in));
    BR_ASSERT(s.claims.subject.n > 0 && fuzz_inside(s.claims.subject, in));
    check_bare(&s);
    check_transparent(&s);
    return 0;
}
