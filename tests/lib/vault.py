"""The folder of a wallet, by the command line.

SPDX-License-Identifier: EUPL-1.2
"""

import json
import os

from broletto_test import cli, cli_ok, equal


class Vault:
    """A wallet's folder."""

    def __init__(self, folder, trust, *options):
        self.folder = folder
        self.options = ("--allow-loopback",)
        cli_ok("wallet", "init", folder, "--trust", trust, "--allow-loopback",
               *options)

    def run(self, *args, **env):
        return cli("wallet", *args, "--vault", self.folder, **env)

    def ok(self, *args, **env):
        r = self.run(*args, **env)
        equal(r.returncode, 0, args, r.stdout, r.stderr)
        return r.stdout

    def accept(self, offer, *options):
        return self.run("accept", offer, "--yes", "--lang", "en", *options)

    def list(self):
        return json.loads(self.ok("list", "--json", "--lang", "en"))

    def show(self, one, lang="en"):
        return json.loads(self.ok("show", one, "--json", "--lang", lang))

    def history(self):
        return json.loads(self.ok("history", "--json"))

    def holds(self, text):
        """Is this anywhere in its files?"""
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    if text.encode() in f.read():
                        return True
        return False
