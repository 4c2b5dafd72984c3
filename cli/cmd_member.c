/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/change.h"
#include "common/codec/text.h"
#include "common/service/json.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what the verbs have in common -------------------------------------- */

static void
put_op(struct br_cli_change *c, const struct br_op *op)
{
    br_cli_put_op(c, BR_MODULE_REGISTRY, op);
}

static int
change(const struct br_args *a, br_cli_change_fn *fn, const char *done)
{
    int code = br_cli_change(a, fn);
    if (code == BR_EXIT_OK && !a->quiet) {
        (void)printf("%s: %s\n", a->words[0], done);
    }
    return code;
}

/* ---- add ---------------------------------------------------------------- */

static struct br_op
key_add(
    const struct br_cli_change *c,
    const char *id,
    const struct br_public_key *k)
{
    return (struct br_op){
        .type = BR_OP_KEY_ADD,
        .id = br_str(id),
        .key = *k,
        .not_before = c->time,
    };
}

static enum br_rc
put_add(struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    const char *id = a->words[0];
    const struct br_cli_member *old = br_cli_member_find(&c->members, id);
    struct br_public_key k;
    struct br_op put = {
        .type = BR_OP_MEMBER_PUT, .id = br_str(id), .active = true};
    BR_TRY(br_cli_need(a->name, "--name TEXT", reterr));
    BR_TRY(br_cli_need(a->role, "--role ROLE", reterr));
    BR_TRY(br_cli_need(a->public_key, "--public KEY", reterr));
    BR_TRY(br_cli_roles_parse(a->role, &put.roles, reterr));
    BR_TRY(br_cli_public_parse(a->public_key, &k, reterr));
    if (!br_identifier_ok(br_str(id), BR_MEMBER_ID_BYTES_MAX)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "a member's id: 1 to 64 of a-z 0-9 . -");
    }
    if (old != NULL && old->active) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s is a member already: rotate its key",
            id);
    }
    put.name = br_str(a->name);
    put_op(c, &put);
    /* A member that comes back may come back with the key that it had. */
    const struct br_cli_key *known = br_cli_key_of(&c->members, &k);
    bool its_own = known != NULL && old != NULL &&
                   old == &c->members.member[known->member] &&
                   br_cli_key_valid_at(known, br_cli_now());
    if (!its_own) {
        struct br_op add = key_add(c, id, &k);
        put_op(c, &add);
    }
    return BR_OK;
}

int
br_cmd_member_add(const struct br_args *a)
{
    return change(a, put_add, "a member from now on");
}

/* ---- rotate ------------------------------------------------------------- */

/** "30", "30d", "12h", "90m", "5s" -> microseconds. */
static enum br_rc
parse_overlap(const char *text, uint64_t *ret, struct br_err *reterr)
{
    static const struct {
        char letter;
        uint64_t us;
    } units[] = {
        {'\0', 86400000000u}, {'d', 86400000000u}, {'h', 3600000000u},
        {'m', 60000000u},     {'s', 1000000u},
    };
    size_t digits = strspn(text, "0123456789");
    uint64_t n = 0;
    bool ok = br_decimal_parse(br_bytes(text, digits), &n, NULL) == BR_OK &&
              n <= 36500 && (text[digits] == '\0' || text[digits + 1] == '\0');
    for (size_t i = 0; ok && i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].letter == text[digits]) {
            *ret = n * units[i].us;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE,
        "--overlap %.40s: days, or with a unit: 7, 7d, 12h, 90m, 30s", text);
}

/** End the member's keys at this time, those that do not end before. */
static void
put_ends(
    struct br_cli_change *c, const struct br_cli_member *m, uint64_t end_us)
{
    for (size_t i = 0; i < c->members.key_count; i++) {
        const struct br_cli_key *k = &c->members.key[i];
        bool ends_before = k->not_after.v != 0 && k->not_after.v <= end_us;
        if (&c->members.member[k->member] == m && !ends_before) {
            struct br_op end = {
                .type = BR_OP_KEY_REVOKE, .not_after = {end_us}};
            br_public_key_thumbprint(&k->key, &end.kid);
            put_op(c, &end);
        }
    }
}

static enum br_rc
find_member(
    const struct br_cli_change *c,
    const char *id,
    const struct br_cli_member **ret,
    struct br_err *reterr)
{
    *ret = br_cli_member_find(&c->members, id);
    return *ret != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NOT_FOUND, "no member is %.64s", id);
}

static enum br_rc
put_rotate(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    const struct br_cli_member *m;
    struct br_public_key k;
    uint64_t overlap_us;
    BR_TRY(br_cli_need(a->public_key, "--public KEY", reterr));
    BR_TRY(br_cli_need(a->overlap, "--overlap DAYS", reterr));
    BR_TRY(parse_overlap(a->overlap, &overlap_us, reterr));
    BR_TRY(br_cli_public_parse(a->public_key, &k, reterr));
    BR_TRY(find_member(c, a->words[0], &m, reterr));
    struct br_time_us now = br_cli_now();
    uint64_t from = now.v > c->time.v ? now.v : c->time.v;
    struct br_op add = key_add(c, m->id, &k);
    put_op(c, &add);
    put_ends(c, m, from + overlap_us);
    return BR_OK;
}

int
br_cmd_member_rotate(const struct br_args *a)
{
    return change(
        a, put_rotate,
        "the new key counts from now on; what went before ends after the "
        "overlap");
}

/* ---- revoke ------------------------------------------------------------- */

static enum br_rc
put_revoke(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr)
{
    const char *word = a->words[0];
    const struct br_cli_member *m = br_cli_member_find(&c->members, word);
    const struct br_cli_key *k = br_cli_key_find(&c->members, word);
    if (m != NULL) {
        struct br_op put = {
            .type = BR_OP_MEMBER_PUT,
            .id = br_str(m->id),
            .name = br_str(m->name),
            .roles = m->roles,
        };
        put_op(c, &put);
        return BR_OK;
    }
    if (k == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "%.64s is no member, nor the kid of one key of theirs", word);
    }
    struct br_op end = {.type = BR_OP_KEY_REVOKE};
    br_public_key_thumbprint(&k->key, &end.kid);
    put_op(c, &end);
    return BR_OK;
}

int
br_cmd_member_revoke(const struct br_args *a)
{
    return change(a, put_revoke, "revoked");
}

/* ---- list --------------------------------------------------------------- */

static void
print_key(const struct br_cli_key *k, struct br_time_us now)
{
    struct br_buf b;
    char end[28] = "";
    br_buf_init(&b, 256);
    br_cli_public_put(&b, &k->key);
    if (k->not_after.v != 0) {
        br_time_text(k->not_after, end);
    }
    const char *state = br_cli_key_valid_at(k, now) ? "valid"
                        : k->not_before.v > now.v   ? "not yet valid"
                                                    : "ENDED";
    (void)printf(
        "    kid %s  %s%s%.19s%s\n        %.*s\n", k->kid, state,
        end[0] == '\0' ? "" : ", ends ", end, end[0] == '\0' ? "" : "Z",
        (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static void
print_members(const struct br_cli_members *m)
{
    struct br_time_us now = br_cli_now();
    for (size_t i = 0; i < m->member_count; i++) {
        struct br_buf roles;
        br_buf_init(&roles, 256);
        br_cli_roles_put(&roles, m->member[i].roles);
        (void)printf(
            "%s  %.*s  %s%s\n", m->member[i].id, (int)roles.n,
            (const char *)roles.p, m->member[i].active ? "" : "REVOKED  ",
            m->member[i].name);
        br_buf_fini(&roles);
        for (size_t k = 0; k < m->key_count; k++) {
            if (m->key[k].member == i) {
                print_key(&m->key[k], now);
            }
        }
    }
}

static enum br_rc
print_json(struct br_node_client *c, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 16u * 1024 * 1024);
    enum br_rc rc = br_node_get(c, "/v1/members", &b, reterr);
    if (rc == BR_OK) {
        (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    }
    br_buf_fini(&b);
    return rc;
}

int
br_cmd_member_list(const struct br_args *a)
{
    struct br_node_client c = {0};
    struct br_cli_members m = {0};
    struct br_err err;
    enum br_rc rc = br_node_client_open(a, &c, &err);
    if (rc == BR_OK && a->json) {
        rc = print_json(&c, &err);
    } else if (rc == BR_OK) {
        rc = br_cli_members_get(&c, &m, &err);
        if (rc == BR_OK) {
            print_members(&m);
        }
        br_cli_members_fini(&m);
    }
    br_node_client_close(&c);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
