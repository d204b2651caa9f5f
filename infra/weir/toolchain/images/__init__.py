"""The container images of the plain profile, built from package registries: with Docker, or with no engine at all."""
