-- save_query(query_name, query_text, saved_by, saved_at): keep a query under a name, in place of one that has it.
INSERT INTO iot.KeptQueries (QueryName, QueryText, SavedBy, SavedAt)
SELECT {query_name:String}, {query_text:String}, {saved_by:String}, {saved_at:DateTime64(6, 'UTC')};
