"""A table resumes, asks nothing twice, turns faults into records, and its controls lie where they must."""

import json

import numpy as np
import pytest

from t2ibench.core.errors import RunFailedError
from t2ibench.evaluation.images.sources import NoiseSource, ground_truth, real_of_other_split, shuffled_captions
from t2ibench.evaluation.measuring import collect as collecting
from tests.known_answer.colour_table import SIDE, Counted, MeanColour, colour_of, tiny_manifest, tiny_table, values


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return tiny_manifest(tmp_path_factory.mktemp("tiny"))


def controls(table):
    return [
        ground_truth(table.manifest, table.plan, SIDE),
        real_of_other_split(table.manifest, table.plan, SIDE),
        shuffled_captions(table.manifest, table.plan, SIDE, table.protocol),
        NoiseSource(SIDE),
    ]


def test_controls_lie_where_they_must(tmp_path, manifest):
    table = tiny_table(tmp_path, manifest, Counted(MeanColour()), samples=108)
    done = table.evaluate(controls(table))
    assert not done.failed
    found = values(done)
    assert found["ground-truth", "r_precision"] == 100.0
    assert ("real-train", "r_precision") not in found, "its images belong to no caption"
    truth, other, noise = (found[row, "fid"] for row in ("ground-truth", "real-train", "noise"))
    # Every reference image comes four times, which changes nothing but the divisor n - 1 of the covariance.
    colours = np.array([colour_of(image.class_id) for image in manifest.split("test")], dtype=float)
    trace = np.cov(colours, rowvar=False).trace()
    assert truth == pytest.approx(trace * (1 - np.sqrt((108 / 107) / (27 / 26))) ** 2, rel=1e-4)
    assert truth < other and truth < noise
    shuffled = next(r for r in done.records if (r.source.name, r.metric.metric) == ("shuffled-captions", "r_precision"))
    assert shuffled.interval.low <= 100 / 21 * 2


def test_a_second_asking_computes_nothing_and_appends_nothing(tmp_path, manifest):
    first = tiny_table(tmp_path, manifest, Counted(MeanColour()))
    records = first.evaluate(controls(first)).records
    lines = (tmp_path / "results" / "records.jsonl").read_bytes()
    extractor = Counted(MeanColour())
    again = tiny_table(tmp_path, manifest, extractor)
    done = again.evaluate(controls(again))
    assert done.measured == 0 and extractor.openings == 0 and extractor.network.seen == 0
    assert done.records == records
    assert (tmp_path / "results" / "records.jsonl").read_bytes() == lines


def test_a_killed_evaluation_goes_on_with_the_chunk_it_was_in(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr(collecting, "CHUNK", 20)
    network = MeanColour()
    network.break_after = 45
    table = tiny_table(tmp_path, manifest, Counted(network), metrics=("inception_score",))
    with pytest.raises(KeyboardInterrupt):
        table.evaluate([NoiseSource(SIDE)])
    network.seen, network.break_after = 0, None
    resumed = table.evaluate([NoiseSource(SIDE)])
    assert network.seen == 20, "two of three chunks were kept"
    whole = tiny_table(tmp_path / "whole", manifest, Counted(MeanColour()), metrics=("inception_score",))
    fresh = whole.evaluate([NoiseSource(SIDE)])
    assert values(fresh) == values(resumed)
    assert fresh.records[0].images_digest == resumed.records[0].images_digest


def test_no_number_depends_on_the_batch_size(tmp_path, manifest):
    found = []
    for batch_size in (1, 13, 60):
        table = tiny_table(tmp_path / str(batch_size), manifest, Counted(MeanColour()))
        table.batch_size = batch_size
        done = table.evaluate(controls(table))
        found.append([(r.id, r.value, r.images_digest) for r in done.records])
    assert found[0] == found[1] == found[2]


def test_a_longer_plan_reuses_the_full_chunks_of_a_shorter_one(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr(collecting, "CHUNK", 20)
    network = MeanColour()
    for samples in (40, 60):
        table = tiny_table(tmp_path, manifest, Counted(network), samples=samples, metrics=("inception_score",))
        table.evaluate([NoiseSource(SIDE)])
    assert network.seen == 60


def test_missing_weights_become_failed_records_with_the_sentence_and_are_tried_again(tmp_path, manifest):
    missing = tiny_table(tmp_path, manifest, Counted(fault="The weights are missing."), metrics=("fid",))
    done = missing.evaluate([NoiseSource(SIDE)])
    assert [(r.status, r.error, r.value) for r in done.records] == [("failed", "The weights are missing.", None)]
    found = tiny_table(tmp_path, manifest, Counted(MeanColour()), metrics=("fid",))
    assert found.evaluate([NoiseSource(SIDE)]).records[0].status == "ok"


def test_one_metric_that_refuses_leaves_the_others_alone(tmp_path, manifest):
    table = tiny_table(tmp_path, manifest, Counted(MeanColour()), samples=15)
    done = table.evaluate([ground_truth(manifest, table.plan, SIDE)])
    assert {r.metric.metric: r.status for r in done.records} == {
        "inception_score": "failed",
        "fid": "ok",
        "r_precision": "ok",
    }
    assert "at least 20" in done.failed[0].error


def test_a_source_that_fails_is_a_record_and_the_next_row_goes_on(tmp_path, manifest):
    class Broken(NoiseSource):
        def pixels_of(self, items, seed):
            raise RunFailedError("It made images that are not finite.")

    broken = Broken(SIDE)
    broken.name, broken.identity = "broken", "broken"
    table = tiny_table(tmp_path, manifest, Counted(MeanColour()), metrics=("fid",))
    done = table.evaluate([broken, NoiseSource(SIDE)])
    assert [record.status for record in done.records] == ["failed", "ok"]
    assert "not finite" in done.records[0].error


def test_sample_images_lie_beside_their_captions(tmp_path, manifest):
    table = tiny_table(tmp_path, manifest, Counted(MeanColour()), metrics=("fid",))
    record = table.evaluate([ground_truth(manifest, table.plan, SIDE)]).records[0]
    folder = tmp_path / "results" / "images"
    content = json.loads((folder / record.images).with_suffix(".json").read_text())
    assert content["captions"] == [item.caption.text for item in table.plan.items[:16]]
    assert (folder / record.images).read_bytes().startswith(b"\x89PNG")


def test_records_say_what_they_cost(tmp_path, manifest):
    table = tiny_table(tmp_path, manifest, Counted(MeanColour()), metrics=("fid",))
    cost = table.evaluate([NoiseSource(SIDE)]).records[0].cost
    assert cost.seconds > 0 and cost.images_per_second > 0 and cost.peak_memory_bytes > 10**6
