#!/usr/bin/env python3
"""Compile the shipped credential types into the program.

    embed.py OUTPUT INPUT...

SPDX-License-Identifier: EUPL-1.2
"""

import json
import os
import sys


def main():
    out = ['#include "orchestrator/setup/types.h"\n']
    rows = []
    for number, path in enumerate(sys.argv[2:]):
        with open(path, "rb") as f:
            text = f.read()
        json.loads(text)
        numbers = ",".join(str(byte) for byte in text)
        out.append(f"static const unsigned char t{number}[] = {{{numbers}}};")
        rows.append(f'{{"{os.path.basename(path)}", t{number}, sizeof(t{number})}},')
    out.append("const struct br_shipped_type br_shipped_types[] = {")
    out += rows + ["{NULL, NULL, 0}};", ""]
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("\n".join(out))


main()
