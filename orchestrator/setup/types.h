/*
 * The credential types of a data folder, read once.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_TYPES_H
#define BR_ORCHESTRATOR_TYPES_H

#include "orchestrator/core/type.h"

enum { BR_ORCH_TYPES_MAX = 64 };

struct br_types {
    struct br_arena arena;
    struct br_type *type[BR_ORCH_TYPES_MAX]; /**< by id */
    size_t count;
};

/** Each *.json of the folder; base: the issuer's address. CONFIG names the
 *  file. */
enum br_rc br_types_load(
    const char *folder,
    const char *base,
    struct br_types *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_types_fini(struct br_types *t);
const struct br_type *
br_types_find(const struct br_types *t, struct br_bytes id);

/** Those that come with the program, for init: name and text; NULL past the
 *  end. */
struct br_shipped_type {
    const char *name;
    const unsigned char *text;
    size_t n;
};
extern const struct br_shipped_type br_shipped_types[];

#endif
