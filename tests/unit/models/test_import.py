"""Official files become models of the workspace: told by content, checked against each other, found by name."""

from __future__ import annotations

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.noise import Noise
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import Caption, Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.request.untrained_twin import untrained_twin
from t2ibench.models.find import find_models, require_model
from t2ibench.models.folder import load_model, read_model_folder
from t2ibench.models.importing.import_official import ImportRequest, import_official
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines.attngan import AttnGAN
from tests.unit.models.official_files import (
    EMBEDDING,
    WORDS,
    discriminator,
    generator,
    save,
    save_captions,
    text_encoder,
)

BENCHMARKS = load_benchmarks().content
CAPTION = Caption("t/0", "a small yellow bird")


@pytest.fixture
def place(tmp_path):
    """A workspace, and a folder of files that belong together."""
    torch.manual_seed(0)
    save(tmp_path / "g.pth", generator())
    save(tmp_path / "text_encoder200.pth", text_encoder())
    save_captions(tmp_path / "captions.pickle")
    return Workspace(tmp_path / "workspace"), tmp_path


def ask(place, *files, model="attngan", dry_run=False, **rest):
    workspace, folder = place
    paths = tuple(folder / file for file in files or ("g.pth",))
    request = ImportRequest(model, paths, **{"dataset": "cub", **rest})
    return import_official(request, BENCHMARKS, workspace, dry_run=dry_run)


def refused(place, *files, **rest):
    with pytest.raises(UserError) as caught:
        ask(place, *files, **rest)
    assert "\n" not in str(caught.value)
    assert not list((place[0].root).rglob("model.json"))
    return str(caught.value)


def test_the_model_makes_the_images_of_its_weights(place):
    ((label, path, there),) = ask(place).folders
    assert (label, there) == ("attngan", False)
    parameters = AttnGAN.Parameters(
        branches=3, base_resolution=16, residual_blocks=1, latent=6, condition=6, generator_features=4
    )
    encoder = DAMSM(DAMSMParameters(embedding=EMBEDDING, word_embedding=8), Vocabulary.from_words(WORDS), _text(place))
    torch.manual_seed(0)
    wanted = AttnGAN(parameters, _generator(place), {}, encoder)
    images = load_model(path).model.generate([CAPTION], Noise(3).bind([("t/0", 0)]))
    assert torch.equal(images, wanted.generate([CAPTION], Noise(3).bind([("t/0", 0)])))


def _generator(place):
    from t2ibench_baselines.attngan.generator import Generator
    from tests.unit.models.official_files import SIZES

    network = Generator(AttnGAN.Parameters(**SIZES), EMBEDDING)
    network.load_state_dict(torch.load(place[1] / "g.pth", weights_only=True), strict=False)
    return network


def _text(place):
    from t2ibench.text.damsm.text_encoder import TextEncoder

    network = TextEncoder(len(WORDS), embedding=EMBEDDING, word_embedding=8)
    network.load_state_dict(torch.load(place[1] / "text_encoder200.pth", weights_only=True))
    return network


def test_the_folder_says_where_it_comes_from(place):
    imported = ask(place)
    found = read_model_folder(imported.folders[0][1])
    assert found.card.origin is Origin.OFFICIAL_WEIGHTS and found.card.licence == "MIT"
    assert set(found.description.originals) == {"g.pth", "text_encoder200.pth", "captions.pickle"}
    assert all(len(digest) == 64 for digest in found.description.originals.values())
    assert found.vocabulary == WORDS and found.parameters["branches"] == 3
    facts = "\n".join(imported.facts)
    assert "attngan's generator" in facts and "13 counters" not in facts and "SHA-256" in facts
    assert f"Found {place[1] / 'text_encoder200.pth'}" in facts and "7 words" in facts


def test_asking_again_writes_nothing(place):
    first = ask(place).folders
    before = [path.stat().st_mtime_ns for path in first[0][1].iterdir()]
    assert ask(place, "text_encoder200.pth", "g.pth").folders == [(*first[0][:2], True)]
    assert [path.stat().st_mtime_ns for path in first[0][1].iterdir()] == before


def test_a_dry_run_writes_nothing(place):
    imported = ask(place, dry_run=True)
    assert not place[0].root.exists() and imported.folders[0][2] is False
    assert ask(place).folders == imported.folders


def test_it_is_found_by_name_and_has_an_untrained_twin(place):
    path = ask(place).folders[0][1]
    workspace = place[0]
    assert require_model(workspace, "attngan", BENCHMARKS, "cub").path == path
    folder = find_models(workspace, "attngan")[0]
    assert folder.description.imported and folder.description.learned and folder.steps == 0
    twin = read_model_folder(untrained_twin(folder, Place(BENCHMARKS, workspace)))
    assert not twin.description.learned and twin.card.origin is Origin.RETRAINED
    assert [model.path for model in find_models(workspace, "attngan")] == [path]
    trained, fresh = (load_model(one).model for one in (folder, twin))
    same = zip(trained.encoder.text_encoder.parameters(), fresh.encoder.text_encoder.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    weights = [model.generator.h_net1.fc[0].weight for model in (trained, fresh)]
    assert not torch.equal(*weights)
    assert untrained_twin(folder, Place(BENCHMARKS, workspace)) == twin.path


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: {"netG": state, "epoch": 3},
        lambda state: {"model": {"netG": {f"module.{key}": value for key, value in state.items()}}},
        lambda state: {"state_dict": state},
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_prefixes_and_wrappers_change_nothing_but_the_origin(place, wrap, old):
    plain = read_model_folder(ask(place).folders[0][1])
    save(place[1] / "other.pth", wrap(torch.load(place[1] / "g.pth", weights_only=True)), old=old)
    assert read_model_folder(ask(place, "other.pth").folders[0][1]).identity == plain.identity


def test_counters_may_be_there(place):
    state = torch.load(place[1] / "g.pth", weights_only=True)
    whole = generator() | state
    save(place[1] / "with.pth", {**whole, "h_net1.fc.1.num_batches_tracked": torch.tensor(7)})
    imported = ask(place, "with.pth")
    assert "counters of batch normalisation were absent" in "".join(imported.facts)


def test_names_variants_and_licences(place):
    label, path, _ = ask(place, name="attngan-official", licence="research only").folders[0]
    assert label == "attngan-official" and read_model_folder(path).card.licence == "research only"
    assert find_models(place[0], "attngan-official")[0].path == path
    save(place[1] / "dcgan.pth", generator(dcgan=True, residual_blocks=0))
    assert ask(place, "dcgan.pth").folders[0][0] == "attngan:dcgan"
    save(place[1] / "short.pth", generator(branches=2))
    assert ask(place, "short.pth").folders[0][0] == "attngan:attngan1"
    assert ask(place, "g.pth", variant="no-damsm").folders[0][0] == "attngan:no-damsm"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({"name": "Attn GAN"}, "is no name"),
        ({"name": "stackgan_v2"}, "is the name of another model"),
        ({"variant": "dcgan"}, "has dcgan = True, but the file has False"),
        ({"variant": "dcgna"}, "Did you mean dcgan"),
        ({"dataset": "cbu"}, "Did you mean cub"),
        ({"model": "atngan"}, "Did you mean attngan"),
        ({"model": "damsm"}, "g.pth is attngan's generator, not one of damsm's networks. `t2ibench import attngan"),
    ],
)
def test_mistakes_in_the_request(place, rest, expected):
    assert expected in refused(place, **rest)


def test_a_discriminator_is_no_generator(place):
    save(place[1] / "netD0.pth", discriminator())
    text = refused(place, "netD0.pth")
    assert "netD0.pth is attngan's discriminator/64, a discriminator, which makes no images" in text
    assert "attngan's generator" in text
    save(place[1] / "both.pth", {"netG": generator(), "netD": discriminator()})
    facts = "\n".join(ask(place, "both.pth").facts)
    assert "both.pth (netD): attngan's discriminator/64, left out" in facts


def test_another_model_is_named_with_its_command(place):
    state = generator()
    state = {key: value for key, value in state.items() if ".att." not in key}
    state["h_net2.A.weight"] = torch.zeros(1, EMBEDDING)
    state["h_net2.M_w.0.weight"] = torch.zeros(8, EMBEDDING, 1)
    state["h_net2.M_r.0.weight"] = torch.zeros(8, 4, 1)
    save(place[1] / "dm.pth", state)
    assert "`t2ibench import dmgan " in refused(place, "dm.pth")


def test_a_stranger_is_named(place):
    save(place[1] / "x.pth", {"fc.weight": torch.zeros(2, 2)})
    assert "x.pth holds 1 tensors (fc.weight) that no installed plug-in knows" in refused(place, "x.pth")


def test_missing_and_extra_keys_are_named(place):
    state = dict(generator())
    del state["ca_net.fc.bias"]
    state["extra.weight"] = torch.zeros(1)
    save(place[1] / "g.pth", state)
    text = refused(place)
    assert "1 tensor is missing (ca_net.fc.bias); 1 tensor is not known (extra.weight)" in text


def test_another_configuration(place):
    state = generator(generator_features=48, residual_blocks=3)  # the COCO configuration's
    save(place[1] / "coco.pth", state)
    assert "coco.pth is of the COCO configuration (coco), but --data cub" in refused(place, "coco.pth")
    text = refused(place, "coco.pth", dataset="simbirds", text_encoder=place[1] / "g.pth")
    assert "--text-encoder" in text and "attngan's generator, not a text_encoder" in text


def test_the_data_set_must_be_told_where_the_shapes_do_not(place):
    assert "do not tell which data set" in refused(place, dataset=None)


def test_a_generator_alone_names_the_file_it_needs(place):
    (place[1] / "text_encoder200.pth").unlink()
    text = refused(place)
    assert "text_encoder200.pth of DAMSMencoders/bird" in text and "image_encoder200.pth" in text
    assert "derives from it" in text and "`t2ibench import damsm`" in text


def test_the_official_layout_is_searched(tmp_path):
    place = Workspace(tmp_path / "workspace"), tmp_path
    save(tmp_path / "models" / "bird.pth", generator())
    save(tmp_path / "DAMSMencoders" / "bird" / "text_encoder200.pth", text_encoder())
    save(tmp_path / "DAMSMencoders" / "coco" / "text_encoder100.pth", text_encoder())
    save_captions(tmp_path / "data" / "birds" / "captions.pickle")
    facts = "\n".join(ask(place, "models/bird.pth").facts)
    assert "bird/text_encoder200.pth: taken" in facts and "data/birds/captions.pickle: its words" in facts


def test_an_encoder_is_not_guessed_where_the_data_set_is_open(tmp_path):
    place = Workspace(tmp_path / "workspace"), tmp_path
    save(tmp_path / "models" / "x.pth", generator())
    save(tmp_path / "DAMSMencoders" / "bird" / "text_encoder200.pth", text_encoder())
    save(tmp_path / "DAMSMencoders" / "coco" / "text_encoder100.pth", text_encoder())
    assert "would both do as the text encoder" in refused(place, "models/x.pth", dataset=None)


def test_two_text_encoders_are_one_too_many(place):
    save(place[1] / "text_encoder300.pth", text_encoder())
    assert "would both do as the text encoder" in refused(place)
    assert ask(place, text_encoder=place[1] / "text_encoder300.pth").folders


def test_another_vocabulary_is_explained(place):
    save_captions(place[1] / "captions.pickle", (*WORDS, "blue"))
    text = refused(place)
    for part in ("text_encoder200.pth was trained with a vocabulary of 7 words", "has 8", "5,450", "27,297", "github"):
        assert part in text
    assert "wrong even where its size is right" in text


def test_a_vocabulary_built_anew_is_warned_of(place):
    save_captions(place[1] / "captions.pickle", (WORDS[0], *sorted(WORDS[1:])))
    (warning,) = ask(place).warnings
    assert "alphabetical order" in warning and "misread every caption" in warning


def test_words_that_stand_nowhere(place):
    (place[1] / "captions.pickle").unlink()
    assert "no file named says which they are" in refused(place)


def test_numbers_that_are_not_finite_are_warned_of(place):
    state = dict(torch.load(place[1] / "g.pth", weights_only=True))
    state["ca_net.fc.bias"] = state["ca_net.fc.bias"] * float("nan")
    save(place[1] / "g.pth", state)
    (warning,) = ask(place).warnings
    assert "ca_net.fc.bias" in warning and "NaN" in warning


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_remarked(place, kind):
    save(place[1] / "g.pth", {key: value.to(kind) for key, value in generator().items()})
    (warning,) = ask(place).warnings
    assert "half precision" in warning and str(kind)[6:] in warning


@pytest.mark.parametrize("kind", [torch.int64, torch.int8])
def test_integers_are_refused(place, kind):
    save(place[1] / "g.pth", {key: value.to(kind) for key, value in generator().items()})
    assert "no floating-point numbers" in refused(place)


def test_encoders_alone(place):
    text = refused(place, "text_encoder200.pth")
    assert "`t2ibench import damsm " in text
    text = refused(place, "text_encoder200.pth", model="damsm")
    assert "damsm needs its image_encoder as well" in text


def test_one_network_twice(place):
    save(place[1] / "again.pth", generator())
    assert "Both g.pth and again.pth are attngan's generator" in refused(place, "g.pth", "again.pth")
