/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/bulk.h"

#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "orchestrator/store/found.h"

#include <stdio.h>
#include <stdlib.h>

void
br_bulk_init(struct br_bulk *b, unsigned status)
{
    *b = (struct br_bulk){.status = status};
}

void
br_bulk_fini(struct br_bulk *b)
{
    free((void *)b->ids);
    *b = (struct br_bulk){.status = b->status};
}

/* ---- choosing ------------------------------------------------------------ */

static enum br_rc
append(struct br_bulk *b, const struct br_issued *i, struct br_err *reterr)
{
    if (b->count == BR_BULK_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %d credentials at once",
            BR_BULK_MAX);
    }
    if (b->count == b->capacity) {
        size_t more = b->capacity == 0 ? 64 : b->capacity * 2;
        void *p = realloc((void *)b->ids, more * sizeof(b->ids[0]));
        if (p == NULL) {
            return br_fail(reterr, BR_ERR_NO_MEMORY, "a list of credentials");
        }
        b->ids = (uint8_t(*)[BR_ORCH_ID_BYTES])p;
        b->capacity = more;
    }
    memcpy(b->ids[b->count++], i->id, sizeof(i->id));
    return BR_OK;
}

/** Words come from a file: what cannot be shown is not. */
static void
fault(
    struct br_bulk *b, const char *word, size_t line, const struct br_err *why)
{
    if (b->fault_count < BR_BULK_FAULTS_MAX) {
        struct br_bulk_fault *f = &b->faults[b->fault_count];
        f->line = line;
        f->rc = why->rc;
        (void)snprintf(f->word, sizeof(f->word), "%.70s", word);
        (void)snprintf(f->why, sizeof(f->why), "%s", why->text);
    }
    b->fault_count++;
}

struct choice {
    struct br_bulk *b;
    const char *type;
    size_t seen;
    enum br_rc rc;
    struct br_err err;
};

/** One of several that were not named by themselves. */
static bool
choose(void *ctx, const struct br_issued *i)
{
    struct choice *c = (struct choice *)ctx;
    struct br_err why;
    if (c->type[0] != '\0' && strcmp(c->type, i->type) != 0) {
        return true;
    }
    c->seen++;
    if (i->status == c->b->status) {
        c->b->already++;
    } else if (br_status_check_move(i->status, c->b->status, &why) != BR_OK) {
        c->b->left++;
    } else {
        c->rc = append(c->b, i, &c->err);
    }
    return c->rc == BR_OK;
}

/** One that was named by its id. */
static enum br_rc
add_one(
    struct br_bulk *b,
    const struct br_issued *i,
    const char *word,
    size_t line,
    struct br_err *reterr)
{
    struct br_err why;
    if (i->status == b->status) {
        b->already++;
        return BR_OK;
    }
    if (br_status_check_move(i->status, b->status, &why) != BR_OK) {
        fault(b, word, line, &why);
        return BR_OK;
    }
    return append(b, i, reterr);
}

static bool
is_hex(const char *word, size_t least)
{
    size_t n = strlen(word);
    return n >= least && n <= (size_t)BR_ORCH_ID_BYTES * 2 &&
           strspn(word, "0123456789abcdef") == n;
}

enum br_rc
br_bulk_add(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const char *word,
    size_t line,
    struct br_err *reterr)
{
    struct br_issued i;
    struct br_err why = {.rc = BR_OK};
    struct choice c = {.b = b, .type = ""};
    if (is_hex(word, (size_t)BR_ORCH_ID_BYTES * 2) &&
        br_issued_find(txn, word, &i, &why) == BR_OK) {
        return add_one(b, &i, word, line, reterr);
    }
    BR_TRY(br_issued_by_reference(txn, word, choose, &c, reterr));
    if (c.rc != BR_OK) {
        return br_fail(reterr, c.rc, "%s", c.err.text);
    }
    if (c.seen > 0) {
        return BR_OK;
    }
    if (is_hex(word, 8) && br_issued_find(txn, word, &i, &why) == BR_OK) {
        return add_one(b, &i, word, line, reterr);
    }
    (void)(why.rc == BR_ERR_CONFLICT ? br_fail(&why, BR_ERR_CONFLICT, "several ids begin like this") : br_fail(&why, BR_ERR_NOT_FOUND, "no credential has this id, and none this reference"));
    fault(b, word, line, &why);
    return BR_OK;
}

enum br_rc
br_bulk_add_all(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const char *type,
    const char *reference,
    struct br_err *reterr)
{
    struct choice c = {.b = b, .type = type};
    enum br_rc rc =
        reference[0] == '\0'
            ? br_issued_by_type(txn, type, choose, &c, reterr)
            : br_issued_by_reference(txn, reference, choose, &c, reterr);
    if (rc == BR_OK && c.rc != BR_OK) {
        return br_fail(reterr, c.rc, "%s", c.err.text);
    }
    return rc;
}

/* ---- changing ------------------------------------------------------------ */

static enum br_rc
change(
    struct br_kv_txn *txn,
    struct br_issued *i,
    unsigned status,
    const struct br_bulk_how *how,
    struct br_err *reterr)
{
    struct br_audit a = {.time_us = how->now_us};
    BR_TRY(br_issued_change(txn, i, status, how->reason, how->now_us, reterr));
    (void)snprintf(a.who, sizeof(a.who), "%s", how->who);
    (void)snprintf(a.what, sizeof(a.what), "%s", how->what);
    br_issued_id_text(i, a.about);
    (void)snprintf(a.detail, sizeof(a.detail), "%s", how->reason);
    return br_audit_add(txn, &a, reterr);
}

enum br_rc
br_bulk_apply(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const struct br_bulk_how *how,
    struct br_err *reterr)
{
    size_t done = 0;
    if (b->fault_count > 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%zu cannot become %s: nothing was changed", b->fault_count,
            br_status_name(b->status));
    }
    for (size_t k = 0; k < b->count; k++) {
        struct br_issued i;
        BR_TRY(br_issued_get(
            txn, br_bytes(b->ids[k], BR_ORCH_ID_BYTES), &i, reterr));
        if (i.status == b->status) {
            b->already++; /* it was named twice */
            continue;
        }
        BR_TRY(change(txn, &i, b->status, how, reterr));
        memcpy(b->ids[done++], i.id, sizeof(i.id));
        if (how->progress != NULL) {
            how->progress(how->ctx);
        }
    }
    b->count = done;
    return BR_OK;
}
