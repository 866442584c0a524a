-- The batches of this call that no earlier call has loaded; each is claimed by its content.
INSERT INTO iot.LoadLedger (BatchHash)
SELECT unnest($hashes::VARCHAR[])
ON CONFLICT DO NOTHING
RETURNING BatchHash;
