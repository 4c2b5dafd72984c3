/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON pointers (RFC 6901). */
#include "orchestrator/core/source.h"

#include <string.h>

enum { TOKEN_BYTES_MAX = 256 };

/** The token after the first '/', unescaped into out; *rest: what follows.
 *  false: too long. */
static bool
next_token(
    struct br_bytes pointer,
    char out[TOKEN_BYTES_MAX],
    struct br_bytes *ret_token,
    struct br_bytes *ret_rest)
{
    size_t n = 0;
    size_t i = 1;
    for (; i < pointer.n && pointer.p[i] != '/'; i++) {
        uint8_t c = pointer.p[i];
        if (n == TOKEN_BYTES_MAX) {
            return false;
        }
        /* "first transforming any occurrence of the sequence '~1' to '/', and
         * then [...] '~0' to '~'" (section 4) */
        if (c == '~' && i + 1 < pointer.n) {
            i++;
            c = pointer.p[i] == '1' ? '/' : '~';
        }
        out[n++] = (char)c;
    }
    *ret_token = br_bytes(out, n);
    *ret_rest = br_bytes(pointer.p + i, pointer.n - i);
    return true;
}

enum br_rc
br_pointer_check(struct br_bytes pointer, struct br_err *reterr)
{
    char out[TOKEN_BYTES_MAX];
    struct br_bytes token;
    struct br_bytes rest = pointer;
    bool good = pointer.n == 0 || pointer.p[0] == '/';
    for (size_t i = 0; good && i < pointer.n; i++) {
        good = pointer.p[i] != '~' ||
               (i + 1 < pointer.n &&
                (pointer.p[i + 1] == '0' || pointer.p[i + 1] == '1'));
    }
    while (good && rest.n > 0) {
        good = next_token(rest, out, &token, &rest);
    }
    return good ? BR_OK
                : br_fail(
                      reterr, BR_ERR_MALFORMED,
                      "from: a JSON pointer is as /person/name (RFC 6901)");
}

/** "array-index = %x30 / ( %x31-39 *(%x30-39) )" (section 4) */
static struct br_json *
item(const struct br_json *array, struct br_bytes token)
{
    size_t at = 0;
    if (token.n == 0 || token.n > 6 || (token.n > 1 && token.p[0] == '0')) {
        return NULL;
    }
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < '0' || token.p[i] > '9') {
            return NULL;
        }
        at = at * 10 + (size_t)(token.p[i] - '0');
    }
    return br_json_at(array, at);
}

struct br_json *
br_pointer_find(const struct br_json *v, struct br_bytes pointer)
{
    char out[TOKEN_BYTES_MAX];
    struct br_bytes token;
    const struct br_json *at = v;
    while (at != NULL && pointer.n > 0) {
        if (!next_token(pointer, out, &token, &pointer)) {
            return NULL;
        }
        at = at->kind == BR_JSON_ARRAY ? item(at, token)
                                       : br_json_member_bytes(at, token);
    }
    /* Borrowed from a document that its owner may change. */
    union {
        const struct br_json *in;
        struct br_json *out;
    } same = {.in = at};
    return same.out;
}
