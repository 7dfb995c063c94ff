"""A tiny data set in CUB's layout: eight images of one grey level each, so that a pixel tells the image."""

import pickle
from pathlib import Path

import pytest
from PIL import Image

from t2ibench.core.spec.benchmarks import DatasetEntry, SourceFile
from t2ibench.data.cub import CUB

BIRDS = {
    "train": {"001.Red_Wren": 3, "002.Blue_Jay": 2, "003.Grey_Owl": 1},
    "test": {"004.Tiny_Tit": 2},
}
FILES = {
    "CUB_200_2011.tgz": SourceFile(url="https://example.org/CUB.tgz", note="unpack it"),
    "birds.zip": SourceFile(url="https://example.org/birds.zip", note="by hand"),
}


def write_birds(root: Path, captions: int = 10, nested: bool = False) -> list[str]:
    """Write the tiny set and return its keys; `nested` puts CUB_200_2011 into the metadata's folder."""
    metadata = root if nested else root / "birds"
    photos = (metadata if nested else root) / "CUB_200_2011"
    keys = []
    for split, classes in BIRDS.items():
        names, ids = [], []
        for name, count in classes.items():
            for number in range(count):
                key = f"{name}/{name[4:]}_{number:04d}"
                level = 20 * (len(keys) + 1)
                for kind, suffix in (("images", ".jpg"), ("text", ".txt")):
                    folder = photos if kind == "images" else metadata
                    (folder / kind / name).mkdir(parents=True, exist_ok=True)
                    file = folder / kind / f"{key}{suffix}"
                    if kind == "images":
                        Image.new("RGB", (40 + len(keys), 30), (level, level, level)).save(file)
                    else:
                        file.write_text("\n".join(f"bird {number} , caption {i}" for i in range(captions)) + "\n\n")
                keys.append(key)
                names.append(key)
                ids.append(int(name[:3]))
        (metadata / split).mkdir(parents=True, exist_ok=True)
        (metadata / split / "filenames.pickle").write_bytes(pickle.dumps(names, protocol=0))
        (metadata / split / "class_info.pickle").write_bytes(pickle.dumps(ids, protocol=2))
    (photos / "images.txt").write_text("".join(f"{i} {key}.jpg\n" for i, key in enumerate(keys, 1)))
    (photos / "bounding_boxes.txt").write_text("".join(f"{i} 10.0 5.0 20.0 15.0\n" for i in range(1, len(keys) + 1)))
    return keys


@pytest.fixture
def birds(tmp_path):
    """The folder of a tiny set, in cub-mini's layout."""
    root = tmp_path / "tiny"
    write_birds(root)
    return root


@pytest.fixture
def entry():
    return DatasetEntry(adapter="cub", protocol="p", splits={"train": 6, "test": 2}, files=FILES)


@pytest.fixture
def manifest(birds, entry):
    return CUB("cub", entry).read(birds)


@pytest.fixture
def drawings(monkeypatch):
    """A list that collects what was really drawn, as (images, size, seed)."""
    from t2ibench_simulations.simbirds import make

    calls = []
    original = make.make_simbirds

    def make_simbirds(root, images, size, seed, processes=None):
        known = root.exists()
        summary = original(root, images, size, seed, processes)
        if not known:
            calls.append((images, size, seed))
        return summary

    monkeypatch.setattr(make, "make_simbirds", make_simbirds)
    return calls


@pytest.fixture
def birds_writer():
    return write_birds


@pytest.fixture
def cub_mini():
    """The real photos that developers have beside the repository."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "cub-mini"
    if not folder.is_dir():
        pytest.skip("the real photos of ../shared/data/cub-mini are not on this machine")
    return folder
