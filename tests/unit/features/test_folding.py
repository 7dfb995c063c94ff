"""Folding batch norms into convolutions changes the work, not the result."""

import copy

import pytest
import torch
from torch import nn

from t2ibench.core.folding import folded, folded_script, with_fused_relu


class Block(nn.Module):
    """A block as torchvision's and torch-fidelity's Inceptions have it."""

    def __init__(self, inputs, outputs, **options):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, **options)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return nn.functional.relu(self.bn(self.conv(x)), inplace=True)


class Shared(nn.Module):
    """A batch norm that is used apart from the convolution: nothing may be folded."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.scale = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.Identity()

    def forward(self, x):
        return self.bn(x) + self.conv(x)


def network():
    torch.manual_seed(3)
    made = nn.Sequential(
        Block(3, 8, kernel_size=3, stride=2, padding=1, bias=False),
        nn.Conv2d(8, 12, 3, groups=4, dilation=2),
        nn.BatchNorm2d(12, affine=False),
        nn.ReLU(),
        Block(12, 4, kernel_size=(1, 3)),
        Shared(),
        nn.BatchNorm2d(4),
        nn.Conv2d(4, 6, 1),
        nn.BatchNorm2d(6, track_running_stats=False),
        nn.Flatten(),
    )
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_()
            module.running_var.uniform_(0.1, 3)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    return made.eval()


def test_a_folded_network_computes_the_same():
    before = network().double()  # so that rounding hides no wrong formula
    after = folded(copy.deepcopy(before))
    images = torch.randn(5, 3, 24, 24, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        expected, found = before(images), after(images)
    assert float((expected - found).abs().max()) < 1e-10 * float(expected.abs().max())
    left = [name for name, module in after.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert left == ["5.bn", "6", "8"]  # used apart, without a convolution before it, without statistics
    assert not after.training and not any(parameter.requires_grad for parameter in after.parameters())
    assert after[1].weight.is_contiguous(memory_format=torch.channels_last)


def test_a_convolution_that_stands_elsewhere_too_stays_as_it_is():
    shared = nn.Conv2d(3, 3, 1)
    made = folded(nn.ModuleDict({"folded": nn.Sequential(shared, nn.BatchNorm2d(3)), "as it was": shared}))
    assert made["as it was"] is shared and shared.weight.dtype == torch.float32


class BasicConv2d(Block):
    """As both Inceptions call it."""


def test_convolutions_cut_off_what_is_negative_themselves(monkeypatch):
    block = BasicConv2d(3, 16, kernel_size=(1, 7), padding=(0, 3), stride=(2, 1), bias=False)
    before = folded(nn.Sequential(block, BasicConv2d(16, 8, kernel_size=3), nn.Flatten()))
    after = with_fused_relu(copy.deepcopy(before))
    images = torch.randn(5, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = before(images), after(images)
        assert float((expected - found).abs().max()) < 1e-6 * float(expected.abs().max()) and float(found.min()) == 0
        assert torch.equal(after(images[:2]), found[:2])
        assert torch.equal(after.double()(images.double()), before.double()(images.double()))
        calls = []
        monkeypatch.setattr(nn.Conv2d, "forward", lambda layer, images: calls.append(layer) or images)
        after.float()(images)
    if torch.backends.mkldnn.is_available():
        assert calls == []  # else this test would compare a thing with itself


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_folded_script_computes_the_same():
    made = nn.Sequential(Block(3, 8, kernel_size=3, bias=False), nn.Flatten()).eval()
    script = torch.jit.trace(made, torch.zeros(2, 3, 12, 12))
    images = torch.randn(5, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(folded_script(script)(images), made(images), atol=1e-5)
