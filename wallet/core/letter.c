/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/letter.h"

#include "common/credential/oauth.h"

enum { DAY_S = 86400, DAYS_TO_EPOCH = 719468 };

/** The same in both languages. */
struct words {
    const char *subject[2];
    const char *to;
    const char *shown;
    const char *type;
    const char *request;
    const char *client;
    const char *purpose;
    const char *ask[2];
    const char *close;
};

static const struct words english = {
    .subject =
        {"Request for erasure of personal data presented with a digital "
         "identity wallet (Article 17 of Regulation (EU) 2016/679)",
         "Request for access to personal data presented with a digital "
         "identity wallet (Article 15 of Regulation (EU) 2016/679)"},
    .to = "To",
    .shown =
        "with my digital identity wallet I presented to you these personal "
        "data:",
    .type = "from the credential",
    .request = "Your request",
    .client = "Your identifier",
    .purpose = "The purpose that you told",
    .ask =
        {"Under Article 17 of Regulation (EU) 2016/679 I ask you to erase "
         "these "
         "data, and those that you derived from them, without undue delay; to "
         "tell each recipient to whom you disclosed them (Article 19); and to "
         "confirm it to me within one month (Article 12(3)).\n\n"
         "If the law obliges you to keep some of them, please tell me which, "
         "under which provision, and for how long.",
         "Under Article 15 of Regulation (EU) 2016/679 I ask you to tell me "
         "whether you process these data or others about me and, if so, for "
         "which purposes, to whom you disclosed them, how long you keep them "
         "and on which legal basis; and to give me a copy, within one month "
         "(Article 12(3))."},
    .close =
        "The values of the data are not in this letter. If you have reasonable "
        "doubts about who I am, you may ask me for a presentation with the "
        "wallet (Article 12(6)).\n\n"
        "[your name, and how they can reach you]\n",
};

static const struct words italian = {
    .subject =
        {"Richiesta di cancellazione dei dati personali presentati con un "
         "portafoglio di identità digitale (articolo 17 del regolamento (UE) "
         "2016/679)",
         "Richiesta di accesso ai dati personali presentati con un portafoglio "
         "di identità digitale (articolo 15 del regolamento (UE) 2016/679)"},
    .to = "A",
    .shown =
        "con il mio portafoglio di identità digitale vi ho presentato questi "
        "dati personali:",
    .type = "dall’attestazione",
    .request = "La vostra richiesta",
    .client = "Il vostro identificativo",
    .purpose = "La finalità che avete indicato",
    .ask =
        {"Ai sensi dell’articolo 17 del regolamento (UE) 2016/679 vi chiedo di "
         "cancellare questi dati, e quelli che ne avete ricavato, senza "
         "ingiustificato ritardo; di comunicarlo a ciascun destinatario a cui "
         "li "
         "avete trasmessi (articolo 19); e di darmene conferma entro un mese "
         "(articolo 12, paragrafo 3).\n\n"
         "Se la legge vi obbliga a conservarne alcuni, vi prego di dirmi "
         "quali, "
         "in base a quale norma e per quanto tempo.",
         "Ai sensi dell’articolo 15 del regolamento (UE) 2016/679 vi chiedo di "
         "dirmi se trattate questi dati o altri che mi riguardano e, in tal "
         "caso, per quali finalità, a chi li avete comunicati, per quanto "
         "tempo "
         "li conservate e su quale base giuridica; e di darmene copia, entro "
         "un "
         "mese (articolo 12, paragrafo 3)."},
    .close =
        "I valori dei dati non sono in questa lettera. Se avete ragionevoli "
        "dubbi su chi sono, potete chiedermi una presentazione con il "
        "portafoglio (articolo 12, paragrafo 6).\n\n"
        "[il tuo nome, e come possono risponderti]\n",
};

static const struct words *
words_in(const char *lang)
{
    return strcmp(lang, "it") == 0 ? &italian : &english;
}

enum br_rc
br_letter_kind_parse(
    struct br_bytes name, enum br_letter_kind *ret, struct br_err *reterr)
{
    bool access = br_bytes_eq(name, br_str("access"));
    if (!access && !br_bytes_eq(name, br_str("erasure"))) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "kind: erasure or access");
    }
    *ret = access ? BR_LETTER_ACCESS : BR_LETTER_ERASURE;
    return BR_OK;
}

enum br_wallet_event
br_letter_event(enum br_letter_kind kind)
{
    return kind == BR_LETTER_ACCESS ? BR_WALLET_ACCESS_ASKED
                                    : BR_WALLET_DELETION_ASKED;
}

const char *
br_letter_subject(enum br_letter_kind kind, const char *lang)
{
    return words_in(lang)->subject[kind == BR_LETTER_ACCESS];
}

/* ---- the body ----------------------------------------------------------- */

/** Others' words in one line: no control characters, so that a verifier's name
 *  cannot write a paragraph of the letter. */
static void
put_line(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        br_buf_put(
            b, c < 0x20 || c == 0x7f ? " " : (const char *)&text.p[i], 1);
    }
}

static void
put_fact(struct br_buf *b, const char *name, struct br_bytes text)
{
    if (text.n > 0) {
        br_buf_printf(b, "%s: ", name);
        put_line(b, text);
        br_buf_puts(b, "\n");
    }
}

/** ["isee_not_over","20000"] as isee_not_over.20000 */
static void
put_path(struct br_buf *b, const struct br_json *path)
{
    for (const struct br_json *i = br_json_first(path); i != NULL;
         i = i->next) {
        br_buf_puts(b, i->previous == NULL ? "" : ".");
        if (i->kind == BR_JSON_STRING) {
            put_line(b, i->string);
        } else if (i->kind == BR_JSON_NUMBER) {
            br_buf_printf(b, "%llu", (unsigned long long)i->magnitude);
        } else {
            br_buf_puts(b, "*");
        }
    }
}

static void
put_claims(struct br_buf *b, const struct br_wallet_entry *e)
{
    for (const struct br_json *i = br_json_first(e->claims); i != NULL;
         i = i->next) {
        br_buf_puts(b, "- ");
        put_path(b, i);
        br_buf_puts(b, "\n");
    }
}

/** "2026-11-26" of seconds since 1970; after Howard Hinnant's days_from_civil,
 *  turned round. */
static void
put_day(struct br_buf *b, uint64_t seconds)
{
    uint64_t days = seconds / DAY_S + DAYS_TO_EPOCH;
    uint64_t era = days / 146097;
    uint64_t doe = days % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint64_t mp = (5 * doy + 2) / 153;
    uint64_t month = mp < 10 ? mp + 3 : mp - 9;
    br_buf_printf(
        b, "%04llu-%02llu-%02llu",
        (unsigned long long)(yoe + era * 400 + (month <= 2 ? 1 : 0)),
        (unsigned long long)month,
        (unsigned long long)(doy - (153 * mp + 2) / 5 + 1));
}

static void
put_opening(struct br_buf *b, bool italiano, uint64_t seconds)
{
    uint64_t minutes = seconds % DAY_S / 60;
    br_buf_puts(b, italiano ? "\nil " : "\non ");
    put_day(b, seconds);
    br_buf_printf(
        b, "%s%02llu:%02llu UTC ", italiano ? " alle " : " at ",
        (unsigned long long)(minutes / 60), (unsigned long long)(minutes % 60));
}

void
br_letter_body(
    struct br_buf *b,
    enum br_letter_kind kind,
    const char *lang,
    const struct br_wallet_entry *e)
{
    const struct words *say = words_in(lang);
    bool italiano = say == &italian;
    put_fact(b, say->to, e->party_name.n > 0 ? e->party_name : e->party);
    put_opening(b, italiano, e->time_s);
    br_buf_printf(b, "%s\n\n", say->shown);
    put_claims(b, e);
    br_buf_puts(b, "\n");
    put_fact(b, say->type, e->vct);
    put_fact(b, say->request, e->request);
    put_fact(b, say->client, e->party);
    put_fact(b, say->purpose, e->purpose);
    br_buf_printf(
        b, "\n%s\n\n%s", say->ask[kind == BR_LETTER_ACCESS], say->close);
}

/** "line breaks in the body of a message MUST be encoded with %0D%0A"
 *  (RFC 6068 section 5). */
void
br_letter_mailto(
    struct br_buf *b,
    struct br_bytes uri,
    const char *subject,
    struct br_bytes body)
{
    size_t from = 0;
    br_buf_put(b, uri.p, uri.n);
    br_buf_puts(b, "?subject=");
    br_percent_put(b, br_str(subject));
    br_buf_puts(b, "&body=");
    for (size_t i = 0; i <= body.n; i++) {
        if (i == body.n || body.p[i] == '\n') {
            br_percent_put(b, br_bytes(body.p + from, i - from));
            br_buf_puts(b, i == body.n ? "" : "%0D%0A");
            from = i + 1;
        }
    }
}

/* ---- all ---------------------------------------------------------------- */

enum br_rc
br_letter_write(
    struct br_json_writer *w,
    enum br_letter_kind kind,
    const char *lang,
    const struct br_wallet_entry *e,
    struct br_err *reterr)
{
    const struct {
        const char *name;
        struct br_bytes v;
    } texts[] = {
        {"kind", br_str(kind == BR_LETTER_ACCESS ? "access" : "erasure")},
        {"to", e->party_name.n > 0 ? e->party_name : e->party},
        {"subject", br_str(br_letter_subject(kind, lang))},
    };
    struct br_buf body;
    br_buf_init(&body, BR_LETTER_BYTES_MAX);
    br_letter_body(&body, kind, lang, e);
    enum br_rc rc = br_buf_status(&body, reterr);
    br_json_write_object(w);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        br_json_write_name(w, texts[i].name);
        br_json_write_string(w, texts[i].v);
    }
    br_json_write_name(w, "body");
    br_json_write_string(w, br_buf_bytes(&body));
    br_json_write_name(w, "contacts");
    if (e->contacts == NULL) {
        br_json_write_array(w);
        br_json_write_end(w);
    } else {
        br_json_write_value(w, e->contacts);
    }
    br_json_write_end(w);
    br_buf_fini(&body);
    return rc;
}
