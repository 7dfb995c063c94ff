"""A data set is prepared once, found again quickly, and prepared anew when anything changed."""

import os

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry
from t2ibench.core.workspace import Workspace
from t2ibench.data import open as opening
from t2ibench.data.cub import CUB
from t2ibench.data.manifest import FILE_NAME
from t2ibench.data.open import adapter_of, open_dataset, prepared_datasets


@pytest.fixture
def workspace(tmp_path):
    return Workspace.at(tmp_path / "ws")


@pytest.fixture
def reads(monkeypatch):
    """Count how often files are read."""
    calls = []
    original = CUB.read

    def read(self, root):
        calls.append(root)
        return original(self, root)

    monkeypatch.setattr(CUB, "read", read)
    return calls


def _benchmarks(entry, **options):
    birds = DatasetEntry(adapter="simbirds", protocol="p", options=options or {"images": 8, "size": 32, "seed": 0})
    return Benchmarks(
        schema=1, datasets={"cub": entry, "simbirds": birds}, models={}, metrics={}, protocols={"p": {"metrics": ()}}
    )


def _open(name, entry, workspace, root=None, **options):
    return open_dataset(name, _benchmarks(entry, **options), workspace, root=root)


def test_the_second_time_nothing_is_read(birds, entry, workspace, reads):
    first = _open("cub", entry, workspace, birds)
    assert _open("cub", entry, workspace) == first == _open("cub", entry, workspace, birds)
    assert len(reads) == 1 and prepared_datasets(_benchmarks(entry), workspace) == ("cub",)


@pytest.mark.parametrize("kind", ["images/004.Tiny_Tit/Tiny_Tit_0000.jpg", "text/004.Tiny_Tit/Tiny_Tit_0000.txt"])
def test_a_changed_file_is_noticed(birds, entry, workspace, kind):
    before = _open("cub", entry, workspace, birds)
    path = birds / ("CUB_200_2011" if kind.startswith("images") else "birds") / kind
    path.write_bytes(b"more\n" + path.read_bytes() if path.suffix == ".txt" else path.read_bytes() + b"more")
    assert _open("cub", entry, workspace).digest != before.digest


def test_a_touched_file_is_read_again_but_the_digest_stays(birds, entry, workspace, reads):
    before = _open("cub", entry, workspace, birds)
    os.utime(birds / "CUB_200_2011" / "images.txt", (1, 1))
    assert _open("cub", entry, workspace).digest == before.digest and len(reads) == 2


def test_a_vocabulary_that_arrives_later_is_noticed(birds, entry, workspace):
    import pickle

    before = _open("cub", entry, workspace, birds)
    (birds / "birds" / "captions.pickle").write_bytes(
        pickle.dumps([[], [], {0: "<end>", 1: "bird"}, {"<end>": 0, "bird": 1}])
    )
    after = _open("cub", entry, workspace)
    assert (before.vocabulary_origin, after.vocabulary_origin) == ("built", "released")


def test_changed_settings_prepare_anew(birds, entry, workspace, reads):
    _open("cub", entry, workspace, birds)
    fewer = entry.model_copy(update={"captions_per_image": 5})
    assert len(_open("cub", fewer, workspace).images[0].captions) == 5 and len(reads) == 2


def test_another_folder_replaces_the_first(birds, entry, workspace, tmp_path, birds_writer):
    _open("cub", entry, workspace, birds)
    birds_writer(tmp_path / "other")
    assert _open("cub", entry, workspace, tmp_path / "other").root == tmp_path / "other"
    assert _open("cub", entry, workspace).root == tmp_path / "other"


def test_a_damaged_manifest_is_made_anew(birds, entry, workspace, reads):
    _open("cub", entry, workspace, birds)
    path = workspace.data / "cub" / FILE_NAME
    path.write_bytes(path.read_bytes()[:99])
    assert len(_open("cub", entry, workspace, birds).images) == 8 and len(reads) == 2


def test_real_data_that_nobody_brought_says_what_to_fetch(entry, workspace):
    with pytest.raises(UserError) as caught:
        _open("cub", entry, workspace)
    for part in ("cub is not there yet", "https://example.org/CUB.tgz", "https://example.org/birds.zip", "--data-root"):
        assert part in str(caught.value)
    assert prepared_datasets(_benchmarks(entry), workspace) == ()


def test_a_folder_that_went_away_is_named(birds, entry, workspace):
    _open("cub", entry, workspace, birds)
    birds.rename(birds.parent / "moved")
    with pytest.raises(UserError, match=f"{birds} is not a folder"):
        _open("cub", entry, workspace)
    assert len(_open("cub", entry, workspace, birds.parent / "moved").images) == 8


def test_unknown_names_have_near_ones(entry, workspace):
    with pytest.raises(UserError, match="Did you mean simbirds"):
        _open("simbird", entry, workspace)
    odd = entry.model_copy(update={"adapter": "cubb"})
    with pytest.raises(UserError, match="Did you mean cub"):
        adapter_of("cub", _benchmarks(odd))


def test_drawn_birds_are_drawn_once_into_the_workspace(entry, workspace, drawings, reads):
    first = _open("simbirds", entry, workspace)
    assert first.made and first.root == workspace.data / "simbirds" / "files"
    assert _open("simbirds", entry, workspace) == first
    assert drawings == [(8, 32, 0)] and len(reads) == 1


def test_other_drawing_options_draw_anew(entry, workspace, drawings):
    first = _open("simbirds", entry, workspace)
    assert _open("simbirds", entry, workspace, images=10, size=32, seed=1).digest != first.digest
    assert _open("simbirds", entry, workspace).digest == first.digest
    assert drawings == [(8, 32, 0), (10, 32, 1), (8, 32, 0)]


def test_a_newer_drawing_version_draws_anew(entry, workspace, drawings, monkeypatch):
    _open("simbirds", entry, workspace)
    monkeypatch.setattr("t2ibench_simulations.simbirds.make.VERSION", 99)
    _open("simbirds", entry, workspace)
    assert len(drawings) == 2


def test_other_settings_do_not_draw_anew(entry, workspace, drawings, reads):
    _open("simbirds", entry, workspace)
    benchmarks = _benchmarks(entry)
    fewer = benchmarks.datasets["simbirds"].model_copy(update={"captions_per_image": 3})
    benchmarks = benchmarks.model_copy(update={"datasets": {"simbirds": fewer}})
    found = open_dataset("simbirds", benchmarks, workspace)
    assert len(found.images[0].captions) == 3 and len(drawings) == 1 and len(reads) == 2


def test_a_lost_manifest_does_not_draw_anew_and_an_unfinished_drawing_is_no_data_set(entry, workspace, drawings):
    _open("simbirds", entry, workspace)
    (workspace.data / "simbirds" / FILE_NAME).unlink()
    _open("simbirds", entry, workspace)
    assert len(drawings) == 1
    (workspace.data / "simbirds" / FILE_NAME).unlink()
    (workspace.data / "simbirds" / "files" / "simbirds.json").unlink()
    with pytest.raises(UserError, match="is no finished simbirds"):
        _open("simbirds", entry, workspace)


def test_a_made_set_can_be_brought(entry, workspace, drawings, tmp_path):
    from t2ibench_simulations.simbirds.make import make_simbirds

    make_simbirds(tmp_path / "mine", 12, 40, 5)
    drawings.clear()
    found = _open("simbirds", entry, workspace, tmp_path / "mine")
    assert not found.made and found.root == tmp_path / "mine" and len(found.images) == 12
    assert _open("simbirds", entry, workspace) == found  # stays until another folder is named
    assert drawings == []


def test_a_wrong_option_is_a_sentence(entry, workspace, drawings):
    with pytest.raises(UserError, match=r"datasets\.simbirds\.options: birds = 3 is not an option"):
        _open("simbirds", entry, workspace, birds=3)


def test_warnings_and_drawing_are_said_on_stderr(birds, entry, workspace, drawings, capsys):
    odd = entry.model_copy(update={"splits": {"train": 8855}})
    benchmarks = _benchmarks(odd)
    open_dataset("cub", benchmarks, workspace, root=birds)
    open_dataset("simbirds", benchmarks, workspace)
    said = capsys.readouterr()
    assert said.out == "" and "Warning: cub has 6 images" in said.err
    assert f"The images of simbirds are drawn by code, into {workspace.data / 'simbirds' / 'files'}" in said.err


def test_nothing_is_kept_of_a_failed_preparation(birds, entry, workspace):
    (birds / "CUB_200_2011" / "images.txt").unlink()
    with pytest.raises(UserError):
        _open("cub", entry, workspace, birds)
    assert not (workspace.data / "cub" / FILE_NAME).exists()


def test_a_second_run_waits_and_then_finds_the_work_done(birds, entry, workspace, monkeypatch, reads):
    """The manifest that another run wrote while this one waited for its claim is taken."""
    original = opening.claimed

    def late(place):
        monkeypatch.setattr(opening, "claimed", original)
        _open("cub", entry, workspace, birds)
        return original(place)

    monkeypatch.setattr(opening, "claimed", late)
    _open("cub", entry, workspace, birds)
    assert len(reads) == 1
