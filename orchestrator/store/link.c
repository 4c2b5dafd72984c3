/* SPDX-License-Identifier: EUPL-1.2 */
/* What of an offer goes to people: its number, its link, a transaction code. */
#include "common/credential/vci.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"
#include "orchestrator/store/store.h"

void
br_orch_identifier(const struct br_hash *offer, char ret[BR_HASH_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < BR_HASH_BYTES / 2; i++) {
        ret[2 * i] = hex[offer->b[i] >> 4];
        ret[2 * i + 1] = hex[offer->b[i] & 15];
    }
    ret[BR_HASH_BYTES] = '\0';
}

void
br_orch_tx_code_make(char ret[BR_ORCH_TX_DIGITS + 1])
{
    for (size_t i = 0; i < BR_ORCH_TX_DIGITS; i++) {
        uint8_t r;
        do {
            br_random(&r, 1);
        } while (r >= 250); /* each digit as likely */
        ret[i] = (char)('0' + r % 10);
    }
    ret[BR_ORCH_TX_DIGITS] = '\0';
}

void
br_orch_offer_link(
    const char *issuer, const struct br_orch_secret *s, struct br_buf *ret)
{
    struct br_buf url;
    br_buf_init(&url, 4096);
    br_buf_printf(&url, "%s/offer/%s", issuer, s->text);
    const struct br_vci_link link = {true, br_buf_bytes(&url)};
    if (url.failed) {
        ret->failed = true;
    } else {
        br_vci_link_put(ret, "openid-credential-offer", &link);
    }
    br_buf_wipe(&url);
}
