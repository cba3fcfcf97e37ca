"""Encrypts and signs as WeCom does with wechatpy, to feed Ringback's receiver."""

import os
import secrets
import time
from urllib.parse import urlencode

import peer

import xmltodict
from wechatpy.enterprise.crypto import WeChatCrypto

ENVELOPE = (
    "<xml><ToUserName><![CDATA[{to}]]></ToUserName><AgentID><![CDATA[{agent}]]></AgentID>"
    "<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
)

for line in peer.input_records():
    token, key, receive_id = (
        line.get(name) or os.environ["WECOM_" + name.upper()]
        for name in ["token", "encoding_aes_key", "receive_id"]
    )
    nonce = str(line.get("nonce") or secrets.randbelow(2**31))
    timestamp = str(line.get("timestamp") or int(time.time()))
    is_check = "echo" in line
    crypto = WeChatCrypto(token, key, receive_id)
    # The library makes replies: the same cipher and the same signature in another envelope.
    reply = crypto.encrypt_message(line["echo"] if is_check else line["message"], nonce, timestamp)
    reply = xmltodict.parse(reply)["xml"]
    query = {"msg_signature": reply["MsgSignature"], "timestamp": timestamp, "nonce": nonce}
    if is_check:
        query["echostr"] = reply["Encrypt"]
        peer.emit({"method": "GET", "query": urlencode(query), "body": ""})
    else:
        agent = line.get("agent_id", "")
        body = ENVELOPE.format(to=receive_id, agent=agent, encrypt=reply["Encrypt"])
        peer.emit({"method": "POST", "query": urlencode(query), "body": body})
