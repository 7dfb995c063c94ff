"""GAWWN: images of sentences with the object where one wants it."""

from t2ibench_baselines.gawwn.model import GAWWN as GAWWN
