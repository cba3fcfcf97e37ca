"""Signs as Tencent Desk does, with Python's standard library alone, to feed Ringback's receiver."""

import hashlib
import json
import time
from urllib.parse import urlencode

import peer

for line in peer.input_records():
    command, moment = line["command"], str(line.get("timestamp") or int(time.time()))
    query = {
        "SdkAppid": line["sdk_app_id"],
        "CallbackCommand": command,
        "contenttype": "json",
        "ClientIP": "127.0.0.1",
        "OptPlatform": "RESTAPI",
    }
    if line.get("request_id"):
        query["RequestID"] = line["request_id"]
    if line.get("token"):
        query["Sign"] = hashlib.sha256((line["token"] + moment).encode()).hexdigest()
        query["RequestTime"] = moment
    body = json.dumps({"CallbackCommand": command, **line["body"]}, ensure_ascii=False)
    peer.emit(
        {
            "query": urlencode(query),
            "headers": {"Content-Type": "application/json"},
            "body": body,
        }
    )
