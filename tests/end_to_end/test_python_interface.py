"""The Python interface as people use it, against the command: the same numbers, to the digit."""

import json
import re
import sys
import types

import numpy as np
import pytest
import torch
from PIL import Image

import t2ibench
from t2ibench.api.images import Reading, written
from t2ibench.cli import main
from t2ibench.testing.stub_encoder import StubEncoder
from t2ibench.testing.stub_model import StubGAN
from tests.unit.evaluation.stubs import register_all, write_config

SAMPLES = 60


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    register_all()
    return {"config": write_config(folder), "workspace": folder / "workspace", "device": "cpu"}


@pytest.fixture(scope="module")
def model(here):
    return t2ibench.train("stub", data="squares", steps=4, encoder_steps=4, threads=1, **here)


@pytest.fixture(scope="module")
def made(here, model):
    captions = t2ibench.captions("squares", SAMPLES, **here)
    return captions, model.sample(captions, seed=100)  # the seed of protocols


@pytest.fixture
def command(here, monkeypatch, capsys):
    def run(*arguments):
        place = ["--config", str(here["config"]), "--workspace", str(here["workspace"]), "--device", "cpu", "--json"]
        monkeypatch.setattr(sys, "argv", ["t2ibench", *arguments, *place])
        with pytest.raises(SystemExit):
            main()
        return json.loads(capsys.readouterr().out)

    return run


def numbers(frame, row):
    found = frame[frame["row"] == row].set_index("column")
    return {
        name: tuple(found.loc[name, ["value", "interval_low", "interval_high"]].tolist()) for name in ("is", "fid", "r")
    }


def test_a_folder_and_a_model_get_the_numbers_of_the_command(here, model, made, command, tmp_path):
    captions, images = made
    lines = []
    for index, (caption, image) in enumerate(zip(captions, images, strict=True)):
        Image.fromarray(image).save(tmp_path / f"{index}.png")
        lines.append(json.dumps({"file": f"{index}.png", "caption_id": caption.id}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    asked = {"data": "squares", "samples": SAMPLES, "controls": False}
    table = t2ibench.evaluate(images={"mine": tmp_path}, model=model, **asked, **here)
    other = {**here, "workspace": tmp_path / "elsewhere"}
    apart = t2ibench.evaluate(images={"mine": tmp_path}, metrics=["is", "fid", "r"], **asked, **other).frame()
    asked = ("--data", "squares", "--samples", str(SAMPLES), "--no-controls")
    told = command("eval", "--models", "stub", "--images", str(tmp_path), "--name", "mine", *asked)
    frame = table.frame()
    for record in told:
        row, column, interval = record["source"]["name"], record["metric"]["column"], record["interval"]
        assert numbers(frame, row)[column] == (record["value"], interval["low"], interval["high"])
    assert {record["source"]["name"] for record in told} == {"stub", "mine"} and len(told) == 6
    # A model's images, handed over as an array, are the model; measured anew elsewhere they are what they were.
    array = t2ibench.evaluate(images=images, captions=captions, data="squares", samples=SAMPLES, controls=False, **here)
    assert numbers(array.frame(), "images") == numbers(frame, "stub") == numbers(frame, "mine")
    assert numbers(apart, "mine") == numbers(frame, "mine")
    assert json.loads(table.json()) == [json.loads(one.model_dump_json(by_alias=True)) for one in table.records]


def test_a_table_is_text_frame_page_and_comparison(here, model, made, command):
    captions, images = made
    table = t2ibench.evaluate(
        images={"<i>darker</i>": images // 2}, model=model, captions=captions, data="squares", samples=SAMPLES, **here
    )
    assert str(table) == repr(table) and "IS" in str(table) and "Ground truth" in str(table)
    page = table._repr_html_()
    assert "<table" in page and "Ground truth" in page and "<i>" not in page
    fid = table.frame().set_index(["row", "column"]).loc[("stub", "fid"), "value"]
    assert f"{fid:.4g}" in page
    twice = t2ibench.evaluate(model=model, data="squares", samples=SAMPLES, seeds=[100, 101], **here)
    assert twice._repr_html_().count("<th>Stub [squares, seed 10") == 2
    found = table.compare("stub", "<i>darker</i>").set_index("column")
    assert found.loc["fid", "first"] == fid
    assert found.loc["fid", "difference"] == fid - found.loc["fid", "second"]
    controls = table.compare("noise", "ground-truth")
    told = command("compare", "noise", "ground-truth", "--data", "squares", "--samples", str(SAMPLES))
    assert controls["difference"].tolist() == [one["difference"] for one in told[0]["columns"]]
    assert "ground-truth is better" in controls["verdict"].tolist()
    with pytest.raises(t2ibench.UserError, match=r"no row of this table called 'stab'. Did you mean stub"):
        table.compare("stab", "noise")


def test_results_are_the_workspace_in_a_frame(here, model, tmp_path):
    table = t2ibench.evaluate(model="stub", data="squares", samples=40, controls=False, **here)
    frame = t2ibench.results(here["workspace"])
    ids = [record.id for record in table.records]
    assert frame.set_index("record_id").loc[ids, "value"].tolist() == table.frame()["value"].tolist()
    assert len(t2ibench.results(tmp_path / "none")) == 0


def test_a_model_samples_alike_in_any_company(here, model):
    together = model.sample(["a red square", "a blue square"], samples=3, seed=5)
    assert together.shape == (6, 16, 16, 3) and together.dtype == np.uint8 and model.resolution == 16
    assert (model.sample("a blue square", samples=3, seed=5) == together[3:]).all()
    again = model.sample(["a red square", "a red square"], seed=5)
    assert (again == together[:2]).all() and (again[0] != again[1]).any()
    assert (model.sample("a red square", seed=6) != together[0]).any()
    assert t2ibench.load_model(model.path, **here).identity == t2ibench.load_model("stub", **here).identity
    for wrong in ({"captions": []}, {"captions": "  "}, {"captions": "a red square", "samples": 0}):
        with pytest.raises(t2ibench.UserError):
            model.sample(**wrong)
    with pytest.raises(t2ibench.UserError, match=r"no model called 'stup'. Did you mean stub"):
        t2ibench.load_model("stup", **here)


class Rows:
    """What a Hugging Face data set offers to a loop: rows that are mappings."""

    column_names = ("photo", "text")

    def __init__(self, images, texts):
        self.rows = [{"photo": Image.fromarray(image), "text": text} for image, text in zip(images, texts, strict=True)]

    def __iter__(self):
        return iter(self.rows)


def forms(images, captions):
    """Name -> (images, captions, reading) of one set of images, in every form that is taken."""
    channels_first = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    floats = torch.from_numpy(channels_first).float()
    texts = [caption.text for caption in captions]
    pairs = torch.utils.data.TensorDataset(floats / 255, torch.arange(len(images)))

    def with_texts(batch):
        return torch.stack([image for image, _ in batch]), [texts[int(index)] for _, index in batch]

    unit, signed = Reading((0, 1)), Reading((-1, 1))
    loader = torch.utils.data.DataLoader(pairs, batch_size=7, collate_fn=with_texts)
    return {
        "channels last": (images, texts, Reading()),
        "channels first": (channels_first, texts, Reading()),
        "tensor": (floats / 127.5 - 1, texts, signed),
        "double": (floats.double() / 255, texts, unit),
        "list of arrays": (list(channels_first), texts, Reading()),
        "list of PIL": ([Image.fromarray(one) for one in images], texts, Reading()),
        "generator of batches": ((floats[start : start + 9] / 255 for start in range(0, 24, 9)), texts, unit),
        "loader with captions": (loader, None, unit),
        "rows": (Rows(images, texts), None, Reading(image_column="photo", caption_column="text")),
        "pairs": (list(zip(images, texts, strict=True)), None, Reading()),
        "batches in mappings": (
            [{"image": floats[:20] / 255, "text": texts[:20]}, {"image": floats[20:] / 255, "text": texts[20:]}],
            None,
            Reading((0, 1), caption_column="text"),
        ),
    }


FORMS = tuple(forms(np.zeros((24, 16, 16, 3), np.uint8), [types.SimpleNamespace(text="x")] * 24))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_images_is_the_same_folder(made, tmp_path_factory, form):
    captions, images = made
    memory = tmp_path_factory.getbasetemp() / "forms"
    reference = written(images[:24], [caption.text for caption in captions[:24]], Reading(), memory)
    given, texts, reading = forms(images[:24], captions[:24])[form]
    assert written(given, texts, reading, memory) == reference
    assert [path.name for path in memory.iterdir()] == [reference.name]
    files = sorted(reference.glob("*.png"))
    assert (np.stack([np.asarray(Image.open(file)) for file in files]) == images[:24]).all()
    told = [json.loads(line)["caption"] for line in (reference / "manifest.jsonl").read_text().splitlines()]
    assert told == [caption.text for caption in captions[:24]]


GOOD = np.zeros((4, 3, 8, 8), np.float32)


@pytest.mark.parametrize(
    ("images", "rest", "said"),
    [
        (GOOD, {}, "float32 from 0 to 0, and nobody says what black and white are: give value_range"),
        (GOOD + 0.5, {"value_range": (-0.1, 0.2)}, r"reach from 0.5 to 0.5, outside value_range=\(-0.1, 0.2\)"),
        (GOOD - 1, {"value_range": (0, 1)}, r"reach from -1 to -1, outside value_range=\(0, 1\)"),
        (GOOD, {"value_range": (1, 1)}, r"value_range=\(1, 1\) is none"),
        (GOOD * np.nan, {"value_range": (0, 1)}, "not finite"),
        (GOOD.astype(np.uint8), {"value_range": (0, 1)}, "uint8, from 0 to 255, but value_range"),
        (GOOD.astype(np.int64), {}, "Images of int64 are not read"),
        (GOOD.astype(bool), {}, "Images of bool are not read"),
        (np.zeros((4, 1, 8, 8), np.uint8), {}, "an array of 4 x 1 x 8 x 8: images are N x 3"),
        (np.zeros((4, 3, 8, 3), np.uint8), {}, "both of its sides may be the channels"),
        (np.zeros((8, 8), np.uint8), {}, "an array of 8 x 8"),
        (np.zeros((0, 3, 8, 8), np.uint8), {}, "There is no image"),
        (iter(()), {}, "There is no image"),
        (7, {}, "Images were given as int: give a folder"),
        (["a.png", "b.png"], {}, "given as str, which is not read: give their folder"),
        ([(torch.zeros(2, 3, 8, 8), torch.zeros(2))], {"value_range": (0, 1)}, "give the images alone, as in"),
        ([{"picture": 1, "text": ""}], {}, "rows with 'picture', 'text' and without 'image'"),
        (GOOD, {"value_range": (0, 1), "captions": ["a"]}, "4 images and 1 captions"),
        (GOOD, {"value_range": (0, 1), "captions": "a red square"}, "a list with a caption an image"),
        (GOOD, {"value_range": (0, 1), "captions": [1, 2, 3, 4]}, "A caption is a text or one of .*; found int"),
        ([(GOOD[0], "a")], {"value_range": (0, 1), "captions": ["a"]}, "bring captions of their own"),
        ([(GOOD, ["a", "b"])], {"value_range": (0, 1)}, "A batch has 4 images and 2 captions"),
        (None, {"captions": ["a"]}, "give images too"),
        ("nowhere", {}, "nowhere does not exist"),
        ("nowhere", {"captions": ["a"]}, "leave `captions` out"),
        (None, {"model": "stub", "seed": 1, "seeds": [1, 2]}, "give one of them"),
        (None, {"model": "stub", "track": ["wand"]}, "no tracker called 'wand'. Did you mean wandb"),
        (None, {"model": "stub", "metrics": ["fit"]}, "no metric called 'fit'. Did you mean"),
        (None, {"model": "stub", "devise": "cpu"}, "no keyword argument called 'devise'. Did you mean device"),
        (None, {}, "No model was named"),
    ],
)
def test_what_is_not_sure_is_one_sentence(here, images, rest, said):
    before = sorted(here["workspace"].rglob("store/given/*"))
    with pytest.raises(t2ibench.UserError, match=said) as error:
        t2ibench.evaluate(images=images, data="squares", **rest, **here)
    assert "\n" not in str(error.value)
    assert not [path for path in here["workspace"].rglob("store/given/.part-*")]
    assert sorted(here["workspace"].rglob("store/given/*")) == before


def test_images_without_captions_say_what_they_lack(here, made):
    table = t2ibench.evaluate(images=made[1], data="squares", samples=SAMPLES, controls=False, **here)
    frame = table.frame().set_index("column")
    assert frame.loc["r", "status"] == "failed" and "Not linked to captions" in frame.loc["r", "error"]
    assert frame.loc["fid", "status"] == "ok" and table.failures == (frame.loc["r", "error"],)
    assert "failed" in table._repr_html_()


class Tiny(StubGAN):
    """Somebody's model, defined where it is used."""


def test_a_class_becomes_a_model(here):
    t2ibench.add_model("tiny", Tiny, steps=2, title="Tiny GAN", features=4)
    t2ibench.add_model("tiny", Tiny, steps=3, title="Tiny GAN", features=4)  # a cell that is run again
    trained = t2ibench.train("tiny", data="squares", encoder_steps=4, **here)
    assert trained.steps == 3 and trained.parameters["features"] == 4
    table = t2ibench.evaluate(model=["tiny", "stub"], data="squares", samples=40, **here)
    assert {"tiny", "stub", "untrained"} <= set(table.frame()["row"]) and "Tiny GAN" in str(table)
    for name, given, said in (
        ("attngan", Tiny, "registered already"),
        ("Bad Name", Tiny, "add_model"),
        ("encoder", StubEncoder, "lacks generate"),
        ("instance", object(), "is no model"),
    ):
        with pytest.raises(t2ibench.UserError, match=said):
            t2ibench.add_model(name, given, steps=1)


def test_extractors_have_names(here):
    found = t2ibench.load_extractor("colours", **here).extract(torch.zeros(3, 3, 16, 16, dtype=torch.uint8))
    assert found["pool"].shape == (3, 12)
    with pytest.raises(t2ibench.UserError, match=r"no feature extractor called 'colour'. Did you mean colours"):
        t2ibench.load_extractor("colour", **here)


def test_a_table_goes_to_the_trackers_of_training(here, model, command, monkeypatch):
    calls = []
    fake = types.ModuleType("trackio")
    fake.__spec__ = types.SimpleNamespace(name="trackio")
    fake.init = lambda **given: calls.append(("init", given))
    fake.log = lambda values, step: calls.append(("log", step, values))
    fake.Image = lambda path: ("image", path)
    fake.finish = lambda: calls.append(("finish",))
    monkeypatch.setitem(sys.modules, "trackio", fake)
    asked = ("--models", "stub", "--data", "squares", "--samples", "40", "--track", "trackio,tensorboard")
    told = command("eval", *asked)
    logged = {}
    for kind, *rest in calls:
        if kind == "log":
            logged |= {name: (rest[0], value) for name, value in rest[1].items() if not isinstance(value, tuple)}
    for record in told:
        if record["value"] is not None:
            step = record["source"]["steps"] or 0
            assert logged[f"{record['source']['name']}/{record['metric']['column']}"] == (step, record["value"])
    assert logged["stub/fid"][0] == 4 and logged["ground-truth/fid/low"][0] == 0
    assert calls[0][0] == "init" and re.match(r"eval-squares-p-seed100-[0-9a-f]{12}$", calls[0][1]["name"])
    assert calls[-1] == ("finish",)

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (events,) = (here["workspace"] / "results" / "tracking").glob("*/tensorboard")
    read = EventAccumulator(str(events)).Reload()
    (point,) = read.Scalars("stub/fid")
    assert (point.step, point.value) == (4, pytest.approx(logged["stub/fid"][1], rel=1e-6))
    assert read.Tags()["images"] == ["samples"]
