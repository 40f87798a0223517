"""A forward proxy on loopback, as companies have one: it alone knows where names lead, and may want a password."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.pipelines.collecting.site import Site


@contextmanager
def proxy_to(site: Site, password: str = "") -> Iterator[tuple[int, list[str]]]:
    """Every address leads to the site; yields (port, addresses that the proxy was asked for)."""
    asked: list[str] = []
    place = urlsplit(site.url).netloc

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            if password and self.headers.get("Proxy-Authorization") != password:
                return self.send(407, b"")
            parts = urlsplit(self.path)
            connection = http.client.HTTPConnection(place)
            connection.request(
                "GET", f"{parts.path}{'?' if parts.query else ''}{parts.query}", headers=dict(self.headers)
            )
            answer = connection.getresponse()
            return self.send(answer.status, answer.read(), Location=answer.headers.get("Location", ""))

        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send(403, b"")

        def send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value) if value else None
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
