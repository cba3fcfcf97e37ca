"""What every Python peer shares: clean output, a life bound to its parent, a small HTTP server.

stdout carries the peer's lines and nothing else; whatever a library prints goes to stderr.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
_writing = threading.Lock()


def emit(record):
    """One JSON object, one line."""
    text = json.dumps(record, ensure_ascii=False)
    with _writing:
        _lines.write(text + "\n")
        _lines.flush()


def input_records():
    """The JSON objects on stdin, one a line."""
    for line in sys.stdin.buffer:
        if line.strip():
            yield json.loads(line)


def _end_with_parent():
    while os.read(0, 4096):
        pass
    os._exit(0)


def canonical(headers):
    """Header names as web frameworks hand them on (`X-Lark-Signature`), whatever the sender wrote."""
    return {"-".join(word.capitalize() for word in name.split("-")): value for name, value in headers.items()}


def serve(answer, check=None):
    """Serves POST, and GET where there is a `check`, on a free loopback port until stdin closes.

    `answer(path, headers, body)` and `check(path, headers)` give (status, headers, body bytes).
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = canonical(self.headers)
            self.finish_with(answer(self.path, headers, body), headers, body)

        def do_GET(self):
            headers = canonical(self.headers)
            self.finish_with(check(self.path, headers) if check else (405, {}, b""), headers, b"")

        def finish_with(self, answered, headers, body):
            status, extra, content = answered
            emit(
                {
                    "kind": "answered",
                    "path": self.path,
                    "status": status,
                    "answer": content.decode("utf-8", "replace"),
                    "headers": {name.lower(): value for name, value in headers.items()},
                    "body": body.decode("utf-8", "replace"),
                }
            )
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    run(Handler)


def run(handler):
    """Serves with this handler class on a free loopback port until stdin closes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with _writing:
        _lines.write(f"listening {server.server_port}\n")
        _lines.flush()
    server.serve_forever()
