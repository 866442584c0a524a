"""A warehouse that another process owns, over HTTP on this machine (warehouse, connection)."""
