"""Verification: publishes a dataset, computes apart from the job what must come of it, and compares every cell.

Nothing here knows which target runs the platform, and nothing is shared with the job: the oracle reads the pipeline
file's meaning by itself.
"""
