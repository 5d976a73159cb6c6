"""A server that repeats what a stand-in once answered: ``python -m bench._replay PORT ORIGIN``.

Reads (GET) are asked of the stand-in once and repeated from memory from then on, so that what is
timed is neither the stand-in's making of pages nor its limits. Everything else is passed on. The
host a client asked for is passed on as well, so addresses in answers lead back here.
"""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

UPSTREAM_SECONDS: Final = 60
KEPT_HEADERS: Final = ("content-type", "location", "x-ratelimit-remaining")
CONTROL: Final = "/__sandbox__/"
"""Paths below it are never repeated from memory: they say how the stand-in is now."""

Answer = tuple[int, list[tuple[str, str]], bytes]


class Replay(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body leave together: apart, the second would wait for the first's receipt."""
    disable_nagle_algorithm = True
    upstream = ("127.0.0.1", 0)
    kept: dict[str, Answer] = {}  # noqa: RUF012 - one memory for all connections is the point

    def do_GET(self) -> None:
        answer = self.kept.get(self.path)
        if answer is None:
            answer = self._asked()
            if answer[0] == 200 and not self.path.startswith(CONTROL):
                self.kept[self.path] = answer
        self._send(answer)

    def do_POST(self) -> None:
        self._send(self._asked())

    do_DELETE = do_POST  # noqa: N815 - the server's naming

    def _asked(self) -> Answer:
        length = int(self.headers.get("content-length") or 0)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"accept-encoding", "connection"}
        }
        connection = HTTPConnection(*self.upstream, timeout=UPSTREAM_SECONDS)
        try:
            connection.request(self.command, self.path, self.rfile.read(length), headers)
            answer = connection.getresponse()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() in KEPT_HEADERS]
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _send(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as inherited
        """Nothing is said: it would be timed."""


def serve(port: int, origin: str) -> None:
    """Until killed."""
    address = urlsplit(origin)
    assert address.hostname is not None
    assert address.port is not None
    Replay.upstream = (address.hostname, address.port)
    ThreadingHTTPServer(("127.0.0.1", port), Replay).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
