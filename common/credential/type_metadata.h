/*
 * Type metadata of SD-JWT VC (section 5): what a type of credential says of
 * itself, in the words of its publisher, and the rules that it gives to
 * issuers.
 *
 * - Documents are fetched by the caller, one after the other, as
 *   br_vct_chain_wants names them: the credential's type first, then what it
 *   extends. Each is held against its integrity (section 6) and its vct before
 *   it is read.
 * - br_vct_chain_merge gives one type, with the claims of all: those of the
 *   extending type go before.
 * - br_vct_check holds a credential against it.
 *
 * Rendering (logos, templates) is left as it came, in `display`. Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_TYPE_METADATA_H
#define BR_CREDENTIAL_TYPE_METADATA_H

#include "common/base/arena.h"
#include "common/codec/json.h"
#include "common/credential/sd_jwt.h"

#define BR_VCT_METADATA_BYTES_MAX (512u * 1024)
#define BR_VCT_CLAIMS_MAX         512
/* Types that extend each other; what is deeper is as good as a circle. */
#define BR_VCT_CHAIN_MAX 8

enum br_vct_sd {
    BR_VCT_SD_ALLOWED,
    BR_VCT_SD_ALWAYS,
    BR_VCT_SD_NEVER,
};

struct br_vct_claim {
    const struct br_json *path;    /**< an array, checked */
    const struct br_json *display; /**< an array, or NULL */
    bool mandatory;
    bool says_mandatory; /**< it is not the default */
    enum br_vct_sd sd;
    bool says_sd;
};

struct br_vct {
    struct br_bytes vct;
    struct br_bytes name; /**< for developers; empty, as others: not said */
    struct br_bytes description;
    struct br_bytes extends;
    struct br_bytes extends_integrity;
    const struct br_json *display; /**< an array, or NULL */
    struct br_vct_claim *claims;
    size_t claim_count;
};

/** One document for this vct, which lies in the arena and borrows the text.
 *  type-form, type-size, type-vct, type-path. */
enum br_rc br_vct_parse(
    struct br_bytes document,
    struct br_bytes vct,
    struct br_arena *arena,
    struct br_vct *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Section 6: sha256-, sha384- and sha512-, the strongest that is there; one of
 *  that kind must fit. type-integrity. */
enum br_rc br_integrity_check(
    struct br_bytes document,
    struct br_bytes integrity,
    struct br_err *reterr) BR_MUST_USE;
/** Append "sha256-..." of a document. */
enum br_rc br_integrity_put(
    struct br_buf *b,
    struct br_bytes document,
    struct br_err *reterr) BR_MUST_USE;

struct br_vct_chain {
    struct br_bytes vct; /**< of the credential */
    struct br_bytes integrity;
    struct br_vct types[BR_VCT_CHAIN_MAX]; /**< the extending ones first */
    size_t count;
};

/** vct and, where the credential has it, vct#integrity, else empty. */
void br_vct_chain_init(
    struct br_vct_chain *c, struct br_bytes vct, struct br_bytes integrity);
/** The type to fetch next; false: the chain is whole. */
bool br_vct_chain_wants(const struct br_vct_chain *c, struct br_bytes *ret);
/** Its document. type-integrity, type-extends, and as br_vct_parse. */
enum br_rc br_vct_chain_add(
    struct br_vct_chain *c,
    struct br_bytes document,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;
/** All types as one; display is the first type's own. type-override. */
enum br_rc br_vct_chain_merge(
    const struct br_vct_chain *c,
    struct br_arena *arena,
    struct br_vct *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Section 5.6: paths fit the claims (type-path), what is always or never a
 *  disclosure is (type-sd), and, where the caller has every disclosure, as the
 *  holder has, what is mandatory is there (type-mandatory). claims are those
 *  that br_sd_process gave. */
enum br_rc br_vct_check(
    const struct br_vct *t,
    const struct br_sd_jwt *sd,
    const struct br_json *claims,
    bool complete,
    struct br_err *reterr) BR_MUST_USE;

/** The entry of a display array for a language ("it", "de-AT"): the same tag,
 *  else the same language, else the first; NULL: there is none. */
const struct br_json *
br_vct_display(const struct br_json *display, const char *lang);
/** What a claim is called in a language: its label; empty: not said. path is
 *  the claim's own, names and positions; nulls of the type fit positions. */
struct br_bytes br_vct_label(
    const struct br_vct *t, const struct br_json *value, const char *lang);

#endif
