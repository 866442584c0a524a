-- saved_queries(): the queries that people keep, by name.
SELECT q.QueryName, q.QueryText, q.SavedBy, q.SavedAt FROM iot.SavedQueries AS q ORDER BY q.QueryName;
