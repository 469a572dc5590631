# SPDX-License-Identifier: Apache-2.0
import pickle

import pytest

import coffer
from coffer import _errors


def test_a_miss_is_also_what_python_raises_for_it():
    assert issubclass(coffer.NotFound, KeyError)
    assert issubclass(coffer.Invalid, ValueError)
    assert issubclass(coffer.IOFailure, OSError)
    assert issubclass(coffer.WrongState, RuntimeError)


@pytest.mark.parametrize("status", sorted(set(_errors.BY_STATUS) - {"no-memory"}))
def test_every_error_prints_its_message_and_survives_pickling(status):
    error = _errors.BY_STATUS[status]("no artifact 'x'")
    assert str(error) == "no artifact 'x'"
    assert isinstance(error, coffer.Error)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)
