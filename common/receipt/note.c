/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/note.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/receipt/lines.h"

enum {
    KEY_ID_BYTES = 4,
    TIME_BYTES = 8,
    ED25519_KEY_BYTES = 32,
    HEX_ID_CHARS = 8,
};

/* U+2014 and a space. */
static const char dash[] = "\xe2\x80\x94 ";

/* ---- parsing ------------------------------------------------------------ */

/** The code points that Unicode calls white space, past ASCII. */
static bool
is_space(uint32_t c)
{
    return c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

/** The code point at p[at] of valid UTF-8; 0 where it is not of two or three
 *  bytes, which is all that is_space asks about. */
static uint32_t
wide(struct br_bytes v, size_t at)
{
    uint8_t c = v.p[at];
    if (c >= 0xc0 && c < 0xe0 && at + 1 < v.n) {
        return (c & 31u) << 6 | (v.p[at + 1] & 63u);
    }
    if (c >= 0xe0 && c < 0xf0 && at + 2 < v.n) {
        return (c & 15u) << 12 | (v.p[at + 1] & 63u) << 6 | (v.p[at + 2] & 63u);
    }
    return 0;
}

/** "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or
 *  plus (U+002B) characters." The bytes are valid UTF-8. */
static bool
name_chars_ok(struct br_bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (c <= ' ' || c == '+' || is_space(wide(name, i))) {
            return false;
        }
    }
    return name.n > 0;
}

bool
br_note_name_ok(struct br_bytes name)
{
    return name.n <= BR_ORIGIN_BYTES_MAX && br_utf8_check(name) == name.n &&
           name_chars_ok(name);
}

static enum br_rc
check_characters(struct br_bytes v, struct br_err *reterr)
{
    if (v.n > BR_NOTE_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "note: more than %u bytes",
            BR_NOTE_BYTES_MAX);
    }
    size_t bad = br_utf8_check(v);
    if (bad != v.n) {
        return br_fail_at(
            reterr, BR_ERR_BAD_UTF8, bad, "note, byte %zu: not UTF-8", bad);
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < ' ' && v.p[i] != '\n') {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i,
                "note, byte %zu: a control character", i);
        }
    }
    return BR_OK;
}

/** "the text is separated from the signatures by the last empty line" */
static bool
split(struct br_bytes v, struct br_bytes *text, struct br_bytes *lines)
{
    for (size_t i = v.n; i >= 2; i--) {
        if (v.p[i - 1] == '\n' && v.p[i - 2] == '\n') {
            *text = br_bytes(v.p, i - 1);
            *lines = br_bytes(v.p + i, v.n - i);
            return true;
        }
    }
    return false;
}

static enum br_rc
read_base64(struct br_note_signature *s, struct br_err *reterr)
{
    uint8_t raw[BR_NOTE_SIGNATURE_BYTES_MAX];
    size_t n;
    BR_TRY(br_base64_parse(s->base64, raw, sizeof(raw), &n, reterr));
    if (n <= KEY_ID_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "note: a signature of %zu bytes", n);
    }
    s->key_id = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
                (uint32_t)raw[2] << 8 | raw[3];
    return BR_OK;
}

static enum br_rc
parse_signature(
    struct br_bytes line, struct br_note_signature *s, struct br_err *reterr)
{
    struct br_bytes rest;
    const uint8_t *space = NULL;
    if (br_line_after(line, dash, &rest) && rest.n > 0) {
        space = (const uint8_t *)memchr(rest.p, ' ', rest.n);
    }
    if (space == NULL) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "note: a signature line is not \"\xe2\x80\x94 name base64\"");
    }
    s->name = br_bytes(rest.p, (size_t)(space - rest.p));
    s->base64 = br_bytes(space + 1, rest.n - s->name.n - 1);
    s->line = br_bytes(line.p, line.n + 1);
    if (!name_chars_ok(s->name)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "note: a signature's name is not valid");
    }
    return read_base64(s, reterr);
}

static enum br_rc
parse_signatures(
    struct br_bytes lines, struct br_note *ret, struct br_err *reterr)
{
    struct br_bytes line;
    ret->count = 0;
    while (br_line_next(&lines, &line)) {
        if (ret->count == BR_NOTE_SIGNATURES_MAX) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "note: more than %d signatures",
                BR_NOTE_SIGNATURES_MAX);
        }
        BR_TRY(parse_signature(line, &ret->signature[ret->count], reterr));
        ret->count++;
    }
    if (lines.n > 0 || ret->count == 0) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED,
            lines.n > 0 ? "note: the last line has no newline"
                        : "note: no signature");
    }
    return BR_OK;
}

enum br_rc
br_note_parse(struct br_bytes bytes, struct br_note *ret, struct br_err *reterr)
{
    struct br_bytes lines;
    BR_TRY(check_characters(bytes, reterr));
    if (!split(bytes, &ret->text, &lines)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "note: no empty line between text and signatures");
    }
    return parse_signatures(lines, ret, reterr);
}

/* ---- keys --------------------------------------------------------------- */

/** "key ID = SHA-256(key name || 0x0A || signature type || public key)[:4]" */
static uint32_t
key_id(struct br_bytes name, uint8_t type, const struct br_public_key *key)
{
    uint8_t middle[] = {'\n', type};
    struct br_bytes parts[] = {
        name, br_bytes(middle, sizeof(middle)), br_bytes(key->b, key->n)};
    struct br_hash h;
    br_sha256_parts(parts, 3, &h);
    return (uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 |
           (uint32_t)h.b[2] << 8 | h.b[3];
}

static bool
is_known(uint8_t type)
{
    return type == BR_NOTE_ED25519 || type == BR_NOTE_COSIGNATURE;
}

enum br_rc
br_note_key_init(
    struct br_note_key *k,
    struct br_bytes name,
    enum br_note_key_type type,
    const struct br_public_key *key,
    struct br_err *reterr)
{
    if (key->alg != BR_SIGN_ED25519) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "note: the key must be Ed25519");
    }
    if (!br_note_name_ok(name)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "note: \"%.*s\" is not a key's name: no spaces, no '+'",
            (int)(name.n < 64 ? name.n : 64), (const char *)name.p);
    }
    k->name = name;
    k->type = (uint8_t)type;
    k->id = key_id(name, k->type, key);
    k->known = true;
    k->key = *key;
    br_sha256(br_bytes(key->b, key->n), &k->fingerprint);
    return BR_OK;
}

/** Cut "name+hexdigits+base64" at its first two plus signs. */
static bool
cut_vkey(
    struct br_bytes vkey,
    struct br_bytes *name,
    struct br_bytes *id,
    struct br_bytes *base64)
{
    const uint8_t *plus =
        vkey.n == 0 ? NULL : (const uint8_t *)memchr(vkey.p, '+', vkey.n);
    size_t at = plus == NULL ? 0 : (size_t)(plus - vkey.p);
    if (plus == NULL || vkey.n - at < HEX_ID_CHARS + 3 ||
        plus[1 + HEX_ID_CHARS] != '+') {
        return false;
    }
    *name = br_bytes(vkey.p, at);
    *id = br_bytes(plus + 1, HEX_ID_CHARS);
    at += HEX_ID_CHARS + 2;
    *base64 = br_bytes(vkey.p + at, vkey.n - at);
    return br_note_name_ok(*name);
}

static enum br_rc
parse_id(struct br_bytes text, uint32_t *ret, struct br_err *reterr)
{
    uint8_t raw[KEY_ID_BYTES];
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 'A' && text.p[i] <= 'F') {
            return br_fail(
                reterr, BR_ERR_NOT_CANONICAL,
                "verifier key: the id must be in lower case");
        }
    }
    BR_TRY(br_hex_parse(text, raw, reterr));
    *ret = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
           (uint32_t)raw[2] << 8 | raw[3];
    return BR_OK;
}

static enum br_rc
known_key(struct br_note_key *k, struct br_bytes raw, struct br_err *reterr)
{
    struct br_public_key key;
    uint32_t id = k->id;
    if (raw.n != ED25519_KEY_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "verifier key: an Ed25519 key has 32 bytes, not %zu", raw.n);
    }
    BR_TRY(br_public_key_init(&key, BR_SIGN_ED25519, raw, reterr));
    BR_TRY(br_note_key_init(
        k, k->name, (enum br_note_key_type)k->type, &key, reterr));
    if (k->id != id) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "verifier key: its id is %08x, not %08x",
            (unsigned)k->id, (unsigned)id);
    }
    return BR_OK;
}

enum br_rc
br_note_key_parse(
    struct br_bytes vkey, struct br_note_key *ret, struct br_err *reterr)
{
    struct br_note_key k = {.known = false};
    struct br_bytes id;
    struct br_bytes base64;
    uint8_t raw[BR_NOTE_KEY_BYTES_MAX];
    size_t n;
    if (!cut_vkey(vkey, &k.name, &id, &base64)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "verifier key: not of the form name+id+base64");
    }
    BR_TRY(parse_id(id, &k.id, reterr));
    BR_TRY(br_base64_parse(base64, raw, sizeof(raw), &n, reterr));
    if (n < 2) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED, "verifier key: no public key in it");
    }
    k.type = raw[0];
    br_sha256(br_bytes(raw + 1, n - 1), &k.fingerprint);
    if (is_known(k.type)) {
        BR_TRY(known_key(&k, br_bytes(raw + 1, n - 1), reterr));
    }
    *ret = k;
    return BR_OK;
}

void
br_note_key_put(struct br_buf *b, const struct br_note_key *k)
{
    uint8_t raw[1 + ED25519_KEY_BYTES] = {k->type};
    uint8_t id[KEY_ID_BYTES] = {
        (uint8_t)(k->id >> 24), (uint8_t)(k->id >> 16), (uint8_t)(k->id >> 8),
        (uint8_t)k->id};
    BR_ASSERT(k->known);
    memcpy(raw + 1, k->key.b, ED25519_KEY_BYTES);
    br_buf_put(b, k->name.p, k->name.n);
    br_buf_puts(b, "+");
    br_hex_put(b, br_bytes(id, sizeof(id)));
    br_buf_puts(b, "+");
    br_base64_put(b, br_bytes(raw, sizeof(raw)));
}

/* ---- signatures --------------------------------------------------------- */

/** "two newline terminated lines (one header line and one timestamp line)
 *  followed by the whole note body of the cosigned checkpoint" */
static void
put_cosigned(struct br_buf *b, struct br_bytes text, uint64_t time_s)
{
    br_buf_puts(b, "cosignature/v1\ntime ");
    br_line_put_u64(b, time_s);
    br_buf_puts(b, "\n");
    br_buf_put(b, text.p, text.n);
}

static uint64_t
get_time(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < TIME_BYTES; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static enum br_rc
verify_cosignature(
    struct br_bytes text,
    const struct br_note_key *k,
    const uint8_t *raw,
    uint64_t *ret_time_s,
    struct br_err *reterr)
{
    *ret_time_s = get_time(raw);
    if (*ret_time_s > INT64_MAX) {
        return br_fail(reterr, BR_ERR_BAD_SIGNATURE, "note: a time past 2^63");
    }
    struct br_buf message;
    br_buf_init(&message, BR_NOTE_BYTES_MAX + 64);
    put_cosigned(&message, text, *ret_time_s);
    enum br_rc rc = br_buf_status(&message, reterr);
    if (rc == BR_OK) {
        rc = br_verify(
            &k->key, br_buf_bytes(&message), raw + TIME_BYTES, reterr);
    }
    br_buf_fini(&message);
    return rc;
}

static enum br_rc
verify_one(
    const struct br_note *n,
    const struct br_note_signature *s,
    const struct br_note_key *k,
    uint64_t *ret_time_s,
    struct br_err *reterr)
{
    uint8_t raw[KEY_ID_BYTES + TIME_BYTES + BR_SIGNATURE_BYTES];
    size_t size;
    size_t time_bytes = k->type == BR_NOTE_COSIGNATURE ? TIME_BYTES : 0;
    if (br_base64_parse(s->base64, raw, sizeof(raw), &size, NULL) != BR_OK ||
        size != KEY_ID_BYTES + time_bytes + BR_SIGNATURE_BYTES) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE,
            "note: the signature of %.*s has a wrong size", (int)k->name.n,
            (const char *)k->name.p);
    }
    *ret_time_s = 0;
    if (k->type == BR_NOTE_COSIGNATURE) {
        return verify_cosignature(
            n->text, k, raw + KEY_ID_BYTES, ret_time_s, reterr);
    }
    return br_verify(&k->key, n->text, raw + KEY_ID_BYTES, reterr);
}

static bool
is_by(const struct br_note_signature *s, const struct br_note_key *k)
{
    return k->known && s->key_id == k->id && br_bytes_eq(s->name, k->name);
}

enum br_rc
br_note_verify(
    const struct br_note *n,
    const struct br_note_key *k,
    uint64_t *ret_time_s,
    struct br_err *reterr)
{
    size_t found = 0;
    uint64_t earliest_s = 0;
    for (size_t i = 0; i < n->count; i++) {
        uint64_t time_s = 0;
        if (!is_by(&n->signature[i], k)) {
            continue;
        }
        if (verify_one(n, &n->signature[i], k, &time_s, NULL) != BR_OK) {
            return br_fail(
                reterr, BR_ERR_BAD_SIGNATURE,
                "the signature of %.*s does not verify", (int)k->name.n,
                (const char *)k->name.p);
        }
        earliest_s = found == 0 || time_s < earliest_s ? time_s : earliest_s;
        found++;
    }
    if (found == 0) {
        return br_fail(
            reterr, BR_ERR_NO_TRUSTED_SIGNATURE, "no signature of %.*s",
            (int)k->name.n, (const char *)k->name.p);
    }
    if (ret_time_s != NULL) {
        *ret_time_s = earliest_s;
    }
    return BR_OK;
}

/* ---- writing ------------------------------------------------------------ */

void
br_note_put_text(struct br_buf *b, struct br_bytes text)
{
    BR_ASSERT(text.n > 0 && text.p[text.n - 1] == '\n');
    br_buf_put(b, text.p, text.n);
    br_buf_puts(b, "\n");
}

/** raw holds what follows the key id. */
static void
put_line(struct br_buf *b, const struct br_note_key *k, struct br_bytes raw)
{
    uint8_t all[KEY_ID_BYTES + TIME_BYTES + BR_SIGNATURE_BYTES] = {
        (uint8_t)(k->id >> 24), (uint8_t)(k->id >> 16), (uint8_t)(k->id >> 8),
        (uint8_t)k->id};
    BR_ASSERT(raw.n <= sizeof(all) - KEY_ID_BYTES);
    memcpy(all + KEY_ID_BYTES, raw.p, raw.n);
    br_buf_puts(b, dash);
    br_buf_put(b, k->name.p, k->name.n);
    br_buf_puts(b, " ");
    br_base64_put(b, br_bytes(all, KEY_ID_BYTES + raw.n));
    br_buf_puts(b, "\n");
}

enum br_rc
br_note_put_signature(
    struct br_buf *b,
    struct br_bytes text,
    struct br_bytes name,
    struct br_signer *s,
    struct br_err *reterr)
{
    struct br_note_key k;
    uint8_t sig[BR_SIGNATURE_BYTES];
    BR_TRY(br_note_key_init(
        &k, name, BR_NOTE_ED25519, br_signer_public(s), reterr));
    BR_TRY(br_sign(s, text, sig, reterr));
    put_line(b, &k, br_bytes(sig, sizeof(sig)));
    return br_buf_status(b, reterr);
}

static enum br_rc
sign_cosignature(
    struct br_bytes text,
    const struct br_cosigner *who,
    uint8_t ret_sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr)
{
    struct br_buf message;
    br_buf_init(&message, BR_NOTE_BYTES_MAX + 64);
    put_cosigned(&message, text, who->time_s);
    enum br_rc rc = br_buf_status(&message, reterr);
    if (rc == BR_OK) {
        rc = br_sign(who->signer, br_buf_bytes(&message), ret_sig, reterr);
    }
    br_buf_fini(&message);
    return rc;
}

enum br_rc
br_note_put_cosignature(
    struct br_buf *b,
    struct br_bytes text,
    const struct br_cosigner *who,
    struct br_err *reterr)
{
    struct br_note_key k;
    uint8_t raw[TIME_BYTES + BR_SIGNATURE_BYTES];
    BR_ASSERT(who->time_s > 0 && who->time_s <= INT64_MAX);
    BR_TRY(br_note_key_init(
        &k, who->name, BR_NOTE_COSIGNATURE, br_signer_public(who->signer),
        reterr));
    for (size_t i = 0; i < TIME_BYTES; i++) {
        raw[i] = (uint8_t)(who->time_s >> (8 * (TIME_BYTES - 1 - i)));
    }
    BR_TRY(sign_cosignature(text, who, raw + TIME_BYTES, reterr));
    put_line(b, &k, br_bytes(raw, sizeof(raw)));
    return br_buf_status(b, reterr);
}
