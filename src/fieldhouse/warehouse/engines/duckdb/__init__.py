"""The embedded warehouse: one DuckDB file (warehouse, load, errors)."""
