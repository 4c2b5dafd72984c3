/*
 * A library to preload that makes the system fail on purpose.
 *
 * The test and the program share one mapped file, named by BROLETTO_FAULTS;
 * without it nothing is touched. The test writes what shall fail, the program
 * writes what it saw. tests/lib/faults.py holds the same layout.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_FAULTS_SHIM_H
#define BR_FAULTS_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_call {
    SHIM_WRITE = 1,  /**< write, writev, pwrite, pwritev */
    SHIM_SYNC = 2,   /**< fsync, fdatasync, msync */
    SHIM_SIZE = 4,   /**< ftruncate */
    SHIM_RENAME = 8, /**< rename, renameat, renameat2 */
    SHIM_OPEN = 16,  /**< open, openat, mkostemp */
    SHIM_DSYNC = 32, /**< a write to a descriptor opened with O_DSYNC */
};

enum {
    SHIM_PATH_BYTES = 256,
    SHIM_TEXT_BYTES = 2048,
    SHIM_STACKS = 65536,
    SHIM_FRAMES = 40,
};

enum shim_memory {
    SHIM_MEMORY_OFF,
    SHIM_MEMORY_NEXT_NEW, /**< refuse once, where it was not yet refused */
    SHIM_MEMORY_ALL,      /**< refuse everything */
};

struct shim_control {
    /* system calls on files whose path contains `path` */
    _Atomic uint32_t calls;    /**< of enum shim_call; 0: none fails */
    _Atomic uint32_t error;    /**< errno; 0: half of a write is written */
    _Atomic int64_t countdown; /**< the call that takes it to 0 fails */
    _Atomic uint32_t lasting;  /**< and all after it */
    _Atomic uint32_t memory;   /**< enum shim_memory */
    _Atomic uint64_t seen;     /**< calls that could have failed */
    _Atomic uint64_t fired;
    /* memory */
    _Atomic uint64_t refused;
    _Atomic uint32_t frames; /**< innermost ones that make a place */
    uint32_t unused;
    char path[SHIM_PATH_BYTES];
    char text[SHIM_TEXT_BYTES]; /**< what was made to fail last */
    _Atomic uint64_t stack[SHIM_STACKS];
};

/** NULL when this process is left alone. */
struct shim_control *shim_control(void);
/** Where the program itself is loaded. */
const void *shim_program(void);

#endif
