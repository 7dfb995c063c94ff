"""`t2ibench import` on files of the official size, as a user runs it; then an image from what was imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from PIL import Image

from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from tests.parity.recipe import drawn
from tests.unit.models.official_files import Touch, save, save_captions

WORDS = ("<end>", *(f"word{number}" for number in range(1, 5447)), "yellow", "bird", "black")


def recipe(build) -> OrderedDict[str, torch.Tensor]:
    """A network's official state dict with the golden sets' weights, without counters."""
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in build().state_dict().items()}
    keys = [key for key in shapes if not key.endswith("num_batches_tracked")]
    return OrderedDict((key, torch.from_numpy(drawn(key, shapes[key], "", 1.5))) for key in keys)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("official")
    state = recipe(lambda: Generator(AttnGANParameters(), 256))
    assert len(state) == 82
    save(folder / "models" / "bird_AttnGAN2.pth", state)
    save(folder / "DAMSMencoders" / "bird" / "text_encoder200.pth", recipe(lambda: TextEncoder(5450)))
    save_captions(folder / "captions.pickle", WORDS)
    return folder


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "t2ibench", *arguments, "--workspace", str(folder / "workspace")],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )


def test_the_bird_configuration_is_imported_and_drawn_with(folder):
    done = command(folder, "import", "attngan", "models/bird_AttnGAN2.pth", "--captions", "captions.pickle")
    assert done.returncode == 0, done.stderr
    told = "attngan's generator, the bird configuration; 82 tensors, 7,084,592 parameters; 15 counters"
    assert told in done.stdout and "text_encoder200.pth: taken as damsm's text_encoder" in done.stdout
    path = Path(done.stdout.splitlines()[-1])
    assert path.is_relative_to(folder / "workspace" / "runs" / "attngan" / "cub") and (path / "model.json").is_file()
    drawn_ = command(folder, "sample", "attngan", "a yellow bird", "--samples", "1", "--device", "cpu", "-o", "a.png")
    assert drawn_.returncode == 0, drawn_.stderr
    assert "attngan official-weights on cub" in drawn_.stderr
    colours = Image.open(folder / "a.png").getcolors(1 << 20)
    assert colours is None or len(colours) > 100


@pytest.mark.parametrize("kind", ["evil", "discriminator", "empty"])
def test_a_bad_file_is_one_sentence(folder, tmp_path, kind, monkeypatch, capsys):
    from t2ibench.cli import main

    path, target = tmp_path / "x.pth", tmp_path / "touched"
    if kind == "evil":
        save(path, {"w": Touch(target)})
    elif kind == "discriminator":
        save(path, recipe(lambda: SentenceDiscriminator(64, 64, 256)))
    else:
        path.touch()
    workspace = tmp_path / "workspace"
    monkeypatch.setattr(sys, "argv", ["t2ibench", "import", "attngan", str(path), "--workspace", str(workspace)])
    with pytest.raises(SystemExit) as left:
        main()
    output = capsys.readouterr()
    assert left.value.code == 2 and output.out == "" and not workspace.exists() and not target.exists()
    (line,) = output.err.splitlines()
    expected = {"evil": "posix.system", "discriminator": "attngan's discriminator/64", "empty": "0 bytes"}[kind]
    assert line.startswith("Error: ") and "x.pth" in line and expected in line


def test_help_needs_no_torch():
    code = "import sys\nfrom t2ibench.cli import group\ngroup(['import', '--help'], standalone_mode=False)\n"
    code += "assert 'torch' not in sys.modules, 'torch was imported'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--captions" in done.stdout
