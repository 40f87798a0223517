"""Why a page could not be had, as one line."""

from __future__ import annotations

from urllib.parse import urljoin

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError


def reason(error: BaseException | None, request: Request, settings: BaseSettings) -> str:
    """What went wrong, in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, HttpError):
        return status_of(error.response, request)
    if isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in text:
        return f"it is larger than {settings.getint('DOWNLOAD_MAXSIZE') >> 20} MiB, packed or unpacked"
    if isinstance(error, DownloadTimeoutError):
        return f"no whole answer within {settings.getfloat('DOWNLOAD_TIMEOUT'):g} s"
    return text if isinstance(error, IgnoreRequest) else f"{type(error).__name__} {text}"[:300].strip()


def status_of(response: Response, request: Request) -> str:
    where = response.headers.get("Location")
    if where and 300 <= response.status < 400:
        return f"it leads to {urljoin(request.url, where.decode('latin-1'))[:150]}, which is refused"
    hint = ": your proxy wants a name and a password (http_proxy=http://NAME:PASSWORD@HOST:PORT)"
    return f"status {response.status}{hint if response.status == 407 else ''}"
