"""The generators of AttnGAN and DM-GAN, plainly. Attribute names are those of the official state dicts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Made(NamedTuple):
    """Images, N x 3 x R x R, ascending, and the condition's mean and log variance, N x c each."""

    images: list[Tensor]
    mean: Tensor
    log_variance: Tensor


class GLU(nn.Module):
    """First half of the channels times the sigmoid of the second half."""

    def forward(self, x: Tensor) -> Tensor:
        """Return N x c x ... of N x 2c x ...."""
        value, gate = x.chunk(2, dim=1)
        return value * torch.sigmoid(gate)


def conv3x3(before: int, after: int) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size."""
    return nn.Conv2d(before, after, kernel_size=3, stride=1, padding=1, bias=False)


def up_block(before: int, after: int) -> nn.Sequential:
    """Return a block that doubles the side by nearest neighbours and convolves the large map."""
    upsample = nn.Upsample(scale_factor=2, mode="nearest")
    return nn.Sequential(upsample, conv3x3(before, 2 * after), nn.BatchNorm2d(2 * after), GLU())


class ResBlock(nn.Module):
    """x plus two convolutions of x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            conv3x3(channels, 2 * channels),
            nn.BatchNorm2d(2 * channels),
            GLU(),
            conv3x3(channels, channels),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return N x c x h x w of the same."""
        return x + self.block(x)


class ConditioningNet(nn.Module):
    """Conditioning augmentation."""

    def __init__(self, text_dimension: int, condition: int) -> None:
        super().__init__()
        self.condition = condition
        self.fc = nn.Linear(text_dimension, 4 * condition)
        self.glu = GLU()

    def forward(self, sentence: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the drawn code, the mean and the log variance, N x c each."""
        x = self.glu(self.fc(sentence))
        mean, log_variance = x[:, : self.condition], x[:, self.condition :]
        return mean + torch.exp(log_variance / 2) * noise, mean, log_variance


class InitialStage(nn.Module):
    """Condition and latent to a map of `channels` features, the side doubled from 4 until `resolution`."""

    def __init__(self, inputs: int, channels: int, resolution: int) -> None:
        super().__init__()
        self.ups = (resolution // 4).bit_length() - 1
        self.width = channels << self.ups
        flat = 2 * self.width * 4 * 4
        self.fc = nn.Sequential(nn.Linear(inputs, flat, bias=False), nn.BatchNorm1d(flat), GLU())
        for number in range(self.ups):
            setattr(self, f"upsample{number + 1}", up_block(self.width >> number, self.width >> (number + 1)))

    def forward(self, x: Tensor) -> Tensor:
        """Return N x channels x resolution x resolution of N x inputs."""
        x = self.fc(x).view(-1, self.width, 4, 4)
        for number in range(self.ups):
            x = getattr(self, f"upsample{number + 1}")(x)
        return x


def read_words(features: Tensor, keys: Tensor, values: Tensor, padding: Tensor) -> Tensor:
    """Return the values, N x c x h x w, that each place reads by the softmax over words of <feature, key>."""
    number, channels, height, width = features.shape
    scores = torch.bmm(features.view(number, channels, -1).transpose(1, 2), keys)  # N x Q x T
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    weights = torch.softmax(scores, dim=2)
    return torch.bmm(values, weights.transpose(1, 2)).view(number, -1, height, width)


class Attention(nn.Module):
    """Word attention: projected words are keys and values."""

    def __init__(self, channels: int, text_dimension: int) -> None:
        super().__init__()
        self.conv_context = nn.Conv2d(text_dimension, channels, kernel_size=1, bias=False)

    def forward(self, features: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Return what each place reads, N x c x h x w."""
        projected = self.conv_context(words.unsqueeze(3)).squeeze(3)  # N x c x T
        return read_words(features, projected, projected, padding)


class AttentionStage(nn.Module):
    """AttnGAN's: attend, join, residual blocks, double the side."""

    def __init__(self, channels: int, text_dimension: int, residuals: int) -> None:
        super().__init__()
        self.att = Attention(channels, text_dimension)
        self.residual = nn.Sequential(*[ResBlock(2 * channels) for _ in range(residuals)])
        self.upsample = up_block(2 * channels, channels)

    def forward(self, features: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Return features N x c x 2h x 2w of features N x c x h x w."""
        joined = torch.cat((features, self.att(features, words, padding)), dim=1)
        return self.upsample(self.residual(joined))


class MemoryStage(nn.Module):
    """DM-GAN's: write words to the memory, read, gate, join with itself, residual blocks, double the side."""

    def __init__(self, channels: int, text_dimension: int, residuals: int) -> None:
        super().__init__()
        slots = 2 * channels
        self.A = nn.Linear(text_dimension, 1, bias=False)
        self.B = nn.Linear(channels, 1, bias=False)
        self.M_r = nn.Sequential(nn.Conv1d(channels, slots, kernel_size=1), nn.ReLU())
        self.M_w = nn.Sequential(nn.Conv1d(text_dimension, slots, kernel_size=1), nn.ReLU())
        self.key = nn.Sequential(nn.Conv1d(slots, channels, kernel_size=1), nn.ReLU())
        self.value = nn.Sequential(nn.Conv1d(slots, channels, kernel_size=1), nn.ReLU())
        self.response_gate = nn.Sequential(nn.Conv2d(slots, 1, kernel_size=1), nn.Sigmoid())
        self.residual = nn.Sequential(*[ResBlock(slots) for _ in range(residuals)])
        self.upsample = up_block(slots, channels)

    def forward(self, features: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Return features N x c x 2h x 2w of features N x c x h x w."""
        pooled = functional.avg_pool2d(features, features.shape[-1]).flatten(1).detach()  # N x c
        gate = torch.sigmoid(self.A(words.transpose(1, 2)) + self.B(pooled)[:, None, :]).transpose(1, 2)  # N x 1 x T
        memory = gate * self.M_w(words) + (1 - gate) * self.M_r(pooled[:, :, None])  # N x 2c x T
        read = read_words(features, self.key(memory), self.value(memory), padding)
        response = self.response_gate(torch.cat((features, read), dim=1))  # N x 1 x h x w
        answer = (1 - response) * features + response * read
        return self.upsample(self.residual(torch.cat((answer, answer), dim=1)))


class DrawnImage(nn.Module):
    """Features to an image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.img = nn.Sequential(conv3x3(channels, 3), nn.Tanh())

    def forward(self, features: Tensor) -> Tensor:
        """Return N x 3 x h x w in [-1, 1]."""
        return self.img(features)


class ReferenceGenerator(nn.Module):
    """Sentence, words and noise to images of doubling sides; AttnGAN's with attention, DM-GAN's with memory."""

    def __init__(
        self,
        *,
        memory: bool,
        channels: int,
        branches: int,
        base_resolution: int,
        residuals: int,
        latent: int,
        condition: int,
        text_dimension: int,
    ) -> None:
        super().__init__()
        self.branches = branches
        self.ca_net = ConditioningNet(text_dimension, condition)
        self.h_net1 = InitialStage(condition + latent, channels, base_resolution)
        self.img_net1 = DrawnImage(channels)
        stage = MemoryStage if memory else AttentionStage
        for number in range(2, branches + 1):
            setattr(self, f"h_net{number}", stage(channels, text_dimension, residuals))
            setattr(self, f"img_net{number}", DrawnImage(channels))

    def forward(self, latent: Tensor, noise: Tensor, sentence: Tensor, words: Tensor, padding: Tensor) -> Made:
        """Return the images of all sides; words N x D x T, padding N x T, True past a caption's end."""
        code, mean, log_variance = self.ca_net(sentence, noise)
        features = self.h_net1(torch.cat((code, latent), dim=1))
        images = [self.img_net1(features)]
        for number in range(2, self.branches + 1):
            features = getattr(self, f"h_net{number}")(features, words, padding)
            images.append(getattr(self, f"img_net{number}")(features))
        return Made(images, mean, log_variance)
