"""From a data set's name to its manifest: prepared once, found again in well under a second."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError, did_you_mean, require_known
from t2ibench.core.files import check_writable, digest_of
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry
from t2ibench.core.storage.claims import claimed
from t2ibench.core.workspace import Workspace
from t2ibench.data.adapter import DatasetAdapter, DrawnDataset, MadeOfFiles, how_to_bring
from t2ibench.data.fetch.install import unfinished
from t2ibench.data.manifest import FILE_NAME, FORMAT, Manifest, images_changed, read_manifest, stamp_of, written_since
from t2ibench.data.own_datasets import read_settings

DRAWN: Final = "files"
"""Folder of drawn files in a data set's folder of the workspace."""
_READINGS: Final = 4
_TICK: Final = 0.02
"""Seconds by which a file's time may lag behind the clock."""


def open_dataset(
    name: str,
    benchmarks: Benchmarks,
    workspace: Workspace,
    *,
    root: Path | None = None,
    partial: bool | None = None,
) -> Manifest:
    """Return the manifest of a data set, prepared now unless that was done before and nothing has changed since.

    A manifest is kept in the workspace with the folder it was made from, so `root` is needed once only. A drawn data
    set is drawn into the workspace where no folder was ever named.

    Args:
        name: as in benchmarks.toml.
        benchmarks: its content.
        workspace: where manifests and drawn files are kept.
        root: folder of the files; None takes the folder named last time, or the drawn files.
        partial: whether images that are missing or not usable may be left out; None takes what was remembered of the
            last `t2ibench data prepare`, else no.

    Raises:
        UserError: the name is unknown (near names are given); files are missing or damaged; or nothing is known of
            where the files are.
    """
    entry = _entry(name, benchmarks)
    folder = workspace.data / name
    root = None if root is None else Path(os.path.normpath(root.absolute()))
    if partial is None:
        partial = partial_remembered(workspace, name, root)
    found = _prepared(name, entry, folder, root, partial)
    if found is not None:
        return found
    check_writable(folder)
    with claimed(folder / "preparation"):  # two runs that start at once prepare once
        found = _prepared(name, entry, folder, root, partial)
        if found is not None:
            return found
        return _prepare(name, entry, folder, root, partial)


def partial_remembered(workspace: Workspace, name: str, root: Path | None) -> bool:
    """Return whether images of a data set may be left out: what was said of its folder holds for that folder alone.

    Args:
        workspace: where it was remembered.
        name: of the data set.
        root: the folder asked for now; None for the last.
    """
    if not read_settings(workspace, name).partial:
        return False
    return root is None or Path(os.path.normpath(root.absolute())) == _last_root(workspace.data / name / FILE_NAME)


def prepared_datasets(benchmarks: Benchmarks, workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the data sets whose manifest lies in the workspace, in the order of benchmarks.toml."""
    return tuple(name for name in benchmarks.datasets if (workspace.data / name / FILE_NAME).is_file())


def adapter_of(name: str, benchmarks: Benchmarks) -> DatasetAdapter:
    """Return the adapter of a data set of benchmarks.toml.

    Raises:
        UserError: the data set or its adapter is unknown, with near names.
    """
    return _adapter(name, _entry(name, benchmarks))


def _adapter(name: str, entry: DatasetEntry) -> DatasetAdapter:
    if entry.adapter not in registry("datasets"):
        raise UserError(
            f"The data set {name} needs the adapter {entry.adapter!r}, which no installed package offers: install the "
            "package that brings it (for simulated data t2ibench_simulations, a part of t2ibench), or take another "
            f"of `t2ibench list datasets`.{did_you_mean(entry.adapter, registry('datasets'))}"
        )
    adapter = registry("datasets")[entry.adapter](name, entry)
    if not isinstance(adapter, DatasetAdapter):
        raise UserError(f"The adapter {entry.adapter!r} of {name} has no method `read`: its package must be corrected.")
    return adapter


def _entry(name: str, benchmarks: Benchmarks) -> DatasetEntry:
    require_known(
        "data set",
        benchmarks.datasets,
        name,
        hint="`t2ibench list datasets` shows them all; images of your own become one by "
        f"`t2ibench data prepare {name} --adapter folder --root FOLDER`.",
    )
    return benchmarks.datasets[name]


def _prepared(name: str, entry: DatasetEntry, folder: Path, root: Path | None, partial: bool) -> Manifest | None:
    """Return the manifest kept in `folder` if it is what would be made now."""
    if not (folder / FILE_NAME).is_file():
        return None
    try:
        manifest = read_manifest(folder / FILE_NAME)
    except UserError:  # of an older form, or damaged: it can always be made anew
        return None
    adapter = _adapter(name, entry)
    if manifest.made and manifest.root != folder / DRAWN:  # those of the workspace that this one was copied from
        return None
    if manifest.format != FORMAT or (root is not None and manifest.root != _place_of(adapter, root, folder)):
        return None
    if manifest.request != _request(adapter, entry, manifest.made) or (manifest.missing and not partial):
        return None
    return dataclasses.replace(manifest, home=folder) if manifest.stamp == _stamp(manifest) else None


def _prepare(name: str, entry: DatasetEntry, folder: Path, root: Path | None, partial: bool) -> Manifest:
    adapter = _adapter(name, entry)
    drawn = folder / DRAWN
    if root is None:
        root = _last_root(folder / FILE_NAME)
    made = root is None or root == drawn
    if made:
        if not isinstance(adapter, DrawnDataset):
            raise UserError(f"The data set {name} is not there yet. {how_to_bring(name, entry)}")
        print(f"The images of {name} are drawn by code, into {drawn}.", file=sys.stderr)
        adapter.draw(drawn, {}, replace=True)
        root = drawn
    assert root is not None
    place = _place_of(adapter, root, folder)
    if place != root and isinstance(adapter, MadeOfFiles):
        print(f"The images of {name} are made of the files in {root}, into {place}.", file=sys.stderr)
        adapter.make(root, place)
        root = place
    moving = unfinished(root)
    if moving:
        raise UserError(
            f"{root} is not whole: `t2ibench data fetch` was stopped while it moved the files of {', '.join(moving)}. "
            f"Run `t2ibench data fetch {name} --root {root}` again; it goes on from there."
        )
    read, stamp = _read_at_rest(adapter, name, root, partial=partial and not made)
    manifest: Manifest = dataclasses.replace(
        read, made=made, request=_request(adapter, entry, made), stamp=stamp, home=folder
    )
    manifest.write(folder / FILE_NAME, within=folder.parent.parent)
    for warning in (*manifest.caveats, *manifest.warnings):
        print(f"Warning: {warning}", file=sys.stderr)
    return manifest


def _read_at_rest(adapter: DatasetAdapter, name: str, root: Path, *, partial: bool) -> tuple[Manifest, str]:
    """Return what an adapter reads, and a stamp of the very files that were read: read again where they changed.

    Raises:
        UserError: they change whenever they are read.
    """
    known = ""
    for _ in range(_READINGS):
        began = time.time_ns()
        time.sleep(_TICK)  # the times of what is written from now on lie after `began`
        read = adapter.read(root, partial=True) if partial else adapter.read(root)
        stamp, sources = _stamp(read), stamp_of(read.root, read.sources)
        at_rest = sources == known or not written_since(read.root, read.sources, began)
        if at_rest and not images_changed(read, written_since(read.root, [one.file for one in read.images], began)):
            return read, stamp
        known = sources
    raise UserError(
        f"The files of {name} in {root} change while they are read. Run `t2ibench data prepare {name}` again when they "
        "are at rest."
    )


def _place_of(adapter: DatasetAdapter, root: Path, folder: Path) -> Path:
    """Return the folder to read for the one named: another where the images are made of its files."""
    return adapter.place_of(root, folder) if isinstance(adapter, MadeOfFiles) and root.is_dir() else root


def _last_root(path: Path) -> Path | None:
    """Return the folder that a user named last, if it can be told; that of drawn files is no such."""
    try:
        manifest = read_manifest(path) if path.is_file() else None
    except UserError:
        return None
    return None if manifest is None or manifest.made else manifest.root


def _request(adapter: DatasetAdapter, entry: DatasetEntry, made: bool) -> str:
    """Return the digest of the settings that a manifest depends on; what users bring does not depend on drawing."""
    options = dict(entry.options)
    if isinstance(adapter, DrawnDataset):
        options = dict(adapter.drawing({})) if made else {}
    return digest_of([entry.adapter, entry.captions_per_image, dict(entry.splits), options])


def _stamp(manifest: Manifest) -> str:
    return stamp_of(manifest.root, [*manifest.sources, *(image.file for image in manifest.images)])
