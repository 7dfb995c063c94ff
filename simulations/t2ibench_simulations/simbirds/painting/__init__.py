"""How a bird and its surroundings are painted: outlines, plumage, layers, pixels."""
