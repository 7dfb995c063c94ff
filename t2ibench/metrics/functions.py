"""The registered metrics as plain functions: arrays of features in, an `Estimate` out. No image is read here.

The numbers are those of tables: the same classes compute them. Arrays are float N x d, of numpy or torch, a row an
image; the features of the field's FID are Inception's pool layer (`t2ibench.load_extractor("inception-tf")`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import Metric, MetricInput
from t2ibench.core.registry import registry
from t2ibench.core.types import Estimate


def measure(
    name: str,
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    captions: ArrayLike | None = None,
    queries: ArrayLike | None = None,
    negatives: ArrayLike | None = None,
    reference_queries: ArrayLike | None = None,
    training: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
    device: str = "cpu",
    **options: Any,
) -> Estimate:
    """Return the estimate of any registered metric; `t2ibench.metrics.<name>(x, ...)` is the same.

    Args:
        name: registered name, as in "vendi"; `t2ibench list metrics` shows them all.
        x: features of the images judged, N x d.
        y: of the reference images, M x d, for metrics that compare with some.
        captions: codes of captions, K x d, for metrics that read captions.
        queries: int N, the caption each image was made for; None where there is a caption an image, in order.
        negatives: int N x k into the captions: those that an image's own is ranked among.
        reference_queries: int M, a caption of each reference image, for metrics that need it (fjd).
        training: features of training images, for metrics of memorisation.
        groups: int N: images of one number were made for captions of one image; intervals leave them out together.
        seed: of what is drawn: splits, subsets, the bootstrap.
        device: where it may compute.
        options: of the metric, as in neighbour=5; see docs/metrics.md.

    Raises:
        UserError: the name or an option is unknown, or arrays are missing, too short, of another shape or not finite.
    """
    metric = metric_of(name, options)
    images = _array(x, f"{metric.title}: x")
    codes = None if captions is None else _array(captions, f"{metric.title}: captions")
    known = None if codes is None else len(codes)
    own = None if queries is None else _indices(queries, f"{metric.title}: queries", known)
    if own is None and metric.caption_linked and codes is not None:
        if len(codes) != len(images):
            raise UserError(
                f"{metric.title} was given {len(images):,} images and {len(codes):,} captions: say with queries=... "
                "which caption each image was made for."
            )
        own = _indices(range(len(images)), "queries", len(images))
    ranked = None if negatives is None else _indices(negatives, f"{metric.title}: negatives", known)
    if metric.needs_reference and y is None:
        raise UserError(f"{metric.title} compares with reference images: give their features as y.")
    return metric.estimate(
        MetricInput(
            features={metric.layer: images},
            reference={} if y is None else {metric.layer: _array(y, f"{metric.title}: y")},
            groups=None if groups is None else _indices(groups, f"{metric.title}: groups"),
            caption_codes=codes,
            queries=own,
            negatives=ranked,
            seed=seed,
            device=device,
            training={} if training is None else {metric.layer: _array(training, f"{metric.title}: training")},
            reference_queries=None
            if reference_queries is None
            else _indices(reference_queries, f"{metric.title}: reference_queries"),
        )
    )


def fid(x: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, seed: int = 0, device: str = "cpu") -> Estimate:
    """Return the Frechet distance of the Gaussians of two feature sets, at least 0; 0 is best.

    Source: Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017. Covariances are over n - 1.

    Args:
        x: features of the images judged, N x d, N >= 10; the interval is over these.
        y: features of the reference images, M x d, M >= 10.
        groups: see `measure`.
        seed: changes nothing here.
        device: where it may compute.

    Raises:
        UserError: too few images, features not finite or of different widths.
    """
    return measure("fid", x, y, groups=groups, seed=seed, device=device)


def kid(
    x: ArrayLike,
    y: ArrayLike,
    *,
    estimator: str = "full",
    subsets: int = 100,
    subset_size: int = 1000,
    groups: ArrayLike | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Estimate:
    """Return the unbiased squared MMD under the cubic kernel (x.y / d + 1)^3; near 0 (below it too) is best.

    Source: Binkowski et al., Demystifying MMD GANs, 2018.

    Args:
        x: features of the images judged, N x d, N >= 10.
        y: features of the reference images, M x d, M >= 10.
        estimator: "full" over all images; "subsets" is the mean over subsets, as the paper's code has it.
        subsets: drawn for the paper's spread, and for that mean.
        subset_size: images of each side in a subset.
        groups: see `measure`.
        seed: of the subsets.
        device: where it may compute.

    Raises:
        UserError: too few images, features not finite or of different widths, or an option out of range.
    """
    options: dict[str, Any] = {"estimator": estimator, "subsets": subsets, "subset_size": subset_size}
    return measure("kid", x, y, groups=groups, seed=seed, device=device, **options)


def inception_score(
    logits: ArrayLike,
    *,
    splits: int = 10,
    temperature: float = 1.0,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """Return the mean score of the splits, from 1 to the number of classes; more is better.

    Source: Salimans et al., Improved Techniques for Training GANs, 2016.

    Args:
        logits: of a classifier, before its softmax, N x K, N >= 2 x splits.
        splits: 10 in the papers; the spread over them is in `.spread`.
        temperature: divides the logits.
        groups: see `measure`.
        seed: of the shuffle into splits.

    Raises:
        UserError: fewer than two images a split, or logits not finite.
    """
    return measure("inception_score", logits, groups=groups, seed=seed, splits=splits, temperature=temperature)


def precision_recall(
    x: ArrayLike,
    y: ArrayLike,
    *,
    neighbour: int = 3,
    groups: ArrayLike | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[Estimate, Estimate]:
    """Return (precision, recall), each in % from 0 to 100; more is better.

    Source: Kynkaanniemi et al., Improved Precision and Recall Metric, 2019.

    Args:
        x: features of the images judged, N x d.
        y: features of the reference images, M x d.
        neighbour: k: a ball reaches to the k-th nearest of its own side; N and M are above it, and at least 10.
        groups: see `measure`.
        seed: of the parts that the jackknife leaves out.
        device: where it may compute.

    Raises:
        UserError: too few images, features not finite or of different widths.
    """
    given: dict[str, Any] = {"groups": groups, "seed": seed, "device": device, "neighbour": neighbour}
    return measure("precision", x, y, **given), measure("recall", x, y, **given)


def r_precision(
    images: ArrayLike,
    captions: ArrayLike,
    negatives: ArrayLike,
    *,
    queries: ArrayLike | None = None,
    folds: int = 10,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """Return the share of images whose own caption is nearest by cosine, in % from 0 to 100; more is better.

    Source: Xu et al., AttnGAN, 2018, section 4.1. A tie among t counts 1/t.

    Args:
        images: codes of images by a caption judge, N x d, N >= 10.
        captions: codes of captions, K x d.
        negatives: int N x k into the captions (99 in the papers): what each image's own is ranked among.
        queries: see `measure`.
        folds: for the papers' spread.
        groups: see `measure`.
        seed: of the folds.

    Raises:
        UserError: too few images, codes not finite or of different widths, or an index out of range.
    """
    given: dict[str, Any] = {"captions": captions, "negatives": negatives, "queries": queries, "groups": groups}
    return measure("r_precision", images, seed=seed, folds=folds, **given)


def clip_score(
    images: ArrayLike,
    captions: ArrayLike,
    *,
    queries: ArrayLike | None = None,
    weight: float = 100.0,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """Return the mean of weight x max(cosine, 0) of images and their captions, from 0 to `weight`; more is better.

    Source: Hessel et al., CLIPScore, 2021.

    Args:
        images: codes of images, N x d, N >= 10.
        captions: codes of captions, K x d.
        queries: see `measure`.
        weight: 100 here, 2.5 in the paper.
        groups: see `measure`.
        seed: of the bootstrap.

    Raises:
        UserError: too few images, codes not finite or of different widths.
    """
    return measure("clip_score", images, captions=captions, queries=queries, groups=groups, seed=seed, weight=weight)


def metric_of(name: str, options: dict[str, Any]) -> Metric:
    """Return a registered metric.

    Raises:
        UserError: the name is unknown (near names are given), or an option is unknown or out of range.
    """
    try:
        metric: Metric = registry("metrics")[name](**options)
    except TypeError as error:
        raise UserError(f"The options of {name} do not fit: {error}.") from error
    return metric


def numpy_of(given: Any) -> np.ndarray:
    """Return the array of whatever is one, or a tensor wherever it lies."""
    return np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)


def _array(given: Any, what: str) -> np.ndarray:
    """Return a float array N x d of whatever numpy or torch makes one of."""
    try:
        array = numpy_of(given)
    except ValueError as error:
        raise UserError(f"{what} is no array: {error}.") from error
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise UserError(f"{what} should be features of shape N x d; found {array.dtype} of shape {array.shape}.")
    return array


def _indices(given: Any, what: str, count: int | None = None) -> np.ndarray:
    """Return an int array, each below `count`.

    Raises:
        UserError: they are no whole numbers, or one is out of range.
    """
    array = numpy_of(given)
    if not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"{what} should be whole numbers; found {array.dtype}.")
    if count is not None and array.size and (array.min() < 0 or array.max() >= count):
        raise UserError(f"{what} should be from 0 to {count - 1}; found {array.min()} to {array.max()}.")
    return array
