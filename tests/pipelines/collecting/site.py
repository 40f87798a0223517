"""A site on loopback that answers as Urban Dictionary and Wiktionary do, with good manners and bad ones.

with Site() as site:
    site.define("rizz", 12)
    site.manners["/v0/define?term=rizz&page=1"] = ["429", "truncated"]     once each, then a proper answer
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

AUTHOR = "Jane Q. Author"
PER_PAGE = 10
BOMB = gzip.compress(b" " * (64 << 20), 6)  # 64 MiB in 64 KiB


class Site:
    """What it knows and how it behaves may be changed while it runs. `seen` is every request, in order."""

    def __init__(self) -> None:
        self.words: dict[str, list[dict]] = {}  # Urban Dictionary: term → definitions
        self.random: list[dict] = []
        self.categories: dict[str, list[str]] = {}  # Wiktionary: category → titles
        self.entries: dict[str, dict] = {}  # title → answer of page/definition
        self.manners: dict[str, list[str]] = {}  # path and query → what to do instead, one a visit
        self.robots = "User-agent: *\nDisallow:\n"
        self.per_call = 2  # members of a category in one answer
        self.pause = 0.0  # seconds before each answer
        self.etags = False
        self.unchanged = 0  # answers "not modified"
        self.seen: list[str] = []
        self.agents: set[str] = set()
        self.times: list[float] = []
        self.on_request = lambda path: None

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def speak_tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")

    def define(self, term: str, count: int, start: int = 0) -> None:
        """Give a term definitions in the shape of the real API."""
        self.words[term] = [definition(term, number) for number in range(start, start + count)]

    def pages_seen(self) -> list[str]:
        return [path for path in self.seen if path != "/robots.txt"]

    def answer(self, path: str) -> tuple[int, object]:
        """(status, JSON) of a well-mannered answer."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v0/define":
            page = int(query.get("page", 1))
            found = self.words.get(query["term"].casefold(), [])
            return 200, {"list": found[(page - 1) * PER_PAGE : page * PER_PAGE]}
        if parts.path == "/v0/random":
            return 200, {"list": self.random}
        if parts.path == "/w/api.php":
            return 200, self.members(query)
        title = unquote(parts.path.removeprefix("/api/rest_v1/page/definition/")).replace("_", " ")
        if title in self.entries:
            return 200, self.entries[title]
        return 404, {"title": "Not found.", "status": 404}

    def members(self, query: dict[str, str]) -> dict:
        titles = self.categories.get(query["cmtitle"].removeprefix("Category:"), [])
        start = int(query.get("cmcontinue", "page|0").split("|")[1])
        shown = titles[start : start + self.per_call]
        found = [{"pageid": number, "ns": 0, "title": title} for number, title in enumerate(shown, start)]
        answer: dict = {"batchcomplete": True, "query": {"categorymembers": found}}
        if start + self.per_call < len(titles):
            answer["continue"] = {"cmcontinue": f"page|{start + self.per_call}", "continue": "-||"}
        return answer


def definition(term: str, number: int, text: str = "") -> dict:
    return {
        "definition": text or f"Meaning {number} of [{term}], said by the [cool kids].\r\nSince forever.",
        "permalink": f"http://{term.replace(' ', '-')}.urbanup.com/{number}",
        "thumbs_up": 10 + number,
        "thumbs_down": number,
        "author": AUTHOR,
        "word": term,
        "defid": hash_of(term) * 1000 + number,
        "current_vote": "",
        "written_on": "2023-05-01T00:00:00.000Z",
        "example": f"He has [{term}] number {number}.",
    }


def hash_of(term: str) -> int:
    return int(sha256(term.encode()).hexdigest()[:8], 16)


def entry(*meanings: str, language: str = "English", code: str = "en", label: str = "slang") -> dict:
    """A page's definitions as Wiktionary's REST API gives them."""
    marked = (
        f'<span class="usage-label-sense"><span class="ib-brac">(</span><span class="ib-content">{label}</span>'
        '<span class="ib-brac">)</span></span> '
    )
    definitions = [
        {
            "definition": f'{marked}<a href="/wiki/x">{meaning}</a>',
            "parsedExamples": [{"example": f"<b>{meaning}</b>!"}],
        }
        for meaning in meanings
    ]
    return {code: [{"partOfSpeech": "Noun", "language": language, "definitions": definitions}]}


def date_of(wait: str) -> str:
    """What Retry-After says; `in 3` is a date, three seconds from now."""
    return formatdate(time.time() + int(wait[3:]), usegmt=True) if wait.startswith("in ") else wait


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            site.seen.append(self.path)
            site.times.append(time.monotonic())
            site.agents.add(self.headers.get("User-Agent", ""))
            site.on_request(self.path)
            time.sleep(site.pause)
            try:
                self.reply()
            except OSError:
                self.close_connection = True  # the visitor hung up

        def reply(self) -> None:
            waiting = site.manners.get(self.path) or []
            manner = waiting.pop(0) if waiting else ""
            if self.path == "/robots.txt" and not manner:
                return self.send(200, site.robots.encode(), Content_Type="text/plain")
            if self.path == "/robots.txt":
                return self.misbehave(manner, b"")
            status, found = site.answer(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            if manner:
                return self.misbehave(manner, body)
            tag = f'"{hash(body)}"'
            if site.etags and self.headers.get("If-None-Match") == tag:
                site.unchanged += 1
                return self.send(304, b"", ETag=tag)
            return self.send(status, body, **({"ETag": tag} if site.etags else {}))

        def misbehave(self, manner: str, body: bytes) -> None:
            what, _, detail = manner.partition(" ")
            if what in ("429", "503"):
                self.send(int(what), b"slow down", Retry_After=date_of(detail) or "0")
            elif what == "500":
                self.send(500, b"<h1>oh no</h1>", Content_Type="text/html")
            elif what == "truncated":
                self.send(200, body[: len(body) // 2])
            elif what == "cut":  # says more than it sends
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:20])
                self.close_connection = True
            elif what == "latin1":
                self.send(
                    200,
                    json.dumps(json.loads(body), ensure_ascii=False).encode(),
                    Content_Type="application/json; charset=iso-8859-1",
                )
            elif what == "huge":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Connection", "close")
                if detail == "announced":
                    self.send_header("Content-Length", str(50 << 20))
                self.end_headers()
                for _ in range(50):
                    self.wfile.write(b" " * (1 << 20))
                self.close_connection = True
            elif what == "bomb":
                self.send(200, BOMB, Content_Encoding="gzip")
            elif what == "hang":
                time.sleep(float(detail or 5))
                self.close_connection = True
            elif what == "to":
                self.send(302, b"", Location=detail)
            elif what == "json":
                self.send(200, detail.encode())

    return Handler
