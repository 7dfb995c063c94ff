"""Neighbours: manifolds and memorisation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.manifolds.clipped import expected_coverage, raw_coverage
from t2ibench.metrics.manifolds.clipped_coverage import ClippedCoverage
from t2ibench.metrics.manifolds.clipped_density import ClippedDensity
from t2ibench.metrics.memorisation.authenticity import authentic
from t2ibench.metrics.memorisation.copying_test import (
    cell_distances,
    cell_scores,
    copying_score,
    nearest_cell,
    rank_score,
    training_cells,
)
from t2ibench.metrics.memorisation.mifid import least_angles, penalised
from t2ibench.metrics.memorisation.nearest import nearest_two
from t2ibench.metrics.memorisation.neighbour_ratio import neighbour_ratios
from t2ibench.metrics.pairs.coverage import Coverage
from t2ibench.metrics.pairs.density import Density
from t2ibench.metrics.pairs.neighbours import own_radii
from t2ibench.metrics.pairs.one_pass import after_the_pass
from t2ibench.metrics.pairs.precision import Precision
from t2ibench.metrics.pairs.recall import Recall
from tests.parity.metrics.golden import GoldenFile
from tests.parity.metrics.sets import distance

Case = Mapping[str, Any]
Outputs = Mapping[str, Any]


def prdc(golden: GoldenFile, case: Case) -> Outputs:
    real, generated = golden.wide(case["inputs"]["real"]), golden.wide(case["inputs"]["gen"])
    k = case["params"]["nearest_k"]
    given = MetricInput(features={"pool": generated}, reference={"pool": real})
    outputs: dict[str, Any] = {
        "precision": Precision(neighbour=k).estimate(given).value,
        "recall": Recall(neighbour=k).estimate(given).value,
        "density": Density(neighbour=k).estimate(given).value,
        "coverage": Coverage(neighbour=k).estimate(given).value,
    }
    radii = own_radii(real, k)
    small = radii < np.median(radii)
    apart = ((generated[:, None] - real[small]) ** 2).sum(axis=2)
    for name in case["outputs"]:
        if found := re.fullmatch(r"realism_first(\d+)", name):
            outputs[name] = (radii[small] / np.sqrt(apart)).max(axis=1)[: int(found[1])]
    return outputs


def clipped(golden: GoldenFile, case: Case) -> Outputs:
    real, generated = golden.wide(case["inputs"]["real"]), golden.wide(case["inputs"]["gen"])
    k = case["params"]["K"]
    density_of, coverage_of = ClippedDensity(neighbour=k), ClippedCoverage(neighbour=k)

    def both(rows: np.ndarray) -> tuple[float, float, float]:
        given = MetricInput(features={"pool": rows}, reference={"pool": real})
        raw = raw_coverage(after_the_pass(coverage_of, given).counts.sum(dim=1).numpy(), k)
        return float(after_the_pass(density_of, given).densities().mean()), raw, coverage_of.estimate(given).value

    density, raw, coverage = both(generated)
    furthest = max(int(at) for at in case["outputs"]["f_coverage_at"])
    expected = expected_coverage(furthest, len(real), k)
    outputs: dict[str, Any] = {
        "clipped_density": min(density, 1.0),
        "clipped_density_unclipped": density,
        "clipped_coverage": coverage,
        "coverage_before_g": raw,
        "f_coverage_at": {at: expected[int(at)] for at in case["outputs"]["f_coverage_at"]},
    }
    for name, rows in (("copies", "gen_copies"), ("test_rows", "test")):
        if name in case["outputs"]:
            d, _, c = both(golden.wide(rows))
            outputs[name] = {"clipped_density": min(d, 1.0), "clipped_coverage": c}
    return outputs


def _without_copies(name: str) -> str:
    """Return the array of a set with copies, made without them: the golden files name the two alike."""
    return name.removesuffix("_copies")


def authenticity(golden: GoldenFile, case: Case) -> Outputs:
    train, name = golden.wide(case["inputs"]["train"]), case["inputs"]["gen"]
    return {
        "authpct": 100 * authentic(nearest_two(golden.wide(name), train), train).mean(),
        "authpct_without_copies": 100 * authentic(nearest_two(golden.wide(_without_copies(name)), train), train).mean(),
    }


def one_cell(golden: GoldenFile, case: Case) -> Outputs:
    test, train = (golden.wide(case["inputs"][name]) for name in ("test", "train"))
    name = case["inputs"]["gen"]
    usual = nearest_two(test, train)[1]
    return {
        "zu_copies": rank_score(usual, nearest_two(golden.wide(name), train)[1]),
        "zu_gen": rank_score(usual, nearest_two(golden.wide(_without_copies(name)), train)[1]),
    }


def given_cells(golden: GoldenFile, case: Case) -> Outputs:
    test, train = (golden.wide(case["inputs"][name]) for name in ("test", "train"))
    words = {"two": 2, "three": 3, "four": 4, "five": 5}
    count = next(words[word] for word in case["params"]["cells"].split() if word in words)
    copies = golden.wide(case["inputs"]["gen"])
    generated = golden.wide(_without_copies(case["inputs"]["gen"]))
    centres = train[:count]

    def score(rows: np.ndarray) -> tuple[np.ndarray, float]:
        of_train, of_test, of_rows = (nearest_cell(one, centres) for one in (train, test, rows))
        scores, shares = cell_scores(
            (cell_distances(test, of_test, train, of_train), cell_distances(rows, of_rows, train, of_train)),
            (of_test, of_rows),
            -1.0 if rows is copies else _least(case, rows),
        )
        used = np.bincount(of_rows, minlength=count) / len(rows) > _least(case, rows)
        return scores, copying_score(scores[used], shares[used]) if rows is copies else copying_score(scores, shares)

    scores, of_copies = score(copies)
    counts = {
        name: np.bincount(nearest_cell(rows, centres), minlength=count)
        for name, rows in (("train", train), ("test", test), ("copies", copies))
    }
    return {"zu_cells_copies": scores, "ct_copies": of_copies, "ct_gen": score(generated)[1], "counts": counts}


def _least(case: Case, rows: np.ndarray) -> float:
    return float(re.fullmatch(r"([\d.]+)/n_gen", case["params"]["tau"])[1]) / len(rows)


def found_cells(golden: GoldenFile, case: Case) -> Outputs:
    train, test, generated = (golden.wide(case["inputs"][name]) for name in ("train", "test", "gen"))
    clusters, tries = case["params"]["clusters"], case["params"]["n_init"]

    def score(base: np.ndarray, held_out: np.ndarray, judged: np.ndarray) -> float:
        axes, centres = training_cells(base - base.mean(axis=0), clusters, 0, tries)
        of = [nearest_cell((rows - base.mean(axis=0)) @ axes, centres) for rows in (base, held_out, judged)]
        distances = (cell_distances(held_out, of[1], base, of[0]), cell_distances(judged, of[2], base, of[0]))
        return copying_score(*cell_scores(distances, (of[1], of[2]), _least(case, judged)))

    return {"ct": score(train, test, generated), "ct_modified": score(generated, test, train)}


def ratios(golden: GoldenFile, case: Case) -> Outputs:
    train, name, limit = golden.wide(case["inputs"]["train"]), case["inputs"]["gen"], case["params"]["threshold"]
    copies = neighbour_ratios(nearest_two(golden.wide(name), train))
    without = neighbour_ratios(nearest_two(golden.wide(_without_copies(name)), train))
    outputs: dict[str, Any] = {
        "share_below_copies": (copies < limit).mean(),
        "share_below_gen": (without < limit).mean(),
        "median_ratio_gen": np.median(without),
    }
    for wanted in case["outputs"]:
        if found := re.fullmatch(r"first(\d+)", wanted):
            outputs[wanted] = copies[: int(found[1])]
    return outputs


def mifid(golden: GoldenFile, case: Case) -> Outputs:
    real, generated, copies = (golden.wide(case["inputs"][name]) for name in ("real", "gen", "copies"))
    named = {"gen": generated, "copies": copies}
    usual = case["params"]["cosine_distance_eps"]
    outputs: dict[str, float] = {}
    for wanted in case["outputs"]:
        if found := re.fullmatch(r"(gen|copies)(?:_eps_([\d.]+))?", wanted):
            rows = named[found[1]]
            angle = float(least_angles(real, rows).mean())
            outputs[wanted] = penalised(distance(real, rows), angle, float(found[2] or usual))
        elif found := re.fullmatch(r"distance_(real|gen|copies)_to_(real|gen|copies)", wanted):
            sides = named | {"real": real}
            outputs[wanted] = float(least_angles(sides[found[1]], sides[found[2]]).mean())
    return outputs
