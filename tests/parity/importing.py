"""Filling a network with an official state dict the way `t2ibench import` does it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from t2ibench.core.registry import registry
from t2ibench.models.official import convert, fit, recognise, without_data_parallel


def fill_by_import(network: nn.Module, official: Mapping[str, Tensor]) -> None:
    """Recognise, convert and fit a state dict and load it.

    The counters of batch normalisation are taken out first, as files of their time have none.
    """
    tensors = without_data_parallel(
        {key: value for key, value in official.items() if not key.endswith("num_batches_tracked")}
    )
    known = recognise({key: tuple(value.shape) for key, value in tensors.items()})
    assert known is not None, "no plug-in knows this state dict"
    plugin = registry(known.kind)[known.plugin]
    given = convert(plugin, known.official.network, tensors, "the golden set")
    fitted = fit(network.state_dict(), given, "the golden set", known.text)
    assert not fitted.not_finite
    network.load_state_dict(fitted.state)
