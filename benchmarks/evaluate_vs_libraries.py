"""One set of images, measured by torch-fidelity, clean-fid, pytorch-fid and t2ibench: the same numbers, at what cost?

    python benchmarks/evaluate_vs_libraries.py                   # 320 images, some ten minutes on two quiet cores
    python benchmarks/evaluate_vs_libraries.py --images 40     # a check of the agreement alone
    python benchmarks/evaluate_vs_libraries.py --memory          # peak memory at 500 and at 4,000 images

Half of the images are the reference, half are judged. They are drawn by code (simbirds at 256 pixels; the judged ones
are of the other split, and blurred), and the Inception weights are random but calibrated, in the files' real forms:
nothing is downloaded. Every contestant runs in a process of its own, so that CPU seconds and peak memory are its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from random_inception import STATE_FILE, write_random_inception  # noqa: E402

PYTORCH_FID_FILE = "pt_inception-2015-12-05-6726825d.pth"
SIDE = 256
NEIGHBOURS = 3
"""k of precision and recall in torch-fidelity."""
TF = ("is-tf", "is-1-tf", "fid-tf", "kid-tf", "precision-tf", "recall-tf", "density-tf", "coverage-tf")
ALL = (*TF, "fid-clean", "kid-clean", "fid-pytorch-fid")
TABLES = """
[datasets.speed]
adapter = "simbirds"
protocol = "speed"
options = {{ images = {images}, size = 256, seed = 1 }}
[protocols.speed]
samples = {samples}
resolution = 256
metrics = []
[metrics.is-1-tf]
metric = "inception_score"
features = "inception-tf"
options = {{ splits = 1 }}
profile = "tf"
"""
TARGETS = (0.50, 0.40)
"""Of torch-fidelity's time for its metrics; of the three libraries' for everything."""
AGREEMENT = 1e-4


@dataclass
class Run:
    """What one contestant said and what it cost."""

    name: str
    values: dict[str, float] = field(default_factory=dict)
    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0


def main() -> None:
    """Prepare, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=320, help="of both sides together")
    parser.add_argument("--folder", type=Path, default=None, help="where files are kept; a temporary folder by default")
    parser.add_argument("--memory", action="store_true", help="measure peak memory only, on a small extractor")
    parser.add_argument("--child", choices=sorted(CHILDREN), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print("\n" + json.dumps(CHILDREN[arguments.child](arguments.folder, arguments.images)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.memory:
            memory_rows(folder)
        else:
            compare(folder, arguments.images)


def compare(folder: Path, images: int) -> None:
    """Run every contestant on the same images, print what they say and cost, and whether the targets are met."""
    # In a process of its own: what a parent has held counts as the peak of children that need less.
    count = int(child("prepare", folder, images).values["images"])
    for name in ("workspace-tf", "workspace-all"):
        command("prepare", folder, folder / name, (), prepare=True)
    print(f"{count} images judged against {count}, {SIDE} x {SIDE}; Inception weights random, calibrated\n")
    libraries = [child("torch-fidelity", folder, images), child("clean-fid", folder, images)]
    if importlib.util.find_spec("pytorch_fid"):
        libraries.append(child("pytorch-fid", folder, images))
    ours = [
        command("t2ibench, profile tf", folder, folder / "workspace-tf", TF),
        command("t2ibench, all profiles", folder, folder / "workspace-all", ALL),
        command("t2ibench, asked again", folder, folder / "workspace-all", ALL),
    ]
    agree = print_values([*libraries, *ours[:2]])
    print_costs([*libraries, *ours])
    together = sum(run.wall for run in libraries)
    share_tf, share_all = ours[0].wall / libraries[0].wall, ours[1].wall / together
    verdicts = [
        (f"agreement within {AGREEMENT:g} of each other", agree),
        (f"profile tf: {share_tf:.2f} of torch-fidelity's time, at most {TARGETS[0]:.2f}", share_tf <= TARGETS[0]),
        (f"all profiles: {share_all:.2f} of the libraries' time one after another, at most {TARGETS[1]:.2f}",
         share_all <= TARGETS[1]),
        (f"asked again: {ours[2].wall:.1f} s, below 5 s", ours[2].wall < 5),
    ]  # fmt: skip
    for text, met in verdicts:
        print(f"{'met    ' if met else 'NOT MET'}  {text}")


def prepare(folder: Path, images: int) -> dict[str, float]:
    """Make the weights, draw the images, export both sides as folders of PNG files; return images a side."""
    from PIL import Image, ImageFilter

    from t2ibench.core.spec.benchmarks import load_benchmarks
    from t2ibench.core.workspace import Workspace
    from t2ibench.data.open import open_dataset
    from t2ibench.evaluation.external.export import export_images
    from t2ibench.evaluation.images.plan import reference_plan
    from t2ibench.evaluation.images.sources import ground_truth, real_of_other_split

    write_random_inception(folder / "weights")
    hub = folder / "hub" / "hub" / "checkpoints"
    hub.mkdir(parents=True, exist_ok=True)
    for place in (hub, folder / "weights"):
        if not (place / PYTORCH_FID_FILE).exists():
            shutil.copyfile(folder / "weights" / STATE_FILE, place / PYTORCH_FID_FILE)
    config = folder / "benchmarks.toml"
    text = (ROOT / "benchmarks.toml").read_text()
    config.write_text(text + TABLES.format(images=2 * images, samples=0))
    manifest = open_dataset("speed", load_benchmarks(config).content, Workspace(folder / "workspace-tf"))
    plan = reference_plan(manifest, "test")
    config.write_text(text + TABLES.format(images=2 * images, samples=len(plan)))
    if not (folder / "reference").exists():
        export_images(ground_truth(manifest, plan, SIDE), plan, folder / "reference", batch_size=50)
        export_images(real_of_other_split(manifest, plan, SIDE), plan, folder / "judged", batch_size=50)
        for name in ("reference", "judged"):
            (folder / name / "manifest.jsonl").unlink()
        for path in (folder / "judged").glob("*.png"):
            with Image.open(path) as image:
                image.filter(ImageFilter.GaussianBlur(1.5)).save(path)
    for name in ("workspace-tf", "workspace-all"):
        shutil.rmtree(folder / name / "store", ignore_errors=True)
        shutil.rmtree(folder / name / "results", ignore_errors=True)
    shutil.copytree(folder / "workspace-tf", folder / "workspace-all", dirs_exist_ok=True)
    return {"images": len(plan)}


def command(name: str, folder: Path, workspace: Path, metrics: Sequence[str], *, prepare: bool = False) -> Run:
    """Run `t2ibench eval` on the judged folder in a process of its own, or prepare its data set."""
    if prepare:
        words = ["data", "prepare", "speed"]
    else:
        words = ["eval", "--images", str(folder / "judged"), "--data", "speed", "--metrics", ",".join(metrics)]
        words += ["--weights-dir", str(folder / "weights"), "--no-controls", "--json", "--device", "cpu"]
    words += ["--config", str(folder / "benchmarks.toml"), "--workspace", str(workspace)]
    run, output = measured(name, [sys.executable, "-m", "t2ibench", *words], folder)
    for record in () if prepare else json.loads(output):
        if record["status"] != "ok":
            raise SystemExit(f"{record['metric']['column']}: {record['error']}")
        run.values[record["metric"]["column"]] = record["value"]
    return run


def child(name: str, folder: Path, images: int) -> Run:
    """Run a library, or the preparation, in a process of its own."""
    script = [sys.executable, str(Path(__file__).resolve()), "--child", name, "--folder", str(folder)]
    run, output = measured(name, [*script, "--images", str(images)], folder)
    run.values = json.loads(output.splitlines()[-1])  # libraries print what they like before
    return run


def measured(name: str, words: Sequence[str], folder: Path) -> tuple[Run, str]:
    """Return (wall, CPU and peak memory of a process; its stdout). Ends the script if the process fails."""
    print(f"running {name} ...", file=sys.stderr)
    with (folder / "stdout.txt").open("w+") as out, (folder / "stderr.txt").open("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=out, stderr=err, cwd=ROOT, env=os.environ | {"TORCH_HOME": str(folder / "hub")}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        if os.waitstatus_to_exitcode(status):
            raise SystemExit(f"{name} failed:\n{err.read()[-2000:]}")
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Run(name, wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=peak), out.read()


def torch_fidelity(folder: Path, images: int) -> dict[str, float]:
    """Return what torch-fidelity measures in its one pass."""
    import torch_fidelity

    count = len(list((folder / "reference").glob("*.png")))
    found = torch_fidelity.calculate_metrics(
        input1=str(folder / "judged"),
        input2=str(folder / "reference"),
        cuda=False,
        isc=True,
        fid=True,
        kid=True,
        prc=True,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(folder / "weights" / STATE_FILE),
        isc_splits=1,  # with more, its shuffle and ours deal the images otherwise
        kid_subset_size=min(1000, count),
        prc_neighborhood=NEIGHBOURS,
        save_cpu_ram=True,
        cache=False,  # its key lacks the weights and the folder's content
        verbose=False,
    )
    return {
        "is-1-tf": found["inception_score_mean"],
        "fid-tf": found["frechet_inception_distance"],
        "kid-tf": found["kernel_inception_distance_mean"],
        "precision-tf": found["precision"],
        "recall-tf": found["recall"],
    }


def clean_fid(folder: Path, images: int) -> dict[str, float]:
    """Return clean-fid's FID and KID from one pass over each folder."""
    import torch
    from cleanfid import fid
    from cleanfid.inception_torchscript import InceptionV3W

    network = InceptionV3W(str(folder / "weights"), download=False, resize_inside=False).eval()
    options: dict[str, Any] = {"num_workers": 0, "device": torch.device("cpu"), "mode": "clean", "verbose": False}
    with torch.no_grad():
        judged = fid.get_folder_features(str(folder / "judged"), network, **options)
        reference = fid.get_folder_features(str(folder / "reference"), network, **options)
    found = {"kid-clean": float(fid.kernel_distance(judged, reference))}
    try:
        found["fid-clean"] = float(fid.fid_from_feats(judged, reference))
    except ValueError as error:  # as pytorch-fid's
        print(f"clean-fid gave no FID ({error}); its time counts all the same.", file=sys.stderr)
    return found


def pytorch_fid(folder: Path, images: int) -> dict[str, float]:
    """Return pytorch-fid's FID; its weights come from torch hub's folder."""
    from pytorch_fid.fid_score import calculate_fid_given_paths

    paths = [str(folder / "judged"), str(folder / "reference")]
    try:
        value = calculate_fid_given_paths(paths, batch_size=50, device="cpu", dims=2048, num_workers=0)
    except ValueError as error:  # its matrix square root gives up now and then with fewer images than features
        print(f"pytorch-fid gave no FID ({error}); its time counts all the same.", file=sys.stderr)
        return {}
    return {"fid-pytorch-fid": float(value)}


CHILDREN = {
    "prepare": prepare,
    "torch-fidelity": torch_fidelity,
    "clean-fid": clean_fid,
    "pytorch-fid": pytorch_fid,
}


def print_values(runs: Sequence[Run]) -> bool:
    """Print a line a measure, and return whether libraries and ours agree."""
    columns = list(dict.fromkeys(column for run in runs for column in run.values))
    width = max(len(run.name) for run in runs)
    print(f"{'':16}" + "".join(f"{run.name:>{width + 2}}" for run in runs) + "   largest relative difference")
    agree = True
    for column in columns:
        found = [run.values.get(column) for run in runs]
        known = [value for value in found if value is not None]
        apart = (max(known) - min(known)) / max(abs(value) for value in known) if any(known) else 0.0
        several = sum(value is not None for value in found[:-2]) > 0
        agree &= not several or apart <= AGREEMENT
        shown = "".join(f"{'' if value is None else format(value, '.6f'):>{width + 2}}" for value in found)
        print(f"{column:16}{shown}   {format(apart, '.1e') if several else ''}")
    print()
    return agree


def print_costs(runs: Sequence[Run]) -> None:
    """Print a line a contestant."""
    print(f"{'':24}{'wall s':>10}{'CPU s':>10}{'peak MiB':>10}")
    for run in runs:
        print(f"{run.name:24}{run.wall:10.1f}{run.cpu:10.1f}{run.peak / 2**20:10.0f}")
    print()


def memory_rows(folder: Path) -> None:
    """Print the peak memory of IS and FID with the small extractor that comes with the package, at two sizes."""
    import numpy as np
    from PIL import Image

    config = folder / "benchmarks.toml"
    config.write_text((ROOT / "benchmarks.toml").read_text())
    generator = np.random.default_rng(0)
    base = ["--config", str(config), "--workspace", str(folder / "workspace"), "--device", "cpu"]
    measured("data", [sys.executable, "-m", "t2ibench", "data", "prepare", "simbirds", *base[:4]], folder)
    peaks = []
    for count in (500, 500, 4000):  # the first one fills the store with the reference
        place = folder / f"noise-{count}-{len(peaks)}"
        place.mkdir()
        for index in range(count):
            Image.fromarray(generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(place / f"{index:05}.png")
        words = ["eval", "--images", str(place), "--data", "simbirds", "--metrics", "is-simnet,fid-simnet"]
        run, _ = measured(
            f"{count} images", [sys.executable, "-m", "t2ibench", *words, "--no-controls", "--json", *base], folder
        )
        peaks.append(run.peak)
        print(f"{count:6,} images: peak {run.peak / 2**20:.0f} MiB, {run.wall:.1f} s")
    growth = peaks[2] / peaks[1] - 1
    print(f"{'met    ' if growth < 0.05 else 'NOT MET'}  peak memory grows by {100 * growth:.1f} %, below 5 %")


if __name__ == "__main__":
    main()
