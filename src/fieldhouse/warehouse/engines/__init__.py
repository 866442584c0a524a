"""The engines: one folder each; none imports another."""
