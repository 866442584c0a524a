"""The way out: readings and periods as people want them, into files."""
