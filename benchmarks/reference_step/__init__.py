"""One training step of AttnGAN and DM-GAN, written straightforwardly: what the fast one is measured against.

Networks, losses and mechanics are written here a second time, from the description of the official code, and as plainly
as that describes them: float32 in torch's standard layout; every batch through a network for itself; batch
normalisation apart from convolutions, in the frozen image encoder too; all gradients of a backward pass computed,
needed or not; torch's plain Adam; captions compared with images one after another. Nothing is shared with the
plug-ins but the text encoder, the frozen Inception's definition and the weights, so that equal losses say something.
"""
