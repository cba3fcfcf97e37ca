"""Encrypts and signs Feishu pushes, to feed Ringback's receiver.

lark-oapi only ever receives, so it has no encrypting half. The key is derived by the SDK's own
`AESCipher`, the block cipher is the one it depends on (pycryptodome), and no line is printed before
the SDK's own dispatcher code has verified the signature and decrypted the text back.
"""

import base64
import hashlib
import json
import os
import time

import peer

import lark_oapi as lark
from Crypto.Cipher import AES
from Crypto.Util.Padding import pad
from lark_oapi.core.model import RawRequest
from lark_oapi.core.utils import AESCipher


def sealed(plain, key, initial):
    cipher = AESCipher(key)
    body = initial + AES.new(cipher.digest, AES.MODE_CBC, initial).encrypt(pad(plain.encode(), AES.block_size))
    text = base64.b64encode(body).decode()
    assert cipher.decrypt_str(text) == plain
    return '{"encrypt":"%s"}' % text


def signed(body, key, timestamp, nonce):
    signature = hashlib.sha256((timestamp + nonce + key).encode() + body.encode()).hexdigest()
    headers = {
        "X-Lark-Request-Timestamp": timestamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": signature,
    }
    request = RawRequest()
    request.headers, request.body = headers, body.encode()
    lark.EventDispatcherHandler.builder(key, "").build()._verify_sign(request, key)
    return headers


for line in peer.input_records():
    key = line.get("encrypt_key") or os.environ.get("FEISHU_ENCRYPT_KEY", "")
    body = line["body"]
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if key and line.get("encrypt", True):
        initial = bytes.fromhex(line["iv"]) if line.get("iv") else os.urandom(16)
        body = sealed(body, key, initial)
    headers = {}
    if key and line.get("sign", True):
        timestamp = str(line.get("timestamp") or int(time.time()))
        headers = signed(body, key, timestamp, line.get("nonce") or os.urandom(8).hex())
    peer.emit({"headers": headers, "body": body})
