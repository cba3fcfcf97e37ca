"""Signs messages with the Standard Webhooks reference library, to feed Ringback's receiver."""

import json
import os
import time
from datetime import datetime, timezone

import peer

from standardwebhooks.webhooks import Webhook

for line in peer.input_records():
    body = line["body"]
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    timestamp = int(line.get("timestamp") or time.time())
    webhook = Webhook(line.get("secret") or os.environ["STANDARD_SECRET"])
    signature = webhook.sign(line["id"], datetime.fromtimestamp(timestamp, tz=timezone.utc), body)
    headers = {"webhook-id": line["id"], "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    peer.emit({"headers": headers, "body": body})
