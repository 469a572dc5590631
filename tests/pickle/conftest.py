# SPDX-License-Identifier: Apache-2.0
"""The pickle reader, writer and scanner, reached through a small program of the tests (tests/support/pickle_tool.c)."""
import struct
import subprocess

import pytest

SCAN, JSON, NPY = 0, 0x40, 0x80


class PickleTool:
    def __init__(self, path):
        self.path = path

    def answers(self, mode, inputs):
        """What comes of each input: (status, bytes)."""
        records = b"".join(struct.pack("<BQ", mode, len(data)) + data for data in inputs)
        done = subprocess.run([str(self.path)], input=records, stdout=subprocess.PIPE, timeout=600)
        assert done.returncode == 0, f"{self.path} ends with {done.returncode}"
        found, offset = [], 0
        while offset < len(done.stdout):
            status, size = struct.unpack_from("<BQ", done.stdout, offset)
            offset += 9
            found.append((status, done.stdout[offset : offset + size]))
            offset += size
        assert len(found) == len(inputs)
        return found

    def pickles(self, mode, inputs):
        """The same, where all must do well: the bytes."""
        answers = self.answers(mode, inputs)
        failed = [message.decode() for status, message in answers if status != 0]
        assert failed == []
        return [data for _, data in answers]

    def rewrite(self, pickles, protocol):
        """Each pickle, read and written again."""
        return self.pickles(protocol, pickles)

    def from_json(self, texts, protocol=4):
        return self.pickles(JSON | protocol, [text.encode() for text in texts])

    def from_npy(self, files, protocol=4):
        return self.pickles(NPY | protocol, files)

    def scan(self, pickles):
        """The findings of each pickle: [(verdict, action, name, reason), ...]."""

        def parse(line):
            verdict, action, name, reason = line.split(" ", 3)
            return int(verdict), int(action), name, reason

        return [[parse(line) for line in text.decode().splitlines()] for text in self.pickles(SCAN, pickles)]


@pytest.fixture(scope="session")
def pickle_tool(build_dir):
    path = build_dir / "tests" / "pickle-tool"
    assert path.exists(), f"{path} is not built"
    return PickleTool(path)
