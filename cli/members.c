/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/members.h"

#include "common/codec/text.h"
#include "common/service/json.h"
#include "node/ledger/member.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024 * 1024,
    ARENA_BYTES_MAX = 64 * 1024 * 1024
};

/* ---- roles -------------------------------------------------------------- */

static const struct {
    const char *name;
    uint64_t bit;
} role_names[] = {
    {"operator", BR_ROLE_OPERATOR},
    {"notary", BR_ROLE_NOTARY},
    {"auditor", BR_ROLE_AUDITOR},
};
enum { ROLES = sizeof(role_names) / sizeof(role_names[0]) };

static enum br_rc
add_role(void *ctx, struct br_bytes name, struct br_err *reterr)
{
    uint64_t *roles = (uint64_t *)ctx;
    for (size_t i = 0; i < ROLES; i++) {
        if (br_bytes_eq(name, br_str(role_names[i].name))) {
            *roles |= role_names[i].bit;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE,
        "no role %.*s; there are operator, notary, auditor",
        (int)(name.n > 40 ? 40 : name.n), (const char *)name.p);
}

enum br_rc
br_cli_roles_parse(const char *text, uint64_t *ret, struct br_err *reterr)
{
    uint64_t roles = 0;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        BR_TRY(add_role(&roles, br_bytes(p, n), reterr));
        p += n + (p[n] == ',');
    }
    *ret = roles;
    return BR_OK;
}

void
br_cli_roles_put(struct br_buf *b, uint64_t roles)
{
    const char *comma = "";
    for (size_t i = 0; i < ROLES; i++) {
        if ((roles & role_names[i].bit) != 0) {
            br_buf_printf(b, "%s%s", comma, role_names[i].name);
            comma = ",";
        }
    }
}

/* ---- reading ------------------------------------------------------------ */

static enum br_rc
read_public(
    struct br_cli_members *m,
    struct br_bytes text,
    struct br_public_key *ret,
    struct br_err *reterr)
{
    const char *alg_name;
    const char *public_text;
    enum br_sign_alg alg;
    uint8_t raw[BR_PUBLIC_KEY_BYTES_MAX];
    size_t n = 0;
    BR_TRY(br_json_get_text(text, "alg", &m->arena, &alg_name, reterr));
    BR_TRY(br_json_get_text(text, "public", &m->arena, &public_text, reterr));
    BR_TRY(br_sign_alg_parse(br_str(alg_name), &alg, reterr));
    BR_TRY(
        br_base64url_parse(br_str(public_text), raw, sizeof(raw), &n, reterr));
    return br_public_key_init(ret, alg, br_bytes(raw, n), reterr);
}

static enum br_rc
read_key(void *ctx, struct br_bytes text, struct br_err *reterr)
{
    struct br_cli_members *m = (struct br_cli_members *)ctx;
    if (m->key_count == BR_CLI_KEYS_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "more keys than fit here");
    }
    struct br_cli_key *k = &m->key[m->key_count];
    k->member = m->member_count;
    BR_TRY(br_json_get_text(text, "kid", &m->arena, &k->kid, reterr));
    BR_TRY(read_public(m, text, &k->key, reterr));
    BR_TRY(br_json_get_uint(text, "not_before_us", &k->not_before.v, reterr));
    BR_TRY(br_json_get_uint(text, "not_after_us", &k->not_after.v, reterr));
    BR_TRY(br_json_get_uint(text, "seq", &k->seq, reterr));
    m->key_count++;
    return BR_OK;
}

static enum br_rc
read_member(void *ctx, struct br_bytes text, struct br_err *reterr)
{
    struct br_cli_members *m = (struct br_cli_members *)ctx;
    if (m->member_count == BR_CLI_MEMBERS_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "more members than fit here");
    }
    struct br_cli_member *one = &m->member[m->member_count];
    *one = (struct br_cli_member){0};
    BR_TRY(br_json_get_text(text, "id", &m->arena, &one->id, reterr));
    BR_TRY(br_json_get_text(text, "name", &m->arena, &one->name, reterr));
    BR_TRY(br_json_each(text, "roles", add_role, &one->roles, reterr));
    BR_TRY(br_json_get_bool(text, "active", &one->active, reterr));
    BR_TRY(br_json_each(text, "keys", read_key, m, reterr));
    m->member_count++;
    return BR_OK;
}

enum br_rc
br_cli_members_get(
    struct br_node_client *c, struct br_cli_members *ret, struct br_err *reterr)
{
    struct br_buf b;
    *ret = (struct br_cli_members){0};
    br_arena_init(&ret->arena, ARENA_BYTES_MAX);
    ret->member = (struct br_cli_member *)br_arena_take(
        &ret->arena, BR_CLI_MEMBERS_MAX * sizeof(*ret->member));
    ret->key = (struct br_cli_key *)br_arena_take(
        &ret->arena, BR_CLI_KEYS_MAX * sizeof(*ret->key));
    if (ret->member == NULL || ret->key == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the list of members");
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = br_node_get(c, "/v1/members", &b, reterr);
    if (rc == BR_OK) {
        rc = br_json_each(br_buf_bytes(&b), "items", read_member, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

void
br_cli_members_fini(struct br_cli_members *m)
{
    br_arena_fini(&m->arena);
}

/* ---- finding ------------------------------------------------------------ */

const struct br_cli_member *
br_cli_member_find(const struct br_cli_members *m, const char *id)
{
    for (size_t i = 0; i < m->member_count; i++) {
        if (strcmp(m->member[i].id, id) == 0) {
            return &m->member[i];
        }
    }
    return NULL;
}

const struct br_cli_key *
br_cli_key_find(const struct br_cli_members *m, const char *kid)
{
    const struct br_cli_key *found = NULL;
    size_t n = strlen(kid);
    for (size_t i = 0; i < m->key_count && n >= 8; i++) {
        if (strncmp(m->key[i].kid, kid, n) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = &m->key[i];
        }
    }
    return found;
}

const struct br_cli_key *
br_cli_key_of(
    const struct br_cli_members *m, const struct br_public_key *public_key)
{
    for (size_t i = 0; i < m->key_count; i++) {
        const struct br_public_key *k = &m->key[i].key;
        if (k->alg == public_key->alg &&
            br_bytes_eq(
                br_bytes(k->b, k->n), br_bytes(public_key->b, public_key->n))) {
            return &m->key[i];
        }
    }
    return NULL;
}

bool
br_cli_key_valid_at(const struct br_cli_key *k, struct br_time_us t)
{
    return k->not_before.v <= t.v &&
           (k->not_after.v == 0 || t.v < k->not_after.v);
}
