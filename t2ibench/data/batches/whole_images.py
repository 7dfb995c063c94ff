"""Images without the crop around the object, for models that are told where it is."""

from __future__ import annotations

import numpy as np
from PIL import Image

from t2ibench.data.batches.transforms import base_resolution
from t2ibench.data.images import read_image
from t2ibench.data.manifest import ImageEntry, Manifest


class WholeImages:
    """Whole images at the working size, made square without regard to their aspect, as GAWWN's official loader does.

    Args:
        manifest: the data set.
        resolution: of the crops.
    """

    cached = False
    """They do not come from the data set's cache on disk."""

    def __init__(self, manifest: Manifest, resolution: int) -> None:
        self._manifest = manifest
        self._base = base_resolution(resolution, whole=manifest.whole)

    def pixels(self, image: ImageEntry) -> np.ndarray:
        """Return uint8 B x B x 3, B being the working size.

        Raises:
            UserError: the file is missing or damaged.
        """
        opened = read_image(self._manifest, image)
        return np.asarray(opened.resize((self._base, self._base), Image.Resampling.BILINEAR))
