"""What every spec is made of: immutable values that refuse unknown keys, and the form of a name."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]


class Frozen(BaseModel):
    """Base of every spec: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
