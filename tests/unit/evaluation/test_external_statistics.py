"""Statistics files: those of other toolkits are read, ours are read by them, and what is not known is said."""

import json
import random
import zipfile

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.place import Place
from t2ibench.core.types import GaussianStatistics
from t2ibench.evaluation.external.image_files import images_of
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.external.statistics_file import ORIGIN_KEY, read_statistics, write_statistics
from t2ibench.evaluation.statistics import StatisticsRequest, make_statistics
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments

WIDTH = 5
ORIGIN = {
    "extractor": {"name": "colours", "version": 1, "weights": "none", "resize": "as they are", "range": "[0, 1]"},
    "images": "squares/train",
    "n": 40,
}


def draw(rows, seed=0, shift=0.0, width=WIDTH):
    return (np.random.default_rng(seed).normal(size=(rows, width)) + shift).astype(np.float32)


def gaussian(features):
    return GaussianStatistics(features.mean(0, dtype=np.float64), np.cov(features.astype(np.float64), rowvar=False))


def test_ours_are_read_back_and_by_the_others(tmp_path):
    path, made = tmp_path / "mine.npz", gaussian(draw(40))
    write_statistics(path, made, ORIGIN)
    found = read_statistics(path)
    assert np.array_equal(found.statistics.mean, made.mean)
    assert np.array_equal(found.statistics.covariance, made.covariance)
    assert found.statistics.n == 40 and found.features is None and found.doubt == ""
    with np.load(path) as content:  # as pytorch-fid, clean-fid and TTUR open it
        mean, covariance = content["mu"][:], content["sigma"][:]
    assert mean.shape == (WIDTH,) and covariance.shape == (WIDTH, WIDTH)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_those_of_pytorch_fid_and_ttur(tmp_path, dtype):
    made = gaussian(draw(40))
    np.savez(tmp_path / "a.npz", mu=made.mean.astype(dtype), sigma=made.covariance.astype(dtype), more=np.zeros(3))
    np.savez_compressed(tmp_path / "b.npz", sigma=made.covariance.astype(dtype), mu=made.mean.astype(dtype))
    first, second = read_statistics(tmp_path / "a.npz"), read_statistics(tmp_path / "b.npz")
    assert first.digest == second.digest and first.origin is None
    assert first.statistics.mean.dtype == np.float64 and "is not known" in first.doubt and "a.npz" in first.doubt


def test_clean_fids_features(tmp_path):
    features = draw(40)
    np.savez(tmp_path / "kid.npz", feats=features)
    found = read_statistics(tmp_path / "kid.npz")
    assert np.array_equal(found.features, features) and found.statistics.n == 40
    assert np.allclose(found.statistics.covariance, np.cov(features, rowvar=False))


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("code in the file was run",))


def noted(note, text=None):
    return {"mu": np.zeros(2), "sigma": np.eye(2), ORIGIN_KEY: np.array(text or json.dumps(note))}


BAD = {
    "nothing in it": ({}, "holds nothing"),
    "other names": ({"mean": np.zeros(2), "cov": np.eye(2)}, "holds cov, mean"),
    "only mu": ({"mu": np.zeros(2)}, "holds mu"),
    "widths": ({"mu": np.zeros(3), "sigma": np.eye(2)}, "sigma should be 3 x 3"),
    "a matrix for mu": ({"mu": np.eye(2), "sigma": np.eye(2)}, "should be a vector"),
    "text": ({"mu": np.array(["a", "b"]), "sigma": np.eye(2)}, "numbers"),
    "not finite": ({"mu": np.array([0, np.nan]), "sigma": np.eye(2)}, "mu has numbers that are not finite"),
    "not symmetric": ({"mu": np.zeros(2), "sigma": np.array([[1.0, 5.0], [0.0, 1.0]])}, "not symmetric"),
    "negative": ({"mu": np.zeros(2), "sigma": -np.eye(2)}, "negative eigenvalue"),
    "indefinite": ({"mu": np.zeros(2), "sigma": np.array([[1.0, 2.0], [2.0, 1.0]])}, "negative eigenvalue"),
    "a pickle": ({"mu": np.array([Trap()], dtype=object), "sigma": np.eye(1)}, "cannot be read"),
    "one row": ({"feats": np.zeros((1, 4))}, "two at least"),
    "near 1e160": ({"mu": np.zeros(2), "sigma": np.eye(2) * 1e160}, "sigma has numbers of up to 1.0e+160"),
    "features near 1e160": ({"feats": np.full((3, 2), 1e160)}, "feats has numbers of up to 1.0e+160"),
    "longer floats": (
        {"mu": np.full(2, np.longdouble("1e4000")), "sigma": np.eye(2)},
        "mu has numbers that are not finite",
    ),
    "n in words": (noted({"extractor": {}, "n": "many"}), "n is 'many', which is no number of images"),
    "n of none": (noted({"extractor": {}, "n": 0}), "which is no number of images"),
    "n of a switch": (noted({"extractor": {}, "n": True}), "which is no number of images"),
    "a note of an extractor's name": (noted({"extractor": "simnet"}), "names no extractor"),
    "a list for a note": (noted([1]), "is no table"),
    "a deep note": (noted(None, "[" * 100_000), "is damaged"),
    "a damaged note": ({"mu": np.zeros(2), "sigma": np.eye(2), ORIGIN_KEY: np.array("{")}, "is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_files_are_one_sentence(tmp_path, name):
    content, said = BAD[name]
    path = tmp_path / "bad.npz"
    np.savez(path, **content)
    with pytest.raises(UserError) as caught:
        read_statistics(path)
    assert said in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("member", ["mu", "sigma", "feats", ORIGIN_KEY])
def test_members_that_are_no_arrays(tmp_path, member):
    sound = {"mu": np.zeros(2), "sigma": np.eye(2)}
    np.savez(tmp_path / "x.npz", **{key: value for key, value in sound.items() if key != member})
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr(f"{member}.npy", "garbage")
    with pytest.raises(UserError, match=f"its member {member} is no array"):
        read_statistics(tmp_path / "x.npz")


def test_other_files_and_folders_are_named_as_such(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "x.npz", "PNG")
    with pytest.raises(UserError, match=r"it is no \.npz file") as caught:
        read_statistics(tmp_path / "x.npz")
    assert "pickle" not in str(caught.value)
    with pytest.raises(UserError, match="is a folder"):
        read_statistics(tmp_path)
    for path, said in ((tmp_path / "x.npz", "is a file"), (tmp_path / "none", "does not exist")):
        with pytest.raises(UserError, match=said):
            ExternalRows(images=(path,)).check()
        with pytest.raises(UserError, match=said):
            images_of(path)


def test_damaged_files_are_refused_or_read_and_never_anything_else(tmp_path):
    draw_bytes, path = random.Random(2), tmp_path / "x.npz"
    made = gaussian(draw(40))
    write_statistics(path, made, ORIGIN)
    sound = path.read_bytes()
    refused = 0
    for trial in range(600):
        content = bytearray(sound)
        place = draw_bytes.randrange(len(content))
        content[place : place + draw_bytes.randint(0, 2)] = draw_bytes.randbytes(draw_bytes.randint(0, 2))
        path.write_bytes(content[:place] if trial % 5 == 0 else content)
        try:
            read_statistics(path)
        except UserError as error:
            refused += 1
            assert "x.npz" in str(error) and "\n" not in str(error)
    assert refused > 300


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY\x01\x00 broken", b"text"])
def test_no_npz_at_all(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as statistics"):
        read_statistics(tmp_path / "x.npz")
    with pytest.raises(UserError, match="does not exist"):
        read_statistics(tmp_path / "y.npz")


def test_other_endings_are_refused_before_anything_is_computed(place, tmp_path):
    workspace, benchmarks = place
    features = next(iter(benchmarks.features))
    with pytest.raises(UserError, match=r"does not end in \.npz"):
        make_statistics(StatisticsRequest("squares", features, tmp_path / "y.txt"), Place(benchmarks, workspace))


def test_a_file_of_another_extractor_is_refused(tmp_path):
    write_statistics(tmp_path / "mine.npz", gaussian(draw(40)), ORIGIN)
    found = read_statistics(tmp_path / "mine.npz")
    own = json.loads(json.dumps(ORIGIN["extractor"]))
    assert found.misfit(own, WIDTH) == "" and found.misfit({**own, "standing": "random"}, None) == ""
    assert "gives 7" in found.misfit(own, 7)
    for part, value in (("weights", "a" * 64), ("resize", "bicubic"), ("version", 2)):
        assert f"({part} " in found.misfit({**own, part: value}, WIDTH)


@pytest.mark.parametrize("count", [3, 4, 60])
def test_fid_against_statistics_is_fid_against_features(count):
    """On either route, with fewer images than features and with more; the interval is the same too."""
    width, count = 20, count * 5
    features, reference = draw(count, 1, 0.2, width), draw(90, 2, 0, width)
    given = {"groups": np.arange(count) // 2, "seed": 3}
    whole = FrechetDistance().estimate(MetricInput({"pool": features}, reference={"pool": reference}, **given))
    stated = MetricInput({"pool": features}, reference_statistics=gaussian(reference), **given)
    found = FrechetDistance().estimate(stated)
    assert found.value == pytest.approx(whole.value, rel=1e-5) and found.n == count
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (whole.interval.low, whole.interval.high), rel=1e-5
    )
    assert bool(found.warnings) == (count <= width)


def test_a_row_of_statistics_has_a_value_and_no_interval():
    features, reference = draw(70, 1, 0.2), draw(90, 2)
    expected = FrechetDistance().estimate(MetricInput({"pool": features}, reference={"pool": reference})).value
    judged = GaussianStatistics(*(getattr(gaussian(features), name) for name in ("mean", "covariance")), n=70)
    for rest in ({"reference": {"pool": reference}}, {"reference_statistics": gaussian(reference)}):
        found = FrechetDistance().estimate(MetricInput({}, statistics=judged, **rest))
        assert found.value == pytest.approx(expected, rel=1e-9) and found.n == 70
        assert found.interval is None and "no interval" in found.warnings[0]
    with pytest.raises(UserError, match="5 numbers an image against 4"):
        FrechetDistance().estimate(MetricInput({}, statistics=judged, reference_statistics=gaussian(draw(9, width=4))))


def test_a_gaussian_of_one_dimension():
    """|m1 - m2|^2 + (s1 - s2)^2, by hand: (3 - 1)^2 + (2 - 5)^2 = 13."""
    one, two = (GaussianStatistics(np.array([m]), np.array([[s * s]]), 50) for m, s in ((3.0, 2.0), (1.0, 5.0)))
    found = FrechetDistance().estimate(MetricInput({}, statistics=one, reference_statistics=two))
    assert found.value == pytest.approx(13.0)
    assert GaussianReference(one.mean, one.covariance).distance(two.mean, two.covariance) == pytest.approx(13.0)
    assert Moments.of(np.array([[1.0], [3.0]])).covariance == pytest.approx(2.0)
