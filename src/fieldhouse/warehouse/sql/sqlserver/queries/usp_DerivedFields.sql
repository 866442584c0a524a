-- usp_DerivedFields(): the fields that are made of others, and how.
CREATE OR ALTER PROCEDURE iot.usp_DerivedFields
AS
BEGIN
    SET NOCOUNT ON;
    SELECT d.ChannelID, d.FieldNumber, d.BaseChannelID, d.WithinSeconds, d.Expression, d.Formula, d.DefinedAt
    FROM iot.DerivedFields AS d
    ORDER BY d.ChannelID, d.FieldNumber;
    RETURN 0;
END;
