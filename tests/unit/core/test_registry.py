"""Plug-ins are found lazily; clashes and unknown names are refused with a sentence."""

import sys
from importlib.metadata import EntryPoint

import pytest

from t2ibench.core import registry as registry_module
from t2ibench.core.errors import UserError
from t2ibench.core.registry import Registry, registry


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="t2ibench.models")


def test_listing_imports_nothing():
    found = Registry("models", {"far": point("far", "no_such_package.at_all:Model")})
    assert list(found) == ["far"]
    assert found.entries()[0].target == "no_such_package.at_all:Model"
    assert "no_such_package" not in sys.modules


def test_looking_up_loads():
    found = Registry("models", {"path": point("path", "pathlib:Path")})
    assert found["path"] is __import__("pathlib").Path


def test_a_broken_plugin_says_what_is_broken():
    found = Registry("models", {"far": point("far", "no_such_package.at_all:Model")})
    with pytest.raises(UserError, match=r"'far'.*no_such_package"):
        found["far"]


def test_near_names_are_suggested():
    found = Registry("models", {"attngan": point("attngan", "pathlib:Path")})
    with pytest.raises(UserError, match="Did you mean attngan"):
        found["atngan"]


def test_two_packages_with_one_name_clash(monkeypatch):
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [point("same", "a:A"), point("same", "b:B")])
    with pytest.raises(UserError, match="Two packages offer a model called 'same'"):
        Registry.of("models")


def test_adding_a_taken_name_is_refused():
    found = Registry("models", {"path": point("path", "pathlib:Path")})
    found.add("mine", object)
    assert found["mine"] is object
    for name in ("mine", "path"):
        with pytest.raises(UserError, match="registered already"):
            found.add(name, object)


@pytest.mark.parametrize("kind", sorted(registry_module.KINDS))
def test_everything_we_register_loads(kind):
    ours = registry(kind)
    assert len(ours) > 0
    for name in ours:
        assert ours[name] is not None
