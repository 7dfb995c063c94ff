"""A drawing step by step on a sheet and as an animated GIF."""

import io
import itertools

import numpy as np
import torch
from PIL import Image

from t2ibench.core.types import Drawing
from t2ibench.sampling.drawing_film import FilmRow, alignment_tile, film, legend, step_tiles

STEPS, SIDE = 3, 16


def drawing(weights=True):
    canvases = torch.full((2, STEPS, 3, SIDE, SIDE), -1.0)
    for step in range(STEPS):
        canvases[:, step, :, : 5 * (step + 1)] = 1.0
    boxes = torch.tensor([2.0, 3.0, 9.0, 11.0]).expand(2, STEPS, 4)
    if not weights:
        return Drawing(canvases, boxes)
    shares = torch.tensor([[0.8, 0.2], [0.0, 1.0], [0.5, 0.5]]).expand(2, STEPS, 2)
    return Drawing(canvases, boxes, shares, (("red", "square"), ("blue", "square")))


def test_steps_name_the_word_and_frame_the_window():
    tiles = step_tiles(drawing(), 1)
    assert [tile.label for tile in tiles] == ["1 blue", "2 square", "3 all words alike"]
    pixels, factor = np.asarray(tiles[0].image), tiles[0].image.width // SIDE
    assert tuple(pixels[round(3.5 * factor), round(6 * factor)]) == (255, 90, 30)
    assert tuple(pixels[round(7 * factor), round(6 * factor)]) == (0, 0, 0)
    assert [tile.label for tile in step_tiles(drawing(weights=False), 0)] == ["1", "2", "3"]


def test_no_word_is_named_where_all_are_read_alike():
    weights = torch.full((1, STEPS, 11), 1 / 11)
    weights[:, :, 4] += 0.0018
    words = (tuple("abcdefghijk"),)
    made = drawing()
    even = Drawing(made.canvases[:1], made.boxes[:1], weights, words)
    assert [tile.label for tile in step_tiles(even, 0)] == [f"{step} all words alike" for step in (1, 2, 3)]
    assert legend(even, 0).endswith("it read all words alike at every step")
    weights[0, 1, 4] = 1.51 / 11
    assert [tile.label for tile in step_tiles(even, 0)][1] == "2 e" and "the word" in legend(even, 0)
    single = Drawing(made.canvases[:1], made.boxes[:1], torch.ones(1, STEPS, 1), (("red",),))
    assert step_tiles(single, 0)[0].label == "1 red"
    assert legend(drawing(weights=False), 0) == "the frame is where it wrote"


def test_the_map_is_words_by_steps():
    tile = alignment_tile(drawing(), 0)
    pixels = np.asarray(tile.image.convert("L"))
    cells = [[int(pixels[20 * (row + 1) + 5, 90 + 26 * step + 5]) for step in range(STEPS)] for row in range(2)]
    assert cells == [[204, 0, 128], [51, 255, 128]] and "white = 100.0%, all words alike = 50.0%" in tile.label
    assert alignment_tile(drawing(weights=False), 0) is None


def test_the_film_has_a_frame_a_step_and_the_finished_images():
    made = drawing()
    row = FilmRow("a red square", made, made.canvases[:, -1])
    with Image.open(io.BytesIO(film([row, row]))) as image:
        assert image.format == "GIF" and image.n_frames == STEPS + 1
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
        assert image.info["duration"] == 2000
    assert len({frame.shape for frame in frames}) == 1
    assert all((a != b).any() for a, b in itertools.pairwise(frames))
