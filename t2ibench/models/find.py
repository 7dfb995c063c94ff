"""Finding trained and imported models by what a user types."""

from __future__ import annotations

from pathlib import Path

from t2ibench.core.errors import UserError, require_known, unknown_name
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.models.folder import ModelFolder, is_model_folder, read_model_folder
from t2ibench.models.shipped import shipped_models


def find_models(
    workspace: Workspace, selector: str, dataset: str | None = None, *, benchmarks: Benchmarks | None = None
) -> list[ModelFolder]:
    """Return the models or encoders that a selector means, newest first; of one run the longest trained comes first.

    Those that came with the package are last.

    Args:
        workspace: whose runs are searched.
        selector: "attngan"; "attngan:attngan1"; "attngan@1f3a", of whose spec or identity the digest begins so; or the
            path of a model folder or a run folder.
        dataset: only models that learned from it; None for all. A path is taken whatever it learned from.
        benchmarks: content of benchmarks.toml; None leaves the shipped models out.

    Imported weights count as trained. Models of 0 steps are found by their path only. Sizes of files are checked,
    digests are not: loading does that.
    """
    path = Path(selector)
    if "/" in selector or path.is_dir():
        folders = [path] if is_model_folder(path) else _under(path)
        return _sorted([read_model_folder(folder, verify=False) for folder in folders])
    selector = selector if benchmarks is None else benchmarks.spelled(selector)
    label, _, prefix = selector.partition("@")
    found = []
    for folder in _folders(workspace, label, dataset):
        try:
            model = read_model_folder(folder, verify=False)
        except UserError:
            continue  # half copied or damaged: it is not there as far as a search goes
        fits = model.description.spec.startswith(prefix) or model.identity.startswith(prefix)
        if model.description.learned and model.label == label and fits:
            found.append(model)
    own = _sorted(found)
    return own if benchmarks is None else [*own, *_shipped(benchmarks, label, prefix, dataset)]


def require_model(
    workspace: Workspace, selector: str, benchmarks: Benchmarks, dataset: str | None = None
) -> ModelFolder:
    """Return the newest model that a selector means.

    Raises:
        UserError: there is none; the text names the command that would make it, or near names. Or one that may be meant
            is damaged: another one does not take its place unasked.
    """
    selector = benchmarks.spelled(selector)
    found = find_models(workspace, selector, dataset, benchmarks=benchmarks)
    if "/" not in selector and "@" not in selector:
        _refuse_damaged(workspace, selector, dataset)
    if found:
        return found[0]
    if "/" in selector:
        raise UserError(f"{selector} is not a model folder, nor a run's folder with a trained model in it.")
    label = selector.partition("@")[0]
    base, _, variant = label.partition(":")
    entries = {**benchmarks.encoders, **benchmarks.models}
    require_known("model", entries, base, hint="`t2ibench list models` shows them all.")
    if variant and variant not in entries[base].variants:
        raise unknown_name(f"variant of {base}", variant, entries[base].variants)
    where = f" on {dataset}" if dataset else ""
    data = f" --data {dataset}" if dataset else ""
    others = [name for name in entries[base].variants if find_models(workspace, f"{base}:{name}", dataset)]
    there = f" There is {' and '.join(f'{base}:{name}' for name in others)}." if others and not variant else ""
    raise UserError(f"{selector} is not trained{where} yet. `t2ibench train {label}{data}` trains it.{there}")


def require_drawing_model(
    workspace: Workspace, selector: str, benchmarks: Benchmarks, dataset: str | None = None
) -> ModelFolder:
    """Return what `require_model` returns, a model that makes images. Raises UserError also for an encoder."""
    found = require_model(workspace, selector, benchmarks, dataset)
    if found.description.kind != "model":
        raise UserError(f"{selector} is an encoder, which makes no images: name a model.")
    return found


def _shipped(benchmarks: Benchmarks, label: str, prefix: str, dataset: str | None) -> list[ModelFolder]:
    models = shipped_models(benchmarks, dataset)
    return [model for model in models if model.label == label and model.identity.startswith(prefix)]


def _refuse_damaged(workspace: Workspace, label: str, dataset: str | None) -> None:
    for folder in _folders(workspace, label, dataset):
        try:
            read_model_folder(folder, verify=False)
        except UserError as error:
            raise UserError(
                f"{error} {label} may mean this model, so none other is taken in its place: delete {folder}, or name "
                f"the one you mean by its folder or as {label}@ and the beginning of its digest."
            ) from error


def _folders(workspace: Workspace, label: str, dataset: str | None) -> list[Path]:
    """Return the model folders of a label's runs, whole or not."""
    parent = workspace.runs / label.replace(":", "--")
    runs = sorted(parent.glob("*/*") if dataset is None else (parent / dataset).glob("*"))
    return [folder for run in runs for folder in _under(run)]


def _under(run: Path) -> list[Path]:
    return [folder for folder in (run / "model").glob("step-*") if is_model_folder(folder)]


def _sorted(models: list[ModelFolder]) -> list[ModelFolder]:
    return sorted(models, key=lambda model: (model.description.created, model.steps), reverse=True)
