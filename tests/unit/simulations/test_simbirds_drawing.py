from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from t2ibench.core.errors import UserError
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for, appearance_of
from t2ibench_simulations.simbirds.attributes import RGB
from t2ibench_simulations.simbirds.drawing import draw_bird, draw_place
from t2ibench_simulations.simbirds.species import all_species

SOME = [appearance_of(species, index) for index, species in enumerate(all_species()[::9])]


def pixels(appearance: Appearance, size: int = 64) -> NDArray[np.int16]:
    return np.asarray(draw_bird(appearance, size).image).astype(np.int16)


def test_a_image_depends_on_seed_species_and_index_alone() -> None:
    first = appearance_of(all_species()[4], 3, seed=1)
    assert (
        draw_bird(first, 64).image.tobytes()
        == draw_bird(appearance_of(all_species()[4], 3, seed=1), 64).image.tobytes()
    )
    others = [
        appearance_of(all_species()[4], 4, 1),
        appearance_of(all_species()[5], 3, 1),
        appearance_of(all_species()[4], 3, 2),
    ]
    assert all(pixels(other).tobytes() != pixels(first).tobytes() for other in others)


@pytest.mark.parametrize("appearance", SOME)
def test_the_box_is_exactly_what_the_bird_covers(appearance: Appearance) -> None:
    drawing = draw_bird(appearance, 96)
    with_bird = np.asarray(drawing.image).astype(int)
    changed = np.abs(with_bird - np.asarray(draw_place(appearance, 96)).astype(int)).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    x, y, width, height = drawing.box
    assert x <= columns.min() and columns.max() < x + width
    assert y <= rows.min() and rows.max() < y + height
    # Not wider than needed either: a faint edge pixel may round to the colour behind it, no more.
    slack = (columns.min() - x, x + width - 1 - columns.max(), rows.min() - y, y + height - 1 - rows.max())
    assert max(slack) <= 1
    mask = np.asarray(drawing.mask)
    assert not mask[~changed].max() > 40
    # The bird is wholly in the image, and large in it.
    assert x > 0 and y > 0 and x + width < drawing.image.width and y + height < drawing.image.height
    assert 0.5 < max(width, height) / 96 < 0.72


@pytest.mark.parametrize("appearance", SOME)
def test_parts_lie_where_the_truth_says_in_their_colours(appearance: Appearance) -> None:
    bird = replace(appearance.attributes, wing_pattern="plain", breast_pattern="plain", head_mark="none")
    drawing = draw_bird(replace(appearance, attributes=bird), 128)
    image = np.asarray(drawing.image).astype(float)
    # Light and shade multiply a colour by 0.8 to 1.1; the nearest of the shaded colours is what a viewer reads.
    shades = [(name, np.array(rgb) * light) for name, rgb in RGB.items() for light in (0.8, 0.9, 1.0, 1.1)]
    for part in ("wing", "belly"):
        x, y = drawing.centres[part]
        patch = image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].reshape(-1, 3)
        nearest = [min(shades, key=lambda shade: float(np.abs(shade[1] - value).sum()))[0] for value in patch]
        assert nearest.count(bird.colour(part)) >= 13, (part, bird.colour(part), nearest)
    x, y, width, height = drawing.box
    for middle_x, middle_y in drawing.centres.values():
        assert x <= middle_x <= x + width and y <= middle_y <= y + height
    facing = 1 if appearance.pose.facing == "right" else -1
    assert facing * (drawing.centres["bill"][0] - drawing.centres["tail"][0]) > 0


def test_one_changed_attribute_changes_that_part_and_nothing_else() -> None:
    bird = all_species()[0].attributes
    before = draw_bird(appearance_for(bird, 7), 96)
    changed = replace(bird, wing="green" if bird.wing != "green" else "blue", wing_pattern=bird.wing_pattern)
    after = draw_bird(appearance_for(changed, 7), 96)
    assert before.box == after.box and before.centres == after.centres
    differing = np.abs(np.asarray(before.image).astype(int) - np.asarray(after.image).astype(int)).max(axis=2) > 24
    assert 0.8 < differing.sum() / before.areas["wing"] < 1.25
    rows, columns = np.nonzero(differing)
    assert np.hypot(columns.mean() - before.centres["wing"][0], rows.mean() - before.centres["wing"][1]) < 3


def test_flying_birds_hide_their_legs() -> None:
    still = next(appearance for appearance in SOME if appearance.pose.perch != "air")
    flying = replace(still, pose=replace(still.pose, perch="air"))
    assert "legs" in draw_bird(still, 64).centres
    assert "legs" not in draw_bird(flying, 64).centres


def test_a_minority_flies() -> None:
    poses = [appearance_of(species, index).pose.perch for species in all_species() for index in range(5)]
    assert 0.05 < poses.count("air") / len(poses) < 0.12


@pytest.mark.parametrize("size", [31, 257, 0])
def test_impossible_sizes_are_refused(size: int) -> None:
    with pytest.raises(UserError, match="32 to 256"):
        draw_bird(SOME[0], size)


def test_the_shorter_side_has_the_size_asked_for() -> None:
    shapes = {draw_bird(appearance, 48).image.size for appearance in SOME}
    assert shapes == {(48, 48), (64, 48)}
