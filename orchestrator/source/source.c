/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/source/source.h"

#include "orchestrator/store/store.h"

static enum br_rc
desk_check(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr)
{
    (void)home;
    (void)t;
    (void)reterr;
    return BR_OK;
}

static enum br_rc
desk_ask(
    const struct br_source_home *home,
    const struct br_type *t,
    const char *reference,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    (void)home;
    (void)reference;
    (void)arena;
    (void)ret;
    return br_fail(
        reterr, BR_ERR_CONFLICT,
        "%s has no source that could be asked: its claims are given with the "
        "offer",
        t->id);
}

static const struct {
    br_source_check_fn *check;
    br_source_ask_fn *ask;
} sources[BR_SOURCE_KINDS] = {
    [BR_SOURCE_DESK] = {desk_check, desk_ask},
    [BR_SOURCE_HTTP] = {br_source_http_check, br_source_http_ask},
};

enum br_rc
br_source_check(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr)
{
    return sources[t->source.kind].check(home, t, reterr);
}

enum br_rc
br_source_claims(
    const struct br_source_home *home,
    const struct br_type *t,
    const char *reference,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *answer = NULL;
    struct br_err why;
    size_t n = strlen(reference);
    if (n == 0 || n > BR_ORCH_REFERENCE_BYTES) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "a reference has 1 to %d bytes",
            BR_ORCH_REFERENCE_BYTES);
    }
    BR_TRY(sources[t->source.kind].ask(
        home, t, reference, arena, &answer, reterr));
    if (br_source_map(t, answer, arena, ret, &why) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_SOURCE_REFUSED,
            "what the source of %s answers does not fit: %.150s", t->id,
            why.text);
    }
    return BR_OK;
}
