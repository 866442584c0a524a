-- A channel's lock is a table: of those that make it at the same time one succeeds.
CREATE TABLE {database:Identifier}.{table:Identifier} (HeldBy String, At DateTime64(6, 'UTC'))
ENGINE = MergeTree
ORDER BY At;

INSERT INTO {database:Identifier}.{table:Identifier} (HeldBy, At) SELECT {holder:String}, now64(6, 'UTC');
