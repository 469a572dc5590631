# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_frame: small gzip files of all forms, whole and damaged. Run it after a change here:
python3 fuzz/seeds_frame.py"""

import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent / "corpus" / "frame"

TEXT = b"".join(b"line %d of a text\n" % i for i in range(40))


def deflate(contents: bytes, level: int, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    return compressor.compress(contents) + compressor.flush()


def member(contents: bytes, flags: int = 0, fields: bytes = b"", level: int = 3, strategy: int = 0) -> bytes:
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff" + fields
    if flags & 2:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    return header + deflate(contents, level, strategy) + struct.pack("<II", zlib.crc32(contents), len(contents))


def sized(parts: list[bytes]) -> bytes:
    """Members as coffer writes them in a row, but small."""
    total, offset, result = sum(map(len, parts)), 0, b""
    for part in parts:
        plain = member(part)
        sizes = struct.pack("<QQQQ", len(plain) + 38, len(part), offset, total)
        result += member(part, 4, struct.pack("<H", 36) + b"CF" + struct.pack("<H", 32) + sizes)
        offset += len(part)
    return result


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)


SEEDS = {
    "stored": member(TEXT[:100], level=0),
    "fixed": member(b"aaaaabaaaaab", strategy=zlib.Z_FIXED),
    "dynamic": member(TEXT, level=9),
    "huffman-only": member(TEXT, strategy=zlib.Z_HUFFMAN_ONLY),
    "runs": member(bytes(5000), strategy=zlib.Z_RLE),
    "nothing": member(b""),
    "name": member(TEXT, 8, b"name\0"),
    "comment": member(TEXT, 16, b"comment\0"),
    "extra": member(TEXT, 4, b"\x09\x00AB\x02\x00xyabc"),
    "header-crc": member(TEXT, 2),
    "all-fields": member(TEXT, 31, b"\x04\x00AB\x00\x00name\0comment\0"),
    "several": member(b"one") + member(b"") + member(TEXT) + member(b"four"),
    "padded": member(b"one") + bytes(20) + member(b"two") + b"\0",
    "sized": sized([TEXT[:300], TEXT[300:]]),
    "sized-one": sized([TEXT]),
    "bomb": member(bytes(3 << 20), level=9),
    "sized-short": sized([TEXT[:300], TEXT[300:]])[:-60],
    "sized-wrong": flipped(sized([TEXT[:300], TEXT[300:]]), 25),
    "sized-mixed": sized([TEXT]) + member(TEXT),
    "garbage": member(TEXT) + b"garbage",
    "bad-crc": flipped(member(TEXT), -8),
    "bad-size": flipped(member(TEXT), -4),
    "bad-deflate": flipped(member(TEXT), 20),
    "truncated": member(TEXT)[:-9],
    "no-gzip": b"plain text",
}


def main() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    for name, data in SEEDS.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
