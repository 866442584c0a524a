-- usp_Channels(): every channel with its metadata.
CREATE OR ALTER PROCEDURE iot.usp_Channels
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        c.ChannelID,
        c.ChannelName,
        c.Description,
        c.Latitude,
        c.Longitude,
        c.Elevation,
        c.Field1Name,
        c.Field2Name,
        c.Field3Name,
        c.Field4Name,
        c.Field5Name,
        c.Field6Name,
        c.Field7Name,
        c.Field8Name,
        c.CreatedAt,
        c.UpdatedAt,
        c.LastEntryID,
        c.RefreshedAt,
        c.ArchivedBefore,
        c.IsActive
    FROM iot.Channels AS c
    ORDER BY c.ChannelID;
    RETURN 0;
END;
