"""The text and image encoders of AttnGAN: architecture, losses and the plug-in."""

from t2ibench.text.damsm.losses import Gammas, MatchingLoss, sentence_loss, word_scores, words_loss
from t2ibench.text.damsm.model import DAMSM, TextCodes
from t2ibench.text.damsm.parameters import DAMSMParameters

__all__ = [
    "DAMSM",
    "DAMSMParameters",
    "Gammas",
    "MatchingLoss",
    "TextCodes",
    "sentence_loss",
    "word_scores",
    "words_loss",
]
