"""What fields do: where they go, what is unusual in them, what goes together."""
