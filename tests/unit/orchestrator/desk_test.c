/*
 * Operators, sessions and the audit log of the desk.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/store/closing.h"
#include "orchestrator/store/published.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

struct world {
    char folder[64];
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static int
set_up(void **state)
{
    static struct world w;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/broletto-desk-XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    assert_int_equal(br_orch_store_open(w.folder, &w.kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(w.kv, &w.txn, NULL), BR_OK);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = (struct world *)*state;
    br_kv_end(w->txn);
    br_kv_close(w->kv);
    return remove_tree(w->folder);
}

/* ---- logging in --------------------------------------------------------- */

static void
make(struct br_operator *o, struct br_operator_secrets *s)
{
    assert_int_equal(
        br_operator_make("anna", BR_DESK_SUPERVISOR, NULL, o, s, NULL), BR_OK);
}

static enum br_rc
log_in(
    struct br_operator *o,
    const char *passphrase,
    const struct br_operator_secrets *s,
    uint64_t now_s)
{
    char code[BR_TOTP_DIGITS + 1];
    assert_int_equal(
        br_totp_code(
            br_bytes(s->totp, sizeof(s->totp)), now_s / BR_TOTP_STEP_S, code,
            NULL),
        BR_OK);
    const struct br_login in = {br_str(passphrase), br_str(code), now_s};
    return br_operator_login(o, &in, NULL);
}

static void
both_factors_are_needed_and_a_code_serves_once(void **state)
{
    struct br_operator o;
    struct br_operator_secrets s;
    (void)state;
    make(&o, &s);
    const struct br_login wrong_code = {
        br_str(s.passphrase), br_str("12345"), NOW};
    assert_int_equal(
        br_operator_login(&o, &wrong_code, NULL), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(o.failures, 1);
    assert_int_equal(log_in(&o, "wrong", &s, NOW), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(log_in(&o, s.passphrase, &s, NOW), BR_OK);
    assert_int_equal(o.failures, 0);
    assert_int_equal(log_in(&o, s.passphrase, &s, NOW), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(
        log_in(NULL, s.passphrase, &s, NOW), BR_ERR_UNAUTHENTICATED);
}

static void
failures_make_wait(void **state)
{
    struct br_operator o;
    struct br_operator_secrets s;
    (void)state;
    make(&o, &s);
    o.failures = BR_DESK_FAILURES - 1;
    assert_int_equal(log_in(&o, "wrong", &s, NOW), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(o.wait_until_s, NOW + 30);
    assert_int_equal(
        log_in(&o, s.passphrase, &s, NOW + 29), BR_ERR_RATE_EXCEEDED);
    assert_int_equal(o.failures, BR_DESK_FAILURES);
    o.failures = 100;
    assert_int_equal(log_in(&o, "wrong", &s, NOW + 30), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(o.wait_until_s, NOW + 30 + BR_DESK_WAIT_S_MAX);
    assert_int_equal(
        log_in(&o, s.passphrase, &s, NOW + 30 + BR_DESK_WAIT_S_MAX), BR_OK);
}

static void
another_operators_row_does_not_open(void **state)
{
    struct br_operator o;
    struct br_operator_secrets s;
    (void)state;
    make(&o, &s);
    (void)snprintf(o.name, sizeof(o.name), "berto");
    assert_int_equal(log_in(&o, s.passphrase, &s, NOW), BR_ERR_UNAUTHENTICATED);
}

static void
an_operator_is_stored_and_removed_with_their_sessions(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_operator o;
    struct br_operator back;
    struct br_operator_secrets s;
    struct br_desk_session session = {
        .key = br_orch_hash("desk-session", br_str("x")),
        .operator_name = "anna",
        .created_s = NOW,
        .seen_s = NOW,
    };
    make(&o, &s);
    assert_int_equal(br_operator_put(w->txn, &o, NULL), BR_OK);
    assert_int_equal(
        br_operator_get(w->txn, br_str("anna"), &back, NULL), BR_OK);
    assert_memory_equal(o.sealed, back.sealed, sizeof(o.sealed));
    assert_int_equal(back.role, BR_DESK_SUPERVISOR);
    assert_int_equal(br_desk_session_put(w->txn, &session, NULL), BR_OK);
    assert_int_equal(br_operator_remove(w->txn, "anna", NULL), BR_OK);
    assert_int_equal(
        br_operator_get(w->txn, br_str("anna"), &back, NULL), BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_desk_session_get(w->txn, br_str("x"), NOW, &session, NULL),
        BR_ERR_UNAUTHENTICATED);
}

/* ---- sessions ----------------------------------------------------------- */

static void
a_session_ends_when_idle_and_when_old(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_desk_session back;
    struct br_desk_session s = {
        .key = br_orch_hash("desk-session", br_str("text")),
        .operator_name = "anna",
        .created_s = NOW,
        .seen_s = NOW,
    };
    assert_int_equal(br_desk_session_put(w->txn, &s, NULL), BR_OK);
    assert_int_equal(
        br_desk_session_get(
            w->txn, br_str("text"), NOW + BR_DESK_IDLE_S - 1, &back, NULL),
        BR_OK);
    assert_string_equal(back.operator_name, "anna");
    assert_int_equal(
        br_desk_session_get(
            w->txn, br_str("text"), NOW + BR_DESK_IDLE_S, &back, NULL),
        BR_ERR_UNAUTHENTICATED);
    s.seen_s = NOW + BR_DESK_SESSION_S;
    assert_int_equal(br_desk_session_put(w->txn, &s, NULL), BR_OK);
    assert_int_equal(
        br_desk_session_get(
            w->txn, br_str("text"), NOW + BR_DESK_SESSION_S, &back, NULL),
        BR_ERR_UNAUTHENTICATED);
    assert_int_equal(
        br_desk_session_get(w->txn, br_str("other"), NOW, &back, NULL),
        BR_ERR_UNAUTHENTICATED);
}

/* ---- the audit log ------------------------------------------------------ */

static void
a_changed_row_breaks_the_chain(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_audit rows[4];
    struct br_bytes row;
    uint8_t key[8];
    uint8_t changed[512];
    size_t n = 0;
    for (uint64_t i = 1; i <= 3; i++) {
        struct br_audit a = {.time_us = i, .who = "anna", .what = "offer"};
        assert_int_equal(br_audit_add(w->txn, &a, NULL), BR_OK);
        assert_int_equal(a.number, i);
    }
    assert_int_equal(br_audit_list(w->txn, 0, rows, 4, &n, NULL), BR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(rows[0].number, 3);
    assert_int_equal(br_audit_list(w->txn, 3, rows, 4, &n, NULL), BR_OK);
    assert_int_equal(n, 2);
    br_put_be64(key, 2);
    assert_int_equal(
        br_kv_get(w->txn, BR_ORCH_AUDIT, br_bytes(key, 8), &row, NULL), BR_OK);
    memcpy(changed, row.p, row.n);
    changed[4] ^= 1; /* a letter of "anna" */
    assert_int_equal(
        br_kv_put(
            w->txn, BR_ORCH_AUDIT, br_bytes(key, 8), br_bytes(changed, row.n),
            NULL),
        BR_OK);
    assert_int_equal(
        br_audit_list(w->txn, 0, rows, 4, &n, NULL), BR_ERR_CORRUPT);
}

static void
add_rows(struct world *w, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct br_audit a = {
            .time_us = NOW * 1000000ull, .who = "anna", .what = "offer"};
        assert_int_equal(br_audit_add(w->txn, &a, NULL), BR_OK);
    }
}

static bool
close_log(struct world *w, uint64_t rows, uint64_t later_us)
{
    bool due = false;
    const struct br_closing_when when = {
        .rows = rows,
        .age_us = 1000,
        .now_us = NOW * 1000000ull + later_us,
    };
    assert_int_equal(br_closing_make(w->txn, &when, &due, NULL), BR_OK);
    return due;
}

struct seen {
    uint64_t rows;
    uint64_t closings;
};

static enum br_rc
see_row(void *ctx, const struct br_audit *a, struct br_err *reterr)
{
    (void)a;
    (void)reterr;
    ((struct seen *)ctx)->rows++;
    return BR_OK;
}

static enum br_rc
see_closing(
    void *ctx,
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_err *reterr)
{
    (void)txn;
    (void)c;
    (void)reterr;
    ((struct seen *)ctx)->closings++;
    return BR_OK;
}

static enum br_rc
walk(struct world *w, struct seen *seen)
{
    const struct br_audit_visit visit = {see_row, see_closing, seen};
    *seen = (struct seen){0};
    return br_audit_walk(w->txn, &visit, NULL);
}

static void
a_log_is_closed_by_rows_and_by_age(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_closing first;
    struct br_closing second;
    struct br_bytes stamp;
    struct seen seen;
    assert_false(close_log(w, 1, 0)); /* there is nothing */
    add_rows(w, 2);
    assert_false(close_log(w, 3, 999));
    assert_true(close_log(w, 2, 0));
    assert_false(close_log(w, 1, 9999));
    assert_int_equal(br_closing_last(w->txn, &first, NULL), BR_OK);
    assert_int_equal(first.first, 1);
    assert_int_equal(first.last, 2);
    add_rows(w, 1);
    assert_true(close_log(w, 100, 1000));
    assert_int_equal(br_closing_last(w->txn, &second, NULL), BR_OK);
    assert_int_equal(second.first, 3);
    assert_true(br_hash_eq(&second.previous, &first.digest));
    assert_memory_not_equal(second.salt, first.salt, sizeof(first.salt));
    add_rows(w, 1);
    assert_int_equal(walk(w, &seen), BR_OK);
    assert_int_equal(seen.rows, 4);
    assert_int_equal(seen.closings, 2);
    /* The newest that is stamped is not the newest. */
    assert_int_equal(
        br_closing_last_stamped(w->txn, &second, &stamp, NULL),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_stamped_put(
            w->txn, BR_CLOSING_LIST, first.last, &first.digest, br_str("{}"),
            NULL),
        BR_OK);
    assert_int_equal(
        br_closing_last_stamped(w->txn, &second, &stamp, NULL), BR_OK);
    assert_int_equal(second.last, 2);
    assert_true(br_bytes_eq(stamp, br_str("{}")));
    /* A stamp of something else is no stamp of it. */
    assert_int_equal(
        br_stamped_put(
            w->txn, BR_CLOSING_LIST, first.last, &first.row, br_str("{}"),
            NULL),
        BR_OK);
    assert_int_equal(
        br_closing_last_stamped(w->txn, &second, &stamp, NULL), BR_ERR_CORRUPT);
}

/** Every byte of every row and closing, one after the other. */
static void
a_walk_finds_whatever_is_changed(void **state)
{
    struct world *w = (struct world *)*state;
    static const enum br_orch_table tables[] = {
        BR_ORCH_AUDIT, BR_ORCH_CLOSINGS};
    struct seen seen;
    add_rows(w, 2);
    assert_true(close_log(w, 1, 0));
    add_rows(w, 1);
    assert_true(close_log(w, 1, 0));
    assert_int_equal(walk(w, &seen), BR_OK);
    for (size_t t = 0; t < 2; t++) {
        for (uint64_t n = 1; n <= 3; n++) {
            uint8_t key[8];
            uint8_t old[512];
            struct br_bytes row;
            br_put_be64(key, n);
            struct br_bytes k = br_bytes(key, 8);
            if (br_kv_get(w->txn, tables[t], k, &row, NULL) != BR_OK) {
                continue;
            }
            size_t bytes = row.n;
            assert_true(bytes <= sizeof(old));
            memcpy(old, row.p, bytes);
            for (size_t i = 0; i < bytes; i++) {
                old[i] ^= 1;
                assert_int_equal(
                    br_kv_put(w->txn, tables[t], k, br_bytes(old, bytes), NULL),
                    BR_OK);
                assert_int_not_equal(walk(w, &seen), BR_OK);
                old[i] ^= 1;
            }
            /* The newest closing may go: its rows are then not closed. */
            bool newest = tables[t] == BR_ORCH_CLOSINGS && n == 3;
            assert_int_equal(br_kv_delete(w->txn, tables[t], k, NULL), BR_OK);
            assert_true((walk(w, &seen) == BR_OK) == newest);
            assert_int_equal(
                br_kv_put(w->txn, tables[t], k, br_bytes(old, bytes), NULL),
                BR_OK);
        }
    }
    assert_int_equal(walk(w, &seen), BR_OK);
}

/* ---- those who log in elsewhere ------------------------------------------ */

static void
somebody_is_found_by_issuer_and_identity(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_operator o;
    struct br_operator found;
    struct br_operator_secrets s;
    const struct br_login in = {
        .passphrase = br_str(""), .code = br_str("000000"), .now_s = NOW};
    make(&o, &s);
    assert_int_equal(br_operator_put(w->txn, &o, NULL), BR_OK);
    assert_int_equal(
        br_operator_make_federated(
            "carla", BR_DESK_AUDITOR, "https://a", "RSSCRL", &o, NULL),
        BR_OK);
    assert_int_equal(br_operator_put(w->txn, &o, NULL), BR_OK);
    assert_int_equal(
        br_operator_by_identity(w->txn, "https://a", "RSSCRL", &found, NULL),
        BR_OK);
    assert_string_equal(found.name, "carla");
    assert_int_equal(found.role, BR_DESK_AUDITOR);
    assert_true(found.federated);
    assert_int_equal(
        br_operator_by_identity(w->txn, "https://b", "RSSCRL", &found, NULL),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_operator_by_identity(w->txn, "https://aR", "SSCRL", &found, NULL),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_operator_by_identity(w->txn, "https://a", "", &found, NULL),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_operator_login(&found, &in, NULL), BR_ERR_UNAUTHENTICATED);
}

static void
a_passphrase_that_is_chosen_is_long(void **state)
{
    struct br_operator o;
    struct br_operator_secrets s;
    struct br_secret *chosen = NULL;
    (void)state;
    assert_int_equal(
        br_secret_new(br_str("eleven by.."), &chosen, NULL), BR_OK);
    assert_int_equal(
        br_operator_make("anna", BR_DESK_OPERATOR, chosen, &o, &s, NULL),
        BR_ERR_OUT_OF_RANGE);
    br_secret_free(chosen);
    assert_int_equal(
        br_secret_new(br_str("twelve bytes"), &chosen, NULL), BR_OK);
    assert_int_equal(
        br_operator_make("anna", BR_DESK_OPERATOR, chosen, &o, &s, NULL),
        BR_OK);
    br_secret_free(chosen);
    assert_string_equal(s.passphrase, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_factors_are_needed_and_a_code_serves_once),
        cmocka_unit_test(failures_make_wait),
        cmocka_unit_test(another_operators_row_does_not_open),
        cmocka_unit_test_setup_teardown(
            an_operator_is_stored_and_removed_with_their_sessions, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_session_ends_when_idle_and_when_old, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_changed_row_breaks_the_chain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_log_is_closed_by_rows_and_by_age, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_walk_finds_whatever_is_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            somebody_is_found_by_issuer_and_identity, set_up, tear_down),
        cmocka_unit_test(a_passphrase_that_is_chosen_is_long),
    };
    return br_crypto_init(NULL) == BR_OK
               ? cmocka_run_group_tests(tests, NULL, NULL)
               : 1;
}
