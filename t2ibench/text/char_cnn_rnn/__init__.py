"""Sentence codes computed long ago by the char-CNN-RNN of Reed et al., read from the files that StackGAN came with."""

from t2ibench.text.char_cnn_rnn.model import CharCNNRNN, CharCNNRNNParameters

__all__ = ["CharCNNRNN", "CharCNNRNNParameters"]
