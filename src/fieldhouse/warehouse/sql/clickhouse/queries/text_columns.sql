-- text_columns(channel_id, start_at, end_at, original): the columns that `reading_texts` has texts for.
SELECT DISTINCT v.ColumnName
-- include counted_texts
ORDER BY v.ColumnName;
