"""`t2ibench verify` on files of the official names and shapes: it says outside, and goes on when asked again."""

from __future__ import annotations

import sys

import pytest

from t2ibench.core.spec.reported import Figure
from t2ibench.studies.verification import FILES, band
from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench_baselines.attngan import AttnGAN
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from tests.end_to_end.test_import_command import WORDS, recipe
from tests.unit.data import conftest as tiny
from tests.unit.models.official_files import save, save_captions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify")
    encoders = folder / "weights" / "DAMSMencoders" / "bird"
    save(folder / "weights" / "models" / FILES["attngan"]["cub"], recipe(lambda: Generator(AttnGANParameters(), 256)))
    save(encoders / "text_encoder200.pth", recipe(lambda: TextEncoder(5450)))
    save(encoders / "image_encoder200.pth", recipe(lambda: InceptionImageEncoder()))
    save_captions(folder / "weights" / "data" / "birds" / "captions.pickle", WORDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tiny.BIRDS, "test", {"004.Tiny_Tit": 5, "005.Great_Tit": 5})
        tiny.write_birds(folder / "data")
    return folder


@pytest.fixture
def run(folder, monkeypatch, capsys):
    def run(*arguments):
        given = ["--workspace", str(folder / "workspace"), "--device", "cpu", *arguments]
        monkeypatch.setattr(sys, "argv", ["t2ibench", "verify", *given])
        from t2ibench.cli import main

        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return run


def test_it_measures_says_outside_and_goes_on_after_an_interruption(folder, run, monkeypatch):
    asked = (
        "attngan",
        "--weights-dir",
        str(folder / "weights"),
        "--data-root",
        str(folder / "data"),
        "--samples",
        "10",
    )
    drawn, stop, generate = [], [True], AttnGAN.generate

    def watched(self, captions, noise, **given):
        if stop:
            stop.pop()
            raise KeyboardInterrupt
        drawn.append(len(captions))
        return generate(self, captions, noise, **given)

    monkeypatch.setattr(AttnGAN, "generate", watched)
    code, _, err = run(*asked)
    assert code == 130 and "Importing bird_AttnGAN2.pth" in err, err
    imported = {path: path.stat().st_mtime_ns for path in (folder / "workspace" / "runs").rglob("weights.safetensors")}
    assert len(imported) == 2  # the model and DAMSM
    code, out, err = run(*asked)
    assert code == 1 and drawn, err
    before = len(drawn)
    assert "attngan on cub, protocol official:" in out
    assert "r-damsm-official: outside the band" in out and "printed 67.82 ± 4.43" in out and "58.96 to 76.68" in out
    assert "is-cub: not measured" in out and "others 4.15, 4.17" in out and "band 4.063 to 4.447" in out
    assert "fewer images than the 30,000" in out
    assert {path: path.stat().st_mtime_ns for path in imported} == imported
    again = run(*asked)
    assert (again[0], again[1]) == (code, out) and len(drawn) == before


def test_mistakes_are_one_sentence(folder, run):
    for arguments, sentence in (
        (("gawwn",), "No file of 'gawwn' was ever released"),
        (("dmgan", "--weights-dir", str(folder / "weights")), "bird_DMGAN.pth or coco_DMGAN.pth"),
        (("stackgan_v2", "--data", "coco"), "No weights of stackgan_v2 were released for coco"),
    ):
        code, out, err = run(*arguments)
        assert code == 2 and out == "" and sentence in err and len(err.splitlines()) == 1


def test_a_band_holds_what_others_found():
    assert band(Figure(value=4.36, spread=0.03, others=(4.15,))) == pytest.approx((4.15 - 0.0872, 4.36 + 0.0872))
    assert band(Figure(value=10.0, spread=1.0)) == (8.0, 12.0)
    assert band(Figure(value=10.0)) == pytest.approx((9.8, 10.2))
