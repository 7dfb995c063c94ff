"""GAWWN's discriminator: is it real, does it match the sentence, is it where the box is?"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from t2ibench_baselines._reed.layers import halving, leaky
from t2ibench_baselines.gawwn.boxes import crop, paste
from t2ibench_baselines.gawwn.generator import MAP_SIDE
from t2ibench_baselines.gawwn.parameters import GAWWNParameters


def _layer(
    before: int, after: int, *, kernel: int, stride: int = 1, padding: int = 0, normalised: bool = True
) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride, padding, bias=not normalised)
    return [convolution, *([nn.BatchNorm2d(after)] if normalised else []), leaky()]


def _halving(before: int, after: int) -> list[nn.Module]:
    return _layer(before, after, kernel=4, stride=2, padding=1)


class Discriminator(nn.Module):
    """Images, sentences and boxes to logits of "real, matching and in its place" (Reed et al., figure 2).

    Maps of side 16 go two ways: with the sentence and cut out by the box (regional), and down to side 4, where a map of
    the sentence spread over the box is joined (global). The official code cuts that map out instead, which leaves a
    constant map as it was; here it is pasted, as the generator's is. Sides other than 128 are ours.

    Real and fake images are scored in batches of their own, and `normalised_verdict` takes each batch's mean from the
    last layer of either way and from the hidden one after them: what tells the batches apart goes with it. Small
    networks learn nothing then.
    """

    def __init__(self, parameters: GAWWNParameters, text_dimension: int) -> None:
        super().__init__()
        f, normalised = parameters.discriminator_features, parameters.normalised_verdict
        widths = (f, f, 2 * f)[1 - (parameters.resolution // MAP_SIDE).bit_length() :]
        maps: list[nn.Module] = [halving(3, widths[0]), leaky()]
        for before, after in itertools.pairwise(widths):
            maps += _halving(before, after)
        self.maps = nn.Sequential(*maps, *_layer(2 * f, 2 * f, kernel=3, padding=1))
        self.text = nn.Sequential(nn.Linear(text_dimension, f), leaky())
        self.joined = nn.Sequential(*_layer(3 * f, 2 * f, kernel=3, padding=1))
        self.region = nn.Sequential(*_layer(2 * f, f, kernel=1), *_layer(f, f, kernel=1, normalised=normalised))
        self.scene = nn.Sequential(*_halving(2 * f, 4 * f), *_halving(4 * f, 8 * f))
        self.located = nn.Sequential(*_halving(f, f), *_halving(f, f))
        self.whole = nn.Sequential(*_layer(9 * f, 4 * f, kernel=1), *_layer(4 * f, f, kernel=4, normalised=normalised))
        hidden = [nn.Linear(2 * f, f, bias=False), nn.BatchNorm1d(f)] if normalised else [nn.Linear(2 * f, f)]
        self.scored = nn.Sequential(*hidden, leaky(), nn.Linear(f, 1))

    def forward(self, images: Tensor, sentence: Tensor, boxes: Tensor) -> Tensor:
        """Return logits N of images N x 3 x R x R in [-1, 1], sentence codes N x D and boxes N x 4, or keypoints."""
        maps: Tensor = self.maps(images)  # N x 2f x 16 x 16
        spread = self.text(sentence)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
        region = self.region(self.looked_at(self.joined(torch.cat((maps, spread), dim=1)), boxes)).mean(dim=(2, 3))
        scene = torch.cat((self.scene(maps), self.told(spread, boxes)), dim=1)  # N x 9f x 4 x 4
        logits: Tensor = self.scored(torch.cat((self.whole(scene).flatten(1), region), dim=1))
        return logits.flatten()

    def looked_at(self, maps: Tensor, where: Tensor) -> Tensor:
        """Return what the regional way sees of maps N x 2f x 16 x 16: what lies in the boxes."""
        return crop(maps, where)

    def told(self, spread: Tensor, where: Tensor) -> Tensor:
        """Return what the global way is told, N x f x 4 x 4: the sentence, N x f x 16 x 16, in the boxes."""
        located: Tensor = self.located(paste(spread, where))
        return located
