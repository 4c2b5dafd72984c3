/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/archive.h"

#include "common/crypto/hash.h"

#include <stdlib.h>

/* How many a tick looks at, from the newest on, of each list. */
enum { LOOK_BACK = 64 };

struct job {
    struct br_write write;
    struct br_archive *archive;
    struct br_published p;
    bool kept;
    uint8_t token[];
};

static enum br_rc
apply(struct br_write *w, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)w;
    BR_TRY(br_published_is_due(txn, &j->p, &j->kept, reterr));
    return j->kept ? br_published_put(txn, &j->p, reterr) : BR_OK;
}

static void
done(struct br_write *w, enum br_rc rc, const struct br_err *err)
{
    struct job *j = (struct job *)w;
    struct br_hash digest;
    (void)err;
    if (rc == BR_OK && j->archive->stamper != NULL) {
        br_sha256(j->p.token, &digest);
        br_stamper_add(
            j->archive->stamper, j->p.list, j->kept ? j->p.issued_s : 0,
            &digest);
    }
    free(j);
}

void
br_archive_add(struct br_archive *a, const struct br_published *p)
{
    struct job *j = (struct job *)malloc(sizeof(*j) + p->token.n);
    if (j == NULL) {
        return;
    }
    memset(j, 0, sizeof(*j));
    memcpy(j->token, p->token.p, p->token.n);
    j->write.apply = apply;
    j->write.done = done;
    j->archive = a;
    j->p = *p;
    j->p.token = br_bytes(j->token, p->token.n);
    if (br_writer_submit(a->writer, &j->write, NULL) != BR_OK) {
        free(j);
    }
}

/** From the newest on, up to one that is stamped. */
static void
add_unstamped(struct br_archive *a, struct br_kv_txn *txn, uint32_t list)
{
    struct br_published p;
    struct br_hash digest;
    struct br_bytes answer;
    uint64_t until_s = UINT64_MAX;
    for (unsigned i = 0; i < LOOK_BACK; i++) {
        if (br_published_get(txn, list, until_s, &p, NULL) != BR_OK ||
            br_stamped_get(txn, list, p.issued_s, &digest, &answer, NULL) !=
                BR_ERR_NOT_FOUND) {
            return;
        }
        br_sha256(p.token, &digest);
        br_stamper_add(a->stamper, list, p.issued_s, &digest);
        if (p.issued_s == 0) {
            return;
        }
        until_s = p.issued_s - 1;
    }
}

void
br_archive_tick(struct br_archive *a)
{
    struct br_kv_txn *txn;
    if (a->stamper == NULL || br_kv_begin_read(a->kv, &txn, NULL) != BR_OK) {
        return;
    }
    for (uint32_t n = 1;; n++) {
        struct br_list l;
        if (br_list_get(txn, n, &l, NULL) != BR_OK) {
            break;
        }
        add_unstamped(a, txn, n);
    }
    br_kv_end(txn);
}
