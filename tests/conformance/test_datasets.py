"""Every registered data set, ours or anyone's: what its adapter must offer, and how it fails."""

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import DatasetEntry, load_benchmarks
from t2ibench.data.adapter import DatasetAdapter, DrawnDataset

NAMES = sorted(registry("datasets"))
ENTRIES = load_benchmarks().content.datasets


def adapter(name, **options):
    return registry("datasets")[name]("some-name", DatasetEntry(adapter=name, protocol="p", options=options))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_an_adapter_and_a_wrong_folder_is_a_sentence(name, tmp_path):
    made = adapter(name)
    assert isinstance(made, DatasetAdapter)
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(UserError) as caught:
            made.read(folder)
        assert str(folder) in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_a_sentence(name, tmp_path):
    made = adapter(name, no_such_option=1)
    with pytest.raises(UserError, match="no_such_option"):
        made.drawing({}) if isinstance(made, DrawnDataset) else made.read(tmp_path)


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_table_of_benchmarks_has_an_adapter_that_takes_its_options(name, tmp_path):
    made = registry("datasets")[ENTRIES[name].adapter](name, ENTRIES[name])
    if isinstance(made, DrawnDataset):
        assert made.drawing({})
        return
    with pytest.raises(UserError) as caught:
        made.read(tmp_path)
    assert "options" not in str(caught.value) and str(tmp_path) in str(caught.value)
