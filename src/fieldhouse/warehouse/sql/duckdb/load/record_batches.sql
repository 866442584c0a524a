-- Batches that cannot have been loaded before.
INSERT INTO iot.LoadLedger (BatchHash) SELECT unnest($hashes::VARCHAR[]);
