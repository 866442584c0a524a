"""The source, strict: it raises what ``errors`` draws, and never guesses.

api (a server over HTTP) · channel (its endpoints) · pacing (how fast) · page (bytes into rows) ·
history (what to ask next, pure).
"""
