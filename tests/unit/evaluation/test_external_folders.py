"""Folders of images as rows: linked as far as their content tells, at their own n, with their faults named."""

import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.records import Results
from t2ibench.core.storage.store import Store
from t2ibench.core.types import Origin
from t2ibench.evaluation.external.export import export_images
from t2ibench.evaluation.external.folder_source import FolderSource
from t2ibench.evaluation.external.image_files import read_square
from t2ibench.evaluation.external.layouts import link_images
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import ModelSource, ground_truth
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.measuring.table import Table
from t2ibench.evaluation.request.columns import make_columns
from t2ibench.features.context import FeatureContext


@pytest.fixture(scope="module")
def plan(manifest, protocol):
    return make_plan(manifest, protocol, samples=60)


@pytest.fixture
def folder(manifest, plan, tmp_path):
    """The ground truth of the plan, exported."""
    export_images(ground_truth(manifest, plan, 16), plan, tmp_path / "made", batch_size=7)
    return tmp_path / "made"


@pytest.fixture
def source(manifest, tmp_path):
    def build(folder, **rest):
        return FolderSource(folder, manifest, "train", resolution=16, memory=tmp_path / "memory", **rest)

    return build


@pytest.fixture
def table(place, manifest, protocol, plan, tmp_path):
    """Evaluates sources on the squares; features and records go to this test's folder."""
    benchmarks = place[1]
    names = ("is", "fid", "r")
    extractors = {name: Extractor(FeatureContext(name, benchmarks.features[name])) for name in ("colours", "oracle")}
    return Table(
        manifest=manifest,
        protocol_name="p",
        protocol=protocol,
        plan=plan,
        columns=make_columns(names, benchmarks, protocol, extractors, manifest, len(plan)),
        store=Store(tmp_path / "store"),
        results=Results(tmp_path / "results"),
        device="cpu",
    )


def write_image(path, colour=(200, 30, 30), size=(16, 16), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def values(evaluation):
    return {record.metric.column: record.value for record in evaluation.records}


def test_a_models_images_judged_as_a_folder_give_the_models_numbers(manifest, plan, trained, table, tmp_path, source):
    model = ModelSource(trained, device="cpu", resolution=16, quantise="round")
    export_images(model, plan, tmp_path / "made", batch_size=13)
    row = source(tmp_path / "made", name="somebody's")
    assert row.caption_linked and row.card.origin is Origin.EXTERNAL_IMAGES and not row.warnings
    assert row.plan_of(plan) is plan
    there, back = (table.evaluate([one]) for one in (model, row))
    assert values(there) == values(back) and len(values(back)) == 3
    assert {r.images_digest for r in there.records} == {r.images_digest for r in back.records}
    assert {r.source.name for r in back.records} == {"somebody's"} and not {r.id for r in there.records} & {
        r.id for r in back.records
    }


def test_the_folders_order_and_place_change_nothing(folder, source, tmp_path):
    before = source(folder)
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    (folder / "manifest.jsonl").write_text("\n".join(reversed(lines)))
    moved = folder.rename(tmp_path / "elsewhere")
    assert set(source(moved)._items.values()) == set(before._items.values())
    Image.new("RGB", (16, 16)).save(moved / "000003.png")
    assert source(moved).identity != before.identity


def test_more_images_than_the_plan_are_left_out_fewer_are_judged_at_their_own_n(
    manifest, protocol, plan, folder, source, table
):
    row = source(folder)
    short = make_plan(manifest, protocol, samples=20)
    assert row.plan_of(short) is short
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    (folder / "manifest.jsonl").write_text("\n".join(lines[:45]))
    some = source(folder)
    assert some.plan_of(plan).items == plan.items[:45]
    records = table.evaluate([some]).records
    assert {record.n for record in records} == {45} and not any(record.status == "failed" for record in records)
    assert all("45 images of its own choice, 45 of them" in record.warnings[0] for record in records)
    assert {record.plan.digest for record in records} == {plan.digest}


def test_a_caption_may_be_told_by_its_text(manifest, plan, folder, source):
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    by_text = [{"file": line["file"], "caption": f"  {line['caption'].upper()}! "} for line in lines]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, by_text)))
    row = source(folder)
    assert row.caption_linked and len(row._items) == 60
    texts = {line["file"]: line["caption"] for line in lines}
    assert all(item.caption.text == texts[file] for file, item in row._items.items())
    assert len({item.id for item in row._items.values()}) == 60


def test_tises_layout(manifest, source, tmp_path):
    captions = manifest.captions("train")[:5]
    listed = [{"caption_id": 7 * place, "caption": one.text.upper()} for place, one in enumerate(captions)]
    for entry in listed:
        write_image(tmp_path / "tise" / f"{entry['caption_id']}.png")
    bare = source(tmp_path / "tise")
    assert not bare.caption_linked and "numbers for names (TISE's layout)" in bare.unlinked_reason
    (tmp_path / "tise" / "CUB_RP_captions.pkl").write_bytes(pickle.dumps(listed))
    linked = source(tmp_path / "tise")
    assert linked.caption_linked
    assert linked._items["14.png"].caption.text == captions[2].text


@pytest.mark.parametrize("turn", ["", "_0", "_3"])
def test_the_layout_of_attngan_and_dm_gan(manifest, tmp_path, turn):
    for image in manifest.split("train")[:3]:
        write_image(tmp_path / "valid" / "single" / f"{image.id}_s-1{turn}.png")
    found = link_images(tmp_path / "valid", manifest, "train")
    assert found.layout == "AttnGAN/DM-GAN" and not found.caption_linked and "which of its captions" in found.notes[0]
    expected = {f"single/{image.id}_s-1{turn}.png": image.id for image in manifest.split("train")[:3]}
    assert {file: item.caption.image_id for file, item in found.items.items()} == expected
    write_image(tmp_path / "valid" / "single" / f"unheard_of_s-1{turn}.png")
    strange = link_images(tmp_path / "valid", manifest, "train")
    assert strange.layout == "unlinked" and "unheard_of" in strange.notes[0]


def test_an_unlinked_folder_has_all_columns_but_r_precision(table, tmp_path, source):
    for place in range(30):
        write_image(tmp_path / "x" / f"{place:02}.jpg", (8 * place, 100, 255 - 8 * place))
    records = {record.metric.column: record for record in table.evaluate([source(tmp_path / "x")]).records}
    assert records["is"].status == records["fid"].status == "ok" and records["fid"].n == 30
    assert records["r"].status == "failed" and "Not linked to captions" in records["r"].error
    assert "\n" not in records["r"].error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1"),
        ('{"file": "a.png"}', "needs a caption_id or a caption"),
        ('{"file": "../a.png", "caption": "x"}', "must lie in the folder"),
        ('{"file": "/a.png", "caption": "x"}', "must lie in the folder"),
        ('{"caption": "x"}', "file"),
        ('{"file": "a.png", "caption": "x"}\n{"file": "a.png", "caption": "x"}', "line 2: a.png came before"),
        ("", "is empty"),
    ],
)
def test_a_wrong_manifest_line_is_named(source, tmp_path, line, said):
    write_image(tmp_path / "x" / "a.png")
    (tmp_path / "x" / "manifest.jsonl").write_text(line)
    with pytest.raises(UserError) as caught:
        source(tmp_path / "x")
    assert said in str(caught.value) and "manifest.jsonl" in str(caught.value) and "\n" not in str(caught.value)


def test_captions_of_another_data_set_leave_the_folder_unlinked(source, tmp_path):
    write_image(tmp_path / "x" / "a.png")
    (tmp_path / "x" / "manifest.jsonl").write_text('{"file": "a.png", "caption_id": "cub/test/bird#0"}')
    row = source(tmp_path / "x")
    assert not row.caption_linked and "cub/test/bird#0" in row.unlinked_reason


def test_empty_and_missing_folders(source, tmp_path):
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)
    write_image(tmp_path / "empty" / ".hidden" / "a.png")
    for path, said in ((tmp_path / "empty", "There is no image in"), (tmp_path / "none", "does not exist")):
        with pytest.raises(UserError, match=said):
            source(path)


@pytest.mark.parametrize("damage", ["truncated", "no image", "missing"])
def test_a_damaged_image_is_named_or_left_out_and_counted(folder, source, table, damage):
    path = folder / "000004.png"
    good = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(good[: len(good) // 2] if damage == "truncated" else b"text")
    try:
        row = source(folder)
    except UserError as error:  # told by its header
        assert str(path) in str(error) and "--skip-bad" in str(error)
    else:  # told when it is decoded
        records = table.evaluate([row]).records
        assert all(record.status == "failed" and str(path) in record.error for record in records)
    lenient = source(folder, skip_bad=True)
    records = table.evaluate([lenient]).records
    assert {record.n for record in records} == {59}
    assert all(record.warnings[0].startswith("1 of 60 image files could not be read") for record in records)
    assert "000004.png" in records[0].warnings[0]


def test_nothing_but_damaged_images(source, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match="None of the 1 image files"):
        source(tmp_path / "x", skip_bad=True)


def test_sizes_and_kinds_are_brought_to_rgb_squares_and_noted(source, plan, tmp_path):
    write_image(tmp_path / "x" / "a.png", size=(16, 16))
    write_image(tmp_path / "x" / "b.png", size=(40, 24))
    write_image(tmp_path / "x" / "c.png", 90, mode="L")
    write_image(tmp_path / "x" / "d.png", (10, 20, 30, 0), mode="RGBA")
    Image.fromarray(np.full((16, 16), 0xABCD, dtype=np.uint16)).save(tmp_path / "x" / "e.png")
    row = source(tmp_path / "x")
    (batch,) = row.images(row.plan_of(plan), batch_size=50)
    assert batch.pixels.shape == (5, 3, 16, 16) and batch.pixels.dtype == torch.uint8
    assert batch.pixels[:, :, 3, 3].tolist() == [[200, 30, 30], [200, 30, 30], [90] * 3, [255] * 3, [0xAB] * 3]
    notes = " ".join(row.card.notes)
    assert "1 images of 40 x 24 pixels were resized to 16 x 16 (bilinear, antialiased, after cutting out" in notes
    assert "1 L" in notes and "1 RGBA" in notes and "1 I;16" in notes


def test_the_central_square(tmp_path):
    wide = np.zeros((4, 10, 3), dtype=np.uint8)
    wide[:, 3:7] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (read_square(tmp_path / "wide.png") == 255).all()


def test_what_is_unchanged_is_not_read_again(folder, source, monkeypatch):
    import t2ibench.evaluation.external.image_files as scan

    first = source(folder)
    monkeypatch.setattr(scan, "_facts", lambda *_, **__: pytest.fail("a file was read"))
    assert source(folder).identity == first.identity


def test_an_export_needs_an_empty_folder(manifest, plan, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty"):
        export_images(ground_truth(manifest, plan, 16), plan, tmp_path / "full", batch_size=7)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]
