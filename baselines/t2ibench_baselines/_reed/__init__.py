"""What the GANs of Reed et al. share: blocks, initial weights, one generator against one discriminator."""
