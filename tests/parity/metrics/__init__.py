"""Our metrics against their authors' code, by a file of golden values."""
