"""What operators and services do with a changed field: a table for each product, with its sources."""
