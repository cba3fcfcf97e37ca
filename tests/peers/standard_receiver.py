"""A Standard Webhooks receiver made of the reference library (standardwebhooks)."""

import argparse
import os

import peer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

parser = argparse.ArgumentParser()
parser.add_argument("--path", default="/webhook")
parser.add_argument("--status", type=int, default=200)
parser.add_argument("--retry-after")
options = parser.parse_args()
webhook = Webhook(os.environ["STANDARD_SECRET"])


def answer(path, headers, body):
    if path != options.path:
        return 404, {}, b""
    identity = headers.get("Webhook-Id")
    try:
        payload = webhook.verify(body, headers)
    except (WebhookVerificationError, ValueError) as error:
        peer.emit({"kind": "refused", "id": identity, "reason": str(error)})
        return 401, {}, b""
    peer.emit({"kind": "handled", "id": identity, "timestamp": headers["Webhook-Timestamp"], "payload": payload})
    extra = {"Retry-After": options.retry_after} if options.retry_after else {}
    return options.status, extra, b""


peer.serve(answer)
