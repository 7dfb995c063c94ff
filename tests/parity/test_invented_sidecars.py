"""Sidecars that nobody has sent: cut out of the golden sets, so that what they must give is known."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity.__main__ import main
from tests.parity.kinds import compared, left_out, outputs_of
from tests.parity.recipe import GoldenSet
from tests.parity.test_golden_sets import GOLDEN
from tests.parity.understood import NotUnderstood

Sidecar = dict[str, Any]
Arrays = dict[str, np.ndarray]


def invented(folder: Path, name: str, change: Callable[[Sidecar, Arrays], None]) -> GoldenSet:
    """Return a golden set changed; what the change removes from the arrays leaves the sidecar too."""
    source = GOLDEN / f"{name}.json"
    if not source.is_file():
        pytest.skip(f"the golden set {name} is not at hand (looked for ../shared/golden beside the repository)")
    sidecar = json.loads(source.read_text(encoding="utf-8"))
    with np.load(source.with_suffix(".npz")) as stored:
        arrays = {key: stored[key] for key in stored.files}
    change(sidecar, arrays)
    for part in ("arrays", "tolerance"):
        sidecar[part] = {key: value for key, value in sidecar[part].items() if key in arrays}
    (folder / source.name).write_text(json.dumps(sidecar), encoding="utf-8")
    np.savez(folder / f"{source.stem}.npz", **arrays)
    shutil.copyfile(source.with_name("shared_inputs.npz"), folder / "shared_inputs.npz")
    return GoldenSet(folder / source.name)


def beyond(golden: GoldenSet) -> set[str]:
    """Return the arrays that are not matched; every result of the set must be compared."""
    outputs = outputs_of(golden)
    assert outputs is not None
    comparisons = compared(golden, outputs)
    assert comparisons and left_out(golden, comparisons) == []
    return {comparison.array for comparison in comparisons if not comparison.share <= 1}


def two_branches(sidecar: Sidecar, arrays: Arrays) -> None:
    """Cut the third branch off a set of losses; nothing of the first two hears of it before the generator's loss."""
    sidecar["config"]["TREE"]["BRANCH_NUM"] = 2
    del sidecar["nets"]["D_NET256"]
    generator = sidecar["nets"]["G_NET"]
    generator["keys"] = [row for row in generator["keys"] if not row[0].startswith(("h_net3", "img_net3"))]
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    generator["n_params"] = sum(
        int(np.prod(shape)) for key, shape, *_ in generator["keys"] if not key.endswith(buffers)
    )
    generator["n_keys"] = len(generator["keys"])
    arrays["out.errD"] = arrays["out.errD"][:2]
    of_the_third = ("256", "errG", "w_loss", "s_loss", "gradnorm.G", "grad.G")
    for key in [key for key in arrays if any(part in key for part in of_the_third)]:
        del arrays[key]
    del sidecar["values"]["params.D256"]
    third = ("h_net3", "img_net3")
    sidecar["values"]["params.G"] = [key for key in sidecar["values"]["params.G"] if not key.startswith(third)]


@pytest.mark.parametrize("name", ["attngan_bird_losses", "dmgan_bird_losses", "second/stackgan2_bird_losses"])
def test_losses_of_two_branches_are_computed_and_matched(name: str, tmp_path: Path) -> None:
    golden = invented(tmp_path, name, two_branches)
    assert len(golden.tensor("out.errD")) == 2
    assert beyond(golden) == set()


def without_probe(mode: str) -> Callable[[Sidecar, Arrays], None]:
    def change(sidecar: Sidecar, arrays: Arrays) -> None:
        sidecar["mode"] = mode
        for key in [key for key in arrays if key.startswith(("out.probe_loss", "out.kl", "grad"))]:
            del arrays[key]
        del sidecar["values"]["params.G"]

    return change


def test_train_mode_is_read_where_there_is_no_probe(tmp_path: Path) -> None:
    assert beyond(invented(tmp_path, "attngan_bird_g_train", without_probe("train"))) == set()


def test_the_same_arrays_are_not_those_of_eval_mode(tmp_path: Path) -> None:
    failed = beyond(invented(tmp_path, "attngan_bird_g_train", without_probe("eval")))
    assert {"out.img64.slice", "out.bn_sum"} <= failed


def test_the_rows_of_the_shared_images_are_read(tmp_path: Path) -> None:
    def last_two(sidecar: Sidecar, arrays: Arrays) -> None:
        sidecar.update(mode="eval", batch=2, inputs_from={"real images": "shared_inputs.npz img64/128/256[2:4]"})
        for key in list(arrays):
            if ".train." in key:
                del arrays[key]
            elif not key.endswith(".features"):
                arrays[key] = arrays[key][2:]
            else:
                del arrays[key]  # its document gives its rows

    assert beyond(invented(tmp_path, "attngan_bird_d", last_two)) == set()


def setting(path: str, value: object) -> Callable[[Sidecar, Arrays], None]:
    def change(sidecar: Sidecar, arrays: Arrays) -> None:
        *parents, last = path.split(".")
        place = sidecar
        for parent in parents:
            place = place[parent]
        place[last] = copy.deepcopy(value)

    return change


def without(path: str) -> Callable[[Sidecar, Arrays], None]:
    def change(sidecar: Sidecar, arrays: Arrays) -> None:
        *parents, last = path.split(".")
        place = sidecar
        for parent in parents:
            place = place[parent]
        del place[last]

    return change


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("attngan_bird_g_eval", setting("noise", "uniform"), "noise"),
        ("attngan_bird_g_eval", setting("config.GAN.NEW", 1), "config.GAN.NEW"),
        ("attngan_bird_g_eval", setting("config.RNN_TYPE", "GRU"), "config.RNN_TYPE"),
        ("attngan_bird_g_eval", setting("config.TREE.BASE_SIZE", 32), "config.TREE.BASE_SIZE"),
        ("attngan_bird_g_eval", setting("config.TREE.BRANCH_NUM", 2), "config.TREE.BRANCH_NUM"),
        ("attngan_bird_g_eval", setting("config.GAN.B_DCGAN", True), "config.GAN.B_DCGAN"),
        ("attngan_bird_g_eval", without("config.GAN.GF_DIM"), "config.GAN.GF_DIM"),
        ("attngan_bird_g_eval", setting("mode", "both"), "mode"),
        ("attngan_bird_g_eval", without("mode"), "mode"),
        ("attngan_bird_losses", setting("mode", "eval"), "mode"),
        ("attngan_bird_losses", setting("mode", "train (text encoder in train)"), "mode"),
        ("attngan_bird_losses", without("nets.D_NET256"), "config.TREE.BRANCH_NUM"),
        ("attngan_bird_losses", setting("inputs_from", {"real": "other.npz img64"}), "inputs_from.real"),
        ("attngan_bird_losses", setting("inputs_from", {"real": "shared_inputs.npz img64[:4]"}), "inputs_from"),
        ("attngan_bird_losses", setting("batch", 3), "inputs_from.real images"),
        ("attngan_bird_d", setting("mode", "eval"), "mode"),
        ("attngan_bird_text", setting("mode", "train"), "mode"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_key(
    name: str, change: Callable[[Sidecar, Arrays], None], key: str, tmp_path: Path
) -> None:
    with pytest.raises(NotUnderstood, match=rf"{name}\.json: the key {key} "):
        beyond(invented(tmp_path, name, change))


def test_the_runner_says_what_it_refuses_and_passes_over_what_is_no_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invented(tmp_path, "attngan_bird_text", lambda sidecar, arrays: None)
    (tmp_path / "metrics.json").write_text('{"cases": []}', encoding="utf-8")
    assert main(tmp_path) == 0
    assert "attngan_bird_text: matched, 9 arrays" in capsys.readouterr().out
    sidecar = json.loads((tmp_path / "attngan_bird_text.json").read_text(encoding="utf-8"))
    (tmp_path / "attngan_bird_text.json").write_text(json.dumps(sidecar | {"noise": 1}), encoding="utf-8")
    assert main(tmp_path) == 1
    assert "attngan_bird_text: REFUSED, attngan_bird_text.json: the key noise is unknown." in capsys.readouterr().out
