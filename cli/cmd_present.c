/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/wallet.h"
#include "common/codec/json_write.h"
#include "wallet/client/present.h"
#include "wallet/core/words.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_BYTES_MAX = 4 * 1024 * 1024, NOTICE_BITS = 7 };

/* ---- telling people ----------------------------------------------------- */

static void
print_labelled(const char *label, struct br_bytes text)
{
    if (text.n > 0) {
        (void)printf("%-9s ", label);
        br_cli_print_text(text);
        (void)putchar('\n');
    }
}

static void
print_claims(const struct br_present_item *item)
{
    for (size_t i = 0; i < item->match.count; i++) {
        struct br_json_writer w;
        struct br_buf b;
        br_buf_init(&b, OUTPUT_BYTES_MAX);
        br_json_writer_init(&w, &b);
        br_words_write_path(&w, item->match.selected[i]);
        br_buf_puts(&b, ": ");
        if (br_json_encode(item->match.selected[i], &b, NULL) == BR_OK) {
            (void)fputs("    ", stdout);
            br_cli_print_text(br_buf_bytes(&b));
            (void)putchar('\n');
        }
        br_buf_fini(&b);
    }
}

static void
print_item(const struct br_cli_wallet *w, const struct br_present_item *item)
{
    (void)fputs("  ", stdout);
    if (!item->available) {
        br_cli_print_text(item->query->id);
        (void)puts(": the wallet has nothing that answers");
        return;
    }
    br_cli_print_text(br_words_name(&item->credential, w->show.lang));
    (void)printf(
        " (%s)%s\n", item->required ? "required" : "optional",
        item->chosen ? "" : ": not shown");
    if (item->chosen) {
        print_claims(item);
    }
}

static void
print_transactions(const struct br_present_look *l)
{
    for (size_t i = 0; i < l->transaction_count; i++) {
        const struct br_json *v = br_json_first(l->transactions[i].object);
        (void)puts("you would approve:");
        for (; v != NULL; v = v->next) {
            if (v->kind == BR_JSON_STRING) {
                (void)fputs("  ", stdout);
                br_cli_print_text(v->name);
                (void)fputs(": ", stdout);
                br_cli_print_text(v->string);
                (void)putchar('\n');
            }
        }
    }
}

/** What is asked too much, and what to do. */
static void
print_remarks(const struct br_cli_wallet *w, const struct br_present_look *l)
{
    const char *lang = w->show.lang;
    print_labelled("right", br_words_pick_text(l->registered.purpose, lang));
    for (size_t i = 0; i < l->remark_count; i++) {
        const struct br_remark *r = &l->remarks[i];
        struct br_json_writer path;
        struct br_buf b;
        br_buf_init(&b, OUTPUT_BYTES_MAX);
        br_json_writer_init(&path, &b);
        if (r->path != NULL) {
            br_json_write_value(&path, r->path);
        } else if (r->value != NULL) {
            br_words_write_path(&path, r->value);
        }
        (void)printf(
            "%-9s %s%s", br_remark_level_name(br_remark_level(r->kind)),
            br_remark_text(r->kind, lang), b.n == 0 ? "" : ": ");
        br_cli_print_text(br_buf_bytes(&b));
        (void)printf("; %s\n", br_remark_advice(r->kind, lang));
        br_buf_fini(&b);
    }
    if (l->registration_why.text[0] != '\0' && l->registered.claims == NULL) {
        print_labelled("why", br_str(l->registration_why.text));
    }
}

static void
print_request(const struct br_cli_wallet *w, const struct br_present_look *l)
{
    print_labelled("asked by", br_str(l->owner));
    print_labelled("client", l->request.client.full);
    br_cli_print_registered(&l->asker, w->show.lang);
    print_labelled("for", l->request.purpose);
    print_labelled("answer to", l->request.response_host);
    for (unsigned i = 0; i < NOTICE_BITS; i++) {
        unsigned bit = 1u << i;
        if ((l->notices & bit) != 0) {
            (void)printf(
                "notice    %s\n",
                br_present_notice_name((enum br_present_notice)bit));
        }
    }
    print_remarks(w, l);
    (void)puts("you would show:");
    for (size_t i = 0; i < l->count; i++) {
        print_item(w, &l->items[i]);
    }
    print_transactions(l);
}

/* ---- telling programs --------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

static void
put_item(struct br_json_writer *w, const struct br_present_item *item)
{
    br_json_write_object(w);
    put_text(w, "query", item->query->id);
    br_json_write_name(w, "required");
    br_json_write_boolean(w, item->required);
    br_json_write_name(w, "shown");
    br_json_write_boolean(w, item->chosen);
    if (item->available) {
        put_text(w, "credential", item->credential.id);
        put_text(w, "type", item->credential.vct);
        br_json_write_name(w, "claims");
        br_json_write_array(w);
        for (size_t i = 0; i < item->match.count; i++) {
            br_words_write_path(w, item->match.selected[i]);
        }
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static void
put_notices(struct br_json_writer *w, unsigned notices)
{
    br_json_write_name(w, "notices");
    br_json_write_array(w);
    for (unsigned i = 0; i < NOTICE_BITS; i++) {
        unsigned bit = 1u << i;
        if ((notices & bit) != 0) {
            br_json_write_string(
                w, br_str(br_present_notice_name((enum br_present_notice)bit)));
        }
    }
    br_json_write_end(w);
}

static void
print_json(
    const char *lang,
    const struct br_present_look *l,
    const char *outcome,
    struct br_bytes goes)
{
    struct br_json_writer w;
    struct br_buf b;
    br_buf_init(&b, OUTPUT_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    put_text(&w, "outcome", br_str(outcome));
    put_text(&w, "client_id", l->request.client.full);
    put_text(&w, "asked_by", br_str(l->owner));
    put_text(&w, "purpose", l->request.purpose);
    br_json_write_name(&w, "registered");
    br_standing_write(&w, &l->asker);
    put_notices(&w, l->notices);
    br_json_write_name(&w, "remarks");
    br_remarks_write(&w, lang, l->remarks, l->remark_count);
    br_json_write_name(&w, "credentials");
    br_json_write_array(&w);
    for (size_t i = 0; i < l->count; i++) {
        put_item(&w, &l->items[i]);
    }
    br_json_write_end(&w);
    if (goes.n > 0) {
        put_text(&w, "redirect_uri", goes);
    }
    br_json_write_end(&w);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

/* ---- the command -------------------------------------------------------- */

static void
print_done(
    const struct br_args *a,
    const char *lang,
    const struct br_present_look *l,
    const char *outcome,
    struct br_bytes goes)
{
    if (a->json) {
        print_json(lang, l, outcome, goes);
        return;
    }
    (void)puts(outcome);
    if (goes.n > 0) {
        (void)fputs("go on at ", stdout);
        br_cli_print_text(goes);
        (void)putchar('\n');
    }
}

/** Yes, no, or not possible. */
static enum br_rc
decide(
    const struct br_args *a,
    struct br_cli_wallet *w,
    struct br_present_look *l,
    struct br_err *reterr)
{
    struct br_bytes goes = {0};
    bool agreed = false;
    if (!a->json) {
        print_request(w, l);
    }
    if (l->answerable && !a->refuse) {
        BR_TRY(br_cli_agree(a, "show this?", &agreed, reterr));
    }
    if (agreed) {
        BR_TRY(br_present_send(&w->client, l, w->person, &goes, reterr));
        print_done(a, w->show.lang, l, "shown", goes);
        return BR_OK;
    }
    BR_TRY(br_present_refuse(&w->client, l, w->person, &goes, reterr));
    if (!l->answerable) {
        return br_fail(reterr, l->why.rc, "%s", l->why.text);
    }
    print_done(a, w->show.lang, l, "refused", goes);
    return BR_OK;
}

int
br_cmd_wallet_present(const struct br_args *a)
{
    struct br_err err;
    struct br_cli_wallet w;
    enum br_rc rc = br_cli_wallet_open(a, &w, &err);
    if (rc != BR_OK) {
        return br_cli_wallet_fail(&err);
    }
    /* large: some hundred kilobytes of what could be asked */
    static struct br_present_look l;
    rc = br_present_look(&w.client, br_str(a->words[0]), w.person, &l, &err);
    if (rc == BR_OK) {
        rc = decide(a, &w, &l, &err);
        br_present_look_fini(&l);
    }
    br_cli_wallet_close(&w);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_wallet_fail(&err);
}
