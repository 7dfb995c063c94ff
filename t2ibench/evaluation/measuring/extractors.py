"""The feature extractors of one evaluation: identities at once, networks when first needed."""

from __future__ import annotations

from dataclasses import asdict
from threading import Lock
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureExtractor, FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity


class Extractor:
    """One extractor of benchmarks.toml.

    Attributes:
        name: as in benchmarks.toml.
        identity: None if it cannot be used.
        fault: the sentence that says why, "" if it can; it may show no earlier than when it is opened.
    """

    def __init__(self, context: FeatureContext) -> None:
        self.name = context.name
        self.identity: FeatureIdentity | None = None
        self.fault = ""
        self._context = context
        self._opened: FeatureExtractor | None = None
        self._opening = Lock()
        try:
            self.identity = peek_identity(context)
        except UserError as error:
            self.fault = str(error)

    @property
    def reads_model(self) -> bool:
        """Whether it asks the model instead of looking at images: a likelihood bound."""
        return not self.fault and bool(getattr(registry("features")[self._context.entry.plugin], "reads_model", False))

    def opened(self) -> FeatureExtractor:
        """Return the extractor with its network loaded.

        Raises:
            UserError: it cannot be used; see `fault`.
        """
        with self._opening:
            if self.fault:
                raise UserError(self.fault)
            if self._opened is None:
                try:
                    opened = open_extractor(self._context)
                    if peek_identity(self._context) != self.identity:  # names the features that are stored
                        raise UserError(
                            f"The weights of {self.name} have changed since this evaluation began. Ask again when they "
                            "are at rest."
                        )
                    self._opened = opened
                except UserError as error:
                    self.fault = str(error)
                    raise
            return self._opened

    def describe(self) -> dict[str, Any]:
        """Return the identity as JSON values; name and fault where there is none."""
        if self.identity is None:
            return {"name": self.name, "missing": True}
        values = asdict(self.identity)
        for younger in ("captions", "made"):  # than the first records: left out where they say nothing
            if not values[younger]:
                del values[younger]
        return values
