"""Two clients of RFC 3161 by others.

  rfc3161.py ask HASH FILE URL OUT     rfc3161-client makes a request and
                                       verifies nothing yet: OUT is the reply
  rfc3161.py verify REPLY FILE CHAIN   rfc3161-client verifies a reply: {time,
                                       serial, policy}
  rfc3161.py asn1 HASH FILE URL        rfc3161ng asks, reads the reply: {time}

SPDX-License-Identifier: EUPL-1.2
"""

import json
import sys
import urllib.request

import rfc3161_client as client
import rfc3161ng
from cryptography import x509


def read(path):
    with open(path, "rb") as f:
        return f.read()


def ask(name, path, url, out):
    request = (client.TimestampRequestBuilder().data(read(path))
               .hash_algorithm(client.HashAlgorithm(name)).nonce(nonce=True)
               .cert_request(cert_request=True).build())
    post = urllib.request.Request(url, request.as_bytes(), {
        "Content-Type": "application/timestamp-query"})
    with urllib.request.urlopen(post, timeout=60) as answer:
        data = answer.read()
    with open(out, "wb") as f:
        f.write(data)
    reply = client.decode_timestamp_response(data)
    assert reply.tst_info.nonce == request.nonce, "the nonce"
    return told(reply)


def told(reply):
    return {"time": reply.tst_info.gen_time.timestamp(),
            "serial": str(reply.tst_info.serial_number),
            "policy": reply.tst_info.policy.dotted_string}


def verify(path, file, chain):
    *others, root = x509.load_pem_x509_certificates(read(chain))
    builder = client.VerifierBuilder().add_root_certificate(root)
    for certificate in others:
        if certificate.extensions.get_extension_for_class(
                x509.BasicConstraints).value.ca:
            builder = builder.add_intermediate_certificate(certificate)
        else:
            builder = builder.tsa_certificate(certificate)
    reply = client.decode_timestamp_response(read(path))
    builder.build().verify_message(reply, read(file))
    return told(reply)


def asn1(name, path, url):
    stamper = rfc3161ng.RemoteTimestamper(
        url, hashname=name, include_tsa_certificate=True, timeout=60)
    reply = stamper(data=read(path), nonce=0x1234567, return_tsr=True)
    info = reply.time_stamp_token.tst_info
    assert int(info["nonce"]) == 0x1234567, "the nonce"
    imprint = bytes(info.message_imprint.hashed_message)
    assert imprint == rfc3161ng.api.data_to_digest(read(path), name)
    time = rfc3161ng.get_timestamp(reply.time_stamp_token, naive=False)
    return {"time": time.timestamp()}


def main():
    run = {"ask": ask, "verify": verify, "asn1": asn1}[sys.argv[1]]
    print(json.dumps(run(*sys.argv[2:])))


main()
