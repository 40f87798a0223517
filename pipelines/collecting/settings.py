"""Scrapy's settings: who we say we are, how slowly we go, what we never fetch."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipelines.collecting.source import CollectError, WebSource

ROBOT = "slang-curation"  # what robots.txt may call us
MAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>()]+")
ADDRESS = re.compile(r"https?://[^\s<>()]+\.[^\s<>()]+")
BUSY = [408, 425, 429, 500, 502, 503, 504, 522, 524]


def user_agent(contact: str) -> str:
    """Who asks, and where the site's people can write to. Raises CollectError where the contact is none."""
    contact = contact.strip()
    if not (MAIL.fullmatch(contact) or ADDRESS.fullmatch(contact)):
        said = f"not {contact!r}" if contact else "and none is given"
        raise CollectError(
            "sites want to know whom to write to: give --contact (or SLANG_CONTACT) a mail address or a web page, "
            + said
        )
    return f"{ROBOT}/{our_version()} (+{contact})"


def our_version() -> str:
    try:
        return version("slang-curation")
    except PackageNotFoundError:
        return "0"


def scrapy_settings(source: WebSource, contact: str, delay: float, timeout: float, cache: Path) -> dict[str, Any]:
    """One request at a time, none sooner than `delay` seconds after the last, slower where the site is slow."""
    here = "pipelines.collecting"
    return {
        "USER_AGENT": user_agent(contact),
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOT,
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": 60,
        "DOWNLOAD_TIMEOUT": timeout,
        "DOWNLOAD_MAXSIZE": source.largest,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "ftp", "s3")),
        "DOWNLOADER_MIDDLEWARES": {
            f"{here}.safety.OnlyPublic": 50,  # before robots.txt is asked for, and again for every redirect
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            f"{here}.safety.StrictRobots": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            f"{here}.patience.PatientRetry": 550,
        },
        "TWISTED_DNS_RESOLVER": f"{here}.safety.PublicResolver",
        "DNS_TIMEOUT": min(timeout, 20),
        "DOWNLOAD_VERIFY_CERTIFICATES": True,  # SSL_CERT_FILE names the authorities of one's own
        "RETRY_TIMES": 4,
        "RETRY_HTTP_CODES": BUSY,
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,  # no port of ours is opened
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_ENABLED": False,  # what a person has to know is told in our own lines
        "HTTPCACHE_ENABLED": not source.holds_people,
        "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
        "HTTPCACHE_STORAGE": f"{here}.cache.WholeFiles",
        "HTTPCACHE_DIR": str(cache),
    }
