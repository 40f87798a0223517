"""Bytes on disk → lines of text: gzip and Zstandard, byte order marks, encodings, and what is no text at all.

Readers only decode. Mojibake that is in the text itself is the Normalize stage's business.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from pipelines.sources.record import SourceError

BLOCK = 1 << 16  # bytes read at once
HEAD = 1 << 20  # bytes looked at to tell encoding and format
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
UNPACK_ERRORS = (EOFError, zlib.error, zstandard.ZstdError)  # packed data that ends early or is damaged
ZSTANDARD_WINDOW = 1 << 31  # Reddit dumps are packed with `--long=31`
# A few kilobytes can be packed so that they unpack to terabytes. Text is packed to a tenth, logs to a hundredth.
BITE = 1 << 12  # packed bytes unpacked at once: in Zstandard at most 128 MiB of text
MOST_UNPACKED = 500  # bytes from one packed byte, of a file that has given
LEAST_UNPACKED = 1 << 24  # as many already

# How some files begin that are not what their name says, and what to do about it.
NOT_TEXT = {
    b"\x89PNG": "it is an image; give a text file",
    b"\xff\xd8\xff": "it is an image; give a text file",
    b"GIF8": "it is an image; give a text file",
    b"%PDF": "it is a PDF; export its table as CSV",
    b"PK\x03\x04": "it is a ZIP archive or a spreadsheet; unpack it, or export the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "it is an old Office file; export the sheet as CSV",
    b"\x7fELF": "it is a program; give a text file",
    b"SQLite format 3\x00": 'it is an SQLite database; say format = "sqlite"',
    b"PAR1": 'it is a Parquet file; say format = "parquet"',
    b"version https://git-lfs.github.com": "it is a Git LFS pointer, not the file itself; run `git lfs pull`",
}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Encodings worth telling apart. cp1250 is left out: a short Western text in cp1252 would be taken for it.
LEGACY = ["cp1252", "cp1251", "shift_jis", "gb18030", "euc_kr", "big5", "cp1253", "cp1254", "koi8_r"]


class TextLines:
    """The lines of one file, line ends kept, compressed or not. Iterate once.

    Bytes that are not UTF-8 in a file that otherwise is are read as cp1252. Where the compressed data or the encoding
    breaks, the lines end before it, without the line it broke in, and `broken` says what happened.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        """Raise SourceError when `path` is no text that can be read."""
        self.path = path
        self.number = 0  # lines given so far
        self.broken = ""
        self.head = head_of(path)
        self.encoding = encoding or detect_encoding(self.head, path)

    def __iter__(self) -> Iterator[str]:
        lenient = "surrogateescape" if self.encoding in ("utf-8", "utf-8-sig") else "replace"
        try:
            with io.TextIOWrapper(
                io.BufferedReader(_Blocks(self.path), BLOCK), self.encoding, errors=lenient, newline=""
            ) as text:
                for line in text:
                    self.number += 1
                    yield line if line.isascii() else rescue(line)
        except (UnicodeError, *UNPACK_ERRORS) as error:
            self.broken = f"the file breaks off after line {self.number}: {error}"


class _Blocks(io.RawIOBase):
    """The uncompressed bytes of a file, as Python's text layer wants them."""

    def __init__(self, path: Path) -> None:
        self.blocks = uncompressed(path)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            block = next(self.blocks, None)
            if block is None:
                return 0
            self.rest = block
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def uncompressed(path: Path) -> Iterator[bytes]:
    """The file's bytes in blocks, unpacked if they begin as gzip or Zstandard. Raises UNPACK_ERRORS."""
    with open_file(path) as file:
        start = file.read(4)
        file.seek(0)
        packed = start.startswith((GZIP, ZSTANDARD))
        yield from _unpack(file, gzipped=start.startswith(GZIP)) if packed else iter(lambda: file.read(BLOCK), b"")


def _unpack(file: io.BufferedReader, *, gzipped: bool) -> Iterator[bytes]:
    """Unpack member after member: both formats allow several, one behind the other."""
    engine: Any = None
    packed = given = 0
    for bite in iter(lambda: file.read(BITE), b""):
        rest = bite
        packed += len(bite)
        while rest.strip(b"\0") or (engine is not None and rest):  # zero bytes may pad a gzip file
            engine = engine or _decompressor(gzipped=gzipped)
            block = engine.decompress(rest)
            given += len(block)
            if given > max(LEAST_UNPACKED, MOST_UNPACKED * packed):
                raise EOFError(f"it unpacks to more than {MOST_UNPACKED} times its size; unpack it if it is no trap")
            yield block
            rest = engine.unused_data if engine.eof else b""
            engine = None if engine.eof else engine
    if engine is not None:
        raise EOFError("the compressed data ends early; fetch the file again")


def _decompressor(*, gzipped: bool) -> Any:
    if gzipped:
        return zlib.decompressobj(wbits=31)
    return zstandard.ZstdDecompressor(max_window_size=ZSTANDARD_WINDOW).decompressobj()


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file for reading bytes; anything else is a SourceError."""
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise SourceError(f"{path}: is not a regular file")
        return path.open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file; check the source's path") from None
    except PermissionError:
        raise SourceError(f"{path}: may not be read by this user; change its permissions") from None
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path!s}: cannot be opened: {error}") from None


def head_of(path: Path) -> bytes:
    """The first bytes of the uncompressed file, at most about HEAD. Raises SourceError when there are none."""
    head = b""
    try:
        for block in uncompressed(path):
            head += block
            if len(head) >= HEAD:
                break
    except UNPACK_ERRORS as error:
        if not head:
            raise SourceError(f"{path}: cannot be unpacked: {error}") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None
    if not head:
        raise SourceError(f"{path}: is empty; fetch it again, or leave it out of the recipe")
    return head


def detect_encoding(head: bytes, path: Path) -> str:
    """Which encoding a file is in, from its first bytes. Raises SourceError when it is no text."""
    for start, advice in NOT_TEXT.items():
        if head.startswith(start):
            raise SourceError(f"{path}: {advice}")
    if head.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise SourceError(f"{path}: it is a web page, not data; download the raw file")
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 4:
        return _without_mark(head, path)
    whole = head[: head.rfind(b"\n") + 1] or head  # a cut inside a character is no fault
    controls = len(re.findall(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f]", whole))
    valid = _is_utf8(whole)
    if controls > len(whole) * (0.3 if valid else 0.03):
        raise SourceError(f"{path}: is binary, not text; check that it is the file you mean")
    return "utf-8" if valid or _mostly_utf8(whole) else _legacy(whole)


def _without_mark(head: bytes, path: Path) -> str:
    """UTF-16 without a byte order mark: every second byte of Latin text is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < 3 * min(even, odd) + 1 or max(even, odd) * 4 < len(head):
        raise SourceError(f"{path}: is binary, not text; check that it is the file you mean")
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf8(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """Whether a few lines only are in another encoding, as in files that several people have pasted together."""
    special = [line for line in data.split(b"\n") if not line.isascii()]
    return sum(map(_is_utf8, special)) * 2 > len(special)


def _legacy(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[: 1 << 16], cp_isolation=LEGACY).best()
    return best.encoding if best else "cp1252"


def rescue(line: str) -> str:
    """Give bytes that were not UTF-8 (they arrive as lone surrogates) their character in cp1252, or in Latin-1."""
    return re.sub("[\udc80-\udcff]", lambda found: _one(ord(found[0]) - 0xDC00), line)


def _one(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)
