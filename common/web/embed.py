#!/usr/bin/env python3
"""embed.py FRAME OUT.c SET FILE...: files of a web page as constants in C; see web.h.

A path is what follows the last "web/" of a file's name. An index.html has parts,
each after a line "<!-- frame: NAME -->"; they take the places in the frame's HTML
that have these names. A place without a part stays empty.

SPDX-License-Identifier: EUPL-1.2
"""

import hashlib
import os
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
HEAD = """/* Made by common/web/embed.py: change the files it reads, not this. */
#include "common/web/web.h"

"""
BYTES_A_LINE = 20
PART = re.compile(rb"^<!-- frame: ([a-z]+) -->\n", re.MULTILINE)


def content_type(path):
    extension = os.path.splitext(path)[1]
    if extension not in TYPES:
        sys.exit(f"embed.py: {path}: no content type for {extension!r}")
    return TYPES[extension]


def array(number, data):
    """A C array of the bytes. An empty file keeps one byte, its size says 0."""
    lines = [
        ",".join(str(b) for b in data[i:i + BYTES_A_LINE])
        for i in range(0, len(data), BYTES_A_LINE)
    ]
    body = ",\n".join(lines) or "0"
    return f"static const unsigned char bytes_{number}[] = {{\n{body}}};\n"


def row(number, path, data):
    etag = '\\"' + hashlib.sha256(data).hexdigest()[:32] + '\\"'
    return (f'    {{"{path}", "{content_type(path)}",\n'
            f'     bytes_{number}, {len(data)}, "{etag}"}},\n')


def framed(frame, name, data):
    """The whole page: the frame with its parts in their places."""
    _, *found = PART.split(data)  # before the first part: what is told of the file
    parts = dict(zip(found[::2], found[1::2]))
    unknown = parts.keys() - set(PART.findall(frame))
    if unknown or len(found) != 2 * len(parts) or b"main" not in parts:
        sys.exit(f"embed.py: {name}: parts of the frame are unknown, are there "
                 f"twice, or lack: {b', '.join(found[::2]).decode()}")
    return PART.sub(lambda place: parts.get(place[1], b""), frame)


def main(frame, out, name_of_set, names):
    with open(frame, "rb") as f:
        frame = f.read()
    files = {}
    for name in names:
        path = os.path.abspath(name).rpartition("/web/")[2]
        with open(name, "rb") as f:
            data = f.read()
        files[path] = framed(frame, name, data) if path == "index.html" else data
    listed = list(enumerate(sorted(files.items())))
    with open(out, "w", encoding="ascii") as f:
        f.write(HEAD)
        f.writelines(array(n, data) for n, (_, data) in listed)
        f.write("\nstatic const struct br_web_file files[] = {\n")
        f.writelines(row(n, path, data) for n, (path, data) in listed)
        f.write(f"}};\nconst struct br_web_set {name_of_set} = {{\n"
                "    files, sizeof(files) / sizeof(files[0])};\n")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit("usage: embed.py FRAME OUT.c SET FILE...")
    main(*sys.argv[1:4], sys.argv[4:])
