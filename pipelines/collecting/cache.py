"""Answers kept for conditional requests, one file each, whole or not there. Only for sources whose pages name nobody.

Scrapy's own storages write an answer in several steps, or as pickles: a killed crawl could leave half an answer that is
later taken for a whole one.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path

from scrapy import Request, Spider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings


class WholeFiles:
    """A storage for Scrapy's HTTP cache."""

    def __init__(self, settings: BaseSettings) -> None:
        self.folder = Path(settings["HTTPCACHE_DIR"])

    def open_spider(self, spider: Spider) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def close_spider(self, spider: Spider) -> None:
        """Nothing is open."""

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        try:
            kept = json.loads(self._file(spider, request).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        headers = Headers({name: [b64decode(value) for value in values] for name, values in kept["headers"].items()})
        body = b64decode(kept["body"])
        request.meta["cache_timestamp"] = kept["at"]
        kind = responsetypes.from_args(headers=headers, url=kept["url"], body=body)
        return kind(url=kept["url"], headers=headers, status=kept["status"], body=body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        headers = {
            name.decode("latin-1"): [b64encode(value).decode() for value in values]
            for name, values in response.headers.items()
        }
        kept = {"url": response.url, "status": response.status, "at": time.time(), "headers": headers}
        file = self._file(spider, request)
        new = file.with_suffix(".new")
        with suppress(OSError):  # a full disk: the journal will say so, and must not lose a page to it before
            new.write_text(json.dumps({**kept, "body": b64encode(response.body).decode()}), encoding="utf-8")
            new.replace(file)

    def _file(self, spider: Spider, request: Request) -> Path:
        fingerprinter = spider.crawler.request_fingerprinter
        assert fingerprinter
        return self.folder / f"{fingerprinter.fingerprint(request).hex()}.json"
