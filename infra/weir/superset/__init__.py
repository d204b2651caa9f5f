"""What Superset's own Python reads of weir: settings, macros, setting up. Nothing else of weir is there to import."""
