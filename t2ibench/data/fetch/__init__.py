"""Getting a data set's files: downloads that go on where they were cut, digests, and archives unpacked safely."""
