-- usp_SetDerivedField(channel_id, field_number, base_channel_id, within_seconds, expression, formula, source_ids,
-- defined_at): what a field is made of; no expression: it is none any more. The sources are those of all the channel's
-- fields. All hours of its base are to be computed anew.
CREATE OR ALTER PROCEDURE iot.usp_SetDerivedField
    @ChannelID INT,
    @FieldNumber INT,
    @BaseChannelID INT,
    @WithinSeconds BIGINT,
    @Expression NVARCHAR(MAX) = NULL,
    @Formula NVARCHAR(MAX) = NULL,
    @SourceIDs NVARCHAR(MAX),
    @DefinedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE FROM iot.DerivedFields
        WHERE ChannelID = @ChannelID AND FieldNumber = @FieldNumber;
        INSERT INTO iot.DerivedFields (
            ChannelID,
            FieldNumber,
            BaseChannelID,
            WithinSeconds,
            Expression,
            Formula,
            DefinedAt
        )
        SELECT @ChannelID, @FieldNumber, @BaseChannelID, @WithinSeconds, @Expression, @Formula, @DefinedAt
        WHERE @Expression IS NOT NULL;
        DELETE FROM iot.DerivedSources
        WHERE ChannelID = @ChannelID;
        INSERT INTO iot.DerivedSources (ChannelID, SourceChannelID)
        SELECT DISTINCT @ChannelID, CAST(j.value AS INT) FROM OPENJSON(@SourceIDs) AS j;
        INSERT INTO iot.DerivedMarks (ChannelID, Hour)
        SELECT DISTINCT @ChannelID, g.PeriodStart
        FROM iot.AggregatedData AS g
        WHERE g.AggregationType = N'HOURLY' AND g.ChannelID IN (@BaseChannelID, @ChannelID);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        VALUES (N'usp_SetDerivedField', @ChannelID, LEFT(@Expression, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
