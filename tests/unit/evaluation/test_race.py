"""Files are replaced at random moments while they are read: what is stored is that of the bytes its digest names.

What `eval --images` and `statistics` do with a folder, and `data prepare --cache` with a data set. More rounds by hand:

    T2IBENCH_RACES=50 python -m pytest tests/unit/evaluation/test_race.py
"""

import os
import random
import shutil
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry
from t2ibench.core.storage.store import ARRAYS, Store
from t2ibench.core.workspace import Workspace
from t2ibench.data.batches.cache import open_cache
from t2ibench.data.images import make_cache, read_base
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.external.folder_source import FolderSource
from t2ibench.evaluation.images.plan import make_plan, reference_plan
from t2ibench.evaluation.images.sources import ground_truth
from t2ibench.evaluation.measuring.collect import Making, collect
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.features.context import FeatureContext

RACES = int(os.environ.get("T2IBENCH_RACES", "4"))
COUNT, RESOLUTION = 40, 16
SETTINGS = {"resolution": RESOLUTION, "quantise": "round"}


def paint(path, draw):
    """Write another image of the same size, in a file of the same length, in place or by another inode."""
    pixels = np.frombuffer(draw.randbytes(24 * 24 * 3), dtype=np.uint8).reshape(24, 24, 3)
    place = path if draw.random() < 0.5 else path.with_suffix(".part")
    before = path.stat() if path.exists() else None
    Image.fromarray(pixels).save(place, "BMP")
    if place != path:
        place.replace(path)
    if before is not None and draw.random() < 0.5:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def replaced(folder, seed):
    """Replace files of a folder at random moments until the block ends."""
    draw, ended = random.Random(seed), threading.Event()
    files = sorted(folder.glob("*.bmp")) + sorted(folder.glob("*.png"))

    def work():
        for _ in range(draw.choice((1, 3, 30))):
            if ended.wait(draw.random() ** 3 * 0.15):
                return
            paint(draw.choice(files), draw)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "images"
    made.mkdir()
    draw = random.Random(0)
    for number in range(COUNT):
        paint(made / f"{number:02d}.png", draw)  # BMP by content: every one has the same length
    return made


@pytest.fixture
def extractor(place):
    return Extractor(FeatureContext(name="colours", entry=place[1].features["colours"]))


def test_stored_features_are_those_of_the_digests_bytes(tmp_path, folder, manifest, protocol, extractor, monkeypatch):
    import t2ibench.evaluation.measuring.collect as module

    monkeypatch.setattr(module, "CHUNK", 10)  # some are stored before others are refused
    store, plan = Store(tmp_path / "store"), make_plan(manifest, protocol, samples=COUNT)
    kept, checked, refused = {}, 0, 0

    def judged(place, store):
        source = FolderSource(place, manifest, "test", resolution=RESOLUTION, memory=store.folder / "folders")
        wanted = source.plan_of(plan)
        return source, lambda: collect(source, wanted, [extractor], Making(store, SETTINGS, 10))

    for race in range(RACES):
        for path in folder.iterdir():  # the bytes that a scan can have found: before, and whatever comes
            kept[digest_of_file(path)] = path.read_bytes()
        source = None
        with replaced(folder, race):
            try:
                source, run = judged(folder, store)
                names = {file: digest for file, digest in source._sha256_of.items()}
                for file, digest in names.items():
                    content = (folder / file).read_bytes()
                    kept.setdefault(digest_of_file(folder / file), content)
                    assert digest
                run()
            except UserError as error:
                refused += 1
                assert "has changed" in str(error) or "cannot be read" in str(error)
        if source is None or not set(source._sha256_of.values()) <= kept.keys():
            continue  # bytes that were there for a moment only: no folder can be made of them again
        copy = tmp_path / f"copy{race}"
        copy.mkdir()
        for file, digest in source._sha256_of.items():
            (copy / file).write_bytes(kept[digest])
        same, again = judged(copy, store)
        assert same.identity == source.identity
        _, fresh = judged(copy, Store(tmp_path / f"fresh{race}"))
        one, other = again().features["colours"], fresh().features["colours"]
        for layer in one:
            np.testing.assert_array_equal(np.asarray(one[layer]), np.asarray(other[layer]))
        checked += 1
        shutil.rmtree(copy)
    assert checked > 0
    assert list((tmp_path / "store").rglob(ARRAYS))
    print(f"{RACES} races, {refused} refused, {checked} looked up again")


def test_prepared_data_and_caches_are_those_of_the_digests_bytes(tmp_path, folder, extractor):
    entry = DatasetEntry(adapter="folder", protocol="p")
    benchmarks = Benchmarks.model_construct(datasets={"own": entry})
    lines = "".join(f"{number:02d}.png,a red bird,{'test' if number % 4 else 'train'}\n" for number in range(COUNT))
    (folder / "captions.csv").write_text(f"file,caption,split\n{lines}")
    store, refused, checked = Store(tmp_path / "store"), 0, 0
    for race in range(RACES):
        workspace = Workspace(tmp_path / f"ws{race % 3}")  # prepared before, and anew
        with replaced(folder, 1000 + race):
            try:
                manifest = open_dataset("own", benchmarks, workspace, root=folder)
                make_cache(manifest, RESOLUTION)
                plan = reference_plan(manifest, "test")
                source = ground_truth(manifest, plan, RESOLUTION)
                collect(source, plan, [extractor], Making(store, SETTINGS, 10))
            except UserError as error:
                refused += 1
                assert "chang" in str(error) or "damaged" in str(error) or "cannot be read" in str(error), error
        manifest = open_dataset("own", benchmarks, workspace, root=folder)  # at rest
        assert all(digest_of_file(manifest.path(one)) == one.sha256 for one in manifest.images)
        cache = open_cache(manifest, RESOLUTION)
        for one in manifest.images if cache is not None else ():
            np.testing.assert_array_equal(cache.pixels(one.id), np.asarray(read_base(manifest, one, RESOLUTION)))
        plan = reference_plan(manifest, "test")
        found = [
            collect(ground_truth(manifest, plan, RESOLUTION), plan, [extractor], Making(place, SETTINGS, 10))
            for place in (store, Store(tmp_path / f"fresh{race}"))
        ]
        for layer in ("pool", "logits"):
            one, other = (np.asarray(each.features["colours"][layer]) for each in found)
            np.testing.assert_array_equal(one, other)
        checked += 1
        time.sleep(0.01)
    assert checked == RACES
    print(f"{RACES} races, {refused} refused")
