-- usp_Lock: holds an application lock until the transaction ends; waits for it up to two minutes.
CREATE OR ALTER PROCEDURE iot.usp_Lock @Resource NVARCHAR(255), @Mode NVARCHAR(32)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @granted INT, @said NVARCHAR(400);
    EXEC @granted = sp_getapplock
        @Resource = @Resource,
        @LockMode = @Mode,
        @LockOwner = N'Transaction',
        @LockTimeout = 120000;
    IF @granted = -3
        THROW 51007, N'this session was chosen as a deadlock victim while it waited for a lock of ours', 1;
    IF @granted < 0
    BEGIN
        SET @said = CONCAT(@Resource, N' is held by another session; try again when it is done');
        THROW 51004, @said, 1;
    END;
    RETURN 0;
END;
