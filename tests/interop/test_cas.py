# SPDX-License-Identifier: Apache-2.0
"""Blobs between coffer and others: Python's gzip module and stock Metaflow's content-addressed store, both ways."""
import gzip
import hashlib
import json
import os
import random
import subprocess

import pytest
from metaflow.datastore.content_addressed_store import ContentAddressedStore
from metaflow.plugins.datastores.local_storage import LocalStorage

MIB = 1 << 20
PREFIX = "Flow/data"


def _contents():
    choose = random.Random(4)
    words = [choose.randbytes(choose.randrange(2, 9)).hex().encode() for _ in range(5000)]
    text = b" ".join(choose.choice(words) for _ in range(250_000))
    numbers = b"".join(choose.randrange(1000).to_bytes(8, "little") for _ in range(400_000))
    noise = choose.randbytes(5 * MIB)
    return {
        "empty": b"",
        "one byte": b"x",
        "small": b"hello",
        "512 bytes": text[:512],
        "513 bytes": text[:513],
        "text": text,
        "numbers": numbers,
        "zeros": bytes(9 * MIB),
        "noise": noise,
        "one member of noise": noise[:MIB],
        "a byte more than a member": text[: MIB + 1],
        "mixed": noise[: 2 * MIB] + text[: 2 * MIB],
        "itself gzip": gzip.compress(text[:50_000]),
    }


CONTENTS = _contents()
by_contents = pytest.mark.parametrize("contents", CONTENTS.values(), ids=CONTENTS.keys())


class Tool:
    def __init__(self, build_dir, root):
        self.program = build_dir / "tests" / "cas-tool"
        self.root = root

    def run(self, *arguments, contents=b"", prefix=PREFIX):
        command = [self.program, self.root, prefix, *arguments]
        return subprocess.run(command, input=contents, capture_output=True, timeout=120)

    def __call__(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@pytest.fixture
def root(tmp_path):
    return tmp_path / ".metaflow"


@pytest.fixture
def tool(build_dir, root):
    return Tool(build_dir, root)


@pytest.fixture
def stock(root):
    class Here(LocalStorage):
        pass

    return ContentAddressedStore(PREFIX, Here(str(root)))


def key_of(contents):
    return hashlib.sha1(contents).hexdigest()


def file_of(root, key):
    return root / PREFIX / key[:2] / key


def stock_loads(stock, key):
    ((found, blob),) = stock.load_blobs([key])
    assert found == key
    return blob


@by_contents
def test_python_and_metaflow_read_what_we_save(tool, stock, root, contents):
    key = tool("save", contents=contents).decode().strip()
    assert key == key_of(contents)
    assert stock_loads(stock, key) == contents
    path = file_of(root, key)
    assert gzip.decompress(path.read_bytes()) == contents
    assert path.with_name(key + "_meta").read_text() == '{"cas_raw": false, "cas_version": 1}'


@by_contents
def test_metaflow_reads_what_we_save_raw(tool, stock, root, contents):
    key = tool("save-raw", contents=contents).decode().strip()
    assert stock_loads(stock, key) == contents
    assert file_of(root, key).read_bytes() == contents


@by_contents
@pytest.mark.parametrize("raw", [False, True], ids=["framed", "raw"])
def test_we_read_what_metaflow_saves(tool, stock, contents, raw):
    ((_, key),) = stock.save_blobs([contents], raw=raw)
    assert tool("load", key) == contents
    assert tool("stream", key) == contents
    assert tool("check", key) == b"sound\n"


@by_contents
def test_we_read_what_metaflow_transfers_and_the_other_way(tool, stock, contents):
    key = key_of(contents)
    stock.save_blobs([(key, contents, {"cas_raw": False, "cas_version": 1})], is_transfer=True)
    assert tool("load", key) == contents
    tool("transfer", key, "Other/data")
    other = ContentAddressedStore("Other/data", stock._storage_impl)
    assert stock_loads(other, key) == contents


def test_what_one_side_has_saved_the_other_keeps(tool, stock, root):
    for index, contents in enumerate(CONTENTS.values()):
        if index % 2:
            tool("save", contents=contents)
        else:
            stock.save_blobs([contents])
        before = file_of(root, key_of(contents)).read_bytes()
        tool("save", contents=contents)
        stock.save_blobs([contents])
        assert file_of(root, key_of(contents)).read_bytes() == before
    assert tool("list").decode().split() == sorted(map(key_of, CONTENTS.values()))


def test_a_truncated_blob_poisons_no_later_run(tool, stock, root):
    for contents in (CONTENTS["text"], CONTENTS["noise"], CONTENTS["small"]):
        stock.save_blobs([contents])
        path = file_of(root, key_of(contents))
        os.truncate(path, path.stat().st_size // 2)
        assert tool("check", key_of(contents)) == b"damaged\n"
        tool("save", contents=contents)
        assert stock_loads(stock, key_of(contents)) == contents


def test_what_metaflow_leaves_after_a_crash_is_mended(tool, stock, root):
    contents = CONTENTS["itself gzip"]
    key = key_of(contents)
    stock.save_blobs([contents], raw=True)
    sidecar = file_of(root, key).with_name(key + "_meta")
    sidecar.unlink()
    assert stock_loads(stock, key) != contents
    assert tool("check", key) == b"no sidecar\n"
    assert tool("load", key) == contents
    tool("mend", key)
    assert json.loads(sidecar.read_text()) == {"cas_raw": True, "cas_version": 1}
    assert stock_loads(stock, key) == contents


def test_leftovers_of_metaflow_are_removed(tool, root, stock):
    stock.save_blobs([b"x"])
    leftover = root / "Flow" / "data" / "tmpa1b2c3_z"
    leftover.write_text("half a blob")
    os.utime(leftover, (1, 1))
    assert tool("leftovers", prefix="") == b"Flow/data/tmpa1b2c3_z\n"
    assert not leftover.exists()
    assert stock_loads(stock, key_of(b"x")) == b"x"


def _gzip_file(tmp_path, contents, **options):
    path = tmp_path / "foreign.gz"
    with open(path, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", **options) as zipped:
            zipped.write(contents)
    return path.read_bytes()


def test_gzip_files_of_others_are_read(tool, tmp_path, root, stock):
    contents = CONTENTS["text"]
    third = len(contents) // 3
    files = [
        _gzip_file(tmp_path, contents, filename="a name", compresslevel=9),
        b"".join(gzip.compress(contents[i : i + third]) for i in range(0, len(contents), third)),
        gzip.compress(contents[:third]) + gzip.compress(b"") + gzip.compress(contents[third:]) + bytes(1000),
        subprocess.run(["gzip", "-c", "-1"], input=contents, capture_output=True, check=True).stdout,
    ]
    key = tool("save", contents=contents).decode().strip()
    for data in files:
        file_of(root, key).write_bytes(data)
        assert stock_loads(stock, key) == contents
        assert tool("load", key) == contents
        assert tool("stream", key) == contents


@pytest.mark.parametrize("damage", ["truncate", "garbage", "crc", "size"])
def test_where_python_finds_damage_we_do(tool, root, stock, damage):
    contents = CONTENTS["numbers"]
    ((_, key),) = stock.save_blobs([contents])
    path = file_of(root, key)
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        del data[-1]
    elif damage == "garbage":
        data += b"x"
    else:
        data[-8 if damage == "crc" else -4] ^= 1
    path.write_bytes(data)
    with pytest.raises(Exception, match="Could not unpack artifact"):
        stock_loads(stock, key)
    for command in ("load", "stream"):
        done = tool.run(command, key)
        assert done.stderr.startswith(b"corrupt: blob " + key.encode())
        assert str(path).encode() in done.stderr


def test_gzip_agrees_on_every_size_near_a_limit(tool, root):
    text = CONTENTS["text"]
    for size in [*range(0, 20), *range(500, 520), *range(MIB - 2, MIB + 3), 2 * MIB, 2 * MIB + 1]:
        key = tool("save", contents=text[:size]).decode().strip()
        assert gzip.decompress(file_of(root, key).read_bytes()) == text[:size]
