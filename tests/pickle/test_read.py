# SPDX-License-Identifier: Apache-2.0
"""Pickles written by CPython, read by us: what we find in each is what the object says of itself."""

import io
import json
import pickle
import pickletools
import struct
import subprocess
import warnings

import pytest

import corpus
from describe import Describer, describe

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(scope="session")
def dump(build_dir):
    """Reads pickles, each with its out-of-band buffers: the descriptions, or the messages of errors."""
    path = build_dir / "tests" / "pickle-dump"
    assert path.exists(), f"{path} is not built"

    def run(pickles, *arguments):
        records = []
        for data, buffers in pickles:
            records += [struct.pack("<Q", len(data)), data, struct.pack("<Q", len(buffers))]
            for buffer in buffers:
                records += [struct.pack("<Q", len(buffer)), buffer]
        done = subprocess.run([str(path), *arguments], input=b"".join(records), stdout=subprocess.PIPE, timeout=600)
        assert done.returncode == 0
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        assert len(lines) == len(pickles)
        return [line if line.startswith("error: ") else json.loads(line) for line in lines]

    return run


def pickled(protocol):
    """(name, object, pickle) of all objects of the corpus that CPython can pickle at this protocol."""
    for name, value in corpus.OBJECTS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield name, value, pickle.dumps(value, protocol)
        except (TypeError, pickle.PicklingError, AttributeError, ValueError, RecursionError):
            continue


def test_size_of_the_corpus():
    counts = [sum(1 for _ in pickled(protocol)) for protocol in PROTOCOLS]
    print(f"objects pickled at protocols 0 to 5: {counts}")
    assert min(counts) >= 500


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_corpus(dump, protocol):
    objects = list(pickled(protocol))
    wrong = []
    for (name, value, data), found in zip(objects, dump([(data, []) for _, _, data in objects])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = describe(value, protocol)
        if found != expected:
            wrong.append(f"{name}: {str(value)[:60]}\n  found    {str(found)[:400]}\n  expected {str(expected)[:400]}")
    assert not wrong, f"{len(wrong)} of {len(objects)}:\n" + "\n".join(wrong[:20])


# Objects whose JSON does not say how they were pickled.
RECOGNISED = {"constant", "int", "float", "complex", "str", "bytes", "bytearray", "list", "tuple", "dict", "set"}
RECOGNISED |= {
    "frozenset",
    "nested",
    "cycle",
    "shared",
    "random",
    "date",
    "delta",
    "decimal",
    "fraction",
    "uuid",
    "path",
}
RECOGNISED |= {"slice", "partial", "pattern", "numpy"}


def test_json_is_the_same_whatever_the_protocol(dump):
    found = {}
    for protocol in PROTOCOLS:
        objects = list(pickled(protocol))
        for (name, _, _), one in zip(objects, dump([(data, []) for _, _, data in objects], "--tagged")):
            assert not str(one).startswith("error"), f"{name}: {one}"
            found.setdefault(name, []).append(json.dumps(one))
    different = [name for name in found if len(set(found[name])) > 1 and name.split("-")[0] in RECOGNISED]
    assert different == []


# ---- what a pickler is asked for ----


def with_persistent_ids(value, protocol):
    class Pickler(pickle.Pickler):
        def persistent_id(self, each):
            return persistent_id(each)

    out = io.BytesIO()
    Pickler(out, protocol).dump(value)
    return out.getvalue()


def persistent_id(value):
    return f"id {value:.1f}" if type(value) is float else None


PERSISTENT = [1.0, [1.0, 2.0, [1.0]], {"a": 5.0, 3.0: None}]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_persistent_ids(dump, protocol):
    found = dump([(with_persistent_ids(value, protocol), []) for value in PERSISTENT])
    assert found == [describe(value, protocol, persistent_id=persistent_id) for value in PERSISTENT]


def buffered():
    """Objects with out-of-band buffers, their pickles and the buffers."""
    picklable = pickle.PickleBuffer
    values = [picklable(b"read-only"), picklable(bytearray(b"writable")), [picklable(bytearray(b"x")), picklable(b"y")]]
    values += [value for name, value in corpus.OBJECTS if name.startswith("numpy")]
    for value in values:
        buffers = []
        data = pickle.dumps(value, 5, buffer_callback=buffers.append)
        if len(buffers) <= 16:
            yield value, data, [buffer.raw().tobytes() for buffer in buffers]


def test_out_of_band_buffers(dump):
    cases = list(buffered())
    found = dump([(data, buffers) for _, data, buffers in cases])
    assert found == [describe(value, 5, buffers=[]) for value, _, _ in cases]


def test_missing_buffers(dump):
    cases = [data for _, data, buffers in buffered() if buffers]
    for message in dump([(data, []) for data in cases]):
        assert "refers to buffers outside of it" in message


# ---- what CPython reads but does not write ----

HAND_MADE = [
    b"(I1\nI2\nl.",
    b"(S'a'\nI1\nd.",
    b"(I1\nI00\nt.",
    b"I01\n.",
    b"L-12345678901234567890L\n.",
    b"L5\n.",
    b"F-1.25\n.",
    b"S'it\\'s \\x41\\n'\n.",
    b'S"quoted"\n.',
    b"U\x02hi.",
    b"T\x02\0\0\0hi.",
    b"V\\u20ac\\\\u0041\n.",
    b"\x80\x03B\x01\0\0\0z.",
    b"\x8d\x01\0\0\0\0\0\0\0z.",
    b"\x8e\x01\0\0\0\0\0\0\0z.",
    b"\x8b\x02\0\0\0\0\x80.",
    b"\x8a\0.",
    b"N(NN1.",
    b"N(0.",
    b"NN0.",
    b"(]22l.",
    b"]r\0\0\0\0j\0\0\0\0\x86.",
    b"(Np0\ng0\nl.",
    b"}(NN\x88\x89u.",
    b"\x8f(K\x01K\x02\x90.",
    b"(K\x01\x91.",
]


def test_hand_made(dump):
    found = dump([(data, []) for data in HAND_MADE])
    assert found == [describe(pickle.loads(data), 4) for data in HAND_MADE]


INSTANCES = [b"(I1\nicorpus\nPlain\n.", b"(ccorpus\nPlain\nI1\no."]


def test_instances_of_protocol_0(dump):
    made, with_class = dump([(data, []) for data in INSTANCES])
    expected = Describer(0).construction("call", corpus.Plain, (1,))
    assert made["root"] == with_class["root"] == {**expected, "args": {"tuple": [{"int": "1"}], "id": 1}, "id": 0}


def test_every_opcode_is_covered():
    pickles = [data for protocol in PROTOCOLS for _, _, data in pickled(protocol)] + HAND_MADE + INSTANCES
    pickles += [with_persistent_ids(value, protocol) for value in PERSISTENT for protocol in PROTOCOLS]
    pickles += [data for _, data, _ in buffered()]
    covered = set()
    for data in pickles:
        covered.update(opcode.name for opcode, _, _ in pickletools.genops(data))
    known = {opcode.name for opcode in pickletools.opcodes}
    print(f"opcodes covered: {len(covered & known)} of {len(known)}")
    assert covered == known, known - covered


# ---- Python 2's names ----


def test_old_names(dump):
    import _compat_pickle

    names = [*_compat_pickle.NAME_MAPPING, *((module, "anything") for module in _compat_pickle.IMPORT_MAPPING)]
    found = dump([(f"c{module}\n{name}\n.".encode(), []) for module, name in names])
    for (module, name), one in zip(names, found):
        module, name = _compat_pickle.NAME_MAPPING.get(
            (module, name), (_compat_pickle.IMPORT_MAPPING.get(module, module), name)
        )
        assert one["root"] == Describer.name(module, name)
