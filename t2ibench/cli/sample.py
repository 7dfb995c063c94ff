"""`t2ibench sample`: images of a sentence, or of a data set's captions."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import ANY_PATH, arithmetic_options, place_options, seed_option
from t2ibench.core.machine.arithmetic import Arithmetic
from t2ibench.core.place import Place


@click.command("sample")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.argument("captions", nargs=-1, metavar="CAPTION...")
@click.option(
    "-o",
    "--output",
    type=ANY_PATH,
    default=Path("sample.png"),
    show_default=True,
    help="The PNG to write; a .gif shows how it is drawn, of models that draw step by step.",
)
@click.option("--attention", is_flag=True, help="Show every stage, and for every word where the model looked.")
@click.option(
    "--box",
    metavar="X,Y,W,H",
    help="Where the object is to be, in fractions of the side, of models that know boxes.",
)
@click.option(
    "--keypoint",
    "keypoints",
    metavar="PART=X,Y",
    multiple=True,
    help="Where a part of the object is to be, of models that know keypoints; can be repeated, others stay hidden.",
)
@click.option("--samples", type=click.IntRange(1, 64), help="Images a caption.  [default: 4, or 1 with --attention]")
@click.option("--data", "dataset", help="Only a model that learned from this data set.")
@click.option(
    "--out",
    "folder",
    type=ANY_PATH,
    help="Without CAPTION: write the images that `eval --data` would measure into this folder.",
)
@click.option("-n", "count", type=click.IntRange(min=0), help="Captions of --data; with --out, 0 means all of them.")
@click.option("--protocol", help="Protocol that chooses them.  [default: the data set's own]")
@seed_option
@arithmetic_options
@place_options("device", "data_root")
def command(
    model: str,
    captions: tuple[str, ...],
    output: Path,
    attention: bool,
    box: str | None,
    keypoints: tuple[str, ...],
    samples: int | None,
    dataset: str | None,
    folder: Path | None,
    count: int | None,
    protocol: str | None,
    seed: int | None,
    arithmetic: Arithmetic,
    place: Place,
) -> None:
    """Draw images of each CAPTION with the newest trained MODEL.

    MODEL is a name, "name:variant", "name@digest", or the path of a model folder. Prints the file written.

    With --data and -n, and no CAPTION, the first N captions that `eval --data` would ask for are drawn. With --out too,
    images of them become a folder with a manifest.jsonl, for `eval --images` or for any other program.
    """
    from t2ibench.core.errors import UserError
    from t2ibench.core.files import write_bytes
    from t2ibench.models.find import require_model
    from t2ibench.sampling.framed_box import parse_box, parse_keypoints
    from t2ibench.sampling.sample import FILM, check_output, draw_film, draw_sheet, user_captions

    if (box is not None or keypoints) and (folder is not None or output.suffix.lower() == FILM):
        raise UserError("--box and --keypoint are for a .png of a CAPTION: leave out --out, and name a .png.")
    if folder is not None:
        from t2ibench.evaluation.model_images import export_model

        if captions or dataset is None:
            raise UserError("--out wants --data and no CAPTION: it writes images of the data set's captions.")
        made = export_model(
            model, dataset, folder, place, samples=count, protocol=protocol, seed=seed, arithmetic=arithmetic
        )
        click.echo(f"{made:,} images and a manifest.jsonl are in {folder}")
        return
    if not captions and dataset is not None and count:
        from t2ibench.evaluation.model_images import captions_asked

        captions = captions_asked(dataset, count, place, protocol=protocol)
    elif not captions or count is not None or protocol is not None:
        raise UserError(
            'Give a CAPTION, as in "a small bird with a red belly", or --data and -n for captions of a data set, with '
            "--out for a folder of them."
        )
    user_captions(captions)
    check_output(output)
    where = None if box is None else parse_box(box)
    found = require_model(place.workspace, model, place.benchmarks, dataset)
    steps = "official-weights" if found.description.imported else f"of {found.steps} steps"
    if found.description.wrapped is not None:
        steps = f"around {found.description.wrapped.label} of {found.description.wrapped.steps} steps"
    click.echo(f"{found.label} {steps} on {found.dataset}, {found.path}", err=True)
    each = samples or (1 if attention else 4)
    if output.suffix.lower() == FILM:
        content = draw_film(found, captions, samples=each, seed=seed or 0, device=place.device, arithmetic=arithmetic)
    else:
        content = draw_sheet(
            found,
            captions,
            samples=each,
            seed=seed or 0,
            attention=attention,
            device=place.device,
            box=where,
            keypoints=parse_keypoints(keypoints),
            arithmetic=arithmetic,
        )
    write_bytes(output, content)
    click.echo(output)
