"""What a person sees when something is wrong: one line that says what to do, never the token."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.review import main
from pipelines.reviewing import server
from pipelines.reviewing.studio import TOKEN, URL, connect
from tests.pipelines.reviewing.conftest import PROJECT, free_port
from tests.pipelines.reviewing.toy_questions import write_toy_build

SECRET = "f00dfeedf00dfeedf00dfeedf00dfeedf00dfeed"


@pytest.fixture
def build(tmp_path):
    return write_toy_build(tmp_path / "build", "toy", 3)


def said(capsys, *argv):
    assert main([*map(str, argv)]) == 2
    out = capsys.readouterr()
    assert SECRET not in out.out + out.err
    assert out.err.count("\n") == 1
    assert "Traceback" not in out.err
    return out.err


@pytest.fixture
def answering():
    """A web server that says one thing to everything; what it should say is set by the test."""

    class Handler(http.server.BaseHTTPRequestHandler):
        status, body = 200, b"<html>hello</html>"

        def do_GET(self):
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(self.body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_):
            pass

    class Fresh(Handler):
        pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield Fresh, f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


def test_no_token(build, capsys):
    assert "LABEL_STUDIO_API_KEY is not set" in said(capsys, "push", "--build", build)


@pytest.mark.parametrize("token", [f"{SECRET}\n{SECRET}", f"{SECRET} x", f"{SECRET}é"])
def test_a_token_that_no_header_can_hold(build, capsys, monkeypatch, token):
    monkeypatch.setenv(TOKEN, token)
    assert "copy it again" in said(capsys, "push", "--build", build)


def test_no_server(build, capsys, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    line = said(capsys, "push", "--build", build, "--url", "http://127.0.0.1:9")
    assert "no server answers" in line
    assert "review serve" in line


@pytest.mark.parametrize("url", ["localhost", "ftp://x", "http://me:word@host", "http://a b"])
def test_an_address_that_is_none(build, capsys, monkeypatch, url):
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setenv(URL, url)
    line = said(capsys, "status")
    assert "is not an address" in line
    assert "word" not in line.replace("password", "")


def test_a_server_that_is_no_label_studio(capsys, monkeypatch, answering):
    monkeypatch.setenv(TOKEN, SECRET)
    assert "does not answer as a Label Studio does" in said(capsys, "status", "--url", answering[1])


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_that_repeats_the_token_is_told_without_it(capsys, monkeypatch, answering, status):
    monkeypatch.setenv(TOKEN, SECRET)
    answering[0].status, answering[0].body = status, f'{{"detail": "{SECRET} is odd"}}'.encode()
    assert f"status {status}" in said(capsys, "status", "--url", answering[1])


@pytest.mark.xdist_group("label_studio")
def test_a_wrong_token(build, label_studio, capsys, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    assert "is not accepted" in said(capsys, "push", "--build", build, "--url", label_studio.url)


@pytest.mark.xdist_group("label_studio")
def test_a_dry_run_writes_nothing(build, at_server, capsys):
    assert main(["push", "--build", str(build), "--dry-run"]) == 0
    assert capsys.readouterr().out.count("a new project, 1 new") == 3
    assert at_server.connect().projects("toy") == []


@pytest.mark.xdist_group("label_studio")
def test_a_budget_asks_the_first_questions_only(tmp_path, at_server):
    build = write_toy_build(tmp_path / "build", "budget", 9)
    assert main(["push", "--build", str(build), "--budget", "4", "--people", "3"]) == 0
    studio = at_server.connect()
    projects = studio.projects("budget")
    assert sum(len(studio.tasks(project)) for project in projects) == 4
    assert {project.people for project in projects} == {3}


def test_an_old_sdk(monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.0.20")
    with pytest.raises(ValueError, match=r"1\.0\.20 is too old"):
        connect("http://127.0.0.1:9")


def test_no_sdk(monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setitem(__import__("sys").modules, "label_studio_sdk", None)
    with pytest.raises(ValueError, match=r"pip install '\.\[review\]'"):
        connect("http://127.0.0.1:9")


def test_no_build(tmp_path, capsys):
    assert "no build here" in said(capsys, "push", "--build", tmp_path / "absent")


def test_a_name_that_leads_elsewhere(capsys):
    with pytest.raises(SystemExit):
        main(["pull", "../../etc"])
    assert "expected the name of a recipe" in capsys.readouterr().err


def test_files_that_are_no_export(tmp_path, capsys):
    for text, told in (("{", "is no JSON"), ('{"a": 1}', "is no export"), ('[{"key": "x"}]', "not JSON-MIN")):
        (tmp_path / "file.json").write_text(text)
        assert told in said(capsys, "import", "toy", tmp_path / "file.json")
    assert "No such file" in said(capsys, "import", "toy", tmp_path / "absent.json")


def test_an_export_replaces_an_export_and_nothing_else(build, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert "holds files that this command did not write" in said(
        capsys, "export", "--build", build, "--out", tmp_path / "mine"
    )
    for _ in range(2):
        assert main(["export", "--build", str(build), "--out", str(tmp_path / "out")]) == 0
    assert {"HOW.txt", "label.json", "label.xml", "label.html"} <= {file.name for file in (tmp_path / "out").iterdir()}


def test_no_label_studio_to_serve(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(server.VENV, str(tmp_path))
    assert "make label-studio" in said(capsys, "serve", "--data", tmp_path / "data")


def test_a_server_that_is_told_to_end_leaves_no_label_studio_behind(tmp_path):
    program, number = tmp_path / "bin" / "label-studio", tmp_path / "number"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $$ > {number}.part; mv {number}.part {number}; exec sleep 600\n")
    program.chmod(0o755)
    serve = [
        sys.executable,
        "-m",
        "pipelines.review",
        "serve",
        "--port",
        str(free_port()),
        "--data",
        str(tmp_path / "d"),
    ]
    with subprocess.Popen(serve, cwd=PROJECT, env={**os.environ, server.VENV: str(tmp_path)}, stdout=-3) as started:
        while not number.exists():
            time.sleep(0.05)
        started.terminate()
        assert started.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_a_damaged_file_of_decisions_is_told_before_the_server_is_asked_for_anything(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    (tmp_path / "toy.jsonl").write_text("<<<<<<< HEAD\n")
    assert "line 1: git left a merge conflict" in said(capsys, "pull", "toy", "--reviews", tmp_path / "toy.jsonl")
    assert (tmp_path / "toy.jsonl").read_text() == "<<<<<<< HEAD\n"


def test_secrets_lie_in_files_of_their_owner_and_in_no_argument(tmp_path):
    place = server.Place(Path("label-studio"), tmp_path, 8080)
    environment = server.environment(place)
    assert {place.token.stat().st_mode & 0o777, place.password.stat().st_mode & 0o777} == {0o600}
    secrets = {environment["LABEL_STUDIO_USER_TOKEN"], environment["LABEL_STUDIO_PASSWORD"]}
    assert len(secrets) == 2
    told = " ".join(server.command(place)) + server.how_to_use(place)
    assert not any(secret in told for secret in secrets)
    assert server.environment(place) == environment, "the same secrets at the next start"
