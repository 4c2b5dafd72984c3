/* time (8) || random (24) || HMAC-SHA256 (32)
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "wallet/api/challenge.h"

#include "common/credential/rule.h"
#include "common/crypto/content.h"
#include "common/crypto/keyfile.h"
#include "common/store/kv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    RANDOM_AT = 8,
    MAC_AT = 32,
    MAC_BYTES = 32,
    SKEW_S = 60,
};

_Static_assert(MAC_AT + MAC_BYTES == BR_CHALLENGE_BYTES, "a challenge");

struct spent {
    uint64_t until_s;
    uint8_t mac[MAC_BYTES];
};

struct br_challenges {
    uint8_t key[32];
    pthread_mutex_t lock;
    size_t count;
    struct spent spent[BR_CHALLENGES_SPENT_MAX];
};

enum br_rc
br_challenges_new(struct br_challenges **ret, struct br_err *reterr)
{
    struct br_challenges *c = (struct br_challenges *)calloc(1, sizeof(*c));
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for challenges");
    }
    br_random(c->key, sizeof(c->key));
    (void)pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return BR_OK;
}

void
br_challenges_free(struct br_challenges *c)
{
    if (c != NULL) {
        (void)pthread_mutex_destroy(&c->lock);
        br_wipe(c->key, sizeof(c->key));
        free(c);
    }
}

/** Each part's length goes before it, so that none runs into the next. */
static enum br_rc
mac(const struct br_challenges *c,
    const struct br_challenge_for *what,
    const uint8_t *challenge,
    uint8_t ret[MAC_BYTES],
    struct br_err *reterr)
{
    uint8_t head[1 + 8 + 8];
    struct br_digest d;
    head[0] = (uint8_t)what->ceremony;
    br_put_be64(head + 1, what->browser.n);
    br_put_be64(head + 9, what->about.n);
    const struct br_bytes parts[] = {
        br_bytes(head, sizeof(head)),
        what->browser,
        what->about,
        br_bytes(challenge, MAC_AT),
    };
    BR_TRY(br_hmac(
        BR_HASH_SHA256, br_bytes(c->key, sizeof(c->key)), parts, 4, &d,
        reterr));
    memcpy(ret, d.b, MAC_BYTES);
    return BR_OK;
}

enum br_rc
br_challenge_make(
    const struct br_challenges *c,
    const struct br_challenge_for *what,
    uint64_t now_s,
    uint8_t ret[BR_CHALLENGE_BYTES],
    struct br_err *reterr)
{
    br_put_be64(ret, now_s);
    br_random(ret + RANDOM_AT, MAC_AT - RANDOM_AT);
    return mac(c, what, ret, ret + MAC_AT, reterr);
}

static enum br_rc
replayed(struct br_err *reterr)
{
    return br_refuse(
        reterr, BR_RULE_WEBAUTHN_REPLAY, "this one was answered already");
}

/** With the lock. Forgets those that have expired on the way. */
static bool
is_spent(struct br_challenges *c, const uint8_t *of, uint64_t now_s)
{
    size_t i = 0;
    while (i < c->count) {
        if (memcmp(c->spent[i].mac, of, MAC_BYTES) == 0) {
            return true;
        }
        if (c->spent[i].until_s < now_s) {
            c->spent[i] = c->spent[--c->count];
        } else {
            i++;
        }
    }
    return false;
}

enum br_rc
br_challenge_check(
    struct br_challenges *c,
    const struct br_challenge_for *what,
    struct br_bytes challenge,
    uint64_t now_s,
    struct br_err *reterr)
{
    uint8_t want[MAC_BYTES];
    if (challenge.n != BR_CHALLENGE_BYTES) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_CHALLENGE, "it has %zu bytes, not %d",
            challenge.n, BR_CHALLENGE_BYTES);
    }
    BR_TRY(mac(c, what, challenge.p, want, reterr));
    if (!br_secret_eq(want, challenge.p + MAC_AT, MAC_BYTES)) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_CHALLENGE,
            "it was given for something else, to another browser, or before "
            "the wallet was started again");
    }
    uint64_t made_s = br_get_be64(challenge.p);
    if (made_s > now_s + SKEW_S || made_s + BR_CHALLENGE_S < now_s) {
        return br_refuse(
            reterr, BR_RULE_WEBAUTHN_CHALLENGE,
            "it is older than five minutes: ask for another");
    }
    (void)pthread_mutex_lock(&c->lock);
    bool spent = is_spent(c, challenge.p + MAC_AT, now_s);
    (void)pthread_mutex_unlock(&c->lock);
    return spent ? replayed(reterr) : BR_OK;
}

enum br_rc
br_challenge_spend(
    struct br_challenges *c,
    struct br_bytes challenge,
    uint64_t now_s,
    struct br_err *reterr)
{
    (void)pthread_mutex_lock(&c->lock);
    bool spent = is_spent(c, challenge.p + MAC_AT, now_s);
    bool full = c->count == BR_CHALLENGES_SPENT_MAX;
    if (!spent && !full) {
        struct spent *one = &c->spent[c->count++];
        one->until_s = br_get_be64(challenge.p) + BR_CHALLENGE_S;
        memcpy(one->mac, challenge.p + MAC_AT, MAC_BYTES);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (spent) {
        return replayed(reterr);
    }
    return full ? br_fail(
                      reterr, BR_ERR_BUSY,
                      "too many have entered in five minutes")
                : BR_OK;
}
