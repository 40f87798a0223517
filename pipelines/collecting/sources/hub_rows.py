"""A dataset of the Hugging Face Hub through its rows service, a hundred rows a page: nothing is downloaded whole.

The service does not tell the licence of a dataset: give --licence as its card says, or use hub_dataset, which reads it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from pipelines.collecting import hub
from pipelines.collecting.rights import take_rights
from pipelines.collecting.source import Ask, Page, Record, UnreadableError, WebSource

A_CALL = 100  # rows in one answer, the most that the service gives


class HubRows(WebSource):
    name, title = "hub_rows", "Hub dataset (rows service)"
    home, terms = hub.HOME, hub.TERMS
    base_url = "https://datasets-server.huggingface.co"
    delay = 0.5
    holds_people = False
    api_policy = "https://huggingface.co/docs/dataset-viewer/rows"
    api_paths = ("/rows", "/splits")
    decisive = ("columns",)

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        hub.add_dataset(parser)

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.naming = hub.begin(self)
        take_rights(self)

    def how(self) -> dict[str, Any]:
        return hub.chosen(self.options)

    def asks(self) -> Iterator[Ask]:
        query = urlencode({"dataset": self.options.dataset})
        yield Ask(f"{self.base}/splits?{query}", group="splits", what="splits", again=True)

    def read(self, page: Page) -> Iterator[Record | Ask]:
        found = page.json()
        if "error" in found:
            raise UnreadableError(f"the service answers {str(found['error'])[:150]}")
        if page.ask.what == "splits":
            wanted = {"config": self.options.config, "split": self.options.split}
            for part in found["splits"]:
                if all(value in (None, part[name]) for name, value in wanted.items()):
                    yield self.rows(part["config"], part["split"], 0)
            return
        config, split, offset = (page.ask.data[name] for name in ("config", "split", "offset"))
        for item in found["rows"]:
            if item.get("truncated_cells"):
                continue  # half a text is worse than none; hub_dataset gives it whole
            yield self.naming.record(item["row"], f"{config}/{split}", item["row_idx"])
        if offset + len(found["rows"]) < found["num_rows_total"] and found["rows"]:
            yield self.rows(config, split, offset + len(found["rows"]))

    def rows(self, config: str, split: str, offset: int) -> Ask:
        asked: dict[str, Any] = {"config": config, "split": split, "offset": offset}
        query = urlencode({"dataset": self.options.dataset, **asked, "length": A_CALL})
        return Ask(f"{self.base}/rows?{query}", group=f"{config}/{split}", what="rows", data=asked)
