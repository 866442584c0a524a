"""The benchmark on SQL Server: `python -m bench.sqlserver`, on the server that a variable names.

It works in databases of its own, which it makes and drops. The server does the work that counts, so
that all contestants share one process; where it can be done they take turns.
"""
