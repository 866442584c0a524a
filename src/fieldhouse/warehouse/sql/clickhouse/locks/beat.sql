-- The holder lives.
INSERT INTO {database:Identifier}.{table:Identifier} (HeldBy, At) SELECT {holder:String}, now64(6, 'UTC');
