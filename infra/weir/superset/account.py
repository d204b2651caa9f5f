"""The name of weir's own account in Superset, apart from what makes it, which needs Superset."""

ADMIN = "admin"
