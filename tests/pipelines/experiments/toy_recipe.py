"""A recipe over real rows of the sample, with a few planted ones, whose stages need no model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

STAGES = ("normalize", "privacy", "exact_duplicates", "quality", "split", "decontaminate")
RECIPE = """
name = "toy"
base_model = "llama-3.2-1b-instruct"
evaluation = ["EVALUATION"]
[[sources]]
name = "genz"
path = "rows.csv"
columns = { Slang = "term", Description = "definition", Example = "example", Context = "context" }
language = "en"
"""
QUESTION = "My brother ghosted his study group right before the finals of last spring."
PLANTED = [
    {
        "Slang": "rizzler",
        "Description": "one with charm",
        "Example": "He is a rizzler.",
        "Context": "A word of TikTok.",
    },
    {
        "Slang": "Rizzler ",
        "Description": "One with charm.",
        "Example": "He is a rizzler.",
        "Context": "A word of TikTok.",
    },
    {"Slang": "blorp", "Description": "N/A", "Example": "", "Context": ""},
    {"Slang": "study ghost", "Description": "who leaves a group", "Example": QUESTION, "Context": "School."},
]


def write_recipe(folder: Path, project: Path, *, stages: tuple[str, ...] = STAGES, split: str = "") -> Path:
    """A recipe over the first rows of the sample, and some planted ones."""
    sample = list(csv.DictReader((project / "data" / "raw" / "genz_slang.csv").open(encoding="utf-8-sig")))
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["Slang", "Description", "Example", "Context"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows([*sample[:150], *PLANTED])
    (folder / "evaluation.json").write_text(json.dumps([{"id": "q-1", "text": QUESTION}]), encoding="utf-8")
    chain = "".join(f'[[stages]]\nuse = "{name}"\n{split if name == "split" else ""}' for name in stages)
    path = folder / "toy.toml"
    path.write_text(RECIPE.replace("EVALUATION", "evaluation.json") + chain, encoding="utf-8")
    return path
