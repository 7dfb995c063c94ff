"""The test suite. A package, since some installed distribution calls its own folder `tests`."""
