"""Figures that papers, READMEs and others print, with their source and how far each was verified."""

from t2ibench.core.spec.reported.figures import Figure, PrintedRow, Reported, printed_rows

__all__ = ["Figure", "PrintedRow", "Reported", "printed_rows"]
