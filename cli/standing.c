/* What a registry says of a body, in words. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/wallet.h"
#include "common/service/json.h"

#include <stdio.h>
#include <string.h>

struct words {
    const char *accredited_by;
    const char *below;
    const char *until;
    const char *not_accredited;
    const char *unregistered;
    const char *unknown;
    const char *not_asked;
    const char *registered;
    const char *asker_unknown;
};

static const struct words *
words(const char *lang)
{
    static const struct words english = {
        .accredited_by = ", accredited by ",
        .below = ", who stands below ",
        .until = ", until ",
        .not_accredited = "WARNING: its issuer is not accredited for it: ",
        .unregistered = "WARNING: no registry knows its issuer: ",
        .unknown = "WARNING: whether its issuer is accredited could not be "
                   "found out: ",
        .not_asked = "nobody was asked whether its issuer is accredited: the "
                     "wallet names no registries",
        .registered = "registered as ",
        .asker_unknown = "WARNING: whether it is registered could not be found "
                         "out: ",
    };
    static const struct words italian = {
        .accredited_by = ", accreditato da ",
        .below = ", che sta sotto ",
        .until = ", fino al ",
        .not_accredited =
            "ATTENZIONE: chi la rilascia non \xc3\xa8 accreditato: ",
        .unregistered = "ATTENZIONE: nessun registro conosce chi la rilascia: ",
        .unknown = "ATTENZIONE: non si \xc3\xa8 potuto sapere se chi la "
                   "rilascia \xc3\xa8 accreditato: ",
        .not_asked = "non si chiede a nessuno se chi la rilascia \xc3\xa8 "
                     "accreditato: il portafoglio non nomina registri",
        .registered = "registrato come ",
        .asker_unknown =
            "ATTENZIONE: non si \xc3\xa8 potuto sapere se \xc3\xa8 "
            "registrato: ",
    };
    return strcmp(lang, "it") == 0 ? &italian : &english;
}

static void
print_day(uint64_t seconds)
{
    char text[28];
    br_time_text((struct br_time_us){seconds * 1000000u}, text);
    (void)printf("%.10s", text);
}

static void
print_accredited(const struct br_standing *s, const struct words *w)
{
    uint64_t until_s = br_standing_until_s(s);
    br_cli_print_text(br_str(s->name));
    (void)fputs(w->accredited_by, stdout);
    br_cli_print_text(br_str(br_standing_by(s)->name));
    for (size_t i = 2; i < s->step_count; i++) {
        (void)fputs(w->below, stdout);
        br_cli_print_text(br_str(s->steps[i].name));
    }
    if (until_s != 0) {
        (void)fputs(w->until, stdout);
        print_day(until_s);
    }
    (void)printf(" (%s)\n", s->did);
}

static void
print_warning(const char *what, const struct br_standing *s)
{
    (void)fputs(what, stdout);
    br_cli_print_text(br_str(s->reason));
    (void)putchar('\n');
}

void
br_cli_print_standing(const struct br_standing *s, const char *lang)
{
    const struct words *w = words(lang);
    (void)fputs("    ", stdout);
    switch (s->kind) {
    case BR_STANDING_ACCREDITED:
        print_accredited(s, w);
        break;
    case BR_STANDING_REGISTERED:
    case BR_STANDING_NOT_ACCREDITED:
        print_warning(w->not_accredited, s);
        break;
    case BR_STANDING_UNREGISTERED:
        print_warning(w->unregistered, s);
        break;
    case BR_STANDING_UNKNOWN:
        print_warning(w->unknown, s);
        break;
    case BR_STANDING_NOT_ASKED:
        (void)puts(w->not_asked);
        break;
    }
}

void
br_cli_print_registered(const struct br_standing *s, const char *lang)
{
    const struct words *w = words(lang);
    if (s->kind == BR_STANDING_REGISTERED) {
        (void)fputs(w->registered, stdout);
        br_cli_print_text(br_str(s->name));
        (void)printf(" (%s)\n", s->did);
    } else if (s->kind == BR_STANDING_UNKNOWN) {
        print_warning(w->asker_unknown, s);
    }
}
