"""Whoever watches: metrics, alerts and notices, from events and from what the warehouse keeps."""
