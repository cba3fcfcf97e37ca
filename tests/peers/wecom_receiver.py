"""A WeCom callback receiver made of wechatpy."""

import argparse
import os
from urllib.parse import parse_qs, urlsplit

import peer

import xmltodict
from wechatpy.enterprise.crypto import WeChatCrypto

parser = argparse.ArgumentParser()
parser.add_argument("--path", default="/callback")
parser.add_argument("--status", type=int, default=200)
options = parser.parse_args()
crypto = WeChatCrypto(
    os.environ["WECOM_TOKEN"], os.environ["WECOM_ENCODING_AES_KEY"], os.environ["WECOM_RECEIVE_ID"]
)


def guarded(path, handle):
    url = urlsplit(path)
    if url.path != options.path:
        return 404, {}, b""
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    try:
        return handle(query)
    except Exception as error:
        peer.emit({"kind": "refused", "reason": repr(error)})
        return 403, {}, b""


def check(path, headers):
    def handle(query):
        signed = query["msg_signature"], query["timestamp"], query["nonce"]
        echo = crypto.check_signature(*signed, query["echostr"])
        peer.emit({"kind": "checked", "echo": echo})
        return 200, {}, echo.encode()

    return guarded(path, handle)


def answer(path, headers, body):
    def handle(query):
        signed = query["msg_signature"], query["timestamp"], query["nonce"]
        xml = crypto.decrypt_message(body, *signed)
        peer.emit({"kind": "handled", "xml": xml, "message": xmltodict.parse(xml)["xml"]})
        return options.status, {}, b""

    return guarded(path, handle)


peer.serve(answer, check)
