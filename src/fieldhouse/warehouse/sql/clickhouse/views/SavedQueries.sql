-- Queries that people keep.
CREATE OR REPLACE VIEW iot.SavedQueries AS
SELECT q.QueryName AS QueryName, q.QueryText AS QueryText, q.SavedBy AS SavedBy, q.SavedAt AS SavedAt
FROM iot.KeptQueries AS q FINAL;
