/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/ledger/fixture.h"

#include "common/base/assert.h"
#include "common/crypto/hash.h"

static const char chain[] = "lombardia-test";
static uint64_t seq = 1000;

static enum br_rc
view_get(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    struct world *w = (struct world *)ctx;
    for (size_t i = 0; i < w->row_count; i++) {
        if (br_bytes_eq(br_bytes(w->row[i].key, w->row[i].key_n), key)) {
            *ret = br_bytes(w->row[i].value, w->row[i].value_n);
            return BR_OK;
        }
    }
    return br_fail(reterr, BR_ERR_NOT_FOUND, "no such state");
}

static void
keep(struct world *w, struct br_bytes key, struct br_bytes value)
{
    size_t i = 0;
    while (i < w->row_count &&
           !br_bytes_eq(br_bytes(w->row[i].key, w->row[i].key_n), key)) {
        i++;
    }
    BR_ASSERT(i < ROWS_MAX && key.n <= sizeof(w->row[i].key));
    BR_ASSERT(value.n <= ROW_BYTES_MAX);
    w->row_count += i == w->row_count;
    memcpy(w->row[i].key, key.p, key.n);
    w->row[i].key_n = key.n;
    memcpy(w->row[i].value, value.p, value.n);
    w->row[i].value_n = value.n;
}

static void
apply(struct world *w)
{
    for (size_t i = 0; i < br_effects_write_count(&w->e); i++) {
        const struct br_write *x = br_effects_write(&w->e, i);
        keep(w, br_write_key(&w->e, x), br_write_value(&w->e, x));
    }
}

static struct br_signer *
signer(enum br_sign_alg alg, uint8_t byte)
{
    uint8_t secret[32];
    struct br_signer *s = NULL;
    memset(secret, byte, sizeof(secret));
    enum br_rc rc = br_signer_from_secret(alg, secret, &s, NULL);
    BR_ASSERT(rc == BR_OK);
    return s;
}

void
world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    enum br_rc rc = br_crypto_init(NULL);
    BR_ASSERT(rc == BR_OK);
    w->view = (struct br_view){w, view_get};
    br_effects_init(&w->e);
    br_buf_init(&w->ops, BR_TX_BYTES_MAX);
    br_buf_init(&w->tx, BR_TX_BYTES_MAX);
    w->operator_key = signer(BR_SIGN_ED25519, 1);
    w->notary_key = signer(BR_SIGN_ES256, 2);
    w->auditor_key = signer(BR_SIGN_ES256K, 3);
    struct br_genesis_member m[] = {
        {br_str("regione"),
         {br_str("Regione"), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
         *br_signer_public(w->operator_key)},
        {br_str("comune"),
         {br_str("Comune"), BR_ROLE_NOTARY, true},
         *br_signer_public(w->notary_key)},
        {br_str("revisore"),
         {br_str("Revisore"), BR_ROLE_AUDITOR, true},
         *br_signer_public(w->auditor_key)},
    };
    struct br_genesis g = {br_str(chain), {1000000}, m, 3};
    br_effects_clear(&w->e, &w->view, 0);
    rc = br_ledger_genesis(&g, &w->e, &w->head, NULL);
    BR_ASSERT(rc == BR_OK);
    apply(w);
}

void
world_fini(struct world *w)
{
    br_effects_fini(&w->e);
    br_buf_fini(&w->ops);
    br_buf_fini(&w->tx);
    br_signer_free(w->operator_key);
    br_signer_free(w->notary_key);
    br_signer_free(w->auditor_key);
}

void
world_begin(struct world *w)
{
    w->time.v = w->head.time.v + 1000;
    br_effects_clear(&w->e, &w->view, w->head.frontier.size);
    br_buf_clear(&w->ops);
    w->op_count = 0;
}

void
world_seal(struct world *w)
{
    struct br_head next;
    enum br_rc rc = br_ledger_seal(&w->head, w->time, &w->e, &next, NULL);
    BR_ASSERT(rc == BR_OK);
    apply(w);
    w->head = next;
}

void
world_stamp(struct world *w, uint8_t byte)
{
    uint8_t digest[32];
    memset(digest, byte, sizeof(digest));
    br_op_put_stamp(&w->ops, BR_HASH_SHA256, br_bytes(digest, 32));
    w->op_count++;
}

void
world_op(struct world *w, const struct br_op *op, enum br_module module)
{
    br_op_put(&w->ops, module, op);
    w->op_count++;
}

struct br_tx_draft
world_draft(struct world *w, const char *author, enum br_module module)
{
    return (struct br_tx_draft){
        .chain = br_str(chain),
        .author = br_str(author),
        .seq = seq++,
        .expiry = {w->time.v + 1},
        .module = module,
        .op_count = w->op_count,
        .ops = br_buf_bytes(&w->ops),
    };
}

enum br_rc
world_run_draft(
    struct world *w,
    const struct br_tx_draft *d,
    struct br_signer *signer,
    struct br_err *err)
{
    br_buf_clear(&w->tx);
    enum br_rc rc = br_tx_sign(d, signer, &w->tx, err);
    BR_ASSERT(rc == BR_OK);
    rc =
        br_ledger_run(br_str(chain), w->time, br_buf_bytes(&w->tx), &w->e, err);
    br_buf_clear(&w->ops);
    w->op_count = 0;
    return rc;
}

enum br_rc
world_run(
    struct world *w,
    const char *author,
    struct br_signer *signer,
    enum br_module module)
{
    struct br_tx_draft d = world_draft(w, author, module);
    return world_run_draft(w, &d, signer, NULL);
}
