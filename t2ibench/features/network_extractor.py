"""What extractors that are a network have in common: images go through it in chunks, a file of weights names it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_host
from t2ibench.core.reading.state_dict import checked, read_state
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, find_weights

if TYPE_CHECKING:
    from torch import Tensor


class NetworkExtractor(ABC):
    """Base of extractors that are a network.

    Attributes:
        layers: layer -> width.
        identity: names the features.

    Args:
        network: with its weights, on the device.
        identity: of the extractor.
        device: where it computes.
    """

    layers: Mapping[str, int]
    _small_chunks = True
    """Whether a CPU sees few images at a time; another size of chunk could change the last bits of stored features."""

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self._network = network
        self._device = device

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return layer -> features N x width, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size.
        """
        import torch

        parts: dict[str, list[Tensor]] = {layer: [torch.zeros(0, width)] for layer, width in self.layers.items()}
        with torch.no_grad():
            for part in chunks(pixels, self._device if self._small_chunks else ""):
                found = self._features(part)
                for layer, list_ in parts.items():
                    list_.append(to_host(found[layer].float()))
        return {layer: torch.cat(list_) for layer, list_ in parts.items()}

    @abstractmethod
    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return layer -> features of a chunk of images."""


class FromFile(ABC):
    """Base of extractors whose network is filled from one file of weights; made of (network, identity, device)."""

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest, without building a network.

        Raises:
            UserError: the weights are missing or may not be opened, an option is wrong, or a package is not installed.
        """
        return cls._identity(context, cls._weights(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its network on the context's device.

        Raises:
            UserError: as `peek`, or the weights are damaged or of another network.
        """
        found = cls._weights(context)
        identity = cls._identity(context, found)
        return cls(cls._network_of(context, found).to(context.device), identity, context.device)  # type: ignore[call-arg]

    @classmethod
    def _weights(cls, context: FeatureContext) -> WeightsFile:
        return find_weights(context)

    @classmethod
    @abstractmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        """Return the identity, see `file_identity`."""

    @classmethod
    @abstractmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        """Return the network, see `filled`."""


def filled(
    build: Callable[[], Any],
    context: FeatureContext,
    found: WeightsFile,
    what: str,
    hint: str,
    *,
    change: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict,
) -> Any:
    """Return a network with the weights of a file, frozen, on the CPU; a caller's random numbers do not notice.

    Args:
        build: returns the network with weights of any kind.
        context: names the extractor.
        found: its weights.
        what: the network's name, for the error.
        hint: what to do where they are of another, a sentence.
        change: brings the file's tensors to the network's names and shapes.

    Raises:
        UserError: the file is damaged, holds a program or weights of another network.
    """
    import torch

    try:
        state = change(read_state(found.path))
        with torch.random.fork_rng(devices=[]):
            network = build()
        network.load_state_dict(checked(state, network.state_dict(), found.path, what, hint))
    except UserError as error:
        raise UserError(f"{error} {provenance(context, found)}") from error
    return network.eval().requires_grad_(False)


def provenance(context: FeatureContext, found: WeightsFile) -> str:
    """Return a sentence that sets a file's SHA-256 against what is recorded of it: digest and source."""
    entry = context.entry
    recorded = f"records {entry.sha256[:12]}" if entry.sha256 else "records none"
    source = f" and the source {entry.url}" if entry.url else ""
    begins = f"Its SHA-256 begins {found.sha256[:12]}"
    return f"{begins}; [features.{context.name}] in benchmarks.toml {recorded}{source}."


def file_identity(
    context: FeatureContext,
    found: WeightsFile,
    *,
    resize: str,
    range: str = "[-1, 1]",
    version: int = 1,
    otherwise: Literal["random", "stand-in"] = "random",
    of: str = "",
) -> FeatureIdentity:
    """Return the identity of an extractor whose weights are in a file.

    Args:
        context: names the extractor.
        found: its weights; their standing is "standard" where their digest is the recorded one.
        resize: how images are made as large as the network sees them.
        range: of the numbers that it sees.
        version: raised by hand when its numbers would change.
        otherwise: the standing of other weights.
        of: the architecture, for a plug-in that has several.
    """
    return FeatureIdentity(
        name=f"{context.entry.plugin} {of}".rstrip(),
        version=version,
        weights=found.sha256,
        resize=resize,
        range=range,
        standing="standard" if found.recorded else otherwise,
    )
