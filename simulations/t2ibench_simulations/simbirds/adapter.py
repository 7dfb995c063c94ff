"""The data set simbirds: drawn birds in CUB's layout on disk, read by CUB's adapter."""

from __future__ import annotations

from t2ibench.data.assembly import Words
from t2ibench.data.attngan_metadata import AttnGANMetadata
from t2ibench.data.cub.adapter import CUB
from t2ibench_simulations.drawn_adapter import DrawingCode, DrawnByCode


class SimBirds(DrawnByCode, CUB):
    """Adapter of the drawn birds: the same files, and code that draws them."""

    def drawing_code(self) -> DrawingCode:
        """Return simbirds'."""
        from t2ibench_simulations.simbirds.make import VERSION, make_simbirds

        return DrawingCode("birds", "simbirds.json", VERSION, 1600, make_simbirds, ("species",))

    def _words(self, metadata: AttnGANMetadata) -> Words | None:
        found = metadata.words()
        return None if found is None else Words(found.words, "built")

    def _rule(self) -> str:
        return "classes"
