"""Artefacts are kept under everything they depend on, and a damaged one is never returned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.storage.store import ARRAYS, Store

KEY = {"source": "abc", "plan": "def", "extractor": {"name": "simnet", "weights": "0" * 64}, "chunk": 3}


def test_what_was_put_is_got(tmp_path):
    store = Store(tmp_path)
    assert store.get("features", KEY) is None
    store.put("features", KEY, {"pool": np.arange(6, dtype=np.float32).reshape(2, 3)})
    found = store.get("features", KEY)
    assert found is not None
    assert np.array_equal(found["pool"], np.arange(6, dtype=np.float32).reshape(2, 3))


@given(st.sampled_from(["source", "plan", "chunk", "weights", "kind"]), st.text(min_size=1))
@settings(max_examples=50)
def test_every_field_of_the_key_matters(field, value):
    store = Store(__import__("pathlib").Path("anywhere"))
    changed = {**KEY, "extractor": dict(KEY["extractor"])}
    kind = "features"
    if field == "kind":
        kind = f"features-{value}"
    elif field == "weights":
        changed["extractor"]["weights"] = value
    else:
        changed[field] = value
    same = changed == KEY and kind == "features"
    assert (store.path(kind, changed) == store.path("features", KEY)) == same


def test_a_damaged_artefact_counts_as_absent(tmp_path):
    store = Store(tmp_path)
    folder = store.put("features", KEY, {"pool": np.ones((4, 4))})
    content = bytearray((folder / ARRAYS).read_bytes())
    content[-1] ^= 1
    (folder / ARRAYS).write_bytes(content)
    assert store.get("features", KEY) is None
    store.put("features", KEY, {"pool": np.ones((4, 4))})
    assert store.get("features", KEY) is not None


def test_a_truncated_artefact_counts_as_absent(tmp_path):
    store = Store(tmp_path)
    folder = store.put("features", KEY, {"pool": np.ones((4, 4))})
    (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes()[:20])
    assert store.get("features", KEY) is None


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="Cannot write"):
        Store(tmp_path / "file").put("features", KEY, {"pool": np.ones(3)})
    assert (tmp_path / "file").read_text() == "in the way"
