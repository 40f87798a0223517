"""A stand-in for the Hugging Face Hub on loopback that speaks its HTTP protocol, keeps commits, and fails when told to.

Repositories live in memory: a commit is a whole snapshot of files with a parent, branches and tags point at commits.
Large files go the way of git-lfs (batch, upload, verify) or as chunks (Xet), as the client likes, and are served from
another host by a redirect.
Every request has a name (`Hub.asked`), by which a test makes one fail: with a status, cut before, or cut after the work.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from chunk_store import chunks_of, files_of

TOKEN, READ_ONLY = "hf_" + "Standin0" * 4, "hf_" + "Readonly" * 4
CHUNK_TOKEN = "of-the-store-of-chunks"
OWNER = "tester"
LARGE = (".parquet", ".safetensors", ".gguf", ".arrow")
ATTRIBUTES = {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}


@dataclass
class Repository:
    private: bool
    commits: dict = field(default_factory=dict)  # hash → {"parent", "title", "message", "files": {path: bytes}}
    branches: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)

    def commit(self, branch, changed, removed=(), title="initial commit", message=""):
        parent = self.branches.get(branch)
        files = dict(self.commits[parent]["files"]) if parent else {}
        for path in removed:
            files = {name: data for name, data in files.items() if name != path and not name.startswith(f"{path}/")}
        files |= changed
        told = [parent, title, len(self.commits), sorted((name, git_hash(data)) for name, data in files.items())]
        made = hashlib.sha1(json.dumps(told).encode()).hexdigest()
        self.commits[made] = {"parent": parent, "title": title, "message": message, "files": files}
        self.branches[branch] = made
        return made

    def find(self, revision):
        revision = unquote(revision or "main")
        return (
            self.branches.get(revision) or self.tags.get(revision) or (revision if revision in self.commits else None)
        )

    def files(self, revision="main"):
        return self.commits[self.find(revision)]["files"]


@dataclass
class Fault:
    how: int | str  # a status, "cut" before anything was done, "late cut" when it was done and the answer is lost
    times: int = 10**6
    headers: dict = field(default_factory=dict)
    said: str = ""
    body: bytes = b""  # instead of JSON


@dataclass
class Hub:
    endpoint: str = ""
    repositories: dict = field(default_factory=dict)  # "datasets/owner/name" → Repository
    stored: dict = field(default_factory=dict)  # sha256 → content of a large file
    xorbs: dict = field(default_factory=dict)  # hash → chunks that were sent
    asked: list = field(default_factory=list)  # names of requests, in order
    faults: dict = field(default_factory=dict)  # name of a request → Fault
    between: dict = field(default_factory=dict)  # name of a request → what happens right before it

    def dataset(self, name) -> Repository:
        return self.repositories[f"datasets/{name}"]

    def create(self, key, *, private=False, files=None):
        repository = self.repositories[key] = Repository(private)
        repository.commit("main", ATTRIBUTES | (files or {}))
        return repository

    def times(self):
        counts = defaultdict(int)
        for name in self.asked:
            counts[name] += 1
        return counts


def git_hash(data):
    if isinstance(data, Large):
        data = f"version https://git-lfs.github.com/spec/v1\noid sha256:{data.sha256}\nsize {data.size}\n".encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class Large:
    """A large file in a commit: its content lies in Hub.stored."""

    sha256: str
    size: int


class StopError(Exception):
    """An answer that ends the request: status, code of the Hub, message."""


@contextmanager
def hub_server():
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


REPO = r"(?P<repo>[\w.-]+/[\w.-]+)"
ROUTES = [  # (name, method, pattern)
    ("whoami", "GET", r"/api/whoami-v2"),
    ("yaml", "POST", r"/api/validate-yaml"),
    ("create", "POST", r"/api/repos/create"),
    ("batch", "POST", rf"/(?P<kind>datasets/|){REPO}\.git/info/lfs/objects/batch"),
    ("upload", "PUT", r"/lfs/(?P<sha>[0-9a-f]{64})"),
    ("verify", "POST", r"/lfs/verify"),
    ("cdn", "GET|HEAD", r"/cdn/(?P<sha>[0-9a-f]{64})"),
    ("info", "GET", rf"/api/(?P<kind>datasets|models)/{REPO}(?:/revision/(?P<rev>[^/]+))?"),
    ("refs", "GET", rf"/api/(?P<kind>datasets|models)/{REPO}/refs"),
    ("tree", "GET", rf"/api/(?P<kind>datasets|models)/{REPO}/tree/(?P<rev>[^/]+)(?:/(?P<path>.*))?"),
    ("paths", "POST", rf"/api/(?P<kind>datasets|models)/{REPO}/paths-info/(?P<rev>[^/]+)"),
    ("history", "GET", rf"/api/(?P<kind>datasets|models)/{REPO}/commits/(?P<rev>[^/]+)"),
    ("preupload", "POST", rf"/api/(?P<kind>datasets|models)/{REPO}/preupload/(?P<rev>[^/]+)"),
    ("commit", "POST", rf"/api/(?P<kind>datasets|models)/{REPO}/commit/(?P<rev>[^/]+)"),
    ("tag", "POST", rf"/api/(?P<kind>datasets|models)/{REPO}/tag/(?P<rev>[^/]+)"),
    ("branch", "POST", rf"/api/(?P<kind>datasets|models)/{REPO}/branch/(?P<rev>[^/]+)"),
    ("xet", "GET", rf"/api/(?P<kind>datasets|models)/{REPO}/xet-write-token/(?P<rev>[^/]+)"),
    ("xorb", "POST", r"/v1/xorbs/default/(?P<sha>[0-9a-f]{64})"),
    ("shard", "POST", r"/v1/shards"),
    ("resolve", "GET|HEAD", rf"/(?P<kind>datasets/|){REPO}/resolve/(?P<rev>[^/]+)/(?P<path>.+)"),
]
WRITES = {"create", "batch", "preupload", "commit", "tag", "branch", "xet"}


def handler(hub):
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def answer(self, status, body=b"", headers=None):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
            for name, value in {"Content-Type": kind, "Content-Length": len(data), **(headers or {})}.items():
                self.send_header(name, str(value))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def handle_any(self):
            length = self.headers.get("Content-Length")
            data = self.rfile.read(int(length)) if length else self.chunks()
            address = urlsplit(self.path)
            for name, methods, pattern in ROUTES:
                found = re.fullmatch(pattern, address.path)
                if found and self.command in methods.split("|"):
                    return self.named(name, found.groupdict(), parse_qs(address.query), data)
            return self.answer(404, {"error": f"no such route: {self.command} {address.path}"})

        do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 (names of the standard library)

        def chunks(self):
            whole = b""
            while "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
                size = int(self.rfile.readline().split(b";")[0], 16)
                whole += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    break
            return whole

        def named(self, name, parts, query, data):
            """Answer a request, or fail as the test wants it."""
            with lock:
                hub.asked.append(name)
                happens = hub.between.pop(name, None)
                fault = hub.faults.get(name)
                if fault:
                    fault.times -= 1
                    if fault.times <= 0:
                        del hub.faults[name]
            if happens:
                happens()
            if fault and fault.how == "cut":
                return self.cut()
            if fault and fault.how != "late cut":
                said = fault.said or f"injected {fault.how}"
                return self.answer(fault.how, fault.body or {"error": said}, {"X-Error-Message": said, **fault.headers})
            try:
                with lock:
                    answer = self.work(name, parts, query, data)
            except StopError as stop:
                status, code, said = stop.args
                return self.answer(status, {"error": said}, {"X-Error-Code": code, "X-Error-Message": said})
            return self.cut() if fault else self.answer(*answer)

        def cut(self):
            self.close_connection = True
            self.connection.close()

        # ------------------------------------------------------------ who may do what

        def token(self):
            given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if given and given not in (TOKEN, READ_ONLY):
                raise StopError(401, "", "Invalid credentials in Authorization header")
            return given

        def repository(self, name, parts):
            token = self.token()
            kind = (parts["kind"] or "models").rstrip("/")
            found = hub.repositories.get(f"{kind}/{parts['repo']}")
            if found is None or (found.private and not token):
                raise StopError(404 if token else 401, "RepoNotFound", "Repository not found")
            if name in WRITES and (token != TOKEN or not parts["repo"].startswith(f"{OWNER}/")):
                raise StopError(403, "", "You don't have the required permissions")
            return found

        # ------------------------------------------------------------ requests

        def work(self, name, parts, query, data):
            if name in ("yaml", "create", "whoami", "upload", "verify", "cdn", "xorb", "shard"):
                return getattr(self, f"do_{name}")(parts, data)
            repository = self.repository(name, parts)
            commit = repository.find(parts.get("rev"))
            if commit is None and name != "branch":
                raise StopError(404, "RevisionNotFound", "Invalid rev id")
            parts |= {"query": query, "commit": commit}
            return getattr(self, f"do_{name}")(repository, parts, data)

        def do_whoami(self, parts, data):
            if not self.token():
                raise StopError(401, "", "Invalid username or password.")
            return 200, {"type": "user", "name": OWNER, "orgs": [], "auth": {"type": "access_token"}}

        def do_yaml(self, parts, data):
            content = json.loads(data)["content"]
            head = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
            try:
                facts = yaml.safe_load(head[1]) if head else {}
            except yaml.YAMLError as error:
                return 400, {"errors": [{"message": f"invalid YAML: {error}"}], "warnings": []}
            wrong = [one for one in facts.get("configs", []) if not {"config_name", "data_files"} <= set(one)]
            errors = [{"message": f"a config without a name or files: {one}"} for one in wrong]
            return (400 if errors else 200), {"errors": errors, "warnings": []}

        def do_create(self, parts, data):
            if self.token() != TOKEN:
                raise StopError(
                    401 if not self.token() else 403, "", "You don't have the rights to create a repository"
                )
            asked = json.loads(data)
            owner = asked.get("organization") or OWNER
            if owner != OWNER:
                raise StopError(403, "", f"You don't have the rights to create a repository under {owner}")
            kind, whole = f"{asked.get('type') or 'model'}s", f"{owner}/{asked['name']}"
            url = f"{hub.endpoint}/{'' if kind == 'models' else kind + '/'}{whole}"
            if f"{kind}/{whole}" in hub.repositories:
                return 409, {"error": "You already created this repository", "url": url}
            hub.create(f"{kind}/{whole}", private=asked.get("visibility") == "private" or bool(asked.get("private")))
            return 200, {"url": url, "name": whole, "id": whole}

        def do_batch(self, repository, parts, data):
            objects = []
            for one in json.loads(data)["objects"]:
                answer = {"oid": one["oid"], "size": one["size"]}
                if one["oid"] not in hub.stored:
                    header = {"Authorization": "signed"}
                    answer["actions"] = {
                        "upload": {
                            "href": f"{hub.endpoint}/lfs/{one['oid']}?X-Amz-Signature=verysecret",
                            "header": header,
                        },
                        "verify": {"href": f"{hub.endpoint}/lfs/verify", "header": {}},
                    }
                objects.append(answer)
            return 200, {"transfer": "basic", "objects": objects}

        def do_upload(self, parts, data):
            if hashlib.sha256(data).hexdigest() != parts["sha"]:
                raise StopError(400, "", "the content has another hash")
            hub.stored[parts["sha"]] = data
            return 200, b""

        def do_verify(self, parts, data):
            asked = json.loads(data)
            if len(hub.stored.get(asked["oid"], b"")) != asked["size"]:
                raise StopError(404, "", "no such object")
            return 200, {}

        def do_cdn(self, parts, data):
            return self.ranged(hub.stored[parts["sha"]], {"ETag": f'"{parts["sha"]}"'})

        def do_info(self, repository, parts, data):
            names = sorted(repository.commits[parts["commit"]]["files"])
            return 200, {
                "id": parts["repo"], "sha": parts["commit"], "private": repository.private, "gated": False, "tags": [],
                "downloads": 0, "likes": 0, "siblings": [{"rfilename": name} for name in names],
            }  # fmt: skip

        def do_refs(self, repository, parts, data):
            def listed(found, what):
                return [{"name": n, "ref": f"refs/{what}/{n}", "targetCommit": c} for n, c in sorted(found.items())]

            return 200, {
                "branches": listed(repository.branches, "heads"),
                "tags": listed(repository.tags, "tags"),
                "converts": [],
            }

        def do_tree(self, repository, parts, data):
            under = unquote(parts["path"] or "").strip("/")
            deep = parts["query"].get("recursive", ["false"])[0].lower() in ("1", "true")
            listed = {}
            for path, held in sorted(repository.commits[parts["commit"]]["files"].items()):
                rest = (
                    path[len(under) :].lstrip("/").split("/")
                    if path == under or path.startswith(f"{under}/") or not under
                    else []
                )
                for depth in range(1, len(rest)):
                    folder = "/".join([*filter(None, [under]), *rest[:depth]])
                    if deep or depth == 1:
                        listed[folder] = {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
                if rest and (deep or len(rest) == 1):
                    listed[path] = entry(path, held)
            if under and not listed:
                raise StopError(404, "EntryNotFound", "not found")
            return 200, list(listed.values())

        def do_paths(self, repository, parts, data):
            asked = json.loads(data)["paths"] if data[:1] == b"{" else parse_qs(data.decode()).get("paths", [])
            files = repository.commits[parts["commit"]]["files"]
            return 200, [entry(path, files[path]) for path in asked if path in files]

        def do_history(self, repository, parts, data):
            found, at = [], parts["commit"]
            while at:
                one = repository.commits[at]
                found.append(
                    {
                        "id": at,
                        "title": one["title"],
                        "message": one["message"],
                        "authors": [],
                        "date": "2026-01-01T00:00:00.000Z",
                    }
                )
                at = one["parent"]
            return 200, found

        def do_preupload(self, repository, parts, data):
            files, answers = repository.commits[parts["commit"]]["files"], []
            ignored = files.get(".gitignore", b"").decode().split()
            for one in json.loads(data)["files"]:
                held = files.get(one["path"])
                large = one["path"].endswith(LARGE) or one["size"] > 10_000_000
                known = held.sha256 if isinstance(held, Large) else git_hash(held) if held is not None else None
                answers.append({
                    "path": one["path"], "uploadMode": "lfs" if large else "regular", "oid": known,
                    "shouldIgnore": any(one["path"].endswith(pattern.lstrip("*")) for pattern in ignored),
                })  # fmt: skip
            return 200, {"files": answers, "commitOid": parts["commit"]}

        def do_commit(self, repository, parts, data):
            lines = [json.loads(line) for line in data.splitlines()]
            head = lines[0]["value"]
            branch = unquote(parts["rev"])
            if branch not in repository.branches:
                raise StopError(400, "", "commits go to branches")
            if head.get("parentCommit") not in (None, repository.branches[branch]):
                raise StopError(412, "", "A commit has happened since. Please refresh and try again.")
            changed, removed = {}, []
            for line in lines[1:]:
                value = line["value"]
                if line["key"] == "file":
                    changed[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    if value["oid"] not in hub.stored:
                        raise StopError(400, "", f"LFS pointer pointed to a file that does not exist: {value['path']}")
                    changed[value["path"]] = Large(value["oid"], len(hub.stored[value["oid"]]))
                elif value["path"].rstrip("/") in repository.files(branch) or line["key"] == "deletedFolder":
                    removed.append(value["path"].rstrip("/"))
                else:
                    raise StopError(404, "EntryNotFound", f"A file with this name doesn't exist: {value['path']}")
            made = repository.commit(branch, changed, removed, head["summary"], head.get("description", ""))
            kind = "" if parts["kind"] == "models" else "datasets/"
            return 200, {
                "success": True,
                "commitOid": made,
                "commitUrl": f"{hub.endpoint}/{kind}{parts['repo']}/commit/{made}",
            }

        def do_tag(self, repository, parts, data):
            name = json.loads(data)["tag"]
            if name in repository.tags:
                raise StopError(409, "", f"Tag reference already exists: {name}")
            repository.tags[name] = parts["commit"]
            return 200, {}

        def do_branch(self, repository, parts, data):
            name, start = unquote(parts["rev"]), repository.find(json.loads(data or b"{}").get("startingPoint"))
            if name in repository.branches:
                raise StopError(409, "", f"Reference already exists: refs/heads/{name}")
            if start is None:
                raise StopError(404, "RevisionNotFound", "Invalid rev id")
            repository.branches[name] = start
            return 200, {}

        def do_xet(self, repository, parts, data):
            return 200, {"casUrl": hub.endpoint, "accessToken": CHUNK_TOKEN, "exp": int(time.time()) + 3600}

        def do_xorb(self, parts, data):
            self.chunk_token()
            known = parts["sha"] in hub.xorbs
            hub.xorbs[parts["sha"]] = chunks_of(data)
            return 200, {"was_inserted": not known}

        def do_shard(self, parts, data):
            self.chunk_token()
            try:
                found = files_of(data, hub.xorbs)
            except KeyError as lacking:
                raise StopError(400, "", f"xorb {lacking} was not sent") from None
            if any(hashlib.sha256(content).hexdigest() != sha for sha, content in found.items()):
                raise StopError(400, "", "the content has another hash")
            hub.stored |= found
            return 200, {"result": 1}

        def chunk_token(self):
            if self.headers.get("Authorization") != f"Bearer {CHUNK_TOKEN}":
                raise StopError(401, "", "no token for the store of chunks")

        def do_resolve(self, repository, parts, data):
            held = repository.commits[parts["commit"]]["files"].get(unquote(parts["path"]))
            if held is None:
                raise StopError(404, "EntryNotFound", "Entry not found")
            headers = {"X-Repo-Commit": parts["commit"]}
            if isinstance(held, Large):
                headers |= {"X-Linked-Etag": f'"{held.sha256}"', "X-Linked-Size": held.size}
                return (
                    302,
                    b"",
                    {**headers, "Location": f"{hub.endpoint.replace('127.0.0.1', 'localhost')}/cdn/{held.sha256}"},
                )
            return self.ranged(held, {**headers, "ETag": f'"{git_hash(held)}"'})

        def ranged(self, data, headers):
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            if not wanted:
                return 200, data, {**headers, "Accept-Ranges": "bytes"}
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            if first >= len(data):
                raise StopError(416, "", "Requested range not satisfiable")
            headers = {**headers, "Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{len(data)}"}
            return 206, data[first : last + 1], headers

    return Handler


def entry(path, held):
    """A file as the Hub lists it."""
    if isinstance(held, Large):
        large = {"oid": held.sha256, "size": held.size, "pointerSize": 134}
        return {"type": "file", "path": path, "oid": git_hash(held), "size": held.size, "lfs": large}
    return {"type": "file", "path": path, "oid": git_hash(held), "size": len(held)}
