"""Fields that are made of others: declared once, computed in the warehouse, kept current.

A derived field lives in a channel of one's own, a number below zero, whose readings stand under the
entries and the times of the channel that it is made of. So all that works for a field works for it.
"""
