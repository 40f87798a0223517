"""What the Hub's store of chunks (Xet) does with an upload: files put together again from pieces that a client sent.

The formats are those of huggingface.co/docs/xet: a xorb is a row of packed chunks, a shard says of which chunks of which
xorbs each file consists and what its SHA-256 is. Nothing is stored but what the shards' files need.
"""

from __future__ import annotations

import struct

import pyarrow as pa

ENTRY = 48  # bytes of every record of a shard
END = b"\xff" * 32  # in place of a hash: the section ends
VERIFIED, DESCRIBED = 1 << 31, 1 << 30  # flags of a file: each part has a hash beside it; the SHA-256 follows
PLAIN, LZ4, GROUPED_LZ4 = 0, 1, 2  # how a chunk is packed


def hash_text(raw: bytes) -> str:
    """A hash as it stands in addresses: four numbers of eight bytes, the lowest byte first."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def chunks_of(xorb: bytes) -> list[bytes]:
    """Unpacked chunks; what comes after the last one is the xorb's own table of them."""
    found, at = [], 0
    while at + 8 <= len(xorb) and xorb[at] == 0:
        packed, size = (int.from_bytes(xorb[at + start : at + start + 3], "little") for start in (1, 5))
        found.append(unpacked(xorb[at + 8 : at + 8 + packed], xorb[at + 4], size))
        at += 8 + packed
    return found


def unpacked(data: bytes, how: int, size: int) -> bytes:
    if how == PLAIN:
        return data
    plain = pa.decompress(data, decompressed_size=size, codec="lz4", asbytes=True)
    if how == LZ4:
        return plain
    whole, at = bytearray(size), 0
    for first in range(4):  # every fourth byte lies side by side
        length = len(range(first, size, 4))
        whole[first::4] = plain[at : at + length]
        at += length
    return bytes(whole)


def files_of(shard: bytes, xorbs: dict[str, list[bytes]]) -> dict[str, bytes]:
    """SHA-256 → content of each file that a shard registers; raises KeyError where one of its xorbs was not sent."""
    found, at = {}, ENTRY
    while shard[at : at + 32] != END:
        flags, parts = struct.unpack_from("<2I", shard, at + 32)
        content = b""
        for number in range(parts):
            part = shard[at + ENTRY * (number + 1) :][:ENTRY]
            first, last = struct.unpack_from("<2I", part, 40)
            content += b"".join(xorbs[hash_text(part[:32])][first:last])
        at += ENTRY * (1 + parts + (parts if flags & VERIFIED else 0))
        if flags & DESCRIBED:
            found[hash_text(shard[at : at + 32])] = content
            at += ENTRY
    return found
