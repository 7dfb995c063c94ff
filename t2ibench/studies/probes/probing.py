"""Carrying out a probe: images of captions that differ in one thing, what they show, and a record of both."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json, write_bytes, write_json
from t2ibench.core.machine.provenance import environment
from t2ibench.core.place import Place
from t2ibench.core.records import PROBES
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.storage.store import Store
from t2ibench.evaluation.images.manner import Manner
from t2ibench.evaluation.images.sources import OWN_MANNER
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.request.open_table import extractor_for
from t2ibench.features.language.caption_back import LAYER, PLUGIN, sentences_of
from t2ibench.studies.known_truth import KnownTruth, known_truth
from t2ibench.studies.probes.attended import attended_scores, word_changes
from t2ibench.studies.probes.compositions import HELD_OUT, SEEN, training_counts
from t2ibench.studies.probes.drawing import ANSWER_VERSION, Answer, draw_answer
from t2ibench.studies.probes.plan import ProbePlan
from t2ibench.studies.probes.questions import Question, unknown_words
from t2ibench.studies.probes.scoring import Score, changes, rates, whole_gap
from t2ibench.training.tracking.progress import say

RECORD: Final = "probe.json"
SHOWN_ROWS: Final = 4
"""Rows whose images are kept for reports."""

TRUTH_ROWS: Final = 8
"""Rows of drawn truth at most: a ceiling needs fewer images than a model's figure, and drawing takes time."""

SHOWN_TRUTH: Final = 1


def run_probe(plan: ProbePlan, place: Place) -> dict[str, Any] | None:
    """Return the record of a probe, kept under results/probes/; what is known is not drawn again.

    Several workers share the questions; those that do not lead return None.

    Args:
        plan: what is asked.
        place: where it is done.

    Raises:
        UserError: the model reads no text of its own, or knows none of a caption's words.
        RunFailedError: the model fails, or the disk is full.
    """
    reader, captioner = _readers(plan, place)
    judge = None if reader is None else reader.describe()
    identity = plan.identity(judge, None if captioner is None else captioner.describe())
    folder = place.workspace.results / PROBES / identity[:16]
    known = _known(folder, identity)
    if known is not None:
        say(f"Known already: {folder / RECORD}")
        return known if place.workers.leads else None
    if place.threads is not None:
        torch.set_num_threads(place.threads)
    with place.shared(run_probe, plan):
        answers = _answers(plan, place)
        truths = _truths(plan, place, reader) if reader is not None else []
        if not place.workers.leads:
            return None
    questions = plan.questions
    scores = _rows("model", _scores(answers, questions, plan.seed, reader))
    drawn = [number for number, truth in enumerate(truths) if truth is not None]
    if drawn:
        ceiling = [Answer(truth, None) for truth in truths if truth is not None]
        asked = [questions[number] for number in drawn]
        scores += _rows("drawn", _scores(ceiling, asked, plan.seed, reader))
    words: list[dict[str, Any]] = []
    if plan.entry.kind == "words":
        found = word_changes(answers, questions)
        words = [dataclasses.asdict(one) for one in found]
        scores += _rows("model", attended_scores(answers, found, plan.seed))
    images = [_keep(folder, f"{number}", answer.pixels[:SHOWN_ROWS]) for number, answer in enumerate(answers)]
    truth_images = [
        [] if truth is None else _keep(folder, f"{number}-drawn", truth[:SHOWN_TRUTH])
        for number, truth in enumerate(truths)
    ]
    read_back = [_sentences(answer.pixels[:SHOWN_ROWS], captioner) for answer in answers]
    counts: list[list[int]] = []
    if plan.training is not None:
        counts = training_counts(questions, plan.training, plan.adapter)
    record = {
        "schema": 2,
        "id": identity,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **{key: value for key, value in plan.describe().items() if key not in ("questions", "model")},
        "title": plan.entry.title,
        "source": _source(plan),
        "judge": judge,
        "captioner": None if captioner is None else captioner.describe(),
        "unknown_words": _unknown(plan),
        "truth_rows": min(plan.rows, TRUTH_ROWS) if drawn else 0,
        "questions": [
            {
                **_asked(question),
                "images": images[number],
                "read_back": read_back[number],
                "truth": truth_images[number] if truth_images else [],
                "training_captions": counts[number] if counts else [],
            }
            for number, question in enumerate(questions)
        ],
        "scores": scores,
        "words": words,
        "environment": environment(place.device_name),
    }
    write_json(folder / RECORD, record)
    return record


def _known(folder: Path, identity: str) -> dict[str, Any] | None:
    """Return the record kept in a folder if it is of this identity and its images are there."""
    if not (folder / RECORD).is_file():
        return None
    record = read_json(folder / RECORD, what="the record of a probe")
    files = [name for question in record.get("questions", ()) for name in (*question["images"], *question["truth"])]
    if record.get("id") != identity or not all((folder / name).is_file() for name in files):
        return None
    return dict(record)


def _readers(plan: ProbePlan, place: Place) -> tuple[KnownTruth | None, Extractor | None]:
    """Return (what reads the images, what says in a sentence what they show); None where nothing can or knows how."""
    reads = known_truth(plan.adapter)
    if reads is None:
        return None, None

    def fits(entry: FeatureEntry) -> bool:
        return entry.plugin == PLUGIN and entry.options.get("captioner") == reads.captioner

    extractor = _extractor(lambda entry: entry.plugin == reads.plugin, plan, place, "Nothing is scored")
    reader = None if extractor is None else reads(extractor)
    return reader, _extractor(fits, plan, place, "Nothing is read back")


def _extractor(fits: Callable[[FeatureEntry], bool], plan: ProbePlan, place: Place, otherwise: str) -> Extractor | None:
    """Return the first extractor of benchmarks.toml that fits; None without any, or where it cannot be used."""
    name = next((name for name, entry in place.benchmarks.features.items() if fits(entry)), None)
    extractor = None if name is None else extractor_for(name, plan.folder.dataset, place)
    if extractor is not None and extractor.fault:
        say(f"{otherwise}: {extractor.fault}")
        return None
    return extractor


def _sentences(pixels: np.ndarray, captioner: Extractor | None) -> list[list[str]]:
    """Return what a captioner reads in images, rows x wordings x 3 x H x W; empty without one."""
    if captioner is None:
        return []
    flat = torch.from_numpy(pixels.reshape(-1, *pixels.shape[2:]))
    said = sentences_of(captioner.opened().extract(flat)[LAYER].numpy())
    columns = pixels.shape[1]
    return [said[start : start + columns] for start in range(0, len(said), columns)]


def _made(
    kind: str,
    keys: Sequence[Mapping[str, Any]],
    make: Callable[[int], dict[str, np.ndarray] | None],
    place: Place,
) -> list[dict[str, np.ndarray] | None]:
    """Return an artefact a key, made by the worker that is there first, unless the store has it.

    Args:
        kind: of the artefacts.
        keys: one a question.
        make: number of a question -> its arrays; None where there can be none.
        place: whose store and workers.

    Returns:
        Nothing for workers that do not lead.
    """
    store = Store(place.workspace.store)

    def kept(number: int, *, wait: bool) -> dict[str, np.ndarray] | None:
        with place.workers.claim(store.folder / "claims" / digest_of([kind, keys[number]]), wait=wait) as mine:
            found = store.get(kind, keys[number])
            if found is None and mine and (found := make(number)) is not None:
                store.put(kind, keys[number], found)
            return found

    if place.workers.count > 1:
        for number in place.workers.order(len(keys)):
            kept(number, wait=False)
    return [kept(number, wait=True) for number in range(len(keys))] if place.workers.leads else []


def _key(question: Question, rows: int, plan: ProbePlan) -> dict[str, Any]:
    """Return what the images of a question depend on besides who draws them."""
    texts = [variant.text for variant in question.variants]
    return {"texts": texts, "key": question.key, "rows": rows, "seed": plan.seed, "resolution": plan.resolution}


def _answers(plan: ProbePlan, place: Place) -> list[Answer]:
    """Return what the model draws, an answer a question."""
    source, listen = plan.source(place.device_name), plan.entry.kind == "words"
    if not source.loaded().capabilities.any_text:
        raise UserError(
            f"{plan.folder.label} cannot be probed: it was trained with sentence codes from files, which hold the "
            f"captions of {plan.folder.dataset} only. Take a model that reads text itself."
        )
    count = plan.rows * sum(len(question.variants) for question in plan.questions)
    leads = place.workers.leads
    if leads:
        say(f"Probing {plan.folder.label}: {len(plan.questions)} captions, {count:,} images.")
    by = {"model": source.identity, "version": ANSWER_VERSION, "attention": listen}
    keys = [{**by, **_key(question, plan.rows, plan)} for question in plan.questions]
    with tqdm(total=count, unit="img", desc="images", disable=not leads or None, leave=False) as bar:

        def make(number: int) -> dict[str, np.ndarray]:
            answer = draw_answer(
                source,
                plan.questions[number],
                rows=plan.rows,
                seed=plan.seed,
                device=place.device_name,
                listen=listen,
                on_drawn=bar.update,
            )
            said = json.dumps(answer.attention).encode()
            return {"pixels": answer.pixels, "attention": np.frombuffer(said, dtype=np.uint8)}

        made = _made("probe-answers", keys, make, place)
    return [Answer(one["pixels"], json.loads(one["attention"].tobytes())) for one in made if one is not None]


def _truths(plan: ProbePlan, place: Place, reader: KnownTruth) -> list[np.ndarray | None]:
    """Return drawn images that fit the captions, a question each."""
    rows = min(plan.rows, TRUTH_ROWS)
    by = {"reader": reader.plugin, "drawing": reader.drawing, "truth": 1}
    keys = [{**by, **_key(question, rows, plan)} for question in plan.questions]

    def make(number: int) -> dict[str, np.ndarray] | None:
        drawn = reader.drawn(plan.questions[number], rows, plan.seed, plan.resolution)
        return None if drawn is None else {"pixels": drawn}

    truths = [None if one is None else one["pixels"] for one in _made("probe-truth", keys, make, place)]
    for number, truth in enumerate(truths):
        if truth is None:
            say(f"No image fits all of {plan.questions[number].title!r}, so it has no ceiling.")
    return truths


def _scores(
    answers: Sequence[Answer], questions: Sequence[Question], seed: int, reader: KnownTruth | None
) -> list[Score]:
    """Return all scores of some images."""
    images = [answer.pixels for answer in answers]
    found = changes(images, questions, seed)
    if reader is not None:
        readings = [reader.read(made, question) for made, question in zip(images, questions, strict=True)]
        found = [*rates(readings, questions, reader.attributes_of), *found]
        gap = whole_gap(readings, questions, (HELD_OUT, SEEN), seed)
        found += [gap] if gap is not None else []
    return found


def _keep(folder: Path, stem: str, pixels: np.ndarray) -> list[str]:
    """Write a strip a row, its wordings side by side, and return the files' names."""
    from t2ibench.training.tracking.sample_images import png_of

    names = []
    for row, images in enumerate(pixels):
        strip = np.concatenate(list(images.transpose(0, 2, 3, 1)), axis=1)  # H x (wordings * W) x 3
        names.append(f"{stem}-{row}.png")
        write_bytes(folder / names[-1], png_of(Image.fromarray(strip)))
    return names


def _asked(question: Question) -> dict[str, Any]:
    return {
        "title": question.title,
        "group": question.group,
        "pairing": question.pairing,
        "variants": [{"text": one.text, "label": one.label, "word": one.word} for one in question.variants],
    }


def _rows(row: str, scores: Sequence[Score]) -> list[dict[str, Any]]:
    return [{"row": row, **dataclasses.asdict(score)} for score in scores]


def _source(plan: ProbePlan) -> dict[str, Any]:
    """Return whose images they are, as JSON values."""
    folder, card = plan.folder, plan.folder.card
    return {
        "name": folder.name,
        "label": folder.label,
        "variant": folder.variant,
        "title": card.title,
        "identity": plan.source().identity,
        "origin": str(card.origin),
        "steps": None if folder.description.imported else folder.steps,
        "trained_on": folder.dataset,
        "paper": card.paper,
        "licence": card.licence,
        "notes": list(Manner.of(folder, OWN_MANNER).notes),
    }


def _unknown(plan: ProbePlan) -> list[str]:
    """Return the words of the captions that stand in none of the model's vocabularies."""
    folder = plan.folder
    known = {*folder.vocabulary}
    for name in folder.description.encoders:
        known |= {*folder.encoder_vocabulary(name)}
    if len(known) <= 1:  # a model with words of another kind, as codes of characters
        return []
    texts = [variant.text for question in plan.questions for variant in question.variants]
    return list(unknown_words(texts, frozenset(known)))
