"""Images from somebody's own program: it is given captions and a folder, and what it leaves there is read back."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.files import digest_of, digest_of_file, write_json, write_json_lines
from t2ibench.core.noise import seed_of
from t2ibench.core.storage.claims import claimed
from t2ibench.core.types import SamplePlan
from t2ibench.evaluation.external.image_files import images_of
from t2ibench.evaluation.external.manifest_lines import FILE_NAME

CAPTIONS: Final = "captions.jsonl"
_DONE: Final = "command.json"
_LAST_LINES: Final = 3


def run_command(command: str, plan: SamplePlan, memory: Path) -> Path:
    """Return the folder with the images that a command made for a plan; run it only if that was not done before.

    The command's `{captions}` becomes the path of a captions.jsonl, a line {"caption_id", "sample", "caption", "seed",
    "file"} an image; `{out}` becomes an empty folder. It leaves images there under the names in "file", or under any
    names with a manifest.jsonl. What it made is kept under the digest of the command, of the files named in it and of
    the plan, so a changed program runs again.

    Args:
        command: as in "python my_sampler.py --captions {captions} --out {out}"; no shell is involved.
        plan: what to draw.
        memory: where images are kept.

    Raises:
        UserError: the command lacks `{captions}` or `{out}`, or cannot be started.
        RunFailedError: it failed or left no image; the text holds the last lines of its stderr.
    """
    words = _words(command)
    digests = {word: digest_of_file(Path(word)) for word in words if Path(word).is_file()}
    folder = memory / digest_of([words, digests, plan.digest])[:32]
    out = folder / "images"
    with claimed(folder):  # workers of one evaluation run it once
        if (folder / _DONE).is_file():
            return out
        shutil.rmtree(folder, ignore_errors=True)
        out.mkdir(parents=True)
        captions = folder / CAPTIONS
        files = [f"{index:06}.png" for index in range(len(plan))]
        write_json_lines(
            captions,
            (
                {
                    "caption_id": item.caption.id,
                    "sample": item.sample,
                    "caption": item.caption.text,
                    "seed": seed_of(plan.seed, *item.id, "command"),
                    "file": file,
                }
                for item, file in zip(plan.items, files, strict=True)
            ),
        )
        _run([word.replace("{captions}", str(captions)).replace("{out}", str(out)) for word in words], command)
        _link(out, plan, files, command)
        write_json(folder / _DONE, {"command": command, "files": digests, "plan": plan.digest})
    return out


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UserError(f"The command {command!r} cannot be read ({error}): look at its quotes.") from error
    for place in ("{captions}", "{out}"):
        if not any(place in word for word in words):
            raise UserError(
                f"The command {command!r} lacks {place}: write it where your program wants the "
                f"{'file with the captions' if place == '{captions}' else 'folder to write images to'}, as in "
                "'python my_sampler.py --captions {captions} --out {out}'."
            )
    return words


def _run(words: Sequence[str], command: str) -> None:
    """Run the program; what it prints goes to the user's stderr afterwards only if it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise UserError(f"The command {command!r} cannot be started ({error.strerror}): {words[0]}.") from error
    if done.returncode:
        lines = [" ".join(line.split()) for line in done.stderr.splitlines() if line.strip()]
        said = " / ".join(lines[-_LAST_LINES:])[-600:] or "it wrote nothing to stderr"
        how = f"with status {done.returncode}" if done.returncode > 0 else f"by signal {-done.returncode}"
        raise RunFailedError(f"The command {command!r} ended {how}: {said}")


def _link(out: Path, plan: SamplePlan, files: Sequence[str], command: str) -> None:
    """Write manifest.jsonl where the program left the files it was asked for without one."""
    try:
        names = set(images_of(out).images)
    except UserError as error:
        raise RunFailedError(f"The command {command!r} left no image in the folder it was given.") from error
    if (out / FILE_NAME).is_file():
        return
    if missing := [file for file in files if file not in names]:
        raise RunFailedError(
            f"The command {command!r} left neither a manifest.jsonl nor all the files it was asked for: {missing[0]} "
            f"and {len(missing) - 1} more of {len(files)} are missing."
        )
    write_image_manifest(out, plan, files)


def write_image_manifest(folder: Path, plan: SamplePlan, files: Sequence[str]) -> None:
    """Write the manifest.jsonl of images of a plan, a file an item."""
    write_json_lines(
        folder / FILE_NAME,
        (
            {"file": file, "caption_id": item.caption.id, "sample": item.sample, "caption": item.caption.text}
            for item, file in zip(plan.items, files, strict=True)
        ),
    )
