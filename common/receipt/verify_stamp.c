/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/verify_stamp.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/receipt/verify_internal.h"

#define TOLERANCE_US (UINT64_C(1000000) * BR_VERIFY_TOLERANCE_S)

struct stamps {
    struct br_verify_run run;
    const struct br_stamp_input *in;
    size_t count;
    struct br_ts_info info[BR_TSD_STAMPS_MAX];
};

static struct br_bytes
token_of(const struct stamps *s, size_t i)
{
    return s->in->bundle == NULL ? s->in->token : s->in->bundle->stamp[i].token;
}

/** What is wrong with the bytes is damage; the rest has its own name. */
static enum br_rc
verdict_of(enum br_rc rc)
{
    bool own = rc == BR_ERR_UNSUPPORTED || rc == BR_ERR_CERTIFICATE_INVALID ||
               rc == BR_ERR_NO_MEMORY;
    return own ? rc : BR_ERR_PROOF_INVALID;
}

static size_t
revocation_lists(const struct stamps *s)
{
    size_t n = 0;
    for (size_t i = 0; s->in->bundle != NULL && i < s->count; i++) {
        n += s->in->bundle->stamp[i].crl.n > 0;
    }
    return n;
}

static void
say_bundle(struct stamps *s)
{
    size_t lists = revocation_lists(s);
    struct br_bytes name = br_utf8_printable(s->in->bundle->name, 80);
    br_verify_say(
        &s->run, BR_STEP_FORMAT, BR_VERIFY_OK,
        "RFC 5544 time-stamped data, %zu time-stamp%s%s%.*s%s", s->count,
        s->count == 1 ? "" : "s", name.n > 0 ? ", of what it calls " : "",
        (int)name.n, name.n > 0 ? (const char *)name.p : "",
        lists > 0 ? "; its revocation lists are not looked at" : "");
}

static bool
step_format(struct stamps *s)
{
    struct br_err e;
    for (size_t i = 0; i < s->count; i++) {
        enum br_rc rc = br_ts_read(token_of(s, i), &s->info[i], &e);
        if (rc != BR_OK) {
            br_verify_fail(
                &s->run, BR_STEP_FORMAT, verdict_of(rc), "token %zu: %.200s",
                i + 1, e.text);
            return false;
        }
    }
    if (s->in->bundle == NULL) {
        br_verify_say(
            &s->run, BR_STEP_FORMAT, BR_VERIFY_OK, "RFC 3161 time-stamp");
    } else {
        say_bundle(s);
    }
    return true;
}

/** RFC 5544 section 2: the first over the value octets of the content, with
 *  the DER of the metadata before it if that is hash-protected; "the
 *  TimeStampToken within each subsequent element SHALL be computed over its
 *  preceding element in the sequence". */
static enum br_rc
digest_of(
    const struct stamps *s,
    size_t i,
    struct br_digest *ret,
    struct br_err *reterr)
{
    const struct br_tsd *t = s->in->bundle;
    enum br_hash_alg alg = s->info[i].imprint.alg;
    if (i > 0) {
        return br_digest_bytes(alg, t->stamp[i - 1].element, ret, reterr);
    }
    struct br_bytes before =
        t != NULL && t->hash_protected ? t->metadata : br_bytes(NULL, 0);
    return s->in->digest(s->in->digest_ctx, before, alg, ret, reterr);
}

static void
step_digest(struct stamps *s)
{
    struct br_err e;
    for (size_t i = 0; i < s->count; i++) {
        struct br_digest have = {0};
        const struct br_digest *want = &s->info[i].imprint;
        const struct br_hash_info *info = br_hash_info(want->alg);
        enum br_rc rc = digest_of(s, i, &have, &e);
        if (rc != BR_OK) {
            br_verify_fail(&s->run, BR_STEP_DIGEST, rc, "%.230s", e.text);
            return;
        }
        if (memcmp(have.b, want->b, info->digest_bytes) != 0) {
            br_verify_fail(
                &s->run, BR_STEP_DIGEST,
                i == 0 ? BR_ERR_DIGEST_MISMATCH : BR_ERR_PROOF_INVALID,
                i == 0 ? "the file's %s is not the one that was stamped"
                       : "the %s of a time-stamp is not the one that the next "
                         "one stamps",
                info->name);
            return;
        }
    }
    bool protected = s->in->bundle != NULL && s->in->bundle->hash_protected;
    br_verify_say(
        &s->run, BR_STEP_DIGEST, BR_VERIFY_OK,
        "the %s of the file%s is the one that was stamped",
        br_hash_info(s->info[0].imprint.alg)->name,
        protected ? " and its metadata" : "");
}

static void
step_signature(struct stamps *s)
{
    struct br_err e;
    for (size_t i = 0; i < s->count; i++) {
        struct br_digest imprint = s->info[i].imprint;
        const struct br_ts_check check = {
            .ca_pem = s->in->ca_pem,
            .digest = &imprint,     /* a step of its own */
            .latest = {UINT64_MAX}, /* likewise */
        };
        enum br_rc rc = br_ts_verify(token_of(s, i), &check, &s->info[i], &e);
        if (rc != BR_OK) {
            br_verify_fail(
                &s->run, BR_STEP_SIGNATURE, verdict_of(rc), "token %zu: %.200s",
                i + 1, e.text);
            return;
        }
    }
    br_verify_say(
        &s->run, BR_STEP_SIGNATURE, BR_VERIFY_OK,
        "signed by %.120s, which a trusted authority certified for time-stamps",
        s->info[0].signer);
}

static void
step_time(struct stamps *s)
{
    for (size_t i = 0; i < s->count; i++) {
        uint64_t time = s->info[i].time.v;
        if (time > s->in->now.v + TOLERANCE_US) {
            br_verify_fail(
                &s->run, BR_STEP_TIME, BR_ERR_FUTURE_TIME,
                "the time of token %zu is in the future", i + 1);
            return;
        }
        if (i > 0 && time < s->info[i - 1].time.v) {
            br_verify_fail(
                &s->run, BR_STEP_TIME, BR_ERR_PROOF_INVALID,
                "token %zu is older than the one that it renews", i + 1);
            return;
        }
    }
    br_verify_say(
        &s->run, BR_STEP_TIME, BR_VERIFY_OK, "no time is in the future");
}

static void
skip_all(struct stamps *s)
{
    for (int i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        bool ours =
            i == BR_STEP_DIGEST || i == BR_STEP_SIGNATURE || i == BR_STEP_TIME;
        s->run.out->step[i].id = (enum br_verify_step_id)i;
        br_verify_say(
            &s->run, (enum br_verify_step_id)i, BR_VERIFY_SKIPPED, "%s",
            ours ? "the receipt cannot be read" : "");
    }
}

enum br_rc
br_stamp_verify(
    const struct br_stamp_input *in,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    struct stamps s = {
        .run = {.out = ret},
        .in = in,
        .count = in->bundle == NULL ? 1 : in->bundle->stamp_count,
    };
    BR_ASSERT(s.count >= 1 && s.count <= BR_TSD_STAMPS_MAX);
    memset(ret, 0, sizeof(*ret));
    ret->kind = BR_RECEIPT_DER;
    skip_all(&s);
    if (step_format(&s)) {
        step_digest(&s);
        step_signature(&s);
        step_time(&s);
        ret->stamp = s.info[0];
    }
    br_verify_judge(ret);
    if (ret->rc != BR_OK && reterr != NULL) {
        *reterr = ret->err;
    }
    return ret->rc;
}
