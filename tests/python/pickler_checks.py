# SPDX-License-Identifier: Apache-2.0
"""What the tests of the pickler ask of it."""
import pickle

from coffer._coffer import pickle_artifact


class Witness:
    """Counts how often it is pickled."""

    def __init__(self):
        self.count = 0

    def __reduce__(self):
        self.count += 1
        return (Witness, ())


def check(obj):
    """Equal bytes, and made without the help of pickle.dumps, which would reduce the witness once more."""
    assert bytes(pickle_artifact(obj)) == pickle.dumps(obj, 4)
    witness = Witness()
    pickle_artifact([witness, obj])
    assert witness.count == 1


def outcome(how, obj):
    try:
        return bytes(how(obj))
    except Exception as error:
        return type(error), str(error)


def plain(obj):
    return pickle.dumps(obj, 4)
