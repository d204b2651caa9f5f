"""A client for each service, used by everybody: programs in pods, the one-machine target, verification."""
