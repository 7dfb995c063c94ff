"""What rests on a judge's outputs: scores, objects, captions, likeness, preprocessing; and tests over seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from t2ibench.core.interfaces import MetricInput
from t2ibench.features.dino.extractor import Profile, dino_input
from t2ibench.features.resizing import resized_by_pil
from t2ibench.metrics.alignment.object_accuracy import ObjectAccuracyPerClass, ObjectAccuracyPerImage
from t2ibench.metrics.alignment.structural_similarity import StructuralSimilarity
from t2ibench.metrics.captions.read_back import cider_d
from t2ibench.metrics.distribution.inception_score import split_scores
from t2ibench.metrics.objects.counting import CountingAlignment
from t2ibench.metrics.objects.positions import mean_share, preferred
from t2ibench.studies.claims.contrasts import Trend
from t2ibench.studies.claims.effects import Effect, deviation_told, holm
from tests.parity.metrics.bleu import bleu
from tests.parity.metrics.boxes_and_maps import decoded_counts, intersection_over_union, label_overlap
from tests.parity.metrics.golden import GoldenFile
from tests.parity.metrics.likeness import structural_similarity
from tests.parity.metrics.over_seeds import detectable_effect, equivalence, rising_trend, seeds_needed

Case = Mapping[str, Any]
Outputs = Mapping[str, Any]

PROFILES: dict[str, Profile] = {
    "dgm-eval": "dgm-eval",
    "dgm-eval clean_resize": "dgm-eval-clean",
    "edm2 torch": "edm2",
    "edm2 pil": "edm2-pil",
    "torch-fidelity dinov2": "torch-fidelity",
}


def inception_scores(golden: GoldenFile, case: Case) -> Outputs:
    logits, splits = golden.wide(case["inputs"]["logits"]), case["params"]["splits"]
    count = len(logits)
    edges = np.arange(splits + 1) * count // splits
    split_of = np.searchsorted(edges, np.arange(count), side="right") - 1
    found = {name: split_scores(logits, split_of, splits, t) for name, t in case["params"]["T"].items()}
    return {name: [scores.mean(), scores.std()] for name, scores in found.items()}


def object_inception_score(golden: GoldenFile, case: Case) -> Outputs:
    logits, splits = golden.wide(case["inputs"]["logits"]), case["params"]["splits"]
    each = len(logits) // splits
    split_of = np.arange(each * splits) // each
    scores = split_scores(logits[: each * splits], split_of, splits, case["params"]["temperature"])
    return {"mean": scores.mean(), "std": scores.std()}


def object_accuracy(golden: GoldenFile, case: Case) -> Outputs:
    """Return the columns' values where every image of a label has a caption that names it, and nothing else."""
    detections = case["inputs"]["detections"]

    def columns(*, keep_empty: bool) -> dict[str, float]:
        asked = [
            (place, [label in map(str, found) for label in detections])
            for place, images in enumerate(detections.values())
            for found in images.values()
            if keep_empty or found
        ]
        scores = np.array([found for _, found in asked], dtype=np.float64)
        queries = np.array([place for place, _ in asked])
        given = MetricInput({"objects": scores}, caption_codes=np.eye(len(detections)), queries=queries)
        metrics = {"SOA-C": ObjectAccuracyPerClass(), "SOA-I": ObjectAccuracyPerImage()}
        for metric in metrics.values():
            metric.minimum_n = 1
        return {name: metric.estimate(given).value / 100 for name, metric in metrics.items()}

    per_label = {}
    for label, images in detections.items():
        found = sum(int(label) in one for one in images.values())
        per_label[label] = {"accuracy": found / len(images), "images_recognized": found, "images_total": len(images)}
    every = columns(keep_empty=True)
    return {"per_label": per_label, **every, "without_empty_images": columns(keep_empty=False)}


def object_overlap(golden: GoldenFile, case: Case) -> Outputs:
    found, true, label = (case["inputs"][name] for name in ("predicted", "truth", "label"))
    first, second = list(found)[:2]
    boxes = [box for one, box in zip(*found[first], strict=True) if one == label] + found[second][1][:1]
    others = [true[first][1][0]] * (len(boxes) - 1) + true[second][1][:1]
    single = [intersection_over_union(tuple(one), tuple(other)) for one, other in zip(boxes, others, strict=True)]
    return {"iou": label_overlap(found, true, label), "single": single}


def counting(golden: GoldenFile, case: Case) -> Outputs:
    captions = case["inputs"]["captions"].values()
    labels = sorted({label for one in captions for kind in ("truth", "counted") for label in one[kind]})
    stated, counted = (
        np.array([[float(one[kind].get(label, 0)) for label in labels] for one in captions])
        for kind in ("truth", "counted")
    )
    given = MetricInput({"counts": counted}, caption_codes=stated, queries=np.arange(len(stated)))
    metric = CountingAlignment()
    metric.minimum_n = 1
    return {"CA": metric.estimate(given).value, "per_image": metric.image_values(given)}


def counts(golden: GoldenFile, case: Case) -> Outputs:
    recipe = case["params"]["recipe"]
    rng = np.random.Generator(np.random.PCG64(int(re.search(r"PCG64\((\d+)\)", recipe)[1])))
    shapes = [tuple(int(size) for size in found.split(",")) for found in re.findall(r"normal\(\(([\d,]+)\)\)", recipe)]
    scale, shift = (float(value) for value in re.search(r"\*([\d.]+) \+ ([\d.]+)", recipe).groups())
    confidence = np.round(rng.standard_normal(shapes[0]), 4).astype(np.float32)
    density = np.round(rng.standard_normal(shapes[1]) * scale + shift, 4).astype(np.float32)
    return {"counts_by_index": decoded_counts(confidence[0], density[0])}


def positions(golden: GoldenFile, case: Case) -> Outputs:
    logits = case["inputs"]["logits"]
    words = np.repeat(list(logits), [len(pairs) for pairs in logits.values()])
    true, swapped = np.array([pair for pairs in logits.values() for pair in pairs]).T
    hits = preferred(true, swapped, case["params"]["threshold"])
    return {
        "PA": mean_share(hits, words) / 100,
        "per_word": {word: float(hits[words == word].mean()) for word in logits},
    }


def captions(golden: GoldenFile, case: Case) -> Outputs:
    candidates, references = case["inputs"]["candidates"], case["inputs"]["references"]
    longest = case["params"]["n"]
    scores = cider_d(candidates, references, sigma=case["params"]["sigma"], longest=longest)
    corpus, own = bleu(candidates, references, longest)
    return {
        "CIDEr-D": float(np.mean(list(scores.values()))),
        "CIDEr-D_per_image": list(scores.values()),
        "BLEU": corpus,
        "BLEU_per_image": [[own[image][size] for image in candidates] for size in range(longest)],
    }


def ssim(golden: GoldenFile, case: Case) -> Outputs:
    first, second = golden.ssim_images(case["inputs"]["images"])
    full = case["params"]["data_range"]
    grey = first[:, :, :1], second[:, :, :1]
    uniform: dict[str, Any] = {"window": "uniform", "sample_covariance": True}

    def column(one: np.ndarray, other: np.ndarray, value_range: float) -> float:
        pair = (image.astype(np.float64).transpose(2, 0, 1)[None] for image in (one, other))
        return float(StructuralSimilarity(value_range=value_range)._similarity(*pair)[0])

    return {
        "grey_default_7x7": structural_similarity(*grey, full, **uniform),
        "grey_wang": column(*grey, full),
        "rgb_default": structural_similarity(first, second, full, **uniform),
        "rgb_wang": column(first, second, full),
        "rgb_wang_float01": column(first / 255, second / 255, 1.0),
    }


def ssim_torchmetrics(golden: GoldenFile, case: Case) -> Outputs:
    first, second = (image / 255 for image in golden.ssim_images(case["inputs"]["images"]))

    def span(*images: np.ndarray) -> float:
        return max(float(image.max() - image.min()) for image in images)

    def with_border(data_range: float, half: float = 1.0) -> float:
        return structural_similarity(half * first, half * second, data_range, border=True)

    return {
        "default_data_range_1": with_border(1.0),
        "default_data_range_none": with_border(span(first, second)),
        "uniform_7": structural_similarity(first, second, 1.0, window="uniform", border=True),
        "half_contrast_data_range_none": with_border(span(first / 2, second / 2), 0.5),
        "half_contrast_data_range_1": with_border(1.0, 0.5),
    }


def preprocessing(golden: GoldenFile, case: Case) -> Outputs:
    pixels = torch.from_numpy(golden.image(case["inputs"]["image"])).permute(2, 0, 1)[None]
    made, profiles = {}, {}
    for name, wanted in case["outputs"]["profiles"].items():
        resolution = wanted["shape"][-1]
        if name in PROFILES:
            made[name] = dino_input(pixels, PROFILES[name], resolution)[0].double()
        elif name.startswith("cmmd"):
            made[name] = _clip_input(pixels, resolution)[0].double()
        else:
            continue
        profiles[name] = _summary(made[name], wanted)
    base = made["dgm-eval"]
    rms = {
        name: float(((made[name] - base) ** 2).mean().sqrt())
        for name in case["outputs"].get("rms_difference_to_dgm-eval", {})
        if name in made
    }
    return {"profiles": profiles, "rms_difference_to_dgm-eval": rms}


def _clip_input(pixels: torch.Tensor, resolution: int) -> torch.Tensor:
    """Return images in [0, 1] as CMMD's code has them: the centre square, then Pillow's bicubic filter."""
    height, width = pixels.shape[-2:]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    cut = pixels[..., top : top + short, left : left + short]
    return resized_by_pil(cut, resolution, "BICUBIC").float() / 255


def _summary(image: torch.Tensor, wanted: Mapping[str, Any]) -> dict[str, Any]:
    points = [
        [*place, float(image[tuple(place)])] for place in ([int(at) for at in one[:3]] for one in wanted["points"])
    ]
    return {
        "shape": list(image.shape),
        "mean": image.mean(dim=(1, 2)).tolist(),
        "std": image.std(dim=(1, 2), correction=0).tolist(),
        "min": float(image.min()),
        "max": float(image.max()),
        "points": points,
    }


def holm_adjusted(golden: GoldenFile, case: Case) -> Outputs:
    adjusted = holm(case["inputs"]["p"])
    return {"adjusted": adjusted, "reject": [p <= case["params"]["alpha"] for p in adjusted]}


def page(golden: GoldenFile, case: Case) -> Outputs:
    table = golden.table(case["inputs"]["table"])
    p = Trend().further(table.T.tolist())["page_p"]
    places = np.argsort(np.argsort(table, axis=1), axis=1) + 1
    statistic = float((places.sum(axis=0) * np.arange(1, table.shape[1] + 1)).sum())
    exact = len(table) <= 12 and table.shape[1] <= 8 and len(np.unique(table)) == table.size
    return {"statistic": statistic, "p_auto": p, "method_chosen": "exact" if exact else "asymptotic", "p_exact": p}


def jonckheere(golden: GoldenFile, case: Case) -> Outputs:
    statistic, p = rising_trend(list(golden.table(case["inputs"]["table"]).T))
    return {"statistic": statistic, "pvalue": p}


def equivalent(golden: GoldenFile, case: Case) -> Outputs:
    params = case["params"]
    table = golden.table(case["inputs"]["table"])
    first, second = (table[:, int(params[name].split()[-1])] for name in ("x1", "x2"))
    middle, margin = (params["upp"] + params["low"]) / 2, (params["upp"] - params["low"]) / 2
    paired = equivalence(first, second, params["low"], params["upp"], paired=True)
    alone = equivalence(first, second, params["low"], params["upp"], paired=False)
    return {
        "paired_p": Effect.of((first - second - middle).tolist()).within(margin),
        "paired_lower": list(paired.lower),
        "paired_upper": list(paired.upper),
        "independent_p": alone.p,
    }


def detectable(golden: GoldenFile, case: Case) -> Outputs:
    options = {"alpha": case["params"]["alpha"], "wanted": case["params"]["power"]}
    outputs = {}
    for name in case["outputs"]:
        paired = name.startswith("paired")
        if found := re.fullmatch(r"paired_effect_at_n(\d+)", name):
            power, alpha = options["wanted"], options["alpha"]
            outputs[name] = 1 / deviation_told(1.0, int(found[1]), power=power, level=1 - alpha)
        elif found := re.fullmatch(r".*_effect_at_n(\d+)", name):
            outputs[name] = detectable_effect(int(found[1]), paired=paired, **options)
        elif found := re.fullmatch(r".*_n_for_effect_([\d.]+)", name):
            outputs[name] = seeds_needed(float(found[1]), paired=paired, **options)
    return outputs
