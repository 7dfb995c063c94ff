"""Asking a model for its bound: what it is shown, who is asked at all, and that chance decides nothing."""

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.core.types import PlanItem, SamplePlan
from t2ibench.evaluation.images.likelihood import bound_of, bounds_of, candidates_for
from t2ibench.features.likelihood import LikelihoodOptions
from t2ibench.testing.squares import Squares


class Mean:
    """The bound is the image's mean plus noise of the caption: no network to learn."""

    capabilities = None

    def bound(self, captions, images, noise):
        return images.mean(dim=(1, 2, 3)) + noise.draw("z_step", (1,))[:, 0]


@pytest.fixture
def manifest(tmp_path):
    adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
    adapter.draw(tmp_path, {}, replace=True)
    return adapter.read(tmp_path)


def plan_of(manifest, count=4):
    return SamplePlan(tuple(PlanItem(one) for one in manifest.captions("train")[:count]), 7, manifest.name, "train")


def test_candidates_are_the_own_image_and_others_without_its_words(manifest):
    plan = plan_of(manifest)
    for item in plan.items:
        found = candidates_for(item, manifest, plan, 5)
        assert found[0] == item.caption.image_id and len(set(found)) == 5
        assert all(item.caption.text not in manifest.by_id[one].captions for one in found[1:])
        assert found == candidates_for(item, manifest, plan, 5)
    with pytest.raises(UserError, match="fewer candidates"):
        candidates_for(plan.items[0], manifest, plan, 1000)


def test_rows_are_the_plans_and_candidates_share_their_noise(manifest):
    plan = plan_of(manifest)
    options = LikelihoodOptions(of="x", draws=3, candidates=5)
    layers = bounds_of(Mean(), plan, manifest, options, resolution=16, device="cpu")
    assert layers["bound"].shape == (4, 3) and layers["candidates"].shape == (4, 5)
    assert len(set(layers["bound"][0].tolist())) == 3
    torch.testing.assert_close(layers["candidates"][:, 0], layers["bound"][:, 0])
    from t2ibench.data.images import RealImages

    images = candidates_for(plan.items[0], manifest, plan, 5)
    means = (RealImages(manifest).load(images, 16).float() / 127.5 - 1).mean(dim=(1, 2, 3))
    gaps = layers["candidates"][0] - means
    torch.testing.assert_close(gaps, gaps[:1].expand(5), rtol=0, atol=1e-5)


def test_a_bound_that_is_not_finite_is_a_failure(manifest):
    class Broken(Mean):
        def bound(self, captions, images, noise):
            return torch.full((len(captions),), torch.nan)

    with pytest.raises(RunFailedError, match="not finite"):
        bounds_of(Broken(), plan_of(manifest), manifest, LikelihoodOptions(of="x"), resolution=16, device="cpu")


def test_only_models_with_a_bound_have_one():
    assert bound_of("aligndraw", {"resolution": 60, "channels": 1}) == "60 x 60 grey"
    assert bound_of("aligndraw", {}) == "32 x 32 RGB"
    assert bound_of("gan_int_cls", {}) == ""
