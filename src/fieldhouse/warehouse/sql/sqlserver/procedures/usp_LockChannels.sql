-- usp_LockChannels: holds a lock of a name for each of some channels until the transaction ends, in the order
-- of their numbers, so that two never wait for each other.
CREATE OR ALTER PROCEDURE iot.usp_LockChannels @Name NVARCHAR(20), @ChannelIDs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @channel INT = -1, @granted INT, @resource NVARCHAR(255), @said NVARCHAR(400);
    WHILE 1 = 1
    BEGIN
        SET @channel = (
                SELECT MIN(CAST(c.value AS INT))
                FROM OPENJSON(@ChannelIDs) AS c
                WHERE CAST(c.value AS INT) > @channel
            );
        IF @channel IS NULL
            BREAK;
        SET @resource = CONCAT(N'iot.', @Name, N':', @channel);
        EXEC @granted = sp_getapplock
            @Resource = @resource,
            @LockMode = N'Exclusive',
            @LockOwner = N'Transaction',
            @LockTimeout = 120000;
        IF @granted < 0
        BEGIN
            SET @said = CONCAT(
                    N'channel ',
                    @channel,
                    N' is held by another session (',
                    @resource,
                    N'); try again when it is done'
                );
            THROW 51004, @said, 1;
        END;
    END;
    RETURN 0;
END;
