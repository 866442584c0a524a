"""Microsoft's server, in T-SQL procedures (warehouse, session, schema, load, select, errors)."""
