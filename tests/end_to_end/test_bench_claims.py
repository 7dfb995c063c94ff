"""`t2ibench bench claims --budget tiny` with AttnGAN on drawn birds: a planted false claim, one about its inside."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from t2ibench.cli import group
from tests.end_to_end.test_quickstart import tiny_benchmarks

PLANTED = """
[claims.noise-beats-attngan]
statement = "Noise is nearer to real images than AttnGAN's images are"
source = "nobody"
data = "simbirds"
rows = ["noise", "attngan"]
columns = ["fid-simnet"]
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    text = tiny_benchmarks().replace("attngan = 30,", "attngan = 3,")
    for wide, small in (
        ("ema_decay = 0.995", "ema_decay = 0.99"),
        ("generator_features = 24", "generator_features = 16"),
    ):
        text = text.replace(wide, small)  # three steps of the recipe hardly leave noise
    text = text.replace("batch_size = 32\nkl_weight = 0.05", "batch_size = 16")
    (folder / "benchmarks.toml").write_text(text + PLANTED)
    place = ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace")]
    found = {}
    for name, seeds in (("noise-beats-attngan", "0,1,2"), ("attention-places", "0")):
        asked = ["bench", "claims", name, "--data", "simbirds", "--budget", "tiny", "--seeds", seeds, "--threads", "1"]
        done = CliRunner().invoke(group, [*asked, *place])
        assert done.exit_code == 0, done.output
        found[name] = json.loads((folder / "workspace/results/claims/simbirds-tiny.json").read_text())["rows"]
    return found


def test_that_noise_beats_attngan_is_reversed(tables):
    (row,) = tables["noise-beats-attngan"]
    assert row["verdict"] == "reversed" and row["effect"]["seeds"] == 3 and row["interval"][1] < 0


def test_what_is_seen_inside_after_three_steps_is_luck_and_one_training_decides_nothing(tables):
    for row in tables["attention-places"]:
        assert row["verdict"] == "undecided" and row["more_seeds"] >= 1
        assert abs(row["effect"]["value"]) < 1, "a model that learned nothing looks everywhere alike"
