/*
 * What the tests of several areas need.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_SUPPORT_H
#define BR_TEST_SUPPORT_H

#include <ftw.h>
#include <stdio.h>

static inline int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/** A folder that the test has made, with what is in it. */
static inline int
remove_tree(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
