# SPDX-License-Identifier: Apache-2.0
"""Memory that is known to be there, for the measurement to come.

On a virtual machine memory that nobody used for some seconds may have gone back to the host, and getting it again costs far more than anything measured
here (a second for a few hundred MiB), now in this measurement and now in that. So whoever starts the measurements holds memory, and gives it back to the
kernel when a measurement begins, stock's as well as ours. On other machines this changes nothing.
"""

import contextlib
import mmap
import os
import socket
import threading
from collections.abc import Iterator

VARIABLE = "BENCH_BALLAST"  # the file descriptor, in the process that measures


class Ballast:
    def __init__(self, size_bytes: int):
        self._size_bytes = size_bytes
        self._memory: mmap.mmap | None = None

    def _fill(self) -> None:
        if self._memory or not self._size_bytes:
            return
        self._memory = mmap.mmap(-1, self._size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._memory.madvise(mmap.MADV_HUGEPAGE)
        for offset in range(0, self._size_bytes, mmap.PAGESIZE):
            self._memory[offset] = 1

    def _give_back(self, ours: socket.socket) -> None:
        while ours.recv(1):
            if self._memory:
                self._memory.close()
                self._memory = None
            ours.send(b".")

    @contextlib.contextmanager
    def lent(self) -> Iterator[socket.socket]:
        """The socket for the process that measures: a byte written there asks for the memory, a byte read says that it is there."""
        self._fill()
        ours, theirs = socket.socketpair()
        waiting = threading.Thread(target=self._give_back, args=(ours,))
        waiting.start()
        try:
            yield theirs
        finally:
            theirs.close()
            waiting.join()
            ours.close()


def take(descriptor: int) -> None:
    os.write(descriptor, b"?")
    os.read(descriptor, 1)


def take_lent() -> None:
    """In the process that measures, if there is ballast for it."""
    if VARIABLE in os.environ:
        take(int(os.environ[VARIABLE]))
