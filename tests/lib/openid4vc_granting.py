"""The issuer of the tests' own with a page for people, refresh tokens that
rotate, and messages that are encrypted.

SPDX-License-Identifier: EUPL-1.2
"""

import hashlib
import json
import secrets
import urllib.parse

from broletto_test import check, equal
from openid4vc import (
    FORM, PRE_AUTHORIZED, Key, b64, jwe_decrypt, jwe_encrypt, strict_json)
from openid4vc_issuer import Issuer, Refusal

CLIENT = "broletto-wallet"
REQUEST_URI = "urn:ietf:params:oauth:request_uri:"


class Granting(Issuer):
    """refreshing: tokens come with one to renew; encryption: None, "offered" or
    "required"; identifiers: token responses name credential_identifiers."""

    def __init__(self, refreshing=False, encryption=None, identifiers=False):
        self.refreshing = refreshing
        self.encryption = encryption
        self.identifiers = identifiers
        self.box = Key()
        self.states = {}      # issuer_state -> True
        self.pushed = {}      # request_uri -> what was pushed
        self.granted = {}     # code -> what was pushed
        self.refresh = {}     # refresh token -> (family, thumbprint)
        self.dead = set()     # families that are over
        self.replays = 0
        self.grace = False    # a token is taken again until its heir is used
        self.heirs = {}       # used token -> the one that came of it
        self.answer_to = None
        self.named = False    # was the last token given to somebody named?
        super().__init__()

    # ---- what it says of itself

    def metadata(self):
        doc = super().metadata()
        doc["credential_configurations_supported"]["isee"]["scope"] = "isee"
        if self.encryption:
            required = self.encryption == "required"
            doc["credential_request_encryption"] = {
                "jwks": {"keys": [
                    {"kty": "oct", "kid": "odd", "alg": "dir"},
                    {**self.box.jwk, "kid": "box-1", "alg": "ECDH-ES",
                     "use": "enc"}]},
                "enc_values_supported": ["A256GCM"],
                "encryption_required": required}
            doc["credential_response_encryption"] = {
                "alg_values_supported": ["RSA-OAEP-256", "ECDH-ES"],
                "enc_values_supported": ["A128GCM", "A256GCM"],
                "encryption_required": required}
        return self.spoiled("late_metadata", doc)

    def server_doc(self):
        doc = super().server_doc()
        doc.update({
            "grant_types_supported": [PRE_AUTHORIZED, "authorization_code",
                                      "refresh_token"],
            "authorization_endpoint": self.url + "/authorize",
            "pushed_authorization_request_endpoint": self.url + "/par",
            "require_pushed_authorization_requests": True,
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True})
        return self.spoiled("late_server", doc)

    # ---- the page

    def page_offer(self, both=False):
        state = secrets.token_urlsafe(16)
        self.states[state] = True
        grants = {"authorization_code": {"issuer_state": state}}
        if both:
            code = secrets.token_urlsafe(16)
            self.codes[code] = None
            grants[PRE_AUTHORIZED] = {"pre-authorized_code": code}
        return ("openid-credential-offer://?credential_offer="
                + urllib.parse.quote(json.dumps({
                    "credential_issuer": self.url,
                    "credential_configuration_ids": ["isee"],
                    "grants": grants}), safe=""))

    def route(self, method, path, h, body):
        if (method, path) == ("POST", "/par"):
            return 201, self.par(h, body)
        if (method, path) == ("GET", "/authorize"):
            return self.authorize(h)
        return super().route(method, path, h, body)

    def par(self, h, body):
        equal(h.headers["Content-Type"], FORM)
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        thumbprint = self.dpop(h, "/par")
        equal(sorted(form), sorted([
            "client_id", "response_type", "redirect_uri", "state", "scope",
            "issuer_state", "code_challenge", "code_challenge_method"]))
        equal((form["client_id"], form["response_type"], form["scope"],
               form["code_challenge_method"]), (CLIENT, "code", "isee", "S256"))
        check(len(form["state"]) >= 43 and len(form["code_challenge"]) == 43)
        check(form["issuer_state"] in self.states, "an issuer_state of others")
        uri = REQUEST_URI + secrets.token_urlsafe(16)
        self.pushed[uri] = {**form, "thumbprint": thumbprint}
        return self.spoiled("pushed", {"request_uri": uri, "expires_in": 60})

    def authorize(self, h):
        fields = dict(urllib.parse.parse_qsl(h.path.split("?")[1],
                                             strict_parsing=True))
        equal(sorted(fields), ["client_id", "request_uri"])
        equal(fields["client_id"], CLIENT)
        pushed = self.pushed.pop(fields["request_uri"])
        code = secrets.token_urlsafe(16)
        self.granted[code] = pushed
        back = self.spoiled("back", {
            "code": code, "state": pushed["state"], "iss": self.url})
        self.location = pushed["redirect_uri"] + "?" + urllib.parse.urlencode(
            {k: v for k, v in back.items() if v is not None})
        return 200, {"location": self.location}

    # ---- tokens

    def grant(self, form, thumbprint):
        kind = form["grant_type"]
        self.named = "client_id" in form
        if kind == "authorization_code":
            return self.by_code(form, thumbprint)
        if kind == "refresh_token":
            return self.again(form, thumbprint)
        return self.give(super().grant(form, thumbprint), thumbprint)

    def give(self, doc, thumbprint, family=None):
        if self.refreshing:
            token = secrets.token_urlsafe(24)
            self.refresh[token] = (family or token, thumbprint)
            doc["refresh_token"] = token
        if self.identifiers:
            doc["authorization_details"] = [{
                "type": "openid_credential",
                "credential_configuration_id": "isee",
                "credential_identifiers": ["isee-of-ada", "isee-of-luca"]}]
        return self.spoiled("late_token", doc)

    def by_code(self, form, thumbprint):
        equal(sorted(form), ["client_id", "code", "code_verifier",
                             "grant_type", "redirect_uri"])
        pushed = self.granted.pop(form["code"], None)
        if pushed is None:
            raise Refusal("invalid_grant", description="the code is not known")
        equal((form["client_id"], form["redirect_uri"]),
              (CLIENT, pushed["redirect_uri"]))
        equal(b64(hashlib.sha256(form["code_verifier"].encode()).digest()),
              pushed["code_challenge"])
        equal(thumbprint, pushed["thumbprint"], "another key than was pushed")
        token = secrets.token_urlsafe(24)
        self.tokens[token] = thumbprint
        return self.give({"access_token": token, "token_type": "DPoP",
                          "expires_in": 300}, thumbprint)

    def again(self, form, thumbprint):
        token = form["refresh_token"]
        equal(sorted(set(form) - {"client_id"}),
              ["grant_type", "refresh_token"])
        heir = self.heirs.get(token)
        if self.grace and heir in self.refresh:
            self.refresh[token] = self.refresh.pop(heir)
        if token not in self.refresh:
            # Used before: somebody has a copy. All that came of it is over.
            self.replays += 1
            self.dead.update(f for f, _ in self.refresh.values())
            self.refresh.clear()
            raise Refusal("invalid_grant", description="it was used before")
        family, key = self.refresh.pop(token)
        equal(thumbprint, key, "the key of the refresh token")
        fresh = secrets.token_urlsafe(24)
        self.tokens[fresh] = thumbprint
        doc = self.give({"access_token": fresh, "token_type": "DPoP",
                         "expires_in": 300}, thumbprint, family)
        self.heirs[token] = doc["refresh_token"]
        return doc

    # ---- credentials

    def expected(self, doc):
        which = "credential_identifier" if self.identifiers \
            else "credential_configuration_id"
        wanted = [which, "proofs"]
        if self.encryption:
            wanted.append("credential_response_encryption")
        equal(sorted(doc), sorted(wanted))
        if self.identifiers:
            equal(doc["credential_identifier"], "isee-of-ada")

    def claims_of_proof(self):
        return ["aud", "iat", "iss", "nonce"] if self.named \
            else ["aud", "iat", "nonce"]

    def read(self, h, body):
        self.answer_to = None
        if not self.encryption:
            return super().read(h, body)
        equal(h.headers["Content-Type"], "application/jwt")
        plain, header = jwe_decrypt(body.decode(), self.box)
        equal((header["kid"], header["enc"]), ("box-1", "A256GCM"))
        doc = strict_json(plain)
        wish = doc["credential_response_encryption"]
        equal(sorted(wish), ["enc", "jwk"])
        equal((wish["enc"], wish["jwk"]["alg"], wish["jwk"]["use"]),
              ("A256GCM", "ECDH-ES", "enc"))
        check("d" not in wish["jwk"], "a private key")
        check(wish["jwk"]["x"] not in self.proofs_seen, "one key twice")
        self.proofs_seen.add(wish["jwk"]["x"])
        self.answer_to = wish
        return doc

    def sealed(self, status, doc):
        if self.answer_to is None or "plain" in self.spoil:
            return status, doc
        key = self.spoiled("answer_key", self.answer_to["jwk"])
        return status, jwe_encrypt(
            key, json.dumps(doc).encode(), self.answer_to["enc"]).encode()

    def whole(self, answer):
        if isinstance(answer, tuple):
            return self.sealed(*answer)
        return self.sealed(200, answer)

    def credential(self, h, body):
        return self.whole(super().credential(h, body))

    def deferred(self, h, body):
        return self.whole(super().deferred(h, body))
