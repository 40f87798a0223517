"""Nothing but http and https, and no machine that the whole world cannot reach: checked for every request and redirect.

The name is checked once more where it is resolved, so that the address that was judged is the one that is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import DNSLookupError

NOT_PUBLIC: dict[str, str] = {}  # host → the address it was refused for


def origin(url: str) -> tuple[str, str, int | None]:
    """(scheme, host, port) of an address. Raises ValueError for a port that is no number."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), port


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not loopback, private, link-local, multicast or reserved."""
    parsed = ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return bool(mapped.is_global) and not mapped.is_multicast


def refusal(url: str, own: tuple[str, str, int | None] | None) -> str:
    """Why an address is not fetched, "" where it may be. `own` is the origin that the user named with --base-url."""
    try:
        scheme, host, port = origin(url)
    except ValueError as error:
        return f"{url[:200]} is no address: {error}"
    if scheme not in ("http", "https"):
        return f"{url[:200]} is refused: only http and https are fetched"
    if own and (scheme, host, port) == own:
        return ""
    try:
        public = is_public(host)
    except ValueError:
        return f"{host} is refused: it is the private address {NOT_PUBLIC[host]}" if host in NOT_PUBLIC else ""
    return "" if public else f"{url[:200]} is refused: {host} is no public address"


class OnlyPublic:
    """Downloader middleware that refuses what must not be fetched."""

    def __init__(self, own: str) -> None:
        self.own = origin(own) if own else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OnlyPublic:
        return cls(crawler.settings["COLLECT_BASE_URL"] or "")

    def process_request(self, request: Request) -> None:
        fault = refusal(request.url, self.own)
        if fault:
            raise IgnoreRequest(fault)


class StrictRobots(RobotsTxtMiddleware):
    """Obeys robots.txt, and takes one that the site fails to give as forbidding everything (RFC 9309, 2.3.1.4)."""

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        if not request.meta.get("dont_obey_robotstxt") and await self.robot_parser(request) is None:
            base = self.crawler.settings["COLLECT_BASE_URL"]
            unknown = "the site's robots.txt cannot be had: until it can, everything is forbidden"
            raise IgnoreRequest(refusal(request.url, origin(base) if base else None) or unknown)
        await super().process_request(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Called once every retry has failed."""
        if request.callback is NO_CALLBACK and (response.status >= 500 or response.status == 429):
            raise IgnoreRequest(f"robots.txt: status {response.status}")
        return response


class PublicResolver(CachingThreadedResolver):
    """Gives no address that is not public, but for the host that the user named with --base-url."""

    own = ""

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> PublicResolver:
        resolver = super().from_crawler(crawler, reactor)
        base = crawler.settings["COLLECT_BASE_URL"]
        resolver.own = origin(base)[1] if base else ""
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        found = super().getHostByName(name, timeout)
        return found if name.rstrip(".") == self.own else found.addCallback(judge, name)


def judge(address: str, name: str) -> Any:
    """The address, or a failure where it is not public."""
    if is_public(address):
        return address
    NOT_PUBLIC[name.rstrip(".")] = address
    return fail(DNSLookupError(f"{name} is {address}, which is not public"))
