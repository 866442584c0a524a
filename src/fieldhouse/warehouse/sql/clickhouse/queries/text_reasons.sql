-- text_reasons(channel_id): how many texts are kept beside a channel's numbers, by their columns and reasons.
SELECT v.ColumnName, v.Reason, count() AS Texts
FROM iot.RawValues AS v
WHERE v.ChannelID = {channel_id:Int64}
GROUP BY v.ColumnName, v.Reason
ORDER BY v.ColumnName, v.Reason;
