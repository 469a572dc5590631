# SPDX-License-Identifier: Apache-2.0
"""Accounting of dispatch errors, and dispatch by the library to Python classes."""

import warnings

import pytest

import coffer


def account(framework, cls, error):
    """What a TaskDataStore does: warns, and counts through the records."""
    warnings.warn(f"Serializer {cls.__name__} raised {type(error).__name__} during dispatch and was skipped: {error}", RuntimeWarning)
    for record in framework.Store._records.values():
        if record.type is not None and record.type == cls.TYPE:
            record.dispatch_error_count += 1
            record.last_error = f"dispatch: {type(error).__name__}: {error}"
            break


def test_errors_are_counted_through_the_records(framework):
    module = framework.module("fake_toy")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="Serializer Toy raised ValueError during dispatch and was skipped: no luck"):
            account(framework, module.Toy, ValueError("no luck"))
    assert record.dispatch_error_count == 2 and record.last_error == "dispatch: ValueError: no luck"
    assert record.state == framework.State.ACTIVE and framework.order() == ["toy"]


def test_errors_are_counted_by_the_library(ours):
    module = ours.module("fake_toy")
    (record,) = ours.bootstrap(("toy", "fake_toy.Toy"))
    assert [ours.Store._record_dispatch_error(module.Toy, ValueError("no luck")) for _ in range(3)] == [1, 2, 3]
    assert record.dispatch_error_count == 3 and record.last_error == "dispatch: ValueError: no luck"
    assert ours.Store._record_dispatch_error(object, ValueError()) == 1
    assert ours.Store._record_dispatch_error(ours.define(type="loose"), ValueError()) == 1
    record.dispatch_error_count = 0
    assert ours.Store._record_dispatch_error(module.Toy, ValueError("no luck")) == 1


# ---- dispatch by the library ----


@pytest.fixture
def registry(ours):
    from coffer.framework._registry import REGISTRY

    return REGISTRY


def test_the_library_dispatches_to_classes(ours, registry):
    ours.module("fake_toy", takes="isinstance(obj, str)")
    ours.bootstrap(("toy", "fake_toy.Toy"), source="a-package")
    blobs, metadata = coffer.serialize("text", registry=registry)
    assert blobs == [b"'text'"]
    assert metadata == ("<class 'str'>", 6, "toy-v1", {"source": "a-package"})
    assert coffer.deserialize(blobs, metadata, registry=registry) == "'text'"
    with pytest.raises(coffer.Declined, match="No serializer claimed artifact"):
        coffer.serialize(5, registry=registry)


def test_a_class_that_raises_when_asked_is_passed_over_with_few_warnings(ours, registry):
    ours.module("fake_bad", name="Bad", type="bad", takes="1 / 0")
    ours.module("fake_good", name="Good", type="good", priority=200)
    bad, _ = ours.bootstrap(("bad", "fake_bad.Bad"), ("good", "fake_good.Good"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(10):
            assert coffer.serialize(5, registry=registry)[1].encoding == "good-v1"
    assert len(caught) == 3 and "Serializer Bad failed during dispatch and was skipped: ZeroDivisionError" in str(caught[0].message)
    assert bad.dispatch_error_count == 10 and bad.last_error == "dispatch: ZeroDivisionError: division by zero"


def test_the_error_of_one_that_was_asked_is_not_the_cause_of_another_s(ours, registry):
    ours.module("fake_bad", name="Bad", type="bad", takes="1 / 0")
    module = ours.module("fake_good", name="Good", type="good", priority=200)

    def fail(cls, obj, format=None):
        raise LookupError("this one")

    module.Good.serialize = classmethod(fail)
    ours.bootstrap(("bad", "fake_bad.Bad"), ("good", "fake_good.Good"))
    with pytest.warns(RuntimeWarning), pytest.raises(coffer.SerializerFailed) as caught:
        coffer.serialize(5, registry=registry)
    assert isinstance(caught.value.__cause__, LookupError)


def test_an_interrupt_while_asked_reaches_the_caller(ours, registry):
    module = ours.module("fake_toy")

    def interrupt(cls, obj):
        raise KeyboardInterrupt

    module.Toy.can_serialize = classmethod(interrupt)
    ours.bootstrap(("toy", "fake_toy.Toy"))
    with pytest.warns(RuntimeWarning), pytest.raises(KeyboardInterrupt):
        coffer.serialize(5, registry=registry)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("[], Meta('t', 0, 'e', {})", "returned no blobs"),
        ("[Blob(b'a'), Blob(b'b')], Meta('t', 2, 'e', {})", "only single-blob serializers"),
        ("[Blob('a key')], Meta('t', 0, 'e', {})", "reference 'a key'"),
        ("[Blob(b'a')], Meta('t', 1, '', {})", "named no encoding"),
        ("[Blob(b'a')], Meta('t', 5, 'e', {})", "5 bytes"),
        ("[Blob(b'a')], Meta('t', 1, 'e', {'x': object()})", "not JSON serializable"),
        ("5", "cannot unpack|not iterable"),
        ("[b'a'], Meta('t', 1, 'e', {})", "value"),
    ],
)
def test_what_a_class_makes_is_checked(ours, registry, made, message):
    module = ours.module("fake_toy")
    names = {"Blob": ours.serializer.SerializedBlob, "Meta": ours.serializer.SerializationMetadata}
    module.Toy.serialize = classmethod(lambda cls, obj, format=None: eval(made, names))
    ours.bootstrap(("toy", "fake_toy.Toy"))
    with pytest.raises(coffer.SerializerFailed, match=f"Serializer Toy.*({message})"):
        coffer.serialize(5, registry=registry)


def test_a_class_gets_real_bytes_and_real_metadata(ours, registry):
    module = ours.module("fake_toy")
    seen = []
    module.Toy.deserialize = classmethod(lambda cls, data, metadata=None, format=None: seen.append((data, metadata, format)))
    ours.bootstrap(("toy", "fake_toy.Toy"))
    coffer.deserialize([memoryview(b"abc")], ("t", 3, "toy-v1", {"a": [1]}), registry=registry)
    ((data, metadata, format),) = seen
    assert data == [b"abc"] and type(data[0]) is bytes
    assert metadata == ours.serializer.SerializationMetadata("t", 3, "toy-v1", {"a": [1]}) and metadata.serializer_info == {"a": [1]}
    assert format is ours.serializer.SerializationFormat.STORAGE
