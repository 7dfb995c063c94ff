"""Features are made in one pass and kept in chunks: nothing twice, nothing old under a new name."""

import numpy as np
import pytest
import torch

from t2ibench.core.storage.store import Store
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import ModelSource, NoiseSource
from t2ibench.evaluation.measuring import collect as module
from t2ibench.evaluation.measuring.collect import Making, collect
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.features.context import FeatureContext
from tests.unit.evaluation.stubs import Colours

SETTINGS = {"resolution": 16, "quantise": "round"}


class Counted(NoiseSource):
    """Noise that counts its images."""

    def __init__(self):
        super().__init__(16)
        self.made = 0

    def pixels_of(self, items, seed):
        self.made += len(items)
        return super().pixels_of(items, seed)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 10)


@pytest.fixture
def plan(manifest, protocol):
    return make_plan(manifest, protocol, samples=34)


@pytest.fixture
def extractor(place):
    def make(name="colours", **rest):
        return Extractor(FeatureContext(name=name, entry=place[1].features[name], **rest))

    return make


@pytest.fixture
def gather(tmp_path, plan):
    def run(source, extractors, *, folder="store", settings=SETTINGS, batch_size=4, plan=plan, device="cpu", **rest):
        return collect(source, plan, extractors, Making(Store(tmp_path / folder), settings, batch_size, device), **rest)

    return run


def same(one, other):
    return all(np.array_equal(one.features[name][layer], other.features[name][layer]) for name in one.features
               for layer in one.features[name])  # fmt: skip


def test_features_are_those_of_the_images_in_order(gather, extractor, plan):
    done = []
    found = gather(NoiseSource(16), [extractor()], on_chunk=done.append)
    assert done == [10, 20, 30, 34]
    assert set(found.features) == {"colours"} and set(found.features["colours"]) == {"pool", "logits"}
    pixels = NoiseSource(16).pixels_of(plan.items, plan.seed)
    expected = torch.nn.functional.adaptive_avg_pool2d(pixels.float() / 255, 2).flatten(1).numpy()
    assert found.features["colours"]["pool"].shape == (34, 12)
    assert np.allclose(found.features["colours"]["pool"], expected, atol=1e-6)
    assert found.making_seconds > 0 and found.feature_seconds["colours"] > 0


def test_a_second_asking_makes_nothing(gather, extractor):
    first, second = Counted(), Counted()
    one = gather(first, [extractor()])
    opened = Colours.opened
    two = gather(second, [extractor()])
    assert (first.made, second.made) == (34, 0) and Colours.opened == opened
    assert same(one, two) and one.images_digest == two.images_digest
    assert (one.making_seconds, one.feature_seconds) == (two.making_seconds, two.feature_seconds)  # what it once took


@pytest.mark.parametrize("chunks", [0, 1, 3])
def test_a_killed_collection_goes_on_where_it_was(gather, extractor, monkeypatch, chunks):
    class Killed(Exception):
        pass

    whole = gather(NoiseSource(16), [extractor()], folder="other")
    before = Colours.seen
    extract = Colours.extract

    def dying(self, pixels):
        if Colours.seen - before >= 10 * chunks:
            raise Killed
        return extract(self, pixels)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Colours, "extract", dying)
        gather(Counted(), [extractor()], batch_size=5)
    source = Counted()
    again = gather(source, [extractor()])
    assert source.made == 34 - 10 * chunks
    assert same(again, whole) and again.images_digest == whole.images_digest


def test_a_damaged_chunk_is_made_anew(gather, extractor, tmp_path):
    one = gather(NoiseSource(16), [extractor()])
    victim = sorted(tmp_path.glob("store/features/*/*/arrays.safetensors"))[0]
    victim.write_bytes(victim.read_bytes()[:-3])
    source = Counted()
    two = gather(source, [extractor()])
    assert source.made in (4, 10) and same(one, two) and one.images_digest == two.images_digest


def test_new_weights_never_meet_old_features(gather, extractor, tmp_path):
    (tmp_path / "brought.bin").write_bytes(b"one")
    gather(Counted(), [extractor("brought", weights_dir=tmp_path)])
    source = Counted()
    gather(source, [extractor("brought", weights_dir=tmp_path)])
    assert source.made == 0
    (tmp_path / "brought.bin").write_bytes(b"two")
    gather(source, [extractor("brought", weights_dir=tmp_path)])
    assert source.made == 34


def test_other_settings_sources_and_plans_are_other_keys(gather, extractor, manifest, protocol):
    gather(Counted(), [extractor()])
    source = Counted()
    gather(source, [extractor()], settings=SETTINGS | {"quantise": "truncate"})
    assert source.made == 34
    renamed = Counted()
    renamed.identity = "another"
    gather(renamed, [extractor()])
    assert renamed.made == 34
    longer, reseeded = Counted(), Counted()
    gather(longer, [extractor()], plan=make_plan(manifest, protocol, samples=40))
    assert longer.made == 10  # the shorter plan's full chunks serve the longer one
    gather(reseeded, [extractor()], plan=make_plan(manifest, protocol.model_copy(update={"seed": 1}), samples=34))
    assert reseeded.made == 34


def test_neither_features_nor_the_digest_depend_on_the_batch_size(gather, extractor):
    whole = gather(NoiseSource(16), [extractor()])
    for batch_size in (1, 3, 10, 64):
        other = gather(NoiseSource(16), [extractor()], folder=f"store-{batch_size}", batch_size=batch_size)
        assert other.images_digest == whole.images_digest
        for layer, values in whole.features["colours"].items():
            assert np.allclose(other.features["colours"][layer], values, atol=1e-6)


def test_feeding_a_gpu_changes_neither_features_nor_their_order(gather, extractor, trained):
    """Scheduled as for a GPU, by threads and two chunks at a time; the networks themselves stay on the CPU here."""
    model = ModelSource(trained, device="cpu", resolution=16, quantise="round")
    for name, source in (("noise", NoiseSource(16)), ("model", model)):
        whole = gather(source, [extractor()], folder=f"{name}-cpu")
        fed = gather(source, [extractor()], folder=f"{name}-gpu", batch_size=10, device="cuda:0")
        assert fed.images_digest == whole.images_digest and same(fed, whole)


def test_the_digest_is_that_of_the_pixels(gather, extractor):
    class Touched(NoiseSource):
        def pixels_of(self, items, seed):
            pixels = super().pixels_of(items, seed)
            pixels[0, 0, 0, 0] ^= 1
            return pixels

    one, two = (gather(kind(16), [extractor()], folder=kind.__name__) for kind in (NoiseSource, Touched))
    assert one.images_digest != two.images_digest


def test_one_pass_feeds_all_extractors_and_a_new_one_costs_its_own_only(gather, extractor):
    source = Counted()
    both = gather(source, [extractor(), extractor("oracle")])
    assert source.made == 34 and set(both.features) == {"colours", "oracle"}
    gather(source, [extractor("oracle")], folder="other")
    assert source.made == 68
    seen = Colours.seen
    late = gather(source, [extractor("oracle"), extractor()], folder="other")
    assert source.made == 102 and Colours.seen - seen == 34
    assert same(both, late) and both.images_digest == late.images_digest
