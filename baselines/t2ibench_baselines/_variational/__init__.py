"""What the two conditional variational autoencoders have in common."""
