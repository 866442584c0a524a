-- forget_query(query_name): a query is no longer kept.
INSERT INTO iot.KeptQueries (QueryName, QueryText, SavedBy, SavedAt, Deleted)
SELECT q.QueryName, q.QueryText, q.SavedBy, q.SavedAt, 1
FROM iot.KeptQueries AS q FINAL
WHERE q.QueryName = {query_name:String};
