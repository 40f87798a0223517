"""Nothing but http and https, and no machine that the whole world cannot reach: checked for every request and redirect.

The name is checked once more where it is resolved, so that the address that was judged is the one that is used.

Through a proxy of the user's own (http_proxy, https_proxy) it is the proxy that resolves names. The proxy itself may be
private; a site's address is judged as before, and its name as far as this machine can resolve it. What only the proxy
can resolve, or resolves in another way, is not checked: that is for the proxy's own rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import DNSLookupError

from pipelines.collecting.faults import reason, status_of

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


def proxy_hosts() -> frozenset[str]:
    """The machines of the proxies that the environment names."""
    named = [url for scheme, url in getproxies().items() if scheme in ("http", "https")]
    return frozenset(urlsplit(url if "//" in url else f"//{url}").hostname or "" for url in named)


def goes_by_proxy(url: str) -> bool:
    scheme, host, _ = origin(url)
    return scheme in getproxies() and not proxy_bypass(host)


def refusal(url: str, own: tuple[str, str, int | None] | None, proxies: frozenset[str] = frozenset()) -> str:
    """Why an address is not fetched, "" where it may be. `own` is the origin that the user named with --base-url."""
    try:
        scheme, host, port = origin(url)
    except ValueError as error:
        return f"{url[:200]} is no address: {error}"
    if scheme not in ("http", "https"):
        return f"{url[:200]} is refused: only http and https are fetched"
    if own and (scheme, host, port) == own:
        return ""
    if host in proxies:
        return f"{url[:200]} is refused: it is your proxy, no site"
    try:
        public = is_public(host)
    except ValueError:
        return f"{host} is refused: it is the private address {NOT_PUBLIC[host]}" if host in NOT_PUBLIC else ""
    return "" if public else f"{url[:200]} is refused: {host} is no public address"


class OnlyPublic:
    """Downloader middleware that refuses what must not be fetched."""

    def __init__(self, own: str) -> None:
        self.own = origin(own) if own else None
        self.proxies = proxy_hosts()
        self.judged: set[str] = set()  # names that a proxy is asked for, resolved here once

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OnlyPublic:
        return cls(crawler.settings["COLLECT_BASE_URL"] or "")

    async def process_request(self, request: Request) -> None:
        fault = refusal(request.url, self.own, self.proxies)
        if not fault and goes_by_proxy(request.url) and origin(request.url) != self.own:
            await self.judge_name(origin(request.url)[1])
            fault = refusal(request.url, self.own, self.proxies)
        if fault:
            raise IgnoreRequest(fault)

    async def judge_name(self, host: str) -> None:
        """Resolve a name only to judge it: PublicResolver remembers the private ones."""
        from twisted.internet import reactor

        if host in self.judged:
            return
        self.judged.add(host)
        with suppress(DNSLookupError):  # private, and remembered; or a name that only the proxy knows
            await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[arg-type]


class StrictRobots(RobotsTxtMiddleware):
    """Obeys robots.txt, and takes one that the site fails to give as forbidding everything (RFC 9309, 2.3.1.4)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.why: dict[str, str] = {}  # host and port → why its robots.txt could not be had

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        if not request.meta.get("dont_obey_robotstxt") and await self.robot_parser(request) is None:
            base = self.crawler.settings["COLLECT_BASE_URL"]
            why = self.why.get(urlsplit(request.url).netloc, "no answer")
            unknown = f"the site's robots.txt cannot be had ({why}): until it can, everything is forbidden"
            raise IgnoreRequest(refusal(request.url, origin(base) if base else None) or unknown)
        await super().process_request(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Called once every retry has failed, as is the next."""
        if request.callback is NO_CALLBACK and (response.status >= 500 or response.status in (407, 429)):
            self.why[urlsplit(request.url).netloc] = status_of(response, request)
            raise IgnoreRequest("robots.txt")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if request.callback is NO_CALLBACK:
            why = reason(exception, request, self.crawler.settings)
            self.why.setdefault(urlsplit(request.url).netloc, why)


class PublicResolver(CachingThreadedResolver):
    """Gives no address that is not public, but for the hosts that the user named: with --base-url, or as proxies."""

    own: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> PublicResolver:
        resolver = super().from_crawler(crawler, reactor)
        base = crawler.settings["COLLECT_BASE_URL"]
        resolver.own = proxy_hosts() | ({origin(base)[1]} if base else set())
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        found = super().getHostByName(name, timeout)
        return found if name.rstrip(".") in self.own else found.addCallback(judge, name)


def judge(address: str, name: str) -> Any:
    """The address, or a failure where it is not public."""
    if is_public(address):
        return address
    NOT_PUBLIC[name.rstrip(".")] = address
    return fail(DNSLookupError(f"{name} is {address}, which is not public"))
