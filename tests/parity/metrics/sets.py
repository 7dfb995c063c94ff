"""Distances of sets, kernels and diversity."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from t2ibench.metrics.distribution.fid_infinity import intercept
from t2ibench.metrics.distribution.gaussian import GaussianReference
from t2ibench.metrics.distribution.joint import joined, joint_scale
from t2ibench.metrics.distribution.sliced import mind
from t2ibench.metrics.diversity.vendi import vendi, vendi_of_kernel
from t2ibench.metrics.diversity.within_captions import cosine_spread
from t2ibench.metrics.pairs.kernel_sums import Kernel, gaussian_kernel, kernel_sums, polynomial_kernel
from t2ibench.metrics.pairs.tiles import Points, Tile
from tests.parity.metrics.golden import GoldenFile

Case = Mapping[str, Any]
Outputs = Mapping[str, Any]


def distance(first: np.ndarray, second: np.ndarray) -> float:
    reference = GaussianReference(first.mean(axis=0), np.cov(first, rowvar=False))
    return reference.distance(second.mean(axis=0), np.cov(second, rowvar=False))


def rows_of(case: Case) -> int | None:
    """Return k where a case's rows are "first k ..."; None for all."""
    found = re.search(r"first (\d+)", str(case["params"].get("rows", "")))
    return int(found[1]) if found else None


def pair(golden: GoldenFile, case: Case) -> tuple[np.ndarray, np.ndarray]:
    rows = rows_of(case)
    first, second = (golden.wide(name)[:rows] for name in case["inputs"].values())
    return first, second


def frechet(golden: GoldenFile, case: Case) -> Outputs:
    return {"fd": distance(*pair(golden, case))}


def frechet_infinity(golden: GoldenFile, case: Case) -> Outputs:
    real, generated = pair(golden, case)
    rng = np.random.default_rng(case["params"]["rng_seed"])
    n = len(generated)
    sizes = np.linspace(min(5000, max(n // 10, 2)), n, case["params"]["num_points"]).astype(int)
    drawn = [distance(real, rng.choice(generated, size, replace=False)) for size in sizes]
    return {"sizes": sizes, "fd_at_size": drawn, "fd_infinity": intercept(sizes.tolist(), drawn)}


def sliced_approximation(golden: GoldenFile, case: Case) -> Outputs:
    real, generated = pair(golden, case)

    width = real.shape[1]
    apart = ((real.mean(axis=0) - generated.mean(axis=0)) ** 2).sum() / width
    spread = [math.sqrt(((rows - rows.mean(axis=0)) ** 2).sum(axis=1).mean() / width) for rows in (real, generated)]
    return {"sw": math.sqrt(float(apart + (spread[0] - spread[1]) ** 2))}


def kernel_matrix(kernel: Kernel, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    rows, columns = (Points.of(one, torch.zeros(one.shape[1]).double()) for one in (first, second))
    values: np.ndarray = kernel(Tile(slice(len(first)), slice(len(second)), rows, columns)).numpy()
    return values


def kernel_full(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    kernel = polynomial_kernel(params["degree"], _gamma(params["gamma"]), params["coef0"])
    return {"mmd2": kernel_sums(*pair(golden, case), kernel).whole()}


def kernel_subsets(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    real, generated = pair(golden, case)
    drawn = np.random.RandomState(params["numpy_global_seed"])
    size = min(params["subset_size"], len(real), len(generated))

    def subsets() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for _ in range(params["n_subsets"]):
            ours = drawn.choice(len(real), size, replace=False)
            yield ours, drawn.choice(len(generated), size, replace=False)

    values = kernel_sums(real, generated, polynomial_kernel(), subsets=list(subsets())).over_subsets()
    return {"values": values, "kd_value": values.mean(), "kd_variance_is_a_std": values.std()}


def kid(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    first, second = pair(golden, case)
    drawn = np.random.RandomState(params["rng_seed"])
    size = params["kid_subset_size"]
    subsets = [
        (drawn.choice(len(first), size, replace=False), drawn.choice(len(second), size, replace=False))
        for _ in range(params["kid_subsets"])
    ]
    if params["kid_kernel"] == "rbf":
        kernel = gaussian_kernel(params.get("kid_kernel_rbf_sigma", 10.0))
    else:
        kernel = polynomial_kernel(
            params.get("kid_kernel_poly_degree", 3),
            params.get("kid_kernel_poly_gamma"),
            params.get("kid_kernel_poly_coef0", 1.0),
        )
    values = kernel_sums(first, second, kernel, subsets=subsets).over_subsets()
    return {"mean": values.mean(), "std": values.std()}


def estimators(golden: GoldenFile, case: Case) -> Outputs:
    sigma = float(re.search(r"sigma ([\d.]+)", case["metric"])[1])
    first, second = pair(golden, case)
    kernel = gaussian_kernel(sigma)
    cross, n = kernel_matrix(kernel, first, second), len(first)
    unbiased = kernel_sums(first, second, kernel).whole()
    # Gretton et al. 2012, equation 4: leaves the pairs (x_i, y_i) out as well; no metric of ours takes it.
    u_statistic = unbiased + 2 * float(cross.mean()) - 2 * float(cross.sum() - np.trace(cross)) / (n * (n - 1))
    biased = kernel_sums(first, second, kernel, diagonal=True).whole()
    return {"biased": biased, "unbiased": unbiased, "u-statistic": u_statistic}


def cmmd(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    kernel, scale = gaussian_kernel(params.get("sigma", 10)), params.get("scale", 1000)
    first, second = pair(golden, case)
    value = scale * kernel_sums(first, second, kernel, diagonal=True).whole()
    return {"cmmd_float64": value, "cmmd_float32_as_run": value}


def joint(golden: GoldenFile, case: Case) -> Outputs:
    images, theirs, codes, their_codes = (
        golden.wide(case["inputs"][name]) for name in ("image_real", "image_gen", "cond_real", "cond_gen")
    )
    alpha = joint_scale(images, codes)

    def at(scale: float) -> float:
        return distance(joined(images, codes, scale), joined(theirs, their_codes, scale))

    return {"alpha": alpha, "fjd": at(alpha), "fjd_alpha_1": at(1.0), "fid_alpha_0": at(0.0)}


def joint_mismatch(golden: GoldenFile, case: Case) -> Outputs:
    images, codes = golden.wide(case["inputs"]["image_real"]), golden.wide(case["inputs"]["cond_real"])
    mixed = images.copy()
    mixed[:, : codes.shape[1]] = 2 * codes + 0.5 * images[:, : codes.shape[1]]
    alpha = joint_scale(mixed, codes)
    rolled = joined(mixed, np.roll(codes, 1, axis=0), alpha)
    return {"alpha": alpha, "fjd_rolled": distance(joined(mixed, codes, alpha), rolled)}


def sliced(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    first, second = (golden.features(name) for name in case["inputs"].values())
    options = {"projections": params["mind_num_projections"], "seed": params["rng_seed"]}
    fewer = min(len(first), len(second))
    return {
        "unequal_sizes": mind(first, second, **options),
        "first_rows_equal": mind(first[:fewer], second[:fewer], **options),
    }


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _order(name: str) -> float:
    return float(name.partition("q=")[2])


def vendi_by_order(golden: GoldenFile, case: Case) -> Outputs:
    rows = golden.wide(case["inputs"]["x"])[: rows_of(case)]
    return {name: vendi(rows, _order(name)) for name in case["outputs"]}


def vendi_polynomial(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    rows = golden.wide(case["inputs"]["x"])[: rows_of(case)]
    if params["normalize"]:
        rows = _unit(rows)
    matrix = kernel_matrix(polynomial_kernel(params["degree"], _gamma(params["gamma"]), params["coef0"]), rows, rows)
    return {name: vendi_of_kernel(matrix, _order(name)) for name in case["outputs"]}


def vendi_of_kernels(golden: GoldenFile, case: Case) -> Outputs:
    rows = golden.wide(case["inputs"]["x"])[: rows_of(case)]
    width = float(re.search(r"2\*([\d.]+)\^2", case["params"]["kernels"])[1])
    cosine = _unit(rows) @ _unit(rows).T
    gaussian = kernel_matrix(gaussian_kernel(width), rows, rows)
    weights = np.arange(1, len(rows) + 1) / np.arange(1, len(rows) + 1).sum()
    n = len(rows)
    return {
        "cosine": {name: vendi_of_kernel(cosine, _order(name)) for name in case["outputs"]["cosine"]},
        "rbf": {name: vendi_of_kernel(gaussian, _order(name)) for name in case["outputs"]["rbf"]},
        "rbf_weighted_q1": vendi_of_kernel(gaussian, 1, weights),
        "score_X_q2_which_ignores_q": vendi_of_kernel(cosine, 1),
        "score_dual_q2": vendi(rows, 2),
        "intdiv_cosine": 1 - float(cosine.sum()) / n**2,
    }


def vendi_closed(golden: GoldenFile, case: Case) -> Outputs:
    sizes = re.fullmatch(r"identity (\d+)x\d+; ones (\d+)x\d+; blocks of (\d+) and (\d+).*", case["params"]["kernels"])
    own, ones, first, second = (int(size) for size in sizes.groups())
    member = np.array([0] * first + [1] * second)
    return {
        "identity": vendi_of_kernel(np.eye(own)),
        "ones": vendi_of_kernel(np.ones((ones, ones))),
        "blocks": vendi_of_kernel((member[:, None] == member).astype(float)),
    }


def _groups(golden: GoldenFile, case: Case) -> list[np.ndarray]:
    rows = golden.wide(case["inputs"]["x"])[: rows_of(case)]
    count = int(re.search(r"mod (\d+)", case["params"]["group"])[1])
    return [rows[np.arange(len(rows)) % count == group] for group in range(count)]


def vendi_within(golden: GoldenFile, case: Case) -> Outputs:
    values = [vendi(rows) for rows in _groups(golden, case)]
    return {"per_group": values, "mean": float(np.mean(values))}


def cosine_within(golden: GoldenFile, case: Case) -> Outputs:
    values = [cosine_spread(rows) for rows in _groups(golden, case)]
    return {"per_group": values, "mean": float(np.mean(values))}


def _gamma(given: Any) -> float | None:
    return None if given == "1/d" else float(given)
