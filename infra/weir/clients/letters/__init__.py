"""Dead letters as work: what is open, why, and what was done about it."""
