"""The typed configuration: what a person may write, and the errors when it is wrong."""
