"""Looking inside a model: every item once, in order, with two noises; rows that are no model say so."""

import torch

from t2ibench.core.types import Caption, PlanItem, SamplePlan, Trace
from t2ibench.evaluation.images import sources
from t2ibench.features.insides import LooksInside


class Looks:
    """Reads the numbers of captions and of the noise."""

    reads_model = True

    def look(self, captions, images, trace, again):
        rows = [[float(one.id), image, trace.stages[1][at], again.stages[1][at]] for at, (one, image) in
                enumerate(zip(captions, images.tolist(), strict=True))]  # fmt: skip
        return {"seen": torch.tensor(rows)}


def test_every_item_is_seen_once_in_order_and_with_another_noise(monkeypatch):
    items = tuple(PlanItem(Caption(str(number), "a bird"), number % 2) for number in range(7))
    asked = []

    def inside(items, seed):
        assert seed == 5 and len(items) <= 3
        asked.extend(item.id for item in items)
        samples = torch.tensor([float(item.sample) for item in items])
        return samples, Trace(stages={1: torch.cat([samples, samples[-1:]])})  # a batch may be longer than what counts

    assert isinstance(Looks(), LooksInside)
    monkeypatch.setattr(sources, "AT_ONCE", 3)
    source = object.__new__(sources.ModelSource)
    monkeypatch.setattr(source, "inside", inside, raising=False)
    seen = source.look(SamplePlan(items, 5, "birds", "test"), Looks())["seen"]
    assert seen[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6] and seen[:, 1].tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert (seen[:, 2] == seen[:, 1]).all() and (seen[:, 3] > 1000).all(), "noise of no image of the plan"
    assert len(set(asked)) == 14
