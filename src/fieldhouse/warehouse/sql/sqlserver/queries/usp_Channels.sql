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
        c.Field#Name, -- each field
        c.CreatedAt,
        c.UpdatedAt,
        c.LastEntryID,
        c.RefreshedAt,
        c.ArchivedBefore,
        c.IsActive,
        c.PausedAt
    FROM iot.Channels AS c
    ORDER BY c.ChannelID;
    RETURN 0;
END;
