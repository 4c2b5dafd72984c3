/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/show.h"

#include "common/credential/status_list.h"

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    br_json_write_name(w, name);
    br_json_write_string(w, v);
}

static void
put_number(struct br_json_writer *w, const char *name, uint64_t v)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, v);
}

/** null: it has none. */
static void
put_time(struct br_json_writer *w, const char *name, uint64_t v)
{
    br_json_write_name(w, name);
    if (v == 0) {
        br_json_write_null(w);
    } else {
        br_json_write_uint(w, v);
    }
}

void
br_show_credential(
    struct br_json_writer *w,
    const struct br_show *how,
    const struct br_wallet_credential *c,
    const struct br_words *words)
{
    br_json_write_object(w);
    put_text(w, "id", c->id);
    put_text(w, "name", br_words_name(c, how->lang));
    put_text(w, "issuer", c->issuer);
    put_text(w, "issuer_name", br_words_issuer(c, how->lang));
    put_text(w, "configuration", c->configuration);
    put_text(w, "format", c->format);
    put_text(w, "vct", c->vct);
    put_time(w, "accepted", c->accepted_s);
    put_time(w, "issued", c->issued_s);
    put_time(w, "expires", c->expires_s);
    put_text(
        w, "status",
        br_str(c->status.known ? br_status_name(c->status.value) : "unknown"));
    put_time(w, "status_checked", c->status.checked_s);
    put_text(
        w, "notice",
        br_str(br_words_notice_name(br_words_notice(c, how->now_s))));
    put_number(w, "copies", c->instances);
    put_number(w, "copies_left", c->instances - c->spent);
    put_number(w, "uses", c->uses);
    br_json_write_name(w, "once_only");
    br_json_write_boolean(w, c->use == BR_WALLET_USE_ONCE);
    br_json_write_name(w, "renewable");
    br_json_write_boolean(w, c->grant.n > 0 && !c->renewal.over);
    if (c->renewal.failed_s > 0) {
        put_time(w, "renewal_failed", c->renewal.failed_s);
        put_text(w, "renewal_reason", c->renewal.reason);
    }
    if (c->accreditation != NULL) {
        br_json_write_name(w, "accreditation");
        br_json_write_value(w, c->accreditation);
    }
    if (words != NULL) {
        br_json_write_name(w, "claims");
        br_words_write_lines(w, words);
    }
    br_json_write_end(w);
}

void
br_show_entry(struct br_json_writer *w, const struct br_wallet_entry *e)
{
    const struct {
        const char *name;
        struct br_bytes v;
    } texts[] = {
        {"id", e->id},
        {"event", br_str(br_wallet_event_name(e->event))},
        {"party", e->party},
        {"party_name", e->party_name},
        {"credential", e->credential},
        {"vct", e->vct},
        {"purpose", e->purpose},
        {"reason", e->reason},
        {"request", e->request},
        {"about", e->about},
    };
    const struct {
        const char *name;
        const struct br_json *v;
    } values[] = {
        {"claims", e->claims},
        {"contacts", e->contacts},
        {"approved", e->approved},
    };
    br_json_write_object(w);
    put_number(w, "time", e->time_s);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].v.n > 0) {
            put_text(w, texts[i].name, texts[i].v);
        }
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (values[i].v != NULL) {
            br_json_write_name(w, values[i].name);
            br_json_write_value(w, values[i].v);
        }
    }
    br_json_write_end(w);
}
