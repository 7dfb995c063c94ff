"""Our networks for the networks of a golden set, by its configuration and keys."""

from __future__ import annotations

from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator as AttnGANGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from t2ibench_baselines.dmgan.discriminator import Discriminator as DMGANDiscriminator
from t2ibench_baselines.dmgan.generator import Generator as DMGANGenerator
from t2ibench_baselines.dmgan.parameters import DMGANParameters
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator as StackGANDiscriminator
from t2ibench_baselines.stackgan_v2.generator import Generator as StackGANGenerator
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters
from tests.parity.asked import resolutions_of
from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood

GENERATORS = ("G_NET", "G_DCGAN")
RESOLUTIONS = (64, 128, 256)


def keys(golden: GoldenSet, name: str) -> dict[str, tuple[int, ...]]:
    """Return a network's keys and shapes."""
    return {key: tuple(shape) for key, shape, *_ in golden.networks[name]["keys"]}


def family(golden: GoldenSet) -> str | None:
    """Return "attngan", "dmgan" or "stackgan_v2", by the keys of the set's networks; None where none knows them."""
    for name in golden.networks:
        found = keys(golden, name)
        if "h_net2.att.conv_context.weight" in found:
            return "attngan"
        if "h_net2.A.weight" in found or "COND_DNET.jointConv.0.module.weight_bar" in found:
            return "dmgan"
        if "h_net2.jointConv.0.weight" in found or "uncond_logits.0.weight" in found:
            return "stackgan_v2"
        if name.startswith("D_NET") and "COND_DNET.jointConv.1.running_mean" in found:
            return "attngan"
    return None


def generator_name(golden: GoldenSet) -> str:
    """Return the official name of the set's generator."""
    return next(name for name in GENERATORS if name in golden.networks)


def check_discriminators(golden: GoldenSet) -> None:
    """Refuse a set of losses whose discriminators are not those of its images.

    Raises:
        NotUnderstood: one is missing or left over.
    """
    wanted = {f"D_NET{resolution}" for resolution in resolutions_of(golden)}
    found = {name for name in golden.networks if name.startswith("D_NET")}
    if wanted != found:
        names = ", ".join(sorted(found)) or "no discriminator"
        raise NotUnderstood(
            golden.name, "config.TREE.BRANCH_NUM", f"asks for {len(wanted)} images, but nets has {names}"
        )


def text_encoder(golden: GoldenSet) -> TextEncoder:
    """Return the set's text encoder, filled, in eval mode."""
    shapes = keys(golden, "RNN_ENCODER")
    words, word_embedding = shapes["encoder.weight"]
    encoder = TextEncoder(words, embedding=golden.setting("TEXT.EMBEDDING_DIM"), word_embedding=word_embedding)
    golden.fill(encoder, "RNN_ENCODER")
    return encoder.eval()


def image_encoder(golden: GoldenSet, *, align_corners: bool) -> InceptionImageEncoder:
    """Return the set's image encoder, filled, in eval mode."""
    encoder = InceptionImageEncoder(embedding=golden.setting("TEXT.EMBEDDING_DIM"), align_corners=align_corners)
    golden.fill(encoder, "CNN_ENCODER")
    return encoder.eval()


def staged_generator(golden: GoldenSet) -> AttnGANGenerator | DMGANGenerator:
    """Return the set's AttnGAN or DM-GAN generator, filled, with the official attention mask."""
    resolutions_of(golden)  # refuses branches that are not those of the networks
    name = generator_name(golden)
    dimension = golden.setting("TEXT.EMBEDDING_DIM")
    sizes = {
        "generator_features": golden.setting("GAN.GF_DIM"),
        "branches": golden.setting("TREE.BRANCH_NUM"),
        "residual_blocks": golden.setting("GAN.R_NUM"),
        "latent": golden.setting("GAN.Z_DIM"),
        "condition": golden.setting("GAN.CONDITION_DIM"),
        "official_mask": True,
    }
    generator: AttnGANGenerator | DMGANGenerator
    if family(golden) == "dmgan":
        generator = DMGANGenerator(DMGANParameters(**sizes), dimension)
    else:
        generator = AttnGANGenerator(AttnGANParameters(**sizes, dcgan=name == "G_DCGAN"), dimension)
    golden.fill(generator, name)
    return generator


def staged_discriminators(golden: GoldenSet) -> dict[int, SentenceDiscriminator]:
    """Return the set's AttnGAN or DM-GAN discriminators by resolution, filled."""
    found: dict[int, SentenceDiscriminator] = {}
    sizes = golden.setting("GAN.DF_DIM"), golden.setting("TEXT.EMBEDDING_DIM")
    for resolution in RESOLUTIONS:
        name = f"D_NET{resolution}"
        if name not in golden.networks:
            continue
        if family(golden) == "dmgan":
            found[resolution] = DMGANDiscriminator(resolution, *sizes)
        else:
            unconditional = "UNCOND_DNET.outlogits.0.weight" in keys(golden, name)
            found[resolution] = SentenceDiscriminator(resolution, *sizes, unconditional=unconditional)
        golden.fill(found[resolution], name)
    return found


def stackgan_generator(golden: GoldenSet) -> StackGANGenerator:
    """Return the set's StackGAN-v2 generator, filled."""
    resolutions_of(golden)
    parameters = StackGANv2Parameters(
        generator_features=golden.setting("GAN.GF_DIM"),
        branches=golden.setting("TREE.BRANCH_NUM"),
        residual_blocks=golden.setting("GAN.R_NUM"),
        latent=golden.setting("GAN.Z_DIM"),
        condition=golden.setting("GAN.EMBEDDING_DIM"),
    )
    generator = StackGANGenerator(parameters, golden.setting("TEXT.DIMENSION"))
    golden.fill(generator, "G_NET")
    return generator


def stackgan_discriminators(golden: GoldenSet) -> dict[int, StackGANDiscriminator]:
    """Return the set's StackGAN-v2 discriminators by resolution, filled."""
    found = {}
    for resolution in RESOLUTIONS:
        name = f"D_NET{resolution}"
        if name in golden.networks:
            found[resolution] = StackGANDiscriminator(
                resolution, golden.setting("GAN.DF_DIM"), golden.setting("GAN.EMBEDDING_DIM")
            )
            golden.fill(found[resolution], name)
    return found
