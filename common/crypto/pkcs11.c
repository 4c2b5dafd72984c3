/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/pkcs11.h"

#include "common/crypto/backend.h"
#include "common/crypto/hash.h"
#include "common/crypto/pkcs11_module.h"
#include "common/crypto/pkcs11_uri.h"
#include "common/crypto/secret.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS_MAX = 256, EC_POINT_BYTES_MAX = 67, EC_PARAMS_BYTES_MAX = 32 };

struct token_key {
    struct br_pkcs11_module *module;
    const CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
    bool has_session;
    CK_OBJECT_HANDLE object;
    const struct br_sign_backend *backend;
    struct br_public_key public_key;
    pthread_mutex_t lock; /**< a session signs one message at a time */
};

/* ---- finding the token and logging in ----------------------------------- */

/** A label fills its 32 bytes with blanks at the end. */
static bool
label_is(const CK_UTF8CHAR *label, size_t size, const char *wanted)
{
    size_t n = size;
    while (n > 0 && label[n - 1] == ' ') {
        n--;
    }
    return br_bytes_eq(br_bytes(label, n), br_str(wanted));
}

static enum br_rc
find_slot(
    const CK_FUNCTION_LIST *f,
    const char *token,
    CK_SLOT_ID *ret,
    CK_TOKEN_INFO *ret_info,
    struct br_err *reterr)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    size_t found = 0;
    BR_TRY(br_pkcs11_check(
        f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList", reterr));
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        if (f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            label_is(info.label, sizeof(info.label), token)) {
            *ret = slots[i];
            *ret_info = info;
            found++;
        }
    }
    if (found != 1) {
        return br_fail(
            reterr, found == 0 ? BR_ERR_NOT_FOUND : BR_ERR_CONFLICT,
            "PKCS#11: %zu tokens have the label %s", found, token);
    }
    return BR_OK;
}

static enum br_rc
login(struct token_key *k, const struct br_secret *pin, struct br_err *reterr)
{
    if (pin == NULL) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED,
            "PKCS#11: the token needs a PIN: give pin-source in the URI");
    }
    CK_RV rv = k->f->C_Login(k->session, CKU_USER, pin->p, pin->n);
    if (rv == CKR_USER_ALREADY_LOGGED_IN) {
        return BR_OK; /* by another signer of this token */
    }
    return br_pkcs11_check(rv, "C_Login", reterr);
}

static enum br_rc
open_session(
    struct token_key *k,
    const struct br_pkcs11_uri *u,
    const struct br_secret *pin,
    struct br_err *reterr)
{
    CK_SLOT_ID slot = 0;
    CK_TOKEN_INFO info = {.flags = CKF_LOGIN_REQUIRED};
    struct br_secret *own = NULL;
    BR_TRY(find_slot(k->f, u->token, &slot, &info, reterr));
    BR_TRY(br_pkcs11_check(
        k->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &k->session),
        "C_OpenSession", reterr));
    k->has_session = true;
    if ((info.flags & CKF_LOGIN_REQUIRED) == 0) {
        return BR_OK;
    }
    if (u->pin_path[0] != '\0') {
        BR_TRY(br_secret_from_file(u->pin_path, &own, reterr));
    }
    enum br_rc rc = login(k, own != NULL ? own : pin, reterr);
    br_secret_free(own);
    return rc;
}

/* ---- finding the key ---------------------------------------------------- */

/** The one object of this class with this id and label (either empty). */
static enum br_rc
find_object(
    const struct token_key *k,
    CK_OBJECT_CLASS class,
    const struct br_pkcs11_uri *u,
    CK_OBJECT_HANDLE *ret,
    struct br_err *reterr)
{
    struct br_pkcs11_uri copy = *u; /* CK_ATTRIBUTE has no const pointers */
    CK_ATTRIBUTE want[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG wants = 1;
    CK_OBJECT_HANDLE found[2];
    CK_ULONG n = 0;
    if (u->id_n > 0) {
        want[wants++] = (CK_ATTRIBUTE){CKA_ID, copy.id, u->id_n};
    }
    if (u->object[0] != '\0') {
        want[wants++] =
            (CK_ATTRIBUTE){CKA_LABEL, copy.object, strlen(u->object)};
    }
    BR_TRY(br_pkcs11_check(
        k->f->C_FindObjectsInit(k->session, want, wants), "C_FindObjectsInit",
        reterr));
    CK_RV rv = k->f->C_FindObjects(k->session, found, 2, &n);
    (void)k->f->C_FindObjectsFinal(k->session);
    BR_TRY(br_pkcs11_check(rv, "C_FindObjects", reterr));
    if (n != 1) {
        return br_fail(
            reterr, n == 0 ? BR_ERR_NOT_FOUND : BR_ERR_CONFLICT,
            "PKCS#11: %s %s key \"%s\" in token %s",
            n == 0 ? "no" : "more than one",
            class == CKO_PUBLIC_KEY ? "public" : "private", u->object,
            u->token);
    }
    *ret = found[0];
    return BR_OK;
}

/** The private key's own id finds its public half, whatever its label. */
static enum br_rc
find_public(
    const struct token_key *k,
    const struct br_pkcs11_uri *u,
    CK_OBJECT_HANDLE *ret,
    struct br_err *reterr)
{
    struct br_pkcs11_uri by = *u;
    uint8_t id[BR_PKCS11_ID_BYTES_MAX];
    CK_ATTRIBUTE a = {CKA_ID, id, sizeof(id)};
    CK_RV rv = k->f->C_GetAttributeValue(k->session, k->object, &a, 1);
    if (rv == CKR_OK && a.ulValueLen > 0 && a.ulValueLen <= sizeof(id)) {
        memcpy(by.id, id, a.ulValueLen);
        by.id_n = a.ulValueLen;
        by.object[0] = '\0';
    }
    return find_object(k, CKO_PUBLIC_KEY, &by, ret, reterr);
}

/** The curve's name in CKA_EC_PARAMS: an object identifier, or for Ed25519
 *  also the PrintableString of older drafts. */
static const struct br_sign_backend *
backend_of(struct br_bytes params)
{
    static const struct {
        enum br_sign_alg alg;
        size_t n;
        uint8_t der[14];
    } curves[] = {
        {BR_SIGN_ES256,
         10,
         {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
        {BR_SIGN_ES256K, 7, {6, 5, 0x2b, 0x81, 0x04, 0x00, 0x0a}},
        {BR_SIGN_ED25519, 5, {6, 3, 0x2b, 0x65, 0x70}},
        {BR_SIGN_ED25519, 14,
         "\x13\x0c"
         "edwards25519"},
    };
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (br_bytes_eq(br_bytes(curves[i].der, curves[i].n), params)) {
            return br_sign_backend(curves[i].alg);
        }
    }
    return NULL;
}

/** CKA_EC_POINT is an OCTET STRING around the point; some tokens leave the
 *  wrapping out. */
static struct br_bytes
unwrap(struct br_bytes v)
{
    bool wrapped =
        (v.n == 67 || v.n == 34) && v.p[0] == 0x04 && v.p[1] == v.n - 2;
    return wrapped ? br_bytes(v.p + 2, v.n - 2) : v;
}

static enum br_rc
take_point(struct token_key *k, struct br_bytes point, struct br_err *reterr)
{
    uint8_t raw[BR_PUBLIC_KEY_BYTES_MAX];
    uint8_t x[32];
    uint8_t y[32];
    enum br_sign_alg alg = k->backend->alg;
    if (alg == BR_SIGN_ED25519) {
        return br_public_key_init(&k->public_key, alg, point, reterr);
    }
    if (point.n != 65 || point.p[0] != 0x04) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "PKCS#11: the point is not uncompressed");
    }
    raw[0] = (uint8_t)(2 + (point.p[64] & 1));
    memcpy(raw + 1, point.p + 1, 32);
    BR_TRY(br_public_key_init(
        &k->public_key, alg, br_bytes(raw, sizeof(raw)), reterr));
    if (!k->backend->public_ok(raw, x, y) || memcmp(y, point.p + 33, 32) != 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "PKCS#11: the point is not on the curve");
    }
    return BR_OK;
}

static enum br_rc
read_public(struct token_key *k, CK_OBJECT_HANDLE object, struct br_err *reterr)
{
    uint8_t params[EC_PARAMS_BYTES_MAX];
    uint8_t point[EC_POINT_BYTES_MAX];
    CK_ATTRIBUTE a[] = {
        {CKA_EC_PARAMS, params, sizeof(params)},
        {CKA_EC_POINT, point, sizeof(point)},
    };
    CK_RV rv = k->f->C_GetAttributeValue(k->session, object, a, 2);
    k->backend =
        rv == CKR_OK ? backend_of(br_bytes(params, a[0].ulValueLen)) : NULL;
    if (k->backend == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "PKCS#11: the key is not on P-256, secp256k1 or Ed25519");
    }
    return take_point(k, unwrap(br_bytes(point, a[1].ulValueLen)), reterr);
}

/* ---- signing ------------------------------------------------------------ */

static bool
token_sign(
    struct token_key *k,
    struct br_bytes input,
    CK_MECHANISM_TYPE type,
    uint8_t sig[BR_SIGNATURE_BYTES])
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ULONG n = BR_SIGNATURE_BYTES;
    /* The interface lacks const; C_Sign only reads its input. */
    uint8_t *data = (uint8_t *)(uintptr_t)input.p;
    (void)pthread_mutex_lock(&k->lock);
    bool ok = k->f->C_SignInit(k->session, &mechanism, k->object) == CKR_OK &&
              k->f->C_Sign(k->session, data, input.n, sig, &n) == CKR_OK &&
              n == BR_SIGNATURE_BYTES;
    (void)pthread_mutex_unlock(&k->lock);
    return ok;
}

static bool
sign(void *p, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES])
{
    struct token_key *k = (struct token_key *)p;
    struct br_hash h;
    bool ok;
    if (k->backend->alg == BR_SIGN_ED25519) {
        ok = token_sign(k, message, CKM_EDDSA, sig);
    } else {
        br_sha256(message, &h);
        ok = token_sign(k, br_hash_bytes(&h), CKM_ECDSA, sig) &&
             k->backend->normalise(sig);
    }
    return ok && k->backend->verify(k->public_key.b, message, sig);
}

static void
close_key(void *p)
{
    struct token_key *k = (struct token_key *)p;
    if (k->has_session) {
        (void)k->f->C_CloseSession(k->session);
    }
    if (k->module != NULL) {
        br_pkcs11_module_release(k->module);
    }
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}

static enum br_rc
prepare(
    struct token_key *k,
    const struct br_pkcs11_uri *u,
    const struct br_secret *pin,
    struct br_err *reterr)
{
    CK_OBJECT_HANDLE public_object = CK_INVALID_HANDLE;
    BR_TRY(br_pkcs11_module_acquire(u->module_path, &k->module, reterr));
    k->f = br_pkcs11_functions(k->module);
    BR_TRY(open_session(k, u, pin, reterr));
    BR_TRY(find_object(k, CKO_PRIVATE_KEY, u, &k->object, reterr));
    BR_TRY(find_public(k, u, &public_object, reterr));
    return read_public(k, public_object, reterr);
}

enum br_rc
br_pkcs11_open(
    const char *uri,
    const struct br_secret *pin,
    struct br_signer **ret,
    struct br_err *reterr)
{
    struct br_pkcs11_uri u;
    BR_TRY(br_pkcs11_uri_parse(uri, &u, reterr));
    struct token_key *k = (struct token_key *)calloc(1, sizeof(*k));
    if (k == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "PKCS#11 key");
    }
    (void)pthread_mutex_init(&k->lock, NULL);
    enum br_rc rc = prepare(k, &u, pin, reterr);
    if (rc != BR_OK) {
        close_key(k);
        return rc;
    }
    struct br_signer *s = br_signer_wrap(&k->public_key, k, sign, close_key);
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "signer");
    }
    *ret = s;
    return BR_OK;
}
