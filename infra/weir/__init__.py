"""weir: a streaming platform as code."""
