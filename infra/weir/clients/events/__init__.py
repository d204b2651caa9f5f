"""Reads the events of a topic as any consumer would, apart from the decoders of both engines."""
