"""Model folders of real plug-ins with small random networks, big enough that their switches show."""

import torch

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.registry import registry
from t2ibench.core.types import Caption, PlanItem, SamplePlan
from t2ibench.models.folder import EncoderDescription, ModelDescription, write_model_folder
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.vocabulary import Vocabulary

TEXTS = (
    "a small red bird with a black head and a short yellow beak",
    "this bird is blue",
    "a bird",
    "the green bird has very long wings and a white belly",
    "a grey bird on a branch",
    "one black bird with red eyes and long brown tail feathers",
    "white bird",
)
PLAN = SamplePlan(
    tuple(PlanItem(Caption(f"t/test/i{row}#0", text, f"i{row}", class_id=row % 3)) for row, text in enumerate(TEXTS)),
    100,
    "toy",
    "test",
)
WORDS = Vocabulary.from_captions(TEXTS).words
SMALL_DAMSM = DAMSMParameters(trunk="small", resolution=32, width=8, embedding=16, word_embedding=8)
GAME = {"base_resolution": 16, "branches": 2, "latent": 6, "condition": 6, "discriminator_features": 4}
PARAMETERS = {
    "attngan": {**GAME, "generator_features": 8, "residual_blocks": 1},
    "dmgan": {**GAME, "generator_features": 8, "residual_blocks": 1},
    "stackgan_v2": {**GAME, "generator_features": 8, "residual_blocks": 1},
    "dfgan": {"resolution": 32, "features": 4, "latent": 6},
}


def small_model(plugin, path, **changes):
    """Write a model folder of random weights, drawn after seed 0."""
    torch.manual_seed(0)
    model_class = registry("models")[plugin]
    parameters = model_class.Parameters.model_validate({**PARAMETERS[plugin], **changes})
    damsm = DAMSM.build(SMALL_DAMSM, BuildContext("train", WORDS))
    model = model_class.build(parameters, BuildContext("train", WORDS, {"damsm": damsm}))
    exported = model.exported()
    generator = torch.Generator().manual_seed(0)
    for name, network in exported.items():
        network.eval()
        for value in network.state_dict().values():
            if name == "generator" and value.dim() > 1:  # larger than a fresh network's: what it reads must show
                value.copy_(torch.randn(value.shape, generator=generator) * (3 / value[0].numel()) ** 0.5)
    description = ModelDescription(
        kind="model",
        plugin=plugin,
        name=plugin,
        parameters=parameters.model_dump(mode="json"),
        dataset="toy",
        steps=1,
        encoders={
            "damsm": EncoderDescription(
                plugin="damsm", parameters=SMALL_DAMSM.model_dump(mode="json"), trained="x", identity="x", weights="x"
            )
        },
        card=model_class.card(),
    )
    tensors = {f"{name}/{key}": v for name, network in exported.items() for key, v in network.state_dict().items()}
    return write_model_folder(path, description, tensors, WORDS)
