"""`fieldhouse serve`: what one process that owns a warehouse shows and answers."""
