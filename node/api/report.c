/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/report.h"

#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/service/json.h"
#include "common/service/qr.h"

/** The few sentences of this page, in both languages. */
struct words {
    const char *lang;
    const char *title;
    const char *lead;
    const char *digest;
    const char *time;
    const char *author;
    const char *entry;
    const char *log;
    const char *proves_title;
    const char *proves;
    const char *not_title;
    const char *not_proved;
    const char *check_title;
    const char *check;
    const char *qr;
    const char *proof;
};

static const struct words english = {
    "en",
    "Report of a notarisation",
    "The data with this digest existed no later than the time below.",
    "Digest",
    "No later than",
    "Stamped by",
    "Entry",
    "Log",
    "What this proves",
    "That data with exactly this digest had been presented to the log by the "
    "time shown, and that the entry has been part of the log since: nobody, "
    "the log's operator included, can change or backdate it without being "
    "caught by anyone who holds a checkpoint.",
    "What it does not prove",
    "Who wrote the data, whether what they say is true, or that they did not "
    "exist long before.",
    "How to check it",
    "Keep the original file: any change makes another digest. Save the proof "
    "below beside it as FILE.tlog-proof and run "
    "\xe2\x80\x9c"
    "broletto notary verify FILE\xe2\x80\x9d, or drop both on the verifier's "
    "page; neither needs the network, nor this log to be alive.",
    "The proof as a QR code",
    "The proof",
};

static const struct words italian = {
    "it",
    "Rapporto di notarizzazione",
    "I dati con questa impronta esistevano non oltre l\xe2\x80\x99istante "
    "indicato.",
    "Impronta",
    "Non oltre",
    "Presentata da",
    "Registrazione",
    "Registro",
    "Che cosa prova",
    "Che dati con esattamente questa impronta erano stati presentati al "
    "registro entro l\xe2\x80\x99istante indicato, e che la registrazione ne "
    "fa parte da allora: nessuno, nemmeno chi gestisce il registro, pu\xc3\xb2 "
    "cambiarla o retrodatarla senza essere scoperto da chiunque conservi un "
    "checkpoint.",
    "Che cosa non prova",
    "Chi abbia scritto i dati, se dicano il vero, n\xc3\xa9 che non "
    "esistessero molto prima.",
    "Come verificarlo",
    "Si conservi il file originale: ogni modifica ne cambia l\xe2\x80\x99"
    "impronta. Si salvi la prova qui sotto accanto al file come "
    "FILE.tlog-proof e si esegua \xc2\xab"
    "broletto notary verify FILE\xc2\xbb, oppure si trascinino entrambi sulla "
    "pagina di verifica; non serve la rete, n\xc3\xa9 che questo registro sia "
    "attivo.",
    "La prova come codice QR",
    "La prova",
};

static const char style[] =
    "body{font:16px/1.5 'Titillium Web',system-ui,sans-serif;color:#17324d;"
    "max-width:46rem;margin:2rem auto;padding:0 1rem}h1{color:#06c;"
    "font-size:1.8rem;line-height:1.2}h2{font-size:1.1rem;margin:1.5rem 0 0}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1rem}"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    "pre{font:12px/1.4 ui-monospace,monospace;background:#f5f5f5;padding:1rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere}"
    ".qr{width:100%;max-width:18rem;height:auto;display:block}"
    "@media(max-width:30rem){dl{grid-template-columns:1fr}}"
    "@media print{body{margin:0;font-size:11pt}h2{break-after:avoid}}";

static void
put_escaped(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '<':
            br_buf_puts(b, "&lt;");
            break;
        case '>':
            br_buf_puts(b, "&gt;");
            break;
        case '&':
            br_buf_puts(b, "&amp;");
            break;
        case '"':
            br_buf_puts(b, "&quot;");
            break;
        default:
            br_buf_put(b, &text.p[i], 1);
        }
    }
}

static void
put_row(struct br_buf *b, const char *name, struct br_bytes value)
{
    br_buf_printf(b, "<dt>%s</dt><dd>", name);
    put_escaped(b, value);
    br_buf_puts(b, "</dd>");
}

static void
put_digest(struct br_buf *b, const struct words *w, const struct br_leaf *leaf)
{
    const struct br_hash_info *info = br_hash_info(leaf->alg);
    br_buf_printf(
        b, "<dt>%s</dt><dd>%s<br><code>", w->digest,
        info == NULL ? "" : info->name);
    br_hex_put(b, leaf->digest);
    br_buf_puts(b, "</code></dd>");
}

static void
put_facts(struct br_buf *b, const struct words *w, const struct br_report *r)
{
    char time[28];
    br_time_text(r->leaf.time, time);
    br_buf_puts(b, "<dl>");
    if (r->leaf.digest.n > 0) {
        put_digest(b, w, &r->leaf);
    }
    br_buf_printf(
        b, "<dt>%s</dt><dd><time datetime=\"%s\">%.10s %.15s UTC</time></dd>",
        w->time, time, time, time + 11);
    put_row(b, w->author, r->leaf.author);
    br_buf_printf(
        b, "<dt>%s</dt><dd>%llu</dd>", w->entry, (unsigned long long)r->index);
    put_row(b, w->log, br_str(r->origin));
    br_buf_puts(b, "</dl>");
}

static void
put_section(struct br_buf *b, const char *title, const char *text)
{
    br_buf_printf(b, "<h2>%s</h2><p>%s</p>", title, text);
}

/** The proof itself when it fits, so that paper alone is enough. */
static enum br_rc
put_code(
    struct br_buf *b,
    const struct words *w,
    const struct br_report *r,
    struct br_err *reterr)
{
    br_buf_printf(b, "<h2>%s</h2>", w->qr);
    if (r->proof.n <= BR_QR_BYTES_MAX) {
        return br_qr_put_svg(b, r->proof, w->qr, reterr);
    }
    struct br_buf url;
    br_buf_init(&url, BR_QR_BYTES_MAX);
    br_buf_puts(&url, r->public_url);
    br_buf_puts(&url, r->proof_path);
    enum br_rc rc = br_qr_put_svg(b, br_buf_bytes(&url), w->qr, reterr);
    br_buf_fini(&url);
    return rc;
}

enum br_rc
br_report_put(
    struct br_buf *b, const struct br_report *r, struct br_err *reterr)
{
    const struct words *w =
        strcmp(r->language, "it") == 0 ? &italian : &english;
    br_buf_printf(
        b,
        "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\"><title>%s %llu</title><style>%s</style></head>"
        "<body><main><h1>%s</h1><p>%s</p>",
        w->lang, w->title, (unsigned long long)r->index, style, w->title,
        w->lead);
    put_facts(b, w, r);
    put_section(b, w->proves_title, w->proves);
    put_section(b, w->not_title, w->not_proved);
    put_section(b, w->check_title, w->check);
    BR_TRY(put_code(b, w, r, reterr));
    br_buf_printf(b, "<h2>%s</h2><pre>", w->proof);
    put_escaped(b, r->proof);
    br_buf_puts(b, "</pre></main></body></html>\n");
    return br_buf_status(b, reterr);
}
