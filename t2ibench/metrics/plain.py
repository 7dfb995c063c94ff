"""What most metrics say of themselves."""

from __future__ import annotations


class PlainMetric:
    """Base of metrics that set the features "pool" of ten images or more against those of reference images.

    A metric says in its own words what is otherwise, as `Metric` lists it; its name, version, title and direction
    always.
    """

    unit = ""
    layer = "pool"
    needs_reference = True
    caption_linked = False
    minimum_n = 10
    interval_kind = "jackknife"
