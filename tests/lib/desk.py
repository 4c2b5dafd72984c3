"""An operator's browser at the desk of a body: cookies, the mark, logging in.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse

from broletto_test import check, cli_ok, equal


def totp(secret, step):
    """RFC 6238, here a second time."""
    key = base64.b32decode(secret)
    mac = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    at = mac[19] & 15
    number = int.from_bytes(mac[at:at + 4], "big") & 0x7fffffff
    return f"{number % 1000000:06}"


def operator(body, name, role="supervisor", *options):
    done = cli_ok("orchestrator", "operator", "add", name, "--role", role,
                  "--data", body.data, "--json", *options)
    return json.loads(done.stdout)


class Desk:
    """Who asks has this browser, with the cookies that the desk has set."""

    def __init__(self, body):
        self.body = body
        self.client = body.client()
        self.cookies = {}
        self.mark = ""
        self.attributes = {}  # of each cookie, as it was set

    def ask(self, method, path, doc=None, header=None):
        headers = {}
        if self.cookies:
            headers["Cookie"] = "; ".join(
                f"{k}={v}" for k, v in self.cookies.items())
        if method == "POST":
            headers["X-Broletto-Desk"] = self.mark if header is None else header
        answer = self.client.ask(
            method, path, None if doc is None else json.dumps(doc),
            None if doc is None else "application/json", headers)
        for text in answer.headers.get_all("Set-Cookie") or []:
            first, *rest = text.split("; ")
            name, _, value = first.partition("=")
            self.attributes[name] = rest
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path, status=200):
        answer = self.ask("GET", "/desk/v1" + path)
        equal(answer.status, status, path, answer)
        return answer

    def post(self, path, doc, status=200, header=None):
        answer = self.ask("POST", "/desk/v1" + path, doc, header)
        equal(answer.status, status, path, answer)
        return answer

    def enter(self, who):
        """With a passphrase and a code."""
        answer = self.post("/login", {
            "name": who["name"], "passphrase": who["passphrase"],
            "code": totp(who["totp"], int(time.time()) // 30)}, header="login")
        self.mark = answer.json()["mark"]
        return self

    def session(self):
        doc = self.get("/session").json()
        self.mark = doc["mark"]
        return doc

    # ---- by a provider -----------------------------------------------------------

    def begin(self):
        return self.post("/oidc/begin", {}, header="login").json()["go"]

    def come_back(self, url):
        """What the provider sent the browser to; where the page is then."""
        check(url.startswith(self.body.url + "/desk/v1/oidc/callback?"), url)
        answer = self.ask("GET", urllib.parse.urlsplit(url).path + "?" +
                          urllib.parse.urlsplit(url).query)
        equal(answer.status, 303, answer)
        where = answer.headers["Location"]
        check(where.startswith(self.body.url + "/"), where)
        return where[len(self.body.url):]

    def log_in_at(self, provider):
        return self.come_back(provider.authorize(self.begin()))
