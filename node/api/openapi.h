/*
 * The description of this interface, embedded: node/api/openapi.json.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_OPENAPI_H
#define BR_API_OPENAPI_H

#include <stddef.h>

extern const unsigned char br_openapi_json[];
extern const size_t br_openapi_json_size;

#endif
