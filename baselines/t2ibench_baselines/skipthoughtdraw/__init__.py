"""skipthoughtDRAW: alignDRAW with one sentence vector in the place of aligned words."""

from t2ibench_baselines.skipthoughtdraw.model import SkipThoughtDRAW as SkipThoughtDRAW
