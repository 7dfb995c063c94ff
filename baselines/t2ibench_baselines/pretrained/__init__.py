"""Weights that come with the package: models trained on simulated data, so that a first table needs no training.

FOLDER/<data set>/<model>/ is a model folder with a `shipped.json` beside its weights. benchmarks/ship_models.py makes
them.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
