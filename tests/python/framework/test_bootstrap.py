# SPDX-License-Identifier: Apache-2.0
"""Where entries come from: core, extensions, toggles, relative paths."""

import sys
import types
import warnings

import pytest


@pytest.mark.parametrize(
    ("path", "package", "expected"),
    [
        ("a.b.C", "p.q", "a.b.C"),
        ("", "p.q", ""),
        (None, "p.q", None),
        (".a.B", "p.q", "p.q.a.B"),
        ("..a.B", "p.q", "p.a.B"),
        ("...a.B", "p.q.r", "p.a.B"),
        (".B", "p", "p.B"),
    ],
)
def test_relative_paths(framework, path, package, expected):
    assert framework.Store._resolve_relative_class_path(path, package) == expected


@pytest.mark.parametrize(("path", "package"), [("...a.B", "p.q"), ("..a.B", "p"), (".a.B", ""), ("....a", "p.q.r")])
def test_relative_paths_that_leave_the_package(framework, path, package):
    with pytest.raises(ValueError) as caught:
        framework.Store._resolve_relative_class_path(path, package)
    assert str(caught.value) == f"Path '{path}' exits out of Metaflow module at {package}"


class World:
    """Modules of a Metaflow that has just what is put here."""

    def __init__(self, monkeypatch):
        self.modules = []
        self.conf = {}
        for name in (
            "metaflow",
            "metaflow.plugins",
            "metaflow.extension_support",
            "metaflow.extension_support.plugins",
            "metaflow.metaflow_config",
            "metaflow.metaflow_config_funcs",
        ):
            module = types.ModuleType(name)
            module.__path__ = []
            monkeypatch.setitem(sys.modules, name, module)
            parent, _, leaf = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], leaf, module)
        self.core = sys.modules["metaflow.plugins"]
        self.core.ARTIFACT_SERIALIZERS_DESC = []
        self.config = sys.modules["metaflow.metaflow_config"]
        sys.modules["metaflow.extension_support.plugins"].get_modules = self.get_modules
        sys.modules["metaflow.metaflow_config_funcs"].from_conf = lambda name, default=None: self.conf.get(name, default)

    def get_modules(self, point):
        assert point == "plugins"
        return self.modules

    def extension(self, descriptors, package="ext.plugins", package_name="an-extension", tl_package="ext_tl", **attributes):
        module = types.ModuleType(package + ".mfextinit_x")
        module.__package__ = package
        if descriptors is not None:
            module.ARTIFACT_SERIALIZERS_DESC = descriptors
        module.__dict__.update(attributes)
        self.modules.append(types.SimpleNamespace(module=module, package_name=package_name, tl_package=tl_package))


@pytest.fixture
def world(monkeypatch):
    monkeypatch.delenv("COFFER_SERIALIZERS", raising=False)
    monkeypatch.setenv("COFFER_EXTENSION_PATH", "")
    monkeypatch.setenv("XDG_DATA_HOME", "/nowhere")
    monkeypatch.setenv("COFFER_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    return World(monkeypatch)


def entries(framework):
    """Records of Python classes: coffer's own extensions in C are not the matter here."""
    return {name: record for name, record in framework.Store._records.items() if "/" not in record.class_path}


def test_core_comes_first_and_paths_are_relative_to_the_package(framework, world):
    framework.module("metaflow.plugins.fakes", name="Core", type="core", priority=9999)
    framework.module("ext.plugins.fakes", name="Ext", type="ext")
    world.core.ARTIFACT_SERIALIZERS_DESC = [("core", ".fakes.Core")]
    world.extension([("ext", ".fakes.Ext"), ("gone", "..gone.Gone")])
    framework.Store.bootstrap()
    assert [(record.name, record.class_path, record.source) for record in entries(framework).values()] == [
        ("core", "metaflow.plugins.fakes.Core", "metaflow"),
        ("ext", "ext.plugins.fakes.Ext", "an-extension"),
        ("gone", "ext.gone.Gone", "an-extension"),
    ]
    assert framework.order() == ["ext", "core"]


def test_a_core_that_can_not_be_imported_is_left_out(framework, world):
    framework.module("ext.plugins.fakes", name="Ext", type="ext")
    del world.core.ARTIFACT_SERIALIZERS_DESC
    world.extension([("ext", ".fakes.Ext")])
    framework.Store.bootstrap()
    assert framework.order() == ["ext"]


@pytest.mark.parametrize(
    ("names", "source"),
    [
        ({}, "an-extension"),
        ({"package_name": None}, "ext_tl"),
        ({"package_name": "", "tl_package": None}, "ext.plugins"),
        ({"package_name": None, "tl_package": None, "package": ""}, None),
    ],
)
def test_the_source_of_an_extension(framework, world, names, source):
    framework.module("fake_ext", name="Ext", type="ext")
    world.extension([("ext", "fake_ext.Ext")], **names)
    framework.Store.bootstrap()
    assert framework.Store._records["ext"].source == source


def test_extensions_without_serializers_are_passed_over(framework, world):
    world.extension(None)
    world.extension([])
    world.modules.append(types.SimpleNamespace(module=None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        framework.Store.bootstrap()
    assert entries(framework) == {}


def test_discovery_that_fails_is_a_warning(framework, world):
    world.modules = None  # can't be iterated
    framework.module("metaflow.plugins.fakes", name="Core", type="core")
    world.core.ARTIFACT_SERIALIZERS_DESC = [("core", ".fakes.Core")]
    with pytest.warns(RuntimeWarning, match=r"^Artifact serializer extension discovery failed \(TypeError: .*\); extension-shipped serializers may"):
        framework.Store.bootstrap()
    assert framework.order() == ["core"]


@pytest.mark.parametrize("broken", [[("x", "....outside.X")], [5], "no list", [("only name",)]])
def test_a_broken_extension_is_a_warning_and_hides_no_other(ours, world, broken):
    ours.module("fake_before", name="Before", type="before")
    ours.module("fake_after", name="After", type="after")
    world.extension([("before", "fake_before.Before")])
    world.extension(broken, package="broken.plugins")
    world.extension([("after", "fake_after.After")])
    with pytest.warns(RuntimeWarning, match="Artifact serializer extension discovery failed .*broken.plugins"):
        ours.Store.bootstrap()
    assert ours.order() == ["after", "before"]


def test_the_earlier_extensions_are_kept_when_a_later_one_is_broken(framework, world):
    framework.module("fake_before", name="Before", type="before")
    world.extension([("before", "fake_before.Before")])
    world.extension([("x", "....outside.X")])
    with pytest.warns(RuntimeWarning, match=r"discovery failed \(ValueError: "):
        framework.Store.bootstrap()
    assert framework.order() == ["before"]


# ---- toggles ----


def toys(framework, world, *names):
    for name in names:
        framework.module("fake_" + name, name="Toy", type=name)
    world.extension([(name, f"fake_{name}.Toy") for name in names])


def test_a_minus_switches_off(framework, world):
    toys(framework, world, "one", "two")
    world.config.ENABLED_ARTIFACT_SERIALIZER = ["-one", "-nothing", 5]
    framework.Store.bootstrap()
    assert framework.order() == ["two"]
    record = framework.Store._records["one"]
    assert record.state == framework.State.DISABLED and record.last_error is None and record.type is None


@pytest.mark.parametrize("items", [["one"], ["+one"], ["one", "+two"]])
def test_a_list_only_switches_off(framework, world, items):
    toys(framework, world, "one", "two")
    world.config.ENABLED_ARTIFACT_SERIALIZER = items
    framework.Store.bootstrap()
    assert framework.order() == ["two", "one"]


def test_a_list_that_switches_off_and_on_switches_off(framework, world):
    toys(framework, world, "one", "two")
    world.config.ENABLED_ARTIFACT_SERIALIZER = ["-one", "+one"]
    framework.Store.bootstrap()
    assert framework.order() == ["two"]


@pytest.mark.parametrize("nothing", [None, [], (), ""])
def test_no_toggles(framework, world, nothing):
    toys(framework, world, "one", "two")
    world.config.ENABLED_ARTIFACT_SERIALIZER = nothing
    framework.Store.bootstrap()
    assert framework.order() == ["two", "one"]


def test_toggles_that_can_not_be_read_are_a_warning(framework, world):
    toys(framework, world, "one")
    world.config.ENABLED_ARTIFACT_SERIALIZER = 5
    with pytest.warns(RuntimeWarning, match=r"^Failed to read ENABLED_ARTIFACT_SERIALIZER config \(TypeError: "):
        framework.Store.bootstrap()
    assert framework.order() == ["one"]


def test_what_is_off_is_told_to_bootstrap_entries(framework, world, monkeypatch):
    toys(framework, world, "one", "two")
    world.config.ENABLED_ARTIFACT_SERIALIZER = ["-one"]
    calls = []
    monkeypatch.setattr(framework.Store, "bootstrap_entries", lambda entries, **options: calls.append((entries, options)))
    framework.Store.bootstrap()
    assert calls == [
        ([("one", "fake_one.Toy"), ("two", "fake_two.Toy")], {"disabled_names": {"one"}, "source": "an-extension"})
    ]


SETTINGS = [
    ("-one", ["three", "two"]),
    ("-one,-two", ["three"]),
    ("-one, +one", ["three", "two", "one"]),
    ("two", ["two"]),
    ("one,+two", ["two", "one"]),
    ('["-three"]', ["two", "one"]),
]


@pytest.mark.parametrize(
    ("where", "setting", "expected"),
    [(where, *each) for where in ("conf", "attribute") for each in SETTINGS]
    + [("own", *each) for each in SETTINGS if not each[0].startswith("[")],  # our own variable is no JSON
)
def test_toggles_of_the_configuration(ours, world, monkeypatch, setting, expected, where):
    toys(ours, world, "one", "two", "three")
    if where == "conf":
        world.conf["ENABLED_ARTIFACT_SERIALIZER"] = setting
    elif where == "attribute":
        world.config.ENABLED_ARTIFACT_SERIALIZER = setting
    else:
        monkeypatch.setenv("COFFER_SERIALIZERS", setting)
    ours.Store.bootstrap()
    assert ours.order() == expected


def test_our_own_toggles_have_the_last_word(ours, world, monkeypatch):
    toys(ours, world, "one", "two", "three")
    world.conf["ENABLED_ARTIFACT_SERIALIZER"] = "-one,-two"
    monkeypatch.setenv("COFFER_SERIALIZERS", "+one,-three")
    ours.Store.bootstrap()
    assert ours.order() == ["one"]


def test_reset_forgets_toggles(ours, world):
    toys(ours, world, "one")
    world.config.ENABLED_ARTIFACT_SERIALIZER = ["-one"]
    ours.Store.bootstrap()
    ours.Store._reset_for_tests()
    (record,) = ours.bootstrap(("one", "fake_one.Toy"))
    assert record.state == ours.State.ACTIVE


def test_a_second_bootstrap_starts_afresh(framework, world):
    toys(framework, world, "one", "two")
    framework.Store.bootstrap()
    before = framework.Store._records["one"]
    world.config.ENABLED_ARTIFACT_SERIALIZER = ["-one"]
    framework.Store.bootstrap()
    assert framework.Store._records["one"] is not before
    assert framework.Store._records["one"].state == framework.State.DISABLED
    assert list(entries(framework)) == ["one", "two"]


# ---- what a real extension may do ----


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("raise ValueError('nothing works')", "ValueError: nothing works"),
        ("def (", "SyntaxError: "),
        ("class Toy: pass", "AttributeError: type object 'Toy' has no attribute 'TYPE'"),
        ("class Toy: TYPE = 'toy'; PRIORITY = 'high'", "TypeError: "),
    ],
)
def test_a_module_that_fails_breaks_its_own_entry_only(ours, package, module, error):
    package("fails_on_import", module)
    ours.module("fake_good", name="Good", type="good")
    with pytest.warns(RuntimeWarning, match=r"^Serializer 'toy' \(fails_on_import.Toy\) is broken: "):
        record, good = ours.bootstrap(("toy", "fails_on_import.Toy"), ("good", "fake_good.Good"))
    assert record.state == ours.State.BROKEN and record.last_error.startswith(error)
    assert good.state == ours.State.ACTIVE


def test_a_path_without_a_module_breaks_its_own_entry_only(ours):
    with pytest.warns(RuntimeWarning, match="names no module"):
        (record,) = ours.bootstrap(("toy", "Toy"))
    assert record.state == ours.State.BROKEN and record.last_error.startswith("ValueError: ")


def test_an_abstract_class_never_becomes_active(ours):
    ours.module("fake_half", text="class Half(ArtifactSerializer):\n    TYPE = 'half'\n")
    (record,) = ours.bootstrap(("half", "fake_half.Half"))
    assert record.state == ours.State.BROKEN and ours.order() == []
    assert record.last_error == (
        "TypeError: class 'Half' is abstract: it lacks can_deserialize, can_serialize, deserialize, serialize"
    )


def test_an_interrupt_is_not_held_back(framework, package):
    package("interrupts", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        framework.bootstrap(("toy", "interrupts.Toy"))


# ---- extensions in C ----


def test_descriptor_files_are_declared_after_extensions(ours, world, monkeypatch, tmp_path):
    (tmp_path / "none.json").write_text(
        '{"name": "none", "library": "none.so", "source": "a-library", "encodings": ["none-v1"], "priority": 7}'
    )
    monkeypatch.setenv("COFFER_EXTENSION_PATH", str(tmp_path))
    toys(ours, world, "one")
    ours.Store.bootstrap()
    record = ours.Store._records["none"]
    assert record.state == ours.State.KNOWN and record.source == "a-library" and list(ours.Store._records)[0] == "one"
    assert ours.order() == ["none", "one"]


def test_descriptor_files_are_read_again_by_a_second_bootstrap(ours, world, monkeypatch, tmp_path):
    (tmp_path / "none.json").write_text('{"name": "none", "library": "none.so", "encodings": ["none-v1"]}')
    monkeypatch.setenv("COFFER_EXTENSION_PATH", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.Store.bootstrap()
        world.config.ENABLED_ARTIFACT_SERIALIZER = ["-none"]
        ours.Store.bootstrap()
    assert ours.Store._records["none"].state == ours.State.DISABLED
