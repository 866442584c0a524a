-- The lock is free.
DROP TABLE IF EXISTS {database:Identifier}.{table:Identifier} SYNC;
