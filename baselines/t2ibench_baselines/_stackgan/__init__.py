"""The blocks, losses and training parameters that StackGAN-v2, AttnGAN and DM-GAN share as papers."""
