-- usp_LockChannels: holds a lock of a name for each of some channels until the transaction ends, in the order
-- of their numbers, so that two never wait for each other.
CREATE OR ALTER PROCEDURE iot.usp_LockChannels @Name NVARCHAR(20), @ChannelIDs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @channel INT = -1, @resource NVARCHAR(255);
    CREATE TABLE #lock_ids (
        ChannelID INT NOT NULL PRIMARY KEY
    );
    INSERT INTO #lock_ids (ChannelID)
    SELECT DISTINCT CAST(c.value AS INT) FROM OPENJSON(@ChannelIDs) AS c;
    WHILE 1 = 1
    BEGIN
        SET @channel = (SELECT MIN(i.ChannelID) FROM #lock_ids AS i WHERE i.ChannelID > @channel);
        IF @channel IS NULL
            BREAK;
        SET @resource = CONCAT(N'iot.', @Name, N':', @channel);
        EXEC iot.usp_Lock @Resource = @resource, @Mode = N'Exclusive';
    END;
    RETURN 0;
END;
