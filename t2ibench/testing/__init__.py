"""Shipped with the toolkit for authors of plug-ins: conformance checks, and the smallest plug-ins that pass them."""

from t2ibench.testing.check_model import check_encoder, check_model

__all__ = ["check_encoder", "check_model"]
