/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/contact.h"

/* ---- one address -------------------------------------------------------- */

static bool
begins(struct br_bytes text, const char *with)
{
    size_t n = strlen(with);
    return text.n > n && memcmp(text.p, with, n) == 0;
}

/** Printable, without what ends a URI or an attribute. */
static bool
all_plain(struct br_bytes text)
{
    bool good = text.n > 0;
    for (size_t i = 0; good && i < text.n; i++) {
        uint8_t c = text.p[i];
        good = c > 0x20 && c < 0x7f && strchr("\\\"<>^`{|}", c) == NULL;
    }
    return good;
}

/** name@host, and nothing that mailto: would read as more than an address. */
static bool
is_mailbox(struct br_bytes text)
{
    size_t at = 0;
    bool good = all_plain(text);
    for (size_t i = 0; good && i < text.n; i++) {
        uint8_t c = text.p[i];
        good = strchr("?&#,;:/%", c) == NULL && (c != '@' || at == 0);
        at = c == '@' ? i : at;
    }
    return good && at > 0 && at + 1 < text.n;
}

/** "+39 02 1234-567" as "tel:+39021234567". */
static bool
take_phone(struct br_bytes text, char out[BR_CONTACT_URI_BYTES_MAX])
{
    size_t n = 4;
    bool good = text.n >= 5 && text.n < 40;
    memcpy(out, "tel:", 4);
    for (size_t i = 0; good && i < text.n; i++) {
        uint8_t c = text.p[i];
        bool digit = c >= '0' && c <= '9';
        good = digit || (c == '+' && i == 0) || strchr(" -.()", c) != NULL;
        if (digit || c == '+') {
            out[n++] = (char)c;
        }
    }
    out[n] = '\0';
    return good && n >= 8;
}

static bool
copy(
    const char *prefix,
    struct br_bytes text,
    char out[BR_CONTACT_URI_BYTES_MAX])
{
    size_t n = strlen(prefix);
    if (n + text.n >= BR_CONTACT_URI_BYTES_MAX) {
        return false;
    }
    memcpy(out, prefix, n);
    memcpy(out + n, text.p, text.n);
    out[n + text.n] = '\0';
    return true;
}

static struct br_bytes
after(struct br_bytes text, size_t n)
{
    return br_bytes(text.p + n, text.n - n);
}

bool
br_contact_uri(
    struct br_bytes text,
    char out[BR_CONTACT_URI_BYTES_MAX],
    const char **ret_kind)
{
    if (begins(text, "https://")) {
        *ret_kind = "web";
        return all_plain(text) && copy("", text, out);
    }
    struct br_bytes mail = begins(text, "mailto:") ? after(text, 7) : text;
    if (is_mailbox(mail)) {
        *ret_kind = "email";
        return copy("mailto:", mail, out);
    }
    *ret_kind = "phone";
    return take_phone(begins(text, "tel:") ? after(text, 4) : text, out);
}

/* ---- gathering ---------------------------------------------------------- */

struct gathering {
    struct br_json_maker *m;
    struct br_json *list;
    size_t n;
};

static void
put(struct gathering *g, const char *kind, const char *uri, const char *from)
{
    for (const struct br_json *i = br_json_first(g->list); i != NULL;
         i = i->next) {
        if (br_json_is(br_json_member(i, "uri"), uri)) {
            return;
        }
    }
    if (g->n == BR_CONTACTS_MAX) {
        return;
    }
    struct br_json *v = br_json_new_object(g->m);
    (void)br_json_set(g->m, v, "kind", br_json_new_string(g->m, br_str(kind)));
    (void)br_json_set(g->m, v, "uri", br_json_new_string(g->m, br_str(uri)));
    (void)br_json_set(g->m, v, "from", br_json_new_string(g->m, br_str(from)));
    (void)br_json_append(g->m, g->list, v);
    g->n++;
}

/** as: a kind to write; NULL: the kind that it is. only: one kind; or NULL. */
static void
put_text(
    struct gathering *g,
    struct br_bytes text,
    const char *as,
    const char *only,
    const char *from)
{
    char uri[BR_CONTACT_URI_BYTES_MAX];
    const char *kind = "";
    if (br_contact_uri(text, uri, &kind) &&
        (only == NULL || strcmp(kind, only) == 0)) {
        put(g, as == NULL ? kind : as, uri, from);
    }
}

/** A text, several, or objects that have one as member. */
static void
put_all(
    struct gathering *g,
    const struct br_json *v,
    const char *as,
    const char *only,
    const char *from)
{
    static const char *const members[] = {
        "policyURI", "policy_uri", "uri", "form_uri"};
    if (v == NULL) {
        return;
    }
    if (v->kind == BR_JSON_STRING) {
        put_text(g, v->string, as, only, from);
    }
    for (const struct br_json *i = v->kind == BR_JSON_ARRAY ? br_json_first(v)
                                                            : NULL;
         i != NULL; i = i->next) {
        if (i->kind == BR_JSON_STRING) {
            put_text(g, i->string, as, only, from);
        }
        for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
            const struct br_json *at = br_json_member(i, members[k]);
            if (at != NULL && at->kind == BR_JSON_STRING) {
                put_text(g, at->string, as, only, from);
            }
        }
    }
}

static void
from_did(struct gathering *g, const struct br_json *document, const char *only)
{
    for (const struct br_json *i =
             br_json_first(br_json_member(document, "service"));
         i != NULL; i = i->next) {
        put_all(g, br_json_member(i, "serviceEndpoint"), NULL, only, "did");
    }
}

/** Of one kind, from all sources: TS7 has a web page before a letter, and a
 *  letter before a call. */
static void
of_kind(
    struct gathering *g, const struct br_contact_sources *s, const char *kind)
{
    if (s->registration != NULL) {
        put_all(g, s->registration->support, NULL, kind, "registration");
    }
    put_text(g, br_str(s->certificate_uri), NULL, kind, "certificate");
    put_text(g, br_str(s->certificate_email), NULL, kind, "certificate");
    from_did(g, s->did_document, kind);
    put_all(g, br_json_member(s->metadata, "contacts"), NULL, kind, "request");
    put_all(
        g, br_json_member(s->metadata, "client_uri"), NULL, kind, "request");
}

/** Scheme and host of where the answer goes. */
static void
put_origin(struct gathering *g, struct br_bytes uri)
{
    char out[BR_CONTACT_URI_BYTES_MAX];
    size_t slashes = 0;
    size_t n = 0;
    while (n < uri.n && slashes < 3 && uri.p[n] != '?') {
        slashes += uri.p[n] == '/' ? 1 : 0;
        n++;
    }
    if (n > 0 && all_plain(br_bytes(uri.p, n)) &&
        copy("", br_bytes(uri.p, n), out)) {
        put(g, "web", out, "address");
    }
}

struct br_json *
br_contacts_gather(
    const struct br_contact_sources *from, struct br_json_maker *m)
{
    struct gathering g = {m, br_json_new_array(m), 0};
    of_kind(&g, from, "web");
    of_kind(&g, from, "email");
    of_kind(&g, from, "phone");
    if (g.n == 0) {
        put_origin(&g, from->response_uri);
    }
    if (from->registration != NULL) {
        const struct br_json *dpa = from->registration->supervisor;
        put_all(
            &g, from->registration->policy, "policy", "web", "registration");
        put_all(
            &g, br_json_member(dpa, "uri"), "authority", "web", "registration");
        put_all(
            &g, br_json_member(dpa, "form_uri"), "authority", "web",
            "registration");
        put_all(
            &g, br_json_member(dpa, "email"), "authority", "email",
            "registration");
    }
    put_all(
        &g, br_json_member(from->metadata, "policy_uri"), "policy", "web",
        "request");
    put_all(
        &g, br_json_member(from->metadata, "tos_uri"), "terms", "web",
        "request");
    return g.n == 0 ? NULL : g.list;
}
