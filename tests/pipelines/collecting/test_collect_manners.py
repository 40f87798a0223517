"""What bad manners of a site do to a collect: nothing but one clear line, and the other pages are collected."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.pipelines.collecting.crawling import collect, manifest, records
from tests.pipelines.collecting.site import Site


def page(term: str, number: int = 1) -> str:
    return f"/v0/define?term={term}&page={number}"


ONCE = ["429 1", "500", "truncated", "cut", "latin1"]  # and then a proper answer


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """One crawl of a site with every bad manner."""
    out = tmp_path_factory.mktemp("manners")
    with Site() as site:
        bad = {
            **{manner.split()[0] if manner != "500" else "oops": [manner] for manner in ONCE},
            "huge": ["huge announced"] * 9,
            "endless": ["huge"] * 9,
            "bomb": ["bomb"] * 9,
            "hang": ["hang 9"] * 9,
            "loop": [f"to {page('loop')}"] * 40,
            "private": ["to http://169.254.169.254/latest/meta-data"] * 9,
            "inside": ["to http://10.0.0.7/"] * 9,
            "neighbour": [f"to {site.url.replace('127.0.0.1', 'localhost')}/secret"] * 9,
            "otherport": ["to http://127.0.0.1:1/"] * 9,
            "file": ["to file:///etc/passwd"] * 9,
            "broken": ["500"] * 9,
            "nolist": ['json {"list": 3}'] * 9,
            "deep": ["json " + "[" * 100_000] * 9,
        }
        names = [*bad, "well"]
        for name in names:
            site.define(name, 1)
        site.manners = {page(name): list(manners) for name, manners in bad.items()}
        terms = [part for name in interleaved(names) for part in ("--term", name)]
        done = collect(site, "urban_dictionary", out, "--timeout", "1", "--term", "../../x", *terms)
        yield site, out, done


def interleaved(names: list[str]) -> list[str]:
    """Good and bad ones in turn, so that ten failures never stand in a row."""
    half = len(names) // 2
    return [name for pair in zip(names[:half], names[half:], strict=False) for name in pair] + names[2 * half :]


GOOD = ["429", "oops", "truncated", "cut", "latin1", "well"]
REFUSED = {
    "huge": "larger than",
    "endless": "larger than",
    "bomb": "larger than 8 MiB",
    "hang": "no whole answer within 1 s",
    "loop": "max redirections reached",
    "private": "169.254.169.254 is no public address",
    "inside": "10.0.0.7 is no public address",
    "neighbour": "localhost is refused: it is the private address 127.0.0.1",
    "otherport": "127.0.0.1 is no public address",
    "file": "it leads to file:///etc/passwd, which is refused",
    "broken": "status 500",
    "nolist": "its list is none",
    "deep": "no whole JSON",
}


def test_pages_that_come_right_are_collected_whole(crawl):
    _, out, done = crawl
    assert sorted(record["term"] for record in records(out)) == sorted(GOOD), done.stderr
    assert done.returncode == 1, "some pages could not be had"


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_one_clear_line(crawl, name):
    _, out, done = crawl
    said = [line for line in done.stderr.splitlines() if f"term={name}&" in line]
    assert len(said) == 1
    assert REFUSED[name] in said[0]
    assert any(f"term={name}&" in failure["url"] for failure in manifest(out)["failures"])


def test_no_traceback_is_shown_and_nothing_private_was_asked(crawl):
    site, _, done = crawl
    assert "Traceback" not in done.stdout + done.stderr
    assert "/secret" not in site.seen
    assert done.stderr.count("refused: it is a path") == 1, "../../x is no term"
    assert not any(".." in path or "%2F" in path for path in site.seen)


def test_retry_after_holds_the_whole_crawl_still(crawl):
    site, _, done = crawl
    at = [when for path, when in zip(site.seen, site.times, strict=True) if path == page("429")]
    between = [when for when in site.times if at[0] < when < at[1]]
    assert at[1] - at[0] >= 1
    assert between == []
    assert "429: waiting 1 s as the site asks" in done.stderr


def test_the_same_command_asks_only_for_what_failed(crawl):
    site, out, _ = crawl
    site.manners.clear()
    site.seen.clear()
    terms = [part for name in [*GOOD, "broken", "huge"] for part in ("--term", name)]
    done = collect(site, "urban_dictionary", out, *terms)
    assert done.returncode == 0, done.stderr
    assert set(site.pages_seen()) == {page(name, number) for name in ("broken", "huge") for number in (1, 2)}
    assert {"broken", "huge"} < {record["term"] for record in records(out)}


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ("86400", "asks to wait for 24 hours"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", " days"),
    ],
)
def test_a_site_that_wants_to_be_left_alone_is_left_alone(tmp_path, wait, said):
    with Site() as site:
        for name in ("one", "two", "three"):
            site.define(name, 1)
        site.manners[page("two")] = [f"429 {wait}"]
        more = [part for name in ("one", "two", "three") for part in ("--term", name)]
        done = collect(site, "urban_dictionary", tmp_path, *more)
        assert (done.returncode, said in done.stderr) == (1, True)
        assert page("three") not in site.seen
        assert collect(site, "urban_dictionary", tmp_path, *more).returncode == 0
        assert site.seen.count(page("one")) == 1
        assert len(records(tmp_path)) == 3


def test_a_wait_that_is_none_is_the_usual_one(tmp_path):
    with Site() as site:
        site.define("rizz", 1)
        site.manners[page("rizz")] = ["429 -5", "429 Fri, 01 Jan 1999 00:00:00 GMT"]
        done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
        assert (done.returncode, done.stderr) == (0, "")
        assert site.seen.count(page("rizz")) == 3


def test_a_wait_is_kept_after_the_last_try_and_where_a_date_asks_for_it(tmp_path):
    with Site() as site:
        for name in ("busy", "well"):
            site.define(name, 1)
        site.manners[page("busy")] = ["429", "429", "429", "429", "429 1"]
        site.manners[page("well")] = ["503 in 3"]
        done = collect(site, "urban_dictionary", tmp_path, "--term", "busy", "--term", "well", "--delay", "0")
        assert "429: waiting 1 s as the site asks" in done.stderr
        assert re.search(r"503: waiting \d+ s as the site asks", done.stderr)
        at = dict(zip(site.seen, site.times, strict=True))  # the last time of each
        assert at[page("well")] - at[page("busy")] >= 1
        assert [record["term"] for record in records(tmp_path)] == ["well"]


def test_a_robots_txt_that_wants_ten_years_is_left_alone(tmp_path):
    with Site() as site:
        site.manners["/robots.txt"] = ["429 315360000"]
        done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--term", "drip")
        assert done.returncode == 1
        assert "the site's robots.txt cannot be had (status 429)" in done.stderr
        assert "error: the site asks to wait for 3,650 days" in done.stderr
        assert site.seen == ["/robots.txt"]


def test_a_site_whose_certificate_nobody_vouches_for_is_not_read(tmp_path):
    with Site() as site:
        site.define("rizz", 1)
        site.speak_tls(*self_signed(tmp_path))
        done = collect(site, "urban_dictionary", tmp_path / "out", "--term", "rizz")
        assert done.returncode == 1
        assert "certificate" in done.stderr.lower()
        assert site.seen == []


def self_signed(folder):
    """(certificate, key) of 127.0.0.1."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    own = made.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = {"certificate.pem": own.public_bytes(pem), "key.pem": private}
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return [folder / file for file in files]


def test_a_site_in_trouble_is_left_after_ten_pages(tmp_path):
    with Site() as site:
        site.answer = lambda path: (500, {})
        more = [part for number in range(30) for part in ("--term", f"word{number}")]
        done = collect(site, "urban_dictionary", tmp_path, *more)
        assert done.returncode == 1
        assert "10 pages in a row could not be had" in done.stderr
        assert 50 <= len(site.pages_seen()) <= 51  # each was tried five times; the next may be on its way


def test_robots_txt_that_forbids_is_obeyed(tmp_path):
    with Site() as site:
        site.define("rizz", 1)
        site.robots = "User-agent: slang-curation\nDisallow: /v0/\n"
        done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
        assert done.returncode == 1
        assert "Forbidden by robots.txt" in done.stderr
        assert site.seen == ["/robots.txt"]


def test_robots_txt_that_cannot_be_had_forbids_everything(tmp_path):
    with Site() as site:
        site.define("rizz", 1)
        site.manners["/robots.txt"] = ["500"] * 9
        done = collect(site, "urban_dictionary", tmp_path, "--term", "rizz")
        assert done.returncode == 1
        assert "robots.txt" in done.stderr
        assert site.pages_seen() == []


def test_a_crawl_delay_is_heeded(tmp_path):
    with Site() as site:
        site.define("rizz", 21)
        site.robots = "User-agent: *\nCrawl-delay: 1\n"
        collect(site, "urban_dictionary", tmp_path, "--term", "rizz", "--limit", "3")
        assert len(site.times) == 4
        assert site.times[3] - site.times[2] >= 0.9
