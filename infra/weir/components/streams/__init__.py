"""A pipeline on Kafka Streams: its reference tables, its application, and the loader of its results."""
