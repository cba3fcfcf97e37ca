#!/usr/bin/env python3
"""What a business runs so that a Tencent Desk bot can ask for the state of an order.

An API-call node of a task flow posts `Chatbot.InterfaceInvocation` to `/order-status` and waits for the
answer's variables; `/notifications` acknowledges what only tells of a run or a session. The standard
library is all it needs. `../rust` is the same program again, and one table of tests holds both to the
same answers.
"""

import hashlib
import hmac
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

# The largest body that is read.
MOST_BYTES = 1024 * 1024
# How far `RequestTime` may be from this server's clock. `Sign` covers that second and nothing else, so
# whoever saw one request can send others until this is over.
FRESH_SECONDS = 60
# How long a peer may be silent; the platform itself gives up after two seconds.
SILENT_SECONDS = 10
# How many notices are remembered. A retry comes within seconds, and memory must end somewhere.
REMEMBERED = 1000

# The example orders, each with its status and when it arrives.
ORDERS = {
    "12345": ("shipped", "tomorrow before 18:00"),
    "20001": ("being packed", "in three days"),
    "30003": ("delivered", ""),
}
NOTICES = ("Chatbot.TaskFlowEventNotify", "Desk.SessionEventNotify")
# What a notice's line shows, as far as it is there; never what people said.
SHOWN = (
    "CallbackCommand",
    "Event",
    "ExecutionId",
    "MsgKey",
    "NextNodeId",
    "NodeId",
    "Seq",
    "SessionId",
    "TaskName",
)


class Refusal(Exception):
    """Who is not the platform, or does not speak its protocol: an HTTP status with a text."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class Fail(Exception):
    """A call that is understood and cannot be done: `FAIL` with status 200, which the platform reads.

    As with `Refusal` the texts are fixed: nothing that a caller sent comes back or is logged.
    """


# What the environment says.


def setting(name, default=None):
    return os.environ.get(name) or default


def listen_address():
    host, _, port = setting("DESK_LISTEN", "127.0.0.1:8090").rpartition(":")
    return host.strip("[]"), int(port)


# Who may call.


class Query:
    """The parameters in the URL."""

    def __init__(self, text):
        self.pairs = [(key.lower(), value) for key, value in parse_qsl(text, keep_blank_values=True)]

    def get(self, name):
        """The value under this name, empty where there is none.

        The platform's own pages do not agree whether it is `SdkAppid` or `SDKAppID`, so case does not count.
        """
        return next((value for key, value in self.pairs if key == name.lower()), "")


def admit(query):
    """Refuses who is not the platform calling for this app."""
    if query.get("SdkAppid") != setting("DESK_SDKAPPID"):
        raise Refusal(403, "SdkAppid is not this app's")
    token = setting("DESK_TOKEN")
    if token:
        check_sign(token, query.get("RequestTime"), query.get("Sign"))


def check_sign(token, request_time, given):
    """`Sign` before the time, so that only who has the token learns something about this clock."""
    expected = hashlib.sha256((token + request_time).encode()).hexdigest()
    # As bytes, since `compare_digest` takes no text beyond ASCII.
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Refusal(403, "Sign is missing, or not made with this token")
    # `int` alone would also take signs, spaces and underscores.
    is_number = request_time.isascii() and request_time.isdigit() and len(request_time) <= 20
    if not is_number or abs(int(request_time) - int(time.time())) > FRESH_SECONDS:
        raise Refusal(403, "RequestTime is not within 60 s of now")


# What a callback says.


def fields_of(body):
    try:
        fields = json.loads(body.decode())
        # Python also takes what is no JSON (NaN, half a surrogate pair) and could not be written again.
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise Fail("the body is not a JSON object") from None
    if not isinstance(fields, dict):
        raise Fail("the body is not a JSON object")
    return fields


def text(value):
    """A value as text, empty where there is none.

    The platform's samples have strings only and do not rule numbers out, so a whole number is its digits.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def must_be(query, fields, commands, otherwise):
    """Refuses all but these commands; what the URL says and what the body says must be the same.

    Pages write `Chatbot` and `ChatBot`, so case does not count here either.
    """
    command = text(fields.get("CallbackCommand")).lower()
    if command != query.get("CallbackCommand").lower():
        raise Fail("CallbackCommand is not the same in the URL and in the body")
    if command not in [one.lower() for one in commands]:
        raise Fail(otherwise)


# What is served.


def order_status(query, fields):
    """Answers at once and with the result: the flow waits for these variables, for two seconds at most."""
    must_be(
        query, fields, ["Chatbot.InterfaceInvocation"], "CallbackCommand is not Chatbot.InterfaceInvocation"
    )
    inputs = fields.get("Body")
    if not isinstance(inputs, dict):
        raise Fail("Body is not an object")
    # The fixed input by which one address can serve several nodes; this is the only kind there is here.
    if text(inputs.get("type")) != "1":
        raise Fail("type is not 1, the state of an order")
    order_id = text(inputs.get("OrderID"))
    # The platform sends an empty string for what it did not collect.
    if not order_id:
        raise Fail("OrderID is missing or empty")
    return look_up(order_id)


def look_up(order_id):
    """The node's output variables.

    All of them are always there: one that is missing may keep what an earlier answer wrote, and the bot
    would tell of another order. The orders belong to anybody; a real shop also asks whether
    `SystemClientUserID` may see this one, and answers as if it were not there when not.
    """
    status, eta = ORDERS.get(order_id, ("", ""))
    return {"OrderFound": "yes" if order_id in ORDERS else "no", "OrderStatus": status, "OrderEta": eta}


seen = deque(maxlen=REMEMBERED)
seen_lock = threading.Lock()


def notification(query, fields):
    """Prints a notice that is new. One that came before is acknowledged too: otherwise it comes yet again."""
    must_be(
        query,
        fields,
        NOTICES,
        "CallbackCommand is neither Chatbot.TaskFlowEventNotify nor Desk.SessionEventNotify",
    )
    key = key_of(query, fields)
    # Locked while it prints, so that lines do not mix.
    with seen_lock:
        if key is None or key not in seen:
            if key is not None:
                seen.append(key)
            say(sys.stdout, line_of(fields))


def key_of(query, fields):
    """What tells a notice from another, the same for each try of one.

    An older page of `Desk.SessionEventNotify` has neither; such a notice is always new.
    """
    if query.get("RequestID"):
        return ("request", query.get("RequestID"))
    execution_id, seq = text(fields.get("ExecutionId")), text(fields.get("Seq"))
    return ("step", execution_id, seq) if execution_id and seq else None


def line_of(fields):
    """JSON, so that no value can start a line of its own; sorted by name."""
    shown = {name: text(fields.get(name)) for name in SHOWN}
    return compact({name: value for name, value in sorted(shown.items()) if value})


SERVED = {"/order-status": order_status, "/notifications": notification}


# HTTP.


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def say(stream, line):
    """One line, in UTF-8 whatever the locale is."""
    try:
        stream.buffer.write(line.encode() + b"\n")
        stream.flush()
    except OSError:
        # A line that nobody reads is no reason to refuse.
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS
    # Head and body are two writes, and the second must not wait until the peer acknowledges the first.
    disable_nagle_algorithm = True

    def handle_any(self):
        # Until the body is read, what follows on this connection is not the next request.
        self.last_request, self.close_connection = self.close_connection, True
        path, _, query = self.path.partition("?")
        if path == "/healthz":
            self.health()
        elif path not in SERVED:
            self.answer(404)
        elif self.command != "POST":
            self.answer(405, allow="POST")
        else:
            self.callback(SERVED[path], Query(query))

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = handle_any

    def health(self):
        if self.command in ("GET", "HEAD"):
            self.answer(200, "ok")
        else:
            self.answer(405, allow="GET,HEAD")

    def callback(self, serve, query):
        try:
            length = self.checked_length()
            body = self.rfile.read(length)
            self.close_connection = self.last_request
            admit(query)
            variables = serve(query, fields_of(body))
            self.answer_json("OK", "", 0, {} if variables is None else {"Body": variables})
        except Refusal as refusal:
            self.log_refusal(refusal)
            self.answer(refusal.status, str(refusal))
        except Fail as failure:
            self.log_refusal(failure)
            self.answer_json("FAIL", str(failure), 1, {})

    def checked_length(self):
        """The platform says how long its bodies are, so one that is too long is refused before it is read."""
        declared = self.headers.get("Content-Length")
        if declared is None or "Transfer-Encoding" in self.headers:
            raise Refusal(411, "Content-Length is missing")
        if not (declared.isascii() and declared.isdigit()):
            raise Refusal(400, "Content-Length is not a number")
        if len(declared) > 20 or int(declared) > MOST_BYTES:
            raise Refusal(413, "the body is larger than 1 MiB")
        return int(declared)

    def answer_json(self, status, info, code, variables):
        content = {"ActionStatus": status, "ErrorInfo": info, "ErrorCode": code, **variables}
        self.answer(200, compact(content), "application/json")

    def answer(self, status, content="", content_type="text/plain; charset=utf-8", allow=None):
        encoded = content.encode()
        self.send_response(status)
        if allow:
            self.send_header("Allow", allow)
        if encoded:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(encoded)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(encoded)

    def log_refusal(self, why):
        say(sys.stderr, f"a callback is refused: {why}")

    def log_message(self, *_):
        # Not every request: its URL has the `Sign`.
        pass


class Server(ThreadingHTTPServer):
    # The default of 5 drops connections as soon as many arrive at once.
    request_queue_size = 128

    def __init__(self, address):
        host, port = address
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    def handle_error(self, request, client_address):
        # A peer that went away in the middle is not worth a traceback; a mistake here is.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def run():
    if not setting("DESK_SDKAPPID"):
        raise SystemExit("error: `DESK_SDKAPPID` is not set: give the app id of your Chat app")
    try:
        server = Server(listen_address())
    except (OSError, ValueError) as error:
        address = setting("DESK_LISTEN", "127.0.0.1:8090")
        raise SystemExit(f"error: cannot listen on `{address}`: {error}") from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host, port = server.server_address[:2]
    say(sys.stderr, f"listening on {f'[{host}]' if ':' in host else host}:{port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
