"""Sentence vectors that nobody trains here: skip-thought's, read from a file, and hashed words in their place."""

from t2ibench.text.sentence_vectors.hashed import HashedSentences, HashedSentencesParameters
from t2ibench.text.sentence_vectors.skip_thoughts import SkipThoughts, SkipThoughtsParameters

__all__ = ["HashedSentences", "HashedSentencesParameters", "SkipThoughts", "SkipThoughtsParameters"]
