-- forget_query(query_name): a query is no longer kept.
DELETE FROM iot.SavedQueries WHERE QueryName = $query_name;
