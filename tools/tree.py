"""The project's own files, for the gates. Standard library only.

A gate is an executable tools/check-NAME [BUILD_DIR]: it runs in the project's
root, prints one line for each problem (PATH:LINE: what is wrong), and exits
0 (passed), 1 (failed) or 77 (skipped, the reason on its last line).

SPDX-License-Identifier: EUPL-1.2
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED_FOLDERS = {".git", "data", "node_modules", "__pycache__"}
SKIP = 77


def files(suffixes=None):
    """Paths relative to the root, sorted; all, or those with a suffix."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        inside = os.path.relpath(folder, ROOT)
        folders[:] = [
            f
            for f in folders
            if f not in SKIPPED_FOLDERS
            and not (inside == "." and f.startswith("build"))
        ]
        for name in names:
            path = os.path.normpath(os.path.join(inside, name))
            if suffixes is None or name.endswith(tuple(suffixes)):
                found.append(path)
    return sorted(found)


def c_files():
    return files([".c", ".h"])


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def is_binary(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        return b"\0" in f.read(8192)


def finish(problems, looked_at):
    """Print the problems and leave with the gate's verdict."""
    for problem in problems:
        print(problem)
    if looked_at == 0:
        print("nothing to look at: the gate itself is wrong")
        sys.exit(1)
    sys.exit(1 if problems else 0)


def skip(reason):
    print(reason)
    sys.exit(SKIP)
