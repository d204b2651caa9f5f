"""Before the first `up`: what a stack needs of its cluster, its cloud and this machine, and what of it is missing."""
