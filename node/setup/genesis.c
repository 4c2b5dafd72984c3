/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/genesis.h"

#include "common/codec/text.h"
#include "common/crypto/files.h"

#include <limits.h>
#include <stdio.h>

void
br_genesis_put(struct br_buf *b, const struct br_genesis *g)
{
    br_cbor_put_array(b, 4);
    br_cbor_put_uint(b, 1);
    br_cbor_put_text(b, g->chain);
    br_cbor_put_uint(b, g->time.v);
    br_cbor_put_array(b, g->member_count);
    for (size_t i = 0; i < g->member_count; i++) {
        const struct br_genesis_member *m = &g->members[i];
        br_cbor_put_array(b, 5);
        br_cbor_put_text(b, m->id);
        br_cbor_put_text(b, m->member.name);
        br_cbor_put_uint(b, m->member.roles);
        br_cbor_put_int(b, m->key.alg);
        br_cbor_put_bytes(b, br_bytes(m->key.b, m->key.n));
    }
}

static void
read_member(struct br_cbor *r, struct br_genesis_member *m)
{
    br_cbor_array_exact(r, 5);
    m->id = br_cbor_text(r);
    m->member.name = br_cbor_text(r);
    m->member.roles = br_cbor_uint_max(r, BR_ROLES_ALL);
    m->member.active = true;
    int64_t alg = br_cbor_int(r);
    struct br_bytes raw = br_cbor_bytes(r);
    if (r->err.rc != BR_OK) {
        return;
    }
    if (!br_identifier_ok(m->id, BR_MEMBER_ID_BYTES_MAX)) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "a member's id");
    } else if (br_public_key_init(&m->key, alg, raw, NULL) != BR_OK) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "a member's key");
    }
}

static enum br_rc
parse(struct br_genesis_file *g, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, br_buf_bytes(&g->bytes));
    br_cbor_array_exact(&r, 4);
    if (br_cbor_uint(&r) != 1) {
        br_cbor_fail(&r, BR_ERR_UNSUPPORTED, "genesis version is not 1");
    }
    g->genesis.chain = br_cbor_text(&r);
    g->genesis.time.v = br_cbor_uint(&r);
    g->genesis.member_count = (size_t)br_cbor_array(&r, BR_GENESIS_MEMBERS_MAX);
    g->genesis.members = g->member;
    for (size_t i = 0; i < g->genesis.member_count; i++) {
        read_member(&r, &g->member[i]);
    }
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_genesis_file_read(
    const char *data_dir, struct br_genesis_file *ret, struct br_err *reterr)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/genesis.cbor", data_dir);
    br_buf_init(&ret->bytes, BR_GENESIS_BYTES_MAX);
    BR_TRY(br_file_read(path, &ret->bytes, reterr));
    return parse(ret, reterr);
}

void
br_genesis_file_fini(struct br_genesis_file *g)
{
    br_buf_fini(&g->bytes);
}
