"""weir: a streaming platform as code."""

# The version of everything in this repository. Other files that must state it are compared with this line by
# tests/config/test_one_version.py.
__version__ = "0.1.0"
