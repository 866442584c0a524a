-- derived_fields(): the fields that are made of others, and how.
SELECT d.ChannelID, d.FieldNumber, d.BaseChannelID, d.WithinSeconds, d.Expression, d.Formula, d.DefinedAt
FROM iot.DerivedFields AS d
ORDER BY d.ChannelID, d.FieldNumber;
