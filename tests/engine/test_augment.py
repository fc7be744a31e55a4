"""Augmented batches against loops over pixels, and the draws behind them."""

import numpy as np
import pytest
import torch

from paribus.engine.augment import Augmenter
from paribus.nn.augmentation import Crop, Cutout, Flip, draw_moves

SHAPE = (5, 6, 2)
CPU = torch.device("cpu")


def images(count):
    values = np.random.default_rng(0).normal(size=(count, *SHAPE)).astype(np.float32)
    return torch.from_numpy(values).permute(0, 3, 1, 2)


def by_hand(image, moves, index, *, reflect, size):
    """One image (height, width, channel), pixel by pixel."""
    height, width = image.shape[:2]
    source = image[:, ::-1] if moves.flip is not None and moves.flip[index] else image
    down, right = (0, 0) if moves.shift is None else moves.shift[index]
    padded = np.pad(source, ((6, 6), (6, 6), (0, 0)), "constant")
    if reflect:
        padded = np.pad(source, ((4, 4), (4, 4), (0, 0)), "reflect")
    border = 4 if reflect else 6
    result = padded[border + down :, border + right :][:height, :width].copy()
    if moves.hole is not None:
        top, left = moves.hole[index]
        result[top : top + size, left : left + size] = 0
    return result


@pytest.mark.parametrize("steps", [
    [Flip()],
    [Crop(pixels=3)],
    [Crop(pixels=4, fill="reflect")],
    [Cutout(size=2)],
    [Cutout(size=3), Crop(pixels=2, fill="reflect"), Flip(mode="alternating")],
])  # fmt: skip
def test_batches_are_what_a_loop_over_pixels_gives(steps):
    augmenter = Augmenter(steps, 12, SHAPE, CPU)
    augmenter.begin_epoch([7], 2)
    moves = draw_moves(steps, seed=7, epoch=2, num_examples=12, shape=SHAPE)
    all_images = images(12)
    positions = torch.tensor([11, 0, 3, 3, 8])
    found = augmenter(all_images[positions], positions)
    assert found.is_contiguous(memory_format=torch.channels_last)
    reflect = any(isinstance(step, Crop) and step.fill == "reflect" for step in steps)
    size = next((step.size for step in steps if isinstance(step, Cutout)), 0)
    for row, index in enumerate(positions.tolist()):
        image = all_images[index].permute(1, 2, 0).numpy()
        expected = by_hand(image, moves, index, reflect=reflect, size=size)
        assert (found[row].permute(1, 2, 0).numpy() == expected).all()


def test_members_of_a_group_get_their_own_draws():
    steps = [Flip(), Crop(pixels=2)]
    together = Augmenter(steps, 12, SHAPE, CPU)
    together.begin_epoch([4, 5], 1)
    positions = torch.tensor([[1, 2, 3], [3, 9, 0]])
    batch = images(12)[positions.flatten()]
    found = together(batch, positions)
    for member, seed in enumerate((4, 5)):
        alone = Augmenter(steps, 12, SHAPE, CPU)
        alone.begin_epoch([seed], 1)
        rows = slice(3 * member, 3 * member + 3)
        assert torch.equal(found[rows], alone(batch[rows], positions[member]))


def test_draws_depend_on_seed_epoch_and_kind_alone():
    def moves(seed, epoch, *steps):
        return draw_moves(steps, seed=seed, epoch=epoch, num_examples=400, shape=(32, 32, 3))

    both = moves(1, 1, Flip(), Crop(pixels=4))
    assert (both.flip == moves(1, 1, Flip()).flip).all()
    assert (both.shift == moves(1, 1, Crop(pixels=4)).shift).all()
    assert (both.flip != moves(1, 2, Flip()).flip).any()
    assert (both.flip != moves(2, 1, Flip()).flip).any()


def test_alternating_flips_show_both_sides_in_turn():
    epochs = [
        draw_moves([Flip(mode="alternating")], seed=3, epoch=e, num_examples=200, shape=SHAPE).flip
        for e in (1, 2, 3)
    ]
    assert (epochs[0] == ~epochs[1]).all()
    assert (epochs[0] == epochs[2]).all()
    assert 60 < epochs[0].sum() < 140


def test_shifts_and_holes_reach_every_place_they_may():
    moves = draw_moves(
        [Crop(pixels=2), Cutout(size=3)], seed=0, epoch=1, num_examples=4000, shape=SHAPE
    )
    assert {tuple(row) for row in moves.shift.tolist()} == {
        (i, j) for i in range(-2, 3) for j in range(-2, 3)
    }
    assert {tuple(row) for row in moves.hole.tolist()} == {
        (i, j) for i in range(3) for j in range(4)
    }
    counts = np.unique(moves.shift[:, 0], return_counts=True)[1]
    assert abs(counts - 800).max() < 5 * np.sqrt(800)
