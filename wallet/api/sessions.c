/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/api/sessions.h"

#include "common/crypto/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_RANDOM_BYTES = 32,
    COUNTERS = 4096,
    MINUTE_S = 60,
    /* Behind a proxy all have one address: it may fail more often. */
    ADDRESS_SHARE = 20,
};

struct slot {
    struct br_login login;
    struct br_hash token;
    uint64_t last_s;
    uint64_t worked_s; /**< when something was last done for it, by itself */
    bool used;
    bool held;
    bool ending; /**< ends when it is given back */
};

struct counter {
    uint64_t minute;
    uint64_t failures;
};

struct br_sessions {
    pthread_mutex_t lock;
    pthread_cond_t given; /**< a session was given back */
    uint64_t idle_s;
    uint64_t attempts;
    uint8_t key[16];
    struct slot slots[BR_SESSIONS_MAX];
    struct counter counters[COUNTERS];
};

enum br_rc
br_sessions_new(
    uint64_t idle_s,
    uint64_t attempts_per_minute,
    struct br_sessions **ret,
    struct br_err *reterr)
{
    struct br_sessions *s = (struct br_sessions *)calloc(1, sizeof(*s));
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for sessions");
    }
    s->idle_s = idle_s;
    s->attempts = attempts_per_minute;
    br_random(s->key, sizeof(s->key));
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->given, NULL);
    *ret = s;
    return BR_OK;
}

void
br_login_forget_look(struct br_login *l)
{
    if (l->look != NULL) {
        br_look_fini(l->look);
        free(l->look);
        l->look = NULL;
        l->look_id[0] = '\0';
    }
}

static void
end(struct slot *one)
{
    br_login_forget_look(&one->login);
    br_login_forget_request(&one->login);
    br_vault_lock(one->login.person);
    br_wipe(one, sizeof(*one));
}

void
br_sessions_free(struct br_sessions *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        end(&s->slots[i]);
    }
    (void)pthread_cond_destroy(&s->given);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- sessions ----------------------------------------------------------- */

/** A free place, or that of who was idle longest. NULL: all are held. */
static struct slot *
find_place(struct br_sessions *s)
{
    struct slot *oldest = NULL;
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        if (!one->used) {
            return one;
        }
        if (!one->held && (oldest == NULL || one->last_s < oldest->last_s)) {
            oldest = one;
        }
    }
    if (oldest != NULL) {
        end(oldest);
    }
    return oldest;
}

enum br_rc
br_sessions_begin(
    struct br_sessions *s,
    struct br_vault_person *person,
    uint64_t now_s,
    char ret_token[BR_SESSION_TOKEN_BYTES + 1],
    struct br_err *reterr)
{
    br_random_text(ret_token, TOKEN_RANDOM_BYTES);
    (void)pthread_mutex_lock(&s->lock);
    struct slot *one = find_place(s);
    if (one != NULL) {
        one->used = true;
        one->last_s = now_s;
        one->worked_s = now_s;
        one->login.person = person;
        br_random_text(one->login.csrf, TOKEN_RANDOM_BYTES);
        br_sha256(br_str(ret_token), &one->token);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (one == NULL) {
        br_vault_lock(person);
        return br_fail(reterr, BR_ERR_BUSY, "every session is at work");
    }
    return BR_OK;
}

static struct slot *
find(struct br_sessions *s, const struct br_hash *token)
{
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        if (one->used && !one->ending && br_hash_eq(&one->token, token)) {
            return one;
        }
    }
    return NULL;
}

enum br_rc
br_sessions_hold(
    struct br_sessions *s,
    struct br_bytes token,
    uint64_t now_s,
    struct br_login **ret,
    struct br_err *reterr)
{
    struct br_hash hash;
    br_sha256(token, &hash);
    (void)pthread_mutex_lock(&s->lock);
    struct slot *one = find(s, &hash);
    while (one != NULL && one->held) {
        (void)pthread_cond_wait(&s->given, &s->lock);
        one = find(s, &hash);
    }
    if (one != NULL && one->last_s + s->idle_s < now_s) {
        end(one);
        one = NULL;
    }
    if (one != NULL) {
        one->held = true;
        one->last_s = now_s;
        *ret = &one->login;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return one != NULL ? BR_OK
                       : br_fail(
                             reterr, BR_ERR_UNAUTHENTICATED,
                             "nobody is logged in, or the session has ended");
}

struct br_login *
br_sessions_hold_for_work(
    struct br_sessions *s, uint64_t now_s, uint64_t every_s)
{
    struct br_login *found = NULL;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; found == NULL && i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        bool due = one->used && !one->held && !one->ending &&
                   one->last_s + s->idle_s >= now_s &&
                   one->worked_s + every_s <= now_s;
        if (due) {
            one->held = true;
            one->worked_s = now_s;
            found = &one->login;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return found;
}

void
br_sessions_release(struct br_sessions *s, struct br_login *l, bool over)
{
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        if (&one->login == l) {
            one->held = false;
            if (over || one->ending) {
                end(one);
            }
        }
    }
    (void)pthread_cond_broadcast(&s->given);
    (void)pthread_mutex_unlock(&s->lock);
}

void
br_sessions_end_others(struct br_sessions *s, const struct br_login *l)
{
    const char *name = br_vault_person_name(l->person);
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        if (!one->used || &one->login == l ||
            strcmp(br_vault_person_name(one->login.person), name) != 0) {
            continue;
        }
        one->ending = true;
        if (!one->held) {
            end(one);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
}

void
br_sessions_sweep(struct br_sessions *s, uint64_t now_s)
{
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BR_SESSIONS_MAX; i++) {
        struct slot *one = &s->slots[i];
        if (one->used && !one->held && one->last_s + s->idle_s < now_s) {
            end(one);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- attempts ----------------------------------------------------------- */

static struct counter *
counter_of(struct br_sessions *s, char kind, struct br_bytes what)
{
    struct br_hash whole;
    const struct br_bytes parts[] = {br_bytes(&kind, 1), what};
    br_sha256_parts(parts, 2, &whole);
    uint64_t h = br_siphash(s->key, br_hash_bytes(&whole));
    return &s->counters[h % COUNTERS];
}

static void
renew(struct counter *c, uint64_t minute)
{
    if (c->minute != minute) {
        c->minute = minute;
        c->failures = 0;
    }
}

enum br_rc
br_sessions_try(
    struct br_sessions *s,
    struct br_bytes name,
    struct br_bytes address,
    uint64_t now_s,
    struct br_err *reterr)
{
    (void)pthread_mutex_lock(&s->lock);
    struct counter *of_name = counter_of(s, 'n', name);
    struct counter *of_address = counter_of(s, 'a', address);
    renew(of_name, now_s / MINUTE_S);
    renew(of_address, now_s / MINUTE_S);
    bool good = of_name->failures < s->attempts &&
                of_address->failures < s->attempts * ADDRESS_SHARE;
    if (good) {
        of_name->failures++;
        of_address->failures++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return good ? BR_OK
                : br_fail(
                      reterr, BR_ERR_RATE_EXCEEDED,
                      "too many log-ins failed: wait a minute");
}

void
br_sessions_succeeded(
    struct br_sessions *s, struct br_bytes name, struct br_bytes address)
{
    (void)pthread_mutex_lock(&s->lock);
    struct counter *of_name = counter_of(s, 'n', name);
    struct counter *of_address = counter_of(s, 'a', address);
    of_name->failures -= of_name->failures > 0;
    of_address->failures -= of_address->failures > 0;
    (void)pthread_mutex_unlock(&s->lock);
}
