#!/usr/bin/env python3
"""Makes `desk.json`, `feishu.json`, `standard.json`, `wecom.json` and `zone.json` without any of Ringback's own code.

    python3 -m venv venv && venv/bin/pip install lark-oapi==1.7.5 pycryptodome==4.4.0 standardwebhooks==1.1.0 \\
        wechatpy==1.8.18
    venv/bin/python crates/dialect/vectors/make.py

Feishu: AES by pycryptodome, hashes by hashlib, and each request is also given to the official
`lark-oapi`, whose status stands in the vector as `official_sdk_status`, so that one can see where
Ringback is stricter. Standard Webhooks: signatures by the official `standardwebhooks`. WeCom: see
`wecom.py`. The zone: see `zone.py`. Desk: see `desk.py`, which also runs alone.

The output is the same on every run. Each vector says what it is:

- `half` "receive": a `request` (`query` without its question mark, headers as pairs, `body` as text or
  `body_base64`) at the time `now` (Unix milliseconds) under `secrets`, while a rotation lasts also under
  `previous`; timestamps may be `tolerance_seconds` off, or any time where that is null. The outcome is
  `expect` (`kind` challenge, event or call) or the reason for which it is `refused`; `authenticated` says
  whether the signature held.
- `half` "send": what `outgoing` becomes at `now` with these `random` bytes (hexadecimal). Feishu takes the
  first sixteen as the vector, the others in hexadecimal as the nonce; WeCom takes the first eight in
  hexadecimal as the text before the message, the next four as the number that is the nonce.
- `half` "crypto": one `operation` alone.

Desk's vectors have these two halves, and more:

- `half` "sign": `sign` of `token` and `request_time`.
- `half` "answer": what an answer with this `status` and `body`, `cut` at the cap or not, means: the `values` of
  the variables and whether one was `unlike_text`, or the code of the `failure` and its `message`.
- `half` "mapped": what the plain answer `body` to a `command` becomes: `expect`, or the code of the `failure`.

The zone's vectors have halves of their own. A `ring` is a key id with the live versions of its secret
(base64); nonces are hexadecimal.

- `half` "seal": what `message` becomes at `now` with this `nonce` under `secret` (base64): `expect`. The keys
  `derived` on the way are there to find a mistake by.
- `half` "open": a `request` that a peer with this `ring`, who has room for `capacity` nonces and has `seen`
  some, takes for `flow` and `target`. The outcome is `expect`, or the reason for which it is `refused` with
  the SDK's `code`.
- `half` "frame": a `plaintext` as the JSON of a `frame` (request, invoke, open, opened): it reads and is
  written again as `expect`, or is `refused`.
- `half` "judge": the `answer` (`status`; `cut` where it was longer than the cap) that came to the request
  `request_id`, under a `binding` and an `output` protocol. What it means is in `call` (the `plaintext`, or a
  `failure` with the `client_code` that an app sees) and in `event` (`delivered`, or a `failure`).
- `half` "protocol": whether a `document` is a subset of the `sample`: `expect` is "match", or the `mismatch`
  with its `path`.
- `half` "sample": the `warnings` of a `sample`, or the reason for which it is `refused`.
"""

import base64
import datetime
import hashlib
import importlib.metadata
import json
import logging
import pathlib
import struct
import warnings

from Crypto.Cipher import AES

warnings.filterwarnings("ignore")

import desk
import lark_oapi as lark
import standardwebhooks
import zone
from lark_oapi.core.model import RawRequest
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse
from lark_oapi.event.callback.model.p2_url_preview_get import P2URLPreviewGetResponse

from wecom import wecom

HERE = pathlib.Path(__file__).parent
NOW = 1_700_000_000_000
SECONDS = str(NOW // 1000)
NONCE = "abcdef0123"
KEY, OLD_KEY = "test key", "the key before"
TOKEN, OLD_TOKEN = "vtoken", "the token before"
SECRETS = {"encrypt_key": KEY, "verification_token": TOKEN}
KEYLESS = {"encrypt_key": None, "verification_token": TOKEN}
OLD = {"encrypt_key": OLD_KEY, "verification_token": OLD_TOKEN}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def versions(*names):
    return {name: importlib.metadata.version(name) for name in names}


# --- Feishu ---------------------------------------------------------------------------------------


def seal_bytes(plaintext, key, name, padding=None):
    """IV and ciphertext; `padding` replaces the right one."""
    iv = hashlib.sha256(name.encode()).digest()[:16]
    count = 16 - len(plaintext) % 16
    plaintext += bytes([count]) * count if padding is None else padding
    return iv + AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv).encrypt(plaintext)


def seal(plaintext, name, key=KEY, padding=None):
    if isinstance(plaintext, str):
        plaintext = plaintext.encode()
    return '{"encrypt":"%s"}' % base64.b64encode(seal_bytes(plaintext, key, name, padding)).decode()


def sign(body, key=KEY, timestamp=SECONDS, nonce=NONCE):
    body = body.encode() if isinstance(body, str) else body
    digest = hashlib.sha256((timestamp + nonce + key).encode() + body).hexdigest()
    return [
        ["X-Lark-Request-Timestamp", timestamp],
        ["X-Lark-Request-Nonce", nonce],
        ["X-Lark-Signature", digest],
    ]


def v2(event_type, event, token=TOKEN, event_id="f7984f25108f8137722bb63cee927e66", **more):
    header = {
        "event_id": event_id,
        "token": token,
        "create_time": str(NOW),
        "event_type": event_type,
        "tenant_key": "2ca1d211f64f6438",
        "app_id": "cli_9f5343c580712544",
    }
    header = {name: value for name, value in header.items() if value is not None}
    return {"schema": "2.0", "header": header, "event": event, **more}


def v1(event, token=TOKEN, uuid="bc447199585340d1f3728d26b1c0297a"):
    body = {
        "ts": "1502199207.7171419",
        "uuid": uuid,
        "token": token,
        "type": "event_callback",
        "event": event,
    }
    return {name: value for name, value in body.items() if value is not None}


def challenge(token=TOKEN, value="ajls384kdjx98XX"):
    return compact({"challenge": value, "token": token, "type": "url_verification"})


MESSAGE = {
    "sender": {
        "sender_id": {"union_id": "on_8ed6", "user_id": "e33ggbyz", "open_id": "ou_84aa"},
        "sender_type": "user",
        "tenant_key": "736588c9260f175e",
    },
    "message": {
        "message_id": "om_5ce6d572455d361153b7cb51da133945",
        "create_time": "1609073151345",
        "chat_id": "oc_5ce6d572455d361153b7xx51da133945",
        "chat_type": "p2p",
        "message_type": "text",
        "content": '{"text":"你好 \\"quoted\\" \\\\ {[ "}',
    },
}
CONTACT = {"object": {"open_id": "ou_7dab", "name": "张三", "department_ids": ["od-1"]}}
P2P_CHAT = {
    "type": "p2p_chat_create",
    "app_id": "cli_9c8609450f78d102",
    "chat_id": "oc_26b66a5eb603162b849f91bcd8815b20",
    "operator": {"open_id": "ou_2d2c0399b53d06fd195bb393cd1e38f2", "user_id": "gfa21d92"},
    "tenant_key": "736588c9260f175c",
}
CARD = {
    "operator": {"tenant_key": "2df7", "open_id": "ou_3c14"},
    "token": "c-295ee57216a5dc9de90fefd0aadb4b1d7d",
    "action": {"value": {"key": "value"}, "tag": "button"},
    "host": "im_message",
    "context": {"open_message_id": "om_574d", "open_chat_id": "oc_e4d2"},
}
PREVIEW = {
    "operator": {"tenant_key": "2df7", "open_id": "ou_3c14"},
    "host": "im_message",
    "context": {"url": "https://example.com/", "preview_token": "p1"},
}
APPROVAL = {
    "app_id": "cli_9c8609450f78d102",
    "approval_code": "4EB6",
    "instance_code": "5422C8D5",
    "status": "PENDING",
    "tenant_key": "1520",
    "type": "approval_instance",
    "uuid": "506b6c1a",
}


def official_status(vector):
    """What the official SDK's receiver answers to the same request under the current secrets."""
    secrets = vector["secrets"]
    builder = lark.EventDispatcherHandler.builder(
        secrets["encrypt_key"] or "", secrets["verification_token"]
    )
    builder.register_p2_card_action_trigger(lambda _: P2CardActionTriggerResponse({}))
    builder.register_p2_url_preview_get(lambda _: P2URLPreviewGetResponse({}))
    for event_type in ["im.message.receive_v1", "contact.user.created_v3"]:
        builder.register_p2_customized_event(event_type, lambda _: None)
    for event_type in ["p2p_chat_create", "approval_instance", "approval_task", "app_ticket"]:
        builder.register_p1_customized_event(event_type, lambda _: None)
    request = RawRequest()
    request.uri = "/"
    request.headers = dict(vector["request"]["headers"])
    body = vector["request"]
    request.body = base64.b64decode(body["body_base64"]) if "body_base64" in body else body["body"].encode()
    return builder.build().do(request).status_code


class Feishu:
    def __init__(self):
        self.vectors = []

    def receive(
        self, name, body, outcome, headers=(), secrets=SECRETS, previous=None, method="POST", **settings
    ):
        request = {"method": method, "headers": [list(pair) for pair in headers]}
        if isinstance(body, bytes):
            request["body_base64"] = base64.b64encode(body).decode()
        else:
            request["body"] = body
        vector = {"name": name, "dialect": "feishu", "half": "receive", "secrets": secrets}
        if previous:
            vector["previous"] = previous
        vector |= {"now": NOW, "tolerance_seconds": 28800, **settings, "request": request}
        if method == "POST":
            vector["official_sdk_status"] = official_status(vector)
        self.vectors.append(vector | outcome)

    def sealed(self, name, plaintext, outcome, key=KEY, timestamp=SECONDS, **more):
        """Encrypted and signed, as an event comes."""
        body = seal(plaintext if isinstance(plaintext, (str, bytes)) else compact(plaintext), name, key)
        self.receive(name, body, outcome, sign(body, key, timestamp), **more)


def refused(reason, authenticated=False):
    return {"refused": reason, "authenticated": authenticated}


def answers(value):
    return {"expect": {"kind": "challenge", "body": compact({"challenge": value})}}


def is_message(kind, event_type, body, app="cli_9f5343c580712544", dedupe_key=None, order_key=None):
    return {
        "expect": {
            "kind": kind,
            "event_type": event_type,
            "dedupe_key": dedupe_key,
            "order_key": order_key,
            "app": app,
            "body": body if isinstance(body, str) else compact(body),
        }
    }


def event(event_type, body, dedupe_key="f7984f25108f8137722bb63cee927e66", **more):
    return is_message("event", event_type, body, dedupe_key=dedupe_key, **more)


def event_v1(body, event_type="p2p_chat_create", **more):
    more.setdefault("app", "cli_9c8609450f78d102")
    return event(event_type, body, dedupe_key="bc447199585340d1f3728d26b1c0297a", **more)


CONTACT_TYPE = "contact.user.created_v3"
CONTACT_EVENT = v2(CONTACT_TYPE, CONTACT)
CONTACT_BLANKED = event(CONTACT_TYPE, v2(CONTACT_TYPE, CONTACT, token=""))


def crypto(vectors):
    """Sheet `feishu-events`, sections 2, 3.1 and 3.3; the first is the platform's own."""
    ciphertext = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
    plain = challenge("xxxxxx")
    iv = bytes(range(16))
    padded = plain.encode() + bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    second = iv + AES.new(hashlib.sha256(KEY.encode()).digest(), AES.MODE_CBC, iv).encrypt(padded)
    second = base64.b64encode(second).decode()
    assert second.startswith("AAECAwQFBgcICQoLDA0ODw9mLTIAZS9jAmGTQ1wAhHpnBHVL2wRjH9rP"), second
    base = {"dialect": "feishu", "half": "crypto"}
    for name, iv_hex, plaintext, wire in [
        ("the platform's documented text", "3f7ef0f9564898d80f10ed5106127a46", "hello world", ciphertext),
        ("a challenge", iv.hex(), plain, second),
    ]:
        assert lark.core.utils.AESCipher(KEY).decrypt_str(wire) == plaintext
        vectors.append(
            {"name": name, **base, "operation": "encrypt", "encrypt_key": KEY, "iv": iv_hex,
             "plaintext": plaintext, "encrypted": wire}
        )
    for name, body, signature in [
        ("signature over the second text", '{"encrypt":"%s"}' % second,
         "9914b2d5254538fb855d053f4a837c4fdb326f35987ca571e4c000ca64604083"),
        ("signature over a body in clear", '{"schema":"2.0"}',
         "97cb78515317c95d5f2a76b065b6b9df79faee9d4fcf0291ad093ce63509c422"),
    ]:
        assert dict(sign(body))["X-Lark-Signature"] == signature
        vectors.append(
            {"name": name, **base, "operation": "sign", "encrypt_key": KEY, "timestamp": SECONDS,
             "nonce": NONCE, "body": body, "signature": signature}
        )
    body, signature = '{"schema":"2.0"}', "02e7b541ff33c5e08e6f21e0d22ffdbafb6eaad3"
    assert hashlib.sha1((SECONDS + NONCE + TOKEN + body).encode()).hexdigest() == signature
    vectors.append(
        {"name": "signature of the old card callback", **base, "operation": "sign_card_v1",
         "verification_token": TOKEN, "timestamp": SECONDS, "nonce": NONCE, "body": body,
         "signature": signature}
    )


def accepted(make):
    make.receive("challenge in clear, no key set", challenge(), answers("ajls384kdjx98XX"), secrets=KEYLESS)
    make.receive("challenge in clear although a key is set", challenge(), answers("ajls384kdjx98XX"))
    name = "challenge encrypted and unsigned"
    make.receive(name, seal(challenge(), name), answers("ajls384kdjx98XX"))
    make.sealed("challenge encrypted and signed", challenge(), answers("ajls384kdjx98XX"))
    odd = 'quote " backslash \\ tab \t 中文 \u2028'
    make.receive("challenge that must be escaped", challenge(value=odd), answers(odd), secrets=KEYLESS)
    hybrid = v2(CONTACT_TYPE, {}, challenge="c1", type="url_verification")
    make.receive("challenge inside a schema wrapper", compact(hybrid), answers("c1"), secrets=KEYLESS)

    message_type = "im.message.receive_v1"
    make.sealed(
        "message event is deduplicated by message_id",
        v2(message_type, MESSAGE),
        event(message_type, v2(message_type, MESSAGE, token=""), MESSAGE["message"]["message_id"]),
    )
    make.sealed("schema 2.0 encrypted and signed", CONTACT_EVENT, CONTACT_BLANKED)
    make.receive("schema 2.0 in clear, no key set", compact(CONTACT_EVENT), CONTACT_BLANKED, secrets=KEYLESS)
    body = compact(CONTACT_EVENT)
    make.receive("schema 2.0 in clear but signed", body, CONTACT_BLANKED, sign(body))
    make.sealed("schema 1.0 encrypted and signed", v1(P2P_CHAT), event_v1(v1(P2P_CHAT, token="")))
    spaced = json.dumps({"uuid": "u1", "event": APPROVAL, "token": TOKEN, "ts": "1716174328.962266",
                         "type": "event_callback"})
    make.sealed(
        "schema 1.0 with the real platform's spaces; approvals have an order",
        spaced,
        event("approval_instance", spaced.replace(TOKEN, ""), "u1", app="cli_9c8609450f78d102",
              order_key="approval:5422C8D5"),
    )
    task = APPROVAL | {"type": "approval_task"}
    make.sealed(
        "a task stands in the order of its approval",
        v1(task),
        event_v1(v1(task, token=""), "approval_task", order_key="approval:5422C8D5"),
    )
    ticket = {"app_id": "cli_9c8609450f78d102", "app_ticket": "xxx", "type": "app_ticket"}
    make.sealed("app_ticket has no tenant", v1(ticket), event_v1(v1(ticket, token=""), "app_ticket"))
    make.sealed(
        "card callback is a call and keeps its update token",
        v2("card.action.trigger", CARD),
        is_message("call", "card.action.trigger", v2("card.action.trigger", CARD, token="")),
    )
    preview = v2("url.preview.get", PREVIEW, event_id=None)
    blanked = v2("url.preview.get", PREVIEW, event_id=None, token="")
    make.sealed("a call needs no event id", preview, is_message("call", "url.preview.get", blanked))

    name = "a space in the envelope"
    body = seal(compact(CONTACT_EVENT), name).replace(":", ": ")
    make.receive(name, body, CONTACT_BLANKED, sign(body))
    name = "slashes escaped in the envelope"
    body = seal(compact(CONTACT_EVENT), name).replace("/", "\\/")
    assert "\\/" in body
    make.receive(name, body, CONTACT_BLANKED, sign(body))
    text = compact(CONTACT_EVENT).replace('"token":"vtoken"', '"t\\u006fken" : "\\u0076token"')
    make.sealed(
        "member name and token written with escapes",
        text,
        event(CONTACT_TYPE, text.replace('"\\u0076token"', '""')),
    )
    more = {"user_list": [{"token": TOKEN}], "extra": None}
    make.sealed(
        "unknown members, and a token that is not the verification token",
        CONTACT_EVENT | more,
        event(CONTACT_TYPE, v2(CONTACT_TYPE, CONTACT, token="") | more),
    )
    deep = '"event":' + "[" * 63 + "]" * 63
    text = compact(v2(CONTACT_TYPE, 0)).replace('"event":0', deep)
    make.sealed("nested 64 deep", text, event(CONTACT_TYPE, text.replace(TOKEN, "")))
    brackets = CONTACT | {"name": '\\"' + "[{" * 100 + "\\"}
    make.sealed(
        "brackets inside a string are no depth",
        v2(CONTACT_TYPE, brackets),
        event(CONTACT_TYPE, v2(CONTACT_TYPE, brackets, token="")),
    )
    make.sealed("eight hours old is still fresh", CONTACT_EVENT, CONTACT_BLANKED, timestamp=str(NOW // 1000 - 28800))
    make.sealed("any age without a tolerance", CONTACT_EVENT, CONTACT_BLANKED, timestamp="1", tolerance_seconds=None)
    make.sealed("no number without a tolerance", CONTACT_EVENT, CONTACT_BLANKED, timestamp="soon", tolerance_seconds=None)

    make.sealed("rotation: signed under the key before", CONTACT_EVENT, CONTACT_BLANKED, key=OLD_KEY, previous=OLD)
    make.sealed(
        "rotation: the token before",
        v2(CONTACT_TYPE, CONTACT, token=OLD_TOKEN), CONTACT_BLANKED, previous=OLD,
    )
    name = "rotation: challenge under the key before"
    make.receive(name, seal(challenge(OLD_TOKEN), name, OLD_KEY), answers("ajls384kdjx98XX"), previous=OLD)
    make.receive("rotation: in clear while encryption is being switched on", compact(CONTACT_EVENT), CONTACT_BLANKED, previous=KEYLESS)
    make.sealed(
        "rotation: encrypted while encryption is being switched off",
        CONTACT_EVENT, CONTACT_BLANKED, secrets=KEYLESS, previous=SECRETS,
    )


def extended(body):
    """A signature that fits `body` and something behind it, made without the key (3.1)."""
    original = dict(sign(body))["X-Lark-Signature"]
    length = len(SECONDS + NONCE + KEY) + len(body)
    glue = b"\x80" + b"\0" * (-(length + 9) % 64) + struct.pack(">Q", length * 8)
    tail = b'"forged"'
    total = length + len(glue) + len(tail)
    block = tail + b"\x80" + b"\0" * (-(total + 9) % 64) + struct.pack(">Q", total * 8)
    state = list(struct.unpack(">8I", bytes.fromhex(original)))
    for start in range(0, len(block), 64):
        state = sha256_block(state, block[start : start + 64])
    forged = body.encode() + glue + tail
    signature = struct.pack(">8I", *state).hex()
    assert signature == dict(sign(forged))["X-Lark-Signature"]
    return forged, sign(body)[:2] + [["X-Lark-Signature", signature]]


def sha256_block(state, block):
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))][:64]
    constants = [int((n ** (1 / 3) % 1) * 2**32) for n in primes]
    turn = lambda x, n: (x >> n | x << (32 - n)) & 0xFFFFFFFF
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        near, far = words[i - 15], words[i - 2]
        words.append((words[i - 16] + (turn(near, 7) ^ turn(near, 18) ^ near >> 3) + words[i - 7]
                      + (turn(far, 17) ^ turn(far, 19) ^ far >> 10)) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, constants):
        one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + constant + word
        two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) & 0xFFFFFFFF, a, b, c, (d + one) & 0xFFFFFFFF, e, f, g
    return [(x + y) & 0xFFFFFFFF for x, y in zip(state, [a, b, c, d, e, f, g, h])]


def refusals(make):
    held = lambda reason: refused(reason, authenticated=True)
    body = seal(compact(CONTACT_EVENT), "refusals")
    headers = sign(body)
    make.receive("GET", body, refused("not_post"), headers, method="GET")

    make.receive("no JSON, unsigned", "hello", refused("body_not_json"))
    make.receive("no JSON, signed", "hello", held("body_not_json"), sign("hello"))
    make.receive("an empty body", "", refused("body_not_json"))
    make.receive("bytes that are not UTF-8", b'{"a":"\xff"}', refused("body_not_json"))
    make.receive("something behind the JSON", body + "{}", held("body_not_json"), sign(body + "{}"))
    forged, forged_headers = extended(body)
    make.receive("signature by length extension", forged, held("body_not_json"), forged_headers)
    make.receive("an array", "[]", refused("body_shape"))
    make.receive("encrypt is no string", '{"encrypt":1}', refused("body_shape"))
    twice = body[:-1] + "," + body[1:]
    make.receive("encrypt twice", twice, held("body_shape"), sign(twice))
    text = compact(CONTACT_EVENT).replace('"token":"vtoken"', '"token":"vtoken","token":"other"')
    make.sealed("token twice", text, held("body_shape"))
    deep = "[" * 65 + "]" * 65
    make.receive("nested 65 deep in clear", deep, refused("depth"))
    make.sealed("nested 65 deep inside", '{"event":' + deep[1:-1] + "}", held("depth"))

    make.receive("event in clear and unsigned although a key is set", compact(CONTACT_EVENT), refused("not_encrypted"))
    make.receive("encrypted but no key is set", body, refused("no_encrypt_key"), headers, secrets=KEYLESS)
    wire = lambda text: '{"encrypt":"%s"}' % text
    for name, text, reason in [
        ("no base64", "*", "base64"),
        ("URL-safe base64", base64.urlsafe_b64encode(b"\xff" * 48).decode(), "base64"),
        ("base64 without padding", base64.b64encode(b"0" * 32).decode().rstrip("="), "base64"),
        ("nothing", "", "ciphertext_length"),
        ("a vector and no block", base64.b64encode(b"0" * 16).decode(), "ciphertext_length"),
        ("a block and a half", base64.b64encode(b"0" * 40).decode(), "ciphertext_length"),
    ]:
        make.receive("encrypt holds " + name, wire(text), held(reason), sign(wire(text)))
    make.receive("encrypt holds no base64, unsigned", wire("*"), refused("base64"))
    for name, plaintext, padding in [
        ("zero", b"x" * 15, b"\0"),
        ("seventeen", b"x" * 15, b"\x11"),
        ("of unequal bytes", b"x" * 13, b"\x02\x03\x03"),
    ]:
        sealed = seal(plaintext, name, padding=padding)
        make.receive("padding " + name, sealed, held("padding"), sign(sealed))
    make.receive("challenge under another key", seal(challenge(), "wrong", OLD_KEY), refused("padding"))
    make.sealed("decrypts to no UTF-8", b'{"a":"\xff"}', held("utf8"))
    make.sealed("decrypts to no JSON", "hello world", held("plaintext_not_json"))
    make.sealed("decrypts to nothing", "", held("plaintext_not_json"))
    make.sealed("decrypts to an array", "[]", held("body_shape"))

    make.receive("encrypted event, unsigned", body, refused("signature_missing"))
    make.receive("timestamp and nonce without a signature", body, refused("signature_missing"), headers[:2])
    make.receive("no timestamp", body, refused("timestamp_missing"), headers[1:])
    make.receive("no nonce", body, refused("nonce_missing"), headers[::2])
    make.receive("two signatures", body, refused("header_repeated"), headers + headers[2:])
    make.receive("a wrong signature", body, refused("signature_mismatch"), sign(body + " "))
    make.receive("signed under another key", body, refused("signature_mismatch"), sign(body, OLD_KEY))
    upper = [*headers[:2], ["X-Lark-Signature", headers[2][1].upper()]]
    make.receive("signature in upper case", body, refused("signature_mismatch"), upper)
    make.receive("signature of another nonce", body, refused("signature_mismatch"), sign(body, nonce="x")[::2] + headers[1:2])
    make.receive("challenge with a wrong signature", seal(challenge(), "c"), refused("signature_mismatch"), headers)
    make.sealed("rotation over: the key before", CONTACT_EVENT, refused("signature_mismatch"), key=OLD_KEY)
    make.sealed("timestamp with a fraction", CONTACT_EVENT, refused("timestamp_format"), timestamp=SECONDS + ".5")
    make.sealed("timestamp with a sign", CONTACT_EVENT, refused("timestamp_format"), timestamp="+" + SECONDS)
    old, early = str(NOW // 1000 - 28801), str(NOW // 1000 + 28801)
    make.sealed("too old", CONTACT_EVENT, refused("timestamp_stale"), timestamp=old)
    make.sealed("too early", CONTACT_EVENT, refused("timestamp_stale"), timestamp=early)
    make.sealed("too old for a narrow tolerance", CONTACT_EVENT, refused("timestamp_stale"),
                timestamp=str(NOW // 1000 - 61), tolerance_seconds=60)
    make.sealed("a call older than five minutes", v2("card.action.trigger", CARD), held("timestamp_stale"),
                timestamp=str(NOW // 1000 - 301))

    make.sealed("no token", v2(CONTACT_TYPE, CONTACT, token=None), held("token_missing"))
    make.sealed("token is a number", v2(CONTACT_TYPE, CONTACT, token=1), held("token_missing"))
    make.sealed("another token", v2(CONTACT_TYPE, CONTACT, token="guess"), held("token_mismatch"))
    make.sealed("another token in schema 1.0", v1(P2P_CHAT, token="guess"), held("token_mismatch"))
    make.receive("challenge with another token", challenge("guess"), refused("token_mismatch"))
    make.receive("challenge without a token", '{"challenge":"c","type":"url_verification"}', refused("token_missing"), secrets=KEYLESS)
    make.receive("an empty token never fits", challenge(""), refused("token_mismatch"),
                 secrets={"encrypt_key": None, "verification_token": ""})
    make.receive("event in clear with another token", compact(v2(CONTACT_TYPE, CONTACT, token="guess")),
                 refused("token_mismatch"), secrets=KEYLESS)
    make.sealed("rotation over: the token before", v2(CONTACT_TYPE, CONTACT, token=OLD_TOKEN), held("token_mismatch"))
    make.receive("rotation: in clear needs the token of the secrets without a key", compact(CONTACT_EVENT),
                 refused("token_mismatch"), previous={"encrypt_key": None, "verification_token": OLD_TOKEN})
    make.receive("challenge without a challenge", '{"token":"vtoken","type":"url_verification"}', refused("challenge_missing"))
    make.receive("challenge that is a number", '{"challenge":1,"token":"vtoken","type":"url_verification"}', refused("challenge_missing"))

    by_position = compact(CONTACT_EVENT).replace(compact(CONTACT_EVENT["header"]), compact(list(CONTACT_EVENT["header"].values())))
    make.sealed("header is an array", by_position, held("body_shape"))
    make.sealed("no event_id", v2(CONTACT_TYPE, CONTACT, event_id=None), held("no_event_id"))
    make.sealed("an empty event_id", v2(CONTACT_TYPE, CONTACT, event_id=""), held("no_event_id"))
    make.sealed("no uuid", v1(P2P_CHAT, uuid=None), held("no_event_id"))
    make.sealed("no event_type", v2(None, CONTACT), held("no_event_type"))
    make.sealed("neither header nor event", {"token": TOKEN}, held("no_event_type"))
    make.sealed("event_id with a NUL", v2(CONTACT_TYPE, CONTACT, event_id="a\0b"), held("identifier_format"))
    make.sealed("event_type of 257 bytes", v2("x" * 257, CONTACT), held("identifier_format"))


def send(vectors):
    """What a platform would push: token set, encrypted, signed; or in clear, where no key is set."""
    random = bytes(range(32))
    iv, nonce = random[:16], random[16:].hex()
    cipher = AES.new(hashlib.sha256(KEY.encode()).digest(), AES.MODE_CBC, iv)
    plain = compact(CONTACT_EVENT).encode()
    count = 16 - len(plain) % 16
    sealed = '{"encrypt":"%s"}' % base64.b64encode(iv + cipher.encrypt(plain + bytes([count]) * count)).decode()
    content_type = ["content-type", "application/json;charset=utf-8"]
    signed = [content_type] + [[name.lower(), value] for name, value in sign(sealed, nonce=nonce)]
    for name, secrets, headers, body in [
        ("push encrypted and signed", SECRETS, signed, sealed),
        ("push in clear", KEYLESS, [content_type], plain.decode()),
    ]:
        request = {"headers": [[part[0].title(), part[1]] for part in headers], "body": body}
        assert official_status({"secrets": secrets, "request": request}) == 200
        vectors.append(
            {"name": name, "dialect": "feishu", "half": "send", "secrets": secrets, "now": NOW,
             "random": random.hex(),
             "outgoing": {"event_id": "evt_1", "event_type": CONTACT_TYPE,
                          "body": compact(v2(CONTACT_TYPE, CONTACT, token=""))},
             "expect": {"kind": "request", "headers": headers, "body": body}}
        )


# --- Standard Webhooks ----------------------------------------------------------------------------

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another key, of twenty-eight").decode()
PING = '{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"id":"1f81eb52"}}'


def standard_signature(secret, body, identifier="msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=SECONDS):
    time = datetime.datetime.fromtimestamp(int(seconds), tz=datetime.timezone.utc)
    return standardwebhooks.Webhook(secret).sign(identifier, time, body)


def standard():
    vectors = []

    def headers(signature, identifier="msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=SECONDS):
        pairs = [["webhook-id", identifier], ["webhook-timestamp", seconds], ["webhook-signature", signature]]
        return [pair for pair in pairs if pair[1] is not None]

    def receive(name, outcome, body=PING, signature=..., secrets=(SECRET,), method="POST", extra=(), **settings):
        identifier = settings.pop("identifier", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        seconds = settings.pop("seconds", SECONDS)
        if signature is ...:
            signature = standard_signature(SECRET, body, identifier, seconds if (seconds or "").isdigit() else SECONDS)
        vectors.append(
            {"name": name, "dialect": "standard", "half": "receive", "secrets": {"keys": list(secrets)}, "now": NOW,
             "tolerance_seconds": 300, **settings,
             "request": {"method": method, "headers": headers(signature, identifier, seconds) + list(extra), "body": body}}
            | outcome
        )

    def happened(event_type="contact.created", body=PING, dedupe_key="msg_p5jXN8AQM9LWM0D4loKWxJek"):
        return is_message("event", event_type, body, app=None, dedupe_key=dedupe_key)

    right, other = standard_signature(SECRET, PING), standard_signature(OTHER, PING)
    receive("one signature", happened())
    receive("two signatures, the second fits", happened(), signature=f"{other} {right}")
    receive("other versions are passed over", happened(), signature=f"v1a,AAAA v2,{right[3:]} nonsense {right}")
    receive("rotation: the key before", happened(), secrets=(OTHER, SECRET))
    receive("a key without its prefix", happened(), secrets=(SECRET.removeprefix("whsec_"),))
    receive("no type in the body", happened("standard.event", "{}"), body="{}")
    receive("type is no string", happened("standard.event", '{"type":1}'), body='{"type":1}')
    receive("no object", happened("standard.event", "[1]"), body="[1]")
    for seconds in [NOW // 1000 - 300, NOW // 1000 + 300]:
        receive(f"five minutes off: {seconds}", happened(), seconds=str(seconds))
    receive("any age without a tolerance", happened(), seconds="1", tolerance_seconds=None)

    receive("GET", refused("not_post"), method="GET")
    receive("no id", refused("id_missing"), identifier=None, signature=right)
    receive("an empty id", refused("id_missing", True), identifier="")
    receive("no timestamp", refused("timestamp_missing"), seconds=None, signature=right)
    receive("no signature", refused("signature_missing"), signature=None)
    receive("two ids", refused("header_repeated"), extra=[["webhook-id", "other"]])
    receive("timestamp is no number", refused("timestamp_format"), seconds="now")
    for seconds in [NOW // 1000 - 301, NOW // 1000 + 301]:
        receive(f"more than five minutes off: {seconds}", refused("timestamp_stale"), seconds=str(seconds))
    receive("another key", refused("signature_mismatch"), secrets=(OTHER,))
    receive("no live key", refused("signature_mismatch"), secrets=())
    receive("another body", refused("signature_mismatch"), body=PING + " ", signature=right)
    receive("another id", refused("signature_mismatch"), identifier="msg_2", signature=right)
    receive("another version only", refused("signature_mismatch"), signature="v2" + right[2:])
    receive("no base64", refused("signature_mismatch"), signature="v1,*")
    receive("rotation over: the key before", refused("signature_mismatch"), signature=other)
    receive("no JSON", refused("body_not_json", True), body="hello")
    receive("type twice", refused("body_shape", True), body='{"type":"a","type":"b"}')
    receive("nested 65 deep", refused("depth", True), body="[" * 65 + "]" * 65)
    receive("id of 257 bytes", refused("identifier_format", True), identifier="x" * 257)
    receive("type with a NUL", refused("identifier_format", True), body='{"type":"a\\u0000b"}')

    for name, secrets in [("one key", [SECRET]), ("two keys while a rotation lasts", [OTHER, SECRET])]:
        signature = " ".join(standard_signature(secret, PING, "evt_1") for secret in secrets)
        vectors.append(
            {"name": "push under " + name, "dialect": "standard", "half": "send", "secrets": {"keys": secrets},
             "now": NOW, "random": "00" * 32,
             "outgoing": {"event_id": "evt_1", "event_type": "contact.created", "body": PING},
             "expect": {"kind": "request",
                        "headers": [["content-type", "application/json"], *headers(signature, "evt_1")],
                        "body": PING}}
        )
    return {"made_with": versions("standardwebhooks"), "vectors": vectors}


def feishu():
    make = Feishu()
    crypto(make.vectors)
    accepted(make)
    refusals(make)
    send(make.vectors)
    return {"made_with": versions("lark-oapi", "pycryptodome"), "vectors": make.vectors}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    desk.write()
    wecom_file = {"made_with": versions("wechatpy", "pycryptodome"), "vectors": wecom()}
    zone_file = {"made_with": versions("pycryptodome"), "vectors": zone.vectors()}
    files = [("feishu", feishu()), ("standard", standard()), ("wecom", wecom_file), ("zone", zone_file)]
    for name, content in files:
        names = [vector["name"] for vector in content["vectors"]]
        assert len(names) == len(set(names)), name
        lines = ",\n".join("  " + json.dumps(vector, ensure_ascii=False) for vector in content["vectors"])
        made = json.dumps(content["made_with"])
        (HERE / f"{name}.json").write_text(f'{{"made_with": {made}, "vectors": [\n{lines}\n]}}\n')
        print(f"{name}: {len(names)} vectors")
