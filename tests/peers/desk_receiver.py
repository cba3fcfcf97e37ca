"""A Tencent Desk interface made of Python's standard library: checks app and signature, fills a variable."""

import argparse
import hashlib
import hmac
import json
import os
import time
from urllib.parse import parse_qs, urlsplit

import peer

parser = argparse.ArgumentParser()
parser.add_argument("--path", default="/callback")
options = parser.parse_args()
app_id, token = os.environ["DESK_SDK_APP_ID"], os.environ["DESK_TOKEN"]


def refused(reason):
    peer.emit({"kind": "refused", "reason": reason})
    return 403, {}, b""


def answer(path, headers, body):
    url = urlsplit(path)
    if url.path != options.path:
        return 404, {}, b""
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if query.get("SdkAppid") != app_id:
        return refused("app")
    moment = query.get("RequestTime", "0")
    expected = hashlib.sha256((token + moment).encode()).hexdigest()
    if not hmac.compare_digest(expected, query.get("Sign", "")) or abs(time.time() - int(moment)) > 60:
        return refused("sign")
    asked = json.loads(body)
    values = asked["Body"]
    peer.emit(
        {
            "kind": "handled",
            "command": query["CallbackCommand"],
            "tenant": query.get("tenant"),
            "values": values,
        }
    )
    filled = {"echo": ",".join(values.values())}
    answered = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "Body": filled}
    return 200, {"Content-Type": "application/json"}, json.dumps(answered).encode()


peer.serve(answer)
