/*
 * The node's web page: static files inside the program, made by embed.py from
 * the files of this folder.
 *
 * - Sorted by path; a path is relative to this folder, such as "index.html" or
 *   "i18n/it.js".
 * - content_type and etag are ready to be sent; the etag has its quotes.
 * - Constants: nobody frees them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WEB_WEB_H
#define BR_WEB_WEB_H

#include <stddef.h>

struct br_web_file {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    size_t size;
    const char *etag;
};

extern const struct br_web_file br_web_files[];
extern const size_t br_web_file_count;

#endif
