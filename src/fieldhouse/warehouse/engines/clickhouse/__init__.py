"""ClickHouse: a server, a cluster, or the engine itself in process (warehouse, load)."""
