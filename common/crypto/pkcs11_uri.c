/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/pkcs11_uri.h"

#include "common/codec/text.h"

static const char scheme[] = "pkcs11:";

enum attribute {
    TOKEN,
    OBJECT,
    ID,
    TYPE,
    MODULE_PATH,
    PIN_SOURCE,
    ATTRIBUTES,
};

static const struct {
    const char *name;
    bool query; /**< after the "?" */
    size_t max;
} known[ATTRIBUTES] = {
    [TOKEN] = {"token", false, BR_PKCS11_TOKEN_BYTES_MAX},
    [OBJECT] = {"object", false, BR_PKCS11_OBJECT_BYTES_MAX},
    [ID] = {"id", false, BR_PKCS11_ID_BYTES_MAX},
    [TYPE] = {"type", false, sizeof("private") - 1},
    [MODULE_PATH] = {"module-path", true, BR_PKCS11_PATH_BYTES_MAX},
    [PIN_SOURCE] = {"pin-source", true, BR_PKCS11_PATH_BYTES_MAX},
};

struct parser {
    struct br_pkcs11_uri *ret;
    struct br_err *reterr;
    bool seen[ATTRIBUTES];
};

bool
br_pkcs11_uri_is(const char *name)
{
    return strncmp(name, scheme, sizeof(scheme) - 1) == 0;
}

/** Percent-decode; at most max bytes of room in out. */
static enum br_rc
decode(
    struct br_bytes text,
    uint8_t *out,
    size_t max,
    size_t *ret_n,
    struct br_err *reterr)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (n == max) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "PKCS#11 URI: more than %zu bytes",
                max);
        }
        if (c == '%') {
            if (text.n - i < 3 ||
                br_hex_parse(br_bytes(text.p + i + 1, 2), &c, NULL) != BR_OK) {
                return br_fail(
                    reterr, BR_ERR_MALFORMED,
                    "PKCS#11 URI: two hexadecimal digits follow a %%");
            }
            i += 2;
        } else if (c <= ' ' || c >= 0x7f) {
            return br_fail(
                reterr, BR_ERR_MALFORMED,
                "PKCS#11 URI: byte 0x%02x must be percent-encoded", c);
        }
        out[n++] = c;
    }
    *ret_n = n;
    return BR_OK;
}

static enum br_rc
decode_text(struct br_bytes text, char *out, size_t max, struct br_err *reterr)
{
    uint8_t bytes[BR_PKCS11_PATH_BYTES_MAX];
    size_t n;
    BR_TRY(decode(text, bytes, max, &n, reterr));
    if (memchr(bytes, 0, n) != NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "PKCS#11 URI: a NUL in a text");
    }
    memcpy(out, bytes, n);
    out[n] = '\0';
    return BR_OK;
}

/** An absolute path, or a file: URI without host (RFC 8089). */
static enum br_rc
decode_pin_source(struct parser *p, struct br_bytes value)
{
    if (value.n >= 5 && memcmp(value.p, "file:", 5) == 0) {
        value = br_bytes(value.p + 5, value.n - 5);
        if (value.n >= 3 && memcmp(value.p, "///", 3) == 0) {
            value = br_bytes(value.p + 2, value.n - 2);
        }
    }
    BR_TRY(decode_text(
        value, p->ret->pin_path, BR_PKCS11_PATH_BYTES_MAX, p->reterr));
    if (p->ret->pin_path[0] != '/' || p->ret->pin_path[1] == '/') {
        return br_fail(
            p->reterr, BR_ERR_UNSUPPORTED,
            "PKCS#11 URI: pin-source is file:/an/absolute/path");
    }
    return BR_OK;
}

static enum br_rc
take_value(struct parser *p, enum attribute a, struct br_bytes value)
{
    struct br_pkcs11_uri *u = p->ret;
    size_t max = known[a].max;
    char type[sizeof("private")];
    switch (a) {
    case TOKEN:
        return decode_text(value, u->token, max, p->reterr);
    case OBJECT:
        return decode_text(value, u->object, max, p->reterr);
    case ID:
        return decode(value, u->id, max, &u->id_n, p->reterr);
    case TYPE:
        if (decode_text(value, type, max, NULL) != BR_OK ||
            strcmp(type, "private") != 0) {
            return br_fail(
                p->reterr, BR_ERR_UNSUPPORTED,
                "PKCS#11 URI: the type is private");
        }
        return BR_OK;
    case MODULE_PATH:
        return decode_text(value, u->module_path, max, p->reterr);
    case PIN_SOURCE:
        return decode_pin_source(p, value);
    case ATTRIBUTES:
        break;
    }
    return br_fail(p->reterr, BR_ERR_INTERNAL, "attribute %d", (int)a);
}

static enum br_rc
take_attribute(struct parser *p, struct br_bytes text, bool query)
{
    const uint8_t *eq = text.n == 0 ? NULL : memchr(text.p, '=', text.n);
    if (eq == NULL || eq + 1 == text.p + text.n) {
        return br_fail(
            p->reterr, BR_ERR_MALFORMED,
            "PKCS#11 URI: attributes are name=value");
    }
    struct br_bytes name = br_bytes(text.p, (size_t)(eq - text.p));
    for (enum attribute a = 0; a < ATTRIBUTES; a++) {
        if (known[a].query == query &&
            br_bytes_eq(br_str(known[a].name), name)) {
            if (p->seen[a]) {
                return br_fail(
                    p->reterr, BR_ERR_DUPLICATE_FIELD,
                    "PKCS#11 URI: %s is given twice", known[a].name);
            }
            p->seen[a] = true;
            return take_value(p, a, br_bytes(eq + 1, text.n - name.n - 1));
        }
    }
    if (br_bytes_eq(name, br_str("pin-value"))) {
        return br_fail(
            p->reterr, BR_ERR_UNSUPPORTED,
            "PKCS#11 URI: pin-value would show the PIN; use pin-source");
    }
    return br_fail(
        p->reterr, BR_ERR_UNSUPPORTED, "PKCS#11 URI: no attribute %.*s here",
        (int)(name.n > 32 ? 32 : name.n), (const char *)name.p);
}

static enum br_rc
take_attributes(struct parser *p, struct br_bytes rest, bool query)
{
    for (;;) {
        const uint8_t *end =
            rest.n == 0 ? NULL : memchr(rest.p, query ? '&' : ';', rest.n);
        size_t n = end == NULL ? rest.n : (size_t)(end - rest.p);
        BR_TRY(take_attribute(p, br_bytes(rest.p, n), query));
        if (end == NULL) {
            return BR_OK;
        }
        rest = br_bytes(end + 1, rest.n - n - 1);
    }
}

static enum br_rc
check_complete(const struct parser *p)
{
    if (!p->seen[TOKEN] || !p->seen[MODULE_PATH] ||
        (!p->seen[OBJECT] && !p->seen[ID])) {
        return br_fail(
            p->reterr, BR_ERR_MISSING_FIELD,
            "PKCS#11 URI: token, module-path, and object or id are needed");
    }
    /* dlopen searches folders for a name without a slash. */
    if (p->ret->module_path[0] != '/') {
        return br_fail(
            p->reterr, BR_ERR_UNSUPPORTED,
            "PKCS#11 URI: module-path is an absolute path");
    }
    return BR_OK;
}

enum br_rc
br_pkcs11_uri_parse(
    const char *text, struct br_pkcs11_uri *ret, struct br_err *reterr)
{
    struct parser p = {.ret = ret, .reterr = reterr};
    *ret = (struct br_pkcs11_uri){0};
    if (!br_pkcs11_uri_is(text)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "not a pkcs11: URI");
    }
    struct br_bytes path = br_str(text + sizeof(scheme) - 1);
    const uint8_t *query = path.n == 0 ? NULL : memchr(path.p, '?', path.n);
    struct br_bytes after = {NULL, 0};
    if (query != NULL) {
        size_t n = (size_t)(query - path.p);
        after = br_bytes(query + 1, path.n - n - 1);
        path.n = n;
    }
    BR_TRY(take_attributes(&p, path, false));
    if (query != NULL) {
        BR_TRY(take_attributes(&p, after, true));
    }
    return check_complete(&p);
}
