"""Measurements: what each stage of a pipeline costs, and one engine beside the other."""
