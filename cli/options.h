/*
 * Options: long ones only. A command takes those that its usage text names,
 * in the way in which it names them, and refuses all others; so what --help
 * says is what is so.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_OPTIONS_H
#define BR_CLI_OPTIONS_H

#include "cli/cli.h"

enum br_options_end {
    BR_OPTIONS_DONE,
    BR_OPTIONS_HELP,    /**< --help */
    BR_OPTIONS_REFUSED, /**< the reason has been told */
};

/** argv[0] is the last word of the command. Texts borrow from argv, whose
 *  order changes. */
enum br_options_end br_options_parse(
    const struct br_command *c, int argc, char **argv, struct br_args *ret);

#endif
