"""What of a sidecar the runner understands; the rest it refuses by name instead of computing something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def _names(written: str) -> frozenset[str]:
    return frozenset(written.split())


_KEYS = _names(
    """name split description nets values inputs_from config mode batch arrays tolerance_columns tolerance
    bit_identical_rerun made_with"""
)
_COLUMNS = ["key", "shape", "dtype", "first_value", "sum_f64"]
_READ = _names(
    """TREE.BRANCH_NUM TRAIN.DISCRIMINATOR_LR TRAIN.GENERATOR_LR TRAIN.SMOOTH.GAMMA1 TRAIN.SMOOTH.GAMMA2
    TRAIN.SMOOTH.GAMMA3 TRAIN.SMOOTH.LAMBDA TRAIN.COEFF.KL TRAIN.COEFF.UNCOND_LOSS TRAIN.COEFF.COLOR_LOSS
    GAN.DF_DIM GAN.GF_DIM GAN.Z_DIM GAN.CONDITION_DIM GAN.EMBEDDING_DIM GAN.R_NUM GAN.B_DCGAN TEXT.EMBEDDING_DIM
    TEXT.WORDS_NUM TEXT.DIMENSION nf z_dim cond_dim imsize"""
)
_WITHOUT_EFFECT = _names(  # on arrays whose inputs and weights the set gives
    """DATASET_NAME CONFIG_NAME EMBEDDING_TYPE DATA_DIR GPU_ID CUDA WORKERS B_VALIDATION TEST.B_EXAMPLE TEST.SAMPLE_NUM
    TRAIN.BATCH_SIZE TRAIN.VIS_COUNT TRAIN.MAX_EPOCH TRAIN.SNAPSHOT_INTERVAL TRAIN.ENCODER_LR TRAIN.RNN_GRAD_CLIP
    TRAIN.FLAG TRAIN.NET_E TRAIN.NET_G TRAIN.NET_D TRAIN.B_NET_D TEXT.CAPTIONS_PER_IMAGE"""
)
_ONLY = {
    "RNN_TYPE": "LSTM",
    "TREE.BASE_SIZE": 64,
    "GAN.B_ATTENTION": True,
    "GAN.B_CONDITION": True,
    "GAN.NETWORK_TYPE": "default",
    "ch_size": 3,
}


class NotUnderstood(ValueError):
    """A sidecar asks for what the runner does not know how to compute; the sentence names the key."""

    def __init__(self, name: str, key: str, problem: str) -> None:
        super().__init__(f"{name}.json: the key {key} {problem}.")


def check_keys(name: str, sidecar: Mapping[str, Any]) -> None:
    """Refuse unknown keys of a sidecar, unknown settings of its configuration and values we have no network for.

    Raises:
        NotUnderstood: one was found.
    """
    for key in sidecar:
        if key not in _KEYS:
            raise NotUnderstood(name, key, "is unknown")
    for network, entry in sidecar["nets"].items():
        if entry["columns"] != _COLUMNS:
            raise NotUnderstood(name, f"nets.{network}.columns", f"is not {', '.join(_COLUMNS)}")
    for path, value in _settings(sidecar.get("config") or {}):
        if path in _ONLY:
            if value != _ONLY[path]:
                raise NotUnderstood(name, f"config.{path}", f"is {value!r}; only {_ONLY[path]!r} is understood")
        elif path not in _READ | _WITHOUT_EFFECT:
            raise NotUnderstood(name, f"config.{path}", "is unknown")


def _settings(config: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
