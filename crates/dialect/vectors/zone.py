"""The vectors of the zone's channel and of protocol matching, for `make.py`.

AES-256-GCM by pycryptodome, HMAC and SHA-256 by the standard library; HKDF (RFC 5869) and protocol
matching are written out here once more, in the plainest way. What the fields mean stands in `make.py`.
"""

import base64
import hashlib
import hmac
import json

from Crypto.Cipher import AES

LABEL = b"ringback-zone-1"
NOW = 1_700_000_000_000
SECRET, OTHER = bytes(range(32)), bytes(range(100, 132))
KEY_ID = "prog1/1"
REPLIES = {"reply", "invoke-reply", "open-reply"}
TARGETS = {"request": "/", "reply": "/", "invoke": "sync_msg", "invoke-reply": "sync_msg",
           "open": "open", "open-reply": "open"}
CALL = '{"corpid":"wpqwer","agentid":1000002,"call_type":1,"data":"{\\"limit\\":200}","is_async":false,' \
       '"job_info":"","ability_id":"invoke_sync_msg","notify_id":""}'
INVOKE = '{"corpid":"wpqwer","agentid":1000002,"ability_id":"invoke_sync_msg","job_info":"","request":' \
         '"{\\"cursor\\":\\"\\"}"}'
OPENED = '{"key_id":"prog1/dbg-7","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","version":1,' \
         '"expires_at":1700007200}'
PLAINTEXTS = {"request": CALL, "reply": '{"errcode":0,"errmsg":"你好"}', "invoke": INVOKE,
              "invoke-reply": '{"errcode":0,"errmsg":"ok"}', "open": '{"access_token":"accesstoken000001"}',
              "open-reply": OPENED}


def url64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


REQUEST_ID, OTHER_REQUEST_ID = url64(bytes(range(16))), url64(bytes(range(50, 66)))


# --- The channel ----------------------------------------------------------------------------------


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, info, length):
    output, block = b"", b""
    while len(output) < length:
        block = hmac_sha256(key, block + info + bytes([len(output) // 32 + 1]))
        output += block
    return output[:length]


def items(*texts):
    texts = [text.encode() if isinstance(text, str) else text for text in texts]
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def derive(secret, flow, nonce):
    root = hmac_sha256(LABEL, secret)
    mac = expand(root, b"mac\0" + flow.encode(), 32)
    enc = expand(root, b"enc\0" + flow.encode(), 32)
    message = expand(enc, nonce, 44)
    return {"mac": mac, "enc": enc, "message_key": message[:32], "gcm_nonce": message[32:]}


def nonce_of(name):
    return hashlib.sha256(name.encode()).digest()[:16]


class Sealed:
    """A message, and the ways to make it wrong while its signature holds."""

    def __init__(self, name, flow="request", target=None, key_id=KEY_ID, version="1", secret=SECRET, now=NOW,
                 request_id=REQUEST_ID, outcome=None, plaintext=None, body=None, spoil=lambda text: text,
                 sealed_for=None):
        self.nonce = nonce_of(name)
        target = TARGETS[flow] if target is None else target
        outcome = ("ok" if flow in REPLIES else "") if outcome is None else outcome
        plaintext = ("" if outcome == "error" else PLAINTEXTS[flow]) if plaintext is None else plaintext
        self.plaintext = plaintext
        self.derived = derive(secret, flow, self.nonce)
        before = items(LABEL, flow, target, key_id, version, str(now), url64(self.nonce))
        associated = before + items(request_id if sealed_for is None else sealed_for)
        cipher = AES.new(self.derived["message_key"], AES.MODE_GCM, nonce=self.derived["gcm_nonce"], mac_len=16)
        cipher.update(associated)
        text = b"".join(cipher.encrypt_and_digest(plaintext.encode()))
        encoded = base64.b64encode(spoil(text)).decode()
        self.body = '{"encrypt":"%s"}' % encoded if body is None else body(encoded)
        signed = before + items(request_id) + items(outcome, self.body)
        signature = base64.b64encode(hmac_sha256(self.derived["mac"], signed)).decode()
        headers = {"ww-channel": "1", "ww-key-id": key_id, "ww-secret-ver": version, "ww-timestamp": str(now),
                   "ww-nonce": url64(self.nonce), "ww-request-id": request_id, "ww-outcome": outcome,
                   "ww-signature": signature}
        if flow not in REPLIES:
            del headers["ww-outcome"]
        self.headers = headers

    def pairs(self, change=None, repeat=None):
        """The headers; `change` sets some of them, or leaves out those that are None."""
        headers = {**self.headers, **(change or {})}
        pairs = [[name, value] for name, value in headers.items() if value is not None]
        return pairs + ([[repeat, headers[repeat]]] if repeat else [])


def text64(raw):
    return base64.b64encode(raw).decode()


def ring(*versions, key_id=KEY_ID):
    versions = versions or ((1, SECRET),)
    return {"key_id": key_id,
            "versions": [{"version": version, "secret": text64(secret)} for version, secret in versions]}


class Channel:
    def __init__(self):
        self.vectors = []

    def seal(self, name, flow, **settings):
        made = Sealed(name, flow, **settings)
        headers = made.headers
        message = {"flow": flow, "target": settings.get("target", TARGETS[flow]), "key_id": headers["ww-key-id"],
                   "version": int(headers["ww-secret-ver"]), "request_id": headers["ww-request-id"],
                   "outcome": headers.get("ww-outcome"), "plaintext": made.plaintext}
        self.vectors.append(
            {"name": name, "dialect": "zone", "half": "seal", "secret": text64(settings.get("secret", SECRET)),
             "now": NOW, "nonce": made.nonce.hex(), "message": message,
             "derived": {name: value.hex() for name, value in made.derived.items()},
             "expect": {"headers": [["content-type", "application/json"], *made.pairs()], "body": made.body}})

    def open(self, name, result, flow="request", change=None, repeat=None, keys=None, target=None, now=NOW,
             seen=(), capacity=10, opened_as=None, tampered=None, **settings):
        made = Sealed(name, flow, **settings)
        if seen == "itself":
            seen = [made.nonce.hex()]
        if result == "opens":
            headers = {**made.headers, **(change or {})}
            result = {"expect": {"version": int(headers["ww-secret-ver"]),
                                  "request_id": headers.get("ww-request-id") or "",
                                  "outcome": headers.get("ww-outcome") or None, "plaintext": made.plaintext}}
        body = tampered(made.body) if tampered else made.body
        self.vectors.append(
            {"name": name, "dialect": "zone", "half": "open", "ring": keys or ring(), "seen": list(seen),
             "capacity": capacity, "flow": opened_as or flow, "target": target or TARGETS[flow], "now": now,
             "request": {"headers": made.pairs(change, repeat), "body": body}, **result})

    def frame(self, name, frame, plaintext, outcome):
        self.vectors.append({"name": name, "dialect": "zone", "half": "frame", "frame": frame,
                             "plaintext": plaintext, **outcome})

    def judge(self, name, call, event, change=None, keys=None, binding="strict", output=None, status=200, cut=False,
              seen=(), answer=None, flow="reply", **settings):
        made = Sealed(name, flow, **settings)
        if seen == "itself":
            seen = [made.nonce.hex()]
        answer = answer or {"headers": made.pairs(change), "body": made.body}
        if call == "answers":
            call = {"plaintext": made.plaintext}
        self.vectors.append(
            {"name": name, "dialect": "zone", "half": "judge", "ring": keys or ring(), "request_id": REQUEST_ID,
             "binding": binding, "seen": list(seen), "output": output, "now": NOW, "status": status, "cut": cut,
             "answer": answer, "call": call, "event": event})


CODES = {"channel": -10008, "key_id_format": -10008, "key_id_unknown": -10008, "version_format": -10008,
         "version_unknown": -10008, "nonces_full": -10001, "body_shape": -10005, "base64": -10005,
         "decryption": -10005, "plaintext_not_json": -10009}


def refused(reason):
    return {"refused": reason, "code": CODES.get(reason, -10004)}


def seals(make):
    for flow in TARGETS:
        make.seal(f"seal {flow}", flow)
    make.seal("seal an error reply", "reply", outcome="error")
    make.seal("seal an unbound reply", "reply", request_id="")
    make.seal("seal an empty plaintext", "invoke", plaintext="")
    make.seal("seal under version 4294967295", "request", version="4294967295")
    make.seal("seal an open under a debug token", "open", key_id="7", secret=b"dbg_7_c2VjcmV0")
    make.seal("seal 3 KiB", "reply", plaintext="数据" * 512)


def opens(make):
    for flow in TARGETS:
        make.open(f"open {flow}", "opens", flow)
    make.open("open an error reply", "opens", "reply", outcome="error")
    make.open("open an unbound reply", "opens", "reply", request_id="")
    make.open("header names in another case", "opens",
              change={"ww-key-id": None, "Ww-Key-Id": KEY_ID, "ww-nonce": None,
                      "WW-NONCE": url64(nonce_of("header names in another case"))})
    make.open("an unbound reply whose empty header was dropped", "opens", "reply", request_id="",
              change={"ww-request-id": None})
    make.open("an empty outcome in a request", "opens", change={"ww-outcome": ""})
    make.open("ww-refusal is outside the signature", "opens", "invoke-reply", outcome="error",
              change={"ww-refusal": "-10004"})
    make.open("the older of two live versions", "opens", keys=ring((1, SECRET), (2, OTHER)))
    make.open("the newer of two live versions", "opens", version="2", secret=OTHER,
              keys=ring((1, SECRET), (2, OTHER)))
    for off in [-300_000, 300_000]:
        make.open(f"five minutes off: {off} ms", "opens", now=NOW - off)
    make.open("another nonce has been seen", "opens", seen=["00" * 16])
    make.open("a slash escaped in the body", "opens",
              body=lambda text: '{ "encrypt" : "%s" }' % text.replace("/", "\\/"))


def address(make):
    for name, value in [("missing", None), ("2", "2"), ("two", "1, 1"), ("with a space", "1 ")]:
        make.open(f"channel {name}", refused("channel"), change={"ww-channel": value})
    make.open("channel twice", refused("channel"), repeat="ww-channel")
    for name, value in [("missing", None), ("empty", ""), ("of 257 bytes", "x" * 257), ("with a space", "prog1 /1")]:
        make.open(f"key id {name}", refused("key_id_format"), change={"ww-key-id": value})
    make.open("key id twice", refused("key_id_format"), repeat="ww-key-id")
    make.open("key id of another instance", refused("key_id_unknown"), key_id="prog1/2")
    for value in [None, "", "01", "+1", "-1", "1.0", "0x1", "4294967296", "1,1"]:
        make.open(f"version {value}", refused("version_format"), change={"ww-secret-ver": value})
    make.open("version twice", refused("version_format"), repeat="ww-secret-ver")
    make.open("version that is over", refused("version_unknown"), keys=ring((2, SECRET), (3, OTHER)))
    make.open("unknown version before a stale time", refused("version_unknown"), version="9", now=NOW + 400_000)


def form(make):
    for header in ["timestamp", "nonce", "request-id", "outcome", "signature"]:
        flow = "reply" if header == "outcome" else "request"
        make.open(f"{header} twice", refused("header_repeated"), flow, repeat=f"ww-{header}")
    for value in [None, "", "now", "1700000000000.0", "-1", "01700000000000", "99999999999999999999"]:
        make.open(f"timestamp {value}", refused("timestamp_format"), change={"ww-timestamp": value})
    for off in [-300_001, 300_001]:
        make.open(f"more than five minutes off: {off} ms", refused("timestamp_stale"), now=NOW - off)
    make.open("seconds instead of milliseconds", refused("timestamp_stale"), change={"ww-timestamp": str(NOW // 1000)})
    for name, value in [("missing", None), ("of 15 bytes", url64(bytes(15))), ("of 17 bytes", url64(bytes(17))),
                        ("padded", url64(bytes(16)) + "=="), ("in standard base64", "+" * 21 + "A"),
                        ("with bits to spare", "A" * 21 + "B"), ("two joined", url64(bytes(16)) + ", " + "A" * 22)]:
        make.open(f"nonce {name}", refused("nonce_format"), change={"ww-nonce": value})
    for name, value in [("missing", None), ("empty", ""), ("short", "AAAA"), ("no base64url", "*" * 22)]:
        make.open(f"request id {name}", refused("request_id_format"), change={"ww-request-id": value})
    make.open("request id short in a reply", refused("request_id_format"), "reply", change={"ww-request-id": "AAAA"})
    for value in [None, "", "OK", "fine"]:
        make.open(f"outcome {value} in a reply", refused("outcome_format"), "reply", change={"ww-outcome": value})
    make.open("outcome in a request", refused("outcome_format"), change={"ww-outcome": "ok"})
    for name, value in [("missing", None), ("empty", ""), ("of 31 bytes", text64(bytes(31))),
                        ("in base64url", "_" * 42 + "8="), ("without padding", "A" * 43)]:
        make.open(f"signature {name}", refused("signature_format"), change={"ww-signature": value})


def signature(make):
    mismatch = refused("signature_mismatch")
    make.open("another secret", mismatch, keys=ring((1, OTHER)))
    make.open("one bit of the signature", mismatch, change={"ww-signature": "A" * 43 + "="})
    make.open("one byte more in the body", mismatch, tampered=lambda body: body + " ")
    make.open("body of another message", mismatch, tampered=lambda _: Sealed("another").body)
    make.open("another time", mismatch, change={"ww-timestamp": str(NOW + 1)})
    make.open("another nonce", mismatch, change={"ww-nonce": url64(bytes(16))})
    make.open("another request id", mismatch, change={"ww-request-id": OTHER_REQUEST_ID})
    make.open("another version of the same secret", mismatch, change={"ww-secret-ver": "2"},
              keys=ring((1, SECRET), (2, SECRET)))
    make.open("the outcome flipped from error to ok", mismatch, "reply", outcome="error", change={"ww-outcome": "ok"})
    make.open("the outcome flipped from ok to error", mismatch, "reply", change={"ww-outcome": "error"})
    make.open("a reply made unbound", mismatch, "reply", change={"ww-request-id": ""})
    make.open("a digit moved from version to key id", mismatch, version="12", keys=ring((2, SECRET), key_id="prog1/11"),
              change={"ww-key-id": "prog1/11", "ww-secret-ver": "2"})
    make.open("a letter moved from key id to API", mismatch, "invoke", key_id="sprog1/1", target="sync_msgs",
              change={"ww-key-id": KEY_ID})
    make.open("invoke of another API", mismatch, "invoke", target="get_msg_list_by_page_id")
    make.open("the answer of another API", mismatch, "invoke-reply", target="get_msg_list_by_page_id")
    make.open("a request comes back as its reply", mismatch, opened_as="reply", change={"ww-outcome": "ok"})
    make.open("a reply comes back as a request", mismatch, "reply", opened_as="request", change={"ww-outcome": None})
    make.open("an invoke comes as a request", mismatch, "invoke", opened_as="request", target="sync_msg")
    make.open("an invoke comes back as its reply", mismatch, "invoke", opened_as="invoke-reply",
              change={"ww-outcome": "ok"})
    make.open("an open comes as an invoke", mismatch, "open", opened_as="invoke", target="open")


def after_the_signature(make):
    make.open("replay", refused("nonce_seen"), seen="itself")
    make.open("replay before what is wrong with the body", refused("nonce_seen"), seen="itself", body=lambda _: "")
    make.open("no room for another nonce", refused("nonces_full"), seen=["00" * 16], capacity=1)
    for name, body in [("empty", ""), ("no JSON", "hello"), ("null", "null"), ("an array", '["AAAA"]'),
                       ("without encrypt", "{}"), ("encrypt is no string", '{"encrypt":1}'),
                       ("encrypt twice", '{"encrypt":"","encrypt":""}'), ("another member", '{"encrypt":"","x":1}'),
                       ("text after it", '{"encrypt":""}x')]:
        make.open(f"body {name}", refused("body_shape"), body=lambda _, body=body: body)
    for name, text in [("no base64", "*"), ("no padding", "AAA"), ("base64url", "__8="), ("a line break", "AA\\nAA")]:
        make.open(f"encrypt {name}", refused("base64"), body=lambda _, text=text: '{"encrypt":"%s"}' % text)
    make.open("a byte of the ciphertext", refused("decryption"), spoil=lambda text: bytes([text[0] ^ 1]) + text[1:])
    make.open("a byte of the tag", refused("decryption"), spoil=lambda text: text[:-1] + bytes([text[-1] ^ 1]))
    make.open("cut", refused("decryption"), spoil=lambda text: text[:-1])
    make.open("shorter than a tag", refused("decryption"), spoil=lambda _: b"")
    make.open("encrypted for another request", refused("decryption"), sealed_for=OTHER_REQUEST_ID)


def frames(make):
    for flow, frame in [("request", "request"), ("invoke", "invoke"), ("open", "open"), ("open-reply", "opened")]:
        make.frame(f"frame of {flow}", frame, PLAINTEXTS[flow], {"expect": PLAINTEXTS[flow]})
    event = '{"call_type":2,"data":"{}","later":[1]}'
    whole = '{"corpid":"","agentid":0,"call_type":2,"data":"{}","is_async":false,"job_info":"","ability_id":"",' \
            '"notify_id":""}'
    make.frame("absent texts are empty, unknown members are passed over", "request", event, {"expect": whole})
    not_json = refused("plaintext_not_json")
    for name, frame, plaintext in [
        ("no JSON", "request", "hello"), ("empty", "invoke", ""), ("an array", "request", "[]"),
        ("a call type of 3", "request", '{"call_type":3}'), ("no call type", "request", "{}"),
        ("a number as corpid", "invoke", '{"corpid":1}'), ("corpid twice", "invoke", '{"corpid":"a","corpid":"b"}'),
        ("no access token", "open", "{}"),
        ("a secret of 31 bytes", "opened", OPENED.replace('Hh8=', 'Hg==')),
    ]:
        make.frame(f"frame {name}", frame, plaintext, not_json)


def judgements(make):
    delivered = {"delivered": True}

    def fails(code, client_code=710677, **more):
        return {"failure": code, "client_code": client_code, **more}, {"failure": code}

    def judge(name, call, event, **settings):
        make.judge(f"reply: {name}", call, event, **settings)

    judge("bound, strict", "answers", delivered)
    judge("bound, loose", "answers", delivered, binding="loose")
    judge("unbound, loose", "answers", delivered, binding="loose", request_id="")
    judge("unbound, strict", *fails("zone.unbound"), request_id="")
    for binding in ["strict", "loose"]:
        judge(f"to another request, {binding}", *fails("zone.other_request"), request_id=OTHER_REQUEST_ID,
              binding=binding)
        judge(f"error, {binding}", *fails("zone.error_reply"), outcome="error", binding=binding)
    judge("error under the program's own newer version", *fails("zone.error_reply"), outcome="error", version="2",
          secret=OTHER, keys=ring((1, SECRET), (2, OTHER)))
    judge("error with a plaintext is no success", *fails("zone.error_reply"), outcome="error", plaintext="{}")
    judge("a newer version", "answers", delivered, version="2", secret=OTHER, keys=ring((1, SECRET), (2, OTHER)))
    judge("a version that is over", *fails("zone.version_unknown"), keys=ring((2, OTHER)))
    judge("of another instance", *fails("zone.key_id_unknown"), key_id="prog1/2")
    judge("a second time", *fails("zone.nonce_seen"), seen="itself")
    judge("signed by nobody", *fails("zone.signature_mismatch"), secret=OTHER)
    judge("the request reflected", *fails("zone.signature_mismatch"), flow="request", change={"ww-outcome": "ok"})
    judge("an API's answer", *fails("zone.signature_mismatch"), flow="invoke-reply")
    judge("stale", *fails("zone.timestamp_stale"), now=NOW - 300_001)
    judge("tampered under its signature", *fails("zone.decryption"), spoil=lambda text: text[::-1])
    judge("not through the SDK", *fails("zone.channel"), answer={"headers": [], "body": '{"errcode":0}'})
    refusal = {"headers": [["ww-refusal", "-10008"]], "body": ""}
    judge("unsigned refusal", *fails("zone.reply_refused"), answer=refusal)
    judge("ww-refusal on a signed error", *fails("zone.error_reply"), outcome="error", change={"ww-refusal": "-10004"})
    judge("ww-refusal that is no number", *fails("zone.channel"),
          answer={"headers": [["ww-refusal", "no"]], "body": ""})
    judge("cut at the cap", *fails("zone.reply_cut"), cut=True)
    for status in [201, 204, 301, 404, 500]:
        event = "answer.redirect" if status == 301 else "answer.status"
        judge(f"status {status}", {"failure": "zone.reply_status", "client_code": 710676}, {"failure": event},
              status=status)
    judge("no JSON", {"failure": "zone.output_not_json", "client_code": 790013}, delivered,
          plaintext="unknown ability_id")
    judge("empty", {"failure": "zone.output_not_json", "client_code": 790013}, delivered, plaintext="")
    output = {"sample": '{"errcode":0,"list":[{"id":""}]}', "strict": False}
    judge("inside the output protocol", "answers", delivered, plaintext='{"list":[{"id":"a"},{}]}', output=output)
    judge("outside the output protocol", {"failure": "zone.output_mismatch", "client_code": 790014,
                                          "message_has": "$.list[1].id"}, delivered,
          plaintext='{"list":[{"id":"a"},{"id":1}]}', output=output)
    judge("no JSON further on comes before the protocol", {"failure": "zone.output_not_json", "client_code": 790013},
          delivered, plaintext='{"list":1,', output=output)
    judge("duplicate keys without a protocol", {"failure": "zone.output_mismatch", "client_code": 790014}, delivered,
          plaintext='{"a":1,"a":2}')


# --- Protocol matching ----------------------------------------------------------------------------


class Twice(Exception):
    pass


def parsed(text):
    def unique(pairs):
        members = dict(pairs)
        if len(members) != len(pairs):
            raise Twice
        return members

    def no_constant(_):
        raise ValueError

    return json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)


def json_type(value):
    for kind, name in [(bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "array"),
                       (dict, "object")]:
        if isinstance(value, kind):
            return name
    return "null"


def matches(value, sample, strict):
    """The rule as it is said, without any regard to cost."""
    if json_type(value) != json_type(sample):
        return False
    if sample in ([], {}) and not strict:
        return True
    if isinstance(value, dict):
        return all(key in sample and matches(inner, sample[key], strict) for key, inner in value.items())
    if isinstance(value, list):
        return all(any(matches(inner, element, strict) for element in sample) for inner in value)
    return True


SYNC_MSG = json.dumps({
    "errcode": 0, "errmsg": "ok", "has_more": 1, "next_cursor": "JGNLGEHJGIE",
    "msg_list": [{"msgid": "xxxmsgid", "sender": {"type": 1, "id": "woxxxxxmmgjiegjie"},
                  "receiver_list": [{"type": 1, "id": "woAAAAAAAAAAA"}, {"type": 2, "id": "wmXXXXXXXXXXXXX"}],
                  "chatid": "wrXXXXXXXXXX", "send_time": 166666666, "msgtype": 2,
                  "service_encrypt_info": {"encrypted_secret_key": "KEYAAAAAAABBBBBB", "public_key_ver": 1}}]})
ASYNC_JOB_IN = '{"input":{"func":"do_async_job","func_req":{}}}'
SYNC_MSG_IN = '{"input":{"func":"sync_msg","func_req":{"cursor":"RMTJID","token":"NGEJ","limit":200}}}'
JAVA_SYNC_MSG_IN = '{"cursor":"","limit":0,"token":""}'
CALLBACK_DATA = json.dumps({
    "errcode": 0, "errmsg": "xxx", "event_type": "chat_archive_audit_approved_single", "timestamp": 1408091189,
    "chat_archive_audit_approved": {"userid": "xxxxxxx", "external_userid": "zzzzz", "chatid": "xxx"},
    "conversation_new_message": {"token": "zzzzzzzzzzz"}, "hit_keyword": {"token": "xxx"},
    "auth_knowledge_base": {"knowledge_base_id": "xxxxxxx", "knowledge_base_name": "zzzzz"},
    "unauth_knowledge_base": {"knowledge_base_id": "xxxxxxx", "knowledge_base_name": "zzzzz"},
    "delete_knowledge_base": {"knowledge_base_id": "xxxxxxx", "knowledge_base_name": "zzzzz"},
    "chat_archive_export_finished": {"jobid": "xxx"}})
NOTIFY = '{"input":{"func":"do_async_job","func_req":{"notify_id":"NOTIFYID"}}}'


class Protocols:
    def __init__(self):
        self.vectors = []

    def add(self, name, half, **fields):
        self.vectors.append({"name": name, "dialect": "zone", "half": half, **fields})

    def fits(self, name, sample, document, strict=False):
        assert matches(parsed(document), parsed(sample), strict), name
        self.add(name, "protocol", sample=sample, strict=strict, document=document, expect="match")

    def differs(self, name, sample, document, mismatch, path=None, strict=False, **types):
        """`types` are `wanted` and `found`."""
        try:
            assert not matches(parsed(document), parsed(sample), strict), name
        except Twice:
            assert mismatch == "duplicate_key", name
        except ValueError:
            assert mismatch == "not_json", name
        place = {} if path is None else {"path": path}
        self.add(name, "protocol", sample=sample, strict=strict, document=document,
                 expect={"mismatch": mismatch, **place, **types})


def from_the_platform(make):
    """The demo's own protocols and calls."""
    make.fits("demo: sync_msg", SYNC_MSG_IN, SYNC_MSG_IN.replace("200", "1000"))
    make.fits("demo: sync_msg in Java", JAVA_SYNC_MSG_IN, '{"cursor":"xxx","token":"xxx","limit":200}')
    make.fits("demo: an answer of sync_msg", SYNC_MSG, SYNC_MSG)
    make.fits("demo: an empty page", SYNC_MSG, '{"errcode":0,"errmsg":"ok","has_more":0,"msg_list":[]}')
    make.fits("demo: an event", CALLBACK_DATA,
              '{"event_type":"hit_keyword","timestamp":1408091189,"hit_keyword":{"token":"xxx"}}')
    make.fits("demo: a notify_id in an empty func_req", ASYNC_JOB_IN, NOTIFY)
    make.differs("demo: a notify_id in an empty func_req, strict", ASYNC_JOB_IN, NOTIFY, "unknown_key",
                 "$.input.func_req.notify_id", strict=True)
    make.fits("demo: nothing in an empty func_req, strict", ASYNC_JOB_IN, ASYNC_JOB_IN, strict=True)
    make.fits("demo: anything for {}", "{}", '{"a":[{"b":null}]}')
    make.differs("demo: anything for {}, strict", "{}", '{"a":1}', "unknown_key", "$.a", strict=True)
    typed = json.loads(SYNC_MSG)
    typed["msg_list"] = [{}, {}, {}, {"sender": {"type": "1"}}]
    make.differs("demo: a type deep inside", SYNC_MSG, json.dumps(typed), "type", "$.msg_list[3].sender.type",
                 wanted="number", found="string")
    make.differs("demo: a key that the Java list lacks", JAVA_SYNC_MSG_IN, '{"cursor":"","seq":1}', "unknown_key",
                 "$.seq")
    make.differs("demo: plain text as an error", SYNC_MSG, "unknown ability_id", "not_json")


def types(make):
    values = {"null": "null", "boolean": "true", "number": "1", "string": '"a"', "array": "[1]", "object": '{"a":1}'}
    for wanted, sample in values.items():
        for found, document in values.items():
            name = f"{found} for {wanted}"
            if wanted == found:
                make.fits(name, sample, document)
            else:
                make.differs(name, sample, document, "type", "$", wanted=wanted, found=found)
    for number in ["0", "-1", "1.5", "-0.0", "1e3", "12345678901234567890123"]:
        make.fits(f"number {number} for 0", "0", number)
        make.fits(f"0 for number {number}", number, "0")
    make.fits("false for true", "true", "false")
    make.differs("null for a string inside", '{"a":""}', '{"a":null}', "type", "$.a", wanted="string", found="null")
    make.fits("spaces around", '{"a":1}', ' \t\r\n{ "a" : 2 } ')


def objects(make):
    make.fits("no key at all", '{"a":1,"b":{"c":1}}', "{}")
    make.fits("keys in another order", '{"a":1,"b":2,"c":3}', '{"c":1,"a":1,"b":1}')
    make.fits("a key with an escape", '{"key":1}', '{"k\\u0065y":1}')
    make.fits("keys are compared unescaped in the sample too", '{"k\\u0065y":1}', '{"key":1}')
    make.differs("case counts", '{"key":1}', '{"Key":1}', "unknown_key", "$.Key")
    make.differs("a key of an outer object", '{"a":{"b":1},"c":1}', '{"a":{"c":1}}', "unknown_key", "$.a.c")
    make.differs("a key that no path can show plainly", '{"a":1}', '{"b.c [0]\\"":1}', "unknown_key",
                 '$["b.c [0]\\""]')
    make.differs("an empty key", '{"a":1}', '{"":1}', "unknown_key", '$[""]')
    make.differs("a Chinese key", '{"a":1}', '{"名字":1}', "unknown_key", "$.名字")
    make.differs("a long key is shown in part", '{"a":1}', '{"%s":1}' % ("x" * 100), "unknown_key",
                 "$." + "x" * 64 + "…")
    many = {f"key{number}": number for number in range(130)}
    make.fits("130 keys backwards", json.dumps(many), json.dumps(dict(reversed(many.items()))))
    make.differs("key 129 twice", json.dumps(many), json.dumps(many)[:-1] + ', "key129": 1}', "duplicate_key",
                 "$.key129")
    make.differs("a key twice", '{"a":1}', '{"a":1,"a":1}', "duplicate_key", "$.a")
    make.differs("a key twice, once with an escape", '{"a":1}', '{"a":1,"\\u0061":1}', "duplicate_key", "$.a")
    make.differs("a key twice where anything is allowed", '{"a":{}}', '{"a":{"x":[{"b":1,"c":1,"b":1}]}}',
                 "duplicate_key", "$.a.x[0].b")
    make.differs("a key twice among several shapes", '[{"a":1},{"b":1}]', '[{"a":1,"a":1}]', "duplicate_key", "$[0].a")
    make.fits("a key once in each object", '{"a":{"a":{"a":1}}}', '{"a":{"a":{"a":1}}}')


def arrays(make):
    make.fits("an empty array", "[1]", "[]")
    make.fits("anything for []", "[]", '[1,"a",[null],{"b":true}]')
    make.differs("anything for [], strict", "[]", "[1]", "no_element", "$[0]", strict=True)
    make.fits("nothing for [], strict", "[]", "[]", strict=True)
    make.differs("an object for []", "[]", "{}", "type", "$", wanted="array", found="object")
    make.differs("one shape: the path goes inside", '[{"a":1},{"a":2}]', '[{"a":3},{"a":""}]', "type", "$[1].a",
                 wanted="number", found="string")
    make.differs("one shape in another order of keys", '[{"a":1,"b":1},{"b":1,"a":1}]', '[{"a":""}]', "type", "$[0].a",
                 wanted="number", found="string")
    make.differs("one shape takes the other", '[{"a":1},{"a":1,"b":""}]', '[{"b":1}]', "type", "$[0].b",
                 wanted="string", found="number")
    mixed = '[1,"a",{"a":1}]'
    make.fits("each element some shape", mixed, '["b",{"a":2},3,{}]')
    make.differs("no shape", mixed, "[1,null]", "no_element", "$[1]")
    make.differs("no shape for an object", mixed, '[1,{"a":""}]', "no_element", "$[1]")
    choice = '[{"kind":1,"body":{"x":1}},{"kind":"","body":{"y":1}}]'
    make.fits("either shape whole", choice, '[{"kind":1,"body":{"x":1}},{"kind":"a","body":{"y":1}},{"body":{}}]')
    make.differs("half of one and half of the other", choice, '[{"kind":1,"body":{"y":1}}]', "no_element", "$[0]")
    make.differs("the same the other way round", choice, '[{"body":{"x":1},"kind":"a"}]', "no_element", "$[0]")
    nested = '[{"list":[{"a":1},{"b":1}]},{"list":[{"a":""},{"c":1}]}]'
    make.fits("several shapes inside several", nested, '[{"list":[{"a":1},{"b":2}]},{"list":[{"c":1},{"a":"x"}]}]')
    make.differs("the inner elements of different outer ones", nested, '[{"list":[{"b":1},{"c":1}]}]', "no_element",
                 "$[0]")
    make.fits("an open shape beside a closed one", '[[],[1],{}]', '[["a"],[1,"b"],{"x":{"y":1}}]')
    make.fits("an open object takes what a closed one does not", '[{"a":{}},{"a":{"b":1},"c":1}]',
              '[{"a":{"b":""}},{"a":{"b":1},"c":2}]')
    make.differs("but not together with a key of the closed one", '[{"a":{}},{"a":{"b":1},"c":1}]',
                 '[{"a":{"b":""},"c":1}]', "no_element", "$[0]")
    make.differs("an array in an array", "[[1]]", '[[1],[2,"a"]]', "type", "$[1][1]", wanted="number", found="string")
    make.differs("inside an array inside a key", '{"a":[[{"b":1}]]}', '{"a":[[],[{},{"b":null}]]}', "type",
                 "$.a[1][1].b", wanted="number", found="null")
    turned = '{"first":[{"w":1},{"x":1},{"y":1},{"z":1}],"then":[{"a":{"z":1},"k":1},{"a":{"y":1},"l":1},' \
             '{"a":{"x":1},"m":1},{"a":{"w":1},"n":1}]}'
    make.fits("shapes inside shapes, in another order", turned,
              '{"then":[{"a":{},"k":1},{"a":{},"l":1},{"a":{},"m":1},{"a":{},"n":1}]}')
    make.fits("null among others", '[null,""]', '["a",null]')


def texts(make):
    deep = lambda depth: "[" * depth + "]" * depth
    make.fits("64 deep", deep(64), deep(64))
    make.fits("64 deep where anything is allowed", "[]", deep(64))
    make.add("65 deep", "protocol", sample="[]", strict=False, document=deep(65), expect={"mismatch": "depth"})
    make.add("65 deep among several shapes", "protocol", sample="[1,[]]", strict=False, document=deep(65),
             expect={"mismatch": "depth"})
    for name, document in [("empty", ""), ("spaces", "  "), ("a comma too much", '{"a":1,}'), ("cut", '{"a":'),
                           ("two values", '{"a":1}{"a":1}'), ("NaN", "NaN"), ("a comment", '{"a":1}//'),
                           ("single quotes", "{'a':1}"), ("a leading zero", '{"a":01}'), ("a bare control", '{"a":"\n"}'),
                           ("a byte order mark", "\ufeff{}"), ("a mismatch, and no JSON further on", '{"b":1,')]:
        make.add(f"document {name}", "protocol", sample='{"a":1}', strict=False, document=document,
                 expect={"mismatch": "not_json"})
    for name, sample, strict, warnings in [
        ("demo's do_async_job", ASYNC_JOB_IN, False, ["$.input.func_req"]),
        ("demo's do_async_job, strict", ASYNC_JOB_IN, True, []),
        ("demo's get_callback_data", "{}", False, ["$"]),
        ("demo's sync_msg", SYNC_MSG, False, []),
        ("several open places", '{"a":[],"b":[{"c d":{}},{"e":[[]]}]}', False, ["$.a", '$.b[0]["c d"]', "$.b[1].e[0]"]),
        ("a scalar", "0", False, []),
    ]:
        make.add(f"sample {name}", "sample", sample=sample, strict=strict, warnings=warnings)
    for name, sample, refusal in [
        ("no JSON", "{a:1}", {"reason": "not_json"}),
        ("empty", "", {"reason": "not_json"}),
        ("a key twice", '{"a":[{"b":1,"b":1}]}', {"reason": "duplicate_key", "path": "$.a[0].b"}),
        ("65 deep", deep(65), {"reason": "depth"}),
    ]:
        make.add(f"sample {name}", "sample", sample=sample, strict=False, refused=refusal)


def vectors():
    channel, protocols = Channel(), Protocols()
    for make in [seals, opens, address, form, signature, after_the_signature, frames, judgements]:
        make(channel)
    for make in [from_the_platform, types, objects, arrays, texts]:
        make(protocols)
    return channel.vectors + protocols.vectors
