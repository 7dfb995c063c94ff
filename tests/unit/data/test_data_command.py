"""`t2ibench data` from the user's side: what it prints, what it writes, how it fails."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from t2ibench.cli.data import command
from t2ibench.core.errors import RunFailedError, UserError


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        workspace = [] if arguments[0] == "make" else ["--workspace", str(tmp_path / "ws")]
        result = CliRunner().invoke(command, [*map(str, arguments), *workspace])
        if result.exception is not None:
            result.exception.printed = result.output
            raise result.exception
        return result.stdout

    return invoke


def test_prepare_check_show(run, birds, tmp_path):
    said = run("prepare", "cub", "--data-root", birds)
    assert "6 train, 2 test images" in said and "digest: " in said
    said = run("check", "cub")
    assert "train: 6 images of 8855 expected, 3 classes" in said and "No problem found." in said
    assert "captions: 10 for 8 images; the longest has 4 words" in said
    assert "classes in more than one split: 0" in said
    said = run("show", "cub", "--index", 1, "--split", "test", "-o", tmp_path / "out" / "one.png")
    assert "004.Tiny_Tit/Tiny_Tit_0001 (cub, test)" in said
    assert (
        "box    x, y, width, height = 10, 5, 20, 15" in said
        and "crop   left, top, right, bottom = 5, 0, 35, 27" in said
    )
    assert "#2  bird 1 , caption 2\n    bird 1 caption 2" in said
    with Image.open(tmp_path / "out" / "one.png") as sheet:
        assert sheet.format == "PNG" and sheet.height > 320


def test_check_names_every_fault_and_fails(run, birds):
    images = birds / "CUB_200_2011" / "images"
    run("prepare", "cub", "--root", birds)
    broken = images / "001.Red_Wren" / "Red_Wren_0001.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    text = birds / "birds" / "text" / "001.Red_Wren" / "Red_Wren_0001.txt"
    text.write_text("only one\n")
    with pytest.raises(RunFailedError, match="1 files of cub") as caught:
        run("check", "cub")
    assert f"problem: {broken} is damaged" in caught.value.printed
    assert "notice: 1 images of cub have fewer than 10 captions" in caught.value.printed
    (images / "004.Tiny_Tit" / "Tiny_Tit_0001.jpg").unlink()
    broken.unlink()
    with pytest.raises(UserError, match="2 of the 8 images") as missing:
        run("check", "cub")
    assert "missing: 001.Red_Wren/Red_Wren_0001\nmissing: 004.Tiny_Tit/Tiny_Tit_0001\n" in missing.value.printed


def test_check_shows_boxes_outside_and_unknown_words(run, birds):
    import pickle

    table = birds / "CUB_200_2011" / "bounding_boxes.txt"
    table.write_text(table.read_text().replace("2 10.0 5.0 20.0 15.0", "2 30.0 5.0 30.0 15.0"))
    table.write_text(table.read_text().replace("3 10.0 5.0 20.0 15.0", "3 900.0 5.0 30.0 15.0"))
    words = {0: "<end>", 1: "bird"}
    (birds / "birds" / "captions.pickle").write_bytes(pickle.dumps([[], [], words, {}]))
    with pytest.raises(RunFailedError) as caught:
        run("check", "cub", "--data-root", birds)
    said = caught.value.printed
    assert "problem: " in said and "leaves nothing of an image" in said
    assert "notice: 2 boxes reach over the border" in said
    assert "words of the captions are not in the released vocabulary" in said and "caption (80)" in said
    assert "bird (caption)" not in said
    assert "    bird (0) (caption) (0)" in run("show", "cub")
    with pytest.raises(UserError, match=r"Red_Wren_0002\.jpg cannot be cropped"):
        run("show", "cub", "--index", 2)


def test_check_tells_hardly_english_captions_left_out_images_and_the_digest(run, birds):
    text = birds / "birds" / "text" / "001.Red_Wren" / "Red_Wren_0001.txt"
    text.write_text("ein V\u00f6gelchen \u00fcber \u00c4pfeln \u00f6\u00e4\u00fc bird\n" * 10, encoding="utf-8")
    gone = birds / "CUB_200_2011" / "images" / "004.Tiny_Tit" / "Tiny_Tit_0001.jpg"
    gone.unlink()
    prepared = run("prepare", "cub", "--root", birds, "--partial")
    said = run("check", "cub")
    assert "left out: 004.Tiny_Tit/Tiny_Tit_0001\n" in said and "partial: 1 images left out" in prepared
    assert "1 images have captions that are hardly English" in said and "Red_Wren_0001." in said
    assert "cub is partial: 1 of its 8 images" in said and "No problem found with the images that are there" in said
    assert said.partition("digest: ")[2][:64] == prepared.partition("digest: ")[2][:64]


def test_captions_with_html_are_shown_as_they_are(run, birds, tmp_path):
    text = birds / "birds" / "text" / "001.Red_Wren" / "Red_Wren_0000.txt"
    text.write_text("<img src=x onerror=alert(1)> a bird\n" * 10)
    run("prepare", "cub", "--root", birds)
    said = run("show", "cub", "-o", tmp_path / "a.png")
    assert "#0  <img src=x onerror=alert(1)> a bird\n    img src x onerror alert 1 a bird\n" in said


def test_make_draws_where_it_is_told(run, drawings, tmp_path):
    said = run("make", "simbirds", "--root", tmp_path / "sim", "--images", 8, "--size", 32)
    assert drawings == [(8, 32, 0)] and f"--data-root {tmp_path / 'sim'}" in said
    assert "6 train, 2 test images" in run("prepare", "simbirds", "--data-root", tmp_path / "sim")
    assert "No problem found." in run("check", "simbirds")
    run("make", "simbirds", "--root", tmp_path / "sim", "--images", 8, "--size", 32)
    assert len(drawings) == 1
    with pytest.raises(UserError, match="already holds other simbirds"):
        run("make", "simbirds", "--root", tmp_path / "sim", "--images", 8, "--size", 40)
    with pytest.raises(UserError, match="cub is a real data set and cannot be drawn; simbirds"):
        run("make", "cub", "--root", tmp_path / "x")


def test_bad_requests_are_sentences(run, birds):
    run("prepare", "cub", "--root", birds)
    with pytest.raises(UserError, match="images 0 to 5; 6 is none"):
        run("show", "cub", "--index", 6)
    with pytest.raises(UserError, match="Did you mean cub"):
        run("prepare", "cup")


def test_the_command_imports_no_torch(birds, tmp_path):
    shared = ["cub", "--workspace", str(tmp_path / "ws")]
    calls = [["data", "prepare", *shared, "--data-root", str(birds)], ["data", "check", *shared]]
    program = (
        "import sys; from t2ibench.cli import group\n"
        f"for call in {calls!r}: group.main(call, standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, cwd=tmp_path)
