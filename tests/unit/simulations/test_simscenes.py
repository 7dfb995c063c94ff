"""Drawn scenes: the layout through COCO's adapter, determinism, and the truth against captions, boxes and pixels."""

import hashlib
import json
import re

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.coco import COCO
from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.simscenes.adapter import SimScenes
from t2ibench_simulations.simscenes.captions import CAPTIONS_PER_IMAGE, captions_for
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.make import make_simscenes
from t2ibench_simulations.simscenes.scene import scene_of, split_of
from t2ibench_simulations.simscenes.statements import is_true, statements_in
from t2ibench_simulations.simscenes.vocabulary import COLOURS, HELD_OUT, KINDS, NATURES, PLACES, RELATIONS, RGB

IMAGES, SIZE = 48, 48
SCENES = [scene_of(index, 0) for index in range(1200)]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simscenes") / "scenes"
    make_simscenes(folder, IMAGES, SIZE, processes=1)
    return folder


@pytest.fixture(scope="module")
def truth(root):
    return [json.loads(line) for line in (root / "truth.jsonl").read_text().splitlines()]


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(adapter, root, **options):
    entry = DatasetEntry(adapter="coco", protocol="p", captions_per_image=5, options=options)
    return adapter("name", entry).read(root)


def test_cocos_own_adapter_reads_it(root, truth):
    plain = read(COCO, root)
    drawn = read(SimScenes, root, images=IMAGES, size=SIZE)
    assert plain.images == drawn.images and not plain.missing
    assert drawn.whole and not plain.whole  # a flip would make left right
    assert {split: len(images) for split, images in plain.splits.items()} == {"train": 36, "test": 12}
    rows = {f"{row['id']:012d}": row for row in truth}
    for image in plain.images:
        row = rows[image.id]
        assert list(image.captions) == row["captions"] and len(image.captions) == CAPTIONS_PER_IMAGE
        assert image.split == ("train" if row["split"] == "train" else "test")
        assert plain.path(image) == root / row["file"]
        with Image.open(root / row["file"]) as opened:
            assert opened.format == "JPEG" and opened.mode == "RGB" and opened.size == (SIZE, SIZE)


def test_instances_are_in_cocos_form_and_agree_with_the_truth(root, truth):
    objects = {row["id"]: row["objects"] for row in truth}
    seen = set()
    for part in ("train", "val"):
        content = json.loads((root / "annotations" / f"instances_{part}2014.json").read_text())
        names = {one["id"]: one["name"] for one in content["categories"]}
        assert list(names.values()) == list(KINDS) and list(names) == list(range(1, len(KINDS) + 1))
        found = {image["id"]: [] for image in content["images"]}
        for one in content["annotations"]:
            assert one["id"] not in seen and one["iscrowd"] == 0
            seen.add(one["id"])
            x, y, width, height = one["bbox"]
            assert min(x, y) >= 0 and x + width <= SIZE + 0.01 and y + height <= SIZE + 0.01
            assert 0 < one["area"] <= width * height + 0.01
            found[one["image_id"]].append((names[one["category_id"]], one["bbox"]))
        for image, instances in found.items():
            assert instances == [(one["kind"], one["box"]) for one in objects[image]]


def test_the_same_request_gives_the_same_bytes_and_images_depend_on_no_other(root, tmp_path):
    again = make_simscenes(tmp_path / "again", IMAGES, SIZE, processes=1)
    assert contents(tmp_path / "again") == contents(root)
    more = make_simscenes(tmp_path / "more", IMAGES + 8, SIZE, processes=1)
    other = make_simscenes(tmp_path / "other", IMAGES, SIZE, seed=1, processes=1)
    images = {name: digest for name, digest in contents(root).items() if name.endswith(".jpg")}
    assert images.items() <= contents(tmp_path / "more").items()
    assert not set(images.values()) & set(contents(tmp_path / "other").values())
    assert len({again["digest"], more["digest"], other["digest"]}) == 3


def test_a_folder_is_reused_or_refused_and_never_half_written(root, tmp_path, monkeypatch):
    before = contents(root)
    assert make_simscenes(root, IMAGES, SIZE)["train_images"] == 36
    with pytest.raises(UserError, match="other simscenes"):
        make_simscenes(root, IMAGES, SIZE, seed=5)
    with pytest.raises(UserError, match="no finished simscenes"):
        make_simscenes(tmp_path.parent, IMAGES, SIZE)
    for wrong in ({"images": 7}, {"size": 16}, {"processes": 0}):
        with pytest.raises(UserError):
            make_simscenes(tmp_path / "x", **{"images": 8, "size": 32, **wrong})
    monkeypatch.setattr("t2ibench_simulations.simscenes.make.side_files", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_simscenes(tmp_path / "x", 8, 32)
    assert not (tmp_path / "x").exists() and contents(root) == before
    assert not [path for path in tmp_path.iterdir() if "unfinished" in path.name]


def test_held_out_pairs_are_in_the_test_split_only_and_saved(root, truth):
    train = {(group.kind, group.colour) for scene in SCENES if scene.split == "train" for group in scene.groups}
    assert train == {(kind, colour) for kind in KINDS for colour in COLOURS} - HELD_OUT
    val = [scene for scene in SCENES if scene.split == "val"]
    assert sum(scene.held_out for scene in val) * 2 == len(val)
    assert {(group.kind, group.colour) for scene in val for group in scene.groups} >= HELD_OUT
    assert {kind for kind, _ in HELD_OUT} == set(KINDS) and {colour for _, colour in HELD_OUT} == set(COLOURS)
    saved = json.loads((root / "compositions.json").read_text())
    assert {tuple(pair) for pair in saved["held_out"]} == HELD_OUT
    assert {tuple(pair) for pair in saved["trained"]} == train
    for row in truth:
        pairs = {(group["kind"], group["colour"]) for group in row["groups"]}
        assert row["held_out"] == bool(pairs & HELD_OUT) and not (row["held_out"] and row["split"] == "train")
        assert row["split"] == split_of(row["id"] - 1)
    for part in ("train", "val"):  # the words alone tell it too
        text = json.loads((root / "annotations" / f"captions_{part}2014.json").read_text())
        words = " ".join(one["caption"] for one in text["annotations"])
        held = [kind for kind, colour in HELD_OUT if re.search(rf"\b{colour} {kind}", words)]
        assert bool(held) == (part == "val")


def test_everything_is_shown():
    assert {scene.place for scene in SCENES} == set(PLACES)
    assert {relation for scene in SCENES for _, relation, _ in scene.relations} == set(RELATIONS)
    assert {group.count for scene in SCENES for group in scene.groups} == {1, 2, 3, 4}
    assert {len(scene.groups) for scene in SCENES} == {1, 2, 3}


def test_captions_are_true_short_and_different():
    stated = {"groups": 0, "colourless": 0, "relations": 0, "places": 0}
    for scene in SCENES:
        captions = captions_for(scene)
        assert len(set(captions)) == CAPTIONS_PER_IMAGE
        for caption in captions:
            said = statements_in(caption)
            assert is_true(said, scene), (caption, scene)
            assert said.groups and 2 <= len(tokenize(caption)) <= 18
            nouns = [word for word in tokenize(caption) if word.removesuffix("s") in KINDS]
            assert len(nouns) == len(said.groups), f"the parser missed something in {caption!r}"
            stated["groups"] += len(said.groups)
            stated["colourless"] += sum(colour is None for _, colour in said.groups.values())
            stated["relations"] += len(said.relations)
            stated["places"] += said.place is not None
    assert 0.02 < stated["colourless"] / stated["groups"] < 0.15
    assert stated["relations"] > 2 * len(SCENES) and stated["places"] > 2 * len(SCENES)


def test_false_sentences_are_told():
    scene = next(s for s in SCENES if s.relations and s.relations[0][1] == "left of" and len(s.groups) == 2)
    first, second = (f"{group.colour} {group.kind}" for group in scene.groups)
    if scene.groups[0].count == scene.groups[1].count == 1:
        assert is_true(statements_in(f"a {first} left of a {second}"), scene)
    assert not is_true(statements_in(f"a {second} left of a {first}"), scene)
    assert not is_true(statements_in(f"a {first} above a {second}"), scene)
    assert not is_true(statements_in(f"four {first}s"), scene) and not is_true(
        statements_in("a pink sofa and a mug"), scene
    )
    colour = next(colour for colour in COLOURS if colour != scene.groups[0].colour)
    assert not is_true(statements_in(f"a {colour} {scene.groups[0].kind}"), scene)
    elsewhere = "in a room" if scene.place != "room" else "at the beach"
    assert not is_true(statements_in(f"a {first} {elsewhere}"), scene)
    said = statements_in("two red cars to the right of an orange cat on the sand")
    assert said.groups == {"car": (2, "red"), "cat": (1, "orange")} and said.place == "beach"
    assert said.relations == {("cat", "left of", "car")}
    assert not statements_in("nothing to see here").groups


def test_counts_and_relations_are_those_of_the_boxes(truth):
    for row in truth:
        boxes = [[one["box"] for one in row["objects"] if one["group"] == k] for k in range(len(row["groups"]))]
        assert [len(group) for group in boxes] == [group["count"] for group in row["groups"]]
        assert len({group["kind"] for group in row["groups"]}) == len(row["groups"])
        for first, relation, second in row["relations"]:
            a, b = boxes[first], boxes[second]
            ends, starts = [x + w for x, _, w, _ in a], [x for x, *_ in b]
            if relation == "left of":
                assert max(ends) <= min(starts) + 1.5
            elif relation == "above":
                assert a[0][1] + a[0][3] <= b[0][1] + 1.5 and abs(_middle(a[0]) - _middle(b[0])) < 0.1 * SIZE
            elif relation == "on":
                inside = b[0][0] <= _middle(a[0]) <= b[0][0] + b[0][2]
                assert inside and abs(a[0][1] + a[0][3] - b[0][1]) < 0.12 * SIZE
            else:
                gap = max(a[0][0], b[0][0]) - min(a[0][0] + a[0][2], b[0][0] + b[0][2])
                feet = abs(a[0][1] + a[0][3] - b[0][1] - b[0][3])
                assert -1.5 <= gap < 0.08 * SIZE and feet < 0.06 * SIZE


def _middle(box):
    return box[0] + box[2] / 2


def test_nothing_is_cut_off_or_hidden():
    for scene in SCENES:
        for thing in scene.things:
            assert thing.left > -0.01 and thing.right < 1.01 and thing.top > -0.02 and thing.y < 1.0, scene
        apart = [
            (a, b)
            for k, a in enumerate(scene.things)
            for b in scene.things[:k]
            if _overlap(a, b) > 0.12 * a.width * a.height
        ]
        assert not apart or any(relation == "on" for _, relation, _ in scene.relations), scene


def _overlap(a, b):
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.y, b.y) - max(a.top, b.top)
    return max(0.0, width) * max(0.0, height)


@pytest.mark.parametrize("kind", KINDS)
def test_an_objects_colour_can_be_read_off_its_pixels(kind):
    scenes = [scene for scene in SCENES if scene.groups[0].kind == kind and len(scene.groups) == 1][:6]
    for scene in scenes:
        image, seen = draw_scene(scene, 96)
        pixels = np.asarray(image, np.float64)
        x, y, width, height = (round(value) for value in seen[0].box)
        inside = pixels[y : y + height, x : x + width].reshape(-1, 3)
        share = (np.abs(inside - np.array(seen[0].rgb)).max(axis=1) < 25).mean()
        assert share > 0.1, (kind, scene.groups[0].colour, share)
        assert np.abs(np.array(seen[0].rgb) - RGB[scene.groups[0].colour]).max() <= 13


def test_kinds_have_all_that_layouts_ask_of_them():
    assert set(NATURES) == set(KINDS)
    assert any(nature.flies for nature in NATURES.values()) and any(nature.carries for nature in NATURES.values())
