"""alignDRAW: a recurrent variational autoencoder that draws an image patch by patch while it attends to words."""

from t2ibench_baselines.aligndraw.model import AlignDRAW as AlignDRAW
from t2ibench_baselines.aligndraw.sharpened import SharpenedDRAW as SharpenedDRAW
