"""A zone program on Python's `http.server`, with its own implementation of the channel.

Nothing of Ringback is in it: HKDF (RFC 5869) and HMAC by the standard library, AES-256-GCM by
pycryptodome. See README.md for arguments, abilities and output.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler

import peer

from Crypto.Cipher import AES

LABEL = b"ringback-zone-1"
TOLERANCE_MS = 300_000
SIGNED = ["ww-key-id", "ww-secret-ver", "ww-timestamp", "ww-nonce", "ww-request-id"]


class Refused(Exception):
    """A message that is not opened, with the SDK's code for it."""


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, info, length):
    output, block = b"", b""
    while len(output) < length:
        block = mac(key, block + info + bytes([len(output) // 32 + 1]))
        output += block
    return output[:length]


def item(value):
    value = value.encode() if isinstance(value, str) else value
    return len(value).to_bytes(4, "big") + value


def url64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Channel:
    """The keys in the credentials file, which may be replaced at any time."""

    def __init__(self, path):
        self.path = path
        self.seen = set()

    def credentials(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def keys(self, version, flow):
        """The key that signs and the key that encrypts; of the highest version if none is named."""
        versions = {str(live["version"]): live["secret"] for live in self.credentials()["versions"]}
        version = version or max(versions, key=int)
        if version not in versions:
            raise Refused(-10008)
        root = mac(LABEL, base64.b64decode(versions[version]))
        return version, *(expand(root, use + b"\0" + flow.encode(), 32) for use in [b"mac", b"enc"])

    @staticmethod
    def cipher(key, nonce, associated):
        made = expand(key, nonce, 44)
        cipher = AES.new(made[:32], AES.MODE_GCM, nonce=made[32:], mac_len=16)
        cipher.update(associated)
        return cipher

    def seal(self, flow, target, request_id, outcome, plaintext):
        """Headers and body of a message of ours."""
        version, sign, encrypt = self.keys(None, flow)
        nonce = os.urandom(16)
        values = [self.credentials()["key_id"], version, str(int(time.time() * 1000)), url64(nonce), request_id]
        associated = b"".join(item(value) for value in [LABEL, flow, target, *values])
        sealed = b"".join(self.cipher(encrypt, nonce, associated).encrypt_and_digest(plaintext.encode()))
        body = json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()
        signature = mac(sign, associated + item(outcome) + item(body))
        headers = {"ww-channel": "1", **dict(zip(SIGNED, values)), "ww-signature": base64.b64encode(signature).decode()}
        if outcome:
            headers["ww-outcome"] = outcome
        return headers, body

    def open(self, flow, target, headers, body):
        """The plaintext of a message of the zone's, after every check."""
        values = [headers.get(name) or "" for name in SIGNED]
        if headers.get("ww-channel") != "1" or values[0] != self.credentials()["key_id"]:
            raise Refused(-10008)
        _, sign, encrypt = self.keys(values[1], flow)
        associated = b"".join(item(value) for value in [LABEL, flow, target, *values])
        signature = mac(sign, associated + item(headers.get("ww-outcome") or "") + item(body))
        fits = hmac.compare_digest(base64.b64encode(signature).decode(), headers.get("ww-signature") or "")
        if not fits or abs(time.time() * 1000 - int(values[2])) > TOLERANCE_MS or values[3] in self.seen:
            raise Refused(-10004)
        self.seen.add(values[3])
        sealed = base64.b64decode(json.loads(body)["encrypt"], validate=True)
        cipher = self.cipher(encrypt, base64.urlsafe_b64decode(values[3] + "=="), associated)
        try:
            return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:]).decode()
        except ValueError as error:
            raise Refused(-10005) from error

    def invoke(self, api, frame, request):
        """What the zone answers to an SDK API."""
        asker = {name: frame[name] for name in ["corpid", "agentid", "ability_id", "job_info"]}
        request_id = url64(os.urandom(16))
        headers, body = self.seal("invoke", api, request_id, "", json.dumps({**asker, "request": request}))
        url = f"{self.credentials()['zone_url']}/zone/invoke/{api}"
        headers["Content-Type"] = "application/json"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            answered = {name.lower(): value for name, value in answer.headers.items()}
            plaintext = self.open("invoke-reply", api, answered, answer.read())
        if answered["ww-request-id"] != request_id or answered["ww-outcome"] != "ok":
            raise Refused(int(answered.get("ww-refusal") or -10001))
        return plaintext


parser = argparse.ArgumentParser()
parser.add_argument("--credentials", required=True, metavar="FILE")
parser.add_argument("--refuse", type=int, default=0, metavar="COUNT")
parser.add_argument("--http11", action="store_true")
parser.add_argument("--no-length", action="store_true")
parser.add_argument("--unbound", action="store_true")
options = parser.parse_args()
channel = Channel(options.credentials)
refusals = iter(range(options.refuse))


def report(frame):
    """Tells the zone that a job is done; its data is its result."""
    done = json.dumps({"errcode": 0, "result": frame["data"]})
    answer = channel.invoke("program_async_job_call_back", frame, done)
    peer.emit({"kind": "reported", "answer": json.loads(answer)})


def answer(frame):
    """The text that the program answers with."""
    data, ability = frame["data"], frame["ability_id"]
    if frame["call_type"] == 2:
        if next(refusals, None) is not None:
            raise Refused(-10001)
        return "{}"
    if frame["is_async"]:
        threading.Thread(target=report, args=[frame]).start()
        return "{}"
    if ability == "echo":
        return '{"echo":%s}' % data
    if ability == "fourfold":
        return '{"echo":[%s]}' % ",".join([data] * 4)
    return channel.invoke(ability.removeprefix("invoke_"), frame, data)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1" if options.http11 else "HTTP/1.0"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request_id = "" if options.unbound else headers.get("ww-request-id", "")
        try:
            frame = json.loads(channel.open("request", "/", headers, body))
            asked = {"kind": "asked", "method": self.command, "path": self.path, "protocol": self.request_version}
            wire = {"client": self.client_address[1], "names": list(self.headers.keys()), "headers": headers}
            peer.emit({**asked, **wire, "body_bytes": len(body), "frame": frame})
            self.finish_with(*channel.seal("reply", "/", request_id, "ok", answer(frame)))
        except Refused as error:
            code = error.args[0]
            peer.emit({"kind": "refused", "code": code})
            if code == -10008:
                self.finish_with({"ww-refusal": str(code)}, b"")
            else:
                self.finish_with(*channel.seal("reply", "/", request_id, "error", ""))

    def finish_with(self, headers, body):
        self.send_response(200)
        for name, value in peer.canonical(headers).items():
            self.send_header(name, value)
        if not options.no_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


peer.run(Handler)
