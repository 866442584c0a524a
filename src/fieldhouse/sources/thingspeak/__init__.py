"""The source, strict: it raises what ``errors`` draws, and never guesses.

api (HTTP) · pacing (how fast) · page (bytes into rows) · history (what to ask next, pure).
"""
