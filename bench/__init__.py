"""The benchmark: `python -m bench` measures Fieldhouse beside its bounds and its peers in one run.

Every contestant works in a fresh process of its own, against one simulator in another. Machines are
noisy, so each figure is a median of repetitions where that is cheap, and ratios are what counts.
"""
