"""Parity with the official code, by golden sets."""
