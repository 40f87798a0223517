"""CONTRIBUTING's worked example of a source is a source: it is run here as it stands. No source is longer than a page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.pipelines.collecting.crawling import PROJECT, environment, manifest, records
from tests.pipelines.collecting.site import Site

SOURCES = PROJECT / "pipelines" / "collecting" / "sources"
REGISTER = """
import sys
from pipelines.collecting import sources
sys.path.insert(0, {folder!r})
sys.modules["pipelines.collecting.sources.slangopedia"] = __import__("slangopedia")
sources.SOURCES["slangopedia"] = "slangopedia:Slangopedia"
from pipelines.collect import main
sys.exit(main({arguments!r}))
"""


class Slangopedia(Site):
    def answer(self, path: str) -> tuple[int, object]:
        letter, page = re.fullmatch(r"/list/([abc])(?:-(\d))?\.json", urlsplit(path).path).groups()
        number = int(page or 1)
        entries = [{"id": f"{letter}{number}{n}", "word": f"{letter}word{n}", "meaning": "A word.", "author": "Jane"}
                   for n in range(2)]  # fmt: skip
        return 200, {"entries": entries, "more": f"/list/{letter}-2.json" if number == 1 else ""}


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if "class Slangopedia(WebSource)" in block]
    return found


def test_the_worked_example_collects(tmp_path):
    imports = "from pipelines.collecting.source import Ask, WebSource\n"
    (tmp_path / "slangopedia.py").write_text(imports + example(), encoding="utf-8")
    with Slangopedia() as site:
        arguments = ["slangopedia", "--out", str(tmp_path), "--base-url", site.url, "--delay", "0"]
        code = REGISTER.format(folder=str(tmp_path), arguments=arguments)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT,
                              env=environment(), timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = records(tmp_path, "slangopedia")
    assert sorted(record["source_id"] for record in found) == sorted(
        f"{x}{n}{m}" for x in "abc" for n in (1, 2) for m in (0, 1)
    )
    assert {"term", "definition"} < set(found[0])
    assert "Jane" not in json.dumps(found)
    told = manifest(tmp_path, "slangopedia")
    assert (told["licence"], told["redistributable"]) == ("CC-BY-4.0", True)


@pytest.mark.parametrize("file", sorted(SOURCES.glob("*.py")), ids=lambda file: file.stem)
def test_a_source_is_one_file_under_80_lines(file):
    assert len(file.read_text("utf-8").splitlines()) < 80
