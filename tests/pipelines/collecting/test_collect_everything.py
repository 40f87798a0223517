"""One snapshot of each source, one recipe that reads them all, one build: whose text is whose, to the very end."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pandas as pd
import pytest
import zstandard

from pipelines.collecting.sources import SOURCES
from tests.pipelines.collecting.crawling import PROJECT, collect, command, environment, manifest, records
from tests.pipelines.collecting.shapes import GlossaryPages, RowsService
from tests.pipelines.collecting.site import Site, entry
from tests.pipelines.collecting.test_collect_files import dictionary, json_lines
from tests.pipelines.collecting.test_collect_hub import CARD, from_hub
from tests.pipelines.hub_stand_in import hub_stand_in
from tests.pipelines.running import build

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("collect_everything")]
MEANINGS = {  # the words of each source; rizz is in several, and nobody says it in the same words
    "urban_dictionary": {"rizz": "The skill of charming somebody without trying.", "drip": "Clothes that cost a lot."},
    "wiktionary": {"rizz": "One's ability to seduce a potential love interest.", "yeet": "To throw with great force."},
    "glossary": {"braw": "Fine or excellent, said in Scotland.", "dreich": "Dull and wet, said of the weather."},
    "hub_rows": {"bogan": "An uncouth person from the outer suburbs.", "arvo": "The time between noon and evening."},
    "hub_dataset": {"chook": "A chicken, dead or alive.", "servo": "A place where cars are filled with petrol."},
    "wiktextract": {"geil": "Very good, said by the young.", "krass": "Extreme, in a good way or a bad one."},
    "dictd": {"cruft": "Excess; superfluous junk in a program.", "kluge": "A clumsy thing that works all the same."},
}
RIGHTS = {  # licence, attribution, may be passed on
    "urban_dictionary": ("", "Urban Dictionary and its writers", False),
    "wiktionary": ("CC-BY-SA-4.0", "Wiktionary's contributors; each entry's url leads to its authors", True),
    "glossary": ("CC-BY-4.0", "The table's makers", True),
    "hub_rows": ("CC0-1.0", "someone", True),
    "hub_dataset": ("cc-by-4.0", "someone", True),
    "wiktextract": ("CC-BY-SA-4.0", "Wiktionary's contributors; extracted by wiktextract (Ylonen, LREC 2022)", True),
    "dictd": ("public domain", "The Jargon File, public domain; packaged by Debian as dict-jargon", True),
    "reddit_dump": ("", "Reddit's users", False),
}
SENTENCES = ["He really has a lot of rizz tonight.", "Her drip was better than mine today."]


def from_urban_dictionary(out):
    with Site() as site:
        for number, (term, text) in enumerate(MEANINGS["urban_dictionary"].items()):
            site.define(term, 1, number)
            site.words[term][0] |= {"definition": text, "example": f"So much {term} here."}
        return collect(site, "urban_dictionary", out, *(part for term in site.words for part in ("--term", term)))


def from_wiktionary(out):
    with Site() as site:
        site.entries = {term: entry(text) for term, text in MEANINGS["wiktionary"].items()}
        site.categories = {"English slang": list(site.entries)}
        return collect(site, "wiktionary", out)


def from_glossary(out):
    rows = "".join(f"<tr><td>{term}</td><td>{text}</td></tr>" for term, text in MEANINGS["glossary"].items())
    with GlossaryPages({"list": f"<table>{rows}</table>"}) as site:
        (out / "glossary.toml").write_text(
            f'confirmed = true\nurls = ["{site.url}/list"]\nlicence = "CC-BY-4.0"\nlanguage = "en"\nredistributable = true\n'
            'attribution = "The table\'s makers"\n[layout]\nshape = "table"\nwhere = "table"\n'
        )
        return collect(site, "glossary", out)


def from_hub_rows(out):
    class Rows(RowsService):
        total, own_rows = 2, [{"Slang": term, "Description": text} for term, text in MEANINGS["hub_rows"].items()]

    with Rows() as site:
        rights = ["--licence", "CC0-1.0", "--redistributable"]
        return collect(site, "hub_rows", out, "--dataset", "someone/slang", *rights)


def from_hub_dataset(out):
    rows = "".join(f'{term},"{text}"\n' for term, text in MEANINGS["hub_dataset"].items())
    return from_hub(out, {"someone/slang": {"README.md": CARD, "slang.csv": f"Slang,Description\n{rows}".encode()}})


def from_wiktextract(out):
    words = [{"word": term, "lang_code": "de", "pos": "adj", "senses": [{"glosses": [text], "tags": ["slang"]}]}
             for term, text in MEANINGS["wiktextract"].items()]  # fmt: skip
    (out / "german.jsonl.gz").write_bytes(gzip.compress(json_lines(words)))
    return collect(None, "wiktextract", out, "--file", out / "german.jsonl.gz")


def from_dictd(out):
    index = dictionary(out, "jargon", [(term, f"{term}\n   {text}") for term, text in MEANINGS["dictd"].items()])
    return collect(None, "dictd", out, "--file", index)


def from_reddit_dump(out):
    said = [{"id": f"a{n}", "subreddit": "teens", "created_utc": 1_700_000_000, "author": "secret_person", "body": text}
            for n, text in enumerate(SENTENCES)]  # fmt: skip
    (out / "RC_2023-11.zst").write_bytes(zstandard.compress(json_lines(said)))
    return collect(None, "reddit_dump", out, "--file", out / "RC_2023-11.zst", "--term", "rizz", "--term", "drip")


COLLECTS = {name.removeprefix("from_"): call for name, call in list(globals().items()) if name.startswith("from_")}
COLLECTS.pop("hub")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a snapshot of every source, and a build that reads them all."""
    root = tmp_path_factory.mktemp("everything")
    snapshots = root / "snapshots"
    snapshots.mkdir()
    for name, call in COLLECTS.items():
        done = call(snapshots)
        assert done.returncode == 0, f"{name}: {done.stderr}"
    sources = "".join(f'[[sources]]\nname = "{name}"\nsnapshot = "snapshots/{name}"\n' for name in COLLECTS)
    stages = "".join(f'[[stages]]\nuse = "{name}"\n' for name in ("normalize", "privacy", "exact_duplicates", "split"))
    (root / "recipe.toml").write_text(f'name = "collected"\nbase_model = "qwen2.5-0.5b-instruct"\n{sources}{stages}')
    done = build(root, "--recipe", root / "recipe.toml")
    assert done.returncode == 0, done.stderr
    return root


def test_every_source_has_a_snapshot(built):
    assert set(COLLECTS) == set(SOURCES) == set(RIGHTS)
    for name, (licence, attribution, free) in RIGHTS.items():
        told = manifest(built / "snapshots", name)
        assert (told["licence"], told["attribution"], told["redistributable"]) == (licence, attribution, free)


def test_every_record_that_was_collected_is_an_entry_or_in_the_ledger(built):
    told = json.loads((built / "build" / "manifest.json").read_text("utf-8"))["counts"]
    collected = sum(len(records(built / "snapshots", name)) for name in COLLECTS)
    kept, left = (len(pd.read_parquet(built / "build" / f"{name}.parquet")) for name in ("entries", "ledger"))
    assert collected == told["read"] == kept + left == 16


def test_every_entry_carries_the_rights_of_its_source(built):
    entries = pd.read_parquet(built / "build" / "entries.parquet")
    for name, (licence, attribution, free) in RIGHTS.items():
        own = entries[entries["source"] == name]
        assert len(own) == 2
        assert {*zip(own["licence"], own["attribution"], own["redistributable"], strict=True)} == {
            (licence, attribution, free)
        }
        if name in MEANINGS:
            assert set(zip(own["term"], own["definition"], strict=True)) == set(MEANINGS[name].items())
    sentences = entries[entries["source"] == "reddit_dump"]
    assert (set(sentences["kind"]), set(sentences["example"])) == ({"sentence"}, set(SENTENCES))
    assert "secret_person" not in entries.to_json()


def test_the_report_shows_whose_text_may_not_be_passed_on(built):
    page = (built / "build" / "report.html").read_text("utf-8")
    for name, (licence, _, _) in RIGHTS.items():
        assert name in page
        assert licence in page


def publish(built, *more):
    """A dry run against a Hub where nothing has been published yet."""
    with hub_stand_in({}) as (endpoint, _):
        hub = {"HF_ENDPOINT": endpoint, "HF_HOME": str(built / "hf"), "HF_TOKEN": "hf_secret", "HF_HUB_OFFLINE": "0"}
        words = [
            sys.executable,
            "-m",
            "pipelines.publish",
            str(built / "build"),
            "--to",
            "me/slang",
            "--dry-run",
            *more,
        ]
        return subprocess.run(
            words, capture_output=True, text=True, cwd=PROJECT, env={**environment(), **hub}, timeout=120
        )


def test_a_publish_names_what_may_not_be_passed_on_and_leaves_it_out_when_told(built):
    refused = publish(built)
    assert refused.returncode == 1
    for name in ("urban_dictionary", "reddit_dump"):
        assert name in refused.stdout + refused.stderr
    without = publish(built, "--without-restricted")
    assert without.returncode == 0, without.stdout + without.stderr
    assert "cc-by-sa-4.0" in without.stdout.lower(), "what is adapted from CC BY-SA stays under it"
    assert "the texts of 4 entries" in without.stdout
    for name, (_, attribution, free) in RIGHTS.items():
        assert not free or attribution in without.stdout, name


def test_collect_without_a_recipe_says_how_a_build_reads_it(built):
    done = subprocess.run(command("dictd", built / "snapshots", "--file", built / "snapshots" / "jargon.index", "--name",
                                  "again"), capture_output=True, text=True, cwd=PROJECT, timeout=120)  # fmt: skip
    assert 'Read it in a recipe with: snapshot = "again"' in done.stdout
