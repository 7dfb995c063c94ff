"""A state dict fits its network to the last name and shape, or the error names what does not."""

import pytest
import torch
from torch import nn

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.models.official import convert, fit, recognise
from tests.unit.models.official_files import discriminator, generator, state_of, text_encoder


def expected():
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)).state_dict()


def fitted(given):
    return fit(expected(), given, "x.pth", "a network")


def test_counters_are_filled_and_types_follow_the_network():
    given = {key: value.double() for key, value in expected().items() if not key.endswith("num_batches_tracked")}
    found = fitted(given)
    assert found.filled == 1 and found.state["1.num_batches_tracked"].dtype == torch.int64
    assert int(found.state["1.num_batches_tracked"]) == 0
    assert found.state["0.weight"].dtype == torch.float32 and found.not_finite == ()
    assert fitted(expected()).filled == 0


def test_missing_extra_and_misshapen_tensors_are_named_and_counted():
    given = expected()
    del given["0.bias"], given["1.weight"]
    given["0.weight"] = torch.zeros(3, 5, 1, 1)
    given["fc.bias"] = torch.zeros(1)
    with pytest.raises(UserError) as caught:
        fitted(given)
    assert str(caught.value) == (
        "x.pth does not fit a network: 2 tensors are missing (0.bias, 1.weight); 1 tensor is not known (fc.bias); "
        "1 tensor has another shape (0.weight is 3x5x1x1 instead of 3x2x1x1)."
    )


def test_only_the_first_of_many_are_shown():
    given = {**expected(), **{f"extra{index}": torch.zeros(1) for index in range(30)}}
    with pytest.raises(UserError, match=r"30 tensors are not known \(extra0, extra1, extra2, extra3, \.\.\.\)"):
        fitted(given)


def test_numbers_that_are_not_finite_are_named():
    given = expected()
    given["0.weight"][0] = float("nan")
    given["1.running_var"][0] = float("inf")
    assert fitted(given).not_finite == ("0.weight", "1.running_var")


def test_a_conversion_that_lacks_a_tensor_names_it():
    class Plugin:
        @classmethod
        def official_state(cls, network, state):
            return {"weight": state["module.weight_bar"]}

    with pytest.raises(UserError, match=r"x\.pth does not hold 'module\.weight_bar', without which it is no generator"):
        convert(Plugin, "generator", {}, "x.pth")


@pytest.mark.parametrize("make", [generator, discriminator, text_encoder])
def test_missing_and_extra_keys_do_not_hide_whose_it_is(make):
    shapes = {key: tuple(value.shape) for key, value in make().items()}
    whole = recognise(shapes)
    assert whole is not None
    for key in shapes:
        found = recognise({other: shape for other, shape in shapes.items() if other != key} | {"extra.weight": (1,)})
        assert found is not None, key
        assert (found.plugin, found.official.network) == (whole.plugin, whole.official.network)


@pytest.mark.parametrize("kind", ["models", "encoders"])
def test_shapes_of_nonsense_are_nobodys_network(kind):
    strange = {key: () for make in (generator, discriminator, text_encoder) for key in make()}
    for name in registry(kind):
        plugin = registry(kind)[name]
        if hasattr(plugin, "recognise"):
            recognise(strange, [(kind, name)])


def test_no_two_plugins_know_the_same_file():
    for make in (generator, discriminator, text_encoder, lambda: state_of(nn.Linear(2, 2))):
        shapes = {key: tuple(value.shape) for key, value in make().items()}
        knowing = [
            name
            for kind in ("models", "encoders")
            for name in registry(kind)
            if hasattr(registry(kind)[name], "recognise") and registry(kind)[name].recognise(shapes)
        ]
        assert len(knowing) == (make.__name__ != "<lambda>"), knowing


@pytest.mark.parametrize("kind", [torch.int64, torch.int8, torch.uint8, torch.bool])
def test_integers_in_the_place_of_weights_are_refused(kind):
    given = {**expected(), "0.weight": torch.ones(3, 2, 1, 1, dtype=kind)}
    with pytest.raises(UserError, match=rf"0\.weight is {str(kind)[6:]}"):
        fitted(given)


def test_half_precision_is_told():
    given = expected()
    given["0.weight"], given["0.bias"] = given["0.weight"].half(), given["0.bias"].bfloat16()
    assert fitted(given).rounded == {"float16": 1, "bfloat16": 1}
    assert fitted(given).state["0.weight"].dtype == torch.float32 and fitted(expected()).rounded == {}
