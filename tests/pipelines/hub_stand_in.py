"""A read-only stand-in for the Hugging Face Hub on loopback: enough of its HTTP API for `load_dataset` and downloads.

The routes and headers are those that huggingface_hub asks for: repository info, tree, paths-info and resolve.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


@contextmanager
def hub_stand_in(repos: dict[str, dict[str, bytes]], gated: frozenset[str] = frozenset()):
    """Serve dataset repositories {"owner/name": {path: bytes}}; yields (endpoint, list of requests seen)."""
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(repos, gated, seen))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def handler(repos, gated, seen):
    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def answer(self, status, body, **headers):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def refuse(self, status, code):
            self.answer(status, {"error": code}, X_Error_Code=code, X_Error_Message=code)

        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(urlsplit(self.path).path)
            seen.append(f"{self.command} {path}")
            found = re.fullmatch(r"/(?:api/)?(?:datasets/|models/)?([^/]+/[^/]+)(?:/(.*))?", path)
            files = repos.get(found[1]) if found else None
            if files is None:
                return self.refuse(404, "RepoNotFound")
            if found[1] in gated:
                return self.refuse(403, "GatedRepo")
            return self.route(found[1], files, found[2] or "", body)

        do_HEAD = do_POST = do_GET  # noqa: N815 (names of the standard library)

        def route(self, repo, files, rest, body):
            what, _, tail = rest.partition("/")
            revision, _, name = tail.partition("/")
            if revision not in ("", "main", COMMIT):
                return self.refuse(404, "RevisionNotFound")
            if what in ("", "revision"):
                siblings = [{"rfilename": path} for path in sorted(files)]
                return self.answer(200, {"id": repo, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings})
            if what == "tree":
                return self.answer(200, [entry(path, files[path]) for path in sorted(files) if path.startswith(name)])
            if what == "paths-info":
                asked = json.loads(body)["paths"] if body[:1] == b"{" else parse_qs(body.decode()).get("paths", [])
                return self.answer(200, [entry(path, files[path]) for path in asked if path in files])
            if what != "resolve" or name not in files:
                return self.refuse(404, "EntryNotFound")
            data = files[name]
            headers = {"ETag": f'"{entry(name, data)["oid"]}"', "X_Repo_Commit": COMMIT, "Accept_Ranges": "bytes"}
            wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            if not wanted:
                return self.answer(200, data, **headers)
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            headers["Content_Range"] = f"bytes {first}-{last}/{len(data)}"
            return self.answer(206, data[first : last + 1], **headers)

    return Hub


def entry(path: str, data: bytes) -> dict[str, object]:
    """A file as the Hub lists it: its oid is git's hash of a blob."""
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return {"type": "file", "path": path, "oid": oid, "size": len(data)}
