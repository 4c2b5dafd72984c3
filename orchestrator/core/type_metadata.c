/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/type.h"

#include <stdio.h>

static void
write_text(struct br_json_writer *w, const char *name, const char *value)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(value));
}

/** A step's own name, or NULL: the claim as it is. */
static void
write_path(
    struct br_json_writer *w, const struct br_claim_type *c, const char *step)
{
    br_json_write_name(w, "path");
    br_json_write_array(w);
    for (size_t i = 0; i < c->path.count; i++) {
        br_json_write_string(w, br_str(c->path.steps[i]));
    }
    if (step != NULL) {
        br_json_write_string(w, br_str(step));
    }
    br_json_write_end(w);
}

/** Display objects with their name under another: SD-JWT VC calls a claim's
 *  "label", OpenID4VCI "name". What a step is comes after it. */
static void
write_display(
    struct br_json_writer *w,
    const struct br_json *display,
    const char *name_as,
    const char *step)
{
    if (br_json_first(display) == NULL) {
        return;
    }
    br_json_write_name(w, "display");
    br_json_write_array(w);
    for (struct br_json *i = br_json_first(display); i != NULL; i = i->next) {
        struct br_bytes name = {NULL, 0};
        char text[256];
        (void)!br_json_may_string(i, "name", &name, NULL);
        (void)snprintf(
            text, sizeof(text), "%.*s%s%s", name.n > 200 ? 200 : (int)name.n,
            name.n == 0 ? "" : (const char *)name.p, step == NULL ? "" : " ",
            step == NULL ? "" : step);
        br_json_write_object(w);
        for (struct br_json *m = br_json_first(i); m != NULL; m = m->next) {
            bool is_name = br_bytes_eq(m->name, br_str("name"));
            br_json_write_name_bytes(w, is_name ? br_str(name_as) : m->name);
            if (is_name && step != NULL) {
                br_json_write_string(w, br_str(text));
            } else {
                br_json_write_value(w, m);
            }
        }
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

enum { FOR_VCT, FOR_ISSUER };

static void
write_claim(
    struct br_json_writer *w,
    const struct br_claim_type *c,
    const char *step,
    int who)
{
    br_json_write_object(w);
    write_path(w, c, step);
    write_display(w, c->display, who == FOR_VCT ? "label" : "name", step);
    br_json_write_name(w, "mandatory");
    br_json_write_boolean(w, c->required);
    if (who == FOR_VCT) {
        write_text(w, "sd", c->disclosable ? "always" : "never");
    }
    br_json_write_end(w);
}

static void
write_claims(struct br_json_writer *w, const struct br_type *t, int who)
{
    br_json_write_name(w, "claims");
    br_json_write_array(w);
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        if (c->kind != BR_CLAIM_LADDER) {
            write_claim(w, c, NULL, who);
            continue;
        }
        for (size_t k = 0; k < c->step_count; k++) {
            char step[24];
            (void)snprintf(
                step, sizeof(step), "%llu", (unsigned long long)c->steps[k]);
            write_claim(w, c, step, who);
        }
    }
    br_json_write_end(w);
}

void
br_type_metadata_write(struct br_json_writer *w, const struct br_type *t)
{
    br_json_write_object(w);
    write_text(w, "vct", t->vct);
    write_text(w, "name", t->id);
    write_display(w, t->display, "name", NULL);
    write_claims(w, t, FOR_VCT);
    br_json_write_end(w);
}

void
br_type_display_write(struct br_json_writer *w, const struct br_type *t)
{
    br_json_write_object(w);
    write_display(w, t->display, "name", NULL);
    write_claims(w, t, FOR_ISSUER);
    br_json_write_end(w);
}
