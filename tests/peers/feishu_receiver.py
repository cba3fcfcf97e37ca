"""A Feishu event receiver made of the official Python SDK (lark-oapi).

The SDK decrypts, checks signature and token, dispatches and answers; this file only opens the socket
and prints what the SDK's handlers got. See README.md for arguments, environment and output.
"""

import argparse
import json
import os
import threading

import peer

import lark_oapi as lark
from lark_oapi.core.model import RawRequest
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse
from lark_oapi.event.callback.model.p2_url_preview_get import P2URLPreviewGetResponse

EVENTS = [
    "application.bot.menu_v6",
    "contact.user.created_v3",
    "contact.user.updated_v3",
    "im.message.receive_v1",
]
EVENTS_V1 = ["p2p_chat_create"]


class Failures:
    """How often the handler of a type still has to throw."""

    def __init__(self, arguments):
        self.left = {kind: int(count) for kind, count in (text.rsplit(":", 1) for text in arguments)}
        self.lock = threading.Lock()

    def take(self, kind):
        with self.lock:
            left = self.left.get(kind, 0)
            self.left[kind] = left - 1
        return left > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default="/event")
    parser.add_argument("--v2", action="append", default=[], metavar="TYPE")
    parser.add_argument("--v1", action="append", default=[], metavar="TYPE")
    parser.add_argument("--fail", action="append", default=[], metavar="TYPE:COUNT")
    options = parser.parse_args()
    failures = Failures(options.fail)

    def record(kind, event):
        header = event.header
        # A v1 event has no header: its identity is beside it, its app inside it.
        inside = event.event if isinstance(event.event, dict) else {}
        peer.emit(
            {
                "kind": "handled",
                "type": kind,
                "schema": event.schema or "1.0",
                "id": header.event_id if header else event.uuid,
                "app_id": header.app_id if header else inside.get("app_id"),
                "tenant_key": header.tenant_key if header else inside.get("tenant_key"),
                "model": json.loads(lark.JSON.marshal(event)),
            }
        )
        if failures.take(kind):
            raise RuntimeError("told to fail")

    def answering(kind, response, variable, default):
        answer = json.loads(os.environ.get(variable) or default)

        def handle(event):
            record(kind, event)
            return response(answer)

        return handle

    builder = lark.EventDispatcherHandler.builder(
        os.environ.get("FEISHU_ENCRYPT_KEY", ""), os.environ.get("FEISHU_VERIFICATION_TOKEN", "")
    )
    for kind in dict.fromkeys(EVENTS + options.v2):
        handle = lambda event, kind=kind: record(kind, event)
        typed = getattr(builder, "register_p2_" + kind.replace(".", "_"), None)
        if typed:
            typed(handle)
        else:
            builder.register_p2_customized_event(kind, handle)
    for kind in dict.fromkeys(EVENTS_V1 + options.v1):
        builder.register_p1_customized_event(kind, lambda event, kind=kind: record(kind, event))
    builder.register_p2_card_action_trigger(
        answering(
            "card.action.trigger",
            P2CardActionTriggerResponse,
            "FEISHU_CARD_ANSWER",
            '{"toast":{"type":"info","content":"done"}}',
        )
    )
    builder.register_p2_url_preview_get(
        answering(
            "url.preview.get",
            P2URLPreviewGetResponse,
            "FEISHU_PREVIEW_ANSWER",
            '{"inline":{"title":"a title"}}',
        )
    )
    dispatcher = builder.build()

    def answer(path, headers, body):
        if path != options.path:
            return 404, {}, b""
        request = RawRequest()
        request.uri, request.headers, request.body = path, headers, body
        response = dispatcher.do(request)
        return response.status_code, response.headers, response.content

    peer.serve(answer)


main()
