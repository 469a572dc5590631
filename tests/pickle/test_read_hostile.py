# SPDX-License-Identifier: Apache-2.0
"""Pickles that no pickler writes: where CPython refuses one, so do we; where CPython reads one, we find the same value
or refuse it for a reason that is listed here."""

import io
import pickle
import random

import pytest

from describe import describe
from test_read import dump  # noqa: F401  (a fixture)

# What CPython reads and we refuse. Left: how the message begins or what it contains.
STRICTER = {
    "left on the stack": "what is left at STOP may be a call that vanishes",
    "more bytes follow the end": "a second reader would go on there",
    "the frame goes on": "the frame and the pickle disagree on where it ends",
    "a frame of no bytes": "no pickler writes one",
    "crosses the end of the frame": "readers differ in what they do",
    "cross the end of the frame": "readers differ in what they do",
    "it lies inside the frame": "readers differ in what they do",
    "are announced, but": "a frame longer than what follows, which only some readers refuse",
    "it is not the first opcode": "a PROTO in the middle changes what names mean",
    "not an int in decimal notation": "readers differ on other notations",
    "not a float in decimal notation": "readers differ on other notations",
    "a float that is too large": "readers differ",
    "the memo slot is not a decimal number": "no pickler writes another notation",
    "memo slot": "slots far ahead of the pickle's size only make memory grow",
    "it adds to": "CPython looks at the target only when there is something to add, or finds a method by chance",
    "it would change": "CPython leaves a value alone whose state is None",
    "a broken escape in the string": "CPython cuts octal numbers over 377 to a byte",
    "is no buffer": "CPython asks the object",
    "text is not valid UTF-8": "a name with surrogates",
    "not a tuple": "CPython's reader in C insists on a tuple, too; the one in Python takes any sequence",
    "the persistent id": "there is nobody to ask",
}


PLAIN = {("builtins", name) for name in ("set", "frozenset", "bytes", "bytearray", "complex")} | {("_codecs", "encode")}


class OutOfReach(Exception):
    """It would have to be imported, or asked for."""


class Unpickler(pickle._Unpickler):
    """CPython's reader in Python, which imports nothing but what plain values are made with."""

    def find_class(self, module, name):
        module = "builtins" if module == "__builtin__" and self.proto < 3 else module
        if (module, name) not in PLAIN:
            raise OutOfReach
        return super().find_class(module, name)

    def persistent_load(self, _):
        raise OutOfReach

    def get_extension(self, code):
        raise OutOfReach


def by_cpython(data):
    """The description of what CPython makes of a pickle; None when it refuses it."""
    try:
        value = Unpickler(io.BytesIO(data)).load()
    except OutOfReach:
        return OutOfReach
    except Exception:
        return None
    try:
        return describe(value, 4)
    except Exception:
        return OutOfReach  # a mark, or the unpickler's own, has become part of the value


def disagreement(data, ours):
    theirs = by_cpython(data)
    if theirs is OutOfReach or "'object'" in str(ours):  # a call that does not make a plain value
        return None
    if isinstance(ours, str):
        stricter = theirs is None or any(reason in ours for reason in STRICTER)
        return None if stricter else f"CPython reads {data!r} as {theirs}; we say {ours}"
    if theirs is None:
        return f"CPython refuses {data!r}; we read {ours}"
    return None if ours == theirs else f"{data!r}: CPython reads {theirs}; we read {ours}"


BY_HAND = [
    *(b"NN.", b"(N.", b"N(.", b"N.N.", b"N", b"", b".", b"(.", b"\xff."),
    *(b"0N.", b"(0N.", b"N(0.", b"1.", b"N1.", b"(N1N.", b"2.", b"(2.", b"N2\x86."),
    *(
        b"N" + take + b"."
        for take in (b"a", b"s", b"R", b"\x81", b"\x92", b"b", b"\x85\x86", b"\x87", b"\x93", b"\x94(.", b"\x98")
    ),
    *(b"N" + take + b"." for take in (b"e", b"u", b"l", b"d", b"t", b"\x90", b"\x91", b"o")),
    *(b"](" + take + b"." for take in (b"e", b"u", b"\x90")),
    *(b"}(NN" + take + b"." for take in (b"e", b"u", b"\x90")),
    *(b"\x8f(N" + take + b"." for take in (b"e", b"u", b"\x90")),
    *(b"}(]Nu.", b"}]Ns.", b"(]Nd.", b"\x8f(]\x90.", b"(}\x91.", b"}(\x8fNu.", b"(NNNd.", b"}(Nu."),
    *(
        b"I" + text + b"\n."
        for text in (b"", b"0", b"00", b"01", b"02", b"-1", b"+1", b"1L", b"0x10", b"1_0", b" 1", b"1\r", b"9" * 30)
    ),
    *(b"L" + text + b"\n." for text in (b"", b"L", b"0L", b"00L", b"-0L", b"1", b"1LL", b"-5L", b"1.0L")),
    *(
        b"F" + text + b"\n."
        for text in (b"", b"1", b"1.", b".5", b"1e5", b"nan", b"inf", b"-inf", b"1e999", b"0x1p3", b"1_0.0")
    ),
    *(
        b"S" + text + b"\n."
        for text in (
            b"",
            b"a",
            b"'",
            b"''",
            b"'a",
            b"'a\"",
            b"'\\x4'",
            b"'\\x41'",
            b"'\\400'",
            b"'\\8'",
            b"'\\'",
            b"'\\q'",
        )
    ),
    *(
        b"V" + text + b"\n."
        for text in (b"", b"a", b"\xe9", b"\\u", b"\\u12", b"\\u1234", b"\\\\u1234", b"\\U00110000", b"\\ud800", b"\\")
    ),
    *(
        b"N" + put + b"."
        for put in (
            b"p0\ng0\n\x86",
            b"p-1\n",
            b"p1\ng1\n\x86",
            b"px\n",
            b"p01\ng1\n\x86",
            b"g0\n",
            b"h\0",
            b"q\0h\1",
            b"r\1\0\0\0j\1\0\0\0\x86",
        )
    ),
    *(b"\x80" + version + b"N." for version in (b"\0", b"\1", b"\5", b"\6", b"\xff")),
    b"N\x80\x02.",
    *(b"\x95" + size.to_bytes(8, "little") + b"N." for size in (0, 1, 2, 3, 2**31, 2**63, 2**64 - 1)),
    b"\x95\x02" + bytes(7) + b"K\x05.",
    b"\x95\x01" + bytes(7) + b"K\x05.",
    b"\x95\x0b" + bytes(7) + b"N\x95\x01" + bytes(7) + b".0.",
    *(opcode + b"\x02" + bytes(3) + b"z." for opcode in (b"X", b"B", b"T", b"\x8b")),
    *(opcode + b"\xff\xff\xff\xff." for opcode in (b"X", b"B", b"T", b"\x8b")),
    *(opcode + b"\xff" * 7 + end + b"." for opcode in (b"\x8d", b"\x8e", b"\x96") for end in (b"\x7f", b"\xff")),
    *(
        b"\x8c" + text
        for text in (b"\1\x80.", b"\2\xc0\x80.", b"\3\xed\xa0\x80.", b"\4\xf4\x90\x80\x80.", b"\3\xe2\x82.")
    ),
    *(b"\x8a" + text for text in (b"\0.", b"\1\xff.", b"\2\0\0.", b"\2\xff\xff.", b"\xff.")),
    *(b"]Nb.", b"]}b.", b"N}b.", b"(I1\nI2\nl2a.", b"]q\0h\0a.", b"]q\0(h\0h\0e."),
]


def test_by_hand(dump):  # noqa: F811
    found = dump([(data, []) for data in BY_HAND])
    assert [each for each in map(disagreement, BY_HAND, found) if each] == []


SEEDS = [
    [
        None,
        True,
        [1, -70000, 2**70],
        1.5,
        "text é",
        b"data",
        bytearray(b"z"),
        (1,),
        (1, 2, 3, 4),
        {"a": {1: 2}},
        {3},
        frozenset([4]),
    ],
    [["a", "a"], {"k": ["shared"] * 2}, (), [[]], "x" * 20],
    {i: (str(i), [i]) for i in range(12)},
]


def mutate(choose, data):
    data = bytearray(data)
    for _ in range(choose.randrange(1, 4)):
        at = choose.randrange(len(data))
        kind = choose.randrange(4)
        if kind == 0:
            data[at] = choose.randrange(256)
        elif kind == 1:
            del data[at : at + choose.randrange(1, 4)]
        elif kind == 2:
            data[at:at] = choose.choice(
                [b"N", b"(", b"0", b"2", b"]", b"}", b"a", b"e", b"t", b"\x85", b"\x94", b"h\0", b"K\1", b"."]
            )
        else:
            start = choose.randrange(len(data))
            data[at:at] = data[start : start + choose.randrange(1, 8)]
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("protocol", range(6))
def test_mutations(dump, protocol):  # noqa: F811
    choose = random.Random(protocol)
    pickles = [pickle.dumps(value, protocol) for value in SEEDS]
    cases = [mutate(choose, choose.choice(pickles)) for _ in range(4000)]
    found = dump([(data, []) for data in cases])
    both_read = sum(not isinstance(each, str) for each in found)
    print(f"protocol {protocol}: {both_read} of {len(cases)} mutations still read")
    assert both_read > 50
    assert [each for each in map(disagreement, cases, found) if each] == []
