-- save_query(query_name, query_text, saved_by, saved_at): keep a query under a name, in place of one that has it.
INSERT INTO iot.SavedQueries (QueryName, QueryText, SavedBy, SavedAt)
VALUES ($query_name, $query_text, $saved_by, $saved_at)
ON CONFLICT (QueryName) DO UPDATE SET
    QueryText = excluded.QueryText,
    SavedBy = excluded.SavedBy,
    SavedAt = excluded.SavedAt;
