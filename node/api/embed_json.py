#!/usr/bin/env python3
"""Write a JSON document as a C array, without its white space.

  embed_json.py IN.json OUT.c

SPDX-License-Identifier: EUPL-1.2
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    text = json.dumps(json.load(f), separators=(",", ":"), ensure_ascii=False)
rows = text.encode()
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write("/* Made by node/api/embed_json.py. */\n"
              '#include "node/api/openapi.h"\n\n'
              "const unsigned char br_openapi_json[] = {\n")
    for i in range(0, len(rows), 16):
        out.write(",".join(str(b) for b in rows[i:i + 16]) + ",\n")
    out.write("};\nconst size_t br_openapi_json_size = "
              "sizeof(br_openapi_json);\n")
