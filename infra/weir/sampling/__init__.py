"""What becomes of a topic's last records, and a pipeline file for a topic or a file. Writes to no service."""
