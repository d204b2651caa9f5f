"""The catalog: pipeline files read into typed topics, subjects, tables and jobs."""
