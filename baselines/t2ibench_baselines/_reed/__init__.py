"""What the GANs of Reed et al. share: layers, a loss, one generator against one discriminator."""
