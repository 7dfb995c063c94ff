"""DINOv2 by a tiny network of the same code path: the authors' names, their table of positions, their class token."""

import pytest
import torch
from torch.nn import functional as F

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import FeatureEntry, load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.dino import extractor
from t2ibench.features.dino.extractor import RESIZE, dino_input

WIDTH, HEADS, DEPTH = 24, 2, 2


def state(seed=0):
    """A file as the authors write it: 37 x 37 positions, mask token, two blocks."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape):
        return 0.3 * torch.randn(shape, generator=generator)

    found = {
        "cls_token": drawn(1, 1, WIDTH),
        "pos_embed": drawn(1, 1 + 37 * 37, WIDTH),
        "mask_token": drawn(1, WIDTH),
        "patch_embed.proj.weight": drawn(WIDTH, 3, 14, 14),
        "patch_embed.proj.bias": drawn(WIDTH),
        "norm.weight": drawn(WIDTH),
        "norm.bias": drawn(WIDTH),
    }
    for block in range(DEPTH):
        shapes = {
            "norm1.weight": (WIDTH,), "norm1.bias": (WIDTH,), "norm2.weight": (WIDTH,), "norm2.bias": (WIDTH,),
            "attn.qkv.weight": (3 * WIDTH, WIDTH), "attn.qkv.bias": (3 * WIDTH,), "attn.proj.weight": (WIDTH, WIDTH),
            "attn.proj.bias": (WIDTH,), "ls1.gamma": (WIDTH,), "ls2.gamma": (WIDTH,),
            "mlp.fc1.weight": (4 * WIDTH, WIDTH), "mlp.fc1.bias": (4 * WIDTH,), "mlp.fc2.weight": (WIDTH, 4 * WIDTH),
            "mlp.fc2.bias": (WIDTH,),
        }  # fmt: skip
        found |= {f"blocks.{block}.{name}": drawn(*shape) for name, shape in shapes.items()}
    return found


def class_token(w, images):
    """The paper's network, written out: patches, positions by the original rule, pre-norm blocks, last norm."""
    x = F.conv2d(images, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=14).flatten(2).transpose(1, 2)
    table = w["pos_embed"][:, 1:].reshape(1, 37, 37, WIDTH).permute(0, 3, 1, 2)
    grid = F.interpolate(table, scale_factor=(16.1 / 37, 16.1 / 37), mode="bicubic").permute(0, 2, 3, 1)
    x = torch.cat([(w["cls_token"] + w["pos_embed"][:, :1]).expand(len(x), -1, -1), x + grid.reshape(1, 256, WIDTH)], 1)
    for block in range(DEPTH):
        p = {name.split(".", 2)[2]: value for name, value in w.items() if name.startswith(f"blocks.{block}.")}
        y = F.layer_norm(x, (WIDTH,), p["norm1.weight"], p["norm1.bias"], eps=1e-6)
        qkv = F.linear(y, p["attn.qkv.weight"], p["attn.qkv.bias"]).reshape(len(x), -1, 3, HEADS, WIDTH // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = torch.softmax(q @ k.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5, -1) @ v
        y = F.linear(y.transpose(1, 2).flatten(2), p["attn.proj.weight"], p["attn.proj.bias"])
        x = x + p["ls1.gamma"] * y
        y = F.layer_norm(x, (WIDTH,), p["norm2.weight"], p["norm2.bias"], eps=1e-6)
        y = F.linear(
            F.gelu(F.linear(y, p["mlp.fc1.weight"], p["mlp.fc1.bias"])), p["mlp.fc2.weight"], p["mlp.fc2.bias"]
        )
        x = x + p["ls2.gamma"] * y
    return F.layer_norm(x, (WIDTH,), w["norm.weight"], w["norm.bias"], eps=1e-6)[:, 0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    pytest.importorskip("timm", reason="the extra `dino` is not installed")
    small = {"embed_dim": WIDTH, "depth": DEPTH, "num_heads": HEADS}
    monkeypatch.setitem(extractor.ARCHITECTURES, "tiny", ("vit_small_patch14_dinov2", small))
    torch.save(state(), tmp_path / "tiny.pth")
    return tmp_path


def context(folder, **options):
    entry = FeatureEntry(plugin="dinov2", file="tiny.pth", options={"architecture": "tiny", **options})
    return FeatureContext("dinov2", entry, weights_dir=folder)


def images(count=3, resolution=40):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, resolution, resolution), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("profile", sorted(RESIZE))
def test_the_class_token_is_that_of_the_network_written_out(folder, profile):
    judge = open_extractor(context(folder, profile=profile))
    found = judge.extract(images())["pool"]
    assert judge.layers == {"pool": WIDTH} and found.shape == (3, WIDTH)
    torch.testing.assert_close(found, class_token(state(), dino_input(images(), profile)), rtol=1e-4, atol=1e-5)
    assert judge.extract(images(0))["pool"].shape == (0, WIDTH)


def test_profiles_are_identities_of_their_own(folder):
    found = {profile: peek_identity(context(folder, profile=profile)) for profile in RESIZE}
    assert len(set(found.values())) == 4  # EDM2's "pil" is dgm-eval by construction
    assert found["dgm-eval"] == found["edm2-pil"] and found["dgm-eval"].standing == "stand-in"
    benchmarks = load_benchmarks().content
    used = [benchmarks.metrics[name].features for name in benchmarks.metrics if name.startswith("fd-dinov2")]
    assert len(used) == len({benchmarks.features[name].options["profile"] for name in used}) == 3


def test_wrong_files_are_refused_in_a_sentence(folder):
    other = {name: value for name, value in state().items() if "blocks.1" not in name}
    torch.save(other, folder / "tiny.pth")
    with pytest.raises(UserError, match=r"is not of DINOv2 tiny: .*missing \(blocks.1"):
        open_extractor(context(folder))
    torch.save(state() | {"register_tokens": torch.zeros(1, 4, WIDTH)}, folder / "tiny.pth")
    with pytest.raises(UserError, match=r"unknown \(register_tokens"):
        open_extractor(context(folder))
    with pytest.raises(UserError, match="vitl14"):
        peek_identity(context(folder, architecture="vitl-14"))
    entry = load_benchmarks().content.features["dinov2"]
    with pytest.raises(UserError, match=r"dinov2_vitl14_pretrain.pth.*SHA-256 d5383ea8"):
        peek_identity(FeatureContext("dinov2", entry, weights_dir=folder))


def test_without_timm_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(UserError, match=r"pip install 't2ibench\[dino\]'"):
        peek_identity(FeatureContext("dinov2", FeatureEntry(plugin="dinov2", file="x.pth")))
