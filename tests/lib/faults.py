"""Making the system fail on purpose: the other side of tests/faults/shim.h.

SPDX-License-Identifier: EUPL-1.2
"""

import ctypes
import errno
import mmap
import os

import evidence
from broletto_test import BUILD, Node, Skip

SHIM = os.path.join(BUILD, "tests", "faults", "faults.so")

WRITE, SYNC, SIZE, RENAME, OPEN, DSYNC = 1, 2, 4, 8, 16, 32
SHORT = 0  # instead of an errno: half of a write
EIO, ENOSPC = errno.EIO, errno.ENOSPC
MEMORY_OFF, MEMORY_NEXT_NEW, MEMORY_ALL = 0, 1, 2


class Control(ctypes.Structure):
    """struct shim_control."""

    _fields_ = [
        ("calls", ctypes.c_uint32), ("error", ctypes.c_uint32),
        ("countdown", ctypes.c_int64), ("lasting", ctypes.c_uint32),
        ("memory", ctypes.c_uint32), ("seen", ctypes.c_uint64),
        ("fired", ctypes.c_uint64), ("refused", ctypes.c_uint64),
        ("frames", ctypes.c_uint32), ("unused", ctypes.c_uint32),
        ("path", ctypes.c_char * 256), ("text", ctypes.c_char * 2048),
        ("stack", ctypes.c_uint64 * 65536)]


class Faults:
    """What shall fail in the programs that are started with `env`."""

    def __init__(self, folder, name="faults"):
        if not os.path.exists(SHIM):
            raise Skip("this build has no tests/faults/faults.so")
        self.path = os.path.join(folder, name)
        with open(self.path, "w+b") as f:
            f.truncate(ctypes.sizeof(Control))
            self.map = mmap.mmap(f.fileno(), ctypes.sizeof(Control))
        self.control = Control.from_buffer(self.map)
        # More of them tell more places apart, and take longer.
        self.control.frames = int(os.environ.get("BROLETTO_FRAMES", "1"))

    @property
    def env(self):
        return {"LD_PRELOAD": SHIM, "BROLETTO_FAULTS": self.path}

    def arm(self, calls, error, countdown=1, lasting=False, path=""):
        c = self.control
        c.calls = 0
        c.path = path.encode()
        c.error, c.countdown = error, countdown
        c.lasting, c.seen, c.fired = lasting, 0, 0
        c.calls = calls

    def count(self, calls, path=""):
        """Nothing fails; `seen` tells how many could."""
        self.arm(calls, EIO, 1 << 62, False, path)

    def disarm(self):
        self.control.calls = 0
        self.control.memory = MEMORY_OFF

    @property
    def seen(self):
        return self.control.seen

    @property
    def fired(self):
        return self.control.fired

    @property
    def text(self):
        return self.control.text.decode(errors="replace")

    # ---- memory ----

    def refuse_next(self):
        """Refuse memory once, at the next place that was not yet refused."""
        self.control.refused = 0
        self.control.memory = MEMORY_NEXT_NEW

    @property
    def refused(self):
        """Was it? Otherwise every place that was met is known."""
        self.control.memory = MEMORY_OFF
        return self.control.refused > 0

    def forget(self):
        ctypes.memset(ctypes.addressof(self.control.stack), 0,
                      ctypes.sizeof(self.control.stack))


def quick_node(data, *options, **settings):
    """A node whose keys open in no time."""
    node = Node.make(data, *options, **settings)
    keys = os.path.join(data, "keys")
    with open(os.path.join(keys, "passphrase"), "rb") as f:
        word = f.readline().rstrip(b"\n")
    for name in os.listdir(keys):
        if name.endswith(".key"):
            evidence.Key.cheapen(os.path.join(keys, name), word)
    return node
