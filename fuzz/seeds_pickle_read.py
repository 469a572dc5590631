# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_pickle_read: small pickles that CPython makes of many kinds of values at every protocol, and
opcodes that CPython reads but never writes. Run it after a change here: python3 fuzz/seeds_pickle_read.py"""

import collections
import datetime
import decimal
import fractions
import pathlib
import pickle
import uuid

HERE = pathlib.Path(__file__).parent / "corpus" / "pickle_read"

recursive_list: list = []
recursive_list.append(recursive_list)
recursive_tuple: tuple = ([],)
recursive_tuple[0].append(recursive_tuple)

VALUES = {
    "scalars": [None, True, False, 0, -1, 255, 65535, -(2**31), 2**63, -(2**200), 1.5, float("inf"), 1 - 2j],
    "texts": ["", "ascii", "é€😀", "\ud800", "\\u0041\n", b"", b"bytes\xff", bytearray(b"array\xff"), "x" * 300],
    "containers": [[], (), {}, set(), frozenset(), [1, [2, (3, {4: 5})]], {1: {2}}, frozenset([3]), (1, 2, 3, 4)],
    "shared": [recursive_list, recursive_tuple, ["a", "a"], [[1]] * 3],
    "objects": [
        datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),
        decimal.Decimal("1.50"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=5),
        collections.OrderedDict(a=1),
        collections.deque([1, 2], 3),
        pathlib.PurePosixPath("/a/b"),
        slice(1, 2, 3),
        range(5),
        ValueError("no"),
        complex,
    ],
}

BY_HAND = {
    "text-forms": b"(I01\nI00\nI-7\nL123L\nF1.5\nFnan\nS'it\\x27s'\nS\"\\377\"\nV\\u20ac\\\n(lp0\ng0\nt.",
    "python2": b"(U\x02hiT\x02\x00\x00\x00h\xffc__builtin__\nset\n(lp1\ntR(dp2\nt.",
    "instances": b"((I1\nim\nC\n(cm\nC\nI2\noPid\nNQ\x82\x01\x83\x01\x01\x84\x01\x01\x00\x00cm\nC\n)}\x92t.",
    "state-setter": b"cm\nC\n)Rp0\ncm\nset\ng0\nN\x86R0.",
    "stack": b"N(0N(NN12\x86\x86.",
    "long4": b"\x80\x02\x8b\x03\x00\x00\x00\x01\x02\x03.",
    "long-put": b"\x80\x02]r\x00\x00\x00\x00j\x00\x00\x00\x00a.",
    "eights": b"\x8d\x01\0\0\0\0\0\0\0a\x8e\x01\0\0\0\0\0\0\0b\x96\x01\0\0\0\0\0\0\0c\x87.",
    "buffers": b"\x80\x05C\x01a\x98\x97\x86.",
    "frames": b"\x80\x04\x95\x01\0\0\0\0\0\0\0](\x95\x04\0\0\0\0\0\0\0NNe.",
    "trailing": b"N.+",
}


def main() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    for name, values in VALUES.items():
        for protocol in range(6):
            (HERE / f"{name}-p{protocol}").write_bytes(pickle.dumps(values, protocol))
    for name, data in BY_HAND.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
