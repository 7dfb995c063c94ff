"""What galleries show of a model's inner life: a tile a label, in order, and gates by word as bars."""

import torch

from t2ibench.core.types import AttentionMap, Drawing, GateMap, Trace
from t2ibench.sampling.inner_life import SIDE, views_of

WORDS = (("red", "bird"), ("a",))


def titles(views):
    return [view["title"] for view in views]


def test_stages_attention_and_gates():
    weights = torch.zeros(2, 2, 4, 4)
    weights[0, 0, 0, 0], weights[0, 1] = 0.9, 0.1
    trace = Trace(
        stages={8: torch.zeros(2, 3, 8, 8)},
        attention=[AttentionMap(16, WORDS, weights)],
        gates=[
            GateMap("writing", 16, torch.tensor([[0.25, 0.75], [0.5, 0.0]]), WORDS),
            GateMap("response", 16, torch.full((2, 4, 4), 0.5)),
        ],
    )
    views, images = views_of(torch.ones(2, 3, 16, 16), trace, 0)
    assert titles(views) == [
        "Stages",
        "Attention for 16 px, by word",
        "Writing gate for 16 px, by word",
        "Response gate for 16 px, by place",
    ]
    assert views[0]["labels"] == ["8 px", "16 px"]
    assert views[1]["labels"] == ["red  0-90%", "bird  10-10%"]
    assert views[2]["bars"] == [["red", 0.25], ["bird", 0.75]]
    assert views[3]["labels"] == ["response  50-50%"]
    assert len(images) == sum(len(view.get("labels", ())) for view in views)
    assert {image.size for image in images} == {(SIDE, SIDE)}
    assert images[0].getpixel((5, 5)) == (128, 128, 128) and images[1].getpixel((5, 5)) == (255, 255, 255)
    other, _ = views_of(torch.ones(2, 3, 16, 16), trace, 1)
    assert other[2]["bars"] == [["a", 0.5]]


def test_a_long_drawing_is_thinned_and_ends_with_its_last_step():
    steps = 40
    canvases = torch.linspace(-1, 1, steps).view(1, steps, 1, 1, 1).expand(1, steps, 3, 8, 8)
    weights = torch.zeros(1, steps, 2)
    weights[:, :, 1] = 1
    drawing = Drawing(canvases, torch.tensor([[[1.0, 1.0, 0.0, 0.0]]]).expand(1, steps, 4), weights, WORDS[:1])
    views, images = views_of(canvases[:, -1], Trace(drawing=drawing), 0)
    (view,) = views
    assert view["labels"][-1] == "40 bird" and len(view["labels"]) == len(images) <= 16
    assert images[-1].getpixel((5, 5)) == (255, 255, 255)


def test_a_model_that_shows_nothing():
    assert views_of(torch.zeros(1, 3, 8, 8), Trace(), 0) == ([], [])


def test_the_box_is_framed_over_the_image_of_its_caption():
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.25, 0.5, 0.5, 0.25]])
    black = -torch.ones(2, 3, 64, 64)
    views, images = views_of(black, Trace(stages={64: black}, boxes=boxes), 1)
    assert titles(views) == ["Box: where the object was asked to be"]
    assert views[0]["labels"] == ["50% by 25%, from 25%, 50%"]
    (framed,) = images
    assert framed.size == (SIDE, SIDE)
    for x, y in ((0.25, 0.6), (0.75, 0.6), (0.5, 0.5), (0.5, 0.75)):
        around = [(x * SIDE + right, y * SIDE + down) for right in (-2, -1, 0, 1) for down in (-2, -1, 0, 1)]
        assert max(sum(framed.getpixel((int(one), int(other)))) for one, other in around) > 100, (x, y)
    assert framed.getpixel((SIDE // 2, int(0.62 * SIDE))) == (0, 0, 0)
