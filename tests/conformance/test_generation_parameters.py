"""Parameters that a plug-in lets a protocol set belong to no weight: names and shapes stay, whatever their values."""

import pytest

from t2ibench.core.registry import registry
from t2ibench.testing.subject import Subject
from tests.conformance.test_models import MODELS, WRAPPED

VALUES = (True, False, 5, 0.5)


def cases():
    """The first case of every plug-in that names any."""
    plugins = {}
    for case in MODELS:
        plugins.setdefault(case.partition(",")[0], case)
    return [case for plugin, case in plugins.items() if names_of(plugin)]


def names_of(plugin):
    return sorted(getattr(registry("models")[plugin].Parameters, "at_generation", ()))


@pytest.mark.parametrize("case", cases())
def test_no_weight_hangs_on_them(case, tmp_path):
    parameters, encoders = MODELS[case]
    plugin = case.partition(",")[0]
    subject = Subject(plugin, tmp_path, parameters, encoders, wraps=WRAPPED.get(plugin))
    before = shapes(subject)
    for name in names_of(subject.plugin):
        assert name in subject.plugin_class.Parameters.model_fields, f"{name} is no parameter"
        other = next(filter(None, (changed(subject, name, value) for value in VALUES)), None)
        assert other is not None, f"none of {VALUES} is another value for {name}"
        assert shapes(other) == before


def changed(subject, name, value):
    """The subject with another value; None if it does not fit or is the same."""
    values = {**subject.parameters, name: value}
    other = Subject(subject.plugin, subject.folder, values, subject.encoders, wraps=subject.wraps)
    try:
        return other if getattr(other.checked, name) != getattr(subject.checked, name) else None
    except ValueError:
        return None


def shapes(subject):
    built = subject.build("generate")
    return {
        f"{network}/{key}": tuple(value.shape)
        for network, module in built.exported().items()
        for key, value in module.state_dict().items()
    }
