/*
 * Looking at credentials, and at what goes around them, from the command line.
 *
 * A file is read whole into a report: steps that were taken, in order, up to
 * the one that refused; claims with how they are shown; findings of the lint.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_CREDENTIAL_H
#define BR_CLI_CREDENTIAL_H

#include "cli/cli.h"
#include "common/base/arena.h"
#include "common/credential/sd_jwt_vc.h"

enum br_cred_kind {
    BR_CRED_UNKNOWN,
    BR_CRED_VC,           /**< as an issuer gives it */
    BR_CRED_PRESENTATION, /**< with a key binding */
    BR_CRED_REQUEST,      /**< OpenID4VP, signed or not */
    BR_CRED_ISSUER,       /**< OpenID4VCI issuer metadata */
    BR_CRED_VC_ISSUER,    /**< SD-JWT VC section 4 */
    BR_CRED_TYPE,         /**< SD-JWT VC section 5 */
    BR_CRED_STATUS,       /**< a status list token */
    BR_CRED_QUERY,        /**< DCQL alone */
};

enum br_cred_outcome { BR_CRED_OK, BR_CRED_FAILED, BR_CRED_SKIPPED };

struct br_cred_step {
    const char *name;
    enum br_cred_outcome outcome;
    char text[160];
};

/** What the lint says; an error is what a rule would refuse. */
struct br_cred_finding {
    bool error;
    const char *slug;
    char text[200];
};

struct br_cred_claim {
    char path[BR_JSON_PATH_BYTES];
    const struct br_json *value;
    bool disclosed; /**< by a disclosure of its own */
    bool within;    /**< in something that is disclosed */
};

enum { BR_CRED_STEPS = 12, BR_CRED_FINDINGS = 64, BR_CRED_CLAIMS = 512 };

struct br_cred_report {
    const struct br_args *a;
    struct br_arena arena;
    struct br_buf file;
    struct br_bytes text; /**< without white space around */
    uint64_t now_s;
    enum br_cred_kind kind;
    enum br_rc rc;
    struct br_err err; /**< when rc is not BR_OK */
    struct br_cred_step step[BR_CRED_STEPS];
    size_t step_count;
    struct br_cred_finding finding[BR_CRED_FINDINGS];
    size_t finding_count;
    struct br_cred_claim claim[BR_CRED_CLAIMS];
    size_t claim_count;
    size_t hidden; /**< digests without a disclosure */
    struct br_vc vc;
    bool read;       /**< vc has been parsed */
    bool unreadable; /**< the file, whatever is in it */
    const struct br_json *document;
};

void br_cred_step(
    struct br_cred_report *r,
    const char *name,
    enum br_cred_outcome outcome,
    const char *fmt,
    ...) BR_PRINTF(4, 5);
void
br_cred_warn(struct br_cred_report *r, const char *slug, const char *fmt, ...)
    BR_PRINTF(3, 4);
/** A refusal, as a finding. */
void br_cred_error(struct br_cred_report *r, const struct br_err *err);

/** Steps, verdict and claims of a credential or presentation. */
void br_cred_examine_vc(struct br_cred_report *r);
/** What a status list says of it, after br_cred_examine_vc: asks the network.
 */
void br_cred_examine_status(struct br_cred_report *r);
/** The same, by structure, for everything else. */
void br_cred_examine_document(struct br_cred_report *r);
/** Findings; after br_cred_examine_vc. */
void br_cred_lint_vc(struct br_cred_report *r);

#endif
