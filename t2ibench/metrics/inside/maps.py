"""What attention maps, gates and boxes say, image by image: pure functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def mass_inside(weights: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return (shares of each word's attention that lie inside its mask, shares of the image that the mask covers).

    Attention that knows nothing of the mask has the second as the mean of the first.

    Args:
        weights: N x T x h x w, not negative; a word without any attention has the mask's share.
        masks: N x T x H x W in [0, 1], brought to the map's size by means of areas.

    Returns:
        Two tensors N x T in [0, 1].
    """
    from torch.nn.functional import adaptive_avg_pool2d

    weights, masks = weights.double(), masks.double()
    inside = adaptive_avg_pool2d(masks, (weights.shape[2], weights.shape[3]))
    areas = inside.mean(dim=(2, 3))
    whole = weights.sum(dim=(2, 3))
    shares = (weights * inside).sum(dim=(2, 3)) / whole.clamp(min=1e-12)
    return shares.where(whole > 0, areas), areas


def word_shares(weights: Tensor) -> Tensor:
    """Return how a map's attention is divided among the words, N x T, each row of sum 1.

    Args:
        weights: N x T x h x w, sum 1 over T at every place.
    """
    return weights.double().mean(dim=(2, 3))


def total_variation(first: Tensor, second: Tensor) -> Tensor:
    """Return half the sum of absolute differences of two distributions over words: N numbers in [0, 1].

    0 where both look at the same words, 1 where they look at none in common.

    Args:
        first: N x T, rows of sum 1.
        second: likewise.
    """
    return (first.double() - second.double()).abs().sum(dim=1) / 2


def mean_where(values: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Return (means of the chosen values, how many there are), N each; 0 where none is chosen.

    Args:
        values: N x T.
        chosen: bool N x T.
    """
    count = chosen.sum(dim=1)
    return (values.double() * chosen).sum(dim=1) / count.clamp(min=1), count


def mended(stated: Tensor, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """Return (statements that became true, statements that were false before), of those stated: N each.

    Args:
        stated: bool N x S, what each caption says.
        before: bool N x S, what the first stage's image shows.
        after: bool N x S, what the last stage's shows.
    """
    wrong = stated & ~before
    return (wrong & after).sum(dim=1), wrong.sum(dim=1)


def agreement(first: Tensor, second: Tensor, weights: Tensor) -> tuple[float, float]:
    """Return (how far two choices between two things agree, how far they would if neither knew of the other).

    Args:
        first: S numbers in [0, 1], by step how much the one is chosen.
        second: likewise.
        weights: S numbers, not negative, what each step counts.
    """
    first, second = first.double(), second.double()
    shares = weights.double() / weights.double().sum().clamp(min=1e-12)
    together = (shares * (first * second + (1 - first) * (1 - second))).sum().item()
    one, other = (shares * first).sum().item(), (shares * second).sum().item()
    return together, one * other + (1 - one) * (1 - other)


def boxes_of(masks: Tensor) -> Tensor:
    """Return the smallest box around each mask, float32 N x 4: (x, y, width, height) as fractions; zeros if empty.

    Args:
        masks: bool, N x H x W.
    """
    import torch

    edges = []
    for across in (masks.any(dim=1), masks.any(dim=2)):  # columns, then rows
        length = across.shape[1]
        places = torch.arange(length)
        first = torch.where(across, places, length).amin(dim=1)
        after = torch.where(across, places + 1, 0).amax(dim=1)
        edges.append((torch.minimum(first, after) / length, (after - first).clamp(min=0) / length))
    (x, width), (y, height) = edges
    return torch.stack([x, y, width, height], dim=1)


def box_overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Return intersection over union of boxes with others, N in [0, 1]; 0 where both are empty.

    Args:
        boxes: N x 4: (x, y, width, height).
        others: likewise.
    """
    import torch

    corner = torch.maximum(boxes[:, :2], others[:, :2])
    opposite = torch.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
    both = (opposite - corner).clamp(min=0).prod(dim=1)
    either = boxes[:, 2:].prod(dim=1) + others[:, 2:].prod(dim=1) - both
    return both / either.clamp(min=1e-12)
