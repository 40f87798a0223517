"""A proxy that the user has set may be private; the sites asked for through it may not."""

from __future__ import annotations

import base64

import pytest

from tests.pipelines.collecting.crawling import collect, everything, records
from tests.pipelines.collecting.proxy import proxy_to
from tests.pipelines.collecting.site import Site

SLANG = "http://slang.invalid"  # a name that no resolver knows (RFC 2606)


@pytest.fixture
def site():
    with Site() as site:
        for term in ("rizz", "drip", "inside", "here", "proxy", "well"):
            site.define(term, 1)
        yield site


def through(proxy, out, *terms, base=SLANG, **more):
    asked = [part for term in terms for part in ("--term", term)]
    return collect(
        None, "urban_dictionary", out, "--base-url", base, "--delay", "0", *asked,
        http_proxy=proxy, https_proxy=proxy, no_proxy="", **more,
    )  # fmt: skip


def test_a_proxy_with_a_private_address_is_used_and_resolves_the_names(site, tmp_path):
    with proxy_to(site) as (port, asked):
        done = through(f"http://127.0.0.1:{port}", tmp_path, "rizz", "drip")
    assert done.returncode == 0, done.stderr
    assert {record["term"] for record in records(tmp_path)} == {"rizz", "drip"}
    assert asked[0] == f"{SLANG}/robots.txt"
    assert all(url.startswith(SLANG) for url in asked)


def test_a_proxy_named_without_a_scheme_or_by_a_private_name_is_used(site, tmp_path):
    with proxy_to(site) as (port, _):
        assert through(f"localhost:{port}", tmp_path, "rizz").returncode == 0


def test_through_a_proxy_too_nothing_private_is_asked_for(site, tmp_path):
    with proxy_to(site) as (port, asked):
        for term, place in {
            "inside": "http://169.254.169.254/latest/meta-data",
            "here": "http://localhost/secret",
            "proxy": f"http://127.0.0.1:{port}/",
        }.items():
            site.manners[f"/v0/define?term={term}&page=1"] = [f"to {place}"] * 9
        done = through(f"http://127.0.0.1:{port}", tmp_path, "inside", "here", "proxy", "well")
    assert done.returncode == 1
    assert [record["term"] for record in records(tmp_path)] == ["well"]
    assert "169.254.169.254 is no public address" in done.stderr
    assert "localhost is refused: it is the private address 127.0.0.1" in done.stderr
    assert "is refused: it is your proxy, no site" in done.stderr
    assert all(url.startswith(SLANG) for url in asked)


def test_the_password_of_a_proxy_is_told_to_the_proxy_only(site, tmp_path):
    secret = "Basic " + base64.b64encode(b"me:pa55word").decode()
    with proxy_to(site, secret) as (port, _):
        done = through(f"http://me:pa55word@127.0.0.1:{port}", tmp_path, "rizz")
        assert done.returncode == 0, done.stderr
        wrong = through(f"http://me:wr0ng@127.0.0.1:{port}", tmp_path / "wrong", "rizz")
    assert wrong.returncode == 1
    assert "status 407: your proxy wants a name and a password" in wrong.stderr
    told = (done.stdout + done.stderr + wrong.stdout + wrong.stderr).encode() + everything(tmp_path)
    assert not [word for word in (b"pa55word", b"wr0ng", secret.encode()) if word in told]


def test_a_proxy_that_opens_no_tunnel_is_not_gone_around(site, tmp_path):
    with proxy_to(site) as (port, asked):
        done = through(f"http://127.0.0.1:{port}", tmp_path, "rizz", base=SLANG.replace("http", "https"))
    assert done.returncode == 1
    assert set(asked) == {"slang.invalid:443"}
    assert site.seen == []
    assert "Traceback" not in done.stderr
