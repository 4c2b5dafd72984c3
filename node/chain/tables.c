/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/tables.h"

#include "common/base/assert.h"

const char *const br_chain_tables[BR_CHAIN_TABLES] = {
    [BR_T_META] = "meta",
    [BR_T_LEAVES] = "leaves",
    [BR_T_BLOCKS] = "blocks",
    [BR_T_TXS] = "txs",
    [BR_T_STATE] = "state",
    [BR_T_UNDO] = "undo",
    [BR_T_AUTHORS] = "authors",
    [BR_T_IDEM] = "idempotency",
    [BR_T_IDEM_AGE] = "idempotency-age",
    [BR_T_NODES + 0] = "nodes-1",
    [BR_T_NODES + 1] = "nodes-2",
    [BR_T_NODES + 2] = "nodes-3",
    [BR_T_NODES + 3] = "nodes-4",
    [BR_T_NODES + 4] = "nodes-5",
    [BR_T_NODES + 5] = "nodes-6",
    [BR_T_NODES + 6] = "nodes-7",
    [BR_T_NODES + 7] = "nodes-8",
    [BR_T_NODES + 8] = "nodes-9",
    [BR_T_NODES + 9] = "nodes-10",
    [BR_T_NODES + 10] = "nodes-11",
    [BR_T_NODES + 11] = "nodes-12",
};

size_t
br_author_key(
    uint8_t out[BR_AUTHOR_KEY_BYTES_MAX],
    struct br_bytes member,
    uint64_t first_leaf)
{
    BR_ASSERT(member.n <= BR_AUTHOR_KEY_BYTES_MAX - 9);
    memcpy(out, member.p, member.n);
    out[member.n] = 0;
    br_put_be64(out + member.n + 1, first_leaf);
    return member.n + 9;
}
