/*
 * Compiler attributes under short names.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_ATTR_H
#define BR_BASE_ATTR_H

#define BR_MUST_USE __attribute__((warn_unused_result))
#define BR_PRINTF(fmt_at, args_at) \
    __attribute__((format(printf, fmt_at, args_at)))
#define BR_NORETURN __attribute__((noreturn))

#endif
