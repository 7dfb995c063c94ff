import hashlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.simbirds import make
from t2ibench_simulations.simbirds.make import list_images, make_simbirds
from t2ibench_simulations.simbirds.species import HELD_OUT_PAIRS

IMAGES, SIZE = 40, 32


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simbirds") / "birds"
    make_simbirds(folder, IMAGES, SIZE, processes=1)
    return folder


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(path: Path) -> list[list[str]]:
    return [line.split(" ") for line in path.read_text().splitlines()]


def load(path: Path) -> object:
    with path.open("rb") as file:
        return pickle.load(file)


def test_layout_is_that_of_cub_and_attngan(root: Path) -> None:
    cub = root / "CUB_200_2011"
    images = rows(cub / "images.txt")
    assert [row[0] for row in images] == [str(number) for number in range(1, IMAGES + 1)]
    classes = dict(rows(cub / "classes.txt"))
    assert len(classes) == 200 and classes["1"].startswith("001.")
    labels = dict(rows(cub / "image_class_labels.txt"))
    boxes = {row[0]: row[1:] for row in rows(cub / "bounding_boxes.txt")}
    halves = dict(rows(cub / "train_test_split.txt"))
    assert set(halves.values()) == {"0", "1"}
    for number, file in images:
        assert classes[labels[number]] == file.split("/")[0]
        with Image.open(cub / "images" / file) as image:
            image.load()
            assert image.format == "JPEG" and image.mode == "RGB" and min(image.size) == SIZE
        assert all(value.endswith(".0") for value in boxes[number])
        x, y, width, height = map(float, boxes[number])
        assert x >= 0 and y >= 0 and x + width <= image.width and y + height <= image.height
        lines = (root / "text" / f"{file.removesuffix('.jpg')}.txt").read_text().splitlines()
        assert len(lines) == 10 and all(lines)


def test_splits_share_no_class_and_no_held_out_pair(root: Path) -> None:
    names = {split: load(root / split / "filenames.pickle") for split in ("train", "test")}
    classes = {split: load(root / split / "class_info.pickle") for split in ("train", "test")}
    listed = [row[1].removesuffix(".jpg") for row in rows(root / "CUB_200_2011" / "images.txt")]
    assert sorted([*names["train"], *names["test"]]) == sorted(listed)  # type: ignore[misc]
    assert not set(classes["train"]) & set(classes["test"])  # type: ignore[call-overload]
    assert (len(names["train"]), len(names["test"])) == (30, 10)  # type: ignore[arg-type]
    for split in names:
        assert [int(name.split(".")[0]) for name in names[split]] == classes[split]  # type: ignore[attr-defined]
    truth = [json.loads(line) for line in (root / "truth.jsonl").read_text().splitlines()]
    for row in truth:
        pair = (row["attributes"]["wing"], row["attributes"]["belly"])
        assert row["held_out"] == (pair in HELD_OUT_PAIRS)
        assert row["split"] == "test" or not row["held_out"]
        assert row["file"] in names[row["split"]]  # type: ignore[operator]
    assert any(row["held_out"] for row in truth)


def test_captions_pickle_numbers_the_words_of_the_text_files(root: Path) -> None:
    train, test, index_to_word, word_to_index = load(root / "captions.pickle")  # type: ignore[misc]
    assert index_to_word[0] == "<end>" and {word: index for index, word in index_to_word.items()} == word_to_index
    for split, captions in (("train", train), ("test", test)):
        keys = load(root / split / "filenames.pickle")
        lines = [line for key in keys for line in (root / "text" / f"{key}.txt").read_text().splitlines()]  # type: ignore[attr-defined]
        assert [[index_to_word[index] for index in caption] for caption in captions] == [
            list(tokenize(line)) for line in lines
        ]


def test_truth_agrees_with_the_boxes(root: Path) -> None:
    boxes = rows(root / "CUB_200_2011" / "bounding_boxes.txt")
    truth = [json.loads(line) for line in (root / "truth.jsonl").read_text().splitlines()]
    assert [[str(row["id"]), *(f"{value:.1f}" for value in row["box"])] for row in truth] == boxes
    for row in truth:
        for part, record in row["parts"].items():
            assert record["colour"] == row["attributes"][part]
            assert (record["centre"] is None) == (record["area"] is None)
            assert record["centre"] or (part == "legs" and row["pose"]["perch"] == "air") or record["area"] is None


def test_more_processes_and_another_time_give_the_same_bytes(root: Path, tmp_path: Path) -> None:
    again = make_simbirds(tmp_path / "again", IMAGES, SIZE, processes=2)
    assert contents(tmp_path / "again") == contents(root)
    other = make_simbirds(tmp_path / "other", IMAGES, SIZE, seed=1, processes=1)
    assert other["digest"] != again["digest"]


def test_a_image_does_not_depend_on_how_many_are_asked_for(root: Path, tmp_path: Path) -> None:
    make_simbirds(tmp_path / "more", IMAGES * 2, SIZE, processes=1)
    fewer, more = contents(root), contents(tmp_path / "more")
    shared = [name for name in fewer if name.endswith(".jpg") and name in more]
    assert len(shared) >= 8 and all(fewer[name] == more[name] for name in shared)


def test_a_larger_world_has_its_own_species_and_is_another_drawing(tmp_path: Path) -> None:
    made = make_simbirds(tmp_path / "world", 400, SIZE, processes=1, species=250)
    assert (made["train_classes"], made["test_classes"]) == (167, 33)
    names = (tmp_path / "world" / "CUB_200_2011" / "classes.txt").read_text().splitlines()
    assert len(names) == 300 and names[250].startswith("251 251.")
    assert make_simbirds(tmp_path / "world", 400, SIZE, species=250) == made
    with pytest.raises(UserError, match="species"):
        make_simbirds(tmp_path / "world", 400, SIZE, species=260)
    with pytest.raises(UserError, match="150 training species or more, not 20"):
        make_simbirds(tmp_path / "few", 400, SIZE, species=20)


def test_asking_again_returns_what_is_there(root: Path) -> None:
    before, made = contents(root), (root / "simbirds.json").stat()
    summary = make_simbirds(root, IMAGES, SIZE, processes=1)
    assert summary["train_images"] == 30 and (root / "simbirds.json").stat() == made, "nothing is drawn again"
    assert contents(root) == before


@pytest.mark.parametrize(("images", "size", "seed"), [(44, SIZE, 0), (IMAGES, 48, 0), (IMAGES, SIZE, 5)])
def test_another_request_into_the_same_folder_is_refused(root: Path, images: int, size: int, seed: int) -> None:
    with pytest.raises(UserError, match="already holds other simbirds") as caught:
        make_simbirds(root, images, size, seed)
    assert str(root) in str(caught.value)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="in use"):
        make_simbirds(tmp_path, IMAGES, SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_root_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write simbirds"):
        make_simbirds(tmp_path / "file" / "birds", IMAGES, SIZE)


def test_damaged_summaries_are_named(tmp_path: Path) -> None:
    for text in ("{", "[]", "{}"):
        (tmp_path / "simbirds.json").write_text(text)
        with pytest.raises(UserError, match=r"simbirds\.json"):
            make_simbirds(tmp_path, IMAGES, SIZE)


@pytest.mark.parametrize(
    ("images", "size", "processes", "match"),
    [
        (7, SIZE, None, "8 images or more"),
        (40, 16, None, "32 to 256"),
        (40, 300, None, "32 to 256"),
        (40, 64, 0, "1 or"),
    ],
)
def test_senseless_requests(tmp_path: Path, images: int, size: int, processes: int | None, match: str) -> None:
    with pytest.raises(UserError, match=match):
        make_simbirds(tmp_path / "birds", images, size, processes=processes)
    assert not list(tmp_path.iterdir())


def test_a_failure_midway_leaves_nothing_and_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "birds"
    with monkeypatch.context() as patch:
        patch.setattr(make, "side_files", lambda *_given: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(UserError, match="No space left"):
            make_simbirds(root, 8, SIZE, processes=1)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    # What a killed run leaves behind is cleared away.
    (tmp_path / ".birds.simbirds-unfinished" / "old").mkdir(parents=True)
    assert make_simbirds(root, 8, SIZE, processes=1)["images"] == 8
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["birds"]


@pytest.mark.parametrize("images", [8, 9, 401, 800, 11788])
def test_images_are_spread_evenly(images: int) -> None:
    listed = list_images(images)
    assert len(listed) == images and len({image.key for image in listed}) == images
    counts = [sum(image.species == bird for image in listed) for bird in {image.species for image in listed}]
    assert min(counts) >= 2 and max(counts) - min(counts) <= 1
    train = sum(image.species.split == "train" for image in listed)
    assert abs(train / images - 0.75) < 0.05
    halves = sum(image.in_cub_train for image in listed) / images
    assert images < 400 or 0.45 < halves < 0.55


def test_a_script_without_a_guard_draws_with_several_processes(tmp_path: Path) -> None:
    """Each process would run the script anew and draw in its turn, or wait for a lock that the script holds."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from t2ibench_simulations.simbirds.make import make_simbirds\n"
        f"print(make_simbirds(Path({str(tmp_path / 'birds')!r}), 24, {SIZE}, processes=2)['images'])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "24\n", done.stderr
