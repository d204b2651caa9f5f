"""Fetches the programs of the platform, finds a Java, and builds images without a container engine."""
