"""GAN-INT-CLS: the first GAN that made images of sentences."""

from t2ibench_baselines.gan_int_cls.model import GANINTCLS as GANINTCLS
