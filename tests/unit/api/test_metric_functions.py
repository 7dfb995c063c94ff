"""Metrics as functions and as objects: the numbers of the classes, of torchmetrics, and of any order and batch size."""

import numpy as np
import pytest
import torch

import t2ibench
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.registry import registry
from t2ibench.metrics import RunningMetric
from tests.unit.evaluation.stubs import Colours

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 6)).astype(np.float32), RNG.normal(0.4, 1.3, size=(50, 6)).astype(np.float32)
CODES = X + RNG.normal(0, 0.8, size=X.shape).astype(np.float32)
NEGATIVES = np.stack([RNG.choice(np.delete(np.arange(60), row), 9, replace=False) for row in range(60)])
GROUPS = np.arange(60) // 2


@pytest.mark.parametrize(
    ("name", "options"),
    [("fid", {}), ("kid", {"subsets": 5, "subset_size": 20}), ("precision", {"neighbour": 4}), ("density", {})],
)
def test_a_function_is_its_metric(name, options):
    metric = registry("metrics")[name](**options)
    given = MetricInput({"pool": X}, reference={"pool": Y}, groups=GROUPS, seed=3)
    found = getattr(t2ibench.metrics, name)(torch.from_numpy(X), Y, groups=GROUPS, seed=3, **options)
    assert found == metric.estimate(given) and found.interval.low <= found.value <= found.interval.high


def test_functions_of_other_forms():
    precision, recall = t2ibench.metrics.precision_recall(X, Y, neighbour=4)
    assert precision == t2ibench.metrics.precision(X, Y, neighbour=4)
    assert recall == t2ibench.metrics.recall(X, Y, neighbour=4) != precision
    score = t2ibench.metrics.inception_score(X, splits=3, seed=2)
    assert score == registry("metrics")["inception_score"](splits=3).estimate(MetricInput({"logits": X}, seed=2))
    given = MetricInput({"image": X}, caption_codes=CODES, queries=np.arange(60), negatives=NEGATIVES)
    retrieved = t2ibench.metrics.r_precision(X, CODES, NEGATIVES)
    assert retrieved == registry("metrics")["r_precision"]().estimate(given) and retrieved.value > 50
    assert t2ibench.metrics.clip_score(X, CODES[:5], queries=np.zeros(60, int)).n == 60
    assert t2ibench.metrics.vendi(X) == t2ibench.metrics.measure("vendi", X)
    assert t2ibench.metrics.authenticity(X, training=Y).n == 60
    assert {"fid", "vendi", "RunningMetric"} <= set(dir(t2ibench.metrics))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: m.fid(X, Y[:, :3]), "FID compares features of one extractor; found 6 numbers an image against 3"),
        (lambda m: m.fid(X[:4], Y), "FID needs at least 10 images and was given 4"),
        (lambda m: m.fid(X[0], Y), "FID: x should be features of shape N x d"),
        (lambda m: m.fid([["a"]], Y), "FID: x should be features of shape N x d"),
        (lambda m: m.fid([[1.0], [1.0, 2.0]], Y), "FID: x is no array"),
        (lambda m: m.fid(X * np.nan, Y), "not finite"),
        (lambda m: m.precision(X), "compares with reference images: give their features as y"),
        (lambda m: m.kid(X, Y, estimator="half"), "KID's estimator is one of"),
        (lambda m: m.vendi(X, shape=1), "The options of vendi do not fit"),
        (lambda m: m.measure("fit", X), "no metric called 'fit'"),
        (lambda m: m.fid(X, Y, groups=[0.5] * 60), "groups should be whole numbers"),
        (lambda m: m.r_precision(X, CODES[:9], NEGATIVES), "60 images and 9 captions: say with queries"),
        (lambda m: m.r_precision(X, CODES, NEGATIVES + 60), "negatives should be from 0 to 59; found 60"),
        (lambda m: RunningMetric("r_precision"), "reads more than images"),
        (lambda m: RunningMetric("fid").compute(), r"FID was given no .*images.* yet"),
        (lambda m: RunningMetric("vendi").update(X, real=True), "leave real=True out"),
        (
            lambda m: RunningMetric("fid", lambda images: images.mean()).update(X),
            "a row an image; 32 images gave one number",
        ),
        (lambda m: RunningMetric("clipped_density", Judge(None)), "reads the layer 'pool', and the extractor"),
    ],
)
def test_mistakes_are_sentences(call, said):
    with pytest.raises(t2ibench.UserError, match=said) as error:
        call(t2ibench.metrics)
    assert "\n" not in str(error.value)


def test_a_name_that_is_no_metric_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        t2ibench.metrics.fit  # noqa: B018


class Judge(Colours):
    """An extractor without the layer that most metrics read."""

    layers = {"image": 4}  # noqa: RUF012
    identity = type("Identity", (), {"name": "judge"})

    def __init__(self, identity):
        pass


class Tiny(torch.nn.Module):
    """An extractor of somebody's own, with the attribute that torchmetrics asks for."""

    num_features = 8

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 5, stride=3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        )

    def forward(self, images):
        return 20 * self.layers(images.float() / 255)


def pictures(count, shift):
    generator = torch.Generator().manual_seed(count)
    return (torch.randint(0, 200, (count, 3, 16, 16), generator=generator) + shift).to(torch.uint8)


FAKE, REAL = pictures(90, 0), pictures(80, 40)


def fed(metric, images, size, order=None, **rest):
    """Give images in batches of a size, in an order."""
    images = images if order is None else images[order]
    for start in range(0, len(images), size):
        metric.update(images[start : start + size], **rest)
    return metric


def test_objects_are_those_of_torchmetrics():
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed (the extra dev brings it)")
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.inception import InceptionScore
    from torchmetrics.image.kid import KernelInceptionDistance

    tiny = Tiny().eval()
    for name, options, theirs in (
        ("fid", {}, FrechetInceptionDistance(feature=tiny, input_img_size=(3, 16, 16))),
        ("kid", {}, KernelInceptionDistance(feature=tiny, subsets=1, subset_size=80)),
    ):
        ours = RunningMetric(name, tiny, **options)
        for metric in (ours, theirs):
            fed(metric, REAL, 16, real=True)
            # Their subsets leave images of the larger side out: equal sizes leave none.
            fed(metric, FAKE[:80], 16, real=False)
        expected = theirs.compute()
        expected = float(expected[0] if name == "kid" else expected)
        assert ours.compute().value == pytest.approx(expected, rel=1e-5, abs=1e-5) and abs(expected) > 0.01
    theirs = fed(InceptionScore(feature=tiny, splits=1), FAKE, 16)
    ours = fed(RunningMetric("inception_score", tiny, splits=1), FAKE, 16)
    expected = float(theirs.compute()[0])
    assert ours.compute().value == pytest.approx(expected, rel=1e-5) and expected > 1.0001


@pytest.mark.parametrize("name", ["fid", "kid", "inception_score", "precision", "vendi"])
def test_order_and_batch_size_change_nothing(name):
    tiny = Tiny().eval()
    metric = RunningMetric(name, tiny, seed=1)
    compares = registry("metrics")[name].needs_reference
    found = []
    for size, order in ((16, None), (7, torch.randperm(90, generator=torch.Generator().manual_seed(4))), (90, None)):
        metric.reset()
        fed(metric, FAKE, size, order)
        if compares:
            fed(metric, REAL, size + 1, real=True)
        found.append(metric.compute())
    assert found[0] == found[1] == found[2]
    if compares:  # the reference stays, and is what a new one is judged by
        metric.reset(keep_real=True)
        assert fed(metric, FAKE, 30).compute() == found[0]
    metric.reset()
    with pytest.raises(t2ibench.UserError, match=r"was given no images yet"):
        metric.compute()


def test_feature_extractors_and_bare_features_are_taken():
    by_extractor = RunningMetric("fid", Colours(Colours.peek(type("C", (), {"entry": type("E", (), {"file": ""})}))))
    bare = RunningMetric("fid")
    for real, images in ((False, FAKE), (True, REAL)):
        by_extractor.update(images, real=real)
        bare.update(Colours(None).extract(images)["pool"], real=real)
    pools = [Colours(None).extract(images)["pool"] for images in (FAKE, REAL)]
    expected = t2ibench.metrics.fid(*pools).value
    assert by_extractor.compute().value == pytest.approx(expected, rel=1e-9)
    assert bare.compute().value == pytest.approx(expected, rel=1e-9)
