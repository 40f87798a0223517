"""The peers: one function each, from rows to who leaves, with the settings that their own pages show first.

To add one: a function of `Rows` that gives {position: position of the row it goes into}, and a line in PEERS. Imports
stand inside: a library that is not installed is said in the table, and the others run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.decisions.found import Found, first_stays
from benchmarks.decisions.ours import ours
from benchmarks.decisions.rows import Rows

COSINE = 0.9  # SemHash's own threshold; given to peers that have none
JACCARD = 0.7  # MinHash: as in the deduplication of RefinedWeb and its like, 0.7 to 0.8
PERMUTATIONS, BANDS = 128, 16  # datasketch's default; bands of 8, as rensa's page shows

SENTENCES = "sentence_transformers"

Removed = dict[int, int]


@dataclass(frozen=True)
class Peer:
    name: str  # as the table shows it
    package: str  # what must be importable
    find: Callable[[Rows], Found | Removed]
    text: str = "definition"  # what is compared
    reads: str = ""  # which vectors of Rows it takes: "vectors" or "vectors_with_terms"
    embeds: bool = False  # asks for its vectors itself: runs once more, without the clock, so that they are there

    def __call__(self, rows: Rows) -> Found:
        found = self.find(rows)
        return found if isinstance(found, Found) else Found(found)


def semhash(rows: Rows) -> Removed:
    return _semhash(rows, rows.vectors, ["definition"])


def semhash_with_terms(rows: Rows) -> Removed:
    """SemHash with two columns puts the vectors of both side by side."""
    return _semhash(rows, rows.vectors_with_terms, ["term", "definition"])


def _semhash(rows: Rows, vectors: Any, columns: list[str]) -> Removed:
    from semhash import SemHash

    records = [
        {"place": str(place), "term": term, "definition": definition}
        for place, (term, definition) in enumerate(zip(rows.terms, rows.definitions, strict=True))
    ]
    no_model: Any = None  # it would encode records that have no vector yet
    index = SemHash.from_embeddings(vectors, records, no_model, columns)
    return {int(gone.record["place"]): int(gone.duplicate_of["place"]) for gone in index.self_deduplicate().filtered}


def datasketch(rows: Rows) -> Removed:
    return _datasketch(_words(rows.definitions))


def datasketch_with_terms(rows: Rows) -> Removed:
    return _datasketch(_words(map(" ".join, zip(rows.terms, rows.definitions, strict=True))))


def _datasketch(texts: Iterator[set[str]]) -> Removed:
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

    index, removed = MinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS), {}
    for place, words in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([word.encode("utf-8", "replace") for word in words])
        if met := index.query(sketch):
            removed[place] = min(met)
        else:
            index.insert(place, sketch)
    return removed


def rensa(rows: Rows) -> Removed:
    from rensa import RMinHash, RMinHashDeduplicator  # type: ignore[import-untyped]

    sketches = RMinHash.from_token_sets(list(map(list, _words(rows.definitions))), PERMUTATIONS, 42)
    index = RMinHashDeduplicator(JACCARD, PERMUTATIONS, use_lsh=True, num_bands=BANDS)
    removed = {}
    for place, sketch in enumerate(sketches):
        if not index.add(str(place), sketch):
            removed[place] = min(map(int, index.get_duplicates(sketch)))
    return removed


def _words(texts: Iterator[str] | list[str]) -> Iterator[set[str]]:
    return (set(text.casefold().split()) for text in texts)


def paraphrase_mining(rows: Rows) -> Removed:
    import torch
    from sentence_transformers.util import paraphrase_mining_embeddings

    pairs = paraphrase_mining_embeddings(torch.from_numpy(rows.vectors))
    return first_stays((int(left), int(right)) for cosine, left, right in pairs if cosine >= COSINE)


def community_detection(rows: Rows) -> Removed:
    """Its own threshold of 0.75, but communities of two: of its ten and more, no pair would ever be found."""
    from sentence_transformers.util import community_detection as communities

    found = communities(rows.vectors, min_community_size=2)
    return {int(place): int(centre) for centre, *others in found for place in others}


def near_duplicate(rows: Rows) -> Removed:
    from cleanlab import Datalab

    lab = Datalab({"definition": rows.definitions}, verbosity=0)
    lab.find_issues(features=rows.vectors, issue_types={"near_duplicate": {}})
    sets = lab.get_info("near_duplicate")["near_duplicate_sets"]
    return first_stays((place, int(other)) for place, others in enumerate(sets) for other in others)


def cosine_inside_terms(rows: Rows) -> Removed:
    """The plain way that keeps terms apart: rows of one term key whose cosine is high enough."""
    import numpy as np

    alike = []
    for places in rows.table.groupby("term_key").indices.values():
        if len(places) > 1:
            near = np.triu(rows.vectors[places] @ rows.vectors[places].T >= COSINE, k=1)
            alike += [(int(places[left]), int(places[right])) for left, right in np.argwhere(near)]
    return first_stays(alike)


PEERS = (
    Peer(f"SemHash, {COSINE}", "semhash", semhash, reads="vectors"),
    Peer(f"SemHash, {COSINE}", "semhash", semhash_with_terms, "term and definition", "vectors_with_terms"),
    Peer(f"MinHash LSH, {JACCARD}, datasketch", "datasketch", datasketch),
    Peer(f"MinHash LSH, {JACCARD}, datasketch", "datasketch", datasketch_with_terms, "term and definition"),
    Peer(f"MinHash LSH, {JACCARD}, rensa", "rensa", rensa),
    Peer(f"sentence-transformers, paraphrase_mining, {COSINE}", SENTENCES, paraphrase_mining, reads="vectors"),
    Peer("sentence-transformers, community_detection", SENTENCES, community_detection, reads="vectors"),
    Peer("cleanlab Datalab, near_duplicate", "cleanlab", near_duplicate, reads="vectors"),
    Peer(f"cosine of rows of one term, {COSINE}", "numpy", cosine_inside_terms, reads="vectors"),
    Peer("ours: exact_duplicates, same_sense", "curation", ours, embeds=True),
)
