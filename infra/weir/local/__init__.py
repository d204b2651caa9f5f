"""The one-machine target: the real services as supervised processes, without a container engine."""
