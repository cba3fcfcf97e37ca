"""The vectors of `wecom`, for `make.py`.

The cipher is pycryptodome's, what is right is made by `wechatpy`, and each request is also given to its
receiver: whether that takes it stands in the vector as `wechatpy_accepts`, so that one can see where
Ringback is stricter. Vectors A and B are the platform's own (sheet `wecom-zone-app`, section 5.3).
"""

import base64
import hashlib
import struct
from urllib.parse import parse_qs, urlencode

from Crypto.Cipher import AES
from wechatpy.enterprise import crypto as library

TOKEN, OLD_TOKEN = "QDG6eK", "thetokenbefore"
# Ends in `C`: the two bits beyond 256 are set.
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "wx5823bf96d3bd56c7"
SECRETS = {"token": TOKEN, "encoding_aes_key": KEY, "receive_id": CORP}
OLD = {"token": OLD_TOKEN, "encoding_aes_key": OLD_KEY, "receive_id": CORP}
NOW = 1_700_000_000_000
SECONDS = str(NOW // 1000)
NONCE = "1372623149"
RANDOM = "c41b64491c2468d0"
ECHO = "1616140317555161061"
MESSAGE_B = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
NOTIFY = (
    "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>1348831860</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[program_notify]]></Event><NotifyId><![CDATA[data]]></NotifyId>"
    "<NotifyScene>1</NotifyScene></xml>"
)


class FixedRandom(library.PrpCrypto):
    """The library's cipher with random bytes of our choice."""

    text = RANDOM

    def get_random_string(self):
        return self.text


def seal(message, secrets=SECRETS, random=RANDOM):
    """What the library encrypts."""
    cipher = FixedRandom(base64.b64decode(secrets["encoding_aes_key"] + "="))
    cipher.text = random
    return cipher.encrypt(message, secrets["receive_id"]).decode()


def seal_bytes(plaintext, key=KEY):
    """These bytes, padding and all, under the cipher alone."""
    key = base64.b64decode(key + "=")
    return base64.b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(plaintext)).decode()


def framed(message, receive_id=CORP, length=None):
    length = len(message) if length is None else length
    return RANDOM.encode() + struct.pack(">I", length) + message + receive_id.encode()


def padded(plaintext, to=32):
    count = to - len(plaintext) % to
    return plaintext + bytes([count]) * count


def sign(encrypted, token=TOKEN, timestamp=SECONDS, nonce=NONCE):
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()


def query(encrypted, token=TOKEN, timestamp=SECONDS, nonce=NONCE, **more):
    signature = sign(encrypted, token, timestamp, nonce)
    parameters = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, **more}
    return urlencode({name: value for name, value in parameters.items() if value is not None})


def envelope(encrypted, agent="218"):
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[{agent}]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )


def library_accepts(vector):
    """Whether the library's receiver takes the same request under the current secrets."""
    secrets, request = vector["secrets"], vector["request"]
    receiver = library.WeChatCrypto(*(secrets[name] for name in ["token", "encoding_aes_key", "receive_id"]))
    try:
        values = {name: values[0] for name, values in parse_qs(request["query"]).items()}
        signed = values["msg_signature"], values["timestamp"], values["nonce"]
        if request["method"] == "GET":
            receiver.check_signature(*signed, values["echostr"])
        else:
            body = request.get("body") or base64.b64decode(request.get("body_base64", ""))
            receiver.decrypt_message(body, *signed)
        return True
    except Exception:
        return False


class Wecom:
    def __init__(self):
        self.vectors = []

    def receive(self, name, method, query, body, outcome, secrets=SECRETS, previous=None, **settings):
        request = {"method": method, "query": query, "headers": []}
        if isinstance(body, bytes):
            request["body_base64"] = base64.b64encode(body).decode()
        else:
            request["body"] = body
        vector = {"name": name, "dialect": "wecom", "half": "receive", "secrets": secrets}
        if previous:
            vector["previous"] = previous
        vector |= {"now": NOW, "tolerance_seconds": 3600, **settings, "request": request}
        vector["wechatpy_accepts"] = library_accepts(vector)
        self.vectors.append(vector | outcome)

    def checks(self, name, outcome, encrypted=None, text=None, secrets=SECRETS, **more):
        """A GET; `text` is the query where it is not the one that belongs to `encrypted`."""
        encrypted = encrypted or seal(ECHO, secrets)
        text = query(encrypted, secrets["token"], echostr=encrypted) if text is None else text
        self.receive(name, "GET", text, "", outcome, secrets=more.pop("under", secrets), **more)

    def posts(self, name, encrypted, outcome, token=TOKEN, body=None, **more):
        """A POST of this encrypted text, signed."""
        times = {key: more.pop(key) for key in ["timestamp", "nonce"] if key in more}
        body = envelope(encrypted) if body is None else body
        self.receive(name, "POST", query(encrypted, token, **times), body, outcome, **more)

    def sealed(self, name, message, outcome, **more):
        self.posts(name, seal(message), outcome, **more)


def refused(reason, authenticated=False):
    return {"refused": reason, "authenticated": authenticated}


def held(reason):
    """Refused although the signature fits."""
    return refused(reason, True)


def answers(text):
    return {"expect": {"kind": "challenge", "body": text}}


def event(event_type, body, dedupe_key, app="218"):
    return {
        "expect": {
            "kind": "event",
            "event_type": event_type,
            "dedupe_key": dedupe_key,
            "order_key": None,
            "app": app,
            "body": body,
        }
    }


def hashed(event_type, body, **more):
    return event(event_type, body, "sha256:" + hashlib.sha256(body.encode()).hexdigest(), **more)


TEXT = event("text", MESSAGE_B, "4561255354251345929")
NOTIFIED = event("program_notify", NOTIFY, "data")


def crypto(vectors):
    """The platform's own vectors, A and B, by the library and by hand."""
    base = {"dialect": "wecom", "half": "crypto"}
    for name, timestamp, nonce, random, message, signature, bytes_in_all, padding in [
        ("A: the check of a URL", "1409659589", "263014780", "c41b64491c2468d0", ECHO,
         "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", 64, 7),
        ("B: a message, padded with more than a block", "1409659813", NONCE, "0960688932c47ef1", MESSAGE_B,
         "477715d11cdb4164915debcba66cb864d751f3e6", 352, 30),
    ]:
        encrypted = seal(message, random=random)
        assert sign(encrypted, timestamp=timestamp, nonce=nonce) == signature, name
        assert len(base64.b64decode(encrypted)) == bytes_in_all
        assert bytes_in_all - len(framed(message.encode())) == padding
        vectors.append(
            {"name": f"{name}: encrypted", **base, "operation": "wecom_encrypt", "encoding_aes_key": KEY,
             "random": random.encode().hex(), "message": message, "receive_id": CORP, "encrypted": encrypted}
        )
        vectors.append(
            {"name": f"{name}: signed", **base, "operation": "wecom_sign", "token": TOKEN,
             "timestamp": timestamp, "nonce": nonce, "encrypted": encrypted, "signature": signature}
        )


def accepted(make):
    make.checks("check of a URL", answers(ECHO))
    odd = "quote \" tab \t newline \n 中文"
    make.checks("check with any text", answers(odd), seal(odd))
    plus = seal(ECHO)
    assert "+" in plus and "/" in plus and plus.endswith("=")
    bare = query(plus) + "&echostr=" + plus
    make.checks("check whose base64 is not URL-encoded", answers(ECHO), text=bare)
    lower = query(plus, echostr=plus).replace("%2B", "%2b").replace("%3D", "%3d")
    make.checks("check encoded in lower case", answers(ECHO), text=lower)
    shuffled = "&".join(reversed(query(plus, echostr=plus).split("&"))) + "&tenant=7&&x"
    make.checks("check in another order, with more parameters", answers(ECHO), text=shuffled)
    personal = SECRETS | {"receive_id": ""}
    make.checks("check for an individual owner: the receive id is empty", answers(ECHO), secrets=personal)
    make.checks("rotation: check under the secrets before", answers(ECHO), secrets=OLD, under=SECRETS, previous=OLD)
    same_token = OLD | {"token": TOKEN}
    make.checks("rotation: the same token, the key before", answers(ECHO), secrets=same_token, under=SECRETS,
                previous=same_token)

    make.sealed("message is deduplicated by MsgId", MESSAGE_B, TEXT)
    make.sealed("program_notify is deduplicated by NotifyId", NOTIFY, NOTIFIED)
    with_both = NOTIFY.replace("</xml>", "<MsgId>7</MsgId></xml>")
    make.sealed("program_notify with a MsgId too", with_both, event("program_notify", with_both, "data"))
    without = NOTIFY.replace("<NotifyId><![CDATA[data]]></NotifyId>", "")
    make.sealed("program_notify without a NotifyId is known by its hash", without, hashed("program_notify", without))
    empty = MESSAGE_B.replace("4561255354251345929", "")
    make.sealed("an empty MsgId is none", empty, hashed("text", empty))
    enter = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[UserID]]></FromUserName>"
        "<CreateTime>1348831860</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[enter_agent]]></Event><EventKey></EventKey><AgentID>1</AgentID></xml>"
    )
    make.sealed("any other event is known by its hash; its own AgentID counts", enter, hashed("enter_agent", enter, app="1"))
    suite = "<xml><SuiteId><![CDATA[ww4asffe99e54c0f4c]]></SuiteId><InfoType><![CDATA[suite_ticket]]></InfoType></xml>"
    make.sealed("command callback of a provider has an InfoType", suite, hashed("suite_ticket", suite))
    sealed = seal(NOTIFY)
    no_agent = f"<xml><Encrypt>{sealed}</Encrypt></xml>"
    make.posts("an envelope of Encrypt alone, without CDATA", sealed, event("program_notify", NOTIFY, "data", app=None),
               body=no_agent)
    roomy = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- a comment -->\n<xml a="b">\n  <More><Deep>1</Deep></More>\n'
        f"  <Encrypt>{sealed[:9]}<![CDATA[{sealed[9:]}]]></Encrypt>\n</xml>\n"
    )
    make.posts("an envelope with declaration, comment, blanks and more elements", sealed,
               event("program_notify", NOTIFY, "data", app=None), body=roomy)
    written = (
        "<xml><MsgType>event</MsgType><Event>a&amp;b&#x2D;c</Event><Empty/>"
        "<List><item><MsgId>1</MsgId></item><item><MsgId>2</MsgId></item></List></xml>"
    )
    make.sealed("entities of XML itself; what stands deeper is not read", written, hashed("a&b-c", written))
    deep = "<xml><MsgType>text</MsgType><MsgId>1</MsgId>" + "<a>" * 63 + "</a>" * 63 + "</xml>"
    make.sealed("nested 64 deep", deep, event("text", deep, "1"))
    for count in [1, 16, 17, 32]:
        length = (-count - len(framed(NOTIFY.encode()))) % 32
        message = NOTIFY.replace("</xml>", " " * length + "</xml>")
        plaintext = padded(framed(message.encode()))
        assert plaintext[-1] == count
        make.posts(f"padded with {count}", seal_bytes(plaintext), event("program_notify", message, "data"))
    message = NOTIFY + " " * (-len(framed(NOTIFY.encode())) % 32)
    to_sixteen = padded(framed(message.encode()), 16)
    assert len(to_sixteen) % 32 == 16
    make.posts("padded to 16 instead of 32", seal_bytes(to_sixteen), event("program_notify", message, "data"))
    bits = KEY[:-1] + "D"
    make.posts("a key whose bits beyond 256 differ is the same", seal(NOTIFY), NOTIFIED,
               secrets=SECRETS | {"encoding_aes_key": bits})
    for seconds in [NOW // 1000 - 3600, NOW // 1000 + 3600]:
        make.sealed(f"an hour off: {seconds}", NOTIFY, NOTIFIED, timestamp=str(seconds))
    make.sealed("any age without a tolerance", NOTIFY, NOTIFIED, timestamp="1", tolerance_seconds=None)


def refused_checks(make):
    encrypted = seal(ECHO)
    right = query(encrypted, echostr=encrypted)
    make.checks("check without a query", refused("signature_missing"), text="")
    for name, reason in [("msg_signature", "signature_missing"), ("timestamp", "timestamp_missing"),
                         ("nonce", "nonce_missing"), ("echostr", "echo_missing")]:
        text = "&".join(pair for pair in right.split("&") if not pair.startswith(name))
        make.checks(f"check without {name}", refused(reason), text=text)
        make.checks(f"check with {name} twice", refused("parameter_repeated"), text=f"{right}&{name}=1")
    make.checks("check encoded twice", refused("signature_mismatch"), text=right.replace("%", "%25"))
    make.checks("check with blanks for plus signs", refused("signature_mismatch"), text=right.replace("%2B", "%20"))
    make.checks("check under another token", refused("signature_mismatch"), secrets=SECRETS | {"token": "guess"}, under=SECRETS)
    make.checks("rotation over: check under the secrets before", refused("signature_mismatch"), secrets=OLD, under=SECRETS)
    make.checks("check under another key", held("padding"), secrets=SECRETS | {"encoding_aes_key": OLD_KEY}, under=SECRETS)
    make.checks("check for another receive id", held("receive_id_mismatch"), secrets=SECRETS | {"receive_id": "ww1"}, under=SECRETS)
    make.checks("check for no receive id", held("receive_id_mismatch"), secrets=SECRETS | {"receive_id": ""}, under=SECRETS)
    signature = sign(encrypted)
    make.checks("signature in upper case", refused("signature_mismatch"), text=right.replace(signature, signature.upper()))
    make.checks("check in clear", held("base64"), "hello!")
    make.checks("a callback sent back as a check", held("echo_is_message"), seal(NOTIFY))
    make.checks("the same with JSON in it", held("echo_is_message"), seal('{"msgtype":"text"}'))
    old = query(encrypted, timestamp=str(NOW // 1000 - 3601), echostr=encrypted)
    make.checks("check that is too old", refused("timestamp_stale"), text=old)


def refused_posts(make):
    sealed, right = seal(NOTIFY), envelope(seal(NOTIFY))
    for method in ["PUT", "HEAD"]:
        make.receive(method, method, query(sealed), right, refused("not_post"))
    make.receive("no query", "POST", "", right, refused("signature_missing"))
    make.sealed("timestamp with a fraction", NOTIFY, refused("timestamp_format"), timestamp=SECONDS + ".5")
    for seconds in [NOW // 1000 - 3601, NOW // 1000 + 3601]:
        make.sealed(f"more than an hour off: {seconds}", NOTIFY, refused("timestamp_stale"), timestamp=str(seconds))
    make.sealed("too old for a narrow tolerance", NOTIFY, refused("timestamp_stale"),
                timestamp=str(NOW // 1000 - 61), tolerance_seconds=60)

    def body(name, text, reason):
        make.posts(name, sealed, refused(reason), body=text)

    body("an empty body", "", "body_not_xml")
    body("JSON", '{"encrypt":"a"}', "body_not_xml")
    body("not UTF-8", b"<xml>\xff</xml>", "body_not_xml")
    body("cut off", right[:-6], "body_not_xml")
    body("another end tag", right.replace("</Encrypt>", "</Encrypted>"), "body_not_xml")
    body("two roots", right + right, "body_not_xml")
    body("text behind the root", right + "x", "body_not_xml")
    body("an entity that nobody defined", right.replace("<xml>", "<xml>&e;"), "body_not_xml")
    body("a document type", "<!DOCTYPE xml>" + right, "doctype")
    lol = '<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    body("a document type that defines entities", lol + right.replace("<xml>", "<xml>&b;"), "doctype")
    outside = '<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    body("an entity from outside", outside + right.replace("<xml>", "<xml>&e;"), "doctype")
    body("nested 65 deep", "<a>" * 65 + "</a>" * 65, "depth")
    body("no Encrypt", "<xml><AgentID>1</AgentID></xml>", "encrypt_missing")
    body("Encrypt one level down", f"<xml><a><Encrypt>{sealed}</Encrypt></a></xml>", "encrypt_missing")
    body("Encrypt twice", right.replace("<Encrypt>", "<Encrypt>x</Encrypt><Encrypt>"), "element_form")
    body("AgentID twice", right.replace("<AgentID>", "<AgentID/><AgentID>"), "element_form")
    body("an element inside Encrypt", right.replace("<Encrypt>", "<Encrypt><a/>"), "element_form")
    body("another Encrypt", envelope(seal(MESSAGE_B)), "signature_mismatch")
    body("an empty Encrypt", envelope(""), "signature_mismatch")

    make.posts("another token", sealed, refused("signature_mismatch"), token="guess")
    make.posts("a token that is only the beginning", sealed, refused("signature_mismatch"), token=TOKEN[:-1])
    make.receive("signed for another nonce", "POST", query(sealed).replace("nonce=", "nonce=0"), right,
                 refused("signature_mismatch"))
    make.posts("no base64", "*" + sealed, held("base64"))
    raw = base64.b64decode(sealed)
    make.posts("16 bytes", base64.b64encode(raw[:16]).decode(), held("ciphertext_length"))
    make.posts("no whole blocks", base64.b64encode(raw[:-1]).decode(), held("ciphertext_length"))
    make.posts("another key", seal(NOTIFY, OLD | {"token": TOKEN}), held("padding"))
    plaintext = framed(NOTIFY.encode())
    plaintext += b" " * (-len(plaintext) % 32)
    make.posts("padded with 0", seal_bytes(plaintext[:-1] + b"\0"), held("padding"))
    make.posts("padded with 33", seal_bytes(plaintext + b"\x21" * 64), held("padding"))
    make.posts("padding of different bytes", seal_bytes(plaintext + b"\x1f" + b"\x20" * 31), held("padding"))
    make.posts("less than a head", seal_bytes(padded(b"x" * 19)), held("message_length"))
    make.posts("a length beyond the end", seal_bytes(padded(framed(NOTIFY.encode(), length=9999))), held("message_length"))
    make.posts("a length beyond all bounds", seal_bytes(padded(framed(NOTIFY.encode(), length=2**32 - 1))), held("message_length"))
    make.posts("a length that is too short", seal_bytes(padded(framed(NOTIFY.encode(), length=9))), held("receive_id_mismatch"))
    make.posts("another receive id", seal(NOTIFY, SECRETS | {"receive_id": "ww0"}), held("receive_id_mismatch"))
    make.posts("a receive id that only begins so", seal(NOTIFY, SECRETS | {"receive_id": CORP + "0"}), held("receive_id_mismatch"))
    make.posts("decrypts to no UTF-8", seal_bytes(padded(framed(b"<xml>\xff</xml>"))), held("utf8"))

    make.sealed("decrypts to no XML", "hello", held("plaintext_not_xml"))
    make.sealed("decrypts to nothing", "", held("plaintext_not_xml"))
    make.sealed("decrypts to a document type", "<!DOCTYPE xml>" + NOTIFY, held("doctype"))
    make.sealed("decrypts to what is nested 65 deep", "<a>" * 65 + "</a>" * 65, held("depth"))
    make.sealed("MsgId twice", MESSAGE_B.replace("<MsgId>", "<MsgId>1</MsgId><MsgId>"), held("element_form"))
    make.sealed("no MsgType", "<xml><MsgId>1</MsgId></xml>", held("no_event_type"))
    make.sealed("an event without a name", "<xml><MsgType>event</MsgType></xml>", held("no_event_type"))
    make.sealed("an empty MsgType", "<xml><MsgType></MsgType></xml>", held("no_event_type"))
    make.sealed("MsgId of 257 bytes", MESSAGE_B.replace("4561255354251345929", "1" * 257), held("identifier_format"))
    make.sealed("MsgType with a line break", MESSAGE_B.replace("[text]", "[te\nxt]"), held("identifier_format"))


def send(vectors):
    """What the platform would send: 8 of the random bytes in hexadecimal first, the next 4 as the nonce."""
    random = bytes(range(32))
    prefix, nonce = random[:8].hex(), str(int.from_bytes(random[8:12], "big"))
    for name, agent, expected_agent in [("callback of an app", 218, "218"), ("callback of a suite", None, "")]:
        encrypted = seal(NOTIFY, random=prefix)
        request = {
            "method": "POST",
            "query": query(encrypted, nonce=nonce),
            "headers": [["content-type", "text/xml"]],
            "body": envelope(encrypted, expected_agent),
        }
        assert library_accepts({"secrets": SECRETS, "request": request})
        vectors.append(
            {"name": name, "dialect": "wecom", "half": "send", "secrets": SECRETS | {"agent_id": agent},
             "now": NOW, "random": random.hex(),
             "outgoing": {"event_id": "evt_1", "event_type": "program_notify", "body": NOTIFY},
             "expect": {"kind": "request", **request}}
        )


def wecom():
    make = Wecom()
    crypto(make.vectors)
    accepted(make)
    refused_checks(make)
    refused_posts(make)
    send(make.vectors)
    return make.vectors
