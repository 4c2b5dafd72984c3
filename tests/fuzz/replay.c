/*
 * Runs a fuzz target over files and folders of them: the corpus as a test.
 *
 *   fuzz_note corpus/note one-more-file
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1 << 20 };

/** In memory of its exact size, so that a sanitizer sees every step too far. */
static void
feed(const uint8_t *p, size_t n)
{
    uint8_t *exact = (uint8_t *)calloc(1, n == 0 ? 1 : n);
    BR_ASSERT(exact != NULL);
    memcpy(exact, p, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

/** The file, then its first halves, and with its middle byte flipped. */
static void
feed_file(const char *path)
{
    static uint8_t input[INPUT_BYTES_MAX];
    FILE *f = fopen(path, "rb");
    BR_ASSERT(f != NULL);
    size_t n = fread(input, 1, sizeof(input), f);
    BR_ASSERT(n < sizeof(input));
    (void)fclose(f);
    feed(input, n);
    for (size_t part = n / 2; part > 0; part /= 2) {
        feed(input, n - part);
    }
    if (n > 0) {
        input[n / 2] ^= 1;
        feed(input, n);
    }
}

static size_t
feed_folder(const char *path)
{
    size_t count = 0;
    DIR *d = opendir(path);
    if (d == NULL) {
        feed_file(path);
        return 1;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        char file[4096];
        if (e->d_name[0] != '.') {
            (void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
            feed_file(file);
            count++;
        }
    }
    (void)closedir(d);
    return count;
}

int
main(int argc, char **argv)
{
    size_t count = 0;
    feed((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        count += feed_folder(argv[i]);
    }
    (void)printf("%zu files\n", count);
    return count == 0;
}
