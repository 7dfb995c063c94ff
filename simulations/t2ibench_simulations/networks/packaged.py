"""Small networks that come with the package as feature extractors: naming them and loading their weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption

Statement = TypeVar("Statement")


def marked(statements: Sequence[Iterable[Statement]], known: Sequence[Statement]) -> Tensor:
    """Return float32 N x known: 1 for the statements that each of N collections has, else 0."""
    import torch

    place = {statement: at for at, statement in enumerate(known)}
    rows = torch.zeros(len(statements), len(known))
    for row, true in enumerate(statements):
        rows[row, [place[statement] for statement in true]] = 1
    return rows


class PackagedExtractor(ABC):
    """Base of extractors whose network comes with the package.

    Attributes:
        title: as errors call it.
        version: raised by hand when its numbers would change.
        weights: the file.
        resolution: of the images that the network sees.
        layers: layer -> width.
        identity: see `peek`.

    Args:
        network: with its weights, on the device.
        identity: of the extractor.
        device: where it computes.
    """

    title: ClassVar[str]
    version: ClassVar[int] = 1
    weights: ClassVar[Path]
    resolution: ClassVar[int] = 64
    layers: Mapping[str, int]

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity, of a judge that sees images in [-1, 1], without building the network.

        Raises:
            UserError: the weights are missing from the package.
        """
        if not cls.weights.is_file():
            raise UserError(f"{cls.title}'s {cls.weights.name} is missing from the package; reinstall t2ibench.")
        return FeatureIdentity(
            name=context.entry.plugin,
            version=cls.version,
            weights=digest_of_file(cls.weights),
            resize=f"bilinear-antialias {cls.resolution}",
            range="[-1, 1]",
            standing="stand-in",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing or damaged.
        """
        identity = cls.peek(context)
        return cls(cls.network(context.device), identity, context.device)

    @classmethod
    def network(cls, device: str) -> Any:
        """Return the network with its weights, frozen, in eval mode, on the device.

        Half-precision weights become float32; the counters of batch norms need not be in the file.

        Raises:
            UserError: the weights are damaged.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        # Initial weights are overwritten at once; a caller's random numbers must not notice.
        with torch.random.fork_rng(devices=[]):
            network = cls._build()
        try:
            state = {key: value.float() for key, value in load_file(cls.weights).items()}
            counters = {key: value for key, value in network.state_dict().items() if key not in state}
            if any(not key.endswith("num_batches_tracked") for key in counters):
                raise RuntimeError(f"{next(iter(counters))} is missing")
            network.load_state_dict({**counters, **state})
        except (RuntimeError, SafetensorError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{cls.title}'s weights are damaged ({reason}); reinstall t2ibench.") from error
        return network.to(device).eval().requires_grad_(False)

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the words that the network knows, which its weights file carries.

        Raises:
            UserError: the weights are damaged.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(cls.weights, framework="np") as opened:
                return tuple((opened.metadata() or {})["words"].split())
        except (SafetensorError, OSError, KeyError) as error:
            raise UserError(f"{cls.title}'s weights are damaged ({error}); reinstall t2ibench.") from error

    def _seen(self, pixels: Tensor) -> Tensor:
        """Return images as the network sees them, N x 3 x R x R, of uint8 N x 3 x H x W of any size."""
        from t2ibench_simulations.networks.small_network import prepare

        return prepare(pixels.to(self._device), self.resolution)

    def _answer(self, pixels: Tensor) -> Any:
        """Return what the network says of a chunk of images, uint8 N x 3 x H x W of any size."""
        import torch

        with torch.no_grad():
            return self._network(self._seen(pixels).contiguous(memory_format=torch.channels_last))

    @classmethod
    @abstractmethod
    def _build(cls) -> Any:
        """Return the network before its weights are loaded."""


class StatementReader(PackagedExtractor):
    """Base of those that read images and captions as one list of statements, the layer "statements".

    Attributes:
        statements: all there are, in order.
    """

    statements: ClassVar[Sequence[Any]]

    @staticmethod
    @abstractmethod
    def stated(caption: str) -> Iterable[Any]:
        """Return what a caption states."""

    @abstractmethod
    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "statements", N x K zeros and ones, float32 on the CPU."""

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return M x K, 1 for what a caption states, else 0, float32 on the CPU."""
        return marked([self.stated(caption.text) for caption in captions], self.statements)
