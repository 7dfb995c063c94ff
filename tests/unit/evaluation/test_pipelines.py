"""A pipeline of diffusers as a row: a tiny Stable Diffusion with random weights, built here; and wrong folders."""

import json

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.external.pipeline_source import PipelineSource
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.request.request import EvaluateRequest


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    diffusers = pytest.importorskip("diffusers", reason="the extra `diffusers` is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra `diffusers` is not installed")
    folder = tmp_path_factory.mktemp("pipelines") / "tiny-diffusion"
    torch.manual_seed(0)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder.parent / "vocab.json").write_text(json.dumps({one: place for place, one in enumerate(tokens)}))
    (folder.parent / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(folder.parent / "vocab.json"), str(folder.parent / "merges.txt"), model_max_length=16
    )
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=len(tokens), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=16, bos_token_id=len(tokens) - 2, eos_token_id=len(tokens) - 1,
        )
    )  # fmt: skip
    blocks = {"norm_num_groups": 4, "layers_per_block": 1}
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(8,), down_block_types=("CrossAttnDownBlock2D",), cross_attention_dim=16,
        up_block_types=("CrossAttnUpBlock2D",), attention_head_dim=2, mid_block_type=None, **blocks,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, sample_size=16, **blocks,
    )  # fmt: skip
    diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def test_an_image_hangs_on_its_caption_and_key_alone(pipeline, manifest, protocol):
    plan = make_plan(manifest, protocol.model_copy(update={"captions_each": 2}), 4)
    source = PipelineSource(pipeline, device="cpu", resolution=16, quantise="round")
    torch.manual_seed(1)
    state = torch.get_rng_state()
    made = source.pixels_of(plan.items, plan.seed)
    assert torch.equal(torch.get_rng_state(), state)
    assert made.shape == (4, 3, 16, 16) and made.dtype == torch.uint8
    again = PipelineSource(pipeline, device="cpu", resolution=16, quantise="round")
    assert again.identity == source.identity and again.name == "tiny-diffusion"
    assert torch.equal(again.pixels_of(plan.items[2:3], plan.seed), made[2:3])
    assert not torch.equal(made[0], made[1])  # one caption, two noises
    assert not torch.equal(again.pixels_of(plan.items[:1], plan.seed + 1), made[:1])


def test_it_is_a_row_of_the_table(pipeline, place, tmp_path):
    workspace, benchmarks = place

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    rules = benchmarks.protocols["p"].model_copy(update={"metrics": ("fid",), "controls": ()})
    changed = benchmarks.model_copy(update={"protocols": {**benchmarks.protocols, "p": rules}})
    request = EvaluateRequest((f"diffusers:{pipeline}",), ("squares",), samples=10)
    (evaluation,) = evaluate(request, Place(changed, Apart(workspace.root), device="cpu", batch_size=8))
    (record,) = evaluation.records
    assert record.status == "ok" and record.source.name == "tiny-diffusion" and record.n == 10
    assert record.source.origin is Origin.EXTERNAL_IMAGES and "StableDiffusionPipeline" in record.source.notes[0]


def test_wrong_folders_are_sentences(place, tmp_path, monkeypatch):
    workspace, benchmarks = place

    def ask():
        evaluate(EvaluateRequest((f"diffusers:{tmp_path}",), ("squares",)), Place(benchmarks, workspace, device="cpu"))

    with pytest.raises(UserError, match=r"has no model_index\.json"):
        ask()
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    with pytest.raises(UserError, match=r"no weights as \.safetensors"):
        ask()
    (tmp_path / "weights.safetensors").write_bytes(b"none")
    monkeypatch.setitem(__import__("sys").modules, "diffusers", None)
    with pytest.raises(UserError, match=r"pip install 't2ibench\[diffusers\]'"):
        ask()
