/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/report.h"

#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/service/json.h"
#include "common/service/qr.h"

#include <stdio.h>
#include <stdlib.h>

/** The few sentences of this page, in both languages. */
struct words {
    const char *lang;
    const char *title;
    const char *lead;
    const char *months[12];
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
    const char *save;
};

static const struct words english = {
    "en",
    "Report of a notarisation",
    "The data with the digest below existed no later than",
    {"January", "February", "March", "April", "May", "June", "July", "August",
     "September", "October", "November", "December"},
    "Digest",
    "Exact time",
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
    "exist long before. By itself it is not a signature, nor a qualified time "
    "stamp.",
    "How to check it",
    "Keep the original file: any change makes another digest. Save the proof "
    "below beside it as FILE.tlog-proof and run "
    "\xe2\x80\x9c"
    "broletto notary verify FILE\xe2\x80\x9d, or drop both on the verifier's "
    "page; neither needs the network, nor this log to be alive.",
    "The proof as a QR code",
    "The proof",
    "Save the proof",
};

static const struct words italian = {
    "it",
    "Rapporto di notarizzazione",
    "I dati con l\xe2\x80\x99impronta qui sotto esistevano non oltre il",
    {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio",
     "agosto", "settembre", "ottobre", "novembre", "dicembre"},
    "Impronta",
    "Ora esatta",
    "Presentata da",
    "Registrazione",
    "Registro",
    "Che cosa prova",
    "Che dati con esattamente questa impronta erano stati presentati al "
    "registro entro l\xe2\x80\x99istante indicato, e che la registrazione ne "
    "fa parte da allora: nessuno, nemmeno chi gestisce il registro, pu\xc3\xb2 "
    "cambiarla o retrodatarla senza essere scoperto da chiunque conservi un "
    "suo stato firmato (checkpoint).",
    "Che cosa non prova",
    "Chi abbia scritto i dati, se dicano il vero, n\xc3\xa9 che non "
    "esistessero molto prima. Da solo non \xc3\xa8 una firma, n\xc3\xa9 una "
    "marca temporale qualificata.",
    "Come verificarlo",
    "Si conservi il file originale: ogni modifica ne cambia l\xe2\x80\x99"
    "impronta. Si salvi la prova qui sotto accanto al file come "
    "FILE.tlog-proof e si esegua \xc2\xab"
    "broletto notary verify FILE\xc2\xbb, oppure si trascinino entrambi sulla "
    "pagina di verifica; non serve la rete, n\xc3\xa9 che questo registro sia "
    "attivo.",
    "La prova come codice QR",
    "La prova",
    "Salva la prova",
};

/* The page's look, in the file itself: a report is kept and opened elsewhere.
 */
static const char style[] =
    "@font-face{font-family:'Titillium Web';font-weight:400;src:local("
    "'Titillium Web'),url(/web/fonts/titillium-web-400.woff2)}"
    "@font-face{font-family:'Titillium Web';font-weight:600;src:local("
    "'Titillium Web SemiBold'),url(/web/fonts/titillium-web-600.woff2)}"
    "*{box-sizing:border-box}"
    "body{font:16px/1.5 'Titillium Web',system-ui,sans-serif;color:#17324d;"
    "background:#fff;margin:0;overflow-wrap:anywhere}"
    "header{background:#06c;color:#fff}"
    "header p{margin:0 auto;padding:1rem 1.25rem;max-width:50rem;display:flex;"
    "flex-wrap:wrap;gap:0 1rem;justify-content:space-between}"
    "main{max-width:50rem;margin:0 auto;padding:2rem 1.25rem 3rem}"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 1.25rem}"
    "h2{font-size:1.125rem;line-height:1.3;margin:0 0 .25rem}"
    "h1,h2,strong{font-weight:600}p{margin:0}"
    ".claim{background:#e6f4ee;border-left:6px solid #00613d;"
    "padding:1rem 1.25rem;margin:0 0 1.25rem}"
    ".claim strong{display:block;font-size:1.5rem;line-height:1.3}"
    "dl{margin:0 0 1.5rem}"
    "dl div{display:grid;grid-template-columns:9rem 1fr;gap:1rem;"
    "padding:.375rem 0;border-bottom:1px solid #e3e7eb}"
    "dt{color:#455a70}dd{margin:0}"
    "code,pre{font-family:ui-monospace,'Roboto Mono',Consolas,monospace}"
    "code{font-size:14px}"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;"
    "margin:0 0 1.5rem}"
    ".check{display:grid;grid-template-columns:22rem 1fr;gap:1.5rem;"
    "margin:0 0 1.5rem;align-items:center}"
    ".qr{width:100%;height:auto;display:block;border:1px solid #e3e7eb}"
    "pre{font-size:12px;line-height:1.4;background:#f2f7fc;padding:1rem;"
    "margin:.25rem 0 0;white-space:pre-wrap}"
    "a{display:inline-block;margin-top:1rem;padding:.5rem 1.25rem;"
    "background:#06c;color:#fff;font-weight:600;text-decoration:none;"
    "border-radius:4px}a:hover{background:#004d99}"
    "a:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #1a1a1a}"
    "@media(max-width:40rem){.two,.check,dl div{grid-template-columns:1fr}"
    "dl div{gap:0}.qr{max-width:24rem}}"
    "@media print{@page{size:A4;margin:16mm}body{font-size:11pt}"
    "header{background:none;color:#17324d;border-bottom:3px solid #06c}"
    "header p{padding:0 0 .5rem}main{padding:1.25rem 0 0;max-width:none}"
    "header p,main{max-width:none}a{display:none}"
    ".two{grid-template-columns:1fr 1fr}"
    ".check{grid-template-columns:20rem 1fr}code{font-size:9pt}"
    "dl div{grid-template-columns:9rem 1fr}"
    "section,.claim,pre{break-inside:avoid}"
    ".claim{background:none}pre{background:none;padding:0;font-size:8.5pt}}";

static void
put_row(struct br_buf *b, const char *name, struct br_bytes value)
{
    br_buf_printf(b, "<div><dt>%s</dt><dd>", name);
    br_html_put(b, value);
    br_buf_puts(b, "</dd></div>");
}

static void
put_digest(struct br_buf *b, const struct words *w, const struct br_leaf *leaf)
{
    const struct br_hash_info *info = br_hash_info(leaf->alg);
    br_buf_printf(
        b, "<div><dt>%s (%s)</dt><dd><code>", w->digest,
        info == NULL ? "" : info->name);
    br_hex_put(b, leaf->digest);
    br_buf_puts(b, "</code></dd></div>");
}

/** The one sentence: the day in words, the exact time is among the facts.
 *  `time` is "2026-11-26T00:16:50.059762Z". */
static void
put_claim(struct br_buf *b, const struct words *w, const char *time)
{
    unsigned long month = strtoul(time + 5, NULL, 10);
    unsigned long day = strtoul(time + 8, NULL, 10);
    br_buf_printf(
        b, "<p class=\"claim\">%s <strong>%lu %s %.4s, %.8s UTC</strong></p>",
        w->lead, day, month < 1 || month > 12 ? "" : w->months[month - 1], time,
        time + 11);
}

static void
put_facts(
    struct br_buf *b,
    const struct words *w,
    const struct br_report *r,
    const char *time)
{
    br_buf_puts(b, "<dl>");
    if (r->leaf.digest.n > 0) {
        put_digest(b, w, &r->leaf);
    }
    br_buf_printf(
        b, "<div><dt>%s</dt><dd><time datetime=\"%s\">%s</time></dd></div>",
        w->time, time, time);
    put_row(b, w->author, r->leaf.author);
    br_buf_printf(
        b, "<div><dt>%s</dt><dd>%llu</dd></div>", w->entry,
        (unsigned long long)r->index);
    put_row(b, w->log, br_str(r->origin));
    br_buf_puts(b, "</dl>");
}

static void
put_section(struct br_buf *b, const char *title, const char *text)
{
    br_buf_printf(b, "<section><h2>%s</h2><p>%s</p></section>", title, text);
}

/** The proof itself when it fits, so that paper alone is enough. */
static enum br_rc
put_code(
    struct br_buf *b,
    const struct words *w,
    const struct br_report *r,
    struct br_err *reterr)
{
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

/** How to check it, beside the code, with the proof to save as a file. */
static enum br_rc
put_check(
    struct br_buf *b,
    const struct words *w,
    const struct br_report *r,
    struct br_err *reterr)
{
    br_buf_puts(b, "<section class=\"check\">");
    BR_TRY(put_code(b, w, r, reterr));
    br_buf_printf(
        b,
        "<div><h2>%s</h2><p>%s</p><a download=\"entry-%llu.tlog-proof\" "
        "href=\"data:application/octet-stream;base64,",
        w->check_title, w->check, (unsigned long long)r->index);
    br_base64_put(b, r->proof);
    br_buf_printf(b, "\">%s</a></div></section>", w->save);
    return BR_OK;
}

void
br_report_policy(char ret[BR_REPORT_POLICY_SIZE])
{
    struct br_hash digest;
    struct br_buf b;
    br_sha256(br_str(style), &digest);
    br_buf_init(&b, 64);
    br_base64_put(&b, br_bytes(digest.b, sizeof(digest.b)));
    br_buf_put(&b, "", 1);
    (void)snprintf(
        ret, BR_REPORT_POLICY_SIZE,
        "default-src 'none'; style-src 'sha256-%s'; img-src 'self'; font-src "
        "'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        (const char *)br_buf_bytes(&b).p);
    br_buf_fini(&b);
}

enum br_rc
br_report_put(
    struct br_buf *b, const struct br_report *r, struct br_err *reterr)
{
    const struct words *w =
        strcmp(r->language, "it") == 0 ? &italian : &english;
    char time[28];
    br_time_text(r->leaf.time, time);
    br_buf_printf(
        b,
        "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\"><link rel=\"icon\" href=\"/web/icon.svg\">"
        "<title>%s %llu</title><style>%s</style></head>"
        "<body><header><p><strong>Broletto</strong> <span>",
        w->lang, w->title, (unsigned long long)r->index, style);
    br_html_put(b, br_str(r->origin));
    br_buf_printf(b, "</span></p></header><main><h1>%s</h1>", w->title);
    put_claim(b, w, time);
    put_facts(b, w, r, time);
    br_buf_puts(b, "<div class=\"two\">");
    put_section(b, w->proves_title, w->proves);
    put_section(b, w->not_title, w->not_proved);
    br_buf_puts(b, "</div>");
    BR_TRY(put_check(b, w, r, reterr));
    br_buf_printf(b, "<section><h2>%s</h2><pre>", w->proof);
    br_html_put(b, r->proof);
    br_buf_puts(b, "</pre></section></main></body></html>\n");
    return br_buf_status(b, reterr);
}
