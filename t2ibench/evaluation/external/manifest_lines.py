"""manifest.jsonl: a line an image, which ties images in a folder to captions. What we write, anyone can."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from t2ibench.core.errors import UserError
from t2ibench.core.reading.file_names import normal_name
from t2ibench.core.reading.text import json_lines
from t2ibench.core.spec.benchmarks import describe

FILE_NAME: Final = "manifest.jsonl"


class ManifestLine(BaseModel):
    """One image. `caption_id` or `caption` ties it to a caption; other keys are allowed and not read.

    Attributes:
        file: relative to the folder.
        caption_id: as in captions.jsonl, "<data set>/<split>/<image>#<index>".
        caption: the sentence; needed where there is no caption_id.
        sample: which image of that caption, from 0.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str = Field(min_length=1)
    caption_id: str = ""
    caption: str = ""
    sample: int | None = Field(default=None, ge=0)

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        try:
            return normal_name(name)
        except ValueError as error:
            raise ValueError(f"the file must lie in the folder, but its name {error}") from None

    @model_validator(mode="after")
    def _names_a_caption(self) -> ManifestLine:
        if not (self.caption_id or self.caption):
            raise ValueError("a line needs a caption_id or a caption")
        return self


def read_manifest_lines(path: Path) -> list[ManifestLine]:
    """Return the lines of a manifest.jsonl.

    Raises:
        UserError: a line is not of the form, names a file outside the folder or one that came before; names the line.
    """
    lines: dict[str, ManifestLine] = {}
    for number, value in json_lines(path, what="a JSON line an image"):
        try:
            found = ManifestLine.model_validate(value)
        except ValidationError as error:
            raise UserError(
                f"{path}, line {number}: {describe(error)} A line looks like "
                '{"file": "0001.png", "caption_id": "cub/test/...#0"}.'
            ) from error
        if found.file in lines:
            raise UserError(f"{path}, line {number}: {found.file} came before; an image has one line.")
        lines[found.file] = found
    if not lines:
        raise UserError(f"{path} is empty: it should hold a JSON line an image.")
    return list(lines.values())
